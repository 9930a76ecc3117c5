"""0x0400: Uniswap v4's pool manager, call for call.

Selectors, structs, events, errors, storage and transient storage are those of v4-core 1.0.2, so
that what was written for it works here unchanged. The handlers hold v4's order of effects: check,
ask the hook, change the pool, log, ask the hook again, account for the hook, then for the caller.
"""

import re
from collections.abc import Mapping
from typing import Any

from ... import abi
from ...gas import Constant
from ...precompile import Call, Method, Precompile, Revert, Start, method
from ..hooks import flags
from . import accounting, claims, errors, hooks, layout, math, pool
from .errors import NO_DATA
from .hooks import DATA_MAX, STRUCTS, Key, KeyFields, LiquidityFields, SwapFields, key_of

ADDRESS = (0x0400).to_bytes(20, "big")
SLOTS_MAX = 4_096
"""The most words that one raw read returns."""

UNLOCK_CALLBACK = abi.parse_signature("unlockCallback(bytes data)", {"data": DATA_MAX})
LENGTH_MAX = (1 << 64) - 1
"""Beyond this Solidity takes a length for a lack of memory."""

INITIALIZED = abi.event(
    "Initialize(bytes32 indexed id, address indexed currency0, address indexed currency1,"
    " uint24 fee, int24 tickSpacing, address hooks, uint160 sqrtPriceX96, int24 tick)"
)
LIQUIDITY_MODIFIED = abi.event(
    "ModifyLiquidity(bytes32 indexed id, address indexed sender, int24 tickLower, int24 tickUpper,"
    " int256 liquidityDelta, bytes32 salt)"
)
SWAPPED = abi.event(
    "Swap(bytes32 indexed id, address indexed sender, int128 amount0, int128 amount1,"
    " uint160 sqrtPriceX96, uint128 liquidity, int24 tick, uint24 fee)"
)
DONATED = abi.event(
    "Donate(bytes32 indexed id, address indexed sender, uint256 amount0, uint256 amount1)"
)
PROTOCOL_FEE_UPDATED = abi.event("ProtocolFeeUpdated(bytes32 indexed id, uint24 protocolFee)")
CONTROLLER_UPDATED = abi.event(
    "ProtocolFeeControllerUpdated(address indexed protocolFeeController)"
)
OWNERSHIP_TRANSFERRED = abi.event(
    "OwnershipTransferred(address indexed user, address indexed newOwner)"
)


# --- The lock -------------------------------------------------------------------------------


def unlock(call: Call, data: bytes) -> bytes:
    """Let the caller act in its callback, and see that nothing is owed after it."""
    host = call.host
    if accounting.is_unlocked(host):
        raise errors.ALREADY_UNLOCKED()
    host.store_transient(layout.UNLOCKED, 1)
    request = UNLOCK_CALLBACK.selector + abi.encode(UNLOCK_CALLBACK.inputs, (data,))
    success, output = host.call(call.caller, request)
    if not success:
        raise Revert(output)
    result = returned_bytes(output)
    if host.load_transient(layout.NONZERO_DELTA_COUNT):
        raise errors.CURRENCY_NOT_SETTLED()
    host.store_transient(layout.UNLOCKED, 0)
    return result


def returned_bytes(output: bytes) -> bytes:
    """Return the one `bytes` that a callee returned, in any encoding that Solidity accepts."""
    if len(output) < abi.WORD or (start := abi.read_word(output, 0)) + abi.WORD > len(output):
        raise Revert(NO_DATA)
    length = abi.read_word(output, start)
    if length > LENGTH_MAX:
        raise errors.TOO_MUCH_MEMORY
    start += abi.WORD
    if start + length > len(output):
        raise Revert(NO_DATA)
    if length > DATA_MAX:
        raise abi.INVALID_LENGTH(DATA_MAX, length)
    return output[start : start + length]


# --- Pools ----------------------------------------------------------------------------------


