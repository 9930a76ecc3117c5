"""`pars ai`: turn ONNX models into integer ones, upload them, ask them, prove what they answer.

Results go to stdout, everything else to stderr. Exit status: 0 done, 1 refused or it cannot be
done, 2 the command line or a file is wrong.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from precompiles.ai.tools import model_file
from precompiles.ai.tools.model_file import FileRefusedError, ModelFile
from precompiles.ai.tools.refusal import NotRepresentableError, OnnxRefusedError
from precompiles.conformance.rpc import Client, over_http

from ..remote import Remote, RemoteError, read_key, unhexed
from .data_set import DataRefusedError
from .prove import NotThisClaimError

if TYPE_CHECKING:
    from precompiles.ai.tools.floats import FloatModel

    from .data_set import DataSet

DONE, REFUSED, WRONG = 0, 1, 2
TIMEOUT_SECONDS = 120.0
POLL_SECONDS = 0.4
"""As often as there are blocks."""

EXAMPLE = (
    "example: pars ai quantize model.onnx --data rows.csv -o model.pars;"
    " pars ai upload model.pars --rpc http://127.0.0.1:8545; pars ai infer model.pars --input 1,2,3"
)


class UsageError(Exception):
    """The command line or a file is wrong. The message says what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
        options.command(options)
    except (UsageError, FileRefusedError, DataRefusedError) as error:
        print(f"pars ai: {error}", file=sys.stderr)
        return WRONG
    except (OnnxRefusedError, NotRepresentableError, RemoteError, NotThisClaimError) as error:
        print(f"pars ai: {error}", file=sys.stderr)
        return REFUSED
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or 0)
    return DONE


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(
        prog="pars ai", description="Integer models, from a file to a chain.", epilog=EXAMPLE
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    add_quantize(commands.add_parser("quantize", help="make an integer model of an ONNX file"))
    add_upload(commands.add_parser("upload", help="bring a model into a chain's registry"))
    add_infer(commands.add_parser("infer", help="ask a model, here or on a chain"))
    add_prove(commands.add_parser("prove", help="stand for an answer on a chain, or break one"))
    return top


def add_quantize(command: argparse.ArgumentParser) -> None:
    """Describe `quantize`."""
    command.add_argument("model", type=Path, metavar="MODEL.onnx")
    command.add_argument(
        "--data",
        type=Path,
        metavar="FILE",
        required=True,
        help="rows to calibrate on: .csv, the answer last or absent; or .npz with x, and y or none",
    )
    command.add_argument(
        "--test", type=Path, metavar="FILE", help="rows with answers, to tell what is lost"
    )
    command.add_argument("-o", "--out", type=Path, metavar="MODEL.pars", required=True)
    command.set_defaults(command=quantize)


def add_remote(command: argparse.ArgumentParser, *, required: bool) -> None:
    """Describe the node and the account that transactions come from."""
    command.add_argument("--rpc", metavar="URL", required=required, help="a node's JSON-RPC")
    account = command.add_mutually_exclusive_group()
    account.add_argument("--from", dest="sender", metavar="ADDRESS", help="the node signs for it")
    account.add_argument("--key-file", type=Path, metavar="FILE", help="a private key, in hex")


def add_upload(command: argparse.ArgumentParser) -> None:
    """Describe `upload`."""
    command.add_argument("model", type=Path, metavar="MODEL.pars")
    command.add_argument(
        "--poseidon", action="store_true", help="record the Poseidon root over the weights too"
    )
    command.add_argument("--publish", metavar="NAME", help="make it the next version of this name")
    add_remote(command, required=True)
    command.set_defaults(command=upload)


def add_infer(command: argparse.ArgumentParser) -> None:
    """Describe `infer`."""
    command.add_argument("model", metavar="MODEL", help="a model file, or an id on the chain")
    given = command.add_mutually_exclusive_group(required=True)
    given.add_argument(
        "--input",
        metavar="NUMBERS",
        help="a row: real numbers of a file, integers of an id; --input=-1,2 begins with a minus",
    )
    given.add_argument("--tokens", metavar="NUMBERS", help="a prompt, of a transformer")
    command.add_argument("--new", type=int, default=1, metavar="N", help="tokens to add")
    add_remote(command, required=False)
    command.set_defaults(command=infer)


def add_prove(command: argparse.ArgumentParser) -> None:
    """Describe `prove`."""
    command.add_argument("model", type=Path, metavar="MODEL.pars")
    command.add_argument(
        "--input", action="append", required=True, metavar="NUMBERS", help="a row; may be repeated"
    )
    command.add_argument("-o", "--out", type=Path, metavar="TRACE.json", help="write all sums")
    deed = command.add_mutually_exclusive_group()
    deed.add_argument("--commit", action="store_true", help="claim the answer, with the bond")
    deed.add_argument("--defend", metavar="CLAIM", help="show what a dispute asks for, to its end")
    deed.add_argument("--challenge", metavar="CLAIM", help="dispute a claim if it is wrong")
    add_remote(command, required=False)
    command.set_defaults(command=prove)


# --- Commands -------------------------------------------------------------------------------


def quantize(options: argparse.Namespace) -> None:
    """Make an integer model, and tell what is lost."""
    from precompiles.ai.models import header
    from precompiles.ai.tools import floats, onnx_reader, quantize

    from . import data_set

    found = onnx_reader.read(read_bytes(options.model, onnx_reader.FILE_SIZE_MAX))
    features = floats.feature_count(found)
    rows = data_set.read(options.data, features)
    made = quantize.quantize(found, rows.rows)
    options.out.write_bytes(model_file.encode(made))
    known = header.parse(made.header)
    print(f"{options.out}: {type(known).__name__.lower()}, {len(made.weights):,} bytes of weights")
    print(f"id 0x{made.model_id.hex()}")
    tested = data_set.read(options.test, features) if options.test else rows
    if tested.wanted:
        print(told_loss(found, made, tested))


def told_loss(found: "FloatModel", made: ModelFile, tested: "DataSet") -> str:
    """Return what is lost, in words."""
    from precompiles.ai.tools import running

    lost = running.loss(found, made, tested.rows, answers_of(made, tested.wanted))
    rows = f"of {len(tested.rows)} rows"
    if lost.classes:
        return (
            f"right {rows}: floats {lost.floats:.2%}, integers {lost.integers:.2%},"
            f" lost {lost.floats - lost.integers:.2%}; same class {lost.agreement:.2%}"
        )
    return (
        f"error {rows}: floats {lost.floats:.6g}, integers {lost.integers:.6g},"
        f" lost {lost.integers - lost.floats:.6g}; largest difference {lost.agreement:.6g}"
    )


def answers_of(made: ModelFile, wanted: Sequence[str]) -> Any:
    """Return the right answers as numbers: of classes their places among the labels."""
    import numpy as np

    places = {label: index for index, label in enumerate(made.notes.labels)}
    try:
        if places and all(each in places for each in wanted):
            return np.array([places[each] for each in wanted])
        return np.array([float(each) for each in wanted])
    except ValueError:
        raise UsageError(f"the answers are neither numbers nor of {', '.join(places)}") from None


def upload(options: argparse.Namespace) -> None:
    """Bring a model in, and tell the gas."""
    from precompiles.ai.model_registry.contract import PRECOMPILE as REGISTRY
    from precompiles.ai.model_registry.poseidon_root import permutation
    from precompiles.ai.tools import poseidon_tree, running

    from .upload import upload as bring_in

    model = model_file.parse(read_bytes(options.model, model_file.FILE_SIZE_MAX))
    running.loaded_model(model)  # What the chain would refuse in the end is not begun.
    root = 0
    if options.poseidon:
        root = poseidon_tree.levels(permutation(), model.weights)[-1][0]
    with open_remote(options) as remote:
        total = bring_in(remote, model, root, tell_gas)
        if options.publish:
            receipt = remote.transact(REGISTRY, "publish", options.publish, model.model_id)
            tell_gas(f"published as {options.publish}", receipt.gas_used)
            total += receipt.gas_used
    print(f"0x{model.model_id.hex()}")
    print(f"{total:,} gas in all", file=sys.stderr)


def tell_gas(what: str, gas: int) -> None:
    """Say what was done."""
    print(f"{what}: {gas:,} gas", file=sys.stderr)


def infer(options: argparse.Namespace) -> None:
    """Ask a model and print its answer."""
    if Path(options.model).exists():
        model = model_file.parse(read_bytes(Path(options.model), model_file.FILE_SIZE_MAX))
        print(told_answer(model, options))
        return
    model_id = hex_of(options.model)
    if model_id is None or len(model_id) != 32:
        raise UsageError(f"{options.model}: neither a file nor an id of 32 bytes")
    if not options.rpc:
        raise UsageError("an id needs --rpc, the chain that has the model")
    with open_remote(options) as remote:
        print(told_numbers(ask_chain(remote, options, model_id)))


def told_answer(model: ModelFile, options: argparse.Namespace) -> str:
    """Return the answer of a model file, asked here or on a chain."""
    from precompiles.ai.models import header
    from precompiles.ai.tools import running

    known = header.parse(model.header)
    if isinstance(known, header.Transformer) or options.tokens:
        raise UsageError("a transformer is asked by its id, with --tokens")
    row = numbers_of(options.input, float)
    if len(row) != len(model.notes.inputs.scale):
        raise UsageError(f"{len(row)} numbers; the model takes {len(model.notes.inputs.scale)}")
    data = running.integer_rows(model, row_of(row))
    if options.rpc:
        from precompiles.ai.inference.contract import PRECOMPILE

        with open_remote(options) as remote:
            answer = remote.call(PRECOMPILE, "infer", model.model_id, data)
        found = running.integer_answers(known, answer)
    else:
        found = running.run(model, data)
    integers = told_numbers(found[0].tolist())
    if model.notes.labels:
        place = running.classes_of(found, len(model.notes.labels) if found.shape[1] == 1 else 0)
        return f"{model.notes.labels[int(place[0])]}\t{integers}"
    reals = (f"{each * model.notes.output_scale:.6g}" for each in found[0].tolist())
    return f"{' '.join(reals)}\t{integers}"


def row_of(row: Sequence[float]) -> Any:
    """Return one row as the tools take rows."""
    import numpy as np

    return np.array([row])


def ask_chain(remote: Remote, options: argparse.Namespace, model_id: bytes) -> list[int]:
    """Ask a model by its id, in integers."""
    from precompiles.ai.inference.contract import PRECOMPILE
    from precompiles.ai.model_registry.contract import PRECOMPILE as REGISTRY
    from precompiles.ai.models import header
    from precompiles.ai.tools import running

    if options.tokens:
        tokens = numbers_of(options.tokens, int)
        found: list[int] = remote.call(PRECOMPILE, "generate", model_id, tokens, options.new)
        return found
    known = header.parse(remote.call(REGISTRY, "headerOf", model_id))
    width = 1 if isinstance(known, header.Dense) else 4
    try:
        row = [each.to_bytes(width, "big", signed=True) for each in numbers_of(options.input, int)]
    except OverflowError:
        raise UsageError(f"a number does not fit {8 * width} bits") from None
    answer = remote.call(PRECOMPILE, "infer", model_id, b"".join(row))
    numbers: list[int] = running.integer_answers(known, answer).reshape(-1).tolist()
    return numbers


def prove(options: argparse.Namespace) -> None:
    """Run a model with its trace; commit to the answer, defend it, or challenge another one."""
    from precompiles.ai.tools import proving

    model = model_file.parse(read_bytes(options.model, model_file.FILE_SIZE_MAX))
    proven = proving.prove(model, b"".join(row_bytes(model, row) for row in options.input))
    if options.out:
        options.out.write_text(json.dumps(proving.document(proven), indent=1) + "\n", "utf-8")
    deed = options.defend or options.challenge
    if not options.commit and not deed:
        print(json.dumps({key: f"0x{value.hex()}" for key, value in proving.roots(proven).items()}))
        return
    if not options.rpc:
        raise UsageError("--commit, --defend and --challenge need --rpc")
    from . import prove as players

    claim = b"" if options.commit else claim_of(deed)
    with open_remote(options) as remote:
        if options.commit:
            print(f"0x{players.commit(remote, proven).hex()}")
            return
        play = players.defend if options.defend else players.challenge
        print(play_on(lambda: play(remote, proven, claim)))


def row_bytes(model: ModelFile, text: str) -> bytes:
    """Return a row as the chain takes it."""
    from precompiles.ai.tools import running

    row = numbers_of(text, float)
    if len(row) != len(model.notes.inputs.scale):
        raise UsageError(f"{len(row)} numbers; the model takes {len(model.notes.inputs.scale)}")
    return running.integer_rows(model, row_of(row))


def claim_of(text: str) -> bytes:
    """Return the id of a claim."""
    claim = hex_of(text)
    if claim is None or len(claim) != 32:
        raise UsageError(f"{text}: no id of 32 bytes")
    return claim


def play_on(move: Callable[[], str]) -> str:
    """Make moves until there is nothing more to do, and return the last."""
    from .prove import ENDS, WAITING

    while (done := move()) not in ENDS:
        if done == WAITING:
            time.sleep(POLL_SECONDS)
        else:
            print(done, file=sys.stderr)
    return done


# --- Words ----------------------------------------------------------------------------------


def numbers_of(text: str, kind: type[Any]) -> list[Any]:
    """Return the numbers of a list."""
    try:
        return [kind(each) for each in text.split(",")]
    except ValueError:
        raise UsageError(f"{text[:60]!r} is no list of numbers with commas") from None


def told_numbers(numbers: Sequence[int]) -> str:
    """Return a list for a script."""
    return ",".join(str(each) for each in numbers)


def read_bytes(path: Path, size_max: int) -> bytes:
    """Return the content of a file that is not too large."""
    try:
        if path.stat().st_size > size_max:
            raise UsageError(f"{path}: larger than {size_max:,} bytes")
        return path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from None


@contextmanager
def open_remote(options: argparse.Namespace) -> Iterator[Remote]:
    """Open the node that the command line names."""
    key = read_key(options.key_file) if options.key_file else None
    sender = unhexed(options.sender) if options.sender else None
    with ExitStack() as stack:
        try:
            transport = stack.enter_context(over_http(options.rpc, TIMEOUT_SECONDS))
        except ValueError as error:
            raise UsageError(str(error)) from None
        yield Remote(Client(transport), key=key, sender=sender)


def hex_of(text: str) -> bytes | None:
    """Return the bytes of hex, or None."""
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
