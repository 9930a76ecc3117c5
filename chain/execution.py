"""One transaction, or one call, on a state: buy gas, run, refund, pay, clean up.

The steps that py-evm spreads over an executor class per fork stand here once, with what it lacks:
nonces, codes and balances as validity rules (`rules.py`), collisions with leftover storage,
delegations and the calldata floor. Knows no blocks beyond the few words in `BlockEnv`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from eth._utils.address import generate_contract_address
from eth.exceptions import ContractCreationCollision, VMError
from eth.vm.execution_context import ExecutionContext
from eth.vm.message import Message

from .blocks import Log
from .encoding import checksummed
from .errors import RejectedTransaction
from .evm import state_class, transaction_context
from .forks import BERLIN, LONDON, PRAGUE, SPURIOUS_DRAGON, Fork
from .frames import Frames
from .rules import DELEGATION_PREFIX, NONCE_MAX, Intrinsic, is_delegation
from .state import World
from .transactions import Fields, Transaction

SYSTEM_ADDRESS: Final = bytes.fromhex("fffffffffffffffffffffffffffffffffffffffe")
RIPEMD_ADDRESS: Final = bytes(19) + b"\x03"
SYSTEM_GAS: Final = 30_000_000
GAS_NEW_AUTHORITY_REFUND: Final = 25_000 - 12_500
GAS_SELFDESTRUCT_REFUND: Final = 24_000


@dataclass(frozen=True, kw_only=True)
class BlockEnv:
    """The block around a transaction, as far as its execution can tell."""

    fork: Fork
    chain_id: int
    number: int
    timestamp: int
    coinbase: bytes
    gas_limit: int
    base_fee: int | None
    difficulty: int
    prev_randao: bytes
    excess_blob_gas: int | None
    parent_hash: bytes
    ancestors: Callable[[], Iterable[bytes]]
    """Hashes of the blocks before this one, newest first."""
    blob_base_fee_override: int | None = None

    @property
    def blob_base_fee(self) -> int:
        """Price of blob gas in this block."""
        if self.blob_base_fee_override is not None:
            return self.blob_base_fee_override
        return self.fork.blob_base_fee(self.excess_blob_gas or 0)


def open_state(env: BlockEnv, world: World, frames: Frames) -> Any:
    """Return py-evm's state for transactions of this block."""
    context = ExecutionContext(
        coinbase=env.coinbase,  # type: ignore[arg-type]
        timestamp=env.timestamp,
        block_number=env.number,  # type: ignore[arg-type]
        difficulty=env.difficulty,
        mix_hash=env.prev_randao,  # type: ignore[arg-type]
        gas_limit=env.gas_limit,
        prev_hashes=env.ancestors(),  # type: ignore[arg-type]
        chain_id=env.chain_id,
        base_fee_per_gas=env.base_fee,
        excess_blob_gas=env.excess_blob_gas,
    )
    frames.parent_hash = env.parent_hash
    state = state_class(env.fork)(world, context, frames)
    state.env = env
    return state


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a transaction did."""

    gas_limit: int
    gas_used: int
    max_gas_used: int
    """Before refunds."""
    price: int
    """Wei per gas, tip included."""
    output: bytes
    error: VMError | None
    logs: tuple[Log, ...]
    created: bytes | None

    @property
    def success(self) -> bool:
        """Whether its effects stay."""
        return self.error is None


def gas_price(tx: Fields, env: BlockEnv) -> int:
    """Return what the sender pays for a unit of gas."""
    if env.base_fee is None:
        return tx.gas_price
    return min(tx.max_fee_per_gas, env.base_fee + tx.max_priority_fee_per_gas)


def apply_transaction(state: Any, tx: Fields, sender: bytes, needed: Intrinsic) -> Outcome:
    """Run a transaction that the rules have let through."""
    world: World = state.world
    env: BlockEnv = state.env
    fork = env.fork
    price = gas_price(tx, env)
    _buy_gas(world, tx, sender, price, env)
    created = None
    if not tx.to:
        created = generate_contract_address(sender, tx.nonce)  # type: ignore[arg-type]
    if fork.since(BERLIN):
        _warm_up(world, tx, sender, created or tx.to)
    refund = _authorize(world, tx, env.chain_id) if tx.authorization_list else 0
    code, delegation = (tx.data, None) if created else code_at(world, tx.to, fork)
    message = Message(
        gas=tx.gas - needed.gas,
        to=tx.to,  # type: ignore[arg-type]
        sender=sender,  # type: ignore[arg-type]
        value=tx.value,
        data=b"" if created else tx.data,
        code=code,
        create_address=created,  # type: ignore[arg-type]
        code_address=delegation,  # type: ignore[arg-type]
        refund=refund,
        is_delegation=delegation is not None,
    )
    context = transaction_context(price, sender, tx.blob_versioned_hashes)
    computation = _run(state, message, context)
    gas_used, max_gas_used = _settle(state, tx, sender, price, computation, needed.floor)
    _clean_up(state, computation)
    outcome = Outcome(
        gas_limit=tx.gas,
        gas_used=gas_used,
        max_gas_used=max_gas_used,
        price=price,
        output=computation.output,
        error=computation._error,
        logs=_logs(computation),
        created=created,
    )
    world.end_transaction()
    state.created.clear()
    return outcome


def _buy_gas(world: World, tx: Fields, sender: bytes, price: int, env: BlockEnv) -> None:
    upfront = tx.gas * price + (tx.blob_gas * env.blob_base_fee if tx.blob_gas else 0)
    balance = world.get_balance(sender)
    if balance < upfront + tx.value:
        raise RejectedTransaction(
            f"insufficient funds for gas * price + value: address {checksummed(sender)} "
            f"have {balance} want {upfront + tx.value}"
        )
    if upfront:
        world.set_balance(sender, balance - upfront)
    world.set_nonce(sender, tx.nonce + 1)


def _warm_up(world: World, tx: Fields, sender: bytes, recipient: bytes) -> None:
    world.mark_address_warm(sender)
    world.mark_address_warm(recipient)
    for address, slots in tx.access_list:
        world.mark_address_warm(address)
        for slot in slots:
            world.mark_storage_warm(address, slot)


def _authorize(world: World, tx: Fields, chain_id: int) -> int:
    """Set the delegations that a type 4 transaction carries (EIP-7702); return the refund."""
    refund = 0
    for entry in tx.authorization_list:
        authority = entry.authority
        if entry.chain_id not in (0, chain_id) or entry.nonce >= NONCE_MAX or authority is None:
            continue
        world.mark_address_warm(authority)
        code = world.get_code(authority)
        if code and not is_delegation(code):
            continue
        if world.get_nonce(authority) != entry.nonce:
            continue
        if world.account_exists(authority):
            refund += GAS_NEW_AUTHORITY_REFUND
        world.set_code(authority, DELEGATION_PREFIX + entry.address if any(entry.address) else b"")
        world.increment_nonce(authority)
    return refund


def code_at(world: World, address: bytes, fork: Fork) -> tuple[bytes, bytes | None]:
    """Return the code that a transaction to this address runs, and where a delegation led."""
    code = world.get_code(address)
    if fork.since(PRAGUE) and is_delegation(code):
        target = code[3:]
        world.mark_address_warm(target)
        return world.get_code(target), target
    return code, None


def _run(state: Any, message: Message, context: Any) -> Any:
    if not message.is_create:
        return state.computation_class.apply_message(state, message, context)
    if state.has_code_or_nonce(message.storage_address):
        computation = state.computation_class(state, message, context)
        computation.error = ContractCreationCollision("contract address collision")
        if state.frames.tracer is not None:
            state.frames.tracer.enter(message, "CREATE", message.storage_address)
            state.frames.tracer.leave(None, computation.error)
        return computation
    return state.computation_class.apply_create_message(state, message, context)


def _settle(
    state: Any, tx: Fields, sender: bytes, price: int, computation: Any, floor: int
) -> tuple[int, int]:
    """Give unused gas back, pay the beneficiary; return the gas used after refunds and before."""
    world: World = state.world
    env: BlockEnv = state.env
    used = tx.gas - int(computation.get_gas_remaining())
    refund = _refund(computation)
    if env.fork.since(LONDON):
        refund = min(refund, used // 5)
    else:
        refund += GAS_SELFDESTRUCT_REFUND * len(_destroyed(computation))
        refund = min(refund, used // 2)
    most = max(used, floor)
    used = max(used - refund, floor)
    unspent = (tx.gas - used) * price
    if unspent:
        world.set_balance(sender, world.get_balance(sender) + unspent)
    tip = price - (env.base_fee or 0)
    world.set_balance(env.coinbase, world.get_balance(env.coinbase) + used * tip)
    return used, most


def _clean_up(state: Any, computation: Any) -> None:
    """Remove destroyed accounts, and those touched that were left empty (EIP-161)."""
    world: World = state.world
    for address in _destroyed(computation):
        world.delete_account(address)
    if state.fork.since(SPURIOUS_DRAGON):
        for address in _touched(state, computation):
            account = world.account(address)
            if account is not None and world.account_is_empty(address):
                world.delete_account(address)


# What a tree of frames leaves behind. py-evm asks the same of each frame recursively, through
# generators: 1,024 nested frames overrun the depth that Python 3.12 allows to C.


def _kept(computation: Any) -> Iterator[Any]:
    """Return the frames whose effects stay: those that succeeded in ones that did."""
    pending = [computation]
    while pending:
        frame = pending.pop()
        if frame._error is None:
            yield frame
            pending.extend(frame.children)


def _refund(computation: Any) -> int:
    """Return the gas to give back, with that of the authorizations, which a failure keeps."""
    counted: int = sum(frame._gas_meter.gas_refunded for frame in _kept(computation))
    return int(computation.msg.refund) + counted


def _logs(computation: Any) -> tuple[Log, ...]:
    """Return the logs in the order in which they were emitted."""
    entries = sorted(entry for frame in _kept(computation) for entry in frame._log_entries)
    return tuple(
        Log(address=address, topics=tuple(topic.to_bytes(32, "big") for topic in topics), data=data)
        for _, address, topics, data in entries
    )


def _destroyed(computation: Any) -> set[bytes]:
    """Return the contracts that SELFDESTRUCT removes."""
    return {address for frame in _kept(computation) for address in frame.accounts_to_delete}


def _touched(state: Any, computation: Any) -> set[bytes]:
    """Return the accounts that EIP-161 removes if they are empty.

    RIPEMD-160's address counts in failed frames too: two clients once agreed on that by mistake,
    and the main chain depends on it.
    """
    touched = {state.env.coinbase}
    pending = [(computation, False)]
    while pending:
        frame, failed = pending.pop()
        own = () if frame._error is not None else frame.beneficiaries
        failed = failed or frame._error is not None
        called = () if frame.msg.is_create else (frame.msg.to,)
        named = {*own, *called}
        touched |= named & {RIPEMD_ADDRESS} if failed else named
        pending.extend((child, failed) for child in frame.children)
    return touched


def system_call(state: Any, to: bytes, data: bytes) -> bytes | None:
    """Run a contract as the chain itself does; return its output, or None where it failed."""
    world: World = state.world
    message = Message(
        gas=SYSTEM_GAS,
        to=to,  # type: ignore[arg-type]
        sender=SYSTEM_ADDRESS,  # type: ignore[arg-type]
        value=0,
        data=data,
        code=world.get_code(to),
        should_transfer_value=False,
    )
    computation = state.computation_class.apply_message(
        state, message, transaction_context(0, SYSTEM_ADDRESS)
    )
    world.end_transaction()
    state.created.clear()
    return computation.output if computation.is_success else None


__all__ = [
    "SYSTEM_ADDRESS",
    "BlockEnv",
    "Outcome",
    "Transaction",
    "apply_transaction",
    "code_at",
    "gas_price",
    "open_state",
    "system_call",
]
