"""What a ranged vault does while the pool manager is unlocked for it: join, leave, compound.

A method takes the lock, notes that a session is its own, and has the pool manager unlock. The
manager calls back, and the callback does the work: it is another frame, so all that it needs is in
the data. Only the manager is answered, only while a session is open, and only once in it.
"""

from collections.abc import Callable
from typing import Any

from ... import abi
from ...precompile import Call, Host
from .. import tokens
from ..hooks import flags
from ..pool_manager import layout, math, pool
from ..pool_manager.hooks import KeyFields, key_of
from ..quoter.overlay import Overlay
from . import book, plain, pool_calls, ranged, shares
from .book import HERE, Vault
from .pool_calls import MANAGER, Range
from .ranged import Amounts, Basket

SESSION = 1
"""The transient slot that is 1 between the call of `unlock` and its callback."""

AMOUNT_MAX = (1 << 127) - 1
"""The pool manager counts what somebody owes or is owed in 128 bits with a sign."""

NOT_POOL_MANAGER = abi.error("NotPoolManager()")
BEYOND_LIMIT = abi.error("BeyondLimit(uint256 amount, uint256 limit)")
EMPTY_VAULT = abi.error("EmptyVault(uint256 id)")
NOT_ENOUGH_LIQUIDITY = abi.error("NotEnoughLiquidity(bytes32 poolId)")
TOO_EARLY = abi.error("TooEarly(uint256 time)")

JOINED = abi.event(
    "Joined(uint256 indexed id, address indexed sender, address indexed owner, uint256 amount0,"
    " uint256 amount1, uint256 shares)"
)
LEFT = abi.event(
    "Left(uint256 indexed id, address indexed receiver, address indexed owner, uint256 amount0,"
    " uint256 amount1, uint256 shares)"
)
COMPOUNDED = abi.event("Compounded(uint256 indexed id, uint256 liquidity)")

ERRORS = (
    *ranged.ERRORS,
    NOT_POOL_MANAGER,
    BEYOND_LIMIT,
    EMPTY_VAULT,
    NOT_ENOUGH_LIQUIDITY,
    TOO_EARLY,
)
EVENTS = (JOINED, LEFT, COMPOUNDED)


# --- The methods ----------------------------------------------------------------------------


def create_ranged_vault(call: Call, asset: bytes, key: KeyFields, lower: int, upper: int) -> int:
    """Open a vault that holds liquidity between two ticks."""
    host = call.host
    for currency in key[:2]:
        plain.check_token(host, currency)
    ranged.check_range(host, asset, key, lower, upper)
    vault = book.create(host, asset, book.RANGED)
    ranged.write_place(host, vault, key, lower, upper)
    host.emit(*plain.CREATED.log(vault.identifier, asset, vault.kind))
    return vault.identifier


def join(
    call: Call, identifier: int, amount: int, maximum0: int, maximum1: int, receiver: bytes
) -> Amounts:
    """Bring what so many shares are, for so many new ones."""
    vault = ranged_vault(call.host, identifier)
    shares.check_receiver(receiver)
    plain.check_maximum(amount, AMOUNT_MAX)
    paid = run(call, JOIN, identifier, amount, maximum0, maximum1)
    credit(call, vault, receiver, paid[0], paid[1], amount)
    return paid[0], paid[1]


def join_with_asset(
    call: Call, identifier: int, assets: int, swapped: int, minimum: int, receiver: bytes
) -> int:
    """Bring the asset alone, a part of which is swapped for the other token first."""
    vault = ranged_vault(call.host, identifier)
    shares.check_receiver(receiver)
    plain.check_maximum(assets, AMOUNT_MAX)
    plain.check_maximum(swapped, assets)
    made, paid0, paid1 = run(call, JOIN_WITH_ASSET, identifier, assets, swapped)
    if made < minimum:
        raise BEYOND_LIMIT(made, minimum)
    credit(call, vault, receiver, paid0, paid1, made)
    return made


