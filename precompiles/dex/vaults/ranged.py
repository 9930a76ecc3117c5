"""Vaults that hold liquidity between two ticks of a pool. Knows no session and no token calls.

Layout, behind the first slot of a vault:

    B + 1       currency0 (128 bits) and currency1 (128) that are held beside the position
    B + 2       liquidity of the position (128) | when fees were last added to it (64) at 128
    B + 3       the other token (160) | fee (24) | tick spacing (24) | lower tick (24) | upper (24)
    B + 4       the pool's hook

A share is a part of all three: of the liquidity and of each currency beside it. Nobody's price
decides what a share is worth: who joins brings each of the three in proportion, rounded up, and who
leaves gets each in proportion, rounded down. So none of them ever falls for those who stay,
whatever somebody does to the price of the pool meanwhile.
"""

from dataclasses import dataclass, replace

from ... import abi
from ...precompile import Host
from ...storage import Read
from ..hooks import flags
from ..pool_manager import layout, math, pool
from ..pool_manager.hooks import KeyFields, key_of
from . import book
from .book import Vault, divided
from .pool_calls import MANAGER, Range

BESIDE, LIQUIDITY, PLACE, HOOK = 1, 2, 3, 4

COMPOUND_PART = 64
"""Fees are added for at most one 64th of the position at a time,"""
COMPOUND_SECONDS = 60
"""and once in so many seconds.

Liquidity that is added at a price which somebody has pushed aside loses when the price returns. To
push and return costs fees on all liquidity, and what can be won is a part of what was added.
"""

LIQUIDITY_FLAGS = (
    flags.BEFORE_ADD_LIQUIDITY
    | flags.AFTER_ADD_LIQUIDITY
    | flags.BEFORE_REMOVE_LIQUIDITY
    | flags.AFTER_REMOVE_LIQUIDITY
    | flags.AFTER_ADD_LIQUIDITY_RETURNS_DELTA
    | flags.AFTER_REMOVE_LIQUIDITY_RETURNS_DELTA
)
"""Of hooks that are called when liquidity changes: they could keep it, or change what it costs."""

NOT_RANGED = abi.error("NotRanged(uint256 id)")
ASSET_NOT_IN_POOL = abi.error("AssetNotInPool(address asset)")
INVALID_RANGE = abi.error("InvalidRange(int24 tickLower, int24 tickUpper)")
HOOK_NOT_ALLOWED = abi.error("HookNotAllowed(address hook)")
NO_POOL = abi.error("NoPool(bytes32 poolId)")

ERRORS = (NOT_RANGED, ASSET_NOT_IN_POOL, INVALID_RANGE, HOOK_NOT_ALLOWED, NO_POOL)

