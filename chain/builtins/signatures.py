"""ECRECOVER, and P256VERIFY (EIP-7951). Input they cannot use gives no output, and no failure."""

from typing import Final

from precompiles.backends import ecdsa_p256

from ..signatures import recover
from .builtin import Builtin, flat

ECRECOVER_SIZE: Final = 128
P256_SIZE: Final = 160
TRUE: Final = bytes(31) + b"\1"


def ecrecover(data: bytes) -> bytes:
    """Return the address, in 32 bytes, that signed a digest; v is 27 or 28. Takes a high s."""
    data = data[:ECRECOVER_SIZE].ljust(ECRECOVER_SIZE, b"\0")
    v, r, s = (int.from_bytes(data[i : i + 32], "big") for i in range(32, ECRECOVER_SIZE, 32))
    address = recover(data[:32], v - 27, r, s)
    return b"" if address is None else address.rjust(32, b"\0")


def p256_verify(data: bytes) -> bytes:
    """Return 1, in 32 bytes, for digest, r, s, x and y that hold; nothing for any other input."""
    if len(data) != P256_SIZE:
        return b""
    r, s = int.from_bytes(data[32:64], "big"), int.from_bytes(data[64:96], "big")
    return TRUE if ecdsa_p256.verify(data[96:], data[:32], r, s) else b""


ECRECOVER: Final = Builtin(name="ECREC", price=flat(3_000), run=ecrecover)
P256VERIFY: Final = Builtin(name="P256VERIFY", price=flat(6_900), run=p256_verify)
