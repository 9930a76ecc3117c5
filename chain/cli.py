"""`pars chain`: run a local chain, export its blocks, import others, list accounts.

Results go to stdout, everything else to stderr. Exit status: 0 done, 1 it could not be done, 2 the
command line is wrong. Knows how to ask and how to tell; the chain itself is loaded only by the
commands that need it, so that help is instant.
"""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from .errors import ChainError, InvalidMnemonic

if TYPE_CHECKING:
    from .accounts import DevAccount
    from .blocks import Block, Receipt
    from .genesis import Genesis
    from .local_chain import Event, LocalChain, Mining
    from .transactions import Transaction

DONE, FAILED, WRONG = 0, 1, 2

BLOCK_TIME_SECONDS = 0.4
BLOCK_TIME_SECONDS_MAX = 86_400.0
HOST = "127.0.0.1"
PORT = 8545
PORT_MAX = 65_535
CHAIN_IDS = (6133, 6134)
ENGINES = ("core", "py", "check")
WIDTH_MIN = 120
"""Columns that an address beside its key needs. Never folded, so that both can be copied."""
TRANSACTIONS_LOGGED_MAX = 20
SELF_TEST_DELAY_SECONDS = 1.0

Progress = Callable[[int, int], None]


class UsageError(Exception):
    """The command line is wrong. The text says what to do."""


class Parser(argparse.ArgumentParser):
    """argparse prints its usage before each error; one line with the remedy is easier to read."""

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
    except (UsageError, InvalidMnemonic) as error:
        tell(f"{options.prog}: {error}")
        return WRONG
    except ChainError as error:
        tell(f"{options.prog}: {error}")
        return FAILED
    return status


# --- The command line -----------------------------------------------------------------------


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = Parser(prog="pars chain", description="A local Pars chain.")
    commands = top.add_subparsers(required=True, metavar="COMMAND", parser_class=Parser)

    running = commands.add_parser("run", help="start a chain and serve it over JSON-RPC")
    mining = running.add_mutually_exclusive_group()
    add_mining(mining)
    add_server(running)
    add_genesis(running)
    add_engine(running)
    running.add_argument(
        "--with-dao", action="store_true", help="start with the DAO's contracts in the first block"
    )
    running.add_argument("--datadir", type=Path, metavar="DIR", help="keep the chain here")
    running.set_defaults(command=run)

    exporting = commands.add_parser("export", help="write the blocks of a datadir as RLP")
    exporting.add_argument("file", type=Path, metavar="CHAIN.rlp")
    exporting.add_argument("--datadir", type=Path, metavar="DIR", required=True)
    exporting.add_argument(
        "--write-genesis", type=Path, metavar="FILE", help="also write the genesis, as JSON"
    )
    add_genesis(exporting)
    exporting.set_defaults(command=export)

    importing = commands.add_parser(
        "import", help="check and load RLP blocks of any Ethereum chain, then serve them"
    )
    importing.add_argument("file", type=Path, metavar="CHAIN.rlp")
    importing.add_argument("--genesis", type=Path, metavar="FILE", required=True)
    importing.add_argument("--datadir", type=Path, metavar="DIR", help="keep the chain here")
    importing.add_argument("--no-serve", action="store_true", help="only import")
    add_engine(importing)
    add_server(importing)
    importing.set_defaults(command=import_)

    listing = commands.add_parser("accounts", help="list the development accounts")
    add_accounts(listing)
    listing.set_defaults(command=accounts)

    warming = commands.add_parser(
        "warm", help="compile the engine and all kernels now, not at their first call"
    )
    warming.set_defaults(command=warm)

    for name, command in commands.choices.items():
        command.set_defaults(prog=f"pars chain {name}")
        if name in ("run", "import", "accounts"):
            command.add_argument("--json", action="store_true", help="one line for a script")
    return top


def add_mining(group: "argparse._MutuallyExclusiveGroup") -> None:
    """Add the options that say when a block is made."""
    group.add_argument(
        "--block-time",
        type=block_time,
        metavar="S",
        help=f"a block every S seconds (default {BLOCK_TIME_SECONDS})",
    )
    group.add_argument("--auto", action="store_true", help="a block for each transaction")
    group.add_argument("--manual", action="store_true", help="a block when evm_mine asks for it")
    group.add_argument(
        "--mixed",
        type=block_time,
        nargs="?",
        const=BLOCK_TIME_SECONDS,
        metavar="S",
        help="a block for each transaction, and one every S seconds",
    )


