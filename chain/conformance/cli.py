"""`pars conformance`, with this chain as one of its targets.

The suite itself knows no chain: it speaks JSON-RPC to whatever it is given, here to a dispatcher
without a socket.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from precompiles.conformance import cli

if TYPE_CHECKING:
    from precompiles.conformance.rpc import Transport

    from ..genesis import SecretOps

CHAIN_ID = 6133
QUESTION_SECONDS = 300.0
"""The first call of a kernel may have to compile it."""

parser = cli.parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command of the suite."""
    return cli.main(argv, chain=open_chain)


def open_chain(secret_ops: "SecretOps") -> "Transport":
    """Return a new chain with this rule for secrets, as something that answers messages."""
    from ..accounts import dev_accounts
    from ..genesis import pars_genesis
    from ..local_chain import LocalChain
    from ..rpc.inside import transport

    accounts = dev_accounts(count=1)
    genesis = pars_genesis(CHAIN_ID, [accounts[0].address], secret_ops=secret_ops)
    chain = LocalChain.open(genesis, accounts=accounts, question_seconds=QUESTION_SECONDS)
    return transport(chain)