def initialize(call: Call, fields: KeyFields, price: int) -> int:
    """Make a pool."""
    currency0, currency1, fee, spacing, hook = fields
    if spacing > math.MAX_TICK_SPACING:
        raise errors.TICK_SPACING_TOO_LARGE(spacing)
    if spacing < math.MIN_TICK_SPACING:
        raise errors.TICK_SPACING_TOO_SMALL(spacing)
    if currency0 >= currency1:
        raise errors.CURRENCIES_OUT_OF_ORDER_OR_EQUAL(currency0, currency1)
    if not flags.usable(hook, fee):
        raise errors.HOOK_ADDRESS_NOT_VALID(hook)
    lp_fee = 0 if fee == flags.DYNAMIC_FEE else pool.valid_lp_fee(fee)
    key = key_of(fields)
    hooks.before_initialize(call, key, price)
    tick = pool.initialize(call.host, layout.pool_slot(key.pool_id), price, lp_fee)
    log = (key.pool_id, currency0, currency1, fee, spacing, hook, price, tick)
    call.host.emit(*INITIALIZED.log(*log))
    hooks.after_initialize(call, key, price, tick)
    return tick


def opened(call: Call, fields: KeyFields) -> tuple[Key, int]:
    """Return the key and the slot of a pool that has a price, within an unlock."""
    key = key_of(fields)
    slot = layout.pool_slot(key.pool_id)
    pool.require_initialized(pool.read_slot0(call.host.load, slot))
    return key, slot


def modify_liquidity(
    call: Call, fields: KeyFields, params: LiquidityFields, data: bytes
) -> tuple[int, int]:
    """Change a position of the caller."""
    host = call.host
    accounting.require_unlocked(host)
    key, slot = opened(call, fields)
    hooks.before_modify_liquidity(call, key, params, data)
    lower, upper, change, salt = params
    principal, fees = pool.modify_liquidity(
        host,
        slot,
        pool.Change(
            owner=call.caller,
            lower=lower,
            upper=upper,
            liquidity=math.to_int128(change),
            spacing=fields[3],
            salt=salt,
        ),
    )
    delta = math.to_int128(principal[0] + fees[0]), math.to_int128(principal[1] + fees[1])
    host.emit(*LIQUIDITY_MODIFIED.log(key.pool_id, call.caller, *params))
    taken = hooks.after_modify_liquidity(call, key, params, (delta, fees), data)
    delta = hooks.subtract(delta, taken)
    accounting.account_both(host, key.currencies, taken, key.hooks)
    accounting.account_both(host, key.currencies, delta, call.caller)
    return layout.pack_delta(*delta), layout.pack_delta(*fees)


def swap(call: Call, fields: KeyFields, params: SwapFields, data: bytes) -> int:
    """Swap."""
    host = call.host
    accounting.require_unlocked(host)
    zero_for_one, amount, limit = params
    if amount == 0:
        raise errors.SWAP_AMOUNT_CANNOT_BE_ZERO()
    key, slot = opened(call, fields)
    left, taken, fee = hooks.before_swap(call, key, params, data)
    done = pool.swap(
        host,
        slot,
        pool.Swap(
            spacing=fields[3],
            zero_for_one=zero_for_one,
            amount=left,
            price_limit=limit,
            fee_override=fee,
        ),
    )
    if done.to_protocol:
        accrue(call, key.currencies[0 if zero_for_one else 1], done.to_protocol)
    place = (done.sqrt_price, done.liquidity, done.tick, done.fee)
    host.emit(*SWAPPED.log(key.pool_id, call.caller, *done.delta, *place))
    hook_delta = hooks.after_swap(call, key, params, done.delta, data, taken)
    delta = hooks.subtract(done.delta, hook_delta)
    accounting.account_both(host, key.currencies, hook_delta, key.hooks)
    accounting.account_both(host, key.currencies, delta, call.caller)
    return layout.pack_delta(*delta)


