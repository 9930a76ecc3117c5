"""The states of a session, and every edge between them: one table.

1. What is not in the table is refused, and the state stays as it was.
2. Finalized and Failed are the ends: nothing leads away from them.
3. The table says which edges there are. Whether one may be taken now (all steps done, a quorum
   has signed, retries are left) is asked by `service.py` before it takes it.

The edges Pending -> Running, Running -> WaitingIO, Running -> Failed and WaitingIO -> Finalized
are those that the network's founding document draws.
"""

from enum import Enum, IntEnum, auto


class SessionState(IntEnum):
    """Where a session is."""

    PENDING = 0
    RUNNING = 1
    WAITING_IO = 2
    FINALIZED = 3
    FAILED = 4

    def __str__(self) -> str:
        return self.name.lower()


class Event(Enum):
    """What may happen to a session."""

    START = auto()
    ISSUE_IO = auto()
    COMPUTE_DONE = auto()
    STEP_ATTESTED = auto()
    RETRY = auto()
    FINALIZE = auto()
    FAIL = auto()


class Illegal(Exception):
    """Raised where the table has no such edge; names both."""


TRANSITIONS: dict[tuple[SessionState, Event], SessionState] = {
    (SessionState.PENDING, Event.START): SessionState.RUNNING,
    (SessionState.PENDING, Event.FAIL): SessionState.FAILED,
    (SessionState.RUNNING, Event.ISSUE_IO): SessionState.WAITING_IO,
    (SessionState.RUNNING, Event.COMPUTE_DONE): SessionState.RUNNING,
    (SessionState.RUNNING, Event.FINALIZE): SessionState.FINALIZED,
    (SessionState.RUNNING, Event.FAIL): SessionState.FAILED,
    (SessionState.WAITING_IO, Event.STEP_ATTESTED): SessionState.RUNNING,
    (SessionState.WAITING_IO, Event.FINALIZE): SessionState.FINALIZED,
    (SessionState.WAITING_IO, Event.RETRY): SessionState.WAITING_IO,
    (SessionState.WAITING_IO, Event.FAIL): SessionState.FAILED,
}

TERMINAL = frozenset({SessionState.FINALIZED, SessionState.FAILED})


def next_state(state: SessionState, event: Event) -> SessionState:
    """Return the state after an event."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise Illegal(f"session is {state}: cannot {event.name.lower()}") from None
