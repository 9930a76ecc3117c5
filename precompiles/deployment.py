"""Accounts that precompiles make: their address, their price, and what may stand there.

The address is the one that CREATE2 would give for `INIT_CODE` and the code, so that anybody can
compute it. The init code never runs: the code is put there as it is.
"""

from . import abi
from .backends.keccak import keccak256

INIT_CODE = bytes.fromhex("600b5981380380925939f3")
"""Returns the bytes that follow it: code-copying at its shortest."""
CODE_SIZE_MAX = 24_576
"""EIP-170."""
NO_CODE = 0xEF
"""Code may not begin so: EIP-3541."""

CREATE_GAS = 32_000
BYTE_GAS = 200
WORD_GAS = 8
"""For each word of init code: hashing for the address, and EIP-3860's two."""

ACCOUNT_OCCUPIED = abi.error("AccountOccupied(address account)")
CODE_REFUSED = abi.error("CodeRefused(uint256 size)")


def address_of(deployer: bytes, code: bytes, salt: bytes) -> bytes:
    """Return where the code of a deployer stands."""
    return keccak256(b"\xff" + deployer + salt + keccak256(INIT_CODE + code))[12:]


def price_of(code: bytes) -> int:
    """Return the gas of a deployment."""
    words = (len(INIT_CODE) + len(code) + 31) // 32
    return CREATE_GAS + BYTE_GAS * len(code) + WORD_GAS * words


def check(code: bytes) -> None:
    """Refuse what no account may have as its code."""
    if not 0 < len(code) <= CODE_SIZE_MAX or code[0] == NO_CODE:
        raise CODE_REFUSED(len(code))
