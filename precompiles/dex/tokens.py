"""ERC-20 as tokens really behave: what they return, and what arrives, is looked at each time.

Some return nothing, some return false instead of reverting, some take a fee on the way. Where a
token reverts with a reason, that is the reason; any other answer is `TokenFailed`.
"""

from .. import abi
from ..backends.keccak import keccak256
from ..precompile import Host

TOKEN_FAILED = abi.error("TokenFailed(address token)")

BALANCE_OF = keccak256(b"balanceOf(address)")[:4]
TRANSFER = keccak256(b"transfer(address,uint256)")[:4]
TRANSFER_FROM = keccak256(b"transferFrom(address,address,uint256)")[:4]


def balance(host: Host, token: bytes, owner: bytes) -> int:
    """Return what an account holds."""
    output = ask(host, token, BALANCE_OF + word(owner), static=True)
    if len(output) < abi.WORD:
        raise TOKEN_FAILED(token)
    return abi.read_word(output, 0)


def transfer(host: Host, token: bytes, to: bytes, amount: int) -> None:
    """Send tokens of the precompile."""
    move(host, token, TRANSFER + word(to) + amount.to_bytes(abi.WORD, "big"))


def transfer_from(host: Host, token: bytes, sender: bytes, to: bytes, amount: int) -> None:
    """Send tokens of somebody who has allowed it."""
    arguments = word(sender) + word(to) + amount.to_bytes(abi.WORD, "big")
    move(host, token, TRANSFER_FROM + arguments)


def move(host: Host, token: bytes, data: bytes) -> None:
    """Make a call that must return true, or nothing where there is code."""
    output = ask(host, token, data)
    if output:
        fine = len(output) >= abi.WORD and abi.read_word(output, 0) == 1
    else:
        fine = host.code_size(token) > 0
    if not fine:
        raise TOKEN_FAILED(token)


def ask(host: Host, token: bytes, data: bytes, *, static: bool = False) -> bytes:
    """Make a call that must succeed, and return what it returned."""
    done, output = host.call(token, data, static=static)
    if not done:
        raise abi.Revert(output) if output else TOKEN_FAILED(token)
    return output


def word(address: bytes) -> bytes:
    """Return an address as a word."""
    return address.rjust(abi.WORD, b"\0")