def donate(call: Call, fields: KeyFields, amount0: int, amount1: int, data: bytes) -> int:
    """Give to the liquidity in range."""
    host = call.host
    accounting.require_unlocked(host)
    key, slot = opened(call, fields)
    hooks.before_donate(call, key, (amount0, amount1), data)
    delta = pool.donate(host, slot, amount0, amount1)
    accounting.account_both(host, key.currencies, delta, call.caller)
    host.emit(*DONATED.log(key.pool_id, call.caller, amount0, amount1))
    hooks.after_donate(call, key, (amount0, amount1), data)
    return layout.pack_delta(*delta)


def update_dynamic_lp_fee(call: Call, fields: KeyFields, fee: int) -> None:
    """Let a hook set the fee of its pool."""
    if fields[2] != flags.DYNAMIC_FEE or call.caller != fields[4]:
        raise errors.UNAUTHORIZED_DYNAMIC_LP_FEE_UPDATE()
    pool.valid_lp_fee(fee)
    pool.set_lp_fee(call.host, layout.pool_slot(key_of(fields).pool_id), fee)


# --- Currencies -----------------------------------------------------------------------------


def sync(call: Call, currency: bytes) -> None:
    """Note the manager's balance of a currency."""
    accounting.sync(call.host, ADDRESS, currency)


def settle(call: Call) -> int:
    """Credit the caller with what came in."""
    return settle_for(call, call.caller)


def settle_for(call: Call, recipient: bytes) -> int:
    """Credit somebody with what came in."""
    accounting.require_unlocked(call.host)
    return accounting.settle(call.host, ADDRESS, call.value, recipient)


def take(call: Call, currency: bytes, to: bytes, amount: int) -> None:
    """Pay out what the caller is owed, or lend it until the lock closes."""
    accounting.require_unlocked(call.host)
    accounting.account(call.host, currency, -math.to_int128(amount), call.caller)
    accounting.pay(call.host, currency, to, amount)


def clear(call: Call, currency: bytes, amount: int) -> None:
    """Forgo all of what the caller is owed."""
    accounting.require_unlocked(call.host)
    owed = accounting.owed(call.host, currency, call.caller)
    if math.to_int128(amount) != owed:
        raise errors.MUST_CLEAR_EXACT_POSITIVE_DELTA()
    accounting.account(call.host, currency, -amount, call.caller)


def mint(call: Call, to: bytes, identifier: int, amount: int) -> None:
    """Turn what the caller is owed into claims."""
    accounting.require_unlocked(call.host)
    currency = identifier & layout.UINT160_MASK
    change = -math.to_int128(amount)
    accounting.account(call.host, currency.to_bytes(20, "big"), change, call.caller)
    claims.mint(call.host, call.caller, to, currency, amount)


def burn(call: Call, owner: bytes, identifier: int, amount: int) -> None:
    """Turn claims into what the caller is owed."""
    accounting.require_unlocked(call.host)
    currency = identifier & layout.UINT160_MASK
    change = math.to_int128(amount)
    accounting.account(call.host, currency.to_bytes(20, "big"), change, call.caller)
    claims.burn(call.host, call.caller, owner, currency, amount)


# --- Claims ---------------------------------------------------------------------------------


def transfer(call: Call, receiver: bytes, identifier: int, amount: int) -> bool:
    """Move claims of the caller."""
    claims.move(call.host, call.caller, call.caller, receiver, identifier, amount)
    return True


def transfer_from(call: Call, sender: bytes, receiver: bytes, identifier: int, amount: int) -> bool:
    """Move claims that the caller may spend."""
    claims.spend(call.host, sender, call.caller, identifier, amount)
    claims.move(call.host, call.caller, sender, receiver, identifier, amount)
    return True


def approve(call: Call, spender: bytes, identifier: int, amount: int) -> bool:
    """Set an allowance."""
    call.host.store(claims.allowance_slot(call.caller, spender, identifier), amount)
    call.host.emit(*claims.APPROVAL.log(call.caller, spender, identifier, amount))
    return True