def leave(
    call: Call,
    identifier: int,
    amount: int,
    minimum0: int,
    minimum1: int,
    receiver: bytes,
    owner: bytes,
) -> Amounts:
    """Give shares back for what they are."""
    ranged_vault(call.host, identifier)
    shares.check_receiver(receiver)
    supply = supply_of(call.host, identifier)
    shares.burn(call, identifier, owner, amount)
    to = int.from_bytes(receiver, "big")
    out = run(call, LEAVE, identifier, amount, supply, to)
    for got, minimum in zip(out, (minimum0, minimum1), strict=True):
        if got < minimum:
            raise BEYOND_LIMIT(got, minimum)
    call.host.emit(*LEFT.log(identifier, receiver, owner, out[0], out[1], amount))
    book.leave(call.host)
    return out[0], out[1]


def leave_with_asset(
    call: Call, identifier: int, amount: int, minimum: int, receiver: bytes, owner: bytes
) -> int:
    """Give shares back for the asset alone, the other token being swapped for it."""
    vault = ranged_vault(call.host, identifier)
    shares.check_receiver(receiver)
    supply = supply_of(call.host, identifier)
    shares.burn(call, identifier, owner, amount)
    to = int.from_bytes(receiver, "big")
    (assets,) = run(call, LEAVE_WITH_ASSET, identifier, amount, supply, to)
    if assets < minimum:
        raise BEYOND_LIMIT(assets, minimum)
    first = ranged.place_of(call.host, vault).key[0] == vault.asset
    out = (assets, 0) if first else (0, assets)
    call.host.emit(*LEFT.log(identifier, receiver, owner, *out, amount))
    book.leave(call.host)
    return assets


def compound(call: Call, identifier: int) -> int:
    """Add earned fees to the position; anybody may."""
    vault = ranged_vault(call.host, identifier)
    last = ranged.basket_of(call.host, vault).compounded
    if call.context.timestamp < last + ranged.COMPOUND_SECONDS:
        raise TOO_EARLY(last + ranged.COMPOUND_SECONDS)
    supply_of(call.host, identifier)
    (added,) = run(call, COMPOUND, identifier)
    call.host.emit(*COMPOUNDED.log(identifier, added))
    book.leave(call.host)
    return added


def position(call: Call, identifier: int) -> tuple[object, ...]:
    """Return what a vault holds where."""
    vault = book.load(call.host, identifier)
    require_ranged(vault)
    place, basket = ranged.place_of(call.host, vault), ranged.basket_of(call.host, vault)
    return place.key, place.lower, place.upper, basket.liquidity, *basket.beside


def preview_leave(call: Call, identifier: int, amount: int) -> Amounts:
    """Return what `leave` would pay now."""
    _, _, _, amounts = simulated_leave(call, identifier, amount)
    return amounts


def preview_leave_with_asset(call: Call, identifier: int, amount: int) -> int:
    """Return what `leaveWithAsset` would pay now, if no hook takes part in swaps."""
    vault, place, overlay, amounts = simulated_leave(call, identifier, amount)
    key = key_of(place.key)
    if flags.has(key.hooks, flags.BEFORE_SWAP | flags.AFTER_SWAP):
        raise ranged.HOOK_NOT_ALLOWED(key.hooks)
    asset_first = place.key[0] == vault.asset
    own, other = (0, 1) if asset_first else (1, 0)
    if not amounts[other]:
        return amounts[own]
    limit = math.MAX_SQRT_PRICE - 1 if asset_first else math.MIN_SQRT_PRICE + 1
    request = pool.Swap(
        spacing=place.key[3],
        zero_for_one=not asset_first,
        amount=-amounts[other],
        price_limit=limit,
    )
    delta = pool.swap(overlay, layout.pool_slot(key.pool_id), request).delta
    if delta[other] != -amounts[other]:
        raise NOT_ENOUGH_LIQUIDITY(key.pool_id)
    return amounts[own] + delta[own]


