"""One member's part in agreeing on an epoch: turns, its vote, and what a quorum voted for.

The rules are told in `epochs.py`. This knows no message and no key; what it says to do,
`service.py` does, and stores the ballot before the vote leaves.
"""

from dataclasses import dataclass

from ..codec import Reader, Refused, u8
from .epochs import ROUND_MS, VERSION, Proposal, Vote, read_proposal

AHEAD_MAX = 2  # How many turns somebody's clock may be ahead of ours.
BALLOT = b"session/ballot"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ballot:
    """What this member voted for last, and whether it has signed it."""

    proposal: Proposal
    signed: bool

    def encode(self) -> bytes:
        """Return its bytes."""
        return u8(VERSION) + self.proposal.encode() + u8(self.signed)


def decode_ballot(data: bytes) -> Ballot:
    """Return the ballot of bytes from the store."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("epoch: unknown version")
    proposal, signed = read_proposal(reader), reader.u8()
    reader.end()
    if signed > 1:
        raise Refused("epoch: damaged ballot")
    return Ballot(proposal=proposal, signed=bool(signed))


class Agreement:
    """The votes on one epoch, as this member has heard them."""

    def __init__(
        self,
        *,
        epoch: int,
        opened: int,
        length: int,
        seats: int,
        quorum: int,
        ballot: Ballot | None = None,
    ) -> None:
        self.epoch = epoch
        self.ballot = ballot if ballot and ballot.proposal.epoch == epoch else None
        self.favourite: Proposal | None = None
        self.proposals: dict[int, Proposal] = {}
        self._earliest, self._due = opened + length // 2, opened + length
        self._seats, self._quorum = seats, quorum
        self._votes: dict[int, Vote] = {}

    def round_at(self, now: int) -> int:
        """Return whose turn it is by now, -1 before the first; the clocks of others count too.

        What more seats than can be dishonest have reached, an honest one has.
        """
        own = (now - self._due) // ROUND_MS if now >= self._due else -1
        rounds = sorted((vote.round for vote in self._votes.values()), reverse=True)
        honest = self._seats - self._quorum
        heard = rounds[honest] if len(rounds) > honest else -1
        return max(own, heard)

    def hear_proposal(self, seat: int, proposal: Proposal) -> None:
        """Keep the latest that a seat proposed in its turn."""
        known = self.proposals.get(seat)
        if proposal.epoch == self.epoch and (known is None or known.round <= proposal.round):
            self.proposals[seat] = proposal

    def hear_vote(self, seat: int, vote: Vote) -> None:
        """Keep the latest vote of a seat; in one round the first counts."""
        known = self._votes.get(seat)
        if vote.epoch == self.epoch and (known is None or known.round < vote.round):
            self._votes[seat] = vote

    def may_vote(self, proposal: Proposal, now: int) -> bool:
        """Tell whether the rules let this member vote for it."""
        reached = self.round_at(now)
        if proposal.epoch != self.epoch or proposal.round > reached + AHEAD_MAX:
            return False
        if reached < 0 and now < self._earliest:
            return False
        if self.ballot is None:
            return True
        same = self.ballot.proposal.sessions == proposal.sessions
        if self.ballot.signed and not same:
            return False
        return proposal.round > self.ballot.proposal.round

    def has_quorum(self, round_number: int, digest: bytes) -> bool:
        """Tell whether a quorum voted for this in that round, and nothing bars us from signing."""
        if self.ballot is not None and round_number < self.ballot.proposal.round:
            return False
        voters = sum(
            (vote.round, vote.digest) == (round_number, digest) for vote in self._votes.values()
        )
        return voters >= self._quorum

    def to_propose(self, round_number: int, ours: tuple[bytes, ...]) -> Proposal:
        """Return what to propose in our turn: what we signed, what had a quorum, or our own."""
        if self.ballot is not None and self.ballot.signed:
            ours = self.ballot.proposal.sessions
        elif self.favourite is not None:
            ours = self.favourite.sessions
        return Proposal(epoch=self.epoch, round=round_number, sessions=ours)
