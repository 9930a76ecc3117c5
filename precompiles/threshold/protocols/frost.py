"""Signing with FROST, RFC 9591 section 5: two rounds between signers and a coordinator.

`draw(size)` must return fresh random bytes. A nonce signs one message: whoever signs two with it
gives the key away. Not constant in time.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ..frost import signing
from ..frost.signing import Commitment
from ..frost.suites import SCALAR_SIZE, Element, Suite
from ..interpolation import lagrange

Draw = Callable[[int], bytes]


class FaultySignerError(Exception):
    """Signers sent shares that do not hold; `identifiers` are to blame, and others are not."""

    def __init__(self, identifiers: Sequence[int]) -> None:
        super().__init__(f"wrong shares from signers {', '.join(map(str, identifiers))}")
        self.identifiers = tuple(identifiers)


class UnusableCommitmentsError(Exception):
    """The commitments cannot be signed under: a signer is missing, unsorted, or they cancel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nonces:
    """A signer's secrets of round one, for one message."""

    hiding: int
    binding: int

    def __repr__(self) -> str:
        """Show nothing."""
        return "Nonces()"


def nonce(suite: Suite, secret: int, draw: Draw) -> int:
    """Return a nonce of fresh bytes and the secret, so that a bad generator alone is no harm."""
    return suite.hash_scalar(b"nonce", draw(SCALAR_SIZE) + suite.encode_scalar(secret))


def commit(suite: Suite, identifier: int, secret: int, draw: Draw) -> tuple[Nonces, Commitment]:
    """Round one: return nonces to keep and commitments to publish."""
    nonces = Nonces(hiding=nonce(suite, secret, draw), binding=nonce(suite, secret, draw))
    group = suite.group
    hiding, binding = group.base(nonces.hiding), group.base(nonces.binding)
    return nonces, signing.commitment(suite, identifier, hiding, binding)


def sign(
    suite: Suite,
    identifier: int,
    secret: int,
    nonces: Nonces,
    key: Element,
    message: bytes,
    commitments: Sequence[Commitment],
) -> int:
    """Round two: return this signer's share of the signature."""
    own = [each for each in commitments if each.identifier == identifier]
    expected = [suite.group.base(nonces.hiding), suite.group.base(nonces.binding)]
    published = [point for each in own for point in (each.hiding, each.binding)]
    if len(own) != 1 or not all(
        suite.group.same(*pair) for pair in zip(expected, published, strict=True)
    ):
        raise UnusableCommitmentsError("one's own commitments are not among them")
    session = begin(suite, key, message, commitments)
    order = suite.group.order
    share = nonces.hiding + session.factors[identifier] * nonces.binding
    share = -share if session.commitment_negated else share
    signed_secret = -secret if session.key_negated else secret
    factor = lagrange(session.identifiers, identifier, order)
    return (share + factor * signed_secret * session.challenge) % order


def aggregate(
    suite: Suite,
    key: Element,
    message: bytes,
    commitments: Sequence[Commitment],
    shares: Mapping[int, int],
    verification_shares: Mapping[int, Element],
) -> bytes:
    """Return the signature; when it does not hold, say whose shares do not."""
    session = begin(suite, key, message, commitments)
    result = signing.signature(suite, session, [shares[each] for each in session.identifiers])
    if suite.verify(suite.encode_key(key), message, result):
        return result
    raise FaultySignerError(
        [
            each.identifier
            for each in commitments
            if not signing.share_holds(
                suite,
                session,
                each,
                verification_shares[each.identifier],
                shares[each.identifier],
            )
        ]
    )


def begin(
    suite: Suite, key: Element, message: bytes, commitments: Sequence[Commitment]
) -> signing.Session:
    """Return the session, or refuse commitments that make none."""
    identifiers = [each.identifier for each in commitments]
    if identifiers != sorted(set(identifiers)) or not identifiers or identifiers[0] < 1:
        raise UnusableCommitmentsError("not sorted by distinct identifiers from 1")
    session = signing.begin(suite, key, message, commitments)
    if session is None:
        raise UnusableCommitmentsError("they sum up to the identity")
    return session