def set_operator(call: Call, operator: bytes, approved: bool) -> bool:
    """Let somebody act for the caller, or no longer."""
    call.host.store(claims.operator_slot(call.caller, operator), int(approved))
    call.host.emit(*claims.OPERATOR_SET.log(call.caller, operator, approved))
    return True


def balance_of(call: Call, owner: bytes, identifier: int) -> int:
    """Return a balance of claims."""
    return call.host.load(claims.balance_slot(owner, identifier))


def allowance(call: Call, owner: bytes, spender: bytes, identifier: int) -> int:
    """Return an allowance."""
    return call.host.load(claims.allowance_slot(owner, spender, identifier))


def is_operator(call: Call, owner: bytes, operator: bytes) -> bool:
    """Return whether one may act for another."""
    return claims.is_operator(call.host, owner, operator)


def supports_interface(_: Call, interface_id: bytes) -> bool:
    """Return whether an interface is spoken (ERC-165)."""
    return interface_id in claims.INTERFACES


# --- Protocol fees and ownership ------------------------------------------------------------


def stored_address(call: Call, slot: int) -> bytes:
    """Return the address at a slot."""
    return (call.host.load(slot) & layout.UINT160_MASK).to_bytes(20, "big")


def owner_of(call: Call) -> bytes:
    """Return who names the controller of the protocol fees."""
    return stored_address(call, layout.OWNER)


def require_owner(call: Call) -> None:
    """Refuse everybody else."""
    if call.caller != owner_of(call):
        raise errors.UNAUTHORIZED


def transfer_ownership(call: Call, new_owner: bytes) -> None:
    """Hand the ownership on."""
    require_owner(call)
    call.host.store(layout.OWNER, claims.number(new_owner))
    call.host.emit(*OWNERSHIP_TRANSFERRED.log(call.caller, new_owner))


def controller(call: Call) -> bytes:
    """Return who sets and collects protocol fees."""
    return stored_address(call, layout.PROTOCOL_FEE_CONTROLLER)


def require_controller(call: Call) -> None:
    """Refuse everybody else."""
    if call.caller != controller(call):
        raise errors.INVALID_CALLER()


def set_controller(call: Call, new_controller: bytes) -> None:
    """Name who sets and collects protocol fees."""
    require_owner(call)
    call.host.store(layout.PROTOCOL_FEE_CONTROLLER, claims.number(new_controller))
    call.host.emit(*CONTROLLER_UPDATED.log(new_controller))


def set_protocol_fee(call: Call, fields: KeyFields, fee: int) -> None:
    """Set the protocol fees of a pool."""
    require_controller(call)
    if fee & 0xFFF > pool.MAX_PROTOCOL_FEE or fee >> 12 > pool.MAX_PROTOCOL_FEE:
        raise errors.PROTOCOL_FEE_TOO_LARGE(fee)
    key = key_of(fields)
    pool.set_protocol_fee(call.host, layout.pool_slot(key.pool_id), fee)
    call.host.emit(*PROTOCOL_FEE_UPDATED.log(key.pool_id, fee))


def accrued_slot(currency: bytes) -> int:
    """Return where the uncollected protocol fees in a currency are."""
    return layout.mapped(claims.number(currency), layout.PROTOCOL_FEES_ACCRUED)


def accrue(call: Call, currency: bytes, amount: int) -> None:
    """Add to the uncollected protocol fees; v4 lets them wrap."""
    slot = accrued_slot(currency)
    call.host.store(slot, call.host.load(slot) + amount & layout.WORD_MASK)


def accrued(call: Call, currency: bytes) -> int:
    """Return the uncollected protocol fees in a currency."""
    return call.host.load(accrued_slot(currency))


