"""The buffers that the core runs in, seen from Python: where they are, and how they grow.

A machine serves one state at a time and is used again for the next. What its tables mean is
`world`'s business, and what its frames do is `driver`'s.
"""

import secrets
import struct
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from ..errors import ChainError
from ..forks import Fork
from ..rules import is_delegation
from ..state import EMPTY_CODE_HASH
from .actions import act
from .analysis import jump_destinations
from .core import run
from .frames import CODE_PADDING
from .records import (
    ACCOUNT,
    CODE,
    CONTEXT,
    DEPTH_MAX,
    FRAME,
    JOURNAL,
    LOG,
    MACHINE,
    REINDEX,
    SCRATCH,
    SLOT,
    STACK_MAX,
    TRANSIENT,
    WORD,
    place,
)

MEMORY_MAX: Final = 1 << 32
"""Most memory that all frames may hold together, in bytes; 100 million gas buy less."""

BYTES_KEPT: Final = 1 << 25
"""What a buffer, or all programs, may keep for the next state."""

ROOMS: Final = {"accounts": 256, "slots": 512, "transients": 256}
BUFFERS: Final[dict[str, tuple[str, int, Any]]] = {
    "memory": ("memory_room", 1 << 20, np.uint8),
    "returned": ("returned_room", 1 << 16, np.uint8),
    "log_data": ("log_data_room", 1 << 16, np.uint8),
    "logs": ("log_room", 64, LOG),
    "journal": ("journal_room", 1024, JOURNAL),
}
"""Buffers that the core fills: the field that says how much they hold, and how much at first."""

INDEXES: Final = (
    ("accounts", "account_index", "account_mask"),
    ("slots", "slot_index", "slot_mask"),
    ("transients", "transient_index", "transient_mask"),
)
ROWS_KEPT: Final = 1 << 14
CLEARED: Final = (
    *("slot_count", "transient_count", "journal_count", "log_count", "log_data_size"),
    *("returned_size", "refund", "ripemd", "stage", "tracing", "stepping", "floor"),
)
MARGIN: Final = 16
"""More journal entries than one action makes."""

