"""The pool manager's arithmetic: values that Uniswap's tests publish, and exact fractions.

The published values are those of `test/libraries/` and `test/Tick.t.sol` of @uniswap/v4-core 1.0.2.
"""

import random
from collections.abc import Callable
from fractions import Fraction
from math import isqrt

import pytest
from eth_utils import keccak
from hypothesis import example, given
from hypothesis import strategies as st

from precompiles.abi import Revert
from precompiles.dex.pool_manager import layout, math

MIN_TICK, MAX_TICK = -887272, 887272
MIN_PRICE, MAX_PRICE = 4295128739, 1461446703485210103287273052203988822378723970342
ONE = 1 << 96
ETHER = 10**18
PRICE_121_100, PRICE_101_100 = 87150978765690771352898345369, 79623317895830914510639640423
UINT128, UINT160, UINT256 = (1 << 128) - 1, (1 << 160) - 1, (1 << 256) - 1


def refusal(name: str, act: Callable[[], object]) -> None:
    with pytest.raises(Revert) as caught:
        act()
    assert caught.value.data[:4] == (keccak(text=name)[:4] if name else b"")


def floor(value: Fraction) -> int:
    return value.numerator // value.denominator


def ceil(value: Fraction) -> int:
    return -floor(-value)


# --- Ticks ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tick", "price"),
    [
        (MIN_TICK, MIN_PRICE),
        (MIN_TICK + 1, 4295343490),
        (0, ONE),
        (MAX_TICK - 1, 1461373636630004318706518188784493106690254656249),
        (MAX_TICK, MAX_PRICE),
    ],
)
def test_published_prices_of_ticks(tick: int, price: int) -> None:
    assert math.sqrt_price_at_tick(tick) == price
    if tick < MAX_TICK:
        assert math.tick_at_sqrt_price(price) == tick
        assert math.tick_at_sqrt_price(price + 1) == tick
    if tick > MIN_TICK:
        assert math.tick_at_sqrt_price(price - 1) == tick - 1


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1, -(1 << 23), (1 << 23) - 1])
def test_ticks_out_of_range(tick: int) -> None:
    refusal("InvalidTick(int24)", lambda: math.sqrt_price_at_tick(tick))


@pytest.mark.parametrize("price", [0, MIN_PRICE - 1, MAX_PRICE, UINT160])
def test_prices_out_of_range(price: int) -> None:
    refusal("InvalidSqrtPrice(uint160)", lambda: math.tick_at_sqrt_price(price))


def test_the_factors_are_rounded_powers() -> None:
    """Each to the nearest integer, from 600 bits of 1.0001."""
    scale = 1 << 600
    power = Fraction(10001, 10000)
    inverse = scale * power.denominator // power.numerator
    for factor in math.FACTORS:
        root = isqrt(inverse * scale)
        assert factor == (root + (1 << 471)) >> 472
        inverse = inverse * inverse // scale


@given(st.integers(MIN_TICK, MAX_TICK))
def test_a_price_is_near_the_power(tick: int) -> None:
    """Within one part in 10^6, as Uniswap's own test demands of its twin in another language."""
    square = Fraction(math.sqrt_price_at_tick(tick), ONE) ** 2
    bits = 400
    power = pow_fixed(abs(tick), bits)
    exact = Fraction(power, 1 << bits) if tick >= 0 else Fraction(1 << bits, power)
    assert abs(square / exact - 1) < Fraction(1, 10**6)


def pow_fixed(exponent: int, bits: int) -> int:
    result, base = 1 << bits, (10001 << bits) // 10000
    while exponent:
        if exponent & 1:
            result = result * base >> bits
        base = base * base >> bits
        exponent >>= 1
    return result


def bisected(price: int) -> int:
    """The greatest tick whose price is at most this one."""
    low, high = MIN_TICK, MAX_TICK
    while low < high:
        middle = (low + high + 1) // 2
        if math.sqrt_price_at_tick(middle) <= price:
            low = middle
        else:
            high = middle - 1
    return low


@given(st.integers(MIN_TICK, MAX_TICK - 1), st.integers(-2, 2))
@example(MIN_TICK, 0)
@example(MAX_TICK - 1, 2)
def test_the_tick_of_a_price_at_the_edges_of_ticks(tick: int, beside: int) -> None:
    price = min(max(math.sqrt_price_at_tick(tick) + beside, MIN_PRICE), MAX_PRICE - 1)
    assert math.tick_at_sqrt_price(price) == bisected(price)


