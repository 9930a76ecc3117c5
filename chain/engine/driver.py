"""Runs messages on the compiled core: fills a machine, and serves what the core leaves it for.

The slow twin is `evm`'s state, over py-evm's loop.
"""

from collections.abc import Sequence
from functools import cache
from itertools import islice
from struct import Struct
from typing import Any, Final

import numpy as np
from eth import exceptions as evm_errors
from eth.exceptions import VMError
from eth.vm.message import Message

from ..blocks import Log
from ..builtins import Builtin, BuiltinError, builtins_of
from ..encoding import keccak
from ..execution import BlockEnv, Ended, Origin
from ..forks import CANCUN, LONDON, PARIS, PRAGUE, SHANGHAI, Fork
from ..frames import Frames, check_time
from ..host import Child, answer, is_pars_address
from ..rules import INITCODE_SIZE_MAX
from ..state import Reader
from ..trie import EMPTY_ROOT
from . import records
from .analysis import jump_destinations
from .failures import error_of
from .frames import CODE_PADDING
from .machine import FRAME_FIELDS, FRAME_INTS, FRAME_VALUE, Machine
from .operations import operations_of
from .prices import GAS_CLEARS_REFUND
from .records import CONTEXT, FRAME, FRAME_GIVEN, WORD
from .telling import TOLD, Teller
from .world import CoreWorld

PATIENCE: Final = 1 << 17
"""Jump destinations between two looks at the clock: about a millisecond."""
SHOWN_PATIENCE: Final = 1 << 8
"""The same where each instruction is shown to somebody, which takes its time."""

_F: Final = FRAME_FIELDS
BLOCK_CONTEXT: Final = slice(
    WORD * CONTEXT.index("COINBASE"), WORD * (CONTEXT.index("BLOBBASEFEE") + 1)
)
GIVEN: Final = Struct(f"<{WORD}s{len(FRAME_GIVEN)}q")
"""How a frame's record begins."""


