"""The state that the core holds, with the interface of `state.World`, its slow twin.

Accounts and slots come from the reader below when they are first asked for, by Python or by the
core. Not safe for more than one thread.
"""

from collections.abc import Callable, MutableMapping
from typing import Final

import numpy as np

from .. import trie
from ..encoding import keccak
from ..state import EMPTY_CODE_HASH, Account, Before, Reader, World
from . import records
from .machine import Machine
from .records import ACCOUNT, SLOT, UNKNOWN, WORD, place

ACCOUNT_SIZE: Final = ACCOUNT.itemsize
ACCOUNT_INTS: Final = ACCOUNT_SIZE // 8
SLOT_SIZE: Final = SLOT.itemsize
BALANCE: Final = place(ACCOUNT, "balance")
CODE_HASH: Final = place(ACCOUNT, "code_hash")
NONCE, CODE, EXISTS, STORED, WARM, BUILTIN, READ, DIRTY, WIPED = (
    place(ACCOUNT, name) // 8
    for name in ["nonce", "code", "exists", "stored", "warm", "builtin", "read", "dirty", "wiped"]
)
SLOT_INTS: Final = SLOT_SIZE // 8
KEY: Final = place(SLOT, "key")
VALUE: Final = place(SLOT, "value")
ORIGINAL: Final = place(SLOT, "original")
CHANGED, SLOT_WARM, SLOT_READ, SLOT_DIRTY, SLOT_ACCOUNT = (
    place(SLOT, name) // 8 for name in ["changed", "warm", "read", "dirty", "account"]
)

MACHINES: Final[list[Machine]] = []
"""Machines that nobody uses. Each holds a few megabytes, so few are kept."""
MACHINES_KEPT: Final = 4


UINT64: Final = 2**64 - 1


def _signed(number: int) -> int:
    """Return the signed number of the same 64 bits: nonces go up to 2**64 - 1."""
    return number - 2**64 if number >= 2**63 else number


