"""The plain twin of `kernel.py`."""

from ...backends.keccak import keccak256
from . import flags


def search(prefix: bytes, code_hash: bytes, first: int, tries: int, wanted: int) -> int:
    """Return the first of so many salts from `first` on whose address has the flags, or -1."""
    for salt in range(first, first + tries):
        digest = keccak256(prefix + salt.to_bytes(32, "big") + code_hash)
        if flags.of(digest) == wanted:
            return salt
    return -1
