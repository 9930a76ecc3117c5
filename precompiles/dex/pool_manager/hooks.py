"""Calls to the hook of a pool: whether, with what, and what its answer changes.

The low 14 bits of a hook's address say what it is called for. A hook is not called for what it
does itself. Knows how a hook is called, not what happens between the calls.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ... import abi
from ...backends.keccak import keccak256
from ...precompile import Call
from ..hooks import flags
from . import errors, layout, math
from .pool import ZERO_DELTA, Delta

DATA_MAX = 1 << 16
"""The most bytes that a caller may hand to a hook, or to itself through an unlock."""

POOL_KEY = abi.struct(
    "PoolKey(address currency0, address currency1, uint24 fee, int24 tickSpacing, address hooks)"
)
LIQUIDITY_PARAMS = abi.struct(
    "ModifyLiquidityParams(int24 tickLower, int24 tickUpper, int256 liquidityDelta, bytes32 salt)"
)
SWAP_PARAMS = abi.struct(
    "SwapParams(bool zeroForOne, int256 amountSpecified, uint160 sqrtPriceLimitX96)"
)
KeyFields = tuple[bytes, bytes, int, int, bytes]
LiquidityFields = tuple[int, int, int, bytes]
SwapFields = tuple[bool, int, int]
STRUCTS = (POOL_KEY, LIQUIDITY_PARAMS, SWAP_PARAMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What names a pool. `fields` are its own as the ABI has them, `pool_id` is their hash."""

    fields: KeyFields
    pool_id: bytes

    @property
    def currencies(self) -> tuple[bytes, bytes]:
        """The currencies of the pool, in order."""
        return self.fields[0], self.fields[1]

    @property
    def hooks(self) -> bytes:
        """The hook of the pool, or zero."""
        return self.fields[4]


def key_of(fields: KeyFields) -> Key:
    """Return the key with these fields."""
    return Key(fields=fields, pool_id=keccak256(POOL_KEY.type.encode(fields)))


def callback(signature: str) -> abi.Signature:
    """Return the signature of a call to a hook."""
    bounds = {"hookData": DATA_MAX} if "hookData" in signature else None
    return abi.parse_signature(signature, bounds, STRUCTS)


ON_BEFORE_INITIALIZE = callback("beforeInitialize(address sender, PoolKey key, uint160 price)")
ON_AFTER_INITIALIZE = callback(
    "afterInitialize(address sender, PoolKey key, uint160 price, int24 tick)"
)
LIQUIDITY_FIELDS = "address sender, PoolKey key, ModifyLiquidityParams params"
ON_BEFORE_ADD = callback(f"beforeAddLiquidity({LIQUIDITY_FIELDS}, bytes hookData)")
ON_BEFORE_REMOVE = callback(f"beforeRemoveLiquidity({LIQUIDITY_FIELDS}, bytes hookData)")
ON_AFTER_ADD = callback(
    f"afterAddLiquidity({LIQUIDITY_FIELDS}, int256 delta, int256 feesAccrued, bytes hookData)"
)
ON_AFTER_REMOVE = callback(
    f"afterRemoveLiquidity({LIQUIDITY_FIELDS}, int256 delta, int256 feesAccrued, bytes hookData)"
)
ON_BEFORE_SWAP = callback(
    "beforeSwap(address sender, PoolKey key, SwapParams params, bytes hookData)"
)
ON_AFTER_SWAP = callback(
    "afterSwap(address sender, PoolKey key, SwapParams params, int256 delta, bytes hookData)"
)
DONATE_FIELDS = "address sender, PoolKey key, uint256 amount0, uint256 amount1, bytes hookData"
ON_BEFORE_DONATE = callback(f"beforeDonate({DONATE_FIELDS})")
ON_AFTER_DONATE = callback(f"afterDonate({DONATE_FIELDS})")


def wants(call: Call, key: Key, flag: int) -> bool:
    """Return whether the hook of a pool is to be called."""
    return flags.has(key.hooks, flag) and call.caller != key.hooks


def ask(call: Call, key: Key, signature: abi.Signature, arguments: Sequence[Any]) -> bytes:
    """Call the hook, and return its answer, which begins with the selector it was called by."""
    data = signature.selector + abi.encode(signature.inputs, arguments)
    success, output = call.host.call(key.hooks, data)
    if not success:
        raise errors.wrapped(key.hooks, signature.selector, output, errors.HOOK_CALL_FAILED)
    if len(output) < abi.WORD or output[:4] != signature.selector:
        raise errors.INVALID_HOOK_RESPONSE()
    return output


def delta_in(output: bytes, size: int) -> int:
    """Return the word behind the selector, of an answer that must have this size."""
    if len(output) != size:
        raise errors.INVALID_HOOK_RESPONSE()
    return abi.read_word(output, abi.WORD)


def before_initialize(call: Call, key: Key, price: int) -> None:
    """Tell the hook that its pool is about to get a price."""
    if wants(call, key, flags.BEFORE_INITIALIZE):
        ask(call, key, ON_BEFORE_INITIALIZE, (call.caller, key.fields, price))