def collect(call: Call, recipient: bytes, currency: bytes, amount: int) -> int:
    """Pay out protocol fees; 0 stands for all of them."""
    require_controller(call)
    # Else the payment would be taken for a settlement.
    if currency != accounting.NATIVE and accounting.synced_currency(call.host) == currency:
        raise errors.PROTOCOL_FEE_CURRENCY_SYNCED()
    slot = accrued_slot(currency)
    available = call.host.load(slot)
    amount = amount or available
    if amount > available:
        raise errors.OVERFLOW
    call.host.store(slot, available - amount)
    accounting.pay(call.host, currency, recipient, amount)
    return amount


# --- Raw reads ------------------------------------------------------------------------------


def word(value: int) -> bytes:
    """Return a word as bytes."""
    return value.to_bytes(abi.WORD, "big")


def extsload(call: Call, slot: bytes) -> bytes:
    """Read a slot."""
    return word(call.host.load(int.from_bytes(slot, "big")))


def extsload_run(call: Call, start: bytes, count: int) -> list[bytes]:
    """Read slots that follow one another."""
    if count > SLOTS_MAX:
        raise abi.INVALID_LENGTH(SLOTS_MAX, count)
    first = int.from_bytes(start, "big")
    return [word(call.host.load(layout.offset(first, each))) for each in range(count)]


def extsload_many(call: Call, slots: list[bytes]) -> list[bytes]:
    """Read slots."""
    return [extsload(call, slot) for slot in slots]


def exttload(call: Call, slot: bytes) -> bytes:
    """Read a transient slot."""
    return word(call.host.load_transient(int.from_bytes(slot, "big")))


def exttload_many(call: Call, slots: list[bytes]) -> list[bytes]:
    """Read transient slots."""
    return [exttload(call, slot) for slot in slots]


# --- The first block ------------------------------------------------------------------------


def start(settings: Mapping[str, Any]) -> Start:
    """Return the state that settings ask for: `admin` owns, `protocolFeeController` sets fees."""
    slots = {"admin": layout.OWNER, "protocolFeeController": layout.PROTOCOL_FEE_CONTROLLER}
    unknown = sorted(set(settings) - set(slots))
    if unknown:
        raise ValueError(f"unknown settings: {', '.join(unknown)}")
    return Start(storage={slots[name]: account(name, text) for name, text in settings.items()})


def account(name: str, text: Any) -> int:
    """Return an address that is written as hex."""
    if not isinstance(text, str) or not re.fullmatch("0x[0-9a-fA-F]{40}", text):
        raise ValueError(f"{name}: {text!r} is not an address")
    return int(text, 16)


# --- The declaration ------------------------------------------------------------------------


def writing(signature: str, gas: int, handler: Any, summary: str, **more: Any) -> Method:
    """Declare a method that changes state."""
    structs = [each for each in STRUCTS if f"{each.name} " in signature]
    return method(
        signature,
        mutability=more.pop("mutability", "nonpayable"),
        gas=(Constant(amount=gas),),
        handler=handler,
        summary=summary,
        structs=structs,
        **more,
    )


def reading(signature: str, handler: Any, summary: str) -> Method:
    """Declare a method that reads a slot or two."""
    return method(
        signature,
        mutability="view",
        gas=(Constant(amount=READ_GAS),),
        handler=handler,
        summary=summary,
    )


READ_GAS = 60
"""With the price of decoding below what v4's own reads cost."""
READ_MANY_GAS = 300
BASE_GAS = 2_500
CLAIM_GAS = 800
HOOK_DATA = {"hookData": DATA_MAX}

