"""The challenge of FROST(secp256k1, SHA-256), RFC 9591 sections 4.6 and 6.5."""

from ...hash_to_field import hash_to_field

CONTEXT = b"FROST-secp256k1-SHA256-v1"


def challenge(commitment: bytes, public_key: bytes, message: bytes, order: int) -> int:
    """Return H2 of the three: commitment and key are compressed points."""
    return hash_to_field(commitment + public_key + message, CONTEXT + b"chal", order)