class CoreState:
    """A state that messages run on in the compiled core."""

    def __init__(self, env: BlockEnv, reader: Reader, frames: Frames) -> None:
        self.frames = frames
        self.fork = env.fork
        self._answering = Answering(env.fork, frames)
        self.precompile_at = self._answering.at
        self.world = CoreWorld(reader, self._answering)
        self.machine = self.world.machine
        self.origin = Origin(sender=bytes(20), gas_price=0)
        self._patience = PATIENCE
        self._teller = Teller(self.machine, self.world)
        self._initcode: list[np.ndarray[Any, Any]] = []
        self._context = self.machine.bytes_of("context")
        self._frame = self.machine.bytes_of("frames")
        self._ints = self._frame.cast("q")
        set_rules(self.machine, env.fork)
        self.change_env(env)

    def change_env(self, env: BlockEnv) -> None:
        """Let the block around be another."""
        self.env = env
        randomness = int.from_bytes(env.prev_randao, "big")
        said = (
            int.from_bytes(env.coinbase, "big"),
            env.timestamp,
            env.number,
            randomness if env.fork.since(PARIS) else env.difficulty,
            env.gas_limit,
            env.chain_id,
            env.base_fee or 0,
            env.blob_base_fee,
        )
        self._context[BLOCK_CONTEXT] = b"".join([each.to_bytes(WORD, "little") for each in said])
        self.machine.set("hash_count", -1)

    def end_transaction(self) -> None:
        """Forget what lasts for one transaction."""
        self.world.end_transaction()
        self._initcode.clear()

    def clean_up(self) -> None:
        """Remove destroyed accounts, and those touched that were left empty (EIP-161)."""
        self.world.clean(self.env.coinbase)

    def forget_run(self) -> None:
        """Forget the logs and refunds of a run that was undone, so that it can be repeated."""
        for name in ("log_count", "log_data_size", "refund"):
            self.machine.set(name, 0)

    # A message and its frames.

    def run(self, message: Any, origin: Origin) -> Ended:
        """Run a message with all the calls below it."""
        machine, world = self.machine, self.world
        self.origin = origin
        self._context[:WORD] = origin.sender[::-1] + bytes(12)
        self._context[WORD : 2 * WORD] = origin.gas_price.to_bytes(WORD, "little")
        if origin.blob_hashes or machine.get("blob_hash_count"):
            machine.set_blob_hashes(origin.blob_hashes)
        if self.fork.since(SHANGHAI):
            world.mark_address_warm(self.env.coinbase)  # EIP-3651
        if self.frames.moved or self.frames.replaced:
            world.look_for_builtins()
        self._teller.begin(self.frames.tracer)
        machine.set("depth", -1)
        machine.set("floor", 0)
        self._patience = SHOWN_PATIENCE if machine.get("stepping") else PATIENCE
        machine.set("patience", self._patience)
        machine.set("stage", records.RUNNING)
        self._begin(
            depth=0,
            kind=records.CREATE if message.is_create else records.CALL,
            account=message.storage_address,
            code_account=message.storage_address if message.is_create else message.code_address,
            delegated=message.is_delegation,
            caller=message.sender,
            value=message.value,
            data=message.data_as_bytes,
            gas=message.gas,
            static=message.is_static,
            memory=0,
            stack=machine.get("stack"),
            initcode=message.code if message.is_create else None,
        )
        self._loop()
        return self._ended()

    def _ended(self) -> Ended:
        machine = self.machine
        output = self._teller.output(0)
        return Ended(
            error=error_of(machine, output, self._teller.failure),
            output=output,
            gas_left=self._ints[_F["gas"]],
            refund=machine.get("refund"),
            logs=self._logs(),
            destroyed=0 if self.fork.since(LONDON) else self.world.destroyed(),
        )

    def _returned(self) -> bytes:
        machine = self.machine
        return bytes(machine.bytes_of("returned")[: machine.get("returned_size")])

    def _logs(self) -> tuple[Log, ...]:
        return tuple(map(self._teller.log, range(self.machine.get("log_count"))))

    def _begin(
        self,
        *,
        depth: int,
        kind: int,
        account: bytes,
        code_account: bytes,
        delegated: bool,
        caller: bytes,
        value: int,
        data: bytes,
        gas: int,
        static: bool,
        memory: int,
        stack: int,
        initcode: bytes | None = None,
    ) -> None:
        """Put a frame on top of those that are there."""
        machine, world = self.machine, self.world
        account_row, code_row, caller_row = (
            world.row(each) for each in (account, code_account, caller)
        )
        world.ensure_code(code_row)
        machine.need_memory(memory + len(data) + WORD)
        if data:
            machine.bytes_of("memory")[memory : memory + len(data)] = data
        code = (0, 0, 0) if initcode is None else self._place_initcode(initcode)
        GIVEN.pack_into(
            self._frame,
            depth * FRAME.itemsize,
            value.to_bytes(WORD, "little"),
            kind,
            account_row,
            code_row,
            caller_row,
            static,
            delegated,
            gas,
            stack,
            (memory + len(data) + WORD - 1) & -WORD,
            memory,
            len(data),
            0,
            0,
            *code,
        )
        machine.keep_room()
        machine.act(records.ENTER)

    def _place_initcode(self, code: bytes) -> tuple[int, int, int]:
        """Return where a transaction's own code stands, its size, and its jump destinations."""
        size = len(code)
        held = np.zeros(2 * size + CODE_PADDING, np.uint8)
        held[:size] = np.frombuffer(code, np.uint8)
        start = held.ctypes.data
        jumps = start + size + CODE_PADDING
        jump_destinations(start, size, jumps)
        self._initcode.append(held)
        return start, size, jumps

    # What the core leaves for.

    def _loop(self) -> None:
        """Run until the frame at the machine's floor has ended."""
        machine = self.machine
        while True:
            reason = machine.run()
            if reason == records.DONE:
                return
            if reason in TOLD:
                self._teller.tell(reason)
                continue
            self._serve(reason)
            if reason <= records.NEED_HASHES and machine.get("stepping"):
                machine.set("stage", records.STEPPED)  # It repeats what has been shown.

    def _serve(self, reason: int) -> None:
        machine, world = self.machine, self.world
        if reason == records.NEED_ACCOUNT:
            world.load_needed()
        elif reason == records.NEED_SLOT:
            world.load_slot(machine.get("need_row"))
        elif reason == records.NEED_CODE:
            world.load_code(machine.get("need_row"))
        elif reason == records.PRECOMPILE:
            self._answer()
        elif reason == records.DEPOSIT:
            self._deposit()
        elif reason == records.NEED_HASHES:
            machine.set_hashes(list(islice(self.env.ancestors(), 256)))
        elif reason == records.PATIENCE:
            machine.set("patience", self._patience)
            if self.frames.deadline is not None:
                check_time(self.frames.deadline)
        elif reason == records.NEED_MEMORY:
            machine.grow_memory()
        elif reason == records.NEED_JOURNAL:
            machine.grow_journal()
        elif reason == records.NEED_SLOTS:
            machine.grow_slots()
            world.look()
        elif reason == records.NEED_TRANSIENTS:
            machine.grow_transients()
        elif reason == records.NEED_LOGS:
            machine.grow_logs()
        elif reason == records.NEED_RETURNED:
            machine.grow_returned(machine.get("need_size"))
        else:
            raise AssertionError(f"the core left for an unknown reason: {reason}")

    def _deposit(self) -> None:
        """Take in the code that a creation returned."""
        machine = self.machine
        at = machine.get("depth") * FRAME_INTS
        start, size = self._ints[at + _F["output"]], self._ints[at + _F["output_size"]]
        code = bytes(machine.bytes_of("memory")[start : start + size])
        machine.set("need_row", self.world.take_in(code))
        machine.set("stage", records.DEPOSITED)
        machine.keep_room()

    def _answer(self) -> None:
        """Run the precompile whose frame is on top."""
        machine = self.machine
        frame = CoreFrame(self)
        status, output = records.SUCCESS, b""
        found = self.precompile_at(frame.code_address)
        try:
            if isinstance(found, bytes):
                output = answer(found, frame)
            elif found is not None:
                frame.take(found.price(frame.data), found.name)
                output = found.run(frame.data)
        except evm_errors.Revert as refusal:
            status, output = records.REVERTED, refusal.args[0]
        except evm_errors.OutOfGas:
            status = records.OUT_OF_GAS
        except (BuiltinError, VMError) as error:
            status = records.PRECOMPILE_FAILED
            self._teller.failure = str(error)
        machine.grow_returned(len(output))
        machine.bytes_of("returned")[: len(output)] = output
        machine.set("returned_size", len(output))
        machine.set("status", status)
        machine.set("stage", records.ANSWERED)