POOL_METHODS = (
    writing(
        "initialize(PoolKey key, uint160 sqrtPriceX96) returns (int24 tick)",
        BASE_GAS,
        initialize,
        "Make a pool: set its price. Anybody may, once.",
        calls=True,
    ),
    writing(
        "modifyLiquidity(PoolKey key, ModifyLiquidityParams params, bytes hookData)"
        " returns (int256 callerDelta, int256 feesAccrued)",
        BASE_GAS,
        modify_liquidity,
        "Add liquidity to a position of the caller, remove it, or with 0 collect its fees. A delta"
        " holds two int128, that of currency0 high; negative is to be paid.",
        bounds=HOOK_DATA,
        calls=True,
    ),
    writing(
        "swap(PoolKey key, SwapParams params, bytes hookData) returns (int256 swapDelta)",
        BASE_GAS,
        swap,
        "Swap a negative amount in, or a positive amount out, until the price limit."
        f" {pool.STEP_GAS:,} gas a step, and {pool.CROSS_GAS:,} a tick crossed.",
        bounds=HOOK_DATA,
        calls=True,
    ),
    writing(
        "donate(PoolKey key, uint256 amount0, uint256 amount1, bytes hookData)"
        " returns (int256 delta)",
        BASE_GAS,
        donate,
        "Give amounts as fees to the liquidity at the present price.",
        bounds=HOOK_DATA,
        calls=True,
    ),
    writing(
        "updateDynamicLPFee(PoolKey key, uint24 newDynamicLPFee)",
        CLAIM_GAS,
        update_dynamic_lp_fee,
        "Set the fee of a pool that has a dynamic one; for its hook only.",
    ),
)

ACCOUNT_METHODS = (
    writing(
        "unlock(bytes data) returns (bytes result)",
        CLAIM_GAS,
        unlock,
        "Call back `unlockCallback(data)` on the caller, where it may act; what it owes must be"
        " even when that returns.",
        bounds={"data": DATA_MAX, "result": DATA_MAX},
        calls=True,
    ),
    writing(
        "sync(address currency)",
        CLAIM_GAS,
        sync,
        "Note the balance that `settle` measures from.",
        calls=True,
    ),
    writing(
        "settle() returns (uint256 paid)",
        CLAIM_GAS,
        settle,
        "Credit the caller with the value sent, or with what came in of the synced currency.",
        mutability="payable",
        calls=True,
    ),
    writing(
        "settleFor(address recipient) returns (uint256 paid)",
        CLAIM_GAS,
        settle_for,
        "As `settle`, crediting somebody else.",
        mutability="payable",
        calls=True,
    ),
    writing(
        "take(address currency, address to, uint256 amount)",
        CLAIM_GAS,
        take,
        "Pay out a currency; the caller owes it then.",
        calls=True,
    ),
    writing(
        "clear(address currency, uint256 amount)",
        CLAIM_GAS,
        clear,
        "Forgo exactly what the caller is owed.",
    ),
    writing(
        "mint(address to, uint256 id, uint256 amount)",
        CLAIM_GAS,
        mint,
        "Make ERC-6909 claims; the caller owes their amount then.",
    ),
    writing(
        "burn(address owner, uint256 id, uint256 amount)",
        CLAIM_GAS,
        burn,
        "Destroy claims; the caller is owed their amount then.",
    ),
)

CLAIM_METHODS = (
    writing(
        "transfer(address receiver, uint256 id, uint256 amount) returns (bool success)",
        CLAIM_GAS,
        transfer,
        "Move claims of the caller.",
    ),
    writing(
        "transferFrom(address sender, address receiver, uint256 id, uint256 amount)"
        " returns (bool success)",
        CLAIM_GAS,
        transfer_from,
        "Move claims by an allowance, or as an operator.",
    ),
    writing(
        "approve(address spender, uint256 id, uint256 amount) returns (bool success)",
        CLAIM_GAS,
        approve,
        "Set an allowance; the largest number is never used up.",
    ),
    writing(
        "setOperator(address operator, bool approved) returns (bool success)",
        CLAIM_GAS,
        set_operator,
        "Let somebody move all claims of the caller.",
    ),
    reading(
        "balanceOf(address owner, uint256 id) returns (uint256 amount)",
        balance_of,
        "Return a balance of claims. The id is the currency's address.",
    ),
    reading(
        "allowance(address owner, address spender, uint256 id) returns (uint256 amount)",
        allowance,
        "Return an allowance.",
    ),
    reading(
        "isOperator(address owner, address operator) returns (bool approved)",
        is_operator,
        "Return whether one may move the claims of another.",
    ),
    reading(
        "supportsInterface(bytes4 interfaceId) returns (bool supported)",
        supports_interface,
        "Return whether this is ERC-165 or ERC-6909.",
    ),
)