def add_server(command: argparse.ArgumentParser) -> None:
    """Add the options of the JSON-RPC server."""
    command.add_argument("--host", default=HOST, metavar="H", help=f"default {HOST}")
    command.add_argument(
        "--port", type=port, default=PORT, metavar="N", help=f"default {PORT}; 0 takes a free one"
    )
    command.add_argument(
        "--cors", default="*", metavar="ORIGINS", help="web pages that may ask (default all)"
    )
    command.add_argument("--quiet", action="store_true", help="no line per block and transaction")


def add_engine(command: argparse.ArgumentParser) -> None:
    """Add the option that says what runs the instructions."""
    command.add_argument(
        "--engine",
        choices=ENGINES,
        default="core",
        help="the compiled core (default), its slow twin py-evm, or both, compared",
    )


def add_genesis(command: argparse.ArgumentParser) -> None:
    """Add the options that decide the first block."""
    command.add_argument(
        "--chain-id",
        type=int,
        choices=CHAIN_IDS,
        help=f"mainnet or testnet rules (default {CHAIN_IDS[0]})",
    )
    command.add_argument("--genesis", type=Path, metavar="FILE", help="start from this JSON")
    add_accounts(command)


def add_accounts(command: argparse.ArgumentParser) -> None:
    """Add the options that decide the development accounts."""
    command.add_argument(
        "--mnemonic", metavar="WORDS", help="12 to 24 words; default: the known test ones"
    )
    command.add_argument(
        "--accounts", type=int, default=10, metavar="N", help="how many to make (default 10)"
    )


