"""`pars demo`: the DAO at work, each step with its transaction.

Results go to stdout, everything else to stderr. Exit status: 0 done, 1 it could not be done, 2 the
command line is wrong.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from precompiles.conformance.rpc import SECONDS, Client, over_http

from ..errors import ChainError
from ..remote import RemoteError

if TYPE_CHECKING:
    from ..accounts import DevAccount
    from .steps import Plan

DONE, FAILED = 0, 1


def main(argv: Sequence[str] | None = None) -> int:
    """Parse the command line and run one command."""
    try:
        options = parser().parse_args(argv)
    except SystemExit as stop:  # argparse has printed its help or its complaint.
        return int(stop.code or DONE)
    try:
        play(options.rpc)
    except (ChainError, RemoteError) as error:
        print(f"pars demo dao: {error}", file=sys.stderr)
        return FAILED
    return DONE


def parser() -> argparse.ArgumentParser:
    """Describe the whole command line."""
    top = argparse.ArgumentParser(prog="pars demo", description="Demonstrations.")
    commands = top.add_subparsers(required=True, metavar="COMMAND")
    dao = commands.add_parser("dao", help="a decision, from locked tokens to a stream of payments")
    dao.add_argument(
        "--rpc",
        metavar="URL",
        help="on a chain that was started by `pars chain run --with-dao --auto`; by default on one"
        " of this process",
    )
    return top


def play(url: str | None) -> None:
    """Play the decision of the DAO."""
    from ..accounts import dev_accounts
    from ..genesis import CHAIN_ID_MAINNET
    from .demo import Stage, run
    from .deploy import described, unfinished
    from .parameters import development
    from .plan import plan

    accounts = dev_accounts()
    parameters = development([each.address for each in accounts])
    made = plan(parameters, CHAIN_ID_MAINNET, accounts[0].address)
    with opened(url, made, accounts) as client:
        stage = Stage(
            client=client,
            plan=made,
            depth=parameters.ballot_depth,
            accounts=accounts,
            say=lambda line: print(line, flush=True),
        )
        missing = unfinished(stage.remote(0), made.steps)
        if missing:
            raise ChainError(
                f"{described(missing[0])} does not stand there: start the chain with --with-dao"
            )
        run(stage)


@contextmanager
def opened(url: str | None, made: "Plan", accounts: "Sequence[DevAccount]") -> Iterator[Client]:
    """Open a node, or a chain of this process that has the DAO from its start."""
    if url is not None:
        with over_http(url, SECONDS) as send:
            yield Client(send)
        return
    from ..genesis import pars_genesis
    from ..local_chain import LocalChain
    from ..rpc.inside import transport
    from .genesis import with_contracts

    genesis = pars_genesis(made.chain_id, [each.address for each in accounts])
    chain = LocalChain.open(
        with_contracts(genesis, made, accounts[0].address), accounts=accounts, mining="auto"
    )
    try:
        yield Client(transport(chain))
    finally:
        chain.close()
