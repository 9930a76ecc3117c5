"""`pars zk`: prove statements and verify proofs, without a chain.

A statement is an example by name, or a file with the bytes of an AIR. What is asked for goes to
stdout, everything else to stderr. Exit status: 0 done, 1 there is no proof or it does not hold,
2 the command line or a file is wrong.
"""

import argparse
import json
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from .. import abi
from .stark import air as airs
from .stark import verifier
from .stark.air import Air
from .stark.contract import PRECOMPILE, check_statement
from .stark.encoding import encode as encode_air
from .stark.examples.catalogue import EXAMPLES
from .stark.field import P
from .stark.security import proven_bits

DONE, REFUSED, WRONG = 0, 1, 2

STEPS = ("kernels", "trace", "constraints", "folding", "work")
SHOWN_VIOLATIONS = 5

EXAMPLE = (
    "example: pars zk sample membership > ballot.json;"
    " pars zk prove membership --input ballot.json --out proof.json; pars zk verify proof.json"
)


class UsageError(Exception):
    """The command line or a file is wrong. The message says what to do."""


class NoProofError(Exception):
    """What was asked for does not hold."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
        options.command(options)
    except UsageError as error:
        print(f"pars zk: {error}", file=sys.stderr)
        return WRONG
    except NoProofError as error:
        print(f"pars zk: {error}", file=sys.stderr)
        return REFUSED
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or 0)
    return DONE


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(
        prog="pars zk", description="Prove statements, verify proofs.", epilog=EXAMPLE
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="list the example statements")
    listing.set_defaults(command=list_examples)

    sampling = commands.add_parser("sample", help="print an input for an example, as JSON")
    sampling.add_argument("example", choices=EXAMPLES, metavar="EXAMPLE")
    sampling.set_defaults(command=print_sample)

    showing = commands.add_parser("air", help="print the bytes of a statement, for registerAir")
    showing.add_argument("air", metavar="AIR", help="an example, or a file of bytes or hex")
    showing.set_defaults(command=print_air)

    proving = commands.add_parser("prove", help="make a proof", epilog=EXAMPLE)
    proving.add_argument("air", metavar="AIR", help="an example, or a file of bytes or hex")
    source = proving.add_mutually_exclusive_group(required=True)
    source.add_argument("--input", metavar="FILE", help="an example's input, as `sample` prints it")
    source.add_argument(
        "--trace", metavar="FILE", help='{"columns": [[...], ...], "public": [...]}'
    )
    proving.add_argument("--out", metavar="FILE", required=True, help="where the proof goes")
    proving.set_defaults(command=prove)

    verifying = commands.add_parser("verify", help="check a proof that `prove` made")
    verifying.add_argument("proof", metavar="FILE")
    verifying.add_argument("--air", metavar="AIR", help="the statement it must be of")
    verifying.set_defaults(command=verify)

    calling = commands.add_parser("calldata", help="print the call of `verify` at 0x0903, in hex")
    calling.add_argument("proof", metavar="FILE")
    calling.set_defaults(command=print_calldata)
    return top


# --- Commands -------------------------------------------------------------------------------


def list_examples(_: argparse.Namespace) -> None:
    """Print one line per example."""
    for name, example in EXAMPLES.items():
        print(f"{name:<12}{example.about}")


def print_sample(options: argparse.Namespace) -> None:
    """Print an input."""
    print(json.dumps(EXAMPLES[options.example].sample))


def print_air(options: argparse.Namespace) -> None:
    """Print a statement, and what it proves to stderr."""
    air = statement(options.air)
    encoded = encode_air(air)
    johnson, unique = proven_bits(air)
    print(f"0x{encoded.hex()}")
    print(
        f"id 0x{airs.air_id(encoded).hex()}, {len(encoded)} bytes, {air.width} columns;"
        f" {johnson} bits proven, {unique} with unique decoding",
        file=sys.stderr,
    )


def prove(options: argparse.Namespace) -> None:
    """Make a proof and write it with its statement."""
    air = statement(options.air)
    columns, public = witness(options)
    checked_trace(air, columns, public)
    with steps() as step:
        step("kernels")  # The first time ever they are compiled, for some seconds.
        from .stark.prover.prove import TraceRefusedError
        from .stark.prover.prove import prove as make_proof

        try:
            proof = make_proof(air, columns, public, progress=step)
        except TraceRefusedError:
            raise NoProofError(broken(air, columns, public)) from None
    encoded = encode_air(air)
    document = {
        "airId": f"0x{airs.air_id(encoded).hex()}",
        "air": f"0x{encoded.hex()}",
        "public": [str(value) for value in public],
        "proof": f"0x{proof.hex()}",
    }
    Path(options.out).write_text(json.dumps(document, indent=1) + "\n", "utf-8")
    print(f"{options.out}: {len(proof):,} bytes of proof, {1 << proof[0]:,} rows", file=sys.stderr)


def verify(options: argparse.Namespace) -> None:
    """Check a proof file."""
    encoded, public, proof = read_proof(options.proof)
    if options.air and encode_air(statement(options.air)) != encoded:
        raise NoProofError("the proof is of another statement")
    identifier = airs.air_id(encoded)
    try:
        air = airs.parse(encoded)
        airs.check_degrees(air)
        log_rows = proof[0] if proof else 0
        check_statement(air, log_rows, public)
        seed = verifier.statement_seed(identifier, log_rows, public)
        holds = verifier.verify(air, log_rows, seed, public, proof[1:])
    except abi.Revert as error:
        raise NoProofError(f"refused: {reason(error)}") from None
    if not holds:
        raise NoProofError("the proof does not hold")
    johnson, _ = proven_bits(air)
    print(f"valid: {1 << log_rows} rows of 0x{identifier.hex()}, {johnson} bits proven")


def print_calldata(options: argparse.Namespace) -> None:
    """Print a call of the precompile."""
    encoded, public, proof = read_proof(options.proof)
    method = next(each for each in PRECOMPILE.methods if each.signature.name == "verify")
    signature = method.signature
    arguments = abi.encode(signature.inputs, [airs.air_id(encoded), public, proof])
    print(f"0x{(signature.selector + arguments).hex()}")


# --- Files ----------------------------------------------------------------------------------


def statement(name: str) -> Air:
    """Return an example's AIR, or that of a file."""
    if name in EXAMPLES:
        return EXAMPLES[name].air()
    try:
        content = Path(name).read_bytes()
    except OSError as error:
        known = ", ".join(EXAMPLES)
        raise UsageError(f"{name}: {error.strerror}; examples: {known}") from None
    if content[:2] == b"0x":
        content = unhex(content.decode("ascii", "replace").strip(), name)
    try:
        air = airs.parse(content)
        airs.check_degrees(air)
    except abi.Revert as error:
        raise UsageError(f"{name}: {reason(error)}") from None
    return air


