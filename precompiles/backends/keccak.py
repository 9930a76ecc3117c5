"""Keccak-256 by a native library. Knows nothing of what is hashed."""

from collections.abc import Callable

from sha3 import keccak_256  # type: ignore[import-untyped]  # ships no stubs


def keccak256(data: bytes) -> bytes:
    """Return the 32-byte Keccak-256 digest, Ethereum's padding."""
    digest: bytes = keccak_256(data).digest()
    return digest


def keccak256_after(prefix: bytes) -> Callable[[bytes], bytes]:
    """Return the digest of this prefix and what follows it; the prefix is read once."""
    read = keccak_256(prefix)

    def digest_of(rest: bytes) -> bytes:
        continued = read.copy()
        continued.update(rest)
        digest: bytes = continued.digest()
        return digest

    return digest_of
