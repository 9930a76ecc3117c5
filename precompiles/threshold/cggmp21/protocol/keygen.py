"""Key generation. ePrint 2021/060, figure 5, with Feldman's sharing for a threshold.

Three rounds of broadcasts, and in the second a secret share to each party:
1. commit to all that follows; 2. open it; 3. prove knowledge of the constant coefficient.
A party's key is the sum of all constants; its share, the sum of the shares dealt to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from ....backends import secp256k1_group as curve
from ....backends.secp256k1_group import ORDER
from ...ecdsa.child_keys import ExtendedKey, child
from ...protocols.shamir import value_at
from . import sharing
from .faults import FaultyPartyError, MisuseError
from .parameters import PARTIES_MAX, STANDARD
from .proofs import schnorr
from .randomness import Draw, nonzero
from .rounds import check_echo, check_parties, complete, echo_of
from .transcript import DIGEST_SIZE, Binding, digest

PURPOSE = "keygen"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyShare:
    """What a party keeps of a key. `secret` is for nobody else."""

    party: int
    parties: tuple[int, ...]
    secret: int
    commitments: tuple[bytes, ...]
    """Of the sum of all polynomials: the first is the public key, their number the threshold."""
    chain_code: bytes
    epoch: int = 0

    @property
    def public_key(self) -> bytes:
        """Return the group's key."""
        return self.commitments[0]

    @property
    def threshold(self) -> int:
        """Return how many parties sign."""
        return len(self.commitments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """Round 1, to all."""

    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Round 2, to all."""

    coefficients: tuple[bytes, ...]
    announced: bytes
    """The nonce of the proof in round 3."""
    contribution: bytes
    """To the chain code."""
    blinding: bytes
    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """Round 3, to all."""

    answer: int
    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """State after round 1. For nobody else, as are the other states."""

    session: bytes
    party: int
    parties: tuple[int, ...]
    polynomial: tuple[int, ...]
    nonce: int
    opening: Opening
    message: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """State after round 2."""

    begun: Begun
    commitments: Mapping[int, Commitment]
    message: Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """State after round 3."""

    opened: Opened
    openings: Mapping[int, Opening]
    share: KeyShare
    message: Proof


def begin(session: bytes, party: int, parties: Sequence[int], threshold: int, draw: Draw) -> Begun:
    """Round 1. All parties must name the same session, parties and threshold."""
    check_parties(parties, party)
    if not 1 <= threshold <= len(parties) <= PARTIES_MAX or parties[-1] > PARTIES_MAX:
        raise MisuseError(f"{threshold} of {len(parties)}, numbers up to {PARTIES_MAX}")
    polynomial = sharing.polynomial(threshold, draw)
    nonce = nonzero(ORDER, draw)
    opening = Opening(
        coefficients=sharing.commit(polynomial),
        announced=sharing.encode(curve.base(nonce)),
        contribution=draw(DIGEST_SIZE),
        blinding=draw(DIGEST_SIZE),
        echo=b"",
    )
    where = setting(session, parties, threshold)
    return Begun(
        session=where,
        party=party,
        parties=tuple(parties),
        polynomial=tuple(polynomial),
        nonce=nonce,
        opening=opening,
        message=Commitment(commitment=commitment_to(where, party, opening)),
    )


def setting(session: bytes, parties: Sequence[int], threshold: int) -> bytes:
    """Return a session id that binds who takes part."""
    return digest(PURPOSE, session, list(parties), threshold)


def commitment_to(session: bytes, party: int, opening: Opening) -> bytes:
    """Return the hash that round 1 shows of round 2."""
    return digest(
        "keygen commitment",
        session,
        party,
        opening.coefficients,
        opening.announced,
        opening.contribution,
        opening.blinding,
    )


def open_commitment(
    state: Begun, received: Mapping[int, Commitment]
) -> tuple[Opened, dict[int, int]]:
    """Round 2. Returns also the share for each other party, to be sent to it alone."""
    commitments = complete(received, state.parties, state.party, state.message)
    opening = state.opening
    message = Opening(
        coefficients=opening.coefficients,
        announced=opening.announced,
        contribution=opening.contribution,
        blinding=opening.blinding,
        echo=echo_of(state.session, "keygen 1", commitments),
    )
    shares = {
        party: value_at(state.polynomial, party, ORDER)
        for party in state.parties
        if party != state.party
    }
    return Opened(begun=state, commitments=commitments, message=message), shares


def prove(state: Opened, received: Mapping[int, Opening], shares: Mapping[int, int]) -> Proven:
    """Round 3: check what was opened and dealt, and prove what we opened.

    A false share is FaultyPartyError: publish it, and others can check that it does not fit.
    """
    begun = state.begun
    openings = complete(received, begun.parties, begun.party, state.message)
    own = value_at(begun.polynomial, begun.party, ORDER)
    dealt = complete(shares, begun.parties, begun.party, own)
    for party, opening in openings.items():
        check_opening(begun, party, opening, state.commitments[party])
    check_echo(state.message.echo, {party: each.echo for party, each in openings.items()})
    for party, value in dealt.items():
        if not share_fits(openings[party].coefficients, begun.party, value):
            raise FaultyPartyError(party, f"dealt a false share to party {begun.party}")
    chain_code = joined(openings)
    share = KeyShare(
        party=begun.party,
        parties=begun.parties,
        secret=sum(dealt.values()) % ORDER,
        commitments=sharing.add_commitments([each.coefficients for each in openings.values()]),
        chain_code=chain_code,
    )
    answer = schnorr.prove(
        STANDARD,
        binding(begun, begun.party, chain_code),
        begun.polynomial[0],
        state.message.coefficients[0],
        begun.nonce,
        state.message.announced,
    )
    echo = echo_of(begun.session, "keygen 2", openings)
    message = Proof(answer=answer, echo=echo)
    return Proven(opened=state, openings=openings, share=share, message=message)


def check_opening(state: Begun, party: int, opening: Opening, commitment: Commitment) -> None:
    """Refuse an opening that is not what was committed to, or holds what is no point."""
    if commitment_to(state.session, party, opening) != commitment.commitment:
        raise FaultyPartyError(party, "opened another commitment")
    if len(opening.coefficients) != len(state.polynomial):
        raise FaultyPartyError(party, "committed to a polynomial of another degree")
    if len(opening.contribution) != DIGEST_SIZE:
        raise FaultyPartyError(party, "contributed a wrong number of bytes")
    for point in (*opening.coefficients, opening.announced):
        sharing.parse(point, party)


def share_fits(coefficients: Sequence[bytes], party: int, share: int) -> bool:
    """Return whether a share dealt to a party fits the dealer's commitments."""
    if not 0 <= share < ORDER:
        return False
    return curve.equal(sharing.public_share(coefficients, party), curve.base(share))


def joined(openings: Mapping[int, Opening]) -> bytes:
    """Return the exclusive or of all contributions: the chain code, which nobody chose."""
    total = 0
    for opening in openings.values():
        total ^= int.from_bytes(opening.contribution, "big")
    return total.to_bytes(DIGEST_SIZE, "big")


def binding(state: Begun, prover: int, chain_code: bytes) -> Binding:
    """Return what a proof of round 3 is bound to."""
    session = digest("keygen proof", state.session, chain_code)
    return Binding(session=session, prover=prover, purpose=PURPOSE)


def finish(state: Proven, received: Mapping[int, Proof]) -> KeyShare:
    """Check the proofs and return the share of the key."""
    begun = state.opened.begun
    proofs = complete(received, begun.parties, begun.party, state.message)
    check_echo(state.message.echo, {party: each.echo for party, each in proofs.items()})
    for party, proof in proofs.items():
        opening = state.openings[party]
        point, announced = (
            sharing.parse(each, party) for each in (opening.coefficients[0], opening.announced)
        )
        bound = binding(begun, party, state.share.chain_code)
        if not schnorr.verify(STANDARD, bound, point, announced, proof.answer):
            raise FaultyPartyError(party, "does not know its part of the key")
    return state.share


def child_share(share: KeyShare, path: Sequence[int]) -> KeyShare:
    """Return the share of a BIP-32 child key: the same for each party, but for its offset.

    Presign with it, rather than shifting a finished presignature, which is less secure.
    """
    root = sharing.parse(share.public_key, share.party)
    key, offset = ExtendedKey(key=root, chain_code=share.chain_code), 0
    for index in path:
        key, more = child(key, index)
        offset += more
    return replace(
        share,
        secret=(share.secret + offset) % ORDER,
        commitments=(curve.encode(key.key), *share.commitments[1:]),
        chain_code=key.chain_code,
    )