class CoreWorld:
    """Changes above a reader, each of which can be undone."""

    def __init__(
        self, reader: Reader, answering: Callable[[bytes], object] = lambda _: None
    ) -> None:
        self.reader = reader
        self.codes: dict[bytes, bytes] = {}
        self.touched: set[tuple[bytes, int | None]] | None = None
        """When set, collects what was ever warmed up, be it undone later: access lists need it."""
        self.noting = False
        """Whether what is looked at from here is noted."""
        self.machine = MACHINES.pop() if MACHINES else Machine()
        self.machine.clear()
        self.rows: dict[bytes, int] = {}
        self.addresses: list[bytes] = []
        self._answering = answering
        self._need = self.machine.bytes_of("need")
        self._scratch = self.machine.bytes_of("scratch")
        self._ints = self._accounts = memoryview(b"")
        self._slots = self._slot_ints = memoryview(b"")
        self._last_slot: tuple[int, int] | None = None
        self._last_place = 0
        """Of the slot that was looked for last, because it is looked for several times in a row."""
        self.look()

    def __del__(self, kept: list[Machine] = MACHINES, most: int = MACHINES_KEPT) -> None:
        """Give the machine back. Module globals may be gone when the interpreter ends."""
        if len(kept) < most:
            kept.append(self.machine)

    def look(self) -> None:
        """Take the tables' views anew: growth moves them."""
        self._accounts = self.machine.bytes_of("accounts")
        self._ints = self._accounts.cast("q")
        self._slots = self.machine.bytes_of("slots")
        self._slot_ints = self._slots.cast("q")
        self._last_slot = None

    # Rows.

    def row(self, address: bytes) -> int:
        """Return the row of an account that is looked at."""
        row = self._row(address)
        if self.noting:
            self._ints[row * ACCOUNT_INTS + READ] = self.machine.get("transaction")
        return row

    def _row(self, address: bytes) -> int:
        """Return an account's row."""
        row = self.rows.get(address)
        return self._load(address) if row is None else row

    def _load(self, address: bytes) -> int:
        machine = self.machine
        if machine.grow_accounts():
            self.look()
        row = machine.account_count
        self._need[:] = address[::-1] + bytes(12)
        machine.act(records.ADD_ACCOUNT, row)
        machine.account_count += 1
        self.rows[address] = row
        self.addresses.append(address)
        ints, at = self._ints, row * ACCOUNT_INTS
        account = self.reader.account(address)
        if account is not None:
            ints[at + EXISTS] = 1
            ints[at + NONCE] = _signed(account.nonce)
            ints[at + STORED] = account.storage_root != trie.EMPTY_ROOT
            start = row * ACCOUNT_SIZE
            balance = account.balance.to_bytes(WORD, "little")
            self._accounts[start + BALANCE : start + BALANCE + WORD] = balance
            if account.code_hash != EMPTY_CODE_HASH:
                ints[at + CODE] = machine.programs.get(account.code_hash, UNKNOWN)
                code_hash = account.code_hash[::-1]
                self._accounts[start + CODE_HASH : start + CODE_HASH + WORD] = code_hash
        if self._answering(address) is not None:
            ints[at + BUILTIN] = 1
        return row

    def look_for_builtins(self) -> None:
        """Ask again which accounts are precompiles: a question may have moved some."""
        for row, address in enumerate(self.addresses):
            self._ints[row * ACCOUNT_INTS + BUILTIN] = self._answering(address) is not None

    def load_needed(self) -> None:
        """Bring the account that the core asks for."""
        self._load(bytes(self._need[19::-1]))

    def load_code(self, row: int) -> None:
        """Bring the code of an account."""
        at = row * ACCOUNT_INTS
        start = row * ACCOUNT_SIZE + CODE_HASH
        code_hash = bytes(self._accounts[start : start + WORD])[::-1]
        code = self.codes.get(code_hash) or self.reader.code(code_hash)
        self._ints[at + CODE] = self.machine.code_row(code_hash, code)

    def ensure_code(self, row: int) -> None:
        """Bring the code of an account, if it is not there yet."""
        if self._ints[row * ACCOUNT_INTS + CODE] == UNKNOWN:
            self.load_code(row)

    def load_slot(self, row: int) -> int:
        """Bring the slot in `need`; return its place in the table of slots."""
        machine = self.machine
        if machine.grow_slots():
            self.look()
        found = machine.act(records.ADD_SLOT, row) - machine.get("slots")
        if self._ints[row * ACCOUNT_INTS + STORED]:
            slot = int.from_bytes(self._need, "little")
            value = self.reader.storage(self.addresses[row], slot)
            if value:
                word = value.to_bytes(WORD, "little")
                self._slots[found + VALUE : found + VALUE + WORD] = word
        return found

    def _slot(self, address: bytes, slot: int) -> int:
        """Return the place of a slot in the table of slots."""
        row = self._row(address)
        self._need[:] = slot.to_bytes(WORD, "little")
        key = row, slot
        if key != self._last_slot:
            found = self.machine.act(records.FIND_SLOT, row)
            place = found - self.machine.get("slots") if found else self.load_slot(row)
            self._last_slot, self._last_place = key, place
        return self._last_place

    # Marks and undoing.

    def mark(self) -> int:
        """Return a mark to come back to."""
        return self.machine.get("journal_count")

    def undo(self, mark: int) -> None:
        """Take back everything since the mark."""
        self.machine.act(records.UNDO, 0, mark)

    def end_transaction(self) -> None:
        """Forget what lasts for one transaction only."""
        if self.touched is not None:
            self.touched |= self.seen()
        self.noting = False
        self.machine.act(records.FINISH)

    def destroyed(self) -> int:
        """Return how many contracts SELFDESTRUCT is about to remove."""
        entries = self.machine.array("journal")[: self.mark()]
        return len(set(entries["row"][entries["kind"] == records.DESTROYED].tolist()))

    def clean(self, coinbase: bytes) -> None:
        """Remove what was destroyed, and what was touched and is empty."""
        self.machine.act(records.CLEAN, self.row(coinbase))

    # Accounts.

    def is_untouched(self, address: bytes) -> bool:
        """Say that nothing of the account can have been changed here."""
        return address not in self.rows

    def account(self, address: bytes) -> Account | None:
        """Return the account as it is now; its storage as it was below."""
        row = self.row(address)
        if not self._ints[row * ACCOUNT_INTS + EXISTS]:
            return None
        below = self.reader.account(address)
        root = trie.EMPTY_ROOT if below is None else below.storage_root
        return Account(
            self.get_nonce(address), self.get_balance(address), root, self.get_code_hash(address)
        )

    def get_balance(self, address: bytes) -> int:
        """Return the balance in wei."""
        start = self.row(address) * ACCOUNT_SIZE + BALANCE
        return int.from_bytes(self._accounts[start : start + WORD], "little")

    def set_balance(self, address: bytes, balance: int) -> None:
        """Set the balance, making the account if there is none."""
        row = self.row(address)
        self.machine.keep_room()
        self._scratch[:WORD] = balance.to_bytes(WORD, "little")
        self.machine.act(records.PUT_BALANCE, row)

    def get_nonce(self, address: bytes) -> int:
        """Return the nonce."""
        return self._ints[self.row(address) * ACCOUNT_INTS + NONCE] & UINT64

    def set_nonce(self, address: bytes, nonce: int) -> None:
        """Set the nonce, making the account if there is none."""
        row = self.row(address)
        self.machine.keep_room()
        self.machine.act(records.PUT_NONCE, row, _signed(nonce))

    def increment_nonce(self, address: bytes) -> None:
        """Add one to the nonce."""
        self.set_nonce(address, self.get_nonce(address) + 1)

    def get_code_hash(self, address: bytes) -> bytes:
        """Return the hash of the account's code."""
        start = self.row(address) * ACCOUNT_SIZE + CODE_HASH
        return bytes(self._accounts[start : start + WORD])[::-1]

    def get_code(self, address: bytes) -> bytes:
        """Return the account's code."""
        code_hash = self.get_code_hash(address)
        return self.codes.get(code_hash) or self.reader.code(code_hash)

    def set_code(self, address: bytes, code: bytes) -> None:
        """Set the code, making the account if there is none."""
        row = self.row(address)
        self.machine.keep_room()
        program = self.take_in(code)
        self.machine.act(records.PUT_CODE, row, program)

    def take_in(self, code: bytes) -> int:
        """Keep code that the block made; return its row, and its hash in `need` and `scratch`."""
        code_hash = keccak(code)
        if code:
            self.codes[code_hash] = code
        self._need[:] = self._scratch[:WORD] = code_hash[::-1]
        return self.machine.code_row(code_hash, code)

    def account_exists(self, address: bytes) -> bool:
        """Say whether the state holds an account here, be it empty."""
        return bool(self._ints[self.row(address) * ACCOUNT_INTS + EXISTS])

    def account_has_code_or_nonce(self, address: bytes) -> bool:
        """Say whether a contract may not be created here (EIP-684)."""
        at = self.row(address) * ACCOUNT_INTS
        return self._ints[at + NONCE] != 0 or self._ints[at + CODE] != 0

    def account_is_empty(self, address: bytes) -> bool:
        """Say whether the account has no code, nonce and balance (EIP-161)."""
        return bool(self.machine.act(records.EMPTY, self.row(address)))

    def touch_account(self, address: bytes) -> None:
        """Make an empty account where there is none."""
        row = self.row(address)
        self.machine.keep_room()
        self.machine.act(records.TOUCH, row)

    def delete_account(self, address: bytes) -> None:
        """Remove the account and its storage. Never undone."""
        self.machine.act(records.DELETE, self.row(address))

    # Storage.

    def get_storage(self, address: bytes, slot: int, from_journal: bool = True) -> int:
        """Return the word at a slot, now or (not `from_journal`) at the transaction's start."""
        at = self._slot(address, slot)
        if self.noting:
            self._slot_ints[at // 8 + SLOT_READ] = self.machine.get("transaction")
        field = VALUE
        if not from_journal:
            changed = self._slot_ints[at // 8 + CHANGED]
            field = ORIGINAL if changed == self.machine.get("transaction") else VALUE
        return int.from_bytes(self._slots[at + field : at + field + WORD], "little")

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        """Write the word at a slot."""
        at = self._slot(address, slot)
        if self.noting:
            self._slot_ints[at // 8 + SLOT_READ] = self.machine.get("transaction")
        self.machine.keep_room()
        self._scratch[:WORD] = value.to_bytes(WORD, "little")
        self.machine.act(records.PUT_SLOT, self.rows[address])

    def delete_storage(self, address: bytes) -> None:
        """Empty all slots. Never undone."""
        self.machine.act(records.WIPE, self.row(address))

    def has_storage(self, address: bytes) -> bool:
        """Say whether any slot is not zero (EIP-7610 asks before a contract is created)."""
        return bool(self.machine.act(records.STORES, self.row(address)))

    # Warmth (EIP-2929) and transient storage (EIP-1153).

    def is_address_warm(self, address: bytes) -> bool:
        """Say whether this transaction has paid for the account already."""
        warm = self._ints[self._row(address) * ACCOUNT_INTS + WARM]
        return warm == self.machine.get("transaction")

    def mark_address_warm(self, address: bytes) -> None:
        """Note that this transaction has paid for the account."""
        row = self._row(address)
        self.machine.keep_room()
        self.machine.act(records.HEAT_ACCOUNT, row)

    def is_storage_warm(self, address: bytes, slot: int) -> bool:
        """Say whether this transaction has paid for the slot already."""
        warm = self._slot_ints[self._slot(address, slot) // 8 + SLOT_WARM]
        return warm == self.machine.get("transaction")

    def mark_storage_warm(self, address: bytes, slot: int) -> None:
        """Note that this transaction has paid for the slot."""
        self._slot(address, slot)
        self.machine.keep_room()
        self.machine.act(records.HEAT_SLOT, self.rows[address])

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        """Return the transient word."""
        row = self._row(address)
        self._need[:] = slot.to_bytes(WORD, "little")
        found = self.machine.act(records.GET_TRANSIENT, row)
        if not found:
            return b""
        at = found - self.machine.get("transients")
        return bytes(self.machine.bytes_of("transients")[at : at + WORD])[::-1].lstrip(b"\0")

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        """Write the transient word."""
        row = self._row(address)
        self.machine.keep_room()
        self.machine.grow_transients()
        self._need[:] = slot.to_bytes(WORD, "little")
        self._scratch[:WORD] = value.rjust(WORD, b"\0")[::-1]
        self.machine.act(records.PUT_TRANSIENT, row)

    # What tracers and access lists ask.

    def seen(self) -> set[tuple[bytes, int | None]]:
        """Return the accounts and slots that the transaction paid for, be it undone later."""
        now = self.machine.get("transaction")
        accounts = self.machine.array("accounts")[: self.machine.account_count]
        found: set[tuple[bytes, int | None]] = {
            (self.addresses[row], None) for row in np.flatnonzero(accounts["seen"] == now)
        }
        slots = self.machine.array("slots")[: self.machine.get("slot_count")]
        for slot in slots[slots["seen"] == now]:
            key = int.from_bytes(slot["key"].tobytes(), "little")
            found.add((self.addresses[slot["account"]], key))
        return found

    def note_reads(self) -> None:
        """Until the transaction ends, note what is looked at from here; the core always does."""
        self.noting = True

    def before(self) -> Before:
        """Return what was looked at, as it was when the transaction began."""
        machine = self.machine
        now = machine.get("transaction")
        journal = machine.array("journal")[: self.mark()]
        changed: dict[tuple[int, int], np.void] = {}
        for entry in journal[journal["kind"] <= records.EXISTS][::-1]:
            changed[int(entry["row"]), int(entry["kind"])] = entry
        accounts = machine.array("accounts")[: machine.account_count]
        rows = np.flatnonzero(accounts["read"] == now).tolist()
        rows.sort(key=self.addresses.__getitem__)
        found: Before = {self.addresses[row]: (self._before(row, changed), {}) for row in rows}
        slots = machine.array("slots")[: machine.get("slot_count")]
        words = []
        for slot in slots[slots["read"] == now]:
            word = slot["original"] if slot["changed"] == now else slot["value"]
            key = int.from_bytes(slot["key"].tobytes(), "little")
            words.append((key, slot["account"], int.from_bytes(word.tobytes(), "little")))
        for key, row, value in sorted(words):
            found[self.addresses[row]][1][key] = value
        return found

    def _before(self, row: int, changed: dict[tuple[int, int], np.void]) -> Account | None:
        """Return an account as it was; `changed` holds its first changes by their kinds."""
        account = self.account(self.addresses[row])
        if (row, records.EXISTS) in changed or account is None:
            return None
        if (entry := changed.get((row, records.NONCE))) is not None:
            account = account._replace(nonce=int(entry["before"]) & UINT64)
        if (entry := changed.get((row, records.BALANCE))) is not None:
            account = account._replace(balance=int.from_bytes(entry["old"].tobytes(), "little"))
        if (entry := changed.get((row, records.CODE_SET))) is not None:
            account = account._replace(code_hash=entry["old"].tobytes()[::-1])
        return account

    def changed(self) -> set[tuple[bytes, int | None]]:
        """Return the accounts and slots that were changed in this block, be it undone later."""
        accounts = self.machine.array("accounts")[: self.machine.account_count]
        found: set[tuple[bytes, int | None]] = {
            (self.addresses[row], None) for row in np.flatnonzero(accounts["dirty"])
        }
        slots = self.machine.array("slots")[: self.machine.get("slot_count")]
        for slot in slots[slots["dirty"] != 0]:
            key = int.from_bytes(slot["key"].tobytes(), "little")
            found.add((self.addresses[slot["account"]], key))
        return found

    # The end of a block.

    def commit(self, out: MutableMapping[bytes, bytes]) -> Reader:
        """Write all changes into the tries and return the reader of the new root."""
        world = World(self.reader)
        world.codes = self.codes
        self.look()
        # Field by field through views: a record of NumPy takes longer to make than to read.
        for row, address in enumerate(self.addresses):
            if self._ints[row * ACCOUNT_INTS + DIRTY]:
                world.accounts[address] = self.account(address)
                if self._ints[row * ACCOUNT_INTS + WIPED]:
                    world.wiped.add(address)
        for index in range(self.machine.get("slot_count")):
            if self._slot_ints[index * SLOT_INTS + SLOT_DIRTY]:
                start = index * SLOT_SIZE
                key = int.from_bytes(self._slots[start + KEY : start + KEY + WORD], "little")
                word = self._slots[start + VALUE : start + VALUE + WORD]
                address = self.addresses[self._slot_ints[index * SLOT_INTS + SLOT_ACCOUNT]]
                world.storage.setdefault(address, {})[key] = int.from_bytes(word, "little")
        return world.commit(out)
