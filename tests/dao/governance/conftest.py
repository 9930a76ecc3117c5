"""A governor with its timelock, its safe and votes as a test gives them."""

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import ape
import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted

ZERO = "0x" + 40 * "0"
DAY = 86_400
VOTES = 10**18
# Delay, period, quorum, approval, timelock, window, late extension, threshold.
STANDARD = (7 * DAY, 7 * DAY, 1000, 5000, 2 * DAY, 14 * DAY, 2 * DAY, 100_000 * VOTES)
EXTENDED = (7 * DAY, 14 * DAY, 1500, 5000, 7 * DAY, 14 * DAY, 2 * DAY, 100_000 * VOTES)
MAJOR = (7 * DAY, 21 * DAY, 2000, 6700, 30 * DAY, 14 * DAY, 2 * DAY, 100_000 * VOTES)
EMERGENCY = (3600, 3 * DAY, 2000, 6000, DAY, 3 * DAY, 0, 100_000 * VOTES)
CLASSES = [STANDARD, EXTENDED, MAJOR, EMERGENCY]


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """A proposal as it was made: what queue and execute want again."""

    id: int
    targets: list[Any]
    values: list[int]
    calldatas: list[bytes]
    description: str
    start: int
    end: int

    @property
    def actions(self) -> tuple[Any, ...]:
        return self.targets, self.values, self.calldatas

    @property
    def queued(self) -> tuple[Any, ...]:
        """The arguments of queue."""
        return self.id, *self.actions, keccak(text=self.description)

    @property
    def executed(self) -> tuple[Any, ...]:
        """The arguments of execute."""
        return self.id, *self.actions


class Dao(SimpleNamespace):
    """The contracts, and the steps of a proposal as one call each."""

    def at(self, timestamp: int) -> None:
        """Give the next transaction's block this time."""
        ape.chain.pending_timestamp = timestamp

    def look(self, timestamp: int) -> None:
        """Make a block of this time, for calls to be asked in."""
        ape.chain.mine(timestamp=timestamp)

    def later(self, seconds: int) -> None:
        self.look(ape.chain.blocks.head.timestamp + seconds)

    def call(self, function: str, *arguments: Any) -> tuple[Any, int, bytes]:
        """An action: a call of the target."""
        return self.target, 0, bytes(getattr(self.target, function).encode_input(*arguments))

    def propose(
        self, *actions: Any, by: Any = None, description: str = "A proposal", kind: int = 0
    ) -> Proposal:
        targets = [each[0] for each in actions]
        values = [each[1] for each in actions]
        calldatas = [bytes(each[2]) for each in actions]
        made = (targets, values, calldatas, description)
        sender = by or self.proposer
        if kind:
            receipt = self.governor.proposeAs(*made, kind, sender, b"", sender=sender)
        else:
            receipt = self.governor.propose(*made, sender=sender)
        (event,) = receipt.decode_logs(self.governor.ProposalCreated)
        return Proposal(
            id=event.proposalId,
            targets=targets,
            values=values,
            calldatas=calldatas,
            description=description,
            start=event.voteStart,
            end=event.voteEnd,
        )

    def vote(self, proposal: Proposal, *choices: tuple[Any, int]) -> None:
        """Go to the vote, unless it is on, and vote: `vote(p, (alice, 1), (bob, 0))`."""
        if ape.chain.blocks.head.timestamp <= proposal.start:
            self.look(proposal.start + 1)
        for voter, support in choices:
            self.governor.castVote(proposal.id, support, sender=voter)

    def passed(self, *actions: Any, **how: Any) -> Proposal:
        """A proposal that everybody wanted, just after its end."""
        proposal = self.propose(*actions, **how)
        self.vote(proposal, (self.whale, 1))
        self.look(self.governor.proposalDeadline(proposal.id) + 1)
        return proposal

    def queued(self, *actions: Any, **how: Any) -> Proposal:
        proposal = self.passed(*actions, **how)
        self.governor.queue(*proposal.queued, sender=self.stranger)
        return proposal

    def ready(self, *actions: Any, **how: Any) -> Proposal:
        proposal = self.queued(*actions, **how)
        self.look(self.governor.proposalEta(proposal.id))
        return proposal

    def execute(self, proposal: Proposal) -> Any:
        return self.governor.execute(*proposal.executed, sender=self.stranger)

    def decide(self, contract: Any, function: str, *arguments: Any) -> Any:
        """Have the DAO call something, the whole way."""
        data = getattr(contract, function).encode_input(*arguments)
        return self.execute(self.ready((contract, 0, data), description=function))


