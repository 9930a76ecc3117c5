"""Questions to a state: what would this call return, cost, touch? Nothing here changes a chain."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from eth import exceptions as evm_errors

from .blocks import ZERO_ADDRESS, Log
from .encoding import checksummed
from .engines import open_state
from .errors import ChainError, InvalidRequest, RejectedTransaction
from .execution import BlockEnv, Outcome, apply_transaction
from .frames import Frames, Tracer
from .rules import (
    GAS_TRANSACTION,
    INITCODE_SIZE_MAX,
    Intrinsic,
    check_blobs,
    gas_max,
    intrinsic,
)
from .state import Reader, World
from .transactions import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    AccessList,
    Authorization,
    Fields,
)

GAS_CALL_STIPEND: Final = 2300
ESTIMATE_TOLERANCE: Final = 0.015
"""How much an estimate may lie above the least gas that works, as in geth."""


@dataclass(frozen=True, kw_only=True)
class CallRequest:
    """A transaction in a client's words: whatever is missing, the node fills in."""

    sender: bytes | None = None
    to: bytes | None = None
    gas: int | None = None
    gas_price: int | None = None
    max_fee_per_gas: int | None = None
    max_priority_fee_per_gas: int | None = None
    value: int = 0
    data: bytes = b""
    nonce: int | None = None
    access_list: AccessList | None = None
    max_fee_per_blob_gas: int | None = None
    blob_versioned_hashes: tuple[bytes, ...] | None = None
    authorization_list: tuple[Authorization, ...] | None = None
    chain_id: int | None = None

    @property
    def type(self) -> int:
        """The lowest transaction type that can carry these fields, 1559 where nothing decides."""
        if self.authorization_list is not None:
            return SET_CODE
        if self.blob_versioned_hashes is not None or self.max_fee_per_blob_gas is not None:
            return BLOB
        if self.gas_price is not None:
            return LEGACY if self.access_list is None else ACCESS_LIST
        return DYNAMIC_FEE


@dataclass(frozen=True, kw_only=True)
class AccountOverride:
    """What one account shall look like for a call."""

    balance: int | None = None
    nonce: int | None = None
    code: bytes | None = None
    state: Mapping[int, int] | None = None
    state_diff: Mapping[int, int] | None = None
    move_precompile_to: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class BlockOverride:
    """What the block around a call shall look like."""

    number: int | None = None
    time: int | None = None
    gas_limit: int | None = None
    coinbase: bytes | None = None
    prev_randao: bytes | None = None
    base_fee: int | None = None
    blob_base_fee: int | None = None


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """A different world for one call."""

    accounts: Mapping[bytes, AccountOverride] = field(default_factory=dict)
    block: BlockOverride = BlockOverride()


NO_OVERRIDES: Final = Overrides()


@dataclass(frozen=True, kw_only=True)
class CallResult:
    """What a call did."""

    success: bool
    output: bytes
    """Return data, or the revert's payload."""
    gas_used: int
    max_gas_used: int
    """Before refunds: what the sender had to provide."""
    error: str | None
    reverted: bool
    logs: tuple[Log, ...]


class CallFailed(ChainError):
    """The call ran and failed; `result` says how."""

    def __init__(self, result: CallResult) -> None:
        super().__init__(result.error or "")
        self.result = result