class CoreFrame:
    """The frame on top of the core's, as a precompile's host sees it."""

    def __init__(self, state: CoreState) -> None:
        machine, world = state.machine, state.world
        self._state = state
        self._ints = state._ints
        self.depth = machine.get("depth")
        self._at = self.depth * FRAME_INTS
        self.world: Any = world
        self.env = state.env
        self.shared = state.frames
        self.origin = state.origin
        start, size = self._get("input"), self._get("input_size")
        self.data = bytes(machine.bytes_of("memory")[start : start + size])
        self.code_address = world.addresses[self._get("code_account")]
        self.sender = world.addresses[self._get("caller")]
        at = self.depth * FRAME.itemsize + FRAME_VALUE
        self.value = int.from_bytes(machine.bytes_of("frames")[at : at + WORD], "little")
        self.static = bool(self._get("static"))
        self.delegated = self._get("account") != self._get("code_account")

    def _get(self, name: str) -> int:
        return self._ints[self._at + _F[name]]

    @property
    def gas_left(self) -> int:
        """Gas that the frame has left."""
        return self._get("gas")

    def take(self, gas: int, reason: str) -> None:
        """Take gas from the frame."""
        if gas > self._get("gas"):
            raise evm_errors.OutOfGas(f"Out of gas: {reason}")
        self._ints[self._at + _F["gas"]] -= gas

    def give_back(self, gas: int) -> None:
        """Return gas that was taken."""
        self._ints[self._at + _F["gas"]] += gas

    def refund(self, gas: int) -> None:
        """Add to what the transaction gets back, or take from it."""
        machine = self._state.machine
        machine.set("refund", machine.get("refund") + gas)

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        """Append a log."""
        machine = self._state.machine
        machine.add_log(self.world.row(address), topics, data)
        if self.shared.tracer is not None:
            self.shared.tracer.log(address, topics, data)

    def is_warm(self, address: bytes) -> bool:
        """Say whether the transaction has paid for an account."""
        return self.world.is_address_warm(address) or self._state.precompile_at(address) is not None

    def ancestor(self, number: int) -> bytes:
        """Return the hash of one of the last 256 blocks, or nothing."""
        depth = self.env.number - 1 - number
        if not 0 <= depth < 256:
            return b""
        return next(islice(self.env.ancestors(), depth, None), b"")

    def call(self, child: Child) -> tuple[bool, bytes, int]:
        """Run a call; return whether it succeeded, its output, and the gas that it left."""
        state, machine = self._state, self._state.machine
        floor = machine.get("floor")
        own = self.world.addresses[self._get("account")]
        machine.set("floor", self.depth + 1)
        state._begin(
            depth=self.depth + 1,
            kind=records.STATICCALL if child.static and not child.value else records.CALL,
            account=child.to,
            code_account=child.code_address,
            delegated=child.delegated,
            caller=own,
            value=child.value,
            data=child.data,
            gas=child.gas,
            static=child.static,
            memory=self._get("memory"),
            stack=self._get("stack"),
        )
        try:
            state._loop()
        finally:
            machine.set("floor", floor)
        status = machine.get("status")
        left = self._ints[self._at + FRAME_INTS + _F["gas"]]
        return status == records.SUCCESS, state._returned(), left


