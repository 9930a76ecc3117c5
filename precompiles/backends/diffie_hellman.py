"""Diffie-Hellman on P-256, P-521, X25519 and X448, by OpenSSL. Knows no key schedule.

Keys go in and come out as RFC 9180 writes them: a point uncompressed, a scalar of NIST's big
endian, those of RFC 7748 as they are.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x448 import X448PrivateKey, X448PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

SecretKey = Any
PublicKey = Any
"""Keys as the library holds them. Only this file looks inside."""

UNCOMPRESSED = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group. `load` and `parse` take the right number of bytes; None means: no such key."""

    secret_size: int
    public_size: int
    load: Callable[[bytes], SecretKey | None]
    parse: Callable[[bytes], PublicKey | None]
    public: Callable[[SecretKey], bytes]
    exchange: Callable[[SecretKey, PublicKey], bytes | None]
    """The shared secret, or None where it is all zeros: the public key had a small order."""


def short_weierstrass(curve: ec.EllipticCurve, order: int) -> Group:
    """Return the group of a NIST curve."""
    algorithm = ec.ECDH()
    size = (curve.key_size + 7) // 8

    def load(encoded: bytes) -> SecretKey | None:
        scalar = int.from_bytes(encoded, "big")
        return ec.derive_private_key(scalar, curve) if 0 < scalar < order else None

    def parse(encoded: bytes) -> PublicKey | None:
        if encoded[0] != UNCOMPRESSED:
            return None
        try:
            return ec.EllipticCurvePublicKey.from_encoded_point(curve, encoded)
        except ValueError:
            return None

    def public(secret: SecretKey) -> bytes:
        key: ec.EllipticCurvePublicKey = secret.public_key()
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)

    def exchange(secret: SecretKey, other: PublicKey) -> bytes | None:
        shared: bytes = secret.exchange(algorithm, other)
        return shared

    return Group(
        secret_size=size,
        public_size=1 + 2 * size,
        load=load,
        parse=parse,
        public=public,
        exchange=exchange,
    )


def montgomery(
    secret_type: type[X25519PrivateKey] | type[X448PrivateKey],
    public_type: type[X25519PublicKey] | type[X448PublicKey],
    size: int,
) -> Group:
    """Return a group of RFC 7748, where any bytes are a key."""

    def public(secret: SecretKey) -> bytes:
        encoded: bytes = secret.public_key().public_bytes_raw()
        return encoded

    def exchange(secret: SecretKey, other: PublicKey) -> bytes | None:
        try:
            shared: bytes = secret.exchange(other)
        except ValueError:
            return None
        return shared

    return Group(
        secret_size=size,
        public_size=size,
        load=secret_type.from_private_bytes,
        parse=public_type.from_public_bytes,
        public=public,
        exchange=exchange,
    )


P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
P521_ORDER = 2**521 - 0x5AE79787C40D069948033FEB708F65A2FC44A36477663B851449048E16EC79BF7

P256 = short_weierstrass(ec.SECP256R1(), P256_ORDER)
P521 = short_weierstrass(ec.SECP521R1(), P521_ORDER)
X25519 = montgomery(X25519PrivateKey, X25519PublicKey, 32)
X448 = montgomery(X448PrivateKey, X448PublicKey, 56)