@dataclass(frozen=True, kw_only=True)
class AccessListResult:
    """What a transaction touches, and what it costs when it says so beforehand."""

    access_list: AccessList
    gas_used: int
    error: str | None


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A state and the block around it: where a call takes place."""

    env: BlockEnv
    reader: Reader
    frames: Frames
    gas_cap: int

    def open(self, overrides: Overrides = NO_OVERRIDES, tracer: Tracer | None = None) -> Any:
        """Return a fresh state, with the overrides applied."""
        frames = replace(self.frames, tracer=tracer, moved={}, replaced=set())
        state = open_state(overridden_env(self.env, overrides.block), self.reader, frames)
        apply_overrides(state, overrides.accounts)
        return state


def overridden_env(env: BlockEnv, block: BlockOverride) -> BlockEnv:
    """Return the block environment that a client asked for."""
    changes = {
        "number": block.number,
        "timestamp": block.time,
        "gas_limit": block.gas_limit,
        "coinbase": block.coinbase,
        "prev_randao": block.prev_randao,
        "base_fee": block.base_fee,
        "blob_base_fee_override": block.blob_base_fee,
    }
    return replace(env, **{name: value for name, value in changes.items() if value is not None})  # type: ignore[arg-type]


def apply_overrides(state: Any, accounts: Mapping[bytes, AccountOverride]) -> None:
    """Change the accounts of a state as a client asked."""
    world: World = state.world
    for address, wanted in accounts.items():
        if wanted.move_precompile_to is not None:
            if state.precompile_at(address) is None:
                raise InvalidRequest(f"account 0x{address.hex()} is not a precompile")
            state.frames.moved[wanted.move_precompile_to] = address
            state.frames.replaced.add(address)
        if wanted.state is not None and wanted.state_diff is not None:
            raise InvalidRequest(f"account 0x{address.hex()} has both 'state' and 'stateDiff'")
        if wanted.balance is not None:
            world.set_balance(address, wanted.balance)
        if wanted.nonce is not None:
            world.set_nonce(address, wanted.nonce)
        if wanted.code is not None:
            world.set_code(address, wanted.code)
            state.frames.replaced.add(address)
        if wanted.state is not None:
            world.delete_storage(address)
        for slot, value in (wanted.state or wanted.state_diff or {}).items():
            world.set_storage(address, slot, value)
    world.end_transaction()


def fields_of(request: CallRequest, env: BlockEnv, *, nonce: int, gas: int) -> Fields:
    """Fill a request up to the fields of a transaction. Without a price, it is free."""
    if request.gas_price is not None and (
        request.max_fee_per_gas is not None or request.max_priority_fee_per_gas is not None
    ):
        raise InvalidRequest("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified")
    priority = request.max_priority_fee_per_gas or 0
    cap = request.max_fee_per_gas
    if cap is None:
        cap = 0 if not priority else (env.base_fee or 0) + priority
    if request.gas_price is not None:
        cap = priority = request.gas_price
    elif cap < priority:
        raise InvalidRequest(f"maxFeePerGas ({cap}) < maxPriorityFeePerGas ({priority})")
    return Fields(
        type=request.type,
        chain_id=env.chain_id,
        nonce=nonce,
        gas=gas,
        to=request.to or b"",
        value=request.value,
        data=request.data,
        gas_price=cap,
        max_fee_per_gas=cap,
        max_priority_fee_per_gas=priority,
        access_list=request.access_list or (),
        max_fee_per_blob_gas=request.max_fee_per_blob_gas or 0,
        blob_versioned_hashes=request.blob_versioned_hashes or (),
        authorization_list=request.authorization_list or (),
    )


def run(state: Any, request: CallRequest, gas_cap: int) -> Outcome:
    """Run a request on an open state. Its nonce and, unless it names a price, gas are free."""
    world: World = state.world
    env: BlockEnv = state.env
    sender = request.sender or ZERO_ADDRESS
    gas = gas_cap if request.gas is None else min(request.gas, gas_cap)
    nonce = world.get_nonce(sender) if request.nonce is None else request.nonce
    tx = fields_of(request, env, nonce=nonce, gas=gas)
    if request.blob_versioned_hashes is not None:
        check_blobs(tx, env.fork)
    if tx.max_fee_per_gas == 0:
        # A free call: a base fee would make its price negative, and GASPRICE lower than BASEFEE.
        env = replace(env, base_fee=0 if env.base_fee is not None else None)
        if tx.blob_gas and not tx.max_fee_per_blob_gas and env.blob_base_fee_override is None:
            env = replace(env, blob_base_fee_override=0)
        state.change_env(env)
    elif tx.max_fee_per_gas < (env.base_fee or 0):
        raise RejectedTransaction(
            f"max fee per gas less than block base fee: address {checksummed(sender)}, "
            f"maxFeePerGas: {tx.max_fee_per_gas}, baseFee: {env.base_fee}"
        )
    elif request.gas is None:
        affordable = max(0, world.get_balance(sender) - tx.value) // tx.max_fee_per_gas
        tx = replace(tx, gas=min(gas, affordable))
    if not tx.to and len(tx.data) > INITCODE_SIZE_MAX:
        raise RejectedTransaction(
            f"max initcode size exceeded: code size {len(tx.data)}, limit {INITCODE_SIZE_MAX}"
        )
    return apply_transaction(state, tx, sender, check_gas(tx, env))


def check_gas(tx: Fields, env: BlockEnv) -> Intrinsic:
    """Return the intrinsic gas, which the request must cover."""
    needed = intrinsic(tx, env.fork)
    least = max(needed.gas, needed.floor)
    if tx.gas < least:
        raise RejectedTransaction(f"intrinsic gas too low: have {tx.gas}, want {least}")
    return needed


def result_of(outcome: Outcome) -> CallResult:
    """Return an outcome in a client's words."""
    error = outcome.error
    return CallResult(
        success=error is None,
        output=outcome.output,
        gas_used=outcome.gas_used,
        max_gas_used=outcome.max_gas_used,
        error=None if error is None else describe(error),
        reverted=isinstance(error, evm_errors.Revert),
        logs=outcome.logs,
    )


_MESSAGES: Final = (
    (evm_errors.Revert, "execution reverted"),
    (evm_errors.InvalidJumpDestination, "invalid jump destination"),
    (evm_errors.FullStack, "stack limit reached 1024 (1023)"),
    (evm_errors.WriteProtection, "write protection"),
    (evm_errors.OutOfBoundsRead, "return data out of bounds"),
    (evm_errors.StackDepthLimit, "max call depth exceeded"),
    (evm_errors.InsufficientFunds, "insufficient balance for transfer"),
    (evm_errors.ContractCreationCollision, "contract address collision"),
    (evm_errors.ReservedBytesInCode, "invalid code: must not begin with 0xef"),
)


