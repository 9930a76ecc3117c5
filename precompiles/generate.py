"""Writes what follows from the declarations: Solidity and Vyper interfaces, docs, family vectors.

`python -m precompiles.generate` from the root of a checkout writes the files; a test fails when
they differ from what it would write. Knows the registry and text, no compiler.
"""

import json
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from . import abi, family, gas
from .address_map import FAMILIES, PLAN
from .conformance import embedded
from .precompile import COMMON_ERRORS, NO_PRECOMPILE, RETIRED, Method, Precompile, price
from .registry import PRECOMPILES

INTERFACES = Path("contracts/interfaces")
DOCS = Path("docs/precompiles.md")
LINE_LENGTH_MAX = 100
COMMAND = "python -m precompiles.generate"
HEADER = f"Generated from the declarations in precompiles/ by `{COMMAND}`. Do not edit."


def products() -> dict[Path, str]:
    """Return every generated file, by its path in the checkout."""
    files = {DOCS: docs()}
    for name, entries in by_interface().items():
        files[INTERFACES / f"{name}.sol"] = solidity(name, entries)
        for number, methods in enumerate(overloads(entries[0].methods), start=1):
            suffix = "" if number == 1 else str(number)
            files[INTERFACES / f"{name}{suffix}.vyi"] = vyper(entries, methods)
    for entry in PRECOMPILES:
        if entry.interface == family.INTERFACE:
            files[Path("precompiles") / entry.family / "vectors.json"] = family_vectors(entry)
    return files


def by_interface() -> dict[str, list[Precompile]]:
    """Return the entries grouped by interface; those of one group must speak alike."""
    groups: dict[str, list[Precompile]] = {}
    for entry in PRECOMPILES:
        groups.setdefault(entry.interface, []).append(entry)
    for name, entries in groups.items():
        spoken = {tuple(each.signature.canonical for each in entry.methods) for entry in entries}
        if len(spoken) != 1:
            raise ValueError(f"{name}: the entries of one interface have different methods")
    return groups


# --- Solidity -------------------------------------------------------------------------------


def solidity(name: str, entries: Sequence[Precompile]) -> str:
    """Return a Solidity interface."""
    first = entries[0]
    members = [line for each in structs_of(first.methods) for line in solidity_struct(each)]
    members += [line for each in first.errors for line in solidity_member("error", each.signature)]
    members += [line for each in first.events for line in solidity_member("event", each.signature)]
    functions = [solidity_function(each) for each in first.methods]
    lines = [
        "// SPDX-License-Identifier: MIT",
        f"// {HEADER}",
        "pragma solidity ^0.8.20;",
        "",
        *(
            f"address constant {constant_name(entry)} = address(0x{entry.address[-2:].hex()});"
            for entry in entries
        ),
        "",
        f"/// {first.summary if len(entries) == 1 else 'What each family of precompiles answers'}.",
        f"interface {name} {{",
        *members,
        *([""] if members else []),
        "\n\n".join(functions),
        "}",
        "",
    ]
    return "\n".join(lines)


def solidity_function(declaration: Method) -> str:
    """Return one function of an interface, with its gas."""
    signature = declaration.signature
    inputs = [solidity_parameter(each, "calldata") for each in signature.inputs]
    outputs = [solidity_parameter(each, "memory") for each in signature.outputs]
    words = ["external"]
    words += [] if declaration.mutability == "nonpayable" else [declaration.mutability]
    attributes = " ".join(words)
    returned = f" returns ({', '.join(outputs)})" if outputs else ""
    head = f"    function {signature.name}("
    lines = broken(head, inputs, f") {attributes}{returned};", "    ")
    if len(lines[-1]) > LINE_LENGTH_MAX:
        lines = broken(head, inputs, f") {attributes} returns (", "    ")
        lines += [*broken("", outputs, ");", "    ", force=True)[1:]]
    return "\n".join([*commented(declaration.summary, "    /// "), *lines])


