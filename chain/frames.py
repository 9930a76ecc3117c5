"""What all call frames of one execution share: its mode, its limits, and whoever watches it."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from eth.exceptions import VMError

from .errors import ChainError

STACK_DEPTH_MAX = 1024

Engine = Literal["core", "py", "check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A frame that begins, or one that comes to nothing before it runs."""

    kind: str
    """CALL, STATICCALL, DELEGATECALL, CALLCODE, CREATE or CREATE2."""
    sender: bytes
    """The account whose code calls, be that code another's; or the transaction's sender."""
    target: bytes
    """The address that was called, be it a delegation, or that of the new contract."""
    value: int
    data: bytes
    """Of a creation, its code."""
    gas: int
    delegated: bool = False
    """The target's code stands elsewhere (EIP-7702)."""

    @property
    def is_create(self) -> bool:
        """Whether this makes a contract."""
        return self.kind in ("CREATE", "CREATE2")


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """A frame that has ended."""

    gas_used: int
    output: bytes


class View(Protocol):
    """A frame at work, as a tracer may look at it between two instructions."""

    depth: int
    """Zero for the outermost."""
    address: bytes
    """The account whose storage this is."""

    @property
    def gas(self) -> int:
        """Gas that is left."""
        ...

    @property
    def refund(self) -> int:
        """What storage has given back so far, in all frames."""
        ...

    def stack(self) -> list[int]:
        """Return the words on the stack, the last on top."""
        ...

    def memory(self) -> bytes:
        """Return the whole memory."""
        ...

    def return_data(self) -> bytes:
        """Return what the last call returned."""
        ...

    def slot(self, number: int) -> int:
        """Return a word of storage."""
        ...


class Tracer(Protocol):
    """What execution tells whoever watches it. Nothing is told, and nothing is paid, by default."""

    wants_frames: bool
    """Whether it wants to be told of frames, logs and destructions."""
    wants_steps: bool
    """Whether it wants to be told of each instruction; then it wants frames too."""

    def enter(self, begun: Begun) -> None:
        """A frame begins."""
        ...

    def leave(self, left: Left | None, error: VMError | None) -> None:
        """The frame that began last ends. With nothing left, it failed before it ran."""
        ...

    def step(self, view: View, pc: int, opcode: int) -> None:
        """An instruction is about to run."""
        ...

    def stepped(self, view: View, error: Exception | None) -> None:
        """It has run, or failed."""
        ...

    def log(self, address: bytes, topics: Sequence[bytes], data: bytes) -> None:
        """The frame emitted a log."""
        ...

    def destroyed(self, address: bytes, beneficiary: bytes, balance: int) -> None:
        """The frame's contract gave its balance away by SELFDESTRUCT."""
        ...

    def settled(self) -> None:
        """The transaction has run and is paid for; what it destroyed is still there."""
        ...


class Cancelled(ChainError):
    """A question took longer than its node allows."""


@dataclass(kw_only=True)
class Frames:
    """What all frames of one execution share beside the state."""

    engine: Engine = "core"
    """What runs the instructions: the compiled core; its twin, py-evm's loop; or both, compared."""
    mode: Literal["block", "call"] = "block"
    """Whether this makes a block or answers a question. Carried here, never inferred."""
    secret_ops: Literal["call-only", "public-test"] = "call-only"
    parent_hash: bytes = bytes(32)
    moved: dict[bytes, bytes] = field(default_factory=dict)
    """Precompiles moved elsewhere for one call: new address -> the address that answers there."""
    replaced: set[bytes] = field(default_factory=set)
    """Precompiles that do not answer for one call: its overrides put code in their place."""
    loud: bool = False
    """A bug in a precompile raises (tests), where a node reverts the frame and goes on."""
    random: Callable[[int], bytes] = os.urandom
    """What precompiles draw from when they answer a question."""
    tracer: Tracer | None = None
    told: tuple[Any, Any, Any] | None = None
    """A block, a transaction in it, and what precompiles were told of the two."""
    deadline: float | None = None
    """When questions must end, on the monotonic clock. Blocks have none: gas bounds them."""


def check_time(deadline: float) -> None:
    """Give up on a question that has run into its deadline."""
    if time.monotonic() > deadline:
        raise Cancelled("execution aborted: it took longer than this node allows for a question")
