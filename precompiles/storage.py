"""Words of storage to functions that only read: an entry's own, or those of another.

So the layout of an entry is in its own module alone, and others read through its functions.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from .precompile import Host

Read = Callable[[int], int]
"""Returns the word at a slot: `load` of any `Words`."""


class Words(Protocol):
    """Storage that can be read. A Host is one, of the entry that runs."""

    def load(self, slot: int) -> int:
        """Return the word at `slot`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """The storage of another account, at the prices of the account and of SLOAD."""

    host: Host
    address: bytes

    def load(self, slot: int) -> int:
        """Return the word at `slot`."""
        return self.host.storage_of(self.address, slot)
