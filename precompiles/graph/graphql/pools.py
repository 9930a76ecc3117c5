"""Fields of the pools of 0x0400. A pool's storage does not tell its key, nor who has positions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...dex.pool_manager import layout, pool
from ...dex.pool_manager.contract import PRECOMPILE as POOL_MANAGER
from ...dex.pool_manager.math import MAX_TICK, MAX_TICK_SPACING, MIN_TICK
from ...storage import Foreign
from . import errors
from .answer import Reading, Resolver
from .plan import Planned

WORDS_MAX = 256
"""How many words of a bitmap one list of ticks may look at."""
BITMAP_WORD_GAS = 300
WORD_BITS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """A pool that has a price."""

    words: Foreign
    identifier: bytes
    slot: int
    slot0: layout.Slot0


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberedTick:
    """A tick with its number."""

    number: int
    found: pool.Tick


def pool_of(reading: Reading, _: Any, planned: Planned) -> Pool | None:
    """Resolve Query.pool."""
    identifier = planned.arguments["id"]
    words = Foreign(host=reading.call.host, address=POOL_MANAGER.address)
    slot = layout.pool_slot(identifier)
    slot0 = pool.read_slot0(words.load, slot)
    if not slot0.sqrt_price:
        return None
    return Pool(words=words, identifier=identifier, slot=slot, slot0=slot0)


def growth(side: int) -> Resolver:
    """Return what resolves the fees that a unit of liquidity has earned, of one currency."""
    return lambda _, found, __: pool.read_growth(found.words.load, found.slot)[side]


def liquidity(_: Reading, found: Pool, __: Planned) -> int:
    """Resolve Pool.liquidity."""
    return pool.read_liquidity(found.words.load, found.slot)


def tick_of(_: Reading, found: Pool, planned: Planned) -> NumberedTick:
    """Resolve Pool.tickAt."""
    return numbered(found, planned.arguments["tick"])


def numbered(found: Pool, number: int) -> NumberedTick:
    """Return a tick with its number."""
    return NumberedTick(number=number, found=pool.read_tick(found.words.load, found.slot, number))


def ticks(reading: Reading, found: Pool, planned: Planned) -> list[NumberedTick]:
    """Resolve Pool.ticks: those of a range at which positions end, the lowest first."""
    given = planned.arguments
    spacing = given["tickSpacing"]
    if not 1 <= spacing <= MAX_TICK_SPACING:
        raise errors.NOT_RESOLVED(planned.position, "tick spacing")
    lowest = -(-max(given["from"], MIN_TICK) // spacing)
    highest = min(given["to"], MAX_TICK) // spacing
    wanted = given["skip"] + given["first"]
    numbers: list[int] = []
    for number, word in enumerate(range(lowest // WORD_BITS, highest // WORD_BITS + 1)):
        if number == WORDS_MAX:
            raise errors.LIMIT("scan", WORDS_MAX)
        reading.call.host.charge(BITMAP_WORD_GAS, "bitmap")
        bits = found.words.load(layout.bitmap_slot(found.slot, word))
        while bits and len(numbers) < wanted:
            bit = (bits & -bits).bit_length() - 1
            bits &= bits - 1
            if lowest <= word * WORD_BITS + bit <= highest:
                numbers.append((word * WORD_BITS + bit) * spacing)
        if len(numbers) == wanted:
            break
    return [numbered(found, number) for number in numbers[given["skip"] :]]


def position(_: Reading, found: Pool, planned: Planned) -> pool.Position:
    """Resolve Pool.position."""
    given = planned.arguments
    return pool.read_position(
        found.words.load,
        found.slot,
        given["owner"],
        given["tickLower"],
        given["tickUpper"],
        given["salt"],
    )


RESOLVERS: Mapping[tuple[str, str], Resolver] = {
    ("Query", "pool"): pool_of,
    ("Pool", "id"): lambda _, found, __: found.identifier,
    ("Pool", "sqrtPriceX96"): lambda _, found, __: found.slot0.sqrt_price,
    ("Pool", "tick"): lambda _, found, __: found.slot0.tick,
    ("Pool", "protocolFee"): lambda _, found, __: found.slot0.protocol_fee,
    ("Pool", "lpFee"): lambda _, found, __: found.slot0.lp_fee,
    ("Pool", "liquidity"): liquidity,
    ("Pool", "feeGrowthGlobal0X128"): growth(0),
    ("Pool", "feeGrowthGlobal1X128"): growth(1),
    ("Pool", "tickAt"): tick_of,
    ("Pool", "ticks"): ticks,
    ("Pool", "position"): position,
    ("Tick", "tick"): lambda _, tick, __: tick.number,
    ("Tick", "liquidityGross"): lambda _, tick, __: tick.found.liquidity_gross,
    ("Tick", "liquidityNet"): lambda _, tick, __: tick.found.liquidity_net,
    ("Tick", "feeGrowthOutside0X128"): lambda _, tick, __: tick.found.growth_outside[0],
    ("Tick", "feeGrowthOutside1X128"): lambda _, tick, __: tick.found.growth_outside[1],
    ("Position", "liquidity"): lambda _, found, __: found.liquidity,
    ("Position", "feeGrowthInside0LastX128"): lambda _, found, __: found.growth_inside[0],
    ("Position", "feeGrowthInside1LastX128"): lambda _, found, __: found.growth_inside[1],
}
