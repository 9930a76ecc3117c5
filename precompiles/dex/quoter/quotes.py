"""The four questions of v4's quoter, over any way to swap. Knows no host and no storage.

The casts are the quoter's own: an amount of 2**127 or more turns into its opposite, there and here.
"""

from collections.abc import Callable, Sequence

from ... import abi
from ..pool_manager import math
from ..pool_manager.hooks import POOL_KEY, Key, KeyFields, SwapFields, key_of
from ..pool_manager.layout import UINT128_MASK
from ..pool_manager.pool import Delta

HOPS_MAX = 8
HOOK_DATA_MAX = 1_024

PATH_KEY = abi.struct(
    "PathKey(address intermediateCurrency, uint24 fee, int24 tickSpacing, address hooks,"
    " bytes hookData)",
    {"hookData": HOOK_DATA_MAX},
)
SINGLE = abi.struct(
    "QuoteExactSingleParams(PoolKey poolKey, bool zeroForOne, uint128 exactAmount, bytes hookData)",
    {"hookData": HOOK_DATA_MAX},
    (POOL_KEY,),
)
ROUTE = abi.struct(
    "QuoteExactParams(address exactCurrency, PathKey[] path, uint128 exactAmount)",
    {"path": HOPS_MAX},
    (PATH_KEY,),
)
STRUCTS = (POOL_KEY, PATH_KEY, SINGLE, ROUTE)

SingleFields = tuple[KeyFields, bool, int, bytes]
PathFields = tuple[bytes, int, int, bytes, bytes]
RouteFields = tuple[bytes, Sequence[PathFields], int]

Swapper = Callable[[Key, SwapFields, bytes], Delta]
"""What makes a swap, or says what one would do."""

NOT_ENOUGH_LIQUIDITY = abi.error("NotEnoughLiquidity(bytes32 poolId)")


def exact_input_single(swap: Swapper, params: SingleFields) -> int:
    """Return what comes out for an amount that goes in."""
    fields, zero_for_one, amount, data = params
    delta = one_swap(swap, key_of(fields), zero_for_one, -math.signed(amount, 128), data)
    return received(delta, zero_for_one)


def exact_output_single(swap: Swapper, params: SingleFields) -> int:
    """Return what goes in for an amount that comes out."""
    fields, zero_for_one, amount, data = params
    return paid(one_swap(swap, key_of(fields), zero_for_one, amount, data), zero_for_one)


def exact_input(swap: Swapper, params: RouteFields) -> int:
    """Return what comes out at the end of a path, each swap taking what the one before gave."""
    currency, path, amount = params
    for hop in path:
        key, zero_for_one = pool_on_path(hop, currency)
        delta = one_swap(swap, key, zero_for_one, -math.signed(amount, 128), hop[4])
        amount, currency = received(delta, zero_for_one), hop[0]
    return amount


def exact_output(swap: Swapper, params: RouteFields) -> int:
    """Return what goes in at the beginning of a path, each swap giving what the next one takes."""
    currency, path, amount = params
    for hop in reversed(path):
        key, one_for_zero = pool_on_path(hop, currency)
        delta = one_swap(swap, key, not one_for_zero, amount, hop[4])
        amount, currency = paid(delta, not one_for_zero), hop[0]
    return amount


def pools_of_single(params: SingleFields) -> list[Key]:
    """Return the pool that is asked about."""
    return [key_of(params[0])]


def pools_of_input(params: RouteFields) -> list[Key]:
    """Return the pools of a path that is walked forwards."""
    return pools_of_path(params[0], params[1])


def pools_of_output(params: RouteFields) -> list[Key]:
    """Return the pools of a path that is walked backwards."""
    return pools_of_path(params[0], params[1][::-1])


def pools_of_path(currency: bytes, hops: Sequence[PathFields]) -> list[Key]:
    """Return the pools between a currency and each next one."""
    keys = []
    for hop in hops:
        keys.append(pool_on_path(hop, currency)[0])
        currency = hop[0]
    return keys


def pool_on_path(hop: PathFields, currency: bytes) -> tuple[Key, bool]:
    """Return the pool between two currencies, and whether the first given is its first."""
    first, second = sorted((currency, hop[0]))
    return key_of((first, second, *hop[1:4])), currency == first


def one_swap(swap: Swapper, key: Key, zero_for_one: bool, amount: int, data: bytes) -> Delta:
    """Swap without a limit; all of the amount that was named must move."""
    limit = math.MIN_SQRT_PRICE + 1 if zero_for_one else math.MAX_SQRT_PRICE - 1
    delta = swap(key, (zero_for_one, amount, limit), data)
    if delta[0 if zero_for_one == (amount < 0) else 1] != amount:
        raise NOT_ENOUGH_LIQUIDITY(key.pool_id)
    return delta


def received(delta: Delta, zero_for_one: bool) -> int:
    """Return what a swap gave."""
    return delta[1 if zero_for_one else 0] & UINT128_MASK


def paid(delta: Delta, zero_for_one: bool) -> int:
    """Return what a swap took."""
    return -delta[0 if zero_for_one else 1] & UINT128_MASK