def simulated_leave(
    call: Call, identifier: int, amount: int
) -> tuple[Vault, Range, Overlay, Amounts]:
    """Take the part of shares out of a copy of the pool; return the copy, and what comes out."""
    host = call.host
    vault = book.load(host, identifier)
    require_ranged(vault)
    supply = supply_of(host, identifier)
    plain.check_maximum(amount, supply)
    place, before = ranged.place_of(host, vault), ranged.basket_of(host, vault)
    removed, _ = before.part(amount, supply, up=False)
    overlay = Overlay(host)
    change = pool.Change(
        owner=HERE,
        lower=place.lower,
        upper=place.upper,
        liquidity=-removed,
        spacing=place.key[3],
        salt=place.salt,
    )
    slot = layout.pool_slot(key_of(place.key).pool_id)
    principal, fees = pool.modify_liquidity(overlay, slot, change)
    _, extra = before.earning(fees).part(amount, supply, up=False)
    return vault, place, overlay, (principal[0] + extra[0], principal[1] + extra[1])


def ranged_vault(host: Host, identifier: int) -> Vault:
    """Take the lock, and return a vault that must be ranged."""
    book.enter(host)
    vault = book.load(host, identifier)
    require_ranged(vault)
    return vault


def supply_of(host: Host, identifier: int) -> int:
    """Return the shares of a vault that must have some."""
    supply = shares.supply(host, identifier)
    if not supply:
        raise EMPTY_VAULT(identifier)
    return supply


def require_ranged(vault: Vault) -> None:
    """Refuse a vault that holds no liquidity."""
    if vault.kind != book.RANGED:
        raise ranged.NOT_RANGED(vault.identifier)


def credit(
    call: Call, vault: Vault, receiver: bytes, amount0: int, amount1: int, made: int
) -> None:
    """Make the shares that were paid for, and unlock."""
    shares.mint(call, vault.identifier, receiver, made)
    log = (vault.identifier, call.caller, receiver, amount0, amount1, made)
    call.host.emit(*JOINED.log(*log))
    book.leave(call.host)


# --- The session ----------------------------------------------------------------------------


def run(call: Call, action: int, *arguments: int) -> list[int]:
    """Do an action in an unlock, for the caller; return the numbers that it came to."""
    call.host.store_transient(SESSION, 1)
    words = (action, int.from_bytes(call.caller, "big"), *arguments)
    output = pool_calls.unlock(call.host, encoded(words))
    return numbers(output)


def unlock_callback(call: Call, data: bytes) -> bytes:
    """Do the action that the pool manager was unlocked for. Without data there is none."""
    if not data:
        return b""
    if call.caller != MANAGER or not call.host.load_transient(SESSION):
        raise NOT_POOL_MANAGER()
    call.host.store_transient(SESSION, 0)
    action, payer, identifier, *arguments = numbers(data)
    vault = book.load(call.host, identifier)
    result = ACTIONS[action](call, vault, payer.to_bytes(20, "big"), *arguments)
    return encoded(result)


def encoded(words: tuple[int, ...]) -> bytes:
    """Return numbers as words."""
    return b"".join(word.to_bytes(abi.WORD, "big") for word in words)


def numbers(data: bytes) -> list[int]:
    """Return words as numbers."""
    return [abi.read_word(data, start) for start in range(0, len(data), abi.WORD)]


def join_in_session(
    call: Call, vault: Vault, payer: bytes, made: int, maximum0: int, maximum1: int
) -> Amounts:
    """Add the liquidity of so many shares, and take from the payer what it costs."""
    place, before = ranged.place_of(call.host, vault), ranged.basket_of(call.host, vault)
    supply = shares.supply(call.host, vault.identifier)
    basket, principal, extra = add_part(call.host, place, before, made, supply)
    paid = principal[0] + extra[0], principal[1] + extra[1]
    for amount, maximum in zip(paid, (maximum0, maximum1), strict=True):
        if amount > maximum:
            raise BEYOND_LIMIT(amount, maximum)
    ranged.write_basket(call.host, vault, basket)
    for token, owed, more in zip(place.currencies, principal, extra, strict=True):
        pool_calls.pay_from(call.host, token, payer, owed)
        collect(call.host, token, payer, more)
    return paid


