"""HMAC and HKDF, RFC 2104 and RFC 5869, on hashes of hashlib. Knows no use of them.

HMAC is two hashes; asked for by name, the standard library takes longer to find them than to
compute them, and HPKE computes ten.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256, sha384, sha512
from typing import Any

INNER = bytes(byte ^ 0x36 for byte in range(256))
OUTER = bytes(byte ^ 0x5C for byte in range(256))


@dataclass(frozen=True, slots=True, kw_only=True)
class Hash:
    """A hash of the SHA-2 family, with the sizes of its output and of its block."""

    new: Callable[[bytes], Any]
    size: int
    block_size: int


SHA256 = Hash(new=sha256, size=32, block_size=64)
SHA384 = Hash(new=sha384, size=48, block_size=128)
SHA512 = Hash(new=sha512, size=64, block_size=128)


def hmac_digest(chosen: Hash, key: bytes, message: bytes) -> bytes:
    """Return the HMAC of a message."""
    new = chosen.new
    if len(key) > chosen.block_size:
        key = new(key).digest()
    block = key.ljust(chosen.block_size, b"\0")
    inner = new(block.translate(INNER) + message).digest()
    digest: bytes = new(block.translate(OUTER) + inner).digest()
    return digest


def extract(chosen: Hash, salt: bytes, secret: bytes) -> bytes:
    """Return a pseudo-random key, section 2.2. An empty salt is as one of zeros."""
    return hmac_digest(chosen, salt, secret)


def expand(chosen: Hash, key: bytes, info: bytes, size: int) -> bytes:
    """Return this many bytes, at most 255 digests, section 2.3."""
    output = block = b""
    for index in range(1, -(-size // chosen.size) + 1):
        block = hmac_digest(chosen, key, block + info + bytes([index]))
        output += block
    return output[:size]
