"""`pars contracts`: put the DAO on a chain, check that it stands, write its parameters.

Results go to stdout, everything else to stderr. Exit status: 0 done, 1 it could not be done, 2 the
command line is wrong.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from eth_utils import to_checksum_address

from chain.dao import deploy, parameters, plan
from chain.dao.genesis import rehearse
from chain.dao.manifest import manifest
from chain.dao.steps import Creation, Plan, Step
from chain.errors import ChainError
from chain.remote import Remote, RemoteError

DONE, FAILED = 0, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or DONE)
    try:
        status: int = options.command(options)
    except (ChainError, RemoteError) as error:
        tell(f"pars contracts: {error}")
        return FAILED
    return status


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(prog="pars contracts", description="The DAO's contracts.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")

    deploying = commands.add_parser("deploy", help="put the DAO on a chain; again to go on")
    add_network(deploying)
    deploying.add_argument(
        "--manifest", type=Path, metavar="FILE", help="write where everything stands"
    )
    deploying.add_argument(
        "--dry-run", action="store_true", help="only say what would be sent, and check it"
    )
    deploying.set_defaults(command=deploy_all)

    checking = commands.add_parser("verify", help="check that all of it stands on a chain")
    add_network(checking)
    checking.set_defaults(command=verify)

    writing = commands.add_parser("parameters", help="print a parameter file to begin with")
    writing.set_defaults(command=print_parameters)
    return top


def add_network(command: argparse.ArgumentParser) -> None:
    """Add the options that say where, who and what."""
    command.add_argument("parameters", type=Path, metavar="DAO.toml")
    command.add_argument(
        "--network", required=True, metavar="NAME", help="Ape's name: pars:testnet:node"
    )
    command.add_argument(
        "--account",
        default="TEST::0",
        metavar="NAME",
        help="Ape's name for the account that pays (default TEST::0, of the mnemonic)",
    )


def deploy_all(options: argparse.Namespace) -> int:
    """Put the DAO on a chain."""
    from .through_ape import connected

    given = parameters.load(options.parameters)
    with connected(options.network, options.account) as remote:
        made = plan.plan(given, remote.chain_id, remote.sender)
        rehearse(made, remote.sender)
        if options.dry_run:
            return show(remote, made)
        done = deploy.run(remote, made, progress)
        for name, address in made.addresses.items():
            print(f"{to_checksum_address(address)}  {name}")
        gas = sum(each.gas_used for each in done)
        sent = sum(bool(each.transaction) for each in done)
        tell(f"{sent} transactions, {gas:,} gas; {len(done) - sent} steps had been done before")
        if options.manifest:
            write_manifest(options.manifest, remote, made, done)
    return DONE


def write_manifest(path: Path, remote: Remote, made: Plan, done: list[deploy.Done]) -> None:
    """Write where everything stands, over what an earlier run wrote of the same chain."""
    earlier = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if earlier.get("chainId", remote.chain_id) != remote.chain_id:
        raise ChainError(f"{path} is of chain {earlier['chainId']}; name another file")
    text = json.dumps(manifest(remote, done, made.label, earlier), indent=2) + "\n"
    path.write_text(text, "utf-8")


def verify(options: argparse.Namespace) -> int:
    """Check that all of it stands."""
    from .through_ape import connected

    given = parameters.load(options.parameters)
    with connected(options.network, options.account) as remote:
        made = plan.plan(given, remote.chain_id, remote.sender)
        missing = deploy.unfinished(remote, made.steps)
    for step in missing:
        print(f"missing: {deploy.described(step)}")
    tell(f"{len(made.steps) - len(missing)} of {len(made.steps)} steps stand")
    return FAILED if missing else DONE


def show(remote: Remote, made: Plan) -> int:
    """Print every step that is missing."""
    for step in deploy.unfinished(remote, made.steps):
        where = step.address if isinstance(step, Creation) else step.to
        print(f"0x{where.hex()}  {deploy.described(step)}")
    return DONE


def print_parameters(_: argparse.Namespace) -> int:
    """Print the parameter file of a development chain."""
    print(parameters.EXAMPLE.read_text("utf-8"), end="")
    return DONE


def progress(number: int, count: int, step: Step, transaction: str) -> None:
    """Tell a step."""
    tell(f"{number:>3}/{count}  {deploy.described(step):<40} {transaction or 'stands already'}")


def tell(line: str) -> None:
    """Write a line for people."""
    print(line, file=sys.stderr, flush=True)