class Answering:
    """Says what answers at an address instead of code."""

    def __init__(self, fork: Fork, frames: Frames) -> None:
        self._pars = fork.pars
        self._builtins = _builtins(fork)
        self._frames = frames

    def at(self, address: bytes) -> Builtin | bytes | None:
        """Return a builtin, the address of one of ours, or None."""
        frames = self._frames
        if frames.replaced or frames.moved:
            if address in frames.moved:
                address = frames.moved[address]
            elif address in frames.replaced:
                return None
        if any(address[:18]):  # As nearly all have.
            return None
        if self._pars and is_pars_address(address):
            return address
        return self._builtins.get(address)

    __call__ = at


@cache
def _builtins(fork: Fork) -> dict[bytes, Builtin]:
    return {number.to_bytes(20, "big"): each for number, each in builtins_of(fork).items()}


def set_rules(machine: Machine, fork: Fork) -> None:
    """Tell a machine by which rules it runs."""
    machine.set("blob_hash_count", 0)
    if machine.rules is fork:
        return
    machine.rules = fork
    machine.set_operations(operations_of(fork))
    machine.set("clears_refund", GAS_CLEARS_REFUND if fork.since(LONDON) else 15_000)
    machine.set("reserved_byte", int(fork.since(LONDON)))
    machine.set("initcode_max", INITCODE_SIZE_MAX if fork.since(SHANGHAI) else 0)
    machine.set("initcode_gas", 2 if fork.since(SHANGHAI) else 0)
    machine.set("keeps_old", int(fork.since(CANCUN)))
    machine.set("delegations", int(fork.since(PRAGUE)))


PROGRAM: Final = bytes.fromhex("600560030a600255600254600052602060002060005260206000f3")
"""Writes 3 ** 5 to storage, reads it back, and returns its hash."""
PROGRAM_OUTPUT: Final = keccak((3**5).to_bytes(WORD, "big"))
PROGRAM_GAS: Final = 22_335
"""60 for the power, 22,100 and 100 for the slot, 36 for the hash, 3 for memory, 3 for the rest."""


def self_test() -> bool:
    """Return whether the core runs a program as the rules say, to the unit of gas."""
    address, nobody = bytes(19) + b"\xff", bytes(20)
    env = BlockEnv(
        fork=PRAGUE,
        chain_id=1,
        number=1,
        timestamp=1,
        coinbase=nobody,
        gas_limit=10**6,
        base_fee=1,
        difficulty=0,
        prev_randao=bytes(32),
        excess_blob_gas=0,
        parent_hash=bytes(32),
        ancestors=tuple,
    )
    state = CoreState(env, Reader({}, EMPTY_ROOT), Frames())
    state.world.set_code(address, PROGRAM)
    message = Message(
        gas=100_000,
        to=address,  # type: ignore[arg-type] # bytes, which py-evm calls an address
        sender=nobody,  # type: ignore[arg-type] # bytes, which py-evm calls an address
        value=0,
        data=b"",
        code=PROGRAM,
    )
    ended = state.run(message, Origin(sender=nobody, gas_price=1))
    return (ended.output, ended.gas_left) == (PROGRAM_OUTPUT, 100_000 - PROGRAM_GAS)
