"""What v4's state view tells: a pool's words, read from the pool manager's storage."""

from collections.abc import Callable
from typing import Any

from ...gas import Constant
from ...precompile import Call, Method, method
from ...storage import Read
from ..pool_manager import layout, pool
from .overlay import MANAGER


def reader(call: Call) -> Read:
    """Return what reads a word of the pool manager."""
    return lambda slot: call.host.storage_of(MANAGER, slot)


def slot0(call: Call, pool_id: bytes) -> tuple[int, int, int, int]:
    """Return the price, the tick and both fees."""
    found = pool.read_slot0(reader(call), layout.pool_slot(pool_id))
    return found.sqrt_price, found.tick, found.protocol_fee, found.lp_fee


def liquidity(call: Call, pool_id: bytes) -> int:
    """Return the liquidity at the present price."""
    return pool.read_liquidity(reader(call), layout.pool_slot(pool_id)) & layout.UINT128_MASK


def fee_growth(call: Call, pool_id: bytes) -> tuple[int, int]:
    """Return what a unit of liquidity has earned."""
    return pool.read_growth(reader(call), layout.pool_slot(pool_id))


def tick_info(call: Call, pool_id: bytes, tick: int) -> tuple[int, int, int, int]:
    """Return a tick."""
    found = pool.read_tick(reader(call), layout.pool_slot(pool_id), tick)
    return found.liquidity_gross, found.liquidity_net, *found.growth_outside


def tick_liquidity(call: Call, pool_id: bytes, tick: int) -> tuple[int, int]:
    """Return the liquidity of a tick."""
    slot = layout.tick_slot(layout.pool_slot(pool_id), tick)
    return layout.unpack_tick(reader(call)(slot))


def tick_growth(call: Call, pool_id: bytes, tick: int) -> tuple[int, int]:
    """Return the growth on the other side of a tick."""
    return pool.read_growth_outside(reader(call), layout.pool_slot(pool_id), tick)


def bitmap(call: Call, pool_id: bytes, word: int) -> int:
    """Return a word of the bitmap of ticks."""
    return reader(call)(layout.bitmap_slot(layout.pool_slot(pool_id), word))


def position(
    call: Call, pool_id: bytes, owner: bytes, lower: int, upper: int, salt: bytes
) -> tuple[int, int, int]:
    """Return a position by what makes its id."""
    where = layout.pool_slot(pool_id)
    found = pool.read_position(reader(call), where, owner, lower, upper, salt)
    return found.liquidity, *found.growth_inside


def position_by_id(call: Call, pool_id: bytes, position_id: bytes) -> tuple[int, int, int]:
    """Return a position."""
    read, slot = reader(call), position_slot(pool_id, position_id)
    growth = [read(layout.offset(slot, each)) for each in (layout.GROWTH_0, layout.GROWTH_1)]
    return read(slot) & layout.UINT128_MASK, growth[0], growth[1]


def position_liquidity(call: Call, pool_id: bytes, position_id: bytes) -> int:
    """Return the liquidity of a position."""
    return reader(call)(position_slot(pool_id, position_id)) & layout.UINT128_MASK


def position_slot(pool_id: bytes, position_id: bytes) -> int:
    """Return where the position with this id begins."""
    positions = layout.offset(layout.pool_slot(pool_id), layout.POSITIONS)
    return layout.mapped(int.from_bytes(position_id, "big"), positions)


def growth_inside(call: Call, pool_id: bytes, lower: int, upper: int) -> tuple[int, int]:
    """Return the growth between two ticks, as it is now."""
    read, slot = reader(call), layout.pool_slot(pool_id)
    return pool.read_growth_inside(read, slot, pool.read_slot0(read, slot).tick, lower, upper)


def manager(_: Call) -> bytes:
    """Return the pool manager."""
    return MANAGER


def reading(signature: str, gas: int, handler: Callable[..., Any], summary: str) -> Method:
    """Declare a method that only reads."""
    price = (Constant(amount=gas),)
    return method(signature, mutability="view", gas=price, handler=handler, summary=summary)


POOL = "bytes32 poolId"
GROWTHS = "uint256 feeGrowth0X128, uint256 feeGrowth1X128"
POSITION = "uint128 liquidity, uint256 feeGrowthInside0LastX128, uint256 feeGrowthInside1LastX128"

METHODS = (
    reading(
        f"getSlot0({POOL}) returns (uint160 sqrtPriceX96, int24 tick, uint24 protocolFee,"
        " uint24 lpFee)",
        400,
        slot0,
        "Return the price of a pool, its tick and its fees; zeros where there is no pool.",
    ),
    reading(
        f"getLiquidity({POOL}) returns (uint128 liquidity)",
        300,
        liquidity,
        "Return the liquidity at the present price.",
    ),
    reading(
        f"getFeeGrowthGlobals({POOL}) returns ({GROWTHS})",
        400,
        fee_growth,
        "Return the fees that a unit of liquidity has earned in each currency since the beginning.",
    ),
    reading(
        f"getTickInfo({POOL}, int24 tick) returns (uint128 liquidityGross, int128 liquidityNet,"
        f" {GROWTHS})",
        500,
        tick_info,
        "Return the liquidity of a tick, and the growth on its other side.",
    ),
    reading(
        f"getTickLiquidity({POOL}, int24 tick) returns (uint128 liquidityGross,"
        " int128 liquidityNet)",
        400,
        tick_liquidity,
        "Return the liquidity of a tick.",
    ),
    reading(
        f"getTickFeeGrowthOutside({POOL}, int24 tick) returns ({GROWTHS})",
        400,
        tick_growth,
        "Return the growth on the other side of a tick.",
    ),
    reading(
        f"getTickBitmap({POOL}, int16 tick) returns (uint256 tickBitmap)",
        400,
        bitmap,
        "Return a word of the bitmap: which of 256 ticks are in use.",
    ),
    reading(
        f"getPositionInfo({POOL}, address owner, int24 tickLower, int24 tickUpper, bytes32 salt)"
        f" returns ({POSITION})",
        700,
        position,
        "Return a position as it was last touched.",
    ),
    reading(
        f"getPositionInfo({POOL}, bytes32 positionId) returns ({POSITION})",
        600,
        position_by_id,
        "Return a position by its id, as it was last touched.",
    ),
    reading(
        f"getPositionLiquidity({POOL}, bytes32 positionId) returns (uint128 liquidity)",
        400,
        position_liquidity,
        "Return the liquidity of a position.",
    ),
    reading(
        f"getFeeGrowthInside({POOL}, int24 tickLower, int24 tickUpper) returns ({GROWTHS})",
        800,
        growth_inside,
        "Return the growth between two ticks, as it is now.",
    ),
    reading("poolManager() returns (address manager)", 50, manager, "Return 0x0400."),
)
