"""A world in memory that carries the precompiles: accounts, storage, logs and a gas counter.

It has what an entry can see through `Host` and no more: no transactions, no blocks. An account's
code is byte-code, or a Python function from a Call to bytes. Every call is a transaction of its
own: transient storage and warm slots do not outlive it, and a call that fails changes nothing.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .. import deployment
from ..backends.keccak import keccak256
from ..precompile import (
    MARKER_CODE,
    Call,
    Context,
    OutOfGas,
    Precompile,
    Revert,
    execute,
    price,
)
from ..registry import at
from . import bytecode, forwarder
from .vectors import DEFAULT_CALLER, Answer, Moment, Vector

# Prices of the EVM since Berlin (EIP-2929, EIP-2200, EIP-1153). Without refunds, which a frame does
# not see, and without EIP-2200's sentry, so that the gas which a call uses is enough for it.
WARM_READ_GAS = 100
COLD_READ_GAS = 2_100
COLD_ACCOUNT_GAS = 2_600
WRITE_NEW_GAS = 20_000
WRITE_CHANGED_GAS = 2_900
LOG_GAS = 375
LOG_TOPIC_GAS = 375
LOG_BYTE_GAS = 8
BLOCK_HASH_GAS = 20
VALUE_GAS = 9_000
VALUE_STIPEND = 2_300
NEW_ACCOUNT_GAS = 25_000
CODE_WORD_GAS = 3
ACCOUNT = -1
"""Stands for the account itself among the warm slots."""

GAS_MAX = 30_000_000
CALL_DEPTH_MAX = 64
RICH = 10**24
"""What whoever calls a vector has."""

Status = Literal["success", "reverted", "out of gas"]
Code = Callable[[Call], bytes] | bytes

CONTEXT = Context(
    chain_id=6133,
    block_number=1,
    timestamp=1_700_000_000,
    coinbase=bytes(20),
    gas_limit=GAS_MAX,
    base_fee=7,
    prevrandao=bytes(32),
    parent_hash=keccak256(b"parent"),
    origin=bytes(19) + b"\1",
    gas_price=7,
    mode="block",
    secret_ops="call-only",  # noqa: S106 - the name of a rule
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """One log entry."""

    address: bytes
    topics: tuple[bytes, ...]
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a call did. `data` is the output of a success, or the payload of a revert."""

    status: Status
    data: bytes
    gas_used: int
    logs: tuple[Log, ...]


@dataclass(slots=True, kw_only=True)
class World:
    """All state. `changes` undoes what a failed frame did, newest first."""

    context: Context = CONTEXT
    balances: dict[bytes, int] = field(default_factory=dict)
    nonces: dict[bytes, int] = field(default_factory=dict)
    codes: dict[bytes, Code] = field(default_factory=dict)
    storage: dict[tuple[bytes, int], int] = field(default_factory=dict)
    transient: dict[tuple[bytes, int], int] = field(default_factory=dict)
    warm: dict[tuple[bytes, int], bool] = field(default_factory=dict)
    originals: dict[tuple[bytes, int], int] = field(default_factory=dict)
    """What a slot held before the call from outside began, for slots written since."""
    block_hashes: dict[int, bytes] = field(default_factory=dict)
    logs: list[Log] = field(default_factory=list)
    changes: list[Callable[[], object]] = field(default_factory=list)

    def set(self, table: MutableMapping[Any, Any], key: object, value: object) -> None:
        """Change one entry so that it can be undone."""
        if key in table:
            old = table[key]
            self.changes.append(lambda: table.__setitem__(key, old))
        else:
            self.changes.append(lambda: table.__delitem__(key))
        table[key] = value

    def undo(self, mark: int) -> None:
        """Return to the state when `changes` was this long."""
        while len(self.changes) > mark:
            self.changes.pop()()


@dataclass(slots=True)
class Meter:
    """The gas left in one frame."""

    left: int

    def take(self, amount: int) -> None:
        """Take gas, or take all of it and raise OutOfGas."""
        if amount > self.left:
            self.left = 0
            raise OutOfGas
        self.left -= amount