def after_initialize(call: Call, key: Key, price: int, tick: int) -> None:
    """Tell the hook that its pool has a price."""
    if wants(call, key, flags.AFTER_INITIALIZE):
        ask(call, key, ON_AFTER_INITIALIZE, (call.caller, key.fields, price, tick))


def before_modify_liquidity(call: Call, key: Key, params: LiquidityFields, data: bytes) -> None:
    """Tell the hook that liquidity is about to change."""
    added = params[2] > 0
    if wants(call, key, flags.BEFORE_ADD_LIQUIDITY if added else flags.BEFORE_REMOVE_LIQUIDITY):
        signature = ON_BEFORE_ADD if added else ON_BEFORE_REMOVE
        ask(call, key, signature, (call.caller, key.fields, params, data))


def after_modify_liquidity(
    call: Call, key: Key, params: LiquidityFields, deltas: tuple[Delta, Delta], data: bytes
) -> Delta:
    """Tell the hook what a change of liquidity came to; return what it takes for itself.

    `deltas` are the caller's, fees included, and the fees alone.
    """
    added = params[2] > 0
    if not wants(call, key, flags.AFTER_ADD_LIQUIDITY if added else flags.AFTER_REMOVE_LIQUIDITY):
        return ZERO_DELTA
    packed = (layout.pack_delta(*each) for each in deltas)
    signature = ON_AFTER_ADD if added else ON_AFTER_REMOVE
    output = ask(call, key, signature, (call.caller, key.fields, params, *packed, data))
    returns = (
        flags.AFTER_ADD_LIQUIDITY_RETURNS_DELTA
        if added
        else flags.AFTER_REMOVE_LIQUIDITY_RETURNS_DELTA
    )
    if not flags.has(key.hooks, returns):
        return ZERO_DELTA
    return layout.unpack_delta(delta_in(output, 64))


def before_swap(
    call: Call, key: Key, params: SwapFields, data: bytes
) -> tuple[int, tuple[int, int], int]:
    """Ask the hook before a swap.

    Returns the amount left to swap, what the hook takes of the specified and of the other
    currency, and the fee it sets, with its flag.
    """
    amount = params[1]
    if not wants(call, key, flags.BEFORE_SWAP):
        return amount, ZERO_DELTA, 0
    output = ask(call, key, ON_BEFORE_SWAP, (call.caller, key.fields, params, data))
    word = delta_in(output, 96)
    dynamic = key.fields[2] == flags.DYNAMIC_FEE
    fee = abi.read_word(output, 64) & layout.UINT24_MASK if dynamic else 0
    if not flags.has(key.hooks, flags.BEFORE_SWAP_RETURNS_DELTA):
        return amount, ZERO_DELTA, fee
    taken = layout.unpack_delta(word)
    left = amount + taken[0]
    if math.signed(left, 256) != left:
        raise errors.OVERFLOW
    if left > 0 if amount < 0 else left < 0:
        raise errors.HOOK_DELTA_EXCEEDS_SWAP_AMOUNT()
    return left, taken, fee


def after_swap(
    call: Call,
    key: Key,
    params: SwapFields,
    delta: Delta,
    data: bytes,
    taken: tuple[int, int],
) -> Delta:
    """Ask the hook after a swap; return what it takes in all, in the order of the currencies.

    `taken` is what it took before, of the specified and of the other currency.
    """
    specified, other = taken
    if wants(call, key, flags.AFTER_SWAP):
        arguments = (call.caller, key.fields, params, layout.pack_delta(*delta), data)
        output = ask(call, key, ON_AFTER_SWAP, arguments)
        if flags.has(key.hooks, flags.AFTER_SWAP_RETURNS_DELTA):
            other += math.to_int128(math.signed(delta_in(output, 64), 256))
            if math.signed(other, 128) != other:
                raise errors.OVERFLOW
    zero_for_one, amount, _ = params
    return (specified, other) if zero_for_one == (amount < 0) else (other, specified)


def before_donate(call: Call, key: Key, amounts: tuple[int, int], data: bytes) -> None:
    """Tell the hook that fees are about to be given to liquidity."""
    if wants(call, key, flags.BEFORE_DONATE):
        ask(call, key, ON_BEFORE_DONATE, (call.caller, key.fields, *amounts, data))


def after_donate(call: Call, key: Key, amounts: tuple[int, int], data: bytes) -> None:
    """Tell the hook that fees were given to liquidity."""
    if wants(call, key, flags.AFTER_DONATE):
        ask(call, key, ON_AFTER_DONATE, (call.caller, key.fields, *amounts, data))


def subtract(delta: Delta, hook_delta: Delta) -> Delta:
    """Return what is left to the caller after the hook has its part."""
    return (
        math.to_int128(delta[0] - hook_delta[0]),
        math.to_int128(delta[1] - hook_delta[1]),
    )