def solidity_parameter(parameter: abi.Parameter, location: str) -> str:
    """Return one parameter with the data location its type needs."""
    kind = parameter.type
    located = kind.dynamic or kind.element is not None or kind.fields
    return (
        f"{kind.shown} {location} {parameter.name}" if located else f"{kind.name} {parameter.name}"
    )


def solidity_struct(kind: abi.Type) -> Iterable[str]:
    """Return the lines of a struct."""
    yield f"    struct {kind.label} {{"
    yield from (f"        {each.type.shown} {each.name};" for each in kind.fields)
    yield "    }"


def structs_of(methods: Sequence[Method]) -> list[abi.Type]:
    """Return the structs that these methods take or return, inner ones before outer ones."""
    found: dict[str, abi.Type] = {}

    def note(kind: abi.Type) -> None:
        for each in kind.fields:
            note(each.type)
        if kind.element is not None:
            note(kind.element)
        if kind.fields and found.setdefault(kind.label, kind) is not kind:
            raise ValueError(f"two structs are called {kind.label}")

    for method in methods:
        for parameter in (*method.signature.inputs, *method.signature.outputs):
            note(parameter.type)
    return list(found.values())


def solidity_member(word: str, signature: abi.Signature) -> Iterable[str]:
    """Return the lines of an error or an event of an interface."""
    return broken(f"    {word} {signature.name}(", declared_fields(signature), ");", "    ")


def declared(signature: abi.Signature) -> str:
    """Return an error or an event as Solidity declares it."""
    return f"{signature.name}({', '.join(declared_fields(signature))})"


def declared_fields(signature: abi.Signature) -> list[str]:
    """Return the fields of an error or an event as Solidity declares them."""
    return [
        f"{each.type.shown} {'indexed ' if each.indexed else ''}{each.name}"
        for each in signature.inputs
    ]


def constant_name(entry: Precompile) -> str:
    """Return the name of the constant that holds an entry's address."""
    suffix = "_FAMILY" if entry.name == entry.family else ""
    return entry.name.upper() + suffix


# --- Vyper ----------------------------------------------------------------------------------


def overloads(methods: Sequence[Method]) -> list[list[Method]]:
    """Return the methods by how many of the same name stand before them: Vyper has no overloads."""
    interfaces: list[list[Method]] = []
    for each in methods:
        free = (names for names in interfaces if each.signature.name not in named(names))
        taken = next(free, None)
        if taken is None:
            interfaces.append([each])
        else:
            taken.append(each)
    return interfaces


def named(methods: Sequence[Method]) -> set[str]:
    """Return the names of these methods."""
    return {each.signature.name for each in methods}


def vyper(entries: Sequence[Precompile], methods: Sequence[Method]) -> str:
    """Return a Vyper interface. Vyper has no custom errors, so they stand in a comment."""
    first = entries[0]
    lines = ["# SPDX-License-Identifier: MIT", f"# {HEADER}"]
    lines += [f"# {constant_name(entry)}: 0x{entry.address.hex()}" for entry in entries]
    lines += [f"# error {declared(error.signature)}" for error in first.errors]
    for event in first.events:
        lines += ["", f"event {event.signature.name}:"]
        lines += [f"    {vyper_field(each)}" for each in event.signature.inputs]
    for kind in structs_of(methods):
        lines += ["", f"struct {kind.label}:"]
        lines += [f"    {each.name}: {vyper_type(each.type)}" for each in kind.fields]
    for declaration in methods:
        lines += ["", "", *vyper_function(declaration)]
    return "\n".join(lines) + "\n"


def vyper_function(declaration: Method) -> Iterable[str]:
    """Return the lines of one function of an interface."""
    signature = declaration.signature
    inputs = [f"{each.name}: {vyper_type(each.type)}" for each in signature.inputs]
    outputs = ", ".join(vyper_type(each.type) for each in signature.outputs)
    returned = f"({outputs})" if len(signature.outputs) > 1 else outputs
    yield from commented(declaration.summary, "# ")
    yield "@external"
    if declaration.mutability != "nonpayable":
        yield f"@{declaration.mutability}"
    result = f" -> {returned}" if returned else ""
    yield from broken(f"def {signature.name}(", inputs, f"){result}: ...", "")


