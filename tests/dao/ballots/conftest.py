"""A proposal in review, and holders with pledged locks."""

import random
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ape
import pytest
from eth_utils import to_canonical_address

from chain.dao import ballots
from chain.dao.anchors import SessionLeaf, proof_of, sign
from chain.dao.ballots import Ballot, Poll, SessionBallot
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER
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


@pytest.fixture(scope="session")
def register_statement(people):
    """Register the statement of trees of a depth; return its id."""

    def run(depth: int) -> bytes:
        encoded = encode(ballots.statement(depth))
        register = ape.Contract(
            STARK,
            abi='[{"type":"function","name":"registerAir","stateMutability":"nonpayable",'
            '"inputs":[{"name":"air","type":"bytes"}],"outputs":[{"name":"","type":"bytes32"}]}]',
        )
        register.registerAir(encoded, sender=people.deployer)
        return air_id(encoded)

    return run


@pytest.fixture(scope="module")
def statement(register_statement):
    """The statement of trees of depth 5, registered."""
    return register_statement(DEPTH)


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


# --- Ballots gathered off line ----------------------------------------------------------------


@pytest.fixture(scope="module")
def anchor(doubles, people):
    return people.deployer.deploy(doubles.Anchor)


@pytest.fixture(scope="module")
def secrets(doubles, people, holders):
    """A registry with the key of each holder, and the secret keys."""
    registry = people.deployer.deploy(doubles.Keys)
    pairs = [ml_dsa.keygen(BY_NUMBER[5], bytes([each]) * 32) for each in range(len(holders))]
    for holder, (public, _) in zip(holders, pairs, strict=True):
        registry.set(holder, public, sender=people.deployer)
    return SimpleNamespace(registry=registry, of=[secret for _, secret in pairs])


@pytest.fixture(scope="module")
def gathered(project, people, governor, escrow, anchor, secrets):
    """The contract."""
    arguments = (governor, escrow, anchor, secrets.registry)
    return people.deployer.deploy(project.SessionBallots, *arguments)


@pytest.fixture
def enrolled(gathered, pledge, holders):
    """Holders with one, two, three and four units."""
    for number, holder in enumerate(holders):
        pledge(number, holder, gathered, (number + 1) * UNIT)
        gathered.enrol(number, sender=holder)


@pytest.fixture
def make(gathered, holders, secrets):
    """Make a signed ballot of a holder: `make(0, FOR)`."""

    def run(holder, choice, sequence=0, key=None, **other):
        said = {
            "chain_id": 6133,
            "contract": to_canonical_address(gathered.address),
            "proposal": PROPOSAL,
            "voter": to_canonical_address(holders[holder].address),
            **other,
        }
        made = SessionBallot(**said, choice=choice, sequence=sequence)
        return made, sign(secrets.of[holder if key is None else key], made.digest())

    return run


@pytest.fixture
def gather(anchor, people, times):
    """Gather ballots in a session of an epoch; return the arguments of `count` for each."""

    def run(*made, epoch=1, at=None, state=3):
        leaves = [ballot.leaf(signature) for ballot, signature in made]
        output = ballots.ballot_root(leaves)
        session = SessionLeaf(
            session_id=bytes(31) + bytes([epoch]), state=state, output_hash=output
        )
        at = times.commits_end - 1 if at is None else at
        anchor.set(epoch, at, 5, session.fields(), sender=people.deployer)
        return [
            [
                PROPOSAL,
                ballot.fields(),
                signature,
                (epoch, session.fields(), 5, [], index, len(made), proof_of(leaves, index)),
            ]
            for index, (ballot, signature) in enumerate(made)
        ]

    return run