def port(text: str) -> int:
    """Read a port number."""
    if not (text.isascii() and text.isdigit() and int(text) <= PORT_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: take one of 0 to {PORT_MAX}")
    return int(text)


def block_time(text: str) -> float:
    """Read an interval in seconds."""
    with suppress(ValueError):
        seconds = float(text)
        if 0.001 <= seconds <= BLOCK_TIME_SECONDS_MAX:  # Refuses NaN too.
            return seconds
    raise argparse.ArgumentTypeError(
        f"{text!r} is not a time in seconds from 0.001 to {BLOCK_TIME_SECONDS_MAX:.0f}"
    )


# --- Commands -------------------------------------------------------------------------------


def run(options: argparse.Namespace) -> int:
    """Start a chain and serve it until interrupted."""
    load_engine()
    from .local_chain import LocalChain

    keys = dev_accounts(options)
    mining, seconds = chosen_mining(options)
    genesis = chosen_genesis(options, keys)
    if options.with_dao:
        genesis = with_dao(genesis, keys)
    chain = LocalChain.open(
        genesis,
        datadir=options.datadir,
        accounts=keys,
        mining=mining,
        block_time_seconds=seconds,
        engine=options.engine,
    )
    if chain.recovered:
        tell(f"continues from {chain.recovered} in {options.datadir}")
    return serve(chain, options, keys)


def export(options: argparse.Namespace) -> int:
    """Write the blocks of a data directory to a file, and the genesis they need beside it."""
    from .genesis import genesis_to_json
    from .local_chain import LocalChain

    if not options.datadir.is_dir():
        raise UsageError(f"--datadir: there is no directory {options.datadir}")
    keys = dev_accounts(options)
    genesis = chosen_genesis(options, keys)
    chain = LocalChain.open(genesis, datadir=options.datadir, mining="manual")
    try:
        if options.write_genesis:
            text = json.dumps(genesis_to_json(genesis), indent=2) + "\n"
            write_file(options.write_genesis, [text.encode()])
        with progress_bar("Exporting blocks") as progress:
            write_file(options.file, chain.export_blocks(progress))
        tell(f"wrote {chain.head.number} blocks to {options.file}")
    finally:
        chain.close()
    return DONE


def import_(options: argparse.Namespace) -> int:
    """Check and load blocks, and serve them."""
    load_engine()
    from .importing import import_chain

    with progress_bar("Importing blocks") as progress:
        chain = import_chain(
            options.genesis,
            options.file,
            datadir=options.datadir,
            engine=options.engine,
            progress=progress,
        )
    head = chain.head
    tell(f"imported up to block {head.number} (0x{head.hash.hex()})")
    if options.no_serve:
        chain.close()
        if options.json:
            print(json.dumps({"number": head.number, "hash": "0x" + head.hash.hex()}))
        return DONE
    return serve(chain, options, ())


def accounts(options: argparse.Namespace) -> int:
    """Print the development accounts."""
    keys = dev_accounts(options)
    if options.json:
        print(json.dumps([described(key) for key in keys]))
    else:
        print_accounts(keys)
    return DONE


def warm(_: argparse.Namespace) -> int:
    """Compile every kernel, or find it in the cache, and test it on a known answer."""
    from precompiles.kernels import MODULES, warm_up

    from .engine import KERNELS

    with progress_bar("Compiling kernels") as progress:
        warm_up(lambda done, total, _: progress(done, total), (*KERNELS, *MODULES))
    return DONE


def load_engine() -> None:
    """Have the engine's compiled code ready; the first time ever, that takes most of a minute."""
    from .engine import load

    with progress_bar("Compiling the engine (once)") as progress:
        load(progress)


def serve(chain: "LocalChain", options: argparse.Namespace, keys: Sequence["DevAccount"]) -> int:
    """Answer JSON-RPC until interrupted. Speaks only when the port is bound."""
    from .rpc import server

    if not options.quiet:
        chain.listen(log_event)
    wrong: list[str] = []

    def ready(url: str) -> None:
        if options.json:
            print(json.dumps(summary(chain, keys, url)), flush=True)
        else:
            print_summary(chain, keys, url)
        if keys and not server.is_loopback(options.host):
            tell(f"warning: whoever reaches {options.host} can spend from these accounts")
        testing = threading.Timer(SELF_TEST_DELAY_SECONDS, self_test, [wrong])
        testing.daemon = True
        testing.start()

    try:
        server.serve(chain, options.host, options.port, on_ready=ready, log=tell, cors=options.cors)
    except server.PortInUse as error:
        chain.close()  # Otherwise the server has done it.
        raise ChainError(str(error)) from None
    if wrong:
        raise ChainError(wrong[0])
    return DONE


def self_test(wrong: list[str]) -> None:
    """Test every kernel on a known answer, and end the node when one is wrong.

    Beside the server, a moment after it began: loading them all takes seconds, and no call has to
    wait for it. A call that comes earlier loads its own kernel.
    """
    from precompiles.kernels import MODULES, warm_up

    from .engine import KERNELS

    try:
        warm_up(modules=(*KERNELS, *MODULES))
    except RuntimeError as error:
        wrong.append(str(error))
        os.kill(os.getpid(), signal.SIGTERM)


def dev_accounts(options: argparse.Namespace) -> "tuple[DevAccount, ...]":
    """Derive the development accounts."""
    from .accounts import TEST_MNEMONIC, dev_accounts

    mnemonic = TEST_MNEMONIC if options.mnemonic is None else options.mnemonic
    return dev_accounts(mnemonic, options.accounts)


def chosen_genesis(options: argparse.Namespace, keys: Sequence["DevAccount"]) -> "Genesis":
    """Read the genesis file, or make the Pars genesis that funds these accounts."""
    from .genesis import load_genesis, pars_genesis

    if options.genesis is None:
        return pars_genesis(options.chain_id or CHAIN_IDS[0], [key.address for key in keys])
    genesis = load_genesis(options.genesis)
    if options.chain_id not in (None, genesis.chain_id):
        raise UsageError(
            f"--chain-id {options.chain_id}: {options.genesis} has config.chainId"
            f" {genesis.chain_id}; leave one of the two options out"
        )
    return genesis


def with_dao(genesis: "Genesis", keys: Sequence["DevAccount"]) -> "Genesis":
    """Return the genesis with the DAO of these accounts, and tell where it stands."""
    from eth_utils.address import to_checksum_address

    from .dao.genesis import with_contracts
    from .dao.parameters import development
    from .dao.plan import plan

    addresses = [key.address for key in keys]
    made = plan(development(addresses), genesis.chain_id, addresses[0])
    for name, address in made.addresses.items():
        tell(f"{to_checksum_address(address)}  {name}")
    return with_contracts(genesis, made, addresses[0])


def chosen_mining(options: argparse.Namespace) -> "tuple[Mining, float]":
    """Return the mining mode and the block time."""
    if options.auto:
        return "auto", 0.0
    if options.manual:
        return "manual", 0.0
    if options.mixed is not None:
        return "mixed", options.mixed
    return "interval", BLOCK_TIME_SECONDS if options.block_time is None else options.block_time


def write_file(path: Path, pieces: "Iterator[bytes] | Sequence[bytes]") -> None:
    """Write a file whole or not at all."""
    partial = path.with_name(path.name + ".partial")
    try:
        with partial.open("wb") as file:
            file.writelines(pieces)
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise ChainError(f"{path}: cannot be written: {error.strerror}") from None


# --- What is told ---------------------------------------------------------------------------


def summary(chain: "LocalChain", keys: Sequence["DevAccount"], url: str) -> dict[str, object]:
    """Return what a script wants to know of a running chain."""
    return {
        "url": url,
        "chainId": chain.chain_id,
        "genesisHash": "0x" + chain.genesis_hash.hex(),
        "blockNumber": chain.head.number,
        "automine": chain.automine,
        "blockTimeSeconds": chain.interval_seconds,
        "accounts": [described(key) for key in keys],
    }


def described(key: "DevAccount") -> dict[str, str]:
    """Return an account for a script."""
    from eth_utils.address import to_checksum_address

    return {"address": to_checksum_address(key.address), "privateKey": "0x" + key.private_key.hex()}


def print_summary(chain: "LocalChain", keys: Sequence["DevAccount"], url: str) -> None:
    """Tell a person what runs, where, and with which accounts."""
    if keys:
        print_accounts(keys, chain)
        print("The keys are known to everybody: never use them on a public chain.\n")
    every = f"every {chain.interval_seconds:g} s" if chain.interval_seconds else ""
    when = " and ".join(filter(None, ["for each transaction" if chain.automine else "", every]))
    print(f"Chain id   {chain.chain_id}")
    print(f"Genesis    0x{chain.genesis_hash.hex()}")
    print(f"Head       block {chain.head.number}")
    print(f"Blocks     {when or 'on evm_mine only'}")
    print(f"JSON-RPC   {url} (HTTP and WebSocket); Ctrl-C ends", flush=True)


def print_accounts(keys: Sequence["DevAccount"], chain: "LocalChain | None" = None) -> None:
    """Print the accounts, with their balances where there is a chain."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("address", "private key", *(["PARS"] if chain else [])):
        table.add_column(name, no_wrap=True, justify="right" if name == "PARS" else "left")
    state = chain.state() if chain else None
    for key in keys:
        known = described(key)
        balance = [f"{state.balance(key.address) / 10**18:,.0f}"] if state else []
        table.add_row(known["address"], known["privateKey"], *balance)
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH_MIN)
    console.print(table)


def log_event(event: "Event") -> None:
    """Tell of a block that has transactions. Empty ones come too fast to be worth a line."""
    from .local_chain import NewBlock, Removed

    match event:
        case NewBlock(block=block, receipts=receipts) if block.transactions:
            tell("\n".join(block_lines(block, receipts)))
        case Removed(blocks=blocks):
            tell(f"took back {len(blocks)} blocks")


def block_lines(block: "Block", receipts: "Sequence[Receipt]") -> Iterator[str]:
    """Return a line for the block and two for each of its transactions, up to a limit."""
    count = len(block.transactions)
    yield (
        f"block {block.number}  {count} {'transaction' if count == 1 else 'transactions'}"
        f"  {block.header.gas_used:,} gas  0x{block.hash.hex()}"
    )
    shown = list(zip(block.transactions, receipts, strict=True))[:TRANSACTIONS_LOGGED_MAX]
    for transaction, receipt in shown:
        yield from transaction_lines(transaction, receipt)
    if count > len(shown):
        yield f"  and {count - len(shown)} more"


def transaction_lines(transaction: "Transaction", receipt: "Receipt") -> Iterator[str]:
    """Return how a transaction ended, and who did what. The hash leads, to be copied."""
    created = receipt.contract_address
    target = f"creates 0x{created.hex()}" if created else f"-> 0x{transaction.to.hex()}"
    outcome = "failed" if receipt.status == 0 else "ok"
    yield f"  0x{transaction.hash.hex()}  {outcome}  {receipt.gas_used:,} gas"
    yield f"    0x{transaction.sender.hex()} {target}"


def tell(line: str) -> None:
    """Write to stderr at once, whoever reads it."""
    print(line, file=sys.stderr, flush=True)


@contextmanager
def progress_bar(title: str) -> Iterator[Progress]:
    """Show how far a long piece of work is, where a person watches."""
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn()
    with Bar(
        *columns,
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