@given(st.integers(MIN_PRICE, MAX_PRICE - 1), st.integers(0, 127))
def test_the_tick_of_any_price(price: int, shift: int) -> None:
    price = max(price >> shift, MIN_PRICE)
    assert math.tick_at_sqrt_price(price) == bisected(price)


def test_ticks_rise_with_prices() -> None:
    draw = random.Random(1)
    ticks = sorted(draw.sample(range(MIN_TICK, MAX_TICK), 2_000))
    prices = [math.sqrt_price_at_tick(tick) for tick in ticks]
    assert prices == sorted(set(prices))
    assert [math.tick_at_sqrt_price(price) for price in prices] == ticks


@pytest.mark.parametrize(
    ("spacing", "most"),
    [
        (10, 1917559095893846719543856547154045),
        (60, 11505354575363080317263139282924270),
        (200, 38345995821606768476828330790147420),
        (1, 191757530477355301479181766273477),
        (32767, 6076470837873901133274546561281575204),
        (887272, UINT128 // 3),
        (2302, 440780268032303709149448973357212709),
    ],
)
def test_published_liquidity_per_tick(spacing: int, most: int) -> None:
    assert math.max_liquidity_per_tick(spacing) == most


def test_liquidity_must_fit() -> None:
    assert math.add_liquidity(1, 0) == 1
    assert math.add_liquidity(1, -1) == 0
    assert math.add_liquidity(UINT128 - 1, 1) == UINT128
    for liquidity, change in ((0, -1), (3, -4), (UINT128, 1), (1 << 127, 1 << 127)):
        refusal("SafeCastOverflow()", lambda x=liquidity, y=change: math.add_liquidity(x, y))


# --- Prices and amounts ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("price", "liquidity", "amount", "zero_for_one", "reached"),
    [
        (1, 1, 1 << 255, True, 1),
        (ONE, 1, 0, True, ONE),
        (ONE, 1, 0, False, ONE),
        (ONE, ETHER, ETHER // 10, False, PRICE_121_100),
        (ONE, ETHER, ETHER // 10, True, 72025602285694852357767227579),
        (ONE, 10 * ETHER, 1 << 100, True, 624999999995069620),
        (ONE, 1, UINT256 // 2, True, 1),
    ],
)
def test_published_prices_after_an_input(
    price: int, liquidity: int, amount: int, zero_for_one: bool, reached: int
) -> None:
    found = math.next_price_by_input(price, liquidity, amount, zero_for_one=zero_for_one)
    assert found == reached


@pytest.mark.parametrize(
    ("price", "liquidity", "amount", "zero_for_one", "reached"),
    [
        (20282409603651670423947251286016, 1024, 262143, True, 77371252455336267181195264),
        (ONE, ETHER // 10, 0, True, ONE),
        (ONE, ETHER // 10, 0, False, ONE),
        (ONE, ETHER, ETHER // 10, False, 88031291682515930659493278152),
        (ONE, ETHER, ETHER // 10, True, 71305346262837903834189555302),
    ],
)
def test_published_prices_after_an_output(
    price: int, liquidity: int, amount: int, zero_for_one: bool, reached: int
) -> None:
    found = math.next_price_by_output(price, liquidity, amount, zero_for_one=zero_for_one)
    assert found == reached


VIRTUAL = 20282409603651670423947251286016


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (
            lambda: math.next_price_by_input(0, 0, 1, zero_for_one=False),
            "InvalidPriceOrLiquidity()",
        ),
        (lambda: math.next_price_by_input(1, 0, 1, zero_for_one=True), "InvalidPriceOrLiquidity()"),
        (
            lambda: math.next_price_by_input(UINT160 - 1, 1024, 1024, zero_for_one=False),
            "SafeCastOverflow()",
        ),
        (
            lambda: math.next_price_by_output(0, 1, 1, zero_for_one=False),
            "InvalidPriceOrLiquidity()",
        ),
        (
            lambda: math.next_price_by_output(1, 0, 1, zero_for_one=True),
            "InvalidPriceOrLiquidity()",
        ),
        (
            lambda: math.next_price_by_output(VIRTUAL, 1024, 4, zero_for_one=False),
            "PriceOverflow()",
        ),
        (
            lambda: math.next_price_by_output(VIRTUAL, 1024, 5, zero_for_one=False),
            "PriceOverflow()",
        ),
        (
            lambda: math.next_price_by_output(VIRTUAL, 1024, 262145, zero_for_one=True),
            "NotEnoughLiquidity()",
        ),
        (
            lambda: math.next_price_by_output(VIRTUAL, 1024, 262144, zero_for_one=True),
            "NotEnoughLiquidity()",
        ),
        (lambda: math.next_price_by_output(ONE, 1, UINT256, zero_for_one=True), ""),
        (lambda: math.next_price_by_output(ONE, 1, UINT256, zero_for_one=False), "PriceOverflow()"),
        (lambda: math.next_price_by_input(ONE, 1, UINT256, zero_for_one=False), ""),
        (lambda: math.amount0_between(0, 1, 1, up=True), "InvalidPrice()"),
        (lambda: math.mul_div(1, 1, 0), ""),
        (lambda: math.mul_div_up(1, 1, 0), ""),
        (lambda: math.mul_div(UINT256, UINT256, UINT256 - 1), ""),
        (lambda: math.mul_div_up(UINT256, UINT256 - 1, UINT256 - 2), ""),
    ],
)
def test_published_refusals(act: Callable[[], object], error: str) -> None:
    refusal(error, act)


def test_published_amounts() -> None:
    up = math.amount0_between(ONE, PRICE_121_100, ETHER, up=True)
    assert up == 90909090909090910
    assert math.amount0_between(PRICE_121_100, ONE, ETHER, up=False) == up - 1
    up = math.amount1_between(ONE, PRICE_121_100, ETHER, up=True)
    assert up == 100000000000000000
    assert math.amount1_between(PRICE_121_100, ONE, ETHER, up=False) == up - 1
    far = (
        2787593149816327892691964784081045188247552,
        22300745198530623141535718272648361505980416,
    )
    up = math.amount0_between(*far, ETHER, up=True)
    assert up == math.amount0_between(*far, ETHER, up=False) + 1
    # A published case in which a swap's input is rounded up over a very long way.
    price = 1025574284609383690408304870162715216695788925244
    after = 1025574284609383582644711336373707553698163132913
    found = math.next_price_by_input(
        price, 50015962439936049619261659728067971248, 406, zero_for_one=True
    )
    assert found == after
    assert (
        math.amount0_between(after, price, 50015962439936049619261659728067971248, up=True) == 406
    )


prices = st.integers(MIN_PRICE, MAX_PRICE - 1).flatmap(
    lambda price: st.integers(0, 127).map(lambda shift: max(price >> shift, MIN_PRICE))
)
liquidities = st.integers(0, 127).flatmap(lambda bits: st.integers(0, 1 << bits))


@given(prices, prices, liquidities)
def test_amounts_are_exact_fractions_rounded_once(one: int, other: int, liquidity: int) -> None:
    low, high = sorted((one, other))
    scaled = liquidity * ONE
    exact1 = Fraction(liquidity * (high - low), ONE)
    assert math.amount1_between(one, other, liquidity, up=False) == floor(exact1)
    assert math.amount1_between(one, other, liquidity, up=True) == ceil(exact1)
    # The division by the upper price is rounded by itself.
    inner = Fraction(scaled * (high - low), high)
    assert math.amount0_between(one, other, liquidity, up=False) == floor(
        Fraction(floor(inner), low)
    )
    assert math.amount0_between(one, other, liquidity, up=True) == ceil(Fraction(ceil(inner), low))


@given(st.integers(0, UINT256), st.integers(0, UINT256), st.integers(1, UINT256))
@example(UINT256, UINT256, UINT256)
def test_products_are_divided_in_full(a: int, b: int, denominator: int) -> None:
    exact = Fraction(a * b, denominator)
    for function, rounded in ((math.mul_div, floor(exact)), (math.mul_div_up, ceil(exact))):
        if rounded > UINT256:
            refusal("", lambda f=function: f(a, b, denominator))
        else:
            assert function(a, b, denominator) == rounded


# --- Swap steps -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (
            (ONE, PRICE_101_100, 2 * ETHER, -ETHER, 600),
            (PRICE_101_100, 9975124224178055, 9925619580021728, 5988667735148),
        ),
        (
            (ONE, PRICE_101_100, 2 * ETHER, ETHER, 600),
            (PRICE_101_100, 9975124224178055, 9925619580021728, 5988667735148),
        ),
        (
            (ONE, 250541448375047931186413801569, 2 * ETHER, -ETHER, 600),
            (None, 999400000000000000, 666399946655997866, 600000000000000),
        ),
        (
            (ONE, 792281625142643375935439503360, 2 * ETHER, ETHER, 600),
            (None, 2000000000000000000, ETHER, 1200720432259356),
        ),
        (
            (
                417332158212080721273783715441582,
                1452870262520218020823638996,
                159344665391607089467575320103,
                1,
                1,
            ),
            (417332158212080721273783715441581, 1, 1, 1),
        ),
        (
            (2, 1, 1, -3915081100057732413702495386755767, 1),
            (1, 39614081257132168796771975168, 0, 39614120871253040049813),
        ),
        (
            (2413, 79887613182836312, 1985041575832132834610021537970, -10, 1872),
            (2413, 9, 0, 1),
        ),
        ((VIRTUAL, VIRTUAL * 11 // 10, 1024, 4, 3000), (VIRTUAL * 11 // 10, 26215, 0, 79)),
        ((VIRTUAL, VIRTUAL * 9 // 10, 1024, 263000, 3000), (VIRTUAL * 9 // 10, 1, 26214, 1)),
    ],
)
def test_published_steps(
    arguments: tuple[int, int, int, int, int], expected: tuple[int | None, int, int, int]
) -> None:
    reached, *amounts = math.swap_step(*arguments)
    assert tuple(amounts) == expected[1:]
    if expected[0] is not None:
        assert reached == expected[0]


@given(
    prices,
    prices,
    liquidities,
    st.integers(-(1 << 255), (1 << 255) - 1),
    st.integers(0, 1_000_000),
    st.integers(0, 255),
)
def test_a_step_neither_gives_away_nor_overshoots(
    price: int, target: int, liquidity: int, remaining: int, fee: int, shift: int
) -> None:
    remaining = -(-remaining >> shift) if remaining < 0 else remaining >> shift
    fee = min(fee, 999_999) if remaining >= 0 else fee
    reached, amount_in, amount_out, paid = math.swap_step(price, target, liquidity, remaining, fee)
    low, high = sorted((price, target))
    assert low <= reached <= high
    if remaining < 0:
        assert amount_in + paid <= -remaining
        assert reached == target or amount_in + paid == -remaining
    else:
        assert amount_out <= remaining
        assert reached == target or amount_out == remaining
    # Exact value of what moved, between the two prices.
    first, second = sorted((price, reached))
    exact0 = Fraction(liquidity * ONE * (second - first), first * second)
    exact1 = Fraction(liquidity * (second - first), ONE)
    value_in, value_out = (exact0, exact1) if price >= target else (exact1, exact0)
    assert amount_in >= value_in
    assert amount_out <= value_out
    if fee < 1_000_000:
        assert paid >= Fraction(amount_in * fee, 1_000_000 - fee)


# --- Layout ---------------------------------------------------------------------------------


def test_the_transient_slots_are_the_published_ones() -> None:
    assert layout.UNLOCKED == 0xC090FC4683624CFC3884E9D8DE5ECA132F2D0EC062AFF75D43C0465D5CEEAB23
    assert (
        layout.NONZERO_DELTA_COUNT
        == 0x7D4B3164C6E45B97E7D87B7125A44C5828D005AF88F9D751CFD78729C5D99A0B
    )
    assert layout.RESERVES_OF == 0x1E0745A7DB1623981F0B2A5D4232364C00787266EB75AD546F190E6CEBE9BD95
    assert layout.CURRENCY == 0x27E098C505D44EC3574004BCA052AABF76BD35004C182099D8C575FB238593B9


@given(
    st.integers(0, UINT160),
    st.integers(MIN_TICK, MAX_TICK),
    st.integers(0, (1 << 24) - 1),
    st.integers(0, (1 << 24) - 1),
)
def test_slot0_packs_and_unpacks(price: int, tick: int, protocol: int, fee: int) -> None:
    slot0 = layout.Slot0(sqrt_price=price, tick=tick, protocol_fee=protocol, lp_fee=fee)
    word = slot0.pack()
    assert layout.unpack_slot0(word) == slot0
    # From high to low: 24 empty bits, the fee, both protocol fees, the tick, the price.
    text = f"{fee:06x}{protocol:06x}{tick % (1 << 24):06x}{price:040x}"
    assert f"{word:064x}" == "000000" + text


@given(
    st.integers(-(1 << 127), (1 << 127) - 1),
    st.integers(-(1 << 127), (1 << 127) - 1),
)
def test_deltas_pack_and_unpack(amount0: int, amount1: int) -> None:
    packed = layout.pack_delta(amount0, amount1)
    assert -(1 << 255) <= packed < 1 << 255
    assert layout.unpack_delta(packed) == (amount0, amount1)
    assert layout.unpack_delta(packed % (1 << 256)) == (amount0, amount1)
