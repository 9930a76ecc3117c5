"""One transaction, or one call, on a state: buy gas, run, refund, pay, clean up.

The steps that py-evm spreads over an executor class per fork stand here once, with what it lacks:
nonces, codes and balances as validity rules (`rules.py`), collisions with leftover storage,
delegations and the calldata floor. Knows no blocks beyond the few words in `BlockEnv`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from eth._utils.address import generate_contract_address
from eth.exceptions import ContractCreationCollision, VMError
from eth.vm.message import Message

from .blocks import Log
from .encoding import checksummed
from .errors import NotNow, RejectedTransaction
from .forks import BERLIN, LONDON, PRAGUE, Fork
from .frames import Frames
from .rules import (
    DELEGATION_PREFIX,
    NONCE_MAX,
    Intrinsic,
    check_fees,
    check_form,
    check_nonce,
    check_sender,
    is_delegation,
)
from .state import World
from .transactions import GAS_PER_BLOB, Fields, Transaction
from .watched import begun

SYSTEM_ADDRESS: Final = bytes.fromhex("fffffffffffffffffffffffffffffffffffffffe")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a transaction says of itself to all its frames."""

    sender: bytes
    gas_price: int
    blob_hashes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """What came of a message and of all the frames below it."""

    error: VMError | None
    output: bytes
    gas_left: int
    refund: int
    """Gas that storage gave back; of failed frames nothing counts."""
    logs: tuple[Log, ...]
    destroyed: int = 0
    """How many contracts went; counted before London, where each gives gas back."""


class State(Protocol):
    """What an engine gives: a state that messages run on, one transaction after the other."""

    world: World
    env: BlockEnv
    frames: Frames

    def run(self, message: Message, origin: Origin) -> Ended:
        """Run a message with all the calls below it."""
        ...

    def clean_up(self) -> None:
        """Remove destroyed accounts, and those touched that were left empty (EIP-161).

        Follows `run`, once the beneficiary is paid.
        """
        ...

    def end_transaction(self) -> None:
        """Forget what lasts for one transaction."""
        ...

    def change_env(self, env: BlockEnv) -> None:
        """Let the block around be another."""
        ...

    def precompile_at(self, address: bytes) -> Any:
        """Return what answers at an address instead of code, or None."""
        ...


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


def check_in_block(
    tx: Transaction, env: BlockEnv, world: World, gas_left: int, blob_gas_left: int
) -> Intrinsic:
    """Check that a block which has so much left can hold this transaction next."""
    needed = check_form(tx, env.fork, env.chain_id)
    if tx.gas > gas_left:
        raise NotNow(f"gas limit reached: transaction {tx.gas}, left {gas_left}")
    if tx.blob_gas > blob_gas_left:
        most = env.fork.blob_gas_max // GAS_PER_BLOB
        raise NotNow(f"blob gas limit reached: {most} blobs a block")
    check_nonce(tx, world)
    check_sender(tx, env.fork, world)
    check_fees(tx, env.base_fee or 0, env.blob_base_fee if tx.blob_gas else 0)
    return needed


def gas_price(tx: Fields, env: BlockEnv) -> int:
    """Return what the sender pays for a unit of gas."""
    if env.base_fee is None:
        return tx.gas_price
    return min(tx.max_fee_per_gas, env.base_fee + tx.max_priority_fee_per_gas)


def apply_transaction(
    state: State, tx: Fields, sender: bytes, needed: Intrinsic, env: BlockEnv | None = None
) -> Outcome:
    """Run a transaction that the rules have let through.

    `env` is what it pays by, where that is not the block's own.
    """
    env = env or state.env
    world, fork = state.world, env.fork
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
        is_delegation=delegation is not None,
    )
    origin = Origin(sender=sender, gas_price=price, blob_hashes=tx.blob_versioned_hashes)
    ended = _run(state, message, origin)
    gas_used, max_gas_used = _settle(state, tx, env, origin, ended, refund, needed.floor)
    outcome = Outcome(
        gas_limit=tx.gas,
        gas_used=gas_used,
        max_gas_used=max_gas_used,
        price=price,
        output=ended.output,
        error=ended.error,
        logs=ended.logs,
        created=created,
    )
    state.end_transaction()
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


def _run(state: State, message: Message, origin: Origin) -> Ended:
    created = message.storage_address
    if message.is_create and is_taken(state.world, created):
        error = ContractCreationCollision("contract address collision")
        if state.frames.tracer is not None:
            state.frames.tracer.enter(begun(message, "CREATE", created))
            state.frames.tracer.leave(None, error)
        return Ended(error=error, output=b"", gas_left=0, refund=0, logs=())
    return state.run(message, origin)


def is_taken(world: World, address: bytes) -> bool:
    """Say whether no contract may be made here; leftover storage counts too (EIP-7610)."""
    return world.account_has_code_or_nonce(address) or world.has_storage(address)


def _settle(
    state: State,
    tx: Fields,
    env: BlockEnv,
    origin: Origin,
    ended: Ended,
    refund: int,
    floor: int,
) -> tuple[int, int]:
    """Give unused gas back, pay the beneficiary, clean up; return the gas used, and at most."""
    world = state.world
    sender, price = origin.sender, origin.gas_price
    used = tx.gas - ended.gas_left
    refund += ended.refund
    if env.fork.since(LONDON):
        refund = min(refund, used // 5)
    else:
        refund = min(refund + GAS_SELFDESTRUCT_REFUND * ended.destroyed, used // 2)
    most = max(used, floor)
    used = max(used - refund, floor)
    unspent = (tx.gas - used) * price
    if unspent:
        world.set_balance(sender, world.get_balance(sender) + unspent)
    tip = price - (env.base_fee or 0)
    world.set_balance(env.coinbase, world.get_balance(env.coinbase) + used * tip)
    if state.frames.tracer is not None:
        state.frames.tracer.settled()
    state.clean_up()
    return used, most


def system_call(state: State, to: bytes, data: bytes) -> bytes | None:
    """Run a contract as the chain itself does; return its output, or None where it failed."""
    message = Message(
        gas=SYSTEM_GAS,
        to=to,  # type: ignore[arg-type]
        sender=SYSTEM_ADDRESS,  # type: ignore[arg-type]
        value=0,
        data=data,
        code=state.world.get_code(to),
        should_transfer_value=False,
    )
    ended = state.run(message, Origin(sender=SYSTEM_ADDRESS, gas_price=0))
    state.end_transaction()
    return ended.output if ended.error is None else None


__all__ = [
    "SYSTEM_ADDRESS",
    "BlockEnv",
    "Ended",
    "Origin",
    "Outcome",
    "State",
    "Transaction",
    "apply_transaction",
    "check_in_block",
    "code_at",
    "gas_price",
    "system_call",
]
