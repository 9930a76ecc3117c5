"""One pool: its price, its ticks, its positions and the fees they earn.

Every function works on the storage of the pool manager as a `Store` shows it, so that a quote can
run the same code over a copy. Knows no currency, no caller and no hook.
"""

from dataclasses import dataclass
from typing import Protocol

from ...storage import Read
from . import errors, layout, math
from .layout import Slot0

STEP_GAS = 1_200
CROSS_GAS = 700

Delta = tuple[int, int]
"""Amounts of currency0 and currency1, from the view of who is not the pool: negative is to pay."""

ZERO_DELTA: Delta = (0, 0)
OVERRIDE_FEE_FLAG = 0x40_0000
MAX_PROTOCOL_FEE = 1_000


class Store(Protocol):
    """The storage of the pool manager, and who takes gas for work that is counted on the way."""

    def load(self, slot: int) -> int:
        """Return the word at `slot`."""
        ...

    def store(self, slot: int, value: int) -> None:
        """Write `value` at `slot`."""
        ...

    def charge(self, gas: int, reason: str) -> None:
        """Take gas."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Swap:
    """What a swap asks of a pool. `fee_override` is a fee with its flag, or 0."""

    spacing: int
    zero_for_one: bool
    amount: int
    price_limit: int
    fee_override: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Swapped:
    """What a swap did, and where it left the pool."""

    delta: Delta
    to_protocol: int
    fee: int
    sqrt_price: int
    tick: int
    liquidity: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of the liquidity of a position; 0 only collects its fees."""

    owner: bytes
    lower: int
    upper: int
    liquidity: int
    spacing: int
    salt: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """A position as it was last touched."""

    liquidity: int
    growth_inside: tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """A tick that a position ends at."""

    liquidity_gross: int
    liquidity_net: int
    growth_outside: tuple[int, int]


# --- Reading --------------------------------------------------------------------------------


def read_slot0(read: Read, pool: int) -> Slot0:
    """Return the price, the tick and the fees of a pool; all zero where there is none."""
    return layout.unpack_slot0(read(pool))


def read_liquidity(read: Read, pool: int) -> int:
    """Return the liquidity at the present price."""
    return read(layout.offset(pool, layout.LIQUIDITY))


def read_growth(read: Read, pool: int) -> tuple[int, int]:
    """Return the fees that a unit of liquidity has earned since the beginning."""
    first = layout.offset(pool, layout.FEE_GROWTH_0)
    return read(first), read(layout.offset(pool, layout.FEE_GROWTH_1))


def read_tick(read: Read, pool: int, tick: int) -> Tick:
    """Return a tick."""
    gross, net = layout.unpack_tick(read(layout.tick_slot(pool, tick)))
    outside = read_growth_outside(read, pool, tick)
    return Tick(liquidity_gross=gross, liquidity_net=net, growth_outside=outside)


def read_growth_outside(read: Read, pool: int, tick: int) -> tuple[int, int]:
    """Return the growth on the side of a tick where the price is not."""
    slot = layout.tick_slot(pool, tick)
    return (
        read(layout.offset(slot, layout.GROWTH_0)),
        read(layout.offset(slot, layout.GROWTH_1)),
    )


def read_position(
    read: Read, pool: int, owner: bytes, lower: int, upper: int, salt: bytes
) -> Position:
    """Return a position."""
    slot = layout.position_slot(pool, owner, lower, upper, salt)
    return Position(
        liquidity=read(slot) & layout.UINT128_MASK,
        growth_inside=(
            read(layout.offset(slot, layout.GROWTH_0)),
            read(layout.offset(slot, layout.GROWTH_1)),
        ),
    )