_FIELDS: Final = {name: place(MACHINE, name) // 8 for name in MACHINE.names or ()}


FRAME_INTS: Final = FRAME.itemsize // 8
FRAME_FIELDS: Final = {
    name: place(FRAME, name) // 8 for name in FRAME.names or () if name != "value"
}
FRAME_VALUE: Final = place(FRAME, "value")
LOG_TOPICS: Final = place(LOG, "topics")
LOG_ACCOUNT: Final = place(LOG, "account")
LOG_NUMBERS: Final = struct.Struct("=4q")
"""Account, count, data and size stand one after another."""


class MemoryLimit(ChainError):
    """An execution wants more memory than a machine gives to any."""


class Machine:
    """Buffers, and the record that says where they are."""

    def __init__(self) -> None:
        self._record = np.zeros(1, MACHINE)
        self.at = self._record.ctypes.data
        self.fields = memoryview(self._record.data).cast("B").cast("q")
        self._arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._views: dict[str, memoryview] = {}
        self.account_count = 0
        self.rules: Fork | None = None
        """The fork whose rules are set."""
        self.programs: dict[bytes, int] = {}
        """Rows of the codes by the codes' hashes."""
        self._kept: list[np.ndarray[Any, Any]] = []
        self._program_bytes = 0
        self._give("stack", np.empty((DEPTH_MAX + 2) * STACK_MAX * WORD, np.uint8))
        self._give("frames", np.zeros(DEPTH_MAX + 3, FRAME))
        self._give("context", np.zeros(len(CONTEXT) * WORD, np.uint8))
        self._give("scratch", np.zeros(SCRATCH, np.uint8))
        self._give("need", np.zeros(WORD, np.uint8))
        self._give("hashes", np.zeros(256 * WORD, np.uint8))
        self._give("blob_hashes", np.zeros(WORD, np.uint8))
        self._give("codes", np.zeros(64, CODE))
        self._give_tables()
        for name, (room, first, kind) in BUFFERS.items():
            self._give(name, np.empty(first, kind), room=room)
        self.set("seed_0", secrets.randbits(63))
        self.set("seed_1", secrets.randbits(63))
        self.code_row(EMPTY_CODE_HASH, b"")
        at = WORD * CONTEXT.index("NO_CODE_HASH")
        self.bytes_of("context")[at : at + WORD] = EMPTY_CODE_HASH[::-1]

    def _give_tables(self) -> None:
        """Begin with small, empty tables."""
        self._give("accounts", np.empty(ROOMS["accounts"], ACCOUNT))
        self._give("slots", np.empty(ROOMS["slots"], SLOT), room="slot_room")
        self._give("transients", np.empty(ROOMS["transients"], TRANSIENT), room="transient_room")
        for table, index, mask in INDEXES:
            self._give_index(index, mask, 4 * len(self._arrays[table]))

    def clear(self) -> None:
        """Forget the state, but not the programs."""
        self.account_count = 0
        if len(self._arrays["accounts"]) + len(self._arrays["slots"]) > ROWS_KEPT:
            self._give_tables()
        else:
            for _, index, _ in INDEXES:
                self._arrays[index].fill(0)
        for name in CLEARED:
            self.fields[_FIELDS[name]] = 0
        self.set("transaction", 1)
        self.set("hash_count", -1)
        self.set("depth", -1)
        for name, (room, first, kind) in BUFFERS.items():
            if self._arrays[name].nbytes > BYTES_KEPT:
                self._give(name, np.empty(first, kind), room=room)
        if self._program_bytes > BYTES_KEPT:
            self.programs.clear()
            self._kept.clear()
            self._program_bytes = 0
            self.code_row(EMPTY_CODE_HASH, b"")

    # Fields and buffers.

    def get(self, name: str) -> int:
        """Return a field of the machine's record."""
        return self.fields[_FIELDS[name]]

    def set(self, name: str, value: int) -> None:
        """Write a field of the machine's record."""
        self.fields[_FIELDS[name]] = value

    def _give(self, name: str, array: "np.ndarray[Any, Any]", *, room: str = "") -> None:
        """Let a buffer be this array."""
        self._arrays[name] = array
        self._views[name] = memoryview(array.data).cast("B")
        self.set(name, array.ctypes.data)
        if room:
            self.set(room, len(array))

    def _give_index(self, name: str, mask: str, size: int) -> None:
        self._give(name, np.zeros(size, np.int64))
        self.set(mask, size - 1)

    def bytes_of(self, name: str) -> memoryview:
        """Return the bytes of a buffer, to read and write."""
        return self._views[name]

    def array(self, name: str) -> "np.ndarray[Any, Any]":
        """Return a buffer's records."""
        return self._arrays[name]

    def _enlarge(self, name: str, size: int, *, room: str = "") -> None:
        """Let a buffer hold so much, keeping what it holds."""
        old = self._arrays[name]
        new = np.empty(size, old.dtype)
        new[: len(old)] = old
        self._give(name, new, room=room)

    # Growth.

    def grow_memory(self) -> None:
        """Make room for what an instruction needs."""
        needed = self.get("need_size")
        if needed > MEMORY_MAX:
            raise MemoryLimit(f"execution needs {needed} bytes of memory, {MEMORY_MAX} at most")
        before, held = self.get("memory"), self.get("memory_room")
        self._enlarge("memory", max(needed, 2 * held), room="memory_room")
        moved = self.get("memory") - before
        # The code of a creation stands in the arena.
        frames = self._arrays["frames"][: self.get("depth") + 1]
        inside = (frames["code"] >= before) & (frames["code"] < before + held)
        frames["code"][inside] += moved
        frames["jumps"][inside] += moved

    def grow_journal(self) -> None:
        """Double the journal."""
        self._enlarge("journal", 2 * self.get("journal_room"), room="journal_room")

    def grow_logs(self) -> None:
        """Make room for a log."""
        if self.get("log_count") >= self.get("log_room"):
            self._enlarge("logs", 2 * self.get("log_room"), room="log_room")
        needed = self.get("log_data_size") + self.get("need_size")
        if needed > self.get("log_data_room"):
            size = max(needed, 2 * self.get("log_data_room"))
            self._enlarge("log_data", size, room="log_data_room")

    def grow_returned(self, size: int) -> None:
        """Let an output be so long."""
        if size > self.get("returned_room"):
            self._enlarge("returned", 2 * size, room="returned_room")

    def grow_accounts(self) -> bool:
        """Make room for one more account; say whether they moved."""
        if self.account_count < len(self._arrays["accounts"]):
            return False
        self._enlarge("accounts", 2 * len(self._arrays["accounts"]))
        self._reindex()
        return True

    def grow_slots(self) -> bool:
        """Make room for more slots, if there is little; say whether they moved."""
        if 2 * self.get("slot_count") + 2 <= self.get("slot_room"):
            return False
        self._enlarge("slots", 2 * self.get("slot_room"), room="slot_room")
        self._reindex()
        return True

    def grow_transients(self) -> None:
        """Make room for more transient slots; the few that there are move."""
        size = 2 * self.get("transient_room")
        if 2 * self.get("transient_count") + 2 > self.get("transient_room"):
            self._enlarge("transients", size, room="transient_room")
            self._reindex()

    def _reindex(self) -> None:
        for table, index, mask in INDEXES:
            self._give_index(index, mask, 4 * len(self._arrays[table]))
        act(self.at, REINDEX, 0, self.account_count)

    def need_memory(self, size: int) -> None:
        """Make room for so much in the arena."""
        if size > self.get("memory_room"):
            self.set("need_size", size)
            self.grow_memory()

    def keep_room(self) -> None:
        """Let the journal take what Python is about to write."""
        fields = self.fields
        if fields[_JOURNAL_COUNT] + MARGIN > fields[_JOURNAL_ROOM]:
            self.grow_journal()

    # What transactions and blocks say.

    def set_operations(self, table: "np.ndarray[Any, Any]") -> None:
        """Run by this table of instructions."""
        self._give("operations", table)

    def set_blob_hashes(self, hashes: Sequence[bytes]) -> None:
        """Let BLOBHASH return these."""
        self._give_words("blob_hashes", hashes)
        self.set("blob_hash_count", len(hashes))

    def set_hashes(self, hashes: Sequence[bytes]) -> None:
        """Let BLOCKHASH return these, of the newest block first."""
        self._give_words("hashes", hashes)
        self.set("hash_count", len(hashes))

    def _give_words(self, name: str, words: Sequence[bytes]) -> None:
        data = b"".join(word[::-1] for word in words) or bytes(WORD)
        self._give(name, np.frombuffer(bytearray(data), np.uint8))

    def add_log(self, row: int, topics: Sequence[bytes], data: bytes) -> None:
        """Append a log."""
        self.set("need_size", len(data))
        self.grow_logs()
        start = self.get("log_data_size")
        # Through the bytes: to set the fields of a NumPy record takes several times as long.
        logs, at = self.bytes_of("logs"), self.get("log_count") * LOG.itemsize
        words = b"".join([topic[::-1] for topic in topics])
        logs[at + LOG_TOPICS : at + LOG_TOPICS + len(words)] = words
        LOG_NUMBERS.pack_into(logs, at + LOG_ACCOUNT, row, len(topics), start, len(data))
        self.bytes_of("log_data")[start : start + len(data)] = data
        self.set("log_count", self.get("log_count") + 1)
        self.set("log_data_size", start + len(data))

    def log(self, number: int) -> tuple[int, tuple[bytes, ...], bytes]:
        """Return the row of the account, the topics and the data of a log."""
        logs, at = self.bytes_of("logs"), number * LOG.itemsize
        row, count, start, size = LOG_NUMBERS.unpack_from(logs, at + LOG_ACCOUNT)
        first = at + LOG_TOPICS
        topics = [
            bytes(logs[first + WORD * i : first + WORD * (i + 1)])[::-1] for i in range(count)
        ]
        return row, tuple(topics), bytes(self.bytes_of("log_data")[start : start + size])

    # Programs.

    def code_row(self, code_hash: bytes, code: bytes) -> int:
        """Return the row of a program, taking it in if it is new."""
        row = self.programs.get(code_hash)
        if row is not None:
            return row
        row = len(self.programs)
        if row >= len(self._arrays["codes"]):
            self._enlarge("codes", 2 * row)
        size = len(code)
        held = np.zeros(2 * size + CODE_PADDING, np.uint8)
        held[:size] = np.frombuffer(code, np.uint8)
        start = held.ctypes.data
        jump_destinations(start, size, start + size + CODE_PADDING)
        entry = self._arrays["codes"][row]
        entry["bytes"], entry["size"], entry["jumps"] = start, size, start + size + CODE_PADDING
        entry["delegates"] = is_delegation(code)
        if is_delegation(code):
            entry["target"] = np.frombuffer(code[:2:-1].ljust(WORD, b"\0"), np.uint64)
        self._kept.append(held)
        self._program_bytes += held.nbytes
        self.programs[code_hash] = row
        return row

    def run(self) -> int:
        """Run until Python is needed; return why."""
        return run(self.at)

    def act(self, action: int, row: int = 0, number: int = 0) -> int:
        """Do one thing to the state."""
        return act(self.at, action, row, number)


_JOURNAL_COUNT = _FIELDS["journal_count"]
_JOURNAL_ROOM = _FIELDS["journal_room"]
