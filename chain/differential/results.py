"""What came of a case, whichever engine ran it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from ..encoding import encode, keccak
from ..errors import ChainError
from .cases import Case

NO_LOGS: Final = keccak(encode([]))


class EngineGone(ChainError):
    """An engine's process cannot be started, or has ended."""


class NoAnswer(ChainError):
    """The engine has a known gap here, so there is nothing to compare."""


class Step(NamedTuple):
    """An instruction that is about to run."""

    depth: int
    pc: int
    op: int
    gas: int
    refund: int
    """Since the first instruction: some count what authorizations give back, some do not."""
    size: int
    """Words on the stack."""
    top: int
    """The last of them; zero where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """What came of one transaction."""

    refused: str | None = None
    """Why no block may hold it. The texts are each engine's own."""
    success: bool = False
    gas_used: int = 0
    output: bytes = b""
    logs: bytes = NO_LOGS
    """Hash of the logs, as state tests have it."""
    error: str = ""
    """How it failed: each engine's own word."""
    steps: tuple[Step, ...] | None = None
    trace: Any = None
    """What any other watcher says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a case."""

    root: bytes
    """Of the state after the last transaction."""
    ran: tuple[Ran, ...]


Engine = Callable[[Case, bool], Result]
"""Runs a case, with or without steps."""