def read_growth_inside(read: Read, pool: int, tick: int, lower: int, upper: int) -> tuple[int, int]:
    """Return the growth between two ticks, `tick` being the present one.

    It wraps, and only the difference of two such readings means anything.
    """
    outside_lower = read_growth_outside(read, pool, lower)
    outside_upper = read_growth_outside(read, pool, upper)
    if tick < lower:
        pairs = zip(outside_lower, outside_upper, strict=True)
        inside = [below - above for below, above in pairs]
    elif tick >= upper:
        pairs = zip(outside_lower, outside_upper, strict=True)
        inside = [above - below for below, above in pairs]
    else:
        sides = zip(read_growth(read, pool), outside_lower, outside_upper, strict=True)
        inside = [total - below - above for total, below, above in sides]
    return inside[0] & layout.WORD_MASK, inside[1] & layout.WORD_MASK


def require_initialized(slot0: Slot0) -> Slot0:
    """Refuse a pool that has no price yet."""
    if slot0.sqrt_price == 0:
        raise errors.POOL_NOT_INITIALIZED()
    return slot0


# --- Setting up -----------------------------------------------------------------------------


def initialize(store: Store, pool: int, sqrt_price: int, lp_fee: int) -> int:
    """Give a new pool its price; return its tick."""
    if read_slot0(store.load, pool).sqrt_price:
        raise errors.POOL_ALREADY_INITIALIZED()
    tick = math.tick_at_sqrt_price(sqrt_price)
    slot0 = Slot0(sqrt_price=sqrt_price, tick=tick, protocol_fee=0, lp_fee=lp_fee)
    store.store(pool, slot0.pack())
    return tick


def set_protocol_fee(store: Store, pool: int, fee: int) -> None:
    """Set both protocol fees."""
    found = require_initialized(read_slot0(store.load, pool))
    changed = Slot0(
        sqrt_price=found.sqrt_price, tick=found.tick, protocol_fee=fee, lp_fee=found.lp_fee
    )
    store.store(pool, changed.pack())


def set_lp_fee(store: Store, pool: int, fee: int) -> None:
    """Set the fee that goes to liquidity."""
    found = require_initialized(read_slot0(store.load, pool))
    changed = Slot0(
        sqrt_price=found.sqrt_price, tick=found.tick, protocol_fee=found.protocol_fee, lp_fee=fee
    )
    store.store(pool, changed.pack())


def donate(store: Store, pool: int, amount0: int, amount1: int) -> Delta:
    """Give amounts to the liquidity at the present price."""
    liquidity = read_liquidity(store.load, pool)
    if liquidity == 0:
        raise errors.NO_LIQUIDITY_TO_RECEIVE_FEES()
    delta = -math.to_int128(amount0), -math.to_int128(amount1)
    for distance, amount in ((layout.FEE_GROWTH_0, amount0), (layout.FEE_GROWTH_1, amount1)):
        if amount:
            slot = layout.offset(pool, distance)
            store.store(slot, grown(store.load(slot), amount, liquidity))
    return delta


def grown(growth: int, amount: int, liquidity: int) -> int:
    """Return the growth after an amount is shared out; what leaves 256 bits is lost, as in v4."""
    shared = (amount << math.Q128_BITS & layout.WORD_MASK) // liquidity
    return growth + shared & layout.WORD_MASK


# --- Liquidity ------------------------------------------------------------------------------


def modify_liquidity(store: Store, pool: int, change: Change) -> tuple[Delta, Delta]:
    """Change a position; return what its liquidity is worth, and the fees it had earned."""
    lower, upper = change.lower, change.upper
    check_ticks(lower, upper)
    slot0 = read_slot0(store.load, pool)
    flipped: list[int] = []
    if change.liquidity:
        flipped = update_ticks(store, pool, change, slot0.tick)
    inside = read_growth_inside(store.load, pool, slot0.tick, lower, upper)
    fees = update_position(store, pool, change, inside)
    if change.liquidity < 0:
        for tick in flipped:
            slot = layout.tick_slot(pool, tick)
            for distance in (0, layout.GROWTH_0, layout.GROWTH_1):
                store.store(layout.offset(slot, distance), 0)
    return move_liquidity(store, pool, change, slot0), fees


