"""Keccak-256 by a native library. Knows nothing of what is hashed."""

from sha3 import keccak_256  # type: ignore[import-untyped]  # ships no stubs


def keccak256(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 digest, Ethereum's padding."""
    digest: bytes = keccak_256(data).digest()
    return digest