def vyper_field(field: abi.Parameter) -> str:
    """Return one field of an event."""
    kind = vyper_type(field.type)
    return f"{field.name}: {f'indexed({kind})' if field.indexed else kind}"


def vyper_type(kind: abi.Type) -> str:
    """Return a type as Vyper writes it."""
    if kind.name in ("bytes", "string"):
        return f"{kind.name.capitalize()}[{kind.bound}]"
    if kind.element is None:
        return kind.shown
    inner = vyper_type(kind.element)
    return (
        f"DynArray[{inner}, {kind.bound}]" if kind.name.endswith("[]") else f"{inner}[{kind.bound}]"
    )


def broken(
    head: str, items: Sequence[str], tail: str, indent: str, *, force: bool = False
) -> list[str]:
    """Return a list between parentheses in one line, or, when that is too long, item by item."""
    line = f"{head}{', '.join(items)}{tail}"
    if len(line) <= LINE_LENGTH_MAX and not force:
        return [line]
    separated = [f"{item}," for item in items[:-1]] + list(items[-1:])
    return [head, *(f"{indent}    {item}" for item in separated), f"{indent}{tail}"]


def commented(text: str, prefix: str) -> list[str]:
    """Return a comment, broken into lines."""
    return textwrap.wrap(text, LINE_LENGTH_MAX, initial_indent=prefix, subsequent_indent=prefix)


# --- Documents ------------------------------------------------------------------------------


INTRODUCTION = (
    f"Every entry speaks Solidity ABI. Its price is {gas.DECODE_BASE} +"
    f" {gas.DECODE_PER_WORD} per word of call data, plus what "
    "the method's line says; state it touches costs what the EVM charges for it. A call is "
    "refused by reverting with one of the errors below, and gas not used goes back. Value, "
    "DELEGATECALL and CALLCODE are refused where a method's line does not allow them, and a "
    "STATICCALL of a method that writes.",
    "",
    "A value has one encoding, and any other is refused. Behind the arguments there may be "
    "whole words, up to the size of the largest arguments: Vyper sends them. They are ignored, "
    "and paid for; a Vyper caller who declares smaller bounds than the generated interface "
    "pays less.",
    "",
)


def docs() -> str:
    """Return docs/precompiles.md."""
    lines = [
        "# Precompiles",
        "",
        HEADER,
        "",
        *INTRODUCTION,
        "| address | name | family | interface | summary |",
        "|---|---|---|---|---|",
        *(
            f"| `{short(entry)}` | {entry.name} | {entry.family} | {entry.interface} |"
            f" {entry.summary} |"
            for entry in PRECOMPILES
        ),
    ]
    for entry in PRECOMPILES:
        if entry.interface != family.INTERFACE:
            lines += ["", *docs_of(entry)]
    lines += ["", "## Every family: `0x??00`", "", *method_table(PRECOMPILES[0].methods)]
    lines += [
        "",
        "The gas of `info` and `methods` grows with the family; the figures are of the first one.",
        "",
        "## Errors that any entry may give",
        "",
        "A position counts bytes from the start of the call data. Call data has exactly one valid "
        "encoding: the one that Solidity and Vyper compilers make.",
        "",
        *error_table((*COMMON_ERRORS, NO_PRECOMPILE, RETIRED)),
        "",
        "`NoPrecompile` and `Retired` answer every call to a reserved address (0x0300 to 0x09ff) "
        "that no entry uses.",
        "",
        "## Adding one",
        "",
        "1. A folder `precompiles/<family>/<name>/` with `contract.py`: handlers, and the "
        "declaration as `PRECOMPILE`. `precompiles/zk/poseidon/` is one to imitate.",
        "2. Its `vectors.json` in the format of `precompiles/conformance/README.md`, with a "
        "`SOURCES.md` that says where the vectors come from.",
        "3. One line in `precompiles/registry.py`, at an address that `address_map.py` plans.",
        "4. A kernel, if it needs one, in `kernel.py` and in the list of "
        "`precompiles/kernels/__init__.py`, with a plain twin in `reference.py`.",
        f"5. `{COMMAND}`, then `python -m benchmarks.gas` to see that its price holds.",
        "",
        "## Address map",
        "",
        "| address | meant for | plan | note |",
        "|---|---|---|---|",
        *(f"| `{slot.address:#06x}` | {slot.title} | {slot.plan} | {slot.note} |" for slot in PLAN),
        "",
        "| range | family | purpose |",
        "|---|---|---|",
        *(
            f"| `{each.base:#06x}`-`{each.base + 255:#06x}` | {each.name} | {each.purpose} |"
            for each in FAMILIES
        ),
        "",
    ]
    return "\n".join(lines)


