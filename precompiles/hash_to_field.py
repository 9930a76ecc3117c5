"""Hashing to a field, RFC 9380 section 5. Knows no curve."""

from hashlib import sha256

DIGEST_SIZE = 32
BLOCK_SIZE = 64


def hash_to_field(message: bytes, tag: bytes, order: int) -> int:
    """Return one element below a 256-bit order: 48 bytes keep its bias below 2**-128."""
    return int.from_bytes(expand_message_xmd(message, tag, 48), "big") % order


def expand_message_xmd(message: bytes, tag: bytes, size: int) -> bytes:
    """Return `size` uniform bytes: expand_message_xmd with SHA-256, section 5.3.1.

    The tag has at most 255 bytes, and the size is at most 255 digests.
    """
    suffix = tag + bytes([len(tag)])
    first = sha256(bytes(BLOCK_SIZE) + message + size.to_bytes(2, "big") + b"\0" + suffix).digest()
    block = sha256(first + b"\1" + suffix).digest()
    output = block
    first_number = int.from_bytes(first, "big")
    for index in range(2, -(-size // DIGEST_SIZE) + 1):
        mixed = (first_number ^ int.from_bytes(block, "big")).to_bytes(DIGEST_SIZE, "big")
        block = sha256(mixed + bytes([index]) + suffix).digest()
        output += block
    return output[:size]
