"""A proposal in review, and holders with pledged locks."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ape
import pytest
from eth_utils import to_canonical_address

from chain.dao import ballots
from chain.dao.ballots import Ballot, Poll
from precompiles.zk.stark.air import air_id
from precompiles.zk.stark.encoding import encode

DAY = 86_400
DEPTH = 5
UNIT = 10**21
MAXTIME = 4 * 365 * DAY
PROPOSAL = 7
STARK = "0x0000000000000000000000000000000000000903"


class Voters:
    """Secrets and their leaves in one denomination, in the order in which they came."""

    def __init__(self, ballots_contract: Any, denomination: int) -> None:
        self.contract = ballots_contract
        self.chance = random.Random(denomination).randbytes
        self.poll = Poll(
            chain_id=6133,
            contract=to_canonical_address(ballots_contract.address),
            proposal=PROPOSAL,
            denomination=denomination,
        )
        self.secrets: list[int] = []
        self.leaves: list[int] = []

    def draw(self) -> bytes:
        return self.chance(32)

    def add(self) -> int:
        """Return the leaf of a new secret."""
        self.secrets.append(ballots.draw_secret(self.draw))
        self.leaves.append(ballots.leaf_of(self.secrets[-1]))
        return self.leaves[-1]

    def ballot(self, voter: int, choice: int, sequence: int = 0) -> Ballot:
        nullifier = ballots.nullifier_of(self.secrets[voter], self.poll)
        return ballots.ballot(nullifier, choice, sequence, self.draw)

    def commitment(self, made: Ballot) -> bytes:
        return self.poll.commitment(made)

    def opening(self, voter: int, made: Ballot) -> tuple[Any, ...]:
        """Return the arguments of `reveal`."""
        secret = self.secrets[voter]
        proof = ballots.prove(self.poll, made, secret, self.leaves, DEPTH, self.draw)
        return (*self.shown(made), proof)

    def shown(self, made: Ballot) -> tuple[Any, ...]:
        head = (self.poll.proposal, self.poll.denomination)
        return (*head, made.choice, made.sequence, made.salt, made.nullifier)


@pytest.fixture(scope="session")
def doubles():
    """Contracts of the tests."""
    return ape.Project(Path(__file__).parent)


@pytest.fixture(scope="session")
def people(accounts):
    return SimpleNamespace(deployer=accounts[0], dao=accounts[1], anyone=accounts[2])


@pytest.fixture(scope="session")
def holders(accounts):
    return accounts[4:8]


@pytest.fixture(scope="module")
def statement(people):
    """The statement of trees of depth 5, registered."""
    encoded = encode(ballots.statement(DEPTH))
    register = ape.Contract(
        STARK,
        abi='[{"type":"function","name":"registerAir","stateMutability":"nonpayable",'
        '"inputs":[{"name":"air","type":"bytes"}],"outputs":[{"name":"","type":"bytes32"}]}]',
    )
    register.registerAir(encoded, sender=people.deployer)
    return air_id(encoded)


@pytest.fixture(scope="module")
def escrow(doubles, people):
    return people.deployer.deploy(doubles.Escrow)


@pytest.fixture(scope="module")
def governor(doubles, people):
    return people.deployer.deploy(doubles.Governor)


@pytest.fixture(scope="module")
def private(project, people, governor, escrow, statement, holders):
    arguments = (governor, escrow, statement, DEPTH, UNIT)
    return people.deployer.deploy(project.PrivateBallots, *arguments)


@pytest.fixture
def times(governor, people, chain):
    """A proposal whose review ends in a week, and whose voting takes another."""
    snapshot = chain.blocks.head.timestamp + 7 * DAY
    deadline = snapshot + 7 * DAY
    governor.set(PROPOSAL, snapshot, deadline, sender=people.deployer)
    return SimpleNamespace(
        snapshot=snapshot,
        commits_end=deadline - 60 * 3_600,
        reveals_end=deadline - 12 * 3_600,
        deadline=deadline,
    )


@pytest.fixture
def pledge(escrow, people, times):
    """Give a holder a lock of so much power at the snapshot: `pledge(1, holder, to, UNIT)`."""

    def run(lock_id: int, owner: Any, to: Any, power: int, **other: Any) -> None:
        end = times.snapshot + MAXTIME // 4
        lock = {
            "owner": owner,
            "amount": 4 * power,
            "weight": 4 * power,
            "end": end,
            "delegatee": to,
            "pledgedUntil": times.snapshot + 1,
            **other,
        }
        escrow.set(lock_id, tuple(lock.values()), sender=people.deployer)
        before = escrow.getPastVotes(to, times.snapshot)
        escrow.setPastVotes(to, times.snapshot, before + power, sender=people.deployer)

    return run


@pytest.fixture
def voters(private):
    return Voters(private, 0)


@pytest.fixture
def registered(private, voters, pledge, holders):
    """Four voters with a leaf each, in review."""
    for number, holder in enumerate(holders):
        pledge(number, holder, private, UNIT)
        private.register(PROPOSAL, number, 0, [voters.add()], sender=holder)
    return voters