@pytest.fixture(scope="session")
def mocks():
    """Votes, targets and signers that only tests need."""
    return ape.Project(Path(__file__).parent)


@pytest.fixture(scope="session")
def dao_of(accounts, project, mocks):
    """Deploy everything: `dao_of()`, on other votes `dao_of(token)`."""

    def run(token=None, classes=CLASSES):
        deployer, guardian, stranger = accounts[9], accounts[8], accounts[7]
        owners = list(accounts)[:5]
        safe = deployer.deploy(project.Safe, deployer)
        votes = token or deployer.deploy(mocks.Votes)
        charter = deployer.deploy(project.Charter, safe, keccak(b"constitution"), classes)
        timelock = deployer.deploy(project.Timelock, safe, deployer, DAY)
        keys = deployer.deploy(project.PQKeyRegistry)
        governor = deployer.deploy(project.Governor, safe, charter, votes, timelock, keys, guardian)
        timelock.setup(governor, sender=deployer)
        safe.setup(owners, 3, [timelock], ZERO, ZERO, True, sender=deployer)
        return Dao(
            accounts=accounts,
            deployer=deployer,
            guardian=guardian,
            stranger=stranger,
            proposer=accounts[0],
            whale=accounts[1],
            second=accounts[2],
            third=accounts[3],
            poor=accounts[6],
            safe=safe,
            votes=votes,
            charter=charter,
            timelock=timelock,
            keys=keys,
            governor=governor,
            target=deployer.deploy(mocks.Target),
        )

    return run


@pytest.fixture(scope="module")
def dao(dao_of):
    """Votes: proposer 100,000, whale 600,000, second 200,000, third 100,000; a million in all."""
    made = dao_of()
    for account, thousands in (
        (made.proposer, 100),
        (made.whale, 600),
        (made.second, 200),
        (made.third, 100),
    ):
        made.votes.set(account, thousands * 1000 * VOTES, sender=made.deployer)
    made.later(10)
    return made


@pytest.fixture
def typed():
    """The EIP-712 digest of a struct: `typed(contract, "Name", "type field,...", values)`."""

    def run(contract, name, fields, values):
        types = [
            dict(zip(("type", "name"), each.split(), strict=True)) for each in fields.split(",")
        ]
        message = dict(zip((each["name"] for each in types), values, strict=True))
        _, title, version, chain_id, verifier, _, _ = contract.eip712Domain()
        domain = {
            "name": title,
            "version": version,
            "chainId": chain_id,
            "verifyingContract": verifier,
        }
        signable = encode_typed_data(domain, {name: types}, message)
        return keccak(b"\x19" + signable.version + signable.header + signable.body)

    return run


BALLOT = "uint256 proposalId,uint8 support,address voter,uint256 nonce"


@pytest.fixture
def ballot(typed):
    """The digest of a ballot: `ballot(dao, proposal, support, voter, nonce)`."""

    def run(dao, proposal, support, voter, nonce=0, kind="Ballot"):
        values = (proposal.id, support, str(voter), nonce)
        return typed(dao.governor, kind, BALLOT, values)

    return run


@pytest.fixture
def ecdsa():
    """Sign a digest with an account's key: 65 bytes."""

    def run(account, digest):
        key = bytes.fromhex(account.private_key[2:])
        return bytes(Account.unsafe_sign_hash(digest, key).signature)

    return run


class LatticeKey:
    """An ML-DSA-87 pair of a number."""

    def __init__(self, number: int) -> None:
        self.public, self._secret = ml_dsa.keygen(BY_NUMBER[5], bytes([number]) * 32)

    def sign(self, digest: bytes) -> bytes:
        signature: bytes = ml_dsa.sign(self._secret, formatted(digest, b""), bytes(32), 814)[0]
        return signature


@pytest.fixture
def lattice():
    """An ML-DSA-87 pair: `lattice(1).public`, `lattice(1).sign(digest)`."""
    return LatticeKey


@pytest.fixture
def possession(typed):
    """The digest by which a key says that it is for an account."""

    def run(keys, account):
        values = (str(account), keys.nonces(account))
        return typed(keys, "Possession", "address account,uint256 nonce", values)

    return run


@pytest.fixture
def register(possession):
    """Register an account's first key."""

    def run(keys, account, key):
        proof = key.sign(possession(keys, account))
        return keys.register(key.public, proof, sender=account)

    return run