Amounts = tuple[int, int]
"""Of currency0 and of currency1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """What a vault holds: liquidity, and currencies beside it."""

    liquidity: int
    beside: Amounts
    compounded: int

    def earning(self, fees: Amounts) -> "Basket":
        """Return it with fees put beside."""
        return replace(self, beside=(self.beside[0] + fees[0], self.beside[1] + fees[1]))

    def part(self, shares: int, supply: int, *, up: bool) -> tuple[int, Amounts]:
        """Return the liquidity and the amounts that so many of all shares are."""
        first, second = (divided(each * shares, supply, up=up) for each in self.beside)
        return divided(self.liquidity * shares, supply, up=up), (first, second)


def check_range(host: Host, asset: bytes, key: KeyFields, lower: int, upper: int) -> None:
    """Refuse what no vault can hold liquidity in."""
    if asset not in key[:2]:
        raise ASSET_NOT_IN_POOL(asset)
    if flags.of(key[4]) & LIQUIDITY_FLAGS:
        raise HOOK_NOT_ALLOWED(key[4])
    pool_id = key_of(key).pool_id
    if not pool.read_slot0(reader(host), layout.pool_slot(pool_id)).sqrt_price:
        raise NO_POOL(pool_id)
    inside = math.MIN_TICK <= lower < upper <= math.MAX_TICK
    if not inside or lower % key[3] or upper % key[3]:
        raise INVALID_RANGE(lower, upper)


def reader(host: Host) -> Read:
    """Return what reads a word of the pool manager."""
    return lambda slot: host.storage_of(MANAGER, slot)


def write_place(host: Host, vault: Vault, key: KeyFields, lower: int, upper: int) -> None:
    """Write in which range of which pool a new vault holds its liquidity."""
    other = key[1] if key[0] == vault.asset else key[0]
    word = int.from_bytes(other, "big")
    for shift, value in ((160, key[2]), (184, key[3]), (208, lower), (232, upper)):
        word |= (value & layout.UINT24_MASK) << shift
    host.store(slot_of(vault, PLACE), word)
    host.store(slot_of(vault, HOOK), int.from_bytes(key[4], "big"))


def place_of(host: Host, vault: Vault) -> Range:
    """Return the position of a vault."""
    word = host.load(slot_of(vault, PLACE))
    other = (word & book.ADDRESS_MASK).to_bytes(20, "big")
    first, second = sorted((vault.asset, other))
    fee, spacing = word >> 160 & layout.UINT24_MASK, word >> 184 & layout.UINT24_MASK
    hook = host.load(slot_of(vault, HOOK)).to_bytes(20, "big")
    return Range(
        key=(first, second, fee, spacing, hook),
        lower=math.signed(word >> 208, 24),
        upper=math.signed(word >> 232, 24),
        salt=vault.identifier.to_bytes(32, "big"),
    )


def basket_of(host: Host, vault: Vault) -> Basket:
    """Return what a vault holds, without the fees that it has not collected."""
    beside, liquidity = host.load(slot_of(vault, BESIDE)), host.load(slot_of(vault, LIQUIDITY))
    return Basket(
        liquidity=liquidity & layout.UINT128_MASK,
        beside=(beside & layout.UINT128_MASK, beside >> 128),
        compounded=liquidity >> 128,
    )


def write_basket(host: Host, vault: Vault, basket: Basket) -> None:
    """Write what a vault holds."""
    first, second = (math.to_int128(each) for each in basket.beside)
    host.store(slot_of(vault, BESIDE), second << 128 | first)
    word = basket.compounded << 128 | math.to_int128(basket.liquidity)
    host.store(slot_of(vault, LIQUIDITY), word)


def slot_of(vault: Vault, distance: int) -> int:
    """Return a slot of a vault."""
    return vault.slot + distance & book.WORD_MASK


def worth(host: Host, place: Range, liquidity: int) -> Amounts:
    """Return what so much liquidity costs at the present price, rounded up."""
    slot0 = pool.read_slot0(reader(host), layout.pool_slot(key_of(place.key).pool_id))
    low, high = math.sqrt_price_at_tick(place.lower), math.sqrt_price_at_tick(place.upper)
    price = min(max(slot0.sqrt_price, low), high)
    return (
        math.amount0_between(price, high, liquidity, up=True),
        math.amount1_between(low, price, liquidity, up=True),
    )


def affordable(host: Host, place: Range, amounts: Amounts) -> int:
    """Return the most liquidity that amounts pay for at the present price."""
    slot0 = pool.read_slot0(reader(host), layout.pool_slot(key_of(place.key).pool_id))
    low, high = math.sqrt_price_at_tick(place.lower), math.sqrt_price_at_tick(place.upper)
    price = min(max(slot0.sqrt_price, low), high)
    limits = []
    if price < high:
        # One less of each, for the pool rounds what it takes up.
        limits.append(max(amounts[0] - 1, 0) * price * high // (high - price) >> 96)
    if price > low:
        limits.append((max(amounts[1] - 1, 0) << 96) // (price - low))
    return min(limits)