FEE_METHODS = (
    reading("owner() returns (address account)", owner_of, "Return who names the fee controller."),
    writing(
        "transferOwnership(address newOwner)",
        CLAIM_GAS,
        transfer_ownership,
        "Hand the ownership on; for the owner.",
    ),
    reading(
        "protocolFeeController() returns (address controller)",
        controller,
        "Return who sets and collects protocol fees.",
    ),
    writing(
        "setProtocolFeeController(address controller)",
        CLAIM_GAS,
        set_controller,
        "Name who sets and collects protocol fees; for the owner.",
    ),
    writing(
        "setProtocolFee(PoolKey key, uint24 newProtocolFee)",
        CLAIM_GAS,
        set_protocol_fee,
        "Set both protocol fees of a pool, 12 bits each, at most 1,000 millionths; the low ones"
        " are for swaps from currency0. For the controller.",
    ),
    reading(
        "protocolFeesAccrued(address currency) returns (uint256 amount)",
        accrued,
        "Return the uncollected protocol fees in a currency.",
    ),
    writing(
        "collectProtocolFees(address recipient, address currency, uint256 amount)"
        " returns (uint256 amountCollected)",
        CLAIM_GAS,
        collect,
        "Pay out protocol fees, with 0 all of them; for the controller.",
        calls=True,
    ),
)

RAW_METHODS = (
    reading("extsload(bytes32 slot) returns (bytes32 word)", extsload, "Read a slot."),
    method(
        "extsload(bytes32 startSlot, uint256 nSlots) returns (bytes32[] values)",
        mutability="view",
        gas=(Constant(amount=READ_MANY_GAS),),
        handler=extsload_run,
        summary="Read slots that follow one another.",
        bounds={"values": SLOTS_MAX},
    ),
    method(
        "extsload(bytes32[] slots) returns (bytes32[] values)",
        mutability="view",
        gas=(Constant(amount=READ_MANY_GAS),),
        handler=extsload_many,
        summary="Read slots.",
        bounds={"slots": SLOTS_MAX, "values": SLOTS_MAX},
    ),
    reading("exttload(bytes32 slot) returns (bytes32 word)", exttload, "Read a transient slot."),
    method(
        "exttload(bytes32[] slots) returns (bytes32[] values)",
        mutability="view",
        gas=(Constant(amount=READ_MANY_GAS),),
        handler=exttload_many,
        summary="Read transient slots.",
        bounds={"slots": SLOTS_MAX, "values": SLOTS_MAX},
    ),
)

PRECOMPILE = Precompile(
    address=ADDRESS,
    family="dex",
    name="pool_manager",
    interface="IPoolManager",
    version=1,
    summary="Uniswap v4's pool manager: pools, flash accounting, hooks and ERC-6909 claims",
    methods=(*POOL_METHODS, *ACCOUNT_METHODS, *CLAIM_METHODS, *FEE_METHODS, *RAW_METHODS),
    errors=errors.DECLARED,
    genesis=start,
    events=(
        INITIALIZED,
        LIQUIDITY_MODIFIED,
        SWAPPED,
        DONATED,
        PROTOCOL_FEE_UPDATED,
        CONTROLLER_UPDATED,
        OWNERSHIP_TRANSFERRED,
        claims.TRANSFER,
        claims.APPROVAL,
        claims.OPERATOR_SET,
    ),
    references=(
        "Uniswap v4-core 1.0.2: interfaces, types and published behaviour",
        "ERC-6909: minimal multi-token interface",
        "ERC-7751: wrapping of bubbled up reverts",
        "EIP-1153: transient storage",
    ),
)
