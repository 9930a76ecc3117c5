"""Both engines at once: each message runs on the core and on py-evm's loop, and they must agree.

Each engine has a state of its own over the same reader, and what Python writes goes to both. The
first difference stops with an error that names the instruction after which they part. Blocks and
tracers see the core's state.
"""

import os
from array import array
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import fields, replace
from itertools import count
from typing import Any, Final

from eth.exceptions import Revert, VMError

from ..evm import open_py_state
from ..execution import BlockEnv, Ended, Origin
from ..forks import LONDON
from ..frames import Begun, Frames, Left, View
from ..opcodes import OPCODE_NAMES
from ..state import Account, Before, Reader, World
from .driver import CoreState
from .world import CoreWorld

STACK_SHOWN: Final = 16


class EnginesDiffer(Exception):
    """The engines do not agree: a bug in one of them. The text says where they part."""


class CheckedWorld:
    """Two worlds that are written alike; what is read comes from the core's."""

    def __init__(self, core: CoreWorld, twin: World) -> None:
        self.core = core
        self.twin = twin

    def __getattr__(self, name: str) -> Any:
        """Do on both what concerns both."""
        here = getattr(self.core, name)
        if not callable(here):
            return here
        there = getattr(self.twin, name)

        def both(*given: Any, **named: Any) -> Any:
            there(*given, **named)
            return here(*given, **named)

        return both

    @property
    def touched(self) -> set[tuple[bytes, int | None]] | None:
        """What was ever warmed up, for access lists."""
        return self.core.touched

    @touched.setter
    def touched(self, collected: set[tuple[bytes, int | None]] | None) -> None:
        self.core.touched = collected

    def mark(self) -> tuple[int, int]:
        """Return a mark to come back to."""
        return self.core.mark(), self.twin.mark()

    def undo(self, mark: tuple[int, int]) -> None:
        """Take back everything since the mark."""
        self.core.undo(mark[0])
        self.twin.undo(mark[1])

    def note_reads(self) -> None:
        """Let the core's world note what is looked at."""
        self.core.note_reads()

    def before(self) -> Before:
        """Return what was looked at, as it was when the transaction began."""
        return self.core.before()

    def commit(self, out: MutableMapping[bytes, bytes]) -> Reader:
        """Write all changes into the tries and return the reader of the new root."""
        root = self.twin.commit({}).root
        reader = self.core.commit(out)
        if reader.root != root:
            raise EnginesDiffer(f"state root: core {reader.root.hex()}, py {root.hex()}")
        return reader

    def difference(self) -> str | None:
        """Say where the two differ."""
        changed = self.core.changed() | {(address, None) for address in self.twin.accounts}
        changed |= {(each, slot) for each, slots in self.twin.storage.items() for slot in slots}
        noting, self.core.noting = self.core.noting, False
        try:
            for address, slot in sorted(changed, key=lambda each: (each[0], each[1] or 0)):
                here, there = (self._shown(world, address, slot) for world in self._worlds)
                if here != there:
                    return f"0x{address.hex()}: core {here}, py {there}"
        finally:
            self.core.noting = noting
        return None

    @property
    def _worlds(self) -> tuple[Any, Any]:
        return self.core, self.twin

    @staticmethod
    def _shown(world: Any, address: bytes, slot: int | None) -> str:
        if slot is not None:
            return f"slot {slot:#x} holds {world.get_storage(address, slot):#x}"
        account: Account | None = world.account(address)
        if account is None:
            return "no account"
        nonce, balance, _, code_hash = account
        return f"nonce {nonce} balance {balance} code 0x{code_hash.hex()}"


