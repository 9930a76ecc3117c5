"""The ciphersuites of FROST: RFC 9591 section 6, and the one whose signatures are BIP 340's.

A suite is a group and its hashes. An element is whatever the group says, and never the identity,
which is None. Knows no storage and no ABI.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Any, Literal

from ...backends import secp256k1
from ...backends import secp256k1_group as secp
from ...curves import edwards25519 as edwards
from ...curves import p256
from ...hash_to_field import hash_to_field

SCALAR_SIZE = 32

Element = Any
Terms = Sequence[tuple[int, Element]]
"""Factors and elements."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of prime order. Factors are from 0 to below the order."""

    order: int
    element_size: int
    endian: Literal["big", "little"]
    """Of scalars."""
    decode: Callable[[bytes], Element | None]
    """Return the element of a canonical encoding; None for the identity too."""
    encode: Callable[[Element], bytes]
    combine: Callable[[int, Terms], Element | None]
    """Return a multiple of the base and multiples of elements, added up."""

    def base(self, factor: int) -> Element | None:
        """Return a multiple of the base."""
        return self.combine(factor, [])

    def multiply(self, element: Element | None, factor: int) -> Element | None:
        """Return a multiple of an element."""
        return None if element is None else self.combine(0, [(factor, element)])

    def add(self, left: Element | None, right: Element | None) -> Element | None:
        """Return the sum."""
        return self.combine(0, [(1, each) for each in (left, right) if each is not None])

    def same(self, left: Element | None, right: Element | None) -> bool:
        """Return whether two elements are one, which several points may stand for."""
        if left is None or right is None:
            return left is right
        return self.encode(left) == self.encode(right)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One ciphersuite. `context` begins the input of every hash that the group does not share."""

    number: int
    name: str
    context: bytes
    group: Group
    key_size: int
    signature_size: int
    hash_scalar: Callable[[bytes, bytes], int]
    """H1 and H3: of a tag and a message."""
    digest: Callable[[bytes], bytes]
    """H4 and H5 hash the context, a tag and the message with it."""
    challenge: Callable[[bytes], int]
    """H2: of the encodings of commitment and key, and the message."""
    verify_with: Callable[[Element, bytes, bytes, bytes], bool]
    """Of a key, decoded and as given, a message and a signature of the right length."""
    x_only: bool = False
    """Whether keys and commitments are known by x, and have an even y."""

    def parse_scalar(self, encoded: bytes) -> int | None:
        """Return the scalar of 32 bytes, or None when it is not below the order."""
        if len(encoded) != SCALAR_SIZE:
            return None
        value = int.from_bytes(encoded, self.group.endian)
        return value if value < self.group.order else None

    def encode_scalar(self, value: int) -> bytes:
        """Return the 32 bytes of a scalar."""
        return value.to_bytes(SCALAR_SIZE, self.group.endian)

    def hash(self, tag: bytes, message: bytes) -> bytes:
        """Return H4 or H5."""
        return self.digest(self.context + tag + message)

    def parse_key(self, encoded: bytes) -> Element | None:
        """Return the element of a public key, or None."""
        return self.group.decode(b"\2" + encoded if self.x_only else encoded)

    def encode_key(self, element: Element) -> bytes:
        """Return the encoding of a public key."""
        encoded = self.group.encode(element)
        return encoded[1:] if self.x_only else encoded

    def verify(self, key: bytes, message: bytes, signature: bytes) -> bool:
        """Return whether a signature of the right length holds; with no key none does."""
        element = self.parse_key(key)
        return element is not None and self.verify_with(element, key, message, signature)

    def normal(self, element: Element) -> tuple[Element, bool]:
        """Return the element that signatures are about, and whether it is the negated one."""
        if not self.x_only:
            return element, False
        encoded = self.group.encode(element)
        return (
            (element, False) if encoded[0] == 2 else (self.group.decode(b"\2" + encoded[1:]), True)
        )


# --- The groups -----------------------------------------------------------------------------


def combine_secp256k1(base_factor: int, terms: Terms) -> Element | None:
    """Return a sum of multiples."""
    multiples = [
        element if factor == 1 else secp.multiply(element, factor) for factor, element in terms
    ]
    return secp.add([secp.base(base_factor), *multiples])


SECP256K1 = Group(
    order=secp256k1.ORDER,
    element_size=secp256k1.COMPRESSED_SIZE,
    endian="big",
    decode=secp256k1.parse,
    encode=secp256k1.encode,
    combine=combine_secp256k1,
)

P256 = Group(
    order=p256.N,
    element_size=p256.ENCODED_SIZE,
    endian="big",
    decode=p256.decode,
    encode=p256.encode,
    combine=p256.combine,
)


def decode_ed25519(encoded: bytes) -> Element | None:
    """Return a point of prime order."""
    point = edwards.decode(encoded)
    if point is None or point == edwards.NEUTRAL:
        return None
    return point if edwards.combine(0, [(edwards.ORDER, point)]) == edwards.NEUTRAL else None


def combine_ed25519(base_factor: int, terms: Terms) -> Element | None:
    """Return a sum of multiples."""
    total = edwards.combine(base_factor, terms)
    return None if total == edwards.NEUTRAL else total


ED25519 = Group(
    order=edwards.ORDER,
    element_size=edwards.ENCODED_SIZE,
    endian="little",
    decode=decode_ed25519,
    encode=edwards.encode,
    combine=combine_ed25519,
)


def decode_ristretto(encoded: bytes) -> Element | None:
    """Return a point of an element."""
    point = edwards.decode_ristretto(encoded)
    if point is None or edwards.is_neutral_in_ristretto(point):
        return None
    return point


def combine_ristretto(base_factor: int, terms: Terms) -> Element | None:
    """Return a sum of multiples."""
    total = edwards.combine(base_factor, terms)
    return None if edwards.is_neutral_in_ristretto(total) else total


RISTRETTO255 = Group(
    order=edwards.ORDER,
    element_size=edwards.ENCODED_SIZE,
    endian="little",
    decode=decode_ristretto,
    encode=edwards.encode_ristretto,
    combine=combine_ristretto,
)


# --- Hashes to a scalar ---------------------------------------------------------------------


def expanded(context: bytes, order: int) -> Callable[[bytes, bytes], int]:
    """Return RFC 9380's hash to the scalar field, for a tag and a message."""
    return lambda tag, message: hash_to_field(message, context + tag, order)


