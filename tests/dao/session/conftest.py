"""A committee of the session layer, and its anchor."""

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ape
import pytest
from eth_utils import keccak, to_canonical_address

from chain.dao import anchors
from chain.dao.anchors import SessionLeaf
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER

CHAIN_ID = 6133
SIZE, QUORUM = 21, 15
FEE = 10**15

Claim = tuple[bytes, int, bytes]


class Committee:
    """All seats, in their order, at an anchor."""

    def __init__(self, keys: Sequence[tuple[bytes, bytes]], contract: Any) -> None:
        self.publics = [public for public, _ in keys]
        self.secrets = [secret for _, secret in keys]
        self.hashes = [keccak(public) for public in self.publics]
        self.contract = contract

    def sign(self, message: bytes, seats: Sequence[int] = range(QUORUM)) -> tuple[int, bytes]:
        return anchors.attest({seat: self.secrets[seat] for seat in seats}, message)

    def claim(self, leaves: Sequence[bytes], epoch: int | None = None) -> Claim:
        """Return root, count and previous root of leaves; of the next epoch unless told."""
        epoch = epoch or self.contract.lastEpoch() + 1
        root = anchors.session_root(CHAIN_ID, epoch, leaves)
        return root, len(leaves), bytes(self.contract.rootOf(epoch - 1))

    def attestation(self, epoch: int, claim: Claim) -> bytes:
        address = to_canonical_address(self.contract.address)
        return anchors.anchor_attestation(CHAIN_ID, address, epoch, *claim)

    def anchor(self, leaves: Sequence[bytes], sender: Any, seats: Sequence[int] = range(QUORUM)):
        """Anchor the next epoch; leaves are hashes of sessions, in the order of their ids."""
        epoch = self.contract.lastEpoch() + 1
        claim = self.claim(leaves)
        signed = self.sign(self.attestation(epoch, claim), seats)
        return self.contract.anchor(epoch, *claim, *signed, sender=sender)


@pytest.fixture(scope="session")
def make_keys():
    """Make ML-DSA-87 pairs, in the order of their public keys' hashes."""

    def make(count: int, seed: int = 1) -> list[tuple[bytes, bytes]]:
        seeds = [bytes([seed, number]) + bytes(30) for number in range(count)]
        pairs = [ml_dsa.keygen(BY_NUMBER[5], each) for each in seeds]
        return sorted(pairs, key=lambda pair: keccak(pair[0]))

    return make


@pytest.fixture(scope="session")
def people(accounts):
    return SimpleNamespace(deployer=accounts[0], dao=accounts[1], anyone=accounts[2])


@pytest.fixture(scope="module")
def anchor(project, people):
    return people.deployer.deploy(project.SessionAnchor, people.dao, people.deployer, SIZE)


@pytest.fixture(scope="module")
def committee(anchor, people, make_keys):
    """A committee of 21 that is seated."""
    made = Committee(make_keys(SIZE), anchor)
    for public in made.publics:
        anchor.registerKey(public, sender=people.anyone)
    anchor.setup(made.hashes, sender=people.deployer)
    return made


@pytest.fixture(scope="session")
def sessions():
    """Make sessions in the order of their ids: `sessions(5)`."""

    def make(count: int, salt: int = 0) -> list[SessionLeaf]:
        leaves = [
            SessionLeaf(
                session_id=keccak(bytes([salt]) + number.to_bytes(4, "big")),
                state=3,
                output_hash=keccak(b"output" + number.to_bytes(4, "big")),
            )
            for number in range(count)
        ]
        return sorted(leaves, key=lambda leaf: leaf.session_id)

    return make


@pytest.fixture(scope="session")
def doubles():
    """Contracts of the tests."""
    return ape.Project(Path(__file__).parent)


@pytest.fixture(scope="module")
def listener(doubles, people):
    return people.deployer.deploy(doubles.Listener)


@pytest.fixture(scope="module")
def oracle(project, people, anchor):
    return people.deployer.deploy(project.OracleBridge, people.dao, anchor, FEE)


@pytest.fixture(scope="module")
def relay(project, people, anchor):
    return people.deployer.deploy(project.EventRelay, people.dao, anchor)


@pytest.fixture
def epoch(committee, people, sessions):
    """Five sessions, anchored as epoch 1."""
    leaves = sessions(5)
    committee.anchor([leaf.hash() for leaf in leaves], people.anyone)
    return leaves