def check_ticks(lower: int, upper: int) -> None:
    """Refuse ends that are out of order or out of range."""
    if lower >= upper:
        raise errors.TICKS_MISORDERED(lower, upper)
    if lower < math.MIN_TICK:
        raise errors.TICK_LOWER_OUT_OF_BOUNDS(lower)
    if upper > math.MAX_TICK:
        raise errors.TICK_UPPER_OUT_OF_BOUNDS(upper)


def update_ticks(store: Store, pool: int, change: Change, current: int) -> list[int]:
    """Enter a change at both ends; return the ends that came into use or out of it."""
    ends = (change.lower, change.liquidity), (change.upper, -change.liquidity)
    updated = [update_tick(store, pool, change, end, current) for end in ends]
    if change.liquidity > 0:
        allowed = math.max_liquidity_per_tick(change.spacing)
        for (tick, _), (_, gross) in zip(ends, updated, strict=True):
            if gross > allowed:
                raise errors.TICK_LIQUIDITY_OVERFLOW(tick)
    flipped = [tick for (tick, _), (flips, _) in zip(ends, updated, strict=True) if flips]
    for tick in flipped:
        flip_tick(store, pool, tick, change.spacing)
    return flipped


def update_tick(
    store: Store, pool: int, change: Change, end: tuple[int, int], current: int
) -> tuple[bool, int]:
    """Enter a change at one end; return whether that flips its use, and its gross liquidity."""
    tick, crossing = end
    slot = layout.tick_slot(pool, tick)
    gross, net = layout.unpack_tick(store.load(slot))
    after = math.add_liquidity(gross, change.liquidity)
    if gross == 0 and tick <= current:
        # By convention all growth so far was below a tick that comes into use.
        growth0, growth1 = read_growth(store.load, pool)
        store.store(layout.offset(slot, layout.GROWTH_0), growth0)
        store.store(layout.offset(slot, layout.GROWTH_1), growth1)
    net += crossing
    if not ~math.INT128_MAX <= net <= math.INT128_MAX:
        raise errors.OVERFLOW
    store.store(slot, (net << 128 & layout.WORD_MASK) | after)
    return (gross == 0) != (after == 0), after


def flip_tick(store: Store, pool: int, tick: int, spacing: int) -> None:
    """Mark a tick as in use, or no longer so."""
    if tick % spacing:
        raise errors.TICK_MISALIGNED(tick, spacing)
    number = tick // spacing
    slot = layout.bitmap_slot(pool, number >> 8)
    store.store(slot, store.load(slot) ^ 1 << (number & 0xFF))


def update_position(store: Store, pool: int, change: Change, inside: tuple[int, int]) -> Delta:
    """Enter a change in the position; return the fees it earned since it was last touched."""
    slot = layout.position_slot(pool, change.owner, change.lower, change.upper, change.salt)
    liquidity = store.load(slot) & layout.UINT128_MASK
    if change.liquidity:
        store.store(slot, math.add_liquidity(liquidity, change.liquidity))
    elif liquidity == 0:
        raise errors.CANNOT_UPDATE_EMPTY_POSITION()
    fees = []
    for distance, growth in zip((layout.GROWTH_0, layout.GROWTH_1), inside, strict=True):
        last = layout.offset(slot, distance)
        earned = growth - store.load(last) & layout.WORD_MASK
        fees.append(earned * liquidity >> math.Q128_BITS)
        store.store(last, growth)
    return math.to_int128(fees[0]), math.to_int128(fees[1])


def move_liquidity(store: Store, pool: int, change: Change, slot0: Slot0) -> Delta:
    """Return what a change takes from its owner or gives back; enter it where the price is."""
    if change.liquidity == 0:
        return ZERO_DELTA
    low, high = math.sqrt_price_at_tick(change.lower), math.sqrt_price_at_tick(change.upper)
    if slot0.tick < change.lower:
        return owed(math.amount0_between, low, high, change.liquidity), 0
    if slot0.tick >= change.upper:
        return 0, owed(math.amount1_between, low, high, change.liquidity)
    price = slot0.sqrt_price
    delta = (
        owed(math.amount0_between, price, high, change.liquidity),
        owed(math.amount1_between, low, price, change.liquidity),
    )
    slot = layout.offset(pool, layout.LIQUIDITY)
    store.store(slot, math.add_liquidity(store.load(slot), change.liquidity))
    return delta


