"""What a member of a committee computes off the chain, and sends to the precompile.

Randomness is given: `draw(size)` must return fresh random bytes. Not constant in time: for
development and tests, or on a machine that nobody else measures.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import shake_256

from ...backends import secp256k1_group as curve
from ...backends.secp256k1_group import COMPRESSED_SIZE, ORDER, Point
from ..ecdsa.groups import public_share
from ..interpolation import lagrange
from ..protocols.shamir import Draw, random_scalar, value_at
from . import proofs
from .contract import share_to, split
from .proofs import SCALAR_SIZE, Statement

MESSAGE_TAG = b"PARS-COMMITTEE-MESSAGE-V1"


class WrongShareError(Exception):
    """A dealer sent a share that does not fit its commitments. `dealer` is to blame, provably."""

    def __init__(self, dealer: int) -> None:
        super().__init__(f"member {dealer} dealt a wrong share")
        self.dealer = dealer


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Who one is, where: what every proof is bound to."""

    chain_id: int
    committee: bytes
    member: int

    def stated(self, purpose: bytes) -> Statement:
        """Return the statement of a proof by this member."""
        return Statement(
            purpose=purpose, chain_id=self.chain_id, committee=self.committee, member=self.member
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Dealer:
    """A member's secrets while the key is made. Never sent, never logged."""

    place: Place
    decryption_key: int
    coefficients: tuple[int, ...]

    def __repr__(self) -> str:
        """Name the place only."""
        return f"Dealer({self.place!r})"

    def encryption_key(self) -> bytes:
        """Return the key to which others encrypt this member's shares."""
        return encoded(curve.base(self.decryption_key))

    def commitments(self) -> bytes:
        """Return the coefficients times G, one after the other."""
        return b"".join(encoded(curve.base(each)) for each in self.coefficients)


def begin(place: Place, threshold: int, draw: Draw) -> Dealer:
    """Choose a member's secrets."""
    return Dealer(
        place=place,
        decryption_key=random_scalar(ORDER, draw),
        coefficients=tuple(random_scalar(ORDER, draw) for _ in range(threshold)),
    )


def prove_possession(dealer: Dealer, draw: Draw) -> bytes:
    """Return the proof that goes with the commitments."""
    secret = dealer.coefficients[0]
    key = encoded(curve.base(secret))
    nonce = random_scalar(ORDER, draw)
    commitment = encoded(curve.base(nonce))
    challenge = dealer.place.stated(proofs.POSSESSION).challenge([key, commitment])
    return packed(challenge, (nonce + challenge * secret) % ORDER)


def deal(dealer: Dealer, encryption_keys: Mapping[int, bytes], members: int) -> bytes:
    """Return the encrypted shares for all members; zero for those who gave no key, and oneself."""
    own = dealer.place
    shares = []
    for recipient in range(1, members + 1):
        if recipient == own.member or recipient not in encryption_keys:
            shares.append(0)
            continue
        shared = times(encryption_keys[recipient], dealer.decryption_key)
        mask = proofs.mask(own.chain_id, own.committee, own.member, recipient, shared)
        shares.append((value_at(dealer.coefficients, recipient, ORDER) + mask) % ORDER)
    return b"".join(each.to_bytes(SCALAR_SIZE, "big") for each in shares)


def open_share(
    dealer: Dealer, sender: int, sender_key: bytes, commitments: bytes, shares: bytes
) -> int:
    """Return the share that another member dealt to this one, checked against its commitments."""
    own = dealer.place
    shared = times(sender_key, dealer.decryption_key)
    mask = proofs.mask(own.chain_id, own.committee, sender, own.member, shared)
    share = (share_to(shares, own.member) - mask) % ORDER
    if not curve.equal(curve.base(share), public_share(split(commitments), own.member)):
        raise WrongShareError(sender)
    return share


def complain(dealer: Dealer, sender_key: bytes, draw: Draw) -> tuple[bytes, bytes]:
    """Return the point shared with a dealer, and the proof that it is the one."""
    return prove_product(dealer.place, proofs.SHARED_POINT, dealer.decryption_key, sender_key, draw)


def own_share(dealer: Dealer) -> int:
    """Return what a member deals to itself."""
    return value_at(dealer.coefficients, dealer.place.member, ORDER)


def key_share(shares: Sequence[int]) -> int:
    """Return a member's share of the key: the sum of what all qualified dealers gave it."""
    return sum(shares) % ORDER


def partial_decryption(
    place: Place, share: int, ephemeral: bytes, draw: Draw
) -> tuple[bytes, bytes]:
    """Return a member's part in a decryption, and the proof that it is its part."""
    return prove_product(place, proofs.PARTIAL, share, ephemeral, draw)


def encrypt(public_key: bytes, message: bytes, draw: Draw) -> tuple[bytes, bytes]:
    """Return an ephemeral key and the message under it. Whoever changes either is not noticed."""
    secret = random_scalar(ORDER, draw)
    ephemeral = encoded(curve.base(secret))
    return ephemeral, apply_key(ephemeral, times(public_key, secret), message)


def apply_key(ephemeral: bytes, shared: bytes, message: bytes) -> bytes:
    """Encrypt or decrypt a message under a shared point."""
    stream = shake_256(MESSAGE_TAG + ephemeral + shared).digest(len(message))
    return bytes(a ^ b for a, b in zip(message, stream, strict=True))


def combined(members: Sequence[int], partials: Sequence[bytes]) -> bytes:
    """Return the point that the parts of these members make."""
    terms = [
        curve.multiply(curve.parse(partial), lagrange(members, member, ORDER))
        for member, partial in zip(members, partials, strict=True)
    ]
    return encoded(curve.add(terms))


def prove_product(
    place: Place, purpose: bytes, secret: int, base: bytes, draw: Draw
) -> tuple[bytes, bytes]:
    """Return secret * base, and the proof that it has the secret of secret * G."""
    key, product = encoded(curve.base(secret)), times(base, secret)
    nonce = random_scalar(ORDER, draw)
    first, second = encoded(curve.base(nonce)), times(base, nonce)
    challenge = place.stated(purpose).challenge([key, base, product, first, second])
    return product, packed(challenge, (nonce + challenge * secret) % ORDER)


def times(point: bytes, factor: int) -> bytes:
    """Return factor * point for the encoding of a point."""
    return encoded(curve.multiply(curve.parse(point), factor))


def encoded(point: Point | None) -> bytes:
    """Return the 33 bytes of a point that is not at infinity."""
    if point is None:
        raise ValueError(f"not {COMPRESSED_SIZE} bytes of a point, or at infinity")
    return curve.encode(point)


def packed(challenge: int, response: int) -> bytes:
    """Return the 64 bytes of a proof."""
    return challenge.to_bytes(SCALAR_SIZE, "big") + response.to_bytes(SCALAR_SIZE, "big")
