"""What signers and verifiers of shares compute alike: RFC 9591 sections 4.3 to 4.6, 5.3 and 5.4.

Knows neither secrets nor storage. In the suite of BIP 340 a key or a commitment with an odd y is
replaced by its negation, and so are the shares behind it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..interpolation import lagrange
from .suites import Element, Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """What a signer published in round one."""

    identifier: int
    hiding: Element
    binding: Element
    encoded: bytes
    """Both, one after the other."""


def commitment(suite: Suite, identifier: int, hiding: Element, binding: Element) -> Commitment:
    """Return what a signer publishes."""
    encoded = suite.group.encode(hiding) + suite.group.encode(binding)
    return Commitment(identifier=identifier, hiding=hiding, binding=binding, encoded=encoded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What all signers of one message agree on."""

    factors: dict[int, int]
    """The binding factor of each signer."""
    commitment: Element
    """R, with an even y where the suite has it so."""
    commitment_negated: bool
    key_negated: bool
    challenge: int
    identifiers: tuple[int, ...]


def begin(
    suite: Suite, key: Element, message: bytes, commitments: Sequence[Commitment]
) -> Session | None:
    """Return what follows from round one; None when the commitments sum up to the identity.

    They are sorted by identifier, and each identifier stands once.
    """
    group = suite.group
    normal_key, key_negated = suite.normal(key)
    encoded_key = group.encode(normal_key)
    listed = b"".join(suite.encode_scalar(each.identifier) + each.encoded for each in commitments)
    prefix = encoded_key + suite.hash(b"msg", message) + suite.hash(b"com", listed)
    factors = {}
    terms = []
    for each in commitments:
        hashed = prefix + suite.encode_scalar(each.identifier)
        factor = suite.hash_scalar(b"rho", hashed)
        factors[each.identifier] = factor
        terms += [(1, each.hiding), (factor, each.binding)]
    total = group.combine(0, terms)
    if total is None:
        return None
    commitment, commitment_negated = suite.normal(total)
    return Session(
        factors=factors,
        commitment=commitment,
        commitment_negated=commitment_negated,
        key_negated=key_negated,
        challenge=suite.challenge(group.encode(commitment) + encoded_key + message),
        identifiers=tuple(each.identifier for each in commitments),
    )


def share_holds(
    suite: Suite, session: Session, commitment: Commitment, verification_share: Element, share: int
) -> bool:
    """Return whether z G = D + rho E + c lambda PK, for one signer."""
    group = suite.group
    order = group.order
    weight = session.challenge * lagrange(session.identifiers, commitment.identifier, order)
    factor = session.factors[commitment.identifier]
    if session.commitment_negated != session.key_negated:
        weight = -weight
    signed = -share if session.commitment_negated else share
    terms = [(-weight % order, verification_share), (-factor % order, commitment.binding)]
    return group.same(group.combine(signed % order, terms), commitment.hiding)


def signature(suite: Suite, session: Session, shares: Sequence[int]) -> bytes:
    """Return the signature that shares make."""
    encoded = suite.encode_key(session.commitment)
    return encoded + suite.encode_scalar(sum(shares) % suite.group.order)


def evaluate(suite: Suite, commitments: Sequence[Element], identifier: int) -> Element | None:
    """Return the sum of identifier**k C_k: a member's verification share."""
    order = suite.group.order
    terms = [(pow(identifier, k, order), each) for k, each in enumerate(commitments)]
    return suite.group.combine(0, terms)
