"""What tracers are told of the core's frames: its records in a tracer's words.

The core leaves for this only while somebody watches.
"""

from ctypes import string_at
from dataclasses import replace
from typing import Final

from eth.exceptions import VMError

from ..blocks import Log
from ..frames import STACK_DEPTH_MAX, Begun, Left, Tracer
from . import records
from .failures import error_of
from .machine import FRAME_FIELDS, FRAME_INTS, FRAME_VALUE, Machine
from .records import FRAME, WORD
from .world import CoreWorld

TOLD: Final = frozenset(
    {
        records.ENTERED,
        records.LEFT,
        records.REFUSED,
        records.LOGGED,
        records.DESTROYS,
        records.STEP,
        records.HALTED,
    }
)
"""The exits that are for tracers alone."""

CREATIONS: Final = (records.CREATE, records.CREATE2)
KINDS: Final = {
    records.CREATE: "CREATE",
    records.CALL: "CALL",
    records.CALLCODE: "CALLCODE",
    records.DELEGATECALL: "DELEGATECALL",
    records.CREATE2: "CREATE2",
    records.STATICCALL: "STATICCALL",
}
GAS, STACK, SP = (FRAME_FIELDS[name] for name in ("gas", "stack", "sp"))
CALLED_WORD: Final = {records.CALLCODE: 5, records.DELEGATECALL: 4}
"""How many words above a caller's stack the address stood that it called."""


class CoreView:
    """A frame of the core, as a tracer looks at it."""

    def __init__(self, machine: Machine, world: CoreWorld, depth: int) -> None:
        self.depth = depth
        self.running = False
        """Whether an instruction has been shown whose end has not."""
        self._machine = machine
        self._world = world
        self._ints = machine.bytes_of("frames").cast("q")
        self._at = depth * FRAME_INTS
        self.address = world.addresses[self.get("account")]

    def get(self, name: str) -> int:
        """Return a field of the frame's record."""
        return self._ints[self._at + FRAME_FIELDS[name]]

    @property
    def gas(self) -> int:
        """Gas that is left."""
        return self._ints[self._at + GAS]

    @property
    def refund(self) -> int:
        """What storage has given back so far, in all frames."""
        return self._machine.get("refund")

    def stack(self) -> list[int]:
        """Return the words on the stack, the last on top."""
        start = self._ints[self._at + STACK]
        words = string_at(start, self._ints[self._at + SP] - start)
        return [int.from_bytes(words[i : i + WORD], "little") for i in range(0, len(words), WORD)]

    def memory(self) -> bytes:
        """Return the whole memory."""
        start = self.get("memory")
        return bytes(self._machine.bytes_of("memory")[start : start + self.get("memory_size")])

    def return_data(self) -> bytes:
        """Return what the last call returned."""
        machine = self._machine
        return bytes(machine.bytes_of("returned")[: machine.get("returned_size")])

    def slot(self, number: int) -> int:
        """Return a word of storage."""
        return self._world.get_storage(self.address, number)


