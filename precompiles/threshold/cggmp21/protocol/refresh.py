"""Refresh: new shares of the same key. ePrint 2021/060, figure 6, with Feldman's sharing.

Every party deals shares of zero: the sum moves all shares, and old ones fit the new ones no more.
Two rounds of broadcasts and, in the second, a secret share to each party. The new commitments are
what 0x0803 takes for the next epoch. Run `auxiliary.py` anew beside it, and delete what is old.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from ....backends import secp256k1_group as curve
from ....backends.secp256k1_group import ORDER
from ...protocols.shamir import value_at
from . import sharing
from .faults import FaultyPartyError
from .keygen import KeyShare
from .randomness import Draw, nonzero
from .rounds import check_echo, complete, echo_of
from .transcript import DIGEST_SIZE, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """Round 1, to all."""

    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Round 2, to all. The coefficients from the linear one; the constant is zero."""

    coefficients: tuple[bytes, ...]
    blinding: bytes
    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """Round 3, to all: what we saw in round 2."""

    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """State after round 1. For nobody else, as are the other states."""

    session: bytes
    share: KeyShare
    polynomial: tuple[int, ...]
    blinding: bytes
    message: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """State after round 2."""

    begun: Begun
    commitments: Mapping[int, Commitment]
    message: Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """State after round 3."""

    parties: tuple[int, ...]
    share: KeyShare
    message: Confirmation


def begin(session: bytes, share: KeyShare, draw: Draw) -> Begun:
    """Round 1."""
    where = digest("refresh", session, share.commitments, list(share.parties), share.epoch)
    polynomial = (0, *(nonzero(ORDER, draw) for _ in range(share.threshold - 1)))
    blinding = draw(DIGEST_SIZE)
    coefficients = sharing.commit(polynomial[1:])
    return Begun(
        session=where,
        share=share,
        polynomial=polynomial,
        blinding=blinding,
        message=Commitment(commitment=commitment_to(where, share.party, coefficients, blinding)),
    )


def commitment_to(
    session: bytes, party: int, coefficients: tuple[bytes, ...], blinding: bytes
) -> bytes:
    """Return the hash that round 1 shows of round 2."""
    return digest("refresh commitment", session, party, coefficients, blinding)


def open_commitment(
    state: Begun, received: Mapping[int, Commitment]
) -> tuple[Opened, dict[int, int]]:
    """Round 2. Returns also the share for each other party, to be sent to it alone."""
    share = state.share
    commitments = complete(received, share.parties, share.party, state.message)
    message = Opening(
        coefficients=sharing.commit(state.polynomial[1:]),
        blinding=state.blinding,
        echo=echo_of(state.session, "refresh 1", commitments),
    )
    shares = {
        party: value_at(state.polynomial, party, ORDER)
        for party in share.parties
        if party != share.party
    }
    return Opened(begun=state, commitments=commitments, message=message), shares


def move(state: Opened, received: Mapping[int, Opening], shares: Mapping[int, int]) -> Moved:
    """Round 3: check what was dealt, and move our share."""
    begun, share = state.begun, state.begun.share
    openings = complete(received, share.parties, share.party, state.message)
    own = value_at(begun.polynomial, share.party, ORDER)
    dealt = complete(shares, share.parties, share.party, own)
    for party, opening in openings.items():
        expected = commitment_to(begun.session, party, opening.coefficients, opening.blinding)
        if expected != state.commitments[party].commitment:
            raise FaultyPartyError(party, "opened another commitment")
        if len(opening.coefficients) != share.threshold - 1:
            raise FaultyPartyError(party, "committed to a polynomial of another degree")
        for point in opening.coefficients:
            sharing.parse(point, party)
    check_echo(state.message.echo, {party: each.echo for party, each in openings.items()})
    for party, value in dealt.items():
        if not share_fits(openings[party].coefficients, share.party, value):
            raise FaultyPartyError(party, f"dealt a false share to party {share.party}")
    lists = [share.commitments[1:], *(each.coefficients for each in openings.values())]
    moved = replace(
        share,
        secret=(share.secret + sum(dealt.values())) % ORDER,
        commitments=(share.public_key, *sharing.add_commitments(lists)),
        epoch=share.epoch + 1,
    )
    message = Confirmation(echo=echo_of(begun.session, "refresh 2", openings))
    return Moved(parties=share.parties, share=moved, message=message)


def share_fits(coefficients: tuple[bytes, ...], party: int, share: int) -> bool:
    """Return whether a share dealt to a party fits commitments without their constant."""
    if not 0 <= share < ORDER:
        return False
    linear = curve.multiply(sharing.public_share(coefficients, party), party)
    return curve.equal(linear, curve.base(share))


def finish(state: Moved, received: Mapping[int, Confirmation]) -> KeyShare:
    """Return the new share, once all have seen the same. Keep the old one until then."""
    confirmations = complete(received, state.parties, state.share.party, state.message)
    echoes = {party: each.echo for party, each in confirmations.items()}
    check_echo(state.message.echo, echoes)
    return state.share