@dataclass(slots=True, kw_only=True)
class Frame:
    """One running call: the Host of the precompile at `address`."""

    world: World
    address: bytes
    meter: Meter
    static: bool
    depth: int
    code_address: bytes = b""
    """Where the code stands, if not at `address`."""

    def load(self, slot: int) -> int:
        """SLOAD."""
        return self.read(self.address, slot)

    def storage_of(self, address: bytes, slot: int) -> int:
        """SLOAD at another account; the EVM has no instruction for it."""
        self.touch_account(address)
        return self.read(address, slot)

    def read(self, address: bytes, slot: int) -> int:
        """Read a slot at its price."""
        self.meter.take(WARM_READ_GAS if self.touch(address, slot) else COLD_READ_GAS)
        return self.world.storage.get((address, slot), 0)

    def store(self, slot: int, value: int) -> None:
        """SSTORE."""
        self.refuse_static()
        key = self.address, slot
        cold = 0 if self.touch(self.address, slot) else COLD_READ_GAS
        old = self.world.storage.get(key, 0)
        original = self.world.originals.setdefault(key, old)
        if value == old or old != original:
            self.meter.take(cold + WARM_READ_GAS)
        else:
            self.meter.take(cold + (WRITE_CHANGED_GAS if original else WRITE_NEW_GAS))
        self.world.set(self.world.storage, key, value)

    def load_transient(self, slot: int) -> int:
        """TLOAD."""
        self.meter.take(WARM_READ_GAS)
        return self.world.transient.get((self.address, slot), 0)

    def store_transient(self, slot: int, value: int) -> None:
        """TSTORE."""
        self.refuse_static()
        self.meter.take(WARM_READ_GAS)
        self.world.set(self.world.transient, (self.address, slot), value)

    def emit(self, topics: Sequence[bytes], data: bytes) -> None:
        """LOG0 to LOG4."""
        self.refuse_static()
        self.meter.take(LOG_GAS + LOG_TOPIC_GAS * len(topics) + LOG_BYTE_GAS * len(data))
        self.world.logs.append(Log(address=self.address, topics=tuple(topics), data=data))
        self.world.changes.append(self.world.logs.pop)

    def balance(self, address: bytes) -> int:
        """BALANCE."""
        self.touch_account(address)
        return self.world.balances.get(address, 0)

    def nonce(self, address: bytes) -> int:
        """Return the nonce; the EVM has no instruction for it."""
        self.touch_account(address)
        return self.world.nonces.get(address, 0)

    def code(self, address: bytes) -> bytes:
        """EXTCODECOPY of the whole."""
        self.touch_account(address)
        code = code_at(self.world, address)
        self.meter.take(CODE_WORD_GAS * ((len(code) + 31) // 32))
        return code

    def code_size(self, address: bytes) -> int:
        """EXTCODESIZE."""
        self.touch_account(address)
        return len(code_at(self.world, address))

    def code_hash(self, address: bytes) -> bytes:
        """EXTCODEHASH."""
        self.touch_account(address)
        code = code_at(self.world, address)
        known = code or self.world.balances.get(address) or self.world.nonces.get(address)
        return keccak256(code) if known else bytes(32)

    def deploy(self, code: bytes, salt: bytes) -> bytes:
        """Make an account with a code."""
        self.refuse_static()
        self.meter.take(deployment.price_of(code))
        deployment.check(code)
        address = deployment.address_of(self.address, code, salt)
        world = self.world
        if world.nonces.get(address) or code_at(world, address):
            raise deployment.ACCOUNT_OCCUPIED(address)
        world.set(world.warm, (address, ACCOUNT), True)
        world.set(world.nonces, address, 1)
        world.set(world.codes, address, code)
        return address

    def block_hash(self, number: int) -> bytes:
        """BLOCKHASH."""
        self.meter.take(BLOCK_HASH_GAS)
        return self.world.block_hashes.get(number, bytes(32))

    def transfer(self, to: bytes, value: int) -> None:
        """Move value; more than there is reverts without data."""
        self.refuse_static()
        self.touch_account(to)
        self.pay_for_value(to, value)
        if not move(self.world, self.address, to, value):
            raise Revert(b"")

    def call(
        self, to: bytes, data: bytes, value: int = 0, gas: int | None = None, static: bool = False
    ) -> tuple[bool, bytes]:
        """CALL or STATICCALL, keeping one 64th of the gas."""
        if value:
            self.refuse_static()
        self.touch_account(to)
        self.pay_for_value(to, value)
        offered = self.meter.left - self.meter.left // 64
        given = offered if gas is None else min(gas, offered)
        self.meter.take(given)
        inner = Frame(
            world=self.world,
            address=to,
            meter=Meter(given + (VALUE_STIPEND if value else 0)),
            static=self.static or static,
            depth=self.depth + 1,
        )
        status, output = run(inner, caller=self.address, data=data, value=value, delegated=False)
        self.meter.left += inner.meter.left
        return status == "success", output

    def delegate(self, to: bytes, call: Call, data: bytes, gas: int) -> tuple[bool, bytes]:
        """DELEGATECALL, for byte-code; no entry can."""
        self.touch_account(to)
        given = min(gas, self.meter.left - self.meter.left // 64)
        self.meter.take(given)
        inner = replace(self, meter=Meter(given), depth=self.depth + 1, code_address=to)
        status, output = run(inner, caller=call.caller, data=data, value=call.value, delegated=True)
        self.meter.left += inner.meter.left
        return status == "success", output

    def charge(self, gas: int, reason: str) -> None:
        """Take gas; the reason is for chains that trace."""
        del reason
        self.meter.take(gas)

    def touch(self, address: bytes, slot: int) -> bool:
        """Make a slot warm; return whether it was."""
        key = (address, slot)
        if key in self.world.warm:
            return True
        self.world.set(self.world.warm, key, True)
        return False

    def touch_account(self, address: bytes) -> None:
        """Pay for looking at an account; precompiles are always warm."""
        known = at(address) is not None or (address, ACCOUNT) in self.world.warm
        self.meter.take(WARM_READ_GAS if known else COLD_ACCOUNT_GAS)
        if not known:
            self.world.set(self.world.warm, (address, ACCOUNT), True)

    def pay_for_value(self, to: bytes, value: int) -> None:
        """Pay for moving value, and for the account that it makes."""
        if value:
            self.meter.take(VALUE_GAS)
            world = self.world
            holds = world.balances.get(to, 0) or world.nonces.get(to, 0)
            if not holds and to not in world.codes and at(to) is None:
                self.meter.take(NEW_ACCOUNT_GAS)

    def refuse_static(self) -> None:
        """Stop an entry that writes in a static frame: its declaration is wrong."""
        assert not self.static, "a method declared as view or pure wrote state"


def move(world: World, sender: bytes, to: bytes, value: int) -> bool:
    """Move value between accounts; return whether there was enough."""
    have = world.balances.get(sender, 0)
    if have < value:
        return False
    world.set(world.balances, sender, have - value)
    world.set(world.balances, to, world.balances.get(to, 0) + value)
    return True


def run(
    frame: Frame, *, caller: bytes, data: bytes, value: int, delegated: bool
) -> tuple[Status, bytes]:
    """Run what stands at the frame's address. A failure undoes what the frame did."""
    world = frame.world
    mark = len(world.changes)
    call = Call(
        data=data,
        caller=caller,
        value=value,
        static=frame.static,
        delegated=delegated,
        host=frame,
        context=world.context,
    )
    try:
        if frame.depth > CALL_DEPTH_MAX:
            raise Revert(b"")
        if value and not delegated and not move(world, caller, frame.address, value):
            raise Revert(b"")
        where = frame.code_address or frame.address
        entry = at(where)
        if entry is not None:
            return "success", run_precompile(entry, call, frame.meter)
        code = world.codes.get(where, b"")
        return "success", bytecode.run(code, call, frame) if isinstance(code, bytes) else code(call)
    except Revert as refused:
        world.undo(mark)
        return "reverted", refused.data
    except OutOfGas:
        frame.meter.left = 0
        world.undo(mark)
        return "out of gas", b""


def code_at(world: World, address: bytes) -> bytes:
    """Return the code of an account. That of a function stands for it: it has no other."""
    entry = at(address)
    if entry is not None:
        return MARKER_CODE if entry.status == "active" else b""
    code = world.codes.get(address, b"")
    return code if isinstance(code, bytes) else b"\xfe" + address


def run_precompile(entry: Precompile, call: Call, meter: Meter) -> bytes:
    """Charge the price, then execute: what a chain does."""
    meter.take(price(entry, call.data))
    return execute(entry, call)


def call_precompile(
    world: World,
    address: bytes,
    data: bytes,
    *,
    caller: bytes = DEFAULT_CALLER,
    value: int = 0,
    gas: int = GAS_MAX,
    static: bool = False,
    delegated: bool = False,
    context: Mapping[str, Any] | None = None,
) -> Outcome:
    """Call a precompile from outside; see `transact`."""
    if at(address) is None:
        raise ValueError(f"0x{address.hex()} is no precompile")
    return transact(
        world,
        address,
        data,
        caller=caller,
        value=value,
        gas=gas,
        static=static,
        delegated=delegated,
        context=context,
    )


def transact(
    world: World,
    address: bytes,
    data: bytes,
    *,
    caller: bytes = DEFAULT_CALLER,
    value: int = 0,
    gas: int = GAS_MAX,
    static: bool = False,
    delegated: bool = False,
    context: Mapping[str, Any] | None = None,
) -> Outcome:
    """Make one call from outside. `context` changes fields of the world's context for this call."""
    before = world.context
    world.context = replace(before, **(context or {}))
    world.transient.clear()
    world.warm.clear()
    for account in (caller, world.context.origin, world.context.coinbase, address):
        world.warm[account, ACCOUNT] = True
    world.originals.clear()
    world.changes.clear()
    logged = len(world.logs)
    meter = Meter(gas)
    frame = Frame(world=world, address=address, meter=meter, static=static, depth=0)
    status, output = run(frame, caller=caller, data=data, value=value, delegated=delegated)
    world.context = before
    return Outcome(
        status=status,
        data=output,
        gas_used=gas - meter.left,
        logs=tuple(world.logs[logged:]),
    )


def context_of(vector: Vector) -> Mapping[str, Any]:
    """Return what a vector changes in the context of its call."""
    return {
        "mode": vector.mode,
        "secret_ops": vector.secret_ops,
        **moment_of(vector.moment),
    }


def moment_of(moment: Moment) -> Mapping[str, int]:
    """Return the fields of the context that a moment says."""
    told = {"timestamp": moment.time, "block_number": moment.number}
    return {name: value for name, value in told.items() if value is not None}


def prepared(vector: Vector) -> World:
    """Return the world that a vector starts from."""
    world = World()
    for address, account in vector.accounts.items():
        world.balances[address] = account.balance
        if account.code:
            world.codes[address] = account.code
        for slot, word in account.storage.items():
            world.storage[address, slot] = word
    for caller in (vector.caller, *(step.caller for step in vector.before)):
        world.codes[caller] = forwarder.CODE
        world.balances[caller] = RICH
    for step in vector.before:
        done = transact(
            world,
            step.to,
            step.input,
            caller=step.caller,
            value=step.value,
            context=moment_of(step.moment),
        )
        if done.status != "success":
            raise ValueError(f"{vector.name}: a call before it failed: 0x{done.data.hex()}")
    return world


def words(world: World, address: bytes) -> dict[int, int]:
    """Return the storage of an account."""
    return {slot: word for (owner, slot), word in world.storage.items() if owner == address}


def answer(vector: Vector, context: Mapping[str, Any] | None = None) -> Answer:
    """Answer a vector in a fresh world: the target that needs no chain.

    `context` changes fields of the block around it.
    """
    world = prepared(vector)
    before = words(world, vector.address)
    outcome = call_precompile(
        world,
        vector.address,
        vector.input,
        caller=vector.caller,
        value=vector.value,
        gas=vector.frame_gas,
        static=vector.static,
        delegated=vector.delegated,
        context={**context_of(vector), **(context or {})},
    )
    entry = at(vector.address)
    assert entry is not None, "call_precompile has refused it"
    after = words(world, vector.address)
    logs = [log for log in outcome.logs if log.address == vector.address]
    return Answer(
        output=outcome.data if outcome.status == "success" else None,
        error=outcome.data if outcome.status == "reverted" else None,
        logs=tuple((log.topics, log.data) for log in logs),
        storage={slot: word for slot, word in after.items() if before.get(slot, 0) != word},
        gas=price(entry, vector.input),
        gas_used=outcome.gas_used,
    )
