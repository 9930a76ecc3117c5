"""The pool manager's storage, with what a simulated swap writes laid over it. Writes nothing."""

from dataclasses import dataclass, field

from ...precompile import Host

MANAGER = (0x0400).to_bytes(20, "big")

COLD_READ_GAS = 2_100
UNCHANGED_GAS = 100
CHANGED_GAS = 2_900
NEW_GAS = 20_000


@dataclass(slots=True)
class Overlay:
    """A `Store` for the code of a pool.

    Each slot is read from the chain once, and paid for then. What comes after is paid for by the
    step of the swap that asks for it.
    """

    host: Host
    found: dict[int, int] = field(default_factory=dict)
    written: dict[int, int] = field(default_factory=dict)
    work: int = 0

    def load(self, slot: int) -> int:
        """Return the word at `slot`, as it would be."""
        if slot in self.written:
            return self.written[slot]
        if slot not in self.found:
            self.found[slot] = self.host.storage_of(MANAGER, slot)
        return self.found[slot]

    def store(self, slot: int, value: int) -> None:
        """Remember what would be written."""
        self.load(slot)
        self.written[slot] = value

    def charge(self, gas: int, reason: str) -> None:
        """Take gas, and count it."""
        self.host.charge(gas, reason)
        self.work += gas

    def gas(self) -> int:
        """Return what it would cost: the work, and the state in a transaction that begins here.

        Each slot is cold once and written once; later reads and writes of it count for nothing.
        """
        state = COLD_READ_GAS * len(self.found)
        for slot, value in self.written.items():
            before = self.found[slot]
            if value == before:
                state += UNCHANGED_GAS
            else:
                state += CHANGED_GAS if before else NEW_GAS
        return self.work + state
