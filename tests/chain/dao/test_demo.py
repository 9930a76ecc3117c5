"""The demonstration plays to its end, and leaves what it says."""

import itertools
import re
from typing import Any

import pytest

from chain.dao.demo import NUMBER, WAGE, WORKER, Stage, run
from chain.dao.genesis import DEPLOYED_AT
from chain.dao.parameters import Parameters
from chain.dao.steps import Plan
from chain.genesis import DEV_BALANCE, Genesis
from chain.local_chain import LocalChain
from chain.rpc.inside import transport
from precompiles.conformance.rpc import Client

IMPLEMENTED = 6
PARS = 10**18


@pytest.mark.parametrize("pace", [0.0, 0.04, 0.08])
def test_demo(
    pace: float, genesis: Genesis, made: Plan, parameters: Parameters, accounts: Any
) -> None:
    """At once, and so slowly that a second passes between an estimate and its transaction."""
    ticks = itertools.count()
    chain = LocalChain.open(
        genesis, accounts=accounts, clock=lambda: DEPLOYED_AT + 1 + pace * next(ticks)
    )
    client = Client(transport(chain))
    said: list[str] = []
    stage = Stage(
        client=client,
        plan=made,
        depth=parameters.ballot_depth,
        accounts=accounts,
        say=said.append,
    )
    run(stage)

    hashes = [found for line in said for found in re.findall("0x[0-9a-f]{64}", line)]
    assert len(hashes) == len(set(hashes)) > 30
    for each in hashes:
        assert client("eth_getTransactionReceipt", each)["status"] == "0x1"
    assert stage.ask("PIPRegistry", "status", NUMBER) == IMPLEMENTED
    held = int(client("eth_getBalance", f"0x{accounts[WORKER].address.hex()}", "latest"), 16)
    received = held - DEV_BALANCE
    fees = PARS // 10
    assert WAGE + PARS - fees < received < WAGE + PARS
