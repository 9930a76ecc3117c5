"""Tick, price and swap arithmetic in plain integers, exact as v4 rounds it.

Prices are square roots as Q64.96, fees are millionths. Every argument is in the range of its
Solidity type; where a result may leave its type, the function refuses as v4 does. Knows no state.
"""

from functools import lru_cache

from ...abi import Revert
from . import errors
from .errors import NO_DATA

MIN_TICK, MAX_TICK = -887_272, 887_272
MIN_SQRT_PRICE = 4295128739
MAX_SQRT_PRICE = 1461446703485210103287273052203988822378723970342
MIN_TICK_SPACING, MAX_TICK_SPACING = 1, (1 << 15) - 1

FEE_UNIT = 1_000_000
Q96_BITS, Q128_BITS = 96, 128
UINT128_MAX = (1 << 128) - 1
UINT160_MAX = (1 << 160) - 1
UINT256_MAX = (1 << 256) - 1
INT128_MAX = (1 << 127) - 1

# 2^128 / 1.0001^(2^i / 2), to the nearest integer.
FACTORS = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)

LOG_BITS = 14
"""Digits of the logarithm that are computed: an error below one tick."""
TICKS_PER_OCTAVE = 255738958999603826347141
"""1 / log2(sqrt(1.0001)) as Q.64."""
LOG_ERROR = 3402992956809132418596140100660247210
"""0.01 tick as Q.128: more than the product of a truncated logarithm can be too large by."""


# --- Ticks ----------------------------------------------------------------------------------


@lru_cache(maxsize=8192)
def sqrt_price_at_tick(tick: int) -> int:
    """Return the price of a tick, rounded up."""
    size = abs(tick)
    if size > MAX_TICK:
        raise errors.INVALID_TICK(tick)
    ratio = 1 << 128
    for factor in FACTORS:
        if size & 1:
            ratio = ratio * factor >> 128
        size >>= 1
    if tick > 0:
        ratio = UINT256_MAX // ratio
    return -(-ratio >> 32)


def tick_at_sqrt_price(price: int) -> int:
    """Return the greatest tick whose price is at most this one."""
    if not MIN_SQRT_PRICE <= price < MAX_SQRT_PRICE:
        raise errors.INVALID_SQRT_PRICE(price)
    bits = price.bit_length()
    mantissa = price << 128 - bits if bits <= 128 else price >> bits - 128
    logarithm = bits - 1 - Q96_BITS
    for _ in range(LOG_BITS):
        mantissa = mantissa * mantissa >> 127
        carry = mantissa >> 128
        logarithm = logarithm << 1 | carry
        mantissa >>= carry
    # The estimate is below the true value, by less than one tick.
    low = ((logarithm << 64 - LOG_BITS) * TICKS_PER_OCTAVE - LOG_ERROR) >> 128
    return low + 1 if low < MAX_TICK and sqrt_price_at_tick(low + 1) <= price else low


def max_liquidity_per_tick(spacing: int) -> int:
    """Return how much liquidity may refer to one tick, so that all ticks together fit."""
    return UINT128_MAX // (MAX_TICK // spacing - MIN_TICK // spacing + 1)


def add_liquidity(liquidity: int, change: int) -> int:
    """Return the liquidity after a change."""
    result = liquidity + change
    if not 0 <= result <= UINT128_MAX:
        raise errors.SAFE_CAST_OVERFLOW()
    return result


# --- Amounts --------------------------------------------------------------------------------