def reduced(context: bytes) -> Callable[[bytes, bytes], int]:
    """Return SHA-512, read little end first, modulo the order of edwards25519."""
    return lambda tag, message: wide(context + tag + message)


def wide(data: bytes) -> int:
    """Return SHA-512 as a scalar of edwards25519."""
    return int.from_bytes(sha512(data).digest(), "little") % edwards.ORDER


def bip340_challenge(data: bytes) -> int:
    """Return the challenge of BIP 340, of two compressed points with even y and the message."""
    size = secp256k1.COMPRESSED_SIZE
    tag = sha256(b"BIP0340/challenge").digest()
    hashed = sha256(tag + tag + data[1:size] + data[size + 1 :]).digest()
    return int.from_bytes(hashed, "big") % secp256k1.ORDER


def sha256_digest(data: bytes) -> bytes:
    """Return SHA-256."""
    return sha256(data).digest()


def sha512_digest(data: bytes) -> bytes:
    """Return SHA-512."""
    return sha512(data).digest()


# --- Verifying ------------------------------------------------------------------------------


def verify_secp256k1(point: Element, key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether R = z G - c PK."""
    commitment, z = signature[:33], SECP256K1_SHA256.parse_scalar(signature[33:])
    if z is None:
        return False
    c = SECP256K1_SHA256.challenge(commitment + key + message)
    # A commitment that is not a point needs no check: no point has its encoding.
    return secp256k1.combine(point, -c % secp256k1.ORDER, z) == commitment


def verify_taproot(_: Element, key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature holds by BIP 340."""
    return secp256k1.verify_schnorr(key, message, signature)


def verify_ed25519(point: Element, key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether 8 z B = 8 R + 8 c PK: RFC 8032, section 5.1.7, with the cofactor."""
    z = ED25519_SHA512.parse_scalar(signature[32:])
    commitment = edwards.decode(signature[:32])
    if z is None or commitment is None:
        return False
    c = wide(signature[:32] + key + message)
    terms = [(edwards.ORDER - c, point), (1, edwards.negated(commitment))]
    return edwards.has_small_order(edwards.combine(z, terms))


def verify_p256(point: Element, key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether R = z G - c PK."""
    z = P256_SHA256.parse_scalar(signature[33:])
    if z is None:
        return False
    c = P256_SHA256.challenge(signature[:33] + key + message)
    total = p256.combine(z, [(p256.N - c, point)])
    # A commitment that is not a point needs no check: no point has its encoding.
    return total is not None and p256.encode(total) == signature[:33]


def verify_ristretto255(point: Element, key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether R = z B - c PK."""
    z = RISTRETTO255_SHA512.parse_scalar(signature[32:])
    if z is None:
        return False
    c = RISTRETTO255_SHA512.challenge(signature[:32] + key + message)
    total = combine_ristretto(z, [(edwards.ORDER - c, point)])
    return total is not None and edwards.encode_ristretto(total) == signature[:32]


# --- The suites -----------------------------------------------------------------------------

SECP_CONTEXT = b"FROST-secp256k1-SHA256-v1"
TAPROOT_CONTEXT = b"FROST-secp256k1-SHA256-TR-v1"
ED25519_CONTEXT = b"FROST-ED25519-SHA512-v1"
P256_CONTEXT = b"FROST-P256-SHA256-v1"
RISTRETTO_CONTEXT = b"FROST-RISTRETTO255-SHA512-v1"

SECP256K1_SHA256 = Suite(
    number=1,
    name="secp256k1, SHA-256",
    context=SECP_CONTEXT,
    group=SECP256K1,
    key_size=33,
    signature_size=65,
    hash_scalar=expanded(SECP_CONTEXT, secp256k1.ORDER),
    digest=sha256_digest,
    challenge=lambda data: hash_to_field(data, SECP_CONTEXT + b"chal", secp256k1.ORDER),
    verify_with=verify_secp256k1,
)
SECP256K1_TAPROOT = Suite(
    number=2,
    name="secp256k1, BIP 340",
    context=TAPROOT_CONTEXT,
    group=SECP256K1,
    key_size=32,
    signature_size=64,
    hash_scalar=expanded(TAPROOT_CONTEXT, secp256k1.ORDER),
    digest=sha256_digest,
    challenge=bip340_challenge,
    verify_with=verify_taproot,
    x_only=True,
)
ED25519_SHA512 = Suite(
    number=3,
    name="Ed25519, SHA-512",
    context=ED25519_CONTEXT,
    group=ED25519,
    key_size=32,
    signature_size=64,
    hash_scalar=reduced(ED25519_CONTEXT),
    digest=sha512_digest,
    challenge=wide,  # Without context, so that the signature is RFC 8032's.
    verify_with=verify_ed25519,
)
P256_SHA256 = Suite(
    number=4,
    name="P-256, SHA-256",
    context=P256_CONTEXT,
    group=P256,
    key_size=33,
    signature_size=65,
    hash_scalar=expanded(P256_CONTEXT, p256.N),
    digest=sha256_digest,
    challenge=lambda data: hash_to_field(data, P256_CONTEXT + b"chal", p256.N),
    verify_with=verify_p256,
)
RISTRETTO255_SHA512 = Suite(
    number=5,
    name="ristretto255, SHA-512",
    context=RISTRETTO_CONTEXT,
    group=RISTRETTO255,
    key_size=32,
    signature_size=64,
    hash_scalar=reduced(RISTRETTO_CONTEXT),
    digest=sha512_digest,
    challenge=lambda data: wide(RISTRETTO_CONTEXT + b"chal" + data),
    verify_with=verify_ristretto255,
)

SUITES = {
    each.number: each
    for each in (
        SECP256K1_SHA256,
        SECP256K1_TAPROOT,
        ED25519_SHA512,
        P256_SHA256,
        RISTRETTO255_SHA512,
    )
}
