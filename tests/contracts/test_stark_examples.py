"""A ballot and a clock on the chain: the prover, 0x0903 and the contracts of the documentation."""

import random
from collections.abc import Callable
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak

from chain.accounts import DevAccount
from chain.calls import CallRequest
from chain.local_chain import LocalChain
from precompiles.zk.stark import air as airs
from precompiles.zk.stark.air import Air
from precompiles.zk.stark.encoding import encode as encode_air
from precompiles.zk.stark.examples import membership, poseidon
from precompiles.zk.stark.field import P
from precompiles.zk.stark.prover.prove import prove

STARK = (0x0903).to_bytes(20, "big")
TOPIC = 2026
LOG_ROWS = 10
SECRETS = [11, 22, 33]
LEAVES = [membership.leaf_of(secret) for secret in SECRETS]


@pytest.fixture(scope="module")
def register(chain: LocalChain, accounts: tuple[DevAccount, ...]) -> Callable[[Air], bytes]:
    def run(air: Air) -> bytes:
        encoded = encode_air(air)
        data = keccak(text="registerAir(bytes)")[:4] + eth_abi.encode(["bytes"], [encoded])
        request = CallRequest(sender=accounts[0].address, to=STARK, data=data)
        chain.send(request)
        (receipt,) = chain.receipts(chain.head.hash) or ()
        assert receipt.status == 1
        assert receipt.logs[0].topics[1] == airs.air_id(encoded)
        return airs.air_id(encoded)

    return run


def ballot(member: int, choice: int) -> tuple[int, bytes]:
    path = membership.path_of(LEAVES, member, membership.depth_of(LOG_ROWS))
    chance = random.Random(member)
    columns, public = membership.witness(
        SECRETS[member], member, path, TOPIC, choice, lambda: chance.randrange(P)
    )
    return public[membership.NULLIFIER], prove(membership.air(LOG_ROWS), columns, public)


def test_an_anonymous_ballot(
    documented: Any, vyper: Any, deploy: Any, register: Callable[[Air], bytes]
) -> None:
    root = membership.levels_of(LEAVES, membership.depth_of(LOG_ROWS))[-1][0]
    identifier = register(membership.air(LOG_ROWS))
    source = documented("zk.md", "AnonymousBallot.vy")
    contract = deploy(*vyper(source), identifier, root, TOPIC)
    nullifier, proof = ballot(1, 1)
    assert b"no member's ballot" in contract.refusal("vote", nullifier, 0, proof)
    assert b"no member's ballot" in contract.refusal("vote", nullifier + 1, 1, proof)
    contract.send("vote", nullifier, 1, proof)
    assert b"has voted" in contract.refusal("vote", nullifier, 1, proof)
    other, other_proof = ballot(2, 1)
    contract.send("vote", other, 1, other_proof)
    assert contract.call("votes", 1) == 2
    assert contract.call("votes", 0) == 0


def test_a_clock_of_hashes(
    documented: Any, solidity: Any, deploy: Any, register: Callable[[Air], bytes]
) -> None:
    identifier = register(poseidon.air())
    contract = deploy(*solidity(documented("zk.md", "HashClock.sol")), identifier, 5)
    columns, public = poseidon.witness(9, 5)
    proof = prove(poseidon.air(), columns, public)
    assert b"not the end of the chain" in contract.refusal("advance", public[1] + 1, proof)
    contract.send("advance", public[1], proof)
    assert contract.call("value") == public[1]
    assert contract.call("hashes") == 4
    contract.refusal("advance", public[1], proof)