class CheckedState:
    """A state whose messages run on both engines."""

    def __init__(self, env: BlockEnv, reader: Reader, frames: Frames) -> None:
        self.frames = frames
        self._core = CoreState(env, reader, frames)
        scratch = reader.scratch(reader.nodes)
        self._twin = open_py_state(env, World(scratch), frames)
        self.fork = env.fork
        self.world = CheckedWorld(self._core.world, self._twin.world)
        self.precompile_at = self._core.precompile_at

    @property
    def env(self) -> BlockEnv:
        """The block around."""
        return self._core.env

    def change_env(self, env: BlockEnv) -> None:
        """Let the block around be another."""
        self._core.change_env(env)
        self._twin.change_env(env)

    def clean_up(self) -> None:
        """Remove destroyed accounts, and those touched that were left empty (EIP-161)."""
        self._core.clean_up()
        self._twin.clean_up()

    def end_transaction(self) -> None:
        """Forget what lasts for one transaction, once both agree on what it has left."""
        difference = self.world.difference()
        if difference is not None:
            raise EnginesDiffer(f"after a transaction's end: {difference}")
        self._core.end_transaction()
        self._twin.end_transaction()

    def run(self, message: Any, origin: Origin) -> Ended:
        """Run a message on both, and compare all that came of it."""
        draws = _Draws()
        mark = self.world.mark()
        created = len(self._twin.created)

        def run_core(watch: _Watch | None) -> Ended:
            tracer, self.frames.random = self.frames.tracer, draws.source()
            self.frames.tracer = watch or tracer
            try:
                return self._core.run(message, origin)
            finally:
                self.frames.tracer = tracer

        def run_twin(watch: _Watch | None) -> Ended:
            self._twin.frames = replace(self.frames, tracer=watch, random=draws.source())
            ended: Ended = self._twin.run(message, origin)
            # Nobody counts them from London on, and the core does not.
            return replace(ended, destroyed=0) if self.fork.since(LONDON) else ended

        def again() -> None:
            self.world.undo(mark)
            self._core.forget_run()
            del self._twin.created[created:]

        here, there = run_core(None), run_twin(None)
        difference = _unlike(here, there) or self.world.difference()
        if difference is not None:
            again()
            parting = _parting(run_core, run_twin, again)
            again()
            to = f"to 0x{message.to.hex()}" if message.to else "that creates a contract"
            raise EnginesDiffer(
                f"block {self.env.number}, a message of 0x{message.sender.hex()} {to}, of a "
                f"transaction of 0x{origin.sender.hex()} after nonce "
                f"{self._core.world.get_nonce(origin.sender)}: {difference}; {parting}"
            )
        return here


class _Draws:
    """Random bytes that each run draws anew, and finds the same."""

    def __init__(self) -> None:
        self._found: list[bytes] = []

    def source(self) -> Callable[[int], bytes]:
        places = count()

        def draw(size: int) -> bytes:
            place = next(places)
            if place == len(self._found):
                self._found.append(os.urandom(size))
            return self._found[place]

        return draw


def _unlike(here: Ended, there: Ended) -> str | None:
    """Say in what two ends of a message differ; how one failed each engine says its own way."""
    kinds = [(each is None, isinstance(each, Revert)) for each in (here.error, there.error)]
    if kinds[0] != kinds[1]:
        return f"error: core {here.error!r}, py {there.error!r}"
    for field in fields(Ended):
        core, py = getattr(here, field.name), getattr(there, field.name)
        if field.name != "error" and core != py:
            return f"{field.name}: core {core}, py {py}"
    return None


class _Watch:
    """A tracer that looks for the step at which a run leaves one that went before."""

    wants_frames = True
    wants_steps = True

    def __init__(self, expected: Sequence[int] | None = None, wanted: int = -1) -> None:
        self.seen = array("q")
        """A fingerprint of each step."""
        self.found: str | None = None
        """The step that differs, or the one that is wanted."""
        self.before = "the first instruction"
        """The step before it."""
        self.place = -1
        self._expected = expected
        self._wanted = wanted

    def step(self, view: View, pc: int, opcode: int) -> None:
        if self.found is not None:
            return
        stack = view.stack()
        place = len(self.seen)
        self.seen.append(hash((view.depth, pc, opcode, view.gas, view.refund, tuple(stack))))
        expected = self._expected
        parts = expected is not None and expected[place : place + 1] != self.seen[place:]
        name = OPCODE_NAMES.get(opcode, f"{opcode:#x}")
        shown = ", ".join(f"{word:#x}" for word in reversed(stack[-STACK_SHOWN:]))
        text = (
            f"{name} at pc {pc}, depth {view.depth + 1}, gas {view.gas}, refund {view.refund}, "
            f"stack (top first) [{shown}]"
        )
        if parts or place == self._wanted:
            self.found, self.place = text, place
        else:
            self.before = text

    def stepped(self, view: View, error: Exception | None) -> None: ...

    def enter(self, begun: Begun) -> None: ...

    def leave(self, left: Left | None, error: VMError | None) -> None: ...

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None: ...

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None: ...

    def settled(self) -> None: ...


def _parting(
    run_core: Callable[[_Watch], Ended],
    run_twin: Callable[[_Watch], Ended],
    again: Callable[[], None],
) -> str:
    """Say after which instruction the engines part, by running once more with steps."""
    first = _Watch()
    run_core(first)
    again()
    twin = _Watch(expected=first.seen)
    run_twin(twin)
    again()
    if twin.found is None and len(first.seen) == len(twin.seen):
        return f"every step is the same up to {twin.before}"
    core = _Watch(wanted=twin.place if twin.found is not None else len(twin.seen))
    run_core(core)
    return (
        f"the engines part after {twin.before}: "
        f"core {core.found or 'has ended'}; py {twin.found or 'has ended'}"
    )
