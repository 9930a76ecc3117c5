"""Ballots of PrivateBallots and SessionBallots: what a voter makes, keeps, shows and proves.

A voter keeps one secret for each leaf, and a ballot for each commitment. A ballot that was never
meant (`decoy`) is made by the same steps as one that counts, from a nullifier of chance: without
the secret nobody can tell them apart, so either can be shown as a receipt. Chance is passed in: 32
bytes that nobody can predict, others each time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from precompiles.backends.keccak import keccak256
from precompiles.zk.stark.air import Air
from precompiles.zk.stark.examples import membership
from precompiles.zk.stark.examples.poseidon import hash_pair
from precompiles.zk.stark.field import P

from .anchors import LEAF, sha256, top_of, u64

AGAINST, FOR, ABSTAIN = range(3)
SEQUENCE_MAX = 2**64 - 1

Chance = Callable[[], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Poll:
    """The ballots of one denomination on one proposal at one contract."""

    chain_id: int
    contract: bytes
    proposal: int
    denomination: int

    def topic(self) -> int:
        """Return what secrets are hashed with."""
        return number(self._hash("PARS:PrivateTopic:v1"))

    def commitment(self, ballot: "Ballot") -> bytes:
        """Return what is sent to the contract."""
        salt = int.from_bytes(ballot.salt, "big")
        values = (ballot.choice, ballot.sequence, salt, ballot.nullifier)
        return self._hash("PARS:PrivateBallot:v1", *values)

    def _hash(self, tag: str, *values: int) -> bytes:
        contract = int.from_bytes(self.contract, "big")
        words = (self.chain_id, contract, self.proposal, self.denomination, *values)
        return keccak256(keccak256(tag.encode()) + b"".join(map(word, words)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What opens a commitment. It is its own receipt, true or not."""

    choice: int
    sequence: int
    salt: bytes
    nullifier: int


def word(value: int) -> bytes:
    """Return a number as the ABI has it."""
    return value.to_bytes(32, "big")


def number(digest: bytes) -> int:
    """Return the upper 251 bits of a hash: a field element."""
    return int.from_bytes(digest, "big") >> 5


def draw_secret(chance: Chance) -> int:
    """Return a secret, for one leaf."""
    return int.from_bytes(chance() + chance(), "big") % P


def leaf_of(secret: int) -> int:
    """Return the leaf of a secret."""
    return membership.leaf_of(secret)


def nullifier_of(secret: int, poll: Poll) -> int:
    """Return what is the same in all ballots of a secret in a poll, and tells nothing else."""
    return hash_pair(secret, poll.topic())


def ballot(nullifier: int, choice: int, sequence: int, chance: Chance) -> Ballot:
    """Make a ballot. In one second the higher sequence counts, else the later second."""
    if choice not in (AGAINST, FOR, ABSTAIN) or not 0 <= sequence <= SEQUENCE_MAX:
        raise ValueError(f"no ballot: choice {choice}, sequence {sequence}")
    return Ballot(choice=choice, sequence=sequence, salt=chance(), nullifier=nullifier)


def decoy(choice: int, sequence: int, chance: Chance) -> Ballot:
    """Make a ballot of nobody, to be committed to, shown, and never opened."""
    return ballot(draw_secret(chance), choice, sequence, chance)


def opens(poll: Poll, shown: Ballot, commitment: bytes) -> bool:
    """Return all that can be checked of a receipt: whether it opens a commitment."""
    return poll.commitment(shown) == commitment


def statement(depth: int) -> Air:
    """Return the statement of a contract whose trees have this depth: 5, 13 or 29."""
    for log_rows in (10, 11, 12):
        if membership.depth_of(log_rows) == depth:
            return membership.air(log_rows)
    raise ValueError(f"no statement for a depth of {depth}")


def prove(
    poll: Poll, made: Ballot, secret: int, leaves: Sequence[int], depth: int, chance: Chance
) -> bytes:
    """Return the proof that opens a ballot: its nullifier is that of one of the leaves."""
    from precompiles.zk.stark.prover.prove import prove as prove_trace  # it loads the compiler

    index = leaves.index(leaf_of(secret))
    path = membership.path_of(leaves, index, depth)
    message = number(poll.commitment(made))
    columns, public = membership.witness(
        secret, index, path, poll.topic(), message, lambda: draw_secret(chance)
    )
    if public[membership.NULLIFIER] != made.nullifier:
        raise ValueError("the ballot is of another secret")
    return prove_trace(statement(depth), columns, public)


# --- Ballots that the session layer gathers -------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionBallot:
    """What a voter signs by ML-DSA-87. Of several the highest sequence counts."""

    chain_id: int
    contract: bytes
    proposal: int
    voter: bytes
    choice: int
    sequence: int = 0

    def digest(self) -> bytes:
        """Return what is signed."""
        place = u64(self.chain_id) + self.contract + word(self.proposal)
        said = self.voter + bytes([self.choice]) + u64(self.sequence)
        return sha256(b"PARS:SessionBallot:v1", place, said)

    def leaf(self, signature: bytes) -> bytes:
        """Return what stands in the tree of a session."""
        return sha256(LEAF, b"PARS:BallotLeaf:v1", self.digest(), sha256(signature))

    def fields(self) -> tuple[bytes, int, int]:
        """Return it as the contract takes it."""
        return (self.voter, self.choice, self.sequence)


def ballot_root(leaves: Sequence[bytes]) -> bytes:
    """Return the output hash of a session that gathered ballots."""
    return sha256(b"PARS:BallotRoot:v1", u64(len(leaves)), top_of(leaves))
