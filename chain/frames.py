"""What all call frames of one execution share: its mode, its limits, and whoever watches it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from eth.abc import ComputationAPI, MessageAPI
from eth.exceptions import VMError

from .errors import ChainError

STACK_DEPTH_MAX = 1024

Engine = Literal["core", "py"]


class Tracer(Protocol):
    """What execution tells whoever watches it. Nothing is told, and nothing is paid, by default."""

    wants_steps: bool

    def enter(self, message: MessageAPI, kind: str, target: bytes) -> None:
        """A frame begins. `kind` is CALL, STATICCALL, DELEGATECALL, CALLCODE, CREATE or CREATE2.

        `target` is the address that was called, be it a delegation, or that of the new contract.
        """
        ...

    def leave(self, computation: ComputationAPI | None, error: VMError | None) -> None:
        """The frame that began last ends. Without a computation, it failed before it ran."""
        ...

    def step(self, computation: ComputationAPI, pc: int, opcode: int) -> None:
        """An instruction is about to run (only with `wants_steps`)."""
        ...

    def stepped(self, computation: ComputationAPI, error: Exception | None) -> None:
        """It has run, or failed (only with `wants_steps`)."""
        ...

    def log(self, computation: ComputationAPI, topics: Sequence[bytes], data: bytes) -> None:
        """The frame emitted a log."""
        ...

    def destroyed(self, computation: ComputationAPI, beneficiary: bytes, balance: int) -> None:
        """The frame's contract gave its balance away by SELFDESTRUCT."""
        ...


class Cancelled(ChainError):
    """A question took longer than its node allows."""


@dataclass(kw_only=True)
class Frames:
    """What all frames of one execution share beside the state."""

    engine: Engine = "core"
    """What runs the instructions: the compiled core, or its twin, py-evm's loop."""
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
    tracer: Tracer | None = None
    deadline: float | None = None
    """When questions must end, on the monotonic clock. Blocks have none: gas bounds them."""


def check_time(deadline: float) -> None:
    """Give up on a question that has run into its deadline."""
    if time.monotonic() > deadline:
        raise Cancelled("execution aborted: it took longer than this node allows for a question")