def add_part(
    host: Host, place: Range, basket: Basket, made: int, supply: int
) -> tuple[Basket, Amounts, Amounts]:
    """Add the liquidity of so many shares to a position.

    Returns the basket after it, what the liquidity costs, and what is to be put beside. The first
    share there ever is stands for one unit of liquidity.
    """
    added = book.divided(basket.liquidity * made, supply, up=True) if supply else made
    principal, fees = pool_calls.modify(host, place, math.to_int128(added))
    basket = basket.earning(collect_fees(host, place, fees))
    extra = basket.part(made, supply, up=True)[1] if supply else (0, 0)
    grown = Basket(
        liquidity=basket.liquidity + added,
        beside=(basket.beside[0] + extra[0], basket.beside[1] + extra[1]),
        compounded=basket.compounded,
    )
    return grown, (-principal[0], -principal[1]), extra


def join_with_asset_in_session(
    call: Call, vault: Vault, payer: bytes, assets: int, swapped: int
) -> tuple[int, int, int]:
    """Swap, then join for as many shares as both amounts pay for; return what is left."""
    host = call.host
    place, basket = ranged.place_of(host, vault), ranged.basket_of(host, vault)
    supply = supply_of(host, vault.identifier)
    asset_first = place.key[0] == vault.asset
    got = whole_swap(host, place, asset_first, swapped) if swapped else 0
    have = (assets - swapped, got) if asset_first else (got, assets - swapped)
    # Collected first, so that the shares are counted against all that there is.
    _, fees = pool_calls.modify(host, place, 0)
    basket = basket.earning(collect_fees(host, place, fees))
    made = payable_shares(host, place, basket, have, supply)
    basket, principal, extra = add_part(host, place, basket, made, supply)
    paid = principal[0] + extra[0], principal[1] + extra[1]
    for amount, available in zip(paid, have, strict=True):
        if amount > available:
            raise BEYOND_LIMIT(amount, available)
    ranged.write_basket(host, vault, basket)
    own, other = (0, 1) if asset_first else (1, 0)
    pool_calls.pay_from(host, vault.asset, payer, swapped + principal[own])
    collect(host, vault.asset, payer, extra[own])
    token = place.currencies[other]
    receive(host, token, extra[other])
    pool_calls.take(host, token, payer, got - paid[other])
    spent = swapped + paid[own]
    return (made, spent, 0) if asset_first else (made, 0, spent)


