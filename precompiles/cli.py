"""`pars precompile`: list the precompiles, show one, call one without a chain.

The answer goes to stdout, everything else to stderr. Exit status: 0 done, 1 the precompile refused
the call, 2 the command line is wrong. Arguments are written as JSON would write them, numbers also
in hex, bytes and addresses as 0x hex.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from . import abi, gas
from .conformance import embedded
from .precompile import COMMON_ERRORS, Method, Precompile, price
from .registry import PRECOMPILES, find

DONE, REFUSED, WRONG = 0, 1, 2

EXAMPLE = "example: pars precompile call 0x0901 'hash(uint8,uint256[])' 1 '[1, 2]'"


class UsageError(Exception):
    """The command line is wrong. The message says what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
        status: int = options.command(options)
    except UsageError as error:
        print(f"pars precompile: {error}", file=sys.stderr)
        return WRONG
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or 0)
    return status


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(
        prog="pars precompile", description="List, show and call the precompiles.", epilog=EXAMPLE
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list every precompile")
    listing.set_defaults(command=list_precompiles)

    showing = commands.add_parser("show", help="show methods, gas and errors of one")
    showing.add_argument("precompile", metavar="NAME|ADDRESS")
    showing.set_defaults(command=show_precompile)

    calling = commands.add_parser(
        "call",
        help="call one in an empty world and print what it returns",
        epilog=EXAMPLE,
    )
    calling.add_argument("precompile", metavar="NAME|ADDRESS")
    calling.add_argument("method", metavar="METHOD", help="'name(types)', a bare name, or 0x data")
    calling.add_argument("arguments", metavar="ARGUMENT", nargs="*")
    calling.add_argument("--caller", default="0x" + "00" * 19 + "01", metavar="ADDRESS")
    calling.add_argument("--value", default="0", metavar="WEI")
    calling.add_argument("--gas", default=str(embedded.GAS_MAX), metavar="GAS")
    calling.set_defaults(command=call_precompile)

    for command in (listing, showing, calling):
        command.add_argument("--json", action="store_true", help="print JSON for a script")
    return top


# --- Commands -------------------------------------------------------------------------------


def list_precompiles(options: argparse.Namespace) -> int:
    """Print one line per precompile."""
    if options.json:
        return print_json([described(entry) for entry in PRECOMPILES])
    table = Table("address", "name", "family", "summary")
    for entry in PRECOMPILES:
        table.add_row(short(entry), entry.name, entry.family, entry.summary)
    return print_table(table)


def show_precompile(options: argparse.Namespace) -> int:
    """Print the declaration of one precompile."""
    entry = chosen(options.precompile)
    if options.json:
        return print_json(described(entry))
    table = Table("method", "what it does", show_lines=True)
    for each in entry.methods:
        # Text, because Rich would read square brackets in a plain string as markup.
        table.add_row(
            Text(each.signature.canonical.replace(",", ", ")),
            Text(
                f"{each.summary}\n0x{each.signature.selector.hex()}, {each.mutability},"
                f" gas: {gas.describe(each.gas)}"
            ),
        )
    console = Console(highlight=False)
    console.print(f"{short(entry)} {entry.name}: {entry.summary}", markup=False)
    print_table(table)
    errors = ", ".join(error.signature.canonical for error in entry.errors)
    if errors:
        console.print(f"errors: {errors}", markup=False)
    console.print(f"every call pays {gas.DECODE_BASE} + {gas.DECODE_PER_WORD} per word first")
    return DONE


def call_precompile(options: argparse.Namespace) -> int:
    """Call one precompile in an empty world."""
    entry = chosen(options.precompile)
    found, data = call_data(entry, options.method, options.arguments)
    caller = parse_bytes(options.caller, 20, "--caller")
    value = parse_integer(options.value, "--value")
    if value < 0:
        raise UsageError("--value is negative")
    world = embedded.World(balances={caller: value})
    outcome = embedded.call_precompile(
        world,
        entry.address,
        data,
        caller=caller,
        value=value,
        gas=parse_integer(options.gas, "--gas"),
        context={"mode": "call"},
    )
    if outcome.status != "success":
        return report_refusal(entry, outcome, options.json)
    outputs = decoded_outputs(found, outcome.data)
    if options.json:
        return print_json(
            {
                "output": f"0x{outcome.data.hex()}",
                "values": outputs,
                "gas": outcome.gas_used,
                "price": price(entry, data),
            }
        )
    for name, value in outputs.items():
        shown = value if isinstance(value, str) else json.dumps(value)
        print(f"{name}: {shown}" if len(outputs) > 1 else shown)
    print(f"gas: {outcome.gas_used}", file=sys.stderr)
    return DONE


def report_refusal(entry: Precompile, outcome: embedded.Outcome, as_json: bool) -> int:
    """Say why a call did not succeed."""
    refusal = "out of gas; give more with --gas"
    if outcome.status == "reverted":
        refusal = f"reverted with {named_error(entry, outcome.data)}"
    if as_json:
        print_json(
            {"status": outcome.status, "error": f"0x{outcome.data.hex()}", "reason": refusal}
        )
    print(f"pars precompile: {entry.name} {refusal}", file=sys.stderr)
    return REFUSED


# --- Reading the command line ---------------------------------------------------------------


def chosen(text: str) -> Precompile:
    """Return the precompile with this name or address."""
    try:
        return find(text)
    except KeyError:
        raise UsageError(f"no precompile {text!r}; `pars precompile list` shows all") from None


def call_data(entry: Precompile, method: str, texts: Sequence[str]) -> tuple[Method | None, bytes]:
    """Return the method, where it is known, and the call data."""
    if method.startswith("0x"):
        if texts:
            raise UsageError("0x data takes no further arguments")
        data = parse_bytes(method, None, "the data")
        return entry.by_selector.get(data[:4]), data
    wanted = method.replace(" ", "")
    found = [
        each for each in entry.methods if wanted in (each.signature.name, each.signature.canonical)
    ]
    if len(found) != 1:
        offered = ", ".join(each.signature.canonical for each in entry.methods)
        raise UsageError(f"{entry.name} has no one method {method!r}; it has {offered}")
    signature = found[0].signature
    if len(texts) != len(signature.inputs):
        raise UsageError(f"{signature.canonical} takes {len(signature.inputs)} arguments")
    values = [
        parse_value(each.type, text, each.name)
        for each, text in zip(signature.inputs, texts, strict=True)
    ]
    try:
        return found[0], signature.selector + abi.encode(signature.inputs, values)
    except ValueError as error:
        raise UsageError(str(error)) from None


def parse_value(kind: abi.Type, text: str, name: str) -> Any:
    """Return the value of one argument."""
    if kind.fields:
        items = json_list(text, name)
        if len(items) != len(kind.fields):
            raise UsageError(f"{name}: {kind.shown} has {len(kind.fields)} fields")
        return tuple(
            parse_value(field.type, item, f"{name}.{field.name}")
            for field, item in zip(kind.fields, items, strict=True)
        )
    if kind.element is not None:
        items = json_list(text, name)
        return [parse_value(kind.element, item, name) for item in items]
    if kind.name == "string":
        return text
    if kind.name == "bool":
        if text not in ("true", "false"):
            raise UsageError(f"{name}: {text!r} is not true or false")
        return text == "true"
    if kind.name.startswith(("uint", "int")):
        return parse_integer(text, name)
    return parse_bytes(text, None, name)


def json_list(text: str, name: str) -> list[str]:
    """Return the items of a JSON list, each as text again."""
    try:
        items = json.loads(text)
    except ValueError:
        items = None
    if not isinstance(items, list):
        raise UsageError(f"{name}: {text!r} is not a list such as [1, 2]")
    return [item if isinstance(item, str) else json.dumps(item) for item in items]


def parse_integer(text: str, name: str) -> int:
    """Return a decimal or 0x number."""
    try:
        return int(text, 16 if text.lower().startswith(("0x", "-0x")) else 10)
    except ValueError:
        raise UsageError(f"{name}: {text!r} is not a number") from None


def parse_bytes(text: str, size: int | None, name: str) -> bytes:
    """Return bytes from 0x hex."""
    try:
        data = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise UsageError(f"{name}: {text!r} is not hex") from None
    if not text.startswith("0x") or (size is not None and len(data) != size):
        raise UsageError(f"{name}: {text!r} is not 0x and {size or 'some'} bytes in hex")
    return data


# --- Writing --------------------------------------------------------------------------------


def decoded_outputs(found: Method | None, data: bytes) -> dict[str, Any]:
    """Return the outputs by name; raw where the method is not known."""
    if found is None:
        return {"output": f"0x{data.hex()}"}
    outputs = found.signature.outputs
    values = abi.decode(outputs, data)
    return {each.name: plain(value) for each, value in zip(outputs, values, strict=True)}


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it. Integers beyond 2**53 become text."""
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 1 << 53:
        return hex(value)
    return value


def named_error(entry: Precompile, payload: bytes) -> str:
    """Return a revert payload in words."""
    for error in (*entry.errors, *COMMON_ERRORS):
        if payload[:4] == error.signature.selector:
            values = abi.decode(error.signature.inputs, payload, start=4)
            shown = ", ".join(json.dumps(plain(value)) for value in values)
            return f"{error.signature.name}({shown})"
    return f"0x{payload.hex()}"


def described(entry: Precompile) -> dict[str, Any]:
    """Return a declaration as JSON can hold it."""
    return {
        "address": f"0x{entry.address.hex()}",
        "name": entry.name,
        "family": entry.family,
        "interface": entry.interface,
        "version": entry.version,
        "summary": entry.summary,
        "methods": [
            {
                "signature": each.signature.canonical,
                "selector": f"0x{each.signature.selector.hex()}",
                "mutability": each.mutability,
                "gas": gas.describe(each.gas),
                "summary": each.summary,
            }
            for each in entry.methods
        ],
        "errors": [
            {
                "signature": error.signature.canonical,
                "selector": f"0x{error.signature.selector.hex()}",
            }
            for error in entry.errors
        ],
    }


def short(entry: Precompile) -> str:
    """Return an address as the map writes it."""
    return f"0x{entry.address[-2:].hex()}"


def print_json(value: object) -> int:
    """Print for a script."""
    print(json.dumps(value, indent=2))
    return DONE


def print_table(table: Table) -> int:
    """Print for a person."""
    Console().print(table)
    return DONE


if __name__ == "__main__":
    sys.exit(main())