def describe(error: evm_errors.VMError) -> str:
    """Return geth's words for what stopped a frame."""
    for kind, message in _MESSAGES:
        if isinstance(error, kind):
            return message
    text = str(error)
    if isinstance(error, evm_errors.OutOfGas):
        if "EIP170" in text:
            return "max code size exceeded"
        if "Write contract code" in text:
            return "contract creation code storage out of gas"
        if "EIP-2200" in text:
            return "out of gas: not enough gas for reentrancy sentry"
        return "out of gas"
    if isinstance(error, evm_errors.InvalidInstruction):
        if text.startswith("Jump"):  # Into the data of a PUSH.
            return "invalid jump destination"
        opcode = text.removeprefix("Invalid opcode ").split(" ")[0]
        name = "INVALID" if opcode == "0xfe" else f"opcode {opcode} not defined"
        return f"invalid opcode: {name}"
    if isinstance(error, evm_errors.InsufficientStack):
        return "stack underflow"
    return text or type(error).__name__


def call(scene: Scene, request: CallRequest, overrides: Overrides = NO_OVERRIDES) -> CallResult:
    """Run a request and return what it did."""
    return result_of(run(scene.open(overrides), request, scene.gas_cap))


def estimate_gas(scene: Scene, request: CallRequest, overrides: Overrides = NO_OVERRIDES) -> int:
    """Return gas with which the request succeeds, close to the least."""

    def attempt(gas: int) -> CallResult:
        state = scene.open(overrides)
        return result_of(run(state, replace(request, gas=gas), scene.gas_cap))

    high = min(request.gas or scene.env.gas_limit, scene.gas_cap, gas_max(scene.env.fork))
    high = min(high, _affordable(scene, request, overrides) or high)
    if _is_transfer(scene, request, overrides) and _succeeds(attempt, GAS_TRANSACTION):
        return GAS_TRANSACTION  # Exactly, because people know it by heart.
    first = attempt(high)
    if not first.success:
        if not first.reverted and first.error == "out of gas":
            first = replace(first, error=f"gas required exceeds allowance ({high})")
        raise CallFailed(first)
    low = first.gas_used - 1
    # A refund or the 63/64 rule can ask for more than was used in the end; try that first.
    optimistic = (first.gas_used + GAS_CALL_STIPEND) * 64 // 63
    middle = min(optimistic, high)
    while low + 1 < high:
        if _succeeds(attempt, middle):
            high = middle
        else:
            low = middle
        if high - low <= high * ESTIMATE_TOLERANCE:
            break
        middle = min((high + low) // 2, low * 2 + 1)
    return high


def _is_transfer(scene: Scene, request: CallRequest, overrides: Overrides) -> bool:
    if request.to is None or request.data:
        return False
    world: World = scene.open(overrides).world
    return not world.get_code(request.to)


def _succeeds(attempt: Any, gas: int) -> bool:
    try:
        return bool(attempt(gas).success)
    except RejectedTransaction:  # Below the intrinsic gas.
        return False


def _affordable(scene: Scene, request: CallRequest, overrides: Overrides) -> int | None:
    price = request.gas_price or request.max_fee_per_gas
    if not price:
        return None
    world: World = scene.open(overrides).world
    sender = request.sender or ZERO_ADDRESS
    balance = world.get_balance(sender)
    if balance < request.value:
        raise RejectedTransaction(f"insufficient funds for transfer: address {checksummed(sender)}")
    return (balance - request.value) // price


def create_access_list(
    scene: Scene, request: CallRequest, overrides: Overrides = NO_OVERRIDES
) -> AccessListResult:
    """Return what the request touches, found by running it until the list stays the same."""
    current: AccessList = request.access_list or ()
    while True:
        state = scene.open(overrides)
        state.world.touched = set()
        outcome = run(state, replace(request, access_list=current), scene.gas_cap)
        found = _list_of(state, request, outcome)
        if found == current:
            result = result_of(outcome)
            return AccessListResult(
                access_list=current, gas_used=outcome.gas_used, error=result.error
            )
        current = found


def _list_of(state: Any, request: CallRequest, outcome: Outcome) -> AccessList:
    """Return what was touched, without the accounts that are warm anyway and bring no slots."""
    free = {request.sender or ZERO_ADDRESS, request.to or outcome.created}
    slots: dict[bytes, set[int]] = {}
    for address, slot in state.world.touched:
        entry = slots.setdefault(address, set())
        if slot is not None:
            entry.add(slot)
    free.add(state.env.coinbase)
    return tuple(
        (address, tuple(sorted(found)))
        for address, found in sorted(slots.items())
        if found or not (address in free or state.precompile_at(address) is not None)
    )