class Teller:
    """Tells a tracer what the core has left for."""

    def __init__(self, machine: Machine, world: CoreWorld) -> None:
        self._machine = machine
        self._world = world
        self._tracer: Tracer | None = None
        self._ints = machine.bytes_of("frames").cast("q")
        self._views: list[CoreView] = []
        self.failure = ""
        """Why the last precompile that failed did so."""

    def begin(self, tracer: Tracer | None) -> None:
        """Let the core leave for what a tracer wants."""
        self._machine.set("tracing", int(tracer is not None and tracer.wants_frames))
        self._machine.set("stepping", int(tracer is not None and tracer.wants_steps))
        self._tracer = tracer
        self._views.clear()

    def tell(self, reason: int) -> None:
        """Tell the tracer why the core left."""
        tracer = self._tracer
        assert tracer is not None, "the core leaves for nobody else"
        if reason == records.STEP:
            self._step(tracer)
        elif reason == records.HALTED:
            view = self._views[-1]
            if view.running:
                tracer.stepped(view, self._error(view.depth))
                view.running = False
        elif reason == records.ENTERED:
            depth = self._machine.get("depth")
            tracer.enter(self._begun(depth))
            self._views.append(CoreView(self._machine, self._world, depth))
        elif reason == records.LEFT:
            depth = self._machine.get("depth") + 1
            self._views.pop()
            given, left = self._get(depth, "gas_given"), self._get(depth, "gas")
            done = Left(gas_used=given - left, output=self.output(depth))
            tracer.leave(done, self._error(depth))
        elif reason == records.REFUSED:
            self._refused(tracer)
        elif reason == records.LOGGED:
            log = self.log(self._machine.get("log_count") - 1)
            tracer.log(log.address, log.topics, log.data)
        else:
            self._destroys(tracer)

    def _get(self, depth: int, name: str) -> int:
        return self._ints[depth * FRAME_INTS + FRAME_FIELDS[name]]

    def _address(self, depth: int, name: str) -> bytes:
        return self._world.addresses[self._get(depth, name)]

    def _step(self, tracer: Tracer) -> None:
        view: CoreView = self._views[-1]
        if not view.get("code_size"):
            return  # A STOP that nobody wrote.
        if view.running:
            tracer.stepped(view, None)
        view.running = True
        pc = view.get("pc")
        tracer.step(view, pc, string_at(view.get("code") + pc, 1)[0])

    def _begun(self, depth: int) -> Begun:
        """Return what stands in the record of a frame that begins."""
        machine, kind = self._machine, self._get(depth, "kind")
        if kind in CREATIONS:
            data = string_at(self._get(depth, "code"), self._get(depth, "code_size"))
        else:
            start, size = self._get(depth, "input"), self._get(depth, "input_size")
            data = bytes(machine.bytes_of("memory")[start : start + size])
        start = depth * FRAME.itemsize + FRAME_VALUE
        value = machine.bytes_of("frames")[start : start + WORD]
        return Begun(
            kind=KINDS[kind],
            sender=self._address(depth, "account" if kind in CALLED_WORD else "caller"),
            target=self._target(depth, kind),
            value=int.from_bytes(value, "little"),
            data=data,
            gas=self._get(depth, "gas"),
            delegated=kind not in CREATIONS and bool(self._get(depth, "delegated")),
        )

    def _target(self, depth: int, kind: int) -> bytes:
        """Return the address that was called; a delegation's stands on the caller's stack alone."""
        if kind not in CALLED_WORD:
            return self._address(depth, "account")
        word = self._get(depth, "stack") + CALLED_WORD[kind] * WORD
        return string_at(word, 20)[::-1]

    def _refused(self, tracer: Tracer) -> None:
        depth = self._machine.get("depth") + 1
        if self._machine.get("status") != records.COLLISION:
            # Where a caller is both too deep and too poor, the depth is what counts.
            too_deep = depth > STACK_DEPTH_MAX
            self._machine.set("status", records.TOO_DEEP if too_deep else records.NO_FUNDS)
        error = error_of(self._machine, b"")
        kind, gas = self._get(depth, "kind"), self._get(depth, "gas")
        caller = (depth - 1) * FRAME_INTS + FRAME_FIELDS["gas"]
        if kind in CREATIONS:
            self._ints[depth * FRAME_INTS + FRAME_FIELDS["account"]] = 0
            begun = replace(self._begun(depth), target=bytes(20))
            tracer.enter(begun)
            tracer.leave(None, error)
            return
        # The price of a call includes the gas that it hands down, though that came back.
        self._ints[caller] -= gas
        tracer.enter(self._begun(depth))
        tracer.leave(None, error)
        self._ints[caller] += gas

    def _destroys(self, tracer: Tracer) -> None:
        machine = self._machine
        balance = int.from_bytes(machine.bytes_of("scratch")[:WORD], "little")
        beneficiary = self._world.addresses[machine.get("need_row")]
        tracer.destroyed(self._address(machine.get("depth"), "account"), beneficiary, balance)

    def _error(self, depth: int) -> VMError | None:
        return error_of(self._machine, self.output(depth), self.failure)

    def output(self, depth: int) -> bytes:
        """Return the output of the frame that has just ended."""
        machine = self._machine
        if machine.get("status") == records.SUCCESS and self._get(depth, "kind") in CREATIONS:
            start, size = self._get(depth, "output"), self._get(depth, "output_size")
            return bytes(machine.bytes_of("memory")[start : start + size])
        return bytes(machine.bytes_of("returned")[: machine.get("returned_size")])

    def log(self, number: int) -> Log:
        """Return a log."""
        row, topics, data = self._machine.log(number)
        return Log(address=self._world.addresses[row], topics=topics, data=data)