class Between(Protocol):
    """Either of the two functions that give the amount between two prices."""

    def __call__(self, one: int, other: int, liquidity: int, *, up: bool) -> int:
        """Return the amount."""
        ...


def owed(between: Between, low: int, high: int, liquidity: int) -> int:
    """Return an amount in favour of the pool: what comes in rounds up, what goes out down."""
    if liquidity < 0:
        return math.to_int128(between(low, high, -liquidity, up=False))
    return math.to_int128(-between(low, high, liquidity, up=True))


# --- Swaps ----------------------------------------------------------------------------------


def swap(store: Store, pool: int, request: Swap) -> Swapped:
    """Move the price until an amount is used up or the limit is reached."""
    slot0 = read_slot0(store.load, pool)
    zero_for_one, amount, limit = request.zero_for_one, request.amount, request.price_limit
    protocol_fee = slot0.protocol_fee & 0xFFF if zero_for_one else slot0.protocol_fee >> 12
    fee = total_fee(protocol_fee, lp_fee_of(slot0, request.fee_override))
    if fee >= math.FEE_UNIT and amount > 0:
        raise errors.INVALID_FEE_FOR_EXACT_OUT()
    liquidity = read_liquidity(store.load, pool)
    if amount == 0:
        return Swapped(
            delta=ZERO_DELTA,
            to_protocol=0,
            fee=fee,
            sqrt_price=slot0.sqrt_price,
            tick=slot0.tick,
            liquidity=liquidity,
        )
    check_limit(slot0.sqrt_price, limit, zero_for_one=zero_for_one)
    growth_slot = layout.offset(pool, layout.FEE_GROWTH_0 if zero_for_one else layout.FEE_GROWTH_1)
    walk = Walk(
        price=slot0.sqrt_price,
        tick=slot0.tick,
        liquidity=liquidity,
        remaining=amount,
        calculated=0,
        to_protocol=0,
        growth=store.load(growth_slot),
    )
    while walk.remaining and walk.price != limit:
        store.charge(STEP_GAS, "swap step")
        step(store, pool, request, walk, fee, protocol_fee)
    moved = Slot0(
        sqrt_price=walk.price,
        tick=walk.tick,
        protocol_fee=slot0.protocol_fee,
        lp_fee=slot0.lp_fee,
    )
    store.store(pool, moved.pack())
    if walk.liquidity != liquidity:
        store.store(layout.offset(pool, layout.LIQUIDITY), walk.liquidity)
    store.store(growth_slot, walk.growth)
    specified, other = math.to_int128(amount - walk.remaining), math.to_int128(walk.calculated)
    return Swapped(
        delta=(specified, other) if zero_for_one == (amount < 0) else (other, specified),
        to_protocol=walk.to_protocol,
        fee=fee,
        sqrt_price=walk.price,
        tick=walk.tick,
        liquidity=walk.liquidity,
    )


@dataclass(slots=True, kw_only=True)
class Walk:
    """Where a swap has come to. `growth` is that of the currency that comes in."""

    price: int
    tick: int
    liquidity: int
    remaining: int
    calculated: int
    to_protocol: int
    growth: int


