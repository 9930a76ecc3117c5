"""ECDSA over NIST P-256, by OpenSSL through cryptography. Verifies; makes no signature."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256

CURVE = SECP256R1()
DIGESTED = ECDSA(Prehashed(SHA256()))
UNCOMPRESSED = b"\4"


def verify(x_and_y: bytes, digest: bytes, r: int, s: int) -> bool:
    """Return whether (r, s) signs a 32-byte digest under the key with these coordinates.

    False too where the 64 bytes are no point of the curve, or r or s is not from 1 to the order.
    Accepts a high s, as FIPS 186-5 does.
    """
    try:
        key = EllipticCurvePublicKey.from_encoded_point(CURVE, UNCOMPRESSED + x_and_y)
        key.verify(encode_dss_signature(r, s), digest, DIGESTED)
    except (InvalidSignature, ValueError):
        return False
    return True
