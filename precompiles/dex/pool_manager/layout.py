"""Where v4 keeps its state: slots of storage and of transient storage, and packed words.

Whoever reads v4 through `extsload` counts on these. Knows no rule of a pool.
"""

from dataclasses import dataclass

from ...backends.keccak import keccak256
from .math import signed

OWNER = 0
PROTOCOL_FEES_ACCRUED = 1
PROTOCOL_FEE_CONTROLLER = 2
OPERATORS = 3
BALANCES = 4
ALLOWANCES = 5
POOLS = 6

# Within a pool.
FEE_GROWTH_0, FEE_GROWTH_1, LIQUIDITY, TICKS, BITMAP, POSITIONS = range(1, 7)

# Within a tick, which begins with its liquidity, and within a position, which does so too.
GROWTH_0, GROWTH_1 = 1, 2

WORD_MASK = (1 << 256) - 1
UINT24_MASK = (1 << 24) - 1
UINT128_MASK = (1 << 128) - 1
UINT160_MASK = (1 << 160) - 1


def named_slot(name: str) -> int:
    """Return the transient slot of a name."""
    return int.from_bytes(keccak256(name.encode()), "big") - 1


UNLOCKED = named_slot("Unlocked")
NONZERO_DELTA_COUNT = named_slot("NonzeroDeltaCount")
RESERVES_OF = named_slot("ReservesOf")
CURRENCY = named_slot("Currency")


def mapped(key: int, slot: int) -> int:
    """Return where a mapping at `slot` keeps the value of a key."""
    data = (key & WORD_MASK).to_bytes(32, "big") + slot.to_bytes(32, "big")
    return int.from_bytes(keccak256(data), "big")


def pool_slot(pool_id: bytes) -> int:
    """Return where a pool begins."""
    return mapped(int.from_bytes(pool_id, "big"), POOLS)


def offset(slot: int, distance: int) -> int:
    """Return the slot so many behind another."""
    return slot + distance & WORD_MASK


def tick_slot(pool: int, tick: int) -> int:
    """Return where a tick of a pool begins."""
    return mapped(tick, offset(pool, TICKS))


def bitmap_slot(pool: int, word: int) -> int:
    """Return where a word of a pool's bitmap is."""
    return mapped(word, offset(pool, BITMAP))


def position_slot(pool: int, owner: bytes, lower: int, upper: int, salt: bytes) -> int:
    """Return where a position of a pool begins."""
    ticks = b"".join((tick & UINT24_MASK).to_bytes(3, "big") for tick in (lower, upper))
    key = keccak256(owner + ticks + salt)
    return mapped(int.from_bytes(key, "big"), offset(pool, POSITIONS))


def delta_slot(currency: bytes, target: bytes) -> int:
    """Return the transient slot of what a target is owed in a currency."""
    return mapped(int.from_bytes(target, "big"), int.from_bytes(currency, "big"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot0:
    """The first word of a pool. `protocol_fee` holds two of 12 bits, the low one for 0 to 1."""

    sqrt_price: int
    tick: int
    protocol_fee: int
    lp_fee: int

    def pack(self) -> int:
        """Return the word."""
        return (
            self.lp_fee << 208
            | self.protocol_fee << 184
            | (self.tick & UINT24_MASK) << 160
            | self.sqrt_price
        )


def unpack_slot0(word: int) -> Slot0:
    """Return what the first word of a pool says."""
    return Slot0(
        sqrt_price=word & UINT160_MASK,
        tick=signed(word >> 160, 24),
        protocol_fee=word >> 184 & UINT24_MASK,
        lp_fee=word >> 208 & UINT24_MASK,
    )


def unpack_tick(word: int) -> tuple[int, int]:
    """Return the gross and the net liquidity of a tick."""
    return word & UINT128_MASK, signed(word >> 128, 128)


def pack_delta(amount0: int, amount1: int) -> int:
    """Return two amounts of 128 bits as one signed number of 256."""
    return amount0 << 128 | amount1 & UINT128_MASK


def unpack_delta(delta: int) -> tuple[int, int]:
    """Return the two amounts of a delta."""
    return signed(delta >> 128, 128), signed(delta, 128)
