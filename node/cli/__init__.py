"""pars node: run a node of the mesh, look into it, carry its spaces on a stick, simulate a network.

What was asked for goes to stdout, everything else to stderr. Exit status: 0 done, 1 refused, 2 the
command line is wrong, 3 no node runs, 4 the store is locked.
"""

import argparse
import asyncio
import sys
from collections.abc import Sequence
from typing import Any

from ..client.api import DEFAULT_FOLDER, LOCKED, Failed, Unavailable, connect
from ..client.chain import ChainFailed
from ..client.cli import IS_LOCKED, NO_DAEMON, REFUSED, Stopped, folder
from ..client.text import clean
from ..codec import Refused
from . import carry, spaces, views

RUN, GENESIS, SIMULATE = "run", "genesis", "simulate"
Commands = Any  # argparse does not name the type of what `add_subparsers` returns.


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words[:1] == [SIMULATE]:
        from ..simulation.cli import main as simulate  # loads no daemon, and no daemon loads it

        return simulate(words[1:])
    if words[:1] == [GENESIS]:
        return _founded(words)
    if words[:1] == [RUN]:
        from ..sessiond import run_node

        return run_node(words[1:])
    options = parser().parse_args(words)
    try:
        asyncio.run(_run(options))
    except Unavailable as error:
        return _stop(str(error), NO_DAEMON)
    except Failed as error:
        if error.code == LOCKED:
            return _stop("the store is locked: `pars session unlock`", IS_LOCKED)
        return _stop(clean(str(error)), REFUSED)
    except Refused as error:
        return _stop(error.reason, REFUSED)
    except (Stopped, LookupError, OSError) as error:
        return _stop(clean(str(error)), REFUSED)
    return 0


def _founded(words: list[str]) -> int:
    from .genesis import genesis  # needs a chain, and no node

    try:
        genesis(parser().parse_args(words))
    except (ChainFailed, Stopped, OSError) as error:
        return _stop(clean(str(error)), REFUSED)
    return 0


async def _run(options: argparse.Namespace) -> None:
    client = await connect(options.datadir)
    try:
        await options.command(client, options)
    finally:
        await client.close()


def _stop(message: str, status: int) -> int:
    print(f"pars node: {message}", file=sys.stderr)
    return status


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(
        prog="pars node",
        description="A node of the mesh: online, offline, and across a stick.",
        epilog="`run --help` and `simulate --help` tell more.",
    )
    top.add_argument(
        "--datadir", type=folder, default=DEFAULT_FOLDER, help="the node's (~/.pars/session)"
    )
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    commands.add_parser(RUN, help="run a node until it is interrupted", add_help=False)
    made = _add(commands, "status", views.show_status, "show what the node does")
    made.add_argument("--json", action="store_true", help="all of it, as JSON")
    made = _add(commands, "peers", views.show_peers, "list links and the nodes that are known")
    made.add_argument("--json", action="store_true", help="all of it, as JSON")
    made = _add(commands, "export", carry.export, "write a bundle to carry to another node")
    made.add_argument("path", metavar="PATH", type=folder, help="a folder, or a name for the file")
    made.add_argument("--space", metavar="SPACE", help="which, where there are several")
    made.add_argument("--all", action="store_true", help="also what others have told they hold")
    made = _add(commands, "import", carry.take_in, "read a bundle, or all in a folder")
    made.add_argument("path", metavar="PATH", type=folder)
    _invite_commands(commands)
    _space_commands(commands)
    made = _add(commands, "validate", carry.validate, "bond a stake, and vote on the chain", "PARS")
    made.epilog = "0 leaves: the bond comes back in seven days. `status` tells how far it is."
    commands.add_parser(SIMULATE, help="simulate a network of nodes from a seed", add_help=False)
    made = commands.add_parser(GENESIS, help="make validators for a chain of your own")
    made.add_argument("--chain", metavar="URL", required=True, help="a node of the chain")
    made.add_argument("--seats", type=int, default=4, help="how many (default: 4)")
    made.add_argument("--to", metavar="FOLDER", type=folder, required=True, help="an empty one")
    return top


def _add(
    commands: Commands, name: str, command: object, about: str, *arguments: str
) -> argparse.ArgumentParser:
    made: argparse.ArgumentParser = commands.add_parser(name, help=about, description=about)
    for argument in arguments:
        made.add_argument(argument.lower(), metavar=argument)
    made.set_defaults(command=command)
    return made


def _invite_commands(commands: Commands) -> None:
    made = _add(commands, "invite", carry.invite, "make a code that links another node to this one")
    made.add_argument("--space", metavar="SPACE", help="let them into this space too")
    made.add_argument("--carry", action="store_true", help="let them keep it, and read nothing")
    made.add_argument("--hours", type=int, default=24, help="how long it holds (default: 24)")
    made.add_argument("--png", metavar="FILE", type=folder, help="write the QR code to a picture")
    made.add_argument("--nfc", metavar="FILE", type=folder, help="write the record for an NFC tag")
    made.add_argument("--no-qr", action="store_true", help="print the text alone")
    made = _add(commands, "accept", carry.accept, "take up an invite")
    made.add_argument("code", metavar="CODE", help="its text, a picture of its QR code, or its tag")


def _space_commands(commands: Commands) -> None:
    made = commands.add_parser("space", help="spaces: what nodes hold together")
    made.set_defaults(command=spaces.list_spaces)
    below = made.add_subparsers(metavar="COMMAND")
    _add(below, "list", spaces.list_spaces, "list spaces")
    _add(below, "create", spaces.create, "create a space", "NAME")
    _add(below, "leave", spaces.leave, "forget a space; others keep it", "SPACE")
    _add(below, "documents", spaces.documents, "list the documents of a space", "SPACE")
    _add(below, "read", spaces.read, "print a document as JSON", "SPACE", "DOCUMENT")
    made = _add(below, "write", spaces.write, "change a document", "SPACE", "DOCUMENT")
    made.add_argument("--type", required=True, choices=spaces.TYPES, help="what it is")
    made.add_argument("change", metavar="CHANGE", help="as JSON: `pars node space write --help`")
    made.epilog = spaces.CHANGES