def payable_shares(host: Host, place: Range, basket: Basket, have: Amounts, supply: int) -> int:
    """Return a number of shares that amounts pay for, all roundings included.

    Two units of each amount are kept for the pool's rounding and ours, and two shares for that of
    the liquidity, of which there is at least one unit to a share.
    """
    worth = ranged.worth(host, place, basket.liquidity)
    wholes = (worth[0] + basket.beside[0], worth[1] + basket.beside[1])
    pairs = zip(have, wholes, strict=True)
    parts = [max(amount - 2, 0) * supply // whole for amount, whole in pairs if whole]
    return max(min(parts) - 2, 0)


def leave_in_session(
    call: Call, vault: Vault, _payer: bytes, amount: int, supply: int, to: int
) -> Amounts:
    """Take the liquidity of shares out, and pay it with what is beside it."""
    host, receiver = call.host, to.to_bytes(20, "big")
    place = ranged.place_of(host, vault)
    principal, extra = remove_part(host, vault, place, amount, supply)
    for token, due, more in zip(place.currencies, principal, extra, strict=True):
        pool_calls.take(host, token, receiver, due)
        if more:
            plain.pay(host, token, receiver, more)
    return principal[0] + extra[0], principal[1] + extra[1]


def leave_with_asset_in_session(
    call: Call, vault: Vault, _payer: bytes, amount: int, supply: int, to: int
) -> tuple[int]:
    """Take the liquidity of shares out, swap the other token, and pay the asset."""
    host, receiver = call.host, to.to_bytes(20, "big")
    place = ranged.place_of(host, vault)
    principal, extra = remove_part(host, vault, place, amount, supply)
    asset_first = place.key[0] == vault.asset
    own, other = (0, 1) if asset_first else (1, 0)
    swapped = principal[other] + extra[other]
    got = whole_swap(host, place, not asset_first, swapped) if swapped else 0
    pool_calls.pay(host, place.currencies[other], extra[other])
    pool_calls.take(host, vault.asset, receiver, principal[own] + got)
    if extra[own]:
        plain.pay(host, vault.asset, receiver, extra[own])
    return (principal[own] + extra[own] + got,)


def remove_part(
    host: Host, vault: Vault, place: Range, amount: int, supply: int
) -> tuple[Amounts, Amounts]:
    """Take the part of shares out of a basket; return what the liquidity gave, and the rest."""
    before = ranged.basket_of(host, vault)
    removed, _ = before.part(amount, supply, up=False)
    principal, fees = pool_calls.modify(host, place, -removed)
    basket = before.earning(collect_fees(host, place, fees))
    _, extra = basket.part(amount, supply, up=False)
    left = Basket(
        liquidity=basket.liquidity - removed,
        beside=(basket.beside[0] - extra[0], basket.beside[1] - extra[1]),
        compounded=basket.compounded,
    )
    ranged.write_basket(host, vault, left)
    return principal, extra


def compound_in_session(call: Call, vault: Vault, _payer: bytes) -> tuple[int]:
    """Collect fees, and add what of them becomes liquidity."""
    host = call.host
    place, before = ranged.place_of(host, vault), ranged.basket_of(host, vault)
    _, fees = pool_calls.modify(host, place, 0)
    basket = before.earning(collect_fees(host, place, fees))
    most = -(-basket.liquidity // ranged.COMPOUND_PART)
    added = min(ranged.affordable(host, place, basket.beside), most)
    cost: Amounts = (0, 0)
    if added:
        principal, _ = pool_calls.modify(host, place, added)
        cost = -principal[0], -principal[1]
    left = Basket(
        liquidity=basket.liquidity + added,
        beside=(basket.beside[0] - cost[0], basket.beside[1] - cost[1]),
        compounded=call.context.timestamp,
    )
    ranged.write_basket(host, vault, left)
    for token, owed in zip(place.currencies, cost, strict=True):
        pool_calls.pay(host, token, owed)
    return (added,)


ACTIONS: tuple[Callable[..., Any], ...] = (
    join_in_session,
    join_with_asset_in_session,
    leave_in_session,
    leave_with_asset_in_session,
    compound_in_session,
)
JOIN, JOIN_WITH_ASSET, LEAVE, LEAVE_WITH_ASSET, COMPOUND = range(len(ACTIONS))


# --- Tokens ---------------------------------------------------------------------------------


def whole_swap(host: Host, place: Range, zero_for_one: bool, amount: int) -> int:
    """Swap all of an amount in the vault's own pool; return what it gave."""
    delta = pool_calls.swap(host, place.key, zero_for_one, amount)
    named, asked = (0, 1) if zero_for_one else (1, 0)
    if delta[named] != -amount:
        raise NOT_ENOUGH_LIQUIDITY(key_of(place.key).pool_id)
    return delta[asked]


def collect_fees(host: Host, place: Range, fees: Amounts) -> Amounts:
    """Have the fees of a position paid out to here; return what arrived."""
    arrived = [
        receive_measured(host, token, amount)
        for token, amount in zip(place.currencies, fees, strict=True)
    ]
    return arrived[0], arrived[1]


def receive_measured(host: Host, token: bytes, amount: int) -> int:
    """Take what is due to here; a token may keep some of it on the way."""
    if not amount:
        return 0
    before = tokens.balance(host, token, HERE)
    pool_calls.take(host, token, HERE, amount)
    return min(max(tokens.balance(host, token, HERE) - before, 0), amount)


def receive(host: Host, token: bytes, amount: int) -> None:
    """Take what is due to here, all of which must arrive."""
    arrived = receive_measured(host, token, amount)
    if arrived != amount:
        raise plain.TRANSFER_MISMATCH(amount, arrived)


def collect(host: Host, token: bytes, payer: bytes, amount: int) -> None:
    """Take tokens of the payer to here, all of which must arrive."""
    if not amount:
        return
    before = tokens.balance(host, token, HERE)
    tokens.transfer_from(host, token, payer, HERE, amount)
    arrived = max(tokens.balance(host, token, HERE) - before, 0)
    if arrived < amount:
        raise plain.TRANSFER_MISMATCH(amount, arrived)
