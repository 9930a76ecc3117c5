"""`pars bridge`: run the bridge, say how it stands, prove what is anchored.

Results go to stdout, everything else to stderr. Exit status: 0 done, 1 it could not be done, 2 the
command line is wrong.
"""

import argparse
import json
import signal
import stat
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .errors import BridgeError, NodeError, RefusedError

if TYPE_CHECKING:
    from .chain_client import ChainClient, Signer
    from .contracts import Contracts
    from .source import Source

DONE, FAILED, WRONG = 0, 1, 2

RPC = "http://127.0.0.1:8545"
SOURCE = Path("~/.pars/session")
JOURNAL = Path("~/.pars/bridge")
POLL_SECONDS = 0.4
BACK_OFF_SECONDS_MAX = 30.0
STAGGER_BLOCKS = 6
FEE_MAX_GWEI = 500
KEY_FILE_BYTES_MAX = 1024
CURVE_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


class Parser(argparse.ArgumentParser):
    """One line with the remedy is easier to read than a usage before each error."""

    def error(self, message: str) -> NoReturn:
        """End the process with one line."""
        self.exit(WRONG, f"{self.prog}: {message}; see {self.prog} --help\n")


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or DONE)
    try:
        status: int = options.command(options)
    except BridgeError as error:
        tell(f"{options.prog}: {error}")
        return FAILED
    except ModuleNotFoundError as error:
        if error.name != "web3":
            raise
        tell(f"{options.prog}: needs web3: install pars with its extra `bridge`")
        return FAILED
    return status


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = Parser(prog="pars bridge", description="The bridge between sessions and a chain.")
    commands = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    running = commands.add_parser("run", help="anchor, answer and relay until interrupted")
    add_places(running)
    add_running(running)
    running.set_defaults(command=run)

    telling = commands.add_parser("status", help="say how both layers stand")
    add_places(telling)
    telling.add_argument("--journal", type=Path, metavar="DIR", default=JOURNAL)
    telling.add_argument("--json", action="store_true", help="one line for a script")
    telling.set_defaults(command=status)

    proving = commands.add_parser("prove", help="prove that a session is anchored, or is not")
    add_places(proving)
    proving.add_argument("session", type=session_id, metavar="SESSION_ID")
    proving.add_argument("--epoch", type=positive, metavar="N", help="default: the newest that has")
    proving.add_argument("--json", action="store_true", help="one line for a script")
    proving.set_defaults(command=prove)

    for name, command in commands.choices.items():
        command.set_defaults(prog=f"pars bridge {name}")
    return top


def add_places(command: argparse.ArgumentParser) -> None:
    """Add the options that say where both layers are."""
    command.add_argument("--rpc", default=RPC, metavar="URL", help=f"the node (default {RPC})")
    command.add_argument(
        "--source",
        type=Path,
        default=SOURCE,
        metavar="PATH",
        help=f"a daemon's folder (default {SOURCE}), or a committee file for development",
    )
    command.add_argument(
        "--contracts",
        type=Path,
        metavar="FILE",
        help="manifest of `pars contracts deploy` (default: a chain run --with-dao)",
    )


def add_running(command: argparse.ArgumentParser) -> None:
    """Add the options of the bridge at work."""
    command.add_argument(
        "--key-file",
        type=Path,
        required=True,
        metavar="FILE",
        help="the private key of the account that pays, readable by its owner only",
    )
    command.add_argument(
        "--journal", type=Path, metavar="DIR", default=JOURNAL, help=f"default {JOURNAL}"
    )
    command.add_argument("--once", action="store_true", help="make one pass, and end")
    command.add_argument(
        "--for", dest="seconds", type=seconds, metavar="SECONDS", help="end after so long"
    )
    command.add_argument(
        "--poll",
        type=seconds,
        default=POLL_SECONDS,
        metavar="SECONDS",
        help=f"between passes (default {POLL_SECONDS})",
    )
    command.add_argument(
        "--max-fee",
        type=positive,
        default=FEE_MAX_GWEI,
        metavar="GWEI",
        help=f"the most that is paid for one gas (default {FEE_MAX_GWEI})",
    )
    command.add_argument(
        "--stagger",
        type=number,
        default=STAGGER_BLOCKS,
        metavar="BLOCKS",
        help=f"spread relayers over so many blocks (default {STAGGER_BLOCKS}; 0 with --once)",
    )
    command.add_argument(
        "--at-a-loss",
        action="store_true",
        help="also answer requests that do not pay, call again, and end what is overdue",
    )


def number(text: str) -> int:
    """Read a number."""
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number")
    return int(text)


def positive(text: str) -> int:
    """Read a number from 1 on."""
    value = number(text)
    if not value:
        raise argparse.ArgumentTypeError("0 is too small")
    return value