def witness(options: argparse.Namespace) -> tuple[list[list[int]], list[int]]:
    """Return the columns and public inputs that the command line names."""
    if options.trace:
        document = read_json(options.trace)
        try:
            columns = [[int(value) % P for value in column] for column in document["columns"]]
            return columns, [int(value) for value in document["public"]]
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError(f"{options.trace}: {type(error).__name__}: {error}") from None
    if options.air not in EXAMPLES:
        raise UsageError("--input is for examples; give a --trace")
    document = read_json(options.input)
    try:
        return EXAMPLES[options.air].witness(document, lambda: secrets.randbelow(P))
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{options.input}: {type(error).__name__}: {error}") from None


def checked_trace(air: Air, columns: Sequence[Sequence[int]], public: Sequence[int]) -> None:
    """Refuse a trace whose shape does not fit, before the compiler is loaded."""
    rows = len(columns[0]) if columns else 0
    if len(columns) != air.columns or air.second_columns:
        raise UsageError(f"{air.columns} columns of one phase are needed, not {len(columns)}")
    if rows & (rows - 1) or any(len(column) != rows for column in columns):
        raise UsageError("the columns must have the same number of rows, a power of two")
    try:
        check_statement(air, rows.bit_length() - 1, public)
    except abi.Revert as error:
        raise UsageError(reason(error)) from None


def read_proof(path: str) -> tuple[bytes, list[int], bytes]:
    """Return the AIR's bytes, the public inputs and the proof of a file."""
    document = read_json(path)
    try:
        public = [int(value) for value in document["public"]]
        return unhex(document["air"], path), public, unhex(document["proof"], path)
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"{path}: {type(error).__name__}: {error}") from None


def read_json(path: str) -> Any:
    """Return the content of a JSON file."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None
    except ValueError:
        raise UsageError(f"{path}: no JSON") from None


def unhex(text: str, path: str) -> bytes:
    """Return the bytes of 0x-prefixed hex."""
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise UsageError(f"{path}: no hex") from None


# --- People ---------------------------------------------------------------------------------


def reason(error: abi.Revert) -> str:
    """Return a refusal in words."""
    for known in (*PRECOMPILE.errors, *abi.DECODING_ERRORS):
        signature = known.signature
        if error.data[:4] == signature.selector:
            values, _ = abi.decode_sequence([each.type for each in signature.inputs], error.data, 4)
            return f"{signature.name}({', '.join(str(value) for value in values)})"
    return f"0x{error.data.hex()}"


def broken(air: Air, columns: Sequence[Sequence[int]], public: Sequence[int]) -> str:
    """Return which constraints a trace breaks."""
    from .stark.prover.check import violations

    found = islice(violations(air, columns, public), SHOWN_VIOLATIONS)
    where = "; ".join(f"constraint {each.constraint} on row {each.row}" for each in found)
    return f"the trace does not fit the AIR: {where}"


@contextmanager
def steps() -> Iterator[Any]:
    """Show the steps of a proof on stderr while they are done."""
    columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(STEPS[0], total=len(STEPS))

        def step(name: str) -> None:
            progress.update(task, description=name, completed=STEPS.index(name))

        yield step
