"""The DAO in the first block: deployed on a chain of its own, whose contracts are then copied."""

from dataclasses import replace
from typing import Final

from precompiles.conformance.rpc import Client

from ..dump import read_accounts
from ..genesis import Allocation, Genesis, pars_genesis
from ..local_chain import LocalChain
from ..remote import Remote
from ..rpc.inside import transport
from .deploy import run
from .steps import Plan

FUNDS: Final = 10**21
DEPLOYED_AT: Final = 1_795_219_200  # 2026-11-21 00:00 UTC
"""When the contracts of a first block were deployed, as they remember it. Seats in committees are
counted from then, so it moves on with releases."""


def with_contracts(genesis: Genesis, plan: Plan, deployer: bytes) -> Genesis:
    """Return a genesis that also holds what a plan makes.

    Accounts without code stay as they were: the deployer has paid nothing, and nobody earned it.
    """
    chain = LocalChain.open(genesis, clock=lambda: float(max(genesis.timestamp, DEPLOYED_AT)))
    try:
        chain.impersonate(deployer)
        chain.set_balance(deployer, FUNDS)
        run(Remote(Client(transport(chain)), sender=deployer), plan, lambda *_: None)
        made = read_accounts(chain.dump_state())
    finally:
        chain.close()
    contracts = {
        address: Allocation(balance=balance, nonce=nonce, code=code, storage=storage)
        for address, (nonce, balance, code, storage) in made.items()
        if code
    }
    return replace(genesis, alloc={**genesis.alloc, **contracts})


def rehearse(plan: Plan, deployer: bytes) -> None:
    """Carry a plan out on a chain of its own: what would be refused is refused here first."""
    with_contracts(pars_genesis(plan.chain_id), plan, deployer)