def step(store: Store, pool: int, request: Swap, walk: Walk, fee: int, protocol_fee: int) -> None:
    """Swap up to the next tick in use, or to the end of a word of the bitmap, or to the limit."""
    zero_for_one, start = request.zero_for_one, walk.price
    ahead, in_use = next_tick(store.load, pool, walk.tick, request.spacing, down=zero_for_one)
    ahead = max(ahead, math.MIN_TICK) if zero_for_one else min(ahead, math.MAX_TICK)
    price_ahead = math.sqrt_price_at_tick(ahead)
    choose = max if zero_for_one else min
    target = choose(price_ahead, request.price_limit)
    walk.price, amount_in, amount_out, paid = math.swap_step(
        start, target, walk.liquidity, walk.remaining, fee
    )
    if request.amount > 0:
        walk.remaining -= amount_out
        walk.calculated -= amount_in + paid
    else:
        walk.remaining += amount_in + paid
        walk.calculated += amount_out
    if protocol_fee:
        # Where liquidity takes no fee, the rounding too belongs to the protocol.
        share = (amount_in + paid) * protocol_fee // math.FEE_UNIT
        share = paid if fee == protocol_fee else share
        walk.to_protocol += share
        paid -= share
    if walk.liquidity:
        walk.growth = grown(walk.growth, paid, walk.liquidity)
    if walk.price == price_ahead:
        if in_use:
            store.charge(CROSS_GAS, "tick crossed")
            net = cross(store, pool, ahead, walk.growth, zero_for_one=zero_for_one)
            walk.liquidity = math.add_liquidity(walk.liquidity, net)
        # At a tick that was crossed downwards the price is below it, as far as ticks go.
        walk.tick = ahead - 1 if zero_for_one else ahead
    elif walk.price != start:
        walk.tick = math.tick_at_sqrt_price(walk.price)


def cross(store: Store, pool: int, tick: int, growth: int, *, zero_for_one: bool) -> int:
    """Turn what a tick calls outside to its other side; return the liquidity that this adds."""
    other = layout.FEE_GROWTH_1 if zero_for_one else layout.FEE_GROWTH_0
    beside = store.load(layout.offset(pool, other))
    slot = layout.tick_slot(pool, tick)
    totals = (growth, beside) if zero_for_one else (beside, growth)
    for distance, total in zip((layout.GROWTH_0, layout.GROWTH_1), totals, strict=True):
        outside = layout.offset(slot, distance)
        store.store(outside, total - store.load(outside) & layout.WORD_MASK)
    _, net = layout.unpack_tick(store.load(slot))
    return -net if zero_for_one else net


def next_tick(read: Read, pool: int, tick: int, spacing: int, *, down: bool) -> tuple[int, bool]:
    """Return the next tick in use within one word of the bitmap; else the last of the word."""
    number = tick // spacing if down else tick // spacing + 1
    place, bit = number >> 8, number & 0xFF
    word = read(layout.bitmap_slot(pool, place))
    if down:
        word &= (2 << bit) - 1
        found = word.bit_length() - 1 if word else 0
    else:
        word = word >> bit << bit
        found = (word & -word).bit_length() - 1 if word else 0xFF
    return ((place << 8) + found) * spacing, word != 0


def lp_fee_of(slot0: Slot0, override: int) -> int:
    """Return the fee for liquidity that a swap pays."""
    if not override & OVERRIDE_FEE_FLAG:
        return slot0.lp_fee
    return valid_lp_fee(override & ~OVERRIDE_FEE_FLAG)


def valid_lp_fee(fee: int) -> int:
    """Return a fee that is at most all of the amount."""
    if fee > math.FEE_UNIT:
        raise errors.LP_FEE_TOO_LARGE(fee)
    return fee


def total_fee(protocol_fee: int, lp_fee: int) -> int:
    """Return what a swap pays: first the protocol's part, then the liquidity's of what is left."""
    return protocol_fee + lp_fee - protocol_fee * lp_fee // math.FEE_UNIT


def check_limit(price: int, limit: int, *, zero_for_one: bool) -> None:
    """Refuse a limit that lies behind the price, or at the end of all prices."""
    if limit >= price if zero_for_one else limit <= price:
        raise errors.PRICE_LIMIT_ALREADY_EXCEEDED(price, limit)
    if limit <= math.MIN_SQRT_PRICE if zero_for_one else limit >= math.MAX_SQRT_PRICE:
        raise errors.PRICE_LIMIT_OUT_OF_BOUNDS(limit)
