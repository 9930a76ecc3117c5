"""Signatures of certificates: ECDSA on P-256 and P-384, Ed25519, by OpenSSL. Makes none.

Answers false to whatever is not a good signature: a key that is no point, a signature that is not
DER, numbers out of range.
"""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm

CURVES: dict[str, EllipticCurve] = {"P-256": SECP256R1(), "P-384": SECP384R1()}
DIGESTS: dict[str, HashAlgorithm] = {
    "SHA-256": SHA256(),
    "SHA-384": SHA384(),
    "SHA-512": SHA512(),
}


def verify_ecdsa(curve: str, digest: str, point: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a DER signature holds under an encoded point, uncompressed."""
    try:
        key = EllipticCurvePublicKey.from_encoded_point(CURVES[curve], point)
        key.verify(signature, message, ECDSA(DIGESTS[digest]))
    except (InvalidSignature, ValueError):
        return False
    return True


def der_of_raw(signature: bytes) -> bytes:
    """Return the DER form of r and s, each one half of the bytes."""
    half = len(signature) // 2
    r, s = (int.from_bytes(part, "big") for part in (signature[:half], signature[half:]))
    return encode_dss_signature(r, s)


def verify_ed25519(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the 64 bytes sign the message, by RFC 8032 without the cofactor."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