def seconds(text: str) -> float:
    """Read a time."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.01 <= value <= 1e8:  # Refuses NaN too.
        raise argparse.ArgumentTypeError(f"{text!r} is not a time in seconds from 0.01")
    return value


def session_id(text: str) -> bytes:
    """Read the id of a session."""
    try:
        value = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        value = b""
    if len(value) != 32:
        raise argparse.ArgumentTypeError("an id has 64 hexadecimal digits")
    return value


# --- Commands -------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Work until interrupted."""
    from .journal import Journal
    from .service import Bridge, Manner, scope_of

    signer = read_signer(options.key_file)
    client, contracts = connected(options)
    source = opened_source(options.source, contracts.chain_id)
    manner = Manner(
        fee_max=options.max_fee * 10**9,
        at_a_loss=options.at_a_loss,
        stagger=0 if options.once else options.stagger,
    )
    scope = scope_of(contracts, signer.address)
    with Journal(options.journal.expanduser(), scope) as journal:
        if journal.note:
            tell(f"warning: {journal.note}; the chain says what came of it")
        bridge = Bridge(client, contracts, source, journal, signer, manner, time.monotonic, tell)
        if options.once:
            bridge.once()
        else:
            work(bridge.once, options.poll, options.seconds)
        tally = journal.ledger.tally
        tell(
            f"block {bridge.standing.block}: {tally.succeeded} transactions did what they were for,"
            f" {tally.failed} did not, {len(journal.ledger.slots)} are not final"
        )
    return DONE


def work(once: Callable[[], object], poll: float, longest: float | None) -> None:
    """Make passes until a signal or the end of the time. A silent node is asked again."""
    stopping = threading.Event()
    end = time.monotonic() + longest if longest is not None else None

    def stop(signum: int, _: object) -> None:
        stopping.set()
        signal.signal(signum, signal.SIG_DFL)  # The second one does not wait for the pass.

    before = {each: signal.signal(each, stop) for each in (signal.SIGTERM, signal.SIGINT)}
    pause = poll
    try:
        while not stopping.is_set() and (end is None or time.monotonic() < end):
            try:
                once()
                pause = poll
            except (NodeError, RefusedError) as error:
                pause = min(2 * max(pause, poll), BACK_OFF_SECONDS_MAX)
                tell(f"{error}; asks again in {pause:.1f} s")
            left = pause if end is None else min(pause, max(end - time.monotonic(), 0))
            stopping.wait(left)
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def status(options: argparse.Namespace) -> int:
    """Say how both layers stand."""
    from .status import gather, show

    client, contracts = connected(options)
    found = gather(
        client,
        contracts,
        lambda: opened_source(options.source, contracts.chain_id),
        options.journal.expanduser(),
    )
    if options.json:
        print(json.dumps(found))
    else:
        show(found)
    return DONE


def prove(options: argparse.Namespace) -> int:
    """Prove that a session is anchored, or that it is not in an epoch."""
    from .proving import made_proof, show

    client, contracts = connected(options)
    source = opened_source(options.source, contracts.chain_id)
    found = made_proof(client, contracts, source, options.session, options.epoch)
    if options.json:
        print(json.dumps(found))
    else:
        show(found)
    return DONE


def connected(options: argparse.Namespace) -> "tuple[ChainClient, Contracts]":
    """Open the node, and check that the contracts stand on its chain."""
    from .chain_client import ChainClient, check_chain
    from .contracts import load_contracts
    from .transport import HttpTransport

    client = ChainClient(HttpTransport(options.rpc))
    chain_id = client.chain_id()
    contracts = load_contracts(options.contracts, chain_id)
    check_chain(client, chain_id, contracts.needed())
    return client, contracts


def opened_source(path: Path, chain_id: int) -> "Source":
    """Open a daemon by its folder, or a development committee by its file."""
    from .committee import FileSource
    from .source import DaemonSource

    path = path.expanduser()
    if path.is_file():
        return FileSource(path, chain_id)
    return DaemonSource(path)


def read_signer(path: Path) -> "Signer":
    """Read the account's key from a file that nobody else can read: 64 hexadecimal digits."""
    from .chain_client import Signer

    try:
        mode = path.stat().st_mode
        text = path.read_bytes()[:KEY_FILE_BYTES_MAX].decode("ascii").strip()
        key = bytes.fromhex(text.removeprefix("0x"))
    except OSError as error:
        raise BridgeError(f"key file {path}: {error.strerror}") from None
    except ValueError:  # UnicodeDecodeError is one.
        key = b""
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise BridgeError(f"key file {path}: others can read it; chmod 600 it first")
    if len(key) != 32 or not 0 < int.from_bytes(key, "big") < CURVE_ORDER:
        raise BridgeError(f"key file {path}: not a private key of 64 hexadecimal digits")
    return Signer(key)


def tell(line: str) -> None:
    """Write to stderr at once, whoever reads it."""
    print(line, file=sys.stderr, flush=True)
