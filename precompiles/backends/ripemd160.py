"""RIPEMD-160, by pycryptodome: OpenSSL 3 has it only where its legacy provider is loaded."""

from Crypto.Hash import RIPEMD160


def ripemd160(data: bytes) -> bytes:
    """Return the 20-byte digest."""
    return RIPEMD160.new(data).digest()
