"""SHA-256, RIPEMD-160, the identity, and the compression function of BLAKE2b (EIP-152)."""

import hashlib
from typing import Final

from precompiles.backends.ripemd160 import ripemd160

from .builtin import Builtin, BuiltinError, by_word

BLAKE2_SIZE: Final = 213
"""Rounds (4), state (64), block (128), offset counters (16), last block flag (1)."""


def identity(data: bytes) -> bytes:
    """Return the input."""
    return data


def sha256(data: bytes) -> bytes:
    """Return the digest."""
    return hashlib.sha256(data).digest()


def ripemd160_padded(data: bytes) -> bytes:
    """Return the digest in 32 bytes."""
    return ripemd160(data).rjust(32, b"\0")


def blake2_price(data: bytes) -> int:
    """One gas a round; what has not the right size fails anyway."""
    return int.from_bytes(data[:4], "big") if len(data) == BLAKE2_SIZE else 0


def blake2_compress(data: bytes) -> bytes:
    """Return the state after one block."""
    from precompiles.kernels.blake2 import compress

    if len(data) != BLAKE2_SIZE:
        raise BuiltinError(f"blake2f: the input has {len(data)} bytes, not {BLAKE2_SIZE}")
    if data[-1] > 1:
        raise BuiltinError("blake2f: the flag of the last block is neither 0 nor 1")
    return compress(int.from_bytes(data[:4], "big"), data[4:-1], last=bool(data[-1]))


SHA256: Final = Builtin(name="SHA256", price=by_word(60, 12), run=sha256)
RIPEMD160: Final = Builtin(name="RIPEMD160", price=by_word(600, 120), run=ripemd160_padded)
IDENTITY: Final = Builtin(name="ID", price=by_word(15, 3), run=identity)
BLAKE2F: Final = Builtin(name="BLAKE2F", price=blake2_price, run=blake2_compress)