def docs_of(entry: Precompile) -> list[str]:
    """Return the section of one entry."""
    lines = [f"## {short(entry)} {entry.interface}", "", f"{entry.summary}.", ""]
    lines += method_table(entry.methods)
    lines += ["", *error_table(entry.errors)] if entry.errors else []
    if entry.events:
        lines += ["", "Events: " + ", ".join(f"`{declared(e.signature)}`" for e in entry.events)]
    lines += ["", "References: " + "; ".join(entry.references)] if entry.references else []
    return lines


def method_table(methods: Sequence[Method]) -> list[str]:
    """Return the table of methods."""
    lines = ["| method | selector | kind | gas | |", "|---|---|---|---|---|"]
    for each in methods:
        returned = ", ".join(
            f"{output.type.shown} {output.name}" for output in each.signature.outputs
        )
        called = f"{declared(each.signature)}{f' returns ({returned})' if returned else ''}"
        marks = [("secret", each.secret), ("delegable", each.delegable)]
        kind = ", ".join([each.mutability, *(mark for mark, holds in marks if holds)])
        lines.append(
            f"| `{called}` | `0x{each.signature.selector.hex()}` | {kind} |"
            f" {gas.describe(each.gas)} | {each.summary} |"
        )
    return lines


def error_table(errors: Iterable[abi.Error]) -> list[str]:
    """Return the table of errors."""
    return [
        "| error | selector |",
        "|---|---|",
        *(f"| `{declared(e.signature)}` | `0x{e.signature.selector.hex()}` |" for e in errors),
    ]


def short(entry: Precompile) -> str:
    """Return an address as the map writes it."""
    return f"0x{entry.address[-2:].hex()}"


# --- Vectors of the information entries -----------------------------------------------------


def family_vectors(entry: Precompile) -> str:
    """Return the vectors of an information entry: its answers are the declarations."""
    listed = []
    for each in entry.methods:
        data = each.signature.selector
        outcome = embedded.call_precompile(embedded.World(), entry.address, data)
        listed.append(
            {
                "name": each.signature.name,
                "input": f"0x{data.hex()}",
                "output": f"0x{outcome.data.hex()}",
                "gas": price(entry, data),
                "source": "the declarations of the entries",
            }
        )
    refused = {"trailing-byte": entry.methods[0].signature.selector + b"\0", "no-selector": b""}
    for name, data in refused.items():
        outcome = embedded.call_precompile(embedded.World(), entry.address, data)
        listed.append(
            {
                "name": name,
                "input": f"0x{data.hex()}",
                "error": f"0x{outcome.data.hex()}",
                "gas": price(entry, data),
                "source": "the rules of the ABI",
            }
        )
    document = {
        "precompile": entry.name,
        "address": f"0x{entry.address.hex()}",
        "vectors": listed,
    }
    return json.dumps(document, indent=1) + "\n"


def main(root: Path) -> int:
    """Write every product below this folder, saying which changed."""
    for path, text in sorted(products().items()):
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists() or target.read_text("utf-8") != text:
            target.write_text(text, "utf-8")
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path.cwd()))
