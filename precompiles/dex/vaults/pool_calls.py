"""Calls to the pool manager at 0x0400 that a vault makes while it is unlocked."""

from dataclasses import dataclass

from ... import abi
from ...precompile import Host
from .. import tokens
from ..pool_manager import hooks, layout, math
from ..pool_manager.hooks import LIQUIDITY_PARAMS, POOL_KEY, SWAP_PARAMS, KeyFields
from ..pool_manager.pool import Delta

MANAGER = (0x0400).to_bytes(20, "big")
NO_HOOK_DATA = b""
DATA_MAX = hooks.DATA_MAX

UNLOCK = abi.parse_signature("unlock(bytes data)", {"data": DATA_MAX})
UNLOCKED = abi.parse_signature("unlocked() returns (bytes result)", {"result": DATA_MAX})
MODIFY = abi.parse_signature(
    "modifyLiquidity(PoolKey key, ModifyLiquidityParams params, bytes hookData)",
    {"hookData": 0},
    (POOL_KEY, LIQUIDITY_PARAMS),
)
SWAP = abi.parse_signature(
    "swap(PoolKey key, SwapParams params, bytes hookData)",
    {"hookData": 0},
    (POOL_KEY, SWAP_PARAMS),
)
SYNC = abi.parse_signature("sync(address currency)")
SETTLE = abi.parse_signature("settle()")
TAKE = abi.parse_signature("take(address currency, address to, uint256 amount)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """A position of the vaults' address: in which pool, between which ticks, by which salt."""

    key: KeyFields
    lower: int
    upper: int
    salt: bytes

    @property
    def currencies(self) -> tuple[bytes, bytes]:
        """The currencies of the pool, in order."""
        return self.key[0], self.key[1]


def ask(host: Host, signature: abi.Signature, *arguments: object) -> bytes:
    """Call the pool manager; what it refuses with is passed on."""
    data = signature.selector + abi.encode(signature.inputs, arguments)
    done, output = host.call(MANAGER, data)
    if not done:
        raise abi.Revert(output)
    return output


def unlock(host: Host, data: bytes) -> bytes:
    """Have the pool manager call back with this data; return what the callback returned."""
    (result,) = abi.decode(UNLOCKED.outputs, ask(host, UNLOCK, data))
    answer: bytes = result
    return answer


def modify(host: Host, place: Range, liquidity: int) -> tuple[Delta, Delta]:
    """Change a position; return what its liquidity came to, and the fees it had earned."""
    params = (place.lower, place.upper, liquidity, place.salt)
    output = ask(host, MODIFY, place.key, params, NO_HOOK_DATA)
    whole = layout.unpack_delta(abi.read_word(output, 0))
    fees = layout.unpack_delta(abi.read_word(output, abi.WORD))
    return (whole[0] - fees[0], whole[1] - fees[1]), fees


def swap(host: Host, key: KeyFields, zero_for_one: bool, amount: int) -> Delta:
    """Swap an amount in, without a limit for the price."""
    limit = math.MIN_SQRT_PRICE + 1 if zero_for_one else math.MAX_SQRT_PRICE - 1
    output = ask(host, SWAP, key, (zero_for_one, -amount, limit), NO_HOOK_DATA)
    return layout.unpack_delta(abi.read_word(output, 0))


def pay_from(host: Host, token: bytes, payer: bytes, amount: int) -> None:
    """Pay what is owed with tokens that a payer has allowed to be taken."""
    if amount:
        ask(host, SYNC, token)
        tokens.transfer_from(host, token, payer, MANAGER, amount)
        ask(host, SETTLE)


def pay(host: Host, token: bytes, amount: int) -> None:
    """Pay what is owed with tokens held here."""
    if amount:
        ask(host, SYNC, token)
        tokens.transfer(host, token, MANAGER, amount)
        ask(host, SETTLE)


def take(host: Host, token: bytes, to: bytes, amount: int) -> None:
    """Have what is due paid out."""
    if amount:
        ask(host, TAKE, token, to, amount)
