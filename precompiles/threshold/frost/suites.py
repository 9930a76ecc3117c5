"""The ciphersuites of FROST: RFC 9591 section 6, and the one whose signatures are BIP 340's.

A suite is a group and its hashes. An element is whatever the group says, and never the identity,
which is None. Knows no storage and no ABI.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256, sha512
from typing import Any, Literal

from ...backends import ed25519, p256_signature, secp256k1
from ...backends import secp256k1_group as secp
from ...curves import p256, ristretto255
from ...hash_to_field import hash_to_field

SCALAR_SIZE = 32

Element = Any


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
    base: Callable[[int], Element | None]
    multiply: Callable[[Element | None, int], Element | None]
    add: Callable[[Element | None, Element | None], Element | None]


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
    verify: Callable[[bytes, bytes, bytes], bool]
    """Of a checked key, a message and a signature of the right length."""
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

    def normal(self, element: Element) -> tuple[Element, bool]:
        """Return the element that signatures are about, and whether it is the negated one."""
        if not self.x_only:
            return element, False
        encoded = self.group.encode(element)
        return (
            (element, False) if encoded[0] == 2 else (self.group.decode(b"\2" + encoded[1:]), True)
        )


# --- The groups -----------------------------------------------------------------------------


def add_secp256k1(left: Element | None, right: Element | None) -> Element | None:
    """Return the sum."""
    return secp.add((left, right))


SECP256K1 = Group(
    order=secp256k1.ORDER,
    element_size=secp256k1.COMPRESSED_SIZE,
    endian="big",
    decode=secp256k1.parse,
    encode=secp256k1.encode,
    base=secp.base,
    multiply=secp.multiply,
    add=add_secp256k1,
)

P256 = Group(
    order=p256.N,
    element_size=p256.ENCODED_SIZE,
    endian="big",
    decode=p256_signature.decode,
    encode=p256.encode,
    base=lambda factor: p256.combine([(factor, p256.G)]),
    multiply=lambda point, factor: p256.combine([(factor, point)]),
    add=lambda left, right: p256.combine([(1, left), (1, right)]),
)

ED25519 = Group(
    order=ed25519.ORDER,
    element_size=ed25519.SIZE,
    endian="little",
    decode=ed25519.parse,
    encode=lambda point: point,
    base=ed25519.base,
    multiply=ed25519.multiply,
    add=ed25519.add,
)

EIGHTH = pow(8, -1, ed25519.ORDER)


def decode_ristretto(encoded: bytes) -> bytes | None:
    """Return the point of prime order that belongs to an element.

    A decoded point can have a part of order four. Eight times it has none, and an eighth of that
    is the same element.
    """
    decoded = ristretto255.decode(encoded)
    if decoded is None:
        return None
    point: bytes | None = ristretto255.to_edwards(decoded)
    for _ in range(3):
        point = ed25519.add(point, point)
    return ed25519.multiply(point, EIGHTH)


def encode_ristretto(point: bytes) -> bytes:
    """Return the encoding of a point's element."""
    return ristretto255.encode(ristretto255.from_edwards(point))


RISTRETTO255 = Group(
    order=ed25519.ORDER,
    element_size=ristretto255.ENCODED_SIZE,
    endian="little",
    decode=decode_ristretto,
    encode=encode_ristretto,
    base=ed25519.base,
    multiply=ed25519.multiply,
    add=ed25519.add,
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
    return int.from_bytes(sha512(data).digest(), "little") % ed25519.ORDER


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


def verify_secp256k1(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether R = z G - c PK."""
    point = secp256k1.parse(key)
    commitment, z = signature[:33], SECP256K1_SHA256.parse_scalar(signature[33:])
    if point is None or z is None:
        return False
    c = SECP256K1_SHA256.challenge(commitment + key + message)
    # A commitment that is not a point needs no check: no point has its encoding.
    return secp256k1.combine(point, -c % secp256k1.ORDER, z) == commitment


def verify_taproot(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature holds by BIP 340."""
    point = secp256k1.parse(b"\2" + key)
    commitment, z = b"\2" + signature[:32], SECP256K1_TAPROOT.parse_scalar(signature[32:])
    if point is None or z is None:
        return False
    c = bip340_challenge(commitment + b"\2" + key + message)
    return secp256k1.combine(point, -c % secp256k1.ORDER, z) == commitment


def verify_ed25519(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether 8 z B = 8 R + 8 c PK: RFC 8032, section 5.1.7, with the cofactor."""
    commitment, z = signature[:32], ED25519_SHA512.parse_scalar(signature[32:])
    if z is None or not ed25519.is_canonical(commitment):
        return False
    product = ed25519.multiply(key, wide(commitment + key + message))
    try:
        expected = ed25519.subtract(ed25519.base(z), product or ed25519.IDENTITY)
        rest = ed25519.subtract(expected, commitment)
    except ValueError:
        return False
    return rest is None or rest in ed25519.SMALL_ORDER


def verify_p256(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether R = z G - c PK."""
    point, commitment = p256_signature.decode(key), p256_signature.decode(signature[:33])
    z = P256_SHA256.parse_scalar(signature[33:])
    if point is None or commitment is None or z is None:
        return False
    c = P256_SHA256.challenge(signature[:33] + key + message)
    return p256_signature.is_combination(commitment, z, -c % p256.N, point)


def verify_ristretto255(key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether z B = R + c PK."""
    point, commitment = decode_ristretto(key), decode_ristretto(signature[:32])
    z = RISTRETTO255_SHA512.parse_scalar(signature[32:])
    if point is None or commitment is None or z is None:
        return False
    c = RISTRETTO255_SHA512.challenge(signature[:32] + key + message)
    product = ed25519.multiply(point, c)
    return ed25519.base(z) == ed25519.add(commitment, product)


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
    verify=verify_secp256k1,
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
    verify=verify_taproot,
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
    verify=verify_ed25519,
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
    verify=verify_p256,
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
    verify=verify_ristretto255,
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
