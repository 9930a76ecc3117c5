"""Installed filters: what happened since the client asked last.

Everything here runs on the chain's thread: its events arrive there, and so do the methods that
ask. Nothing grows without a limit: filters expire, and what they hold is bounded.
"""

import itertools
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from ..local_chain import NewBlock, NewPending, Removed
from ..logs import in_block
from .codec import hex_data
from .errors import LIMIT_EXCEEDED, SERVER_ERROR, RpcError
from .parameters import LogFilter
from .results import log_json

if TYPE_CHECKING:
    from ..local_chain import Event

FILTERS_MAX: Final = 1_000
EXPIRY_SECONDS: Final = 300.0
CHANGES_MAX: Final = 100_000
"""Changes that one filter keeps for a client that does not come; the oldest go first."""


@dataclass(slots=True, kw_only=True)
class Filter:
    """One installed filter and its changes, ready to send."""

    wanted: "LogFilter | type[NewBlock] | type[NewPending]"
    used: float
    changes: deque[Any] = field(default_factory=lambda: deque(maxlen=CHANGES_MAX))


class Filters:
    """All installed filters."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._filters: dict[int, Filter] = {}

    def install(self, wanted: "LogFilter | type[NewBlock] | type[NewPending]") -> int:
        """Add a filter; return its id, which nobody can guess."""
        self._expire()
        if len(self._filters) >= FILTERS_MAX:
            raise RpcError(LIMIT_EXCEEDED, f"{FILTERS_MAX} filters are installed already")
        filter_id = secrets.randbits(127) | 1 << 127
        self._filters[filter_id] = Filter(wanted=wanted, used=self._clock())
        return filter_id

    def uninstall(self, filter_id: int) -> bool:
        """Drop a filter; say whether there was one."""
        return self._filters.pop(filter_id, None) is not None

    def find(self, filter_id: int) -> Filter:
        """Return a filter, which counts as use."""
        self._expire()
        found = self._filters.get(filter_id)
        if found is None:
            raise RpcError(SERVER_ERROR, "filter not found")
        found.used = self._clock()
        return found

    def take(self, filter_id: int) -> list[Any]:
        """Return what happened since the last time."""
        found = self.find(filter_id)
        changes = list(found.changes)
        found.changes.clear()
        return changes

    def _expire(self) -> None:
        oldest = self._clock() - EXPIRY_SECONDS
        for filter_id in [key for key, each in self._filters.items() if each.used < oldest]:
            del self._filters[filter_id]

    def notice(self, event: "Event") -> None:
        """Take an event of the chain in."""
        for each in self._filters.values():
            if isinstance(each.wanted, LogFilter):
                each.changes.extend(log_json(found) for found in logs_of(event, each.wanted))
            elif isinstance(event, NewBlock) and each.wanted is NewBlock:
                each.changes.append(hex_data(event.block.hash))
            elif isinstance(event, NewPending) and each.wanted is NewPending:
                each.changes.append(hex_data(event.transaction.hash))


def logs_of(event: "Event", wanted: LogFilter) -> "itertools.chain[Any]":
    """Return the logs of an event that a filter wants; those of a removed block say so."""
    removed = isinstance(event, Removed)
    blocks = event.blocks if isinstance(event, Removed) else (event,)
    return itertools.chain.from_iterable(
        in_block(each.block, each.receipts, wanted.addresses, wanted.topics, removed=removed)
        for each in blocks
        if isinstance(each, NewBlock) and _within(each.block.number, wanted)
    )


def _within(number: int, wanted: LogFilter) -> bool:
    """Say whether a height lies between the bounds that are numbers; tags bound nothing."""
    low, high = wanted.from_block, wanted.to_block
    return not (isinstance(low, int) and number < low) and not (
        isinstance(high, int) and number > high
    )