def mul_div(a: int, b: int, denominator: int) -> int:
    """Return a * b / denominator, rounded down, of the full product."""
    if denominator == 0 or (result := a * b // denominator) > UINT256_MAX:
        raise Revert(NO_DATA)
    return result


def mul_div_up(a: int, b: int, denominator: int) -> int:
    """Return a * b / denominator, rounded up, of the full product."""
    if denominator == 0 or (result := -(-a * b // denominator)) > UINT256_MAX:
        raise Revert(NO_DATA)
    return result


def amount0_between(one: int, other: int, liquidity: int, *, up: bool) -> int:
    """Return the currency0 that liquidity holds between two prices."""
    low, high = (one, other) if one <= other else (other, one)
    if low == 0:
        raise errors.INVALID_PRICE()
    product = (liquidity << Q96_BITS) * (high - low)
    if not up:
        return product // high // low
    above = -(-product // high)
    return -(-above // low)


def amount1_between(one: int, other: int, liquidity: int, *, up: bool) -> int:
    """Return the currency1 that liquidity holds between two prices."""
    product = liquidity * abs(one - other)
    return -(-product >> Q96_BITS) if up else product >> Q96_BITS


def next_price_by_amount0(price: int, liquidity: int, amount: int, *, add: bool) -> int:
    """Return the price after currency0 came in or went out, rounded up."""
    if amount == 0:
        return price
    scaled = liquidity << Q96_BITS
    product = amount * price
    if add:
        if product <= UINT256_MAX and scaled + product <= UINT256_MAX:
            return -(-scaled * price // (scaled + product))
        denominator = scaled // price + amount
        if denominator > UINT256_MAX:
            raise errors.OVERFLOW
        return -(-scaled // denominator)
    if product > UINT256_MAX or scaled <= product:
        raise errors.PRICE_OVERFLOW()
    return to_uint160(mul_div_up(scaled, price, scaled - product))


def next_price_by_amount1(price: int, liquidity: int, amount: int, *, add: bool) -> int:
    """Return the price after currency1 came in or went out, rounded down."""
    if add:
        quotient = mul_div(amount, 1 << Q96_BITS, liquidity)
        if price + quotient > UINT256_MAX:
            raise errors.OVERFLOW
        return to_uint160(price + quotient)
    quotient = mul_div_up(amount, 1 << Q96_BITS, liquidity)
    if price <= quotient:
        raise errors.NOT_ENOUGH_LIQUIDITY()
    return price - quotient


def next_price_by_input(price: int, liquidity: int, amount: int, *, zero_for_one: bool) -> int:
    """Return the price after an input, never beyond what it pays for."""
    if price == 0 or liquidity == 0:
        raise errors.INVALID_PRICE_OR_LIQUIDITY()
    if zero_for_one:
        return next_price_by_amount0(price, liquidity, amount, add=True)
    return next_price_by_amount1(price, liquidity, amount, add=True)


def next_price_by_output(price: int, liquidity: int, amount: int, *, zero_for_one: bool) -> int:
    """Return the price after an output, never short of what it takes."""
    if price == 0 or liquidity == 0:
        raise errors.INVALID_PRICE_OR_LIQUIDITY()
    if zero_for_one:
        return next_price_by_amount1(price, liquidity, amount, add=False)
    return next_price_by_amount0(price, liquidity, amount, add=False)


def swap_step(
    price: int, target: int, liquidity: int, remaining: int, fee: int
) -> tuple[int, int, int, int]:
    """Swap towards a target price: the price reached, amounts in and out, and the fee.

    `remaining` is negative for an exact input. The fee may be all of an input, never of an output.
    """
    zero_for_one = price >= target
    amount_in_of = amount0_between if zero_for_one else amount1_between
    amount_out_of = amount1_between if zero_for_one else amount0_between
    if remaining >= 0:
        amount_out = amount_out_of(target, price, liquidity, up=False)
        if remaining >= amount_out:
            reached = target
        else:
            amount_out = remaining
            reached = next_price_by_output(price, liquidity, amount_out, zero_for_one=zero_for_one)
        amount_in = amount_in_of(reached, price, liquidity, up=True)
        return reached, amount_in, amount_out, mul_div_up(amount_in, fee, FEE_UNIT - fee)
    less_fee = -remaining * (FEE_UNIT - fee) // FEE_UNIT
    amount_in = amount_in_of(target, price, liquidity, up=True)
    if less_fee >= amount_in:
        reached = target
        whole = fee == FEE_UNIT  # Then nothing is left to swap, and the amount in is zero.
        paid = amount_in if whole else mul_div_up(amount_in, fee, FEE_UNIT - fee)
    else:
        amount_in = less_fee
        reached = next_price_by_input(price, liquidity, less_fee, zero_for_one=zero_for_one)
        paid = -remaining - less_fee
    return reached, amount_in, amount_out_of(reached, price, liquidity, up=False), paid


# --- Casts ----------------------------------------------------------------------------------


def to_uint160(value: int) -> int:
    """Return an unsigned value that must fit 160 bits."""
    if value > UINT160_MAX:
        raise errors.SAFE_CAST_OVERFLOW()
    return value


def to_int128(value: int) -> int:
    """Return a value that must fit 128 bits with its sign."""
    if not ~INT128_MAX <= value <= INT128_MAX:
        raise errors.SAFE_CAST_OVERFLOW()
    return value


def signed(value: int, bits: int) -> int:
    """Return the number that the low bits mean in two's complement."""
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value
