"""Accounts and storage: a cached view of one state root, and a journal of changes above it.

`World` has the interface of py-evm's account database, so py-evm's opcodes run on it unchanged.
Where that copies account objects and walks a trie for each access, this keeps plain dictionaries
and a list of what to undo; the tries are touched once per block, in `commit`. The slow twin is
py-evm's own `AccountDB`; the tests drive both and compare roots.

Not safe for more than one thread.
"""

from collections.abc import Callable, Mapping, MutableMapping
from typing import Any, Final, NamedTuple, TypeAlias

from . import trie
from .encoding import bytes_to_int, decode, encode, int_to_bytes, keccak
from .engine import tries

EMPTY_CODE_HASH: Final = keccak(b"")

ACCOUNTS_CACHED_MAX: Final = 32_768  # About 10 MB.
SLOTS_CACHED_MAX: Final = 65_536  # About 12 MB.


class Account(NamedTuple):
    """An account as the state trie holds it."""

    nonce: int
    balance: int
    storage_root: bytes
    code_hash: bytes

    def encode(self) -> bytes:
        """Return the value at the account's key."""
        numbers = int_to_bytes(self.nonce), int_to_bytes(self.balance)
        return encode([*numbers, self.storage_root, self.code_hash])


EMPTY_ACCOUNT: Final = Account(0, 0, trie.EMPTY_ROOT, EMPTY_CODE_HASH)


def decode_account(data: bytes) -> Account:
    """Read an account from the state trie."""
    nonce, balance, storage_root, code_hash = decode(data)
    return Account(bytes_to_int(nonce), bytes_to_int(balance), storage_root, code_hash)  # type: ignore[arg-type]


def slot_key(slot: int) -> bytes:
    """Return the key of a storage slot in its trie."""
    return keccak(slot.to_bytes(32, "big"))


class Reader:
    """The state of one root, remembered as it is read."""

    def __init__(self, nodes: trie.Nodes, root: bytes) -> None:
        self.nodes = nodes
        self.root = root
        self._accounts: dict[bytes, Account | None] = {}
        self._storage: dict[bytes, dict[int, int]] = {}
        self._slot_count = 0
        self._borrowed = False

    def scratch(self, nodes: trie.Nodes) -> "Reader":
        """Return a reader of the same root for work that will be thrown away.

        It shares what we remember, and leaves it here when it advances.
        """
        reader = Reader(nodes, self.root)
        reader._accounts, reader._storage = self._accounts, self._storage
        reader._borrowed = True
        return reader

    def account(self, address: bytes) -> Account | None:
        """Return the account, or None where there is none."""
        try:
            return self._accounts[address]
        except KeyError:
            data = tries.get(self.nodes, self.root, keccak(address))
            account = decode_account(data) if data else None
            if len(self._accounts) >= ACCOUNTS_CACHED_MAX:
                self._accounts.clear()
            self._accounts[address] = account
            return account

    def storage(self, address: bytes, slot: int) -> int:
        """Return the word at a slot; zero where nothing was written."""
        try:
            return self._storage[address][slot]
        except KeyError:
            account = self.account(address)
            value = 0
            if account is not None and account.storage_root != trie.EMPTY_ROOT:
                data = tries.get(self.nodes, account.storage_root, slot_key(slot))
                value = bytes_to_int(decode(data)) if data else 0
            if self._slot_count >= SLOTS_CACHED_MAX:
                self._storage.clear()
                self._slot_count = 0
            self._storage.setdefault(address, {})[slot] = value
            self._slot_count += 1
            return value

    def code(self, code_hash: bytes) -> bytes:
        """Return the code with this hash."""
        if code_hash == EMPTY_CODE_HASH:
            return b""
        try:
            return self.nodes[code_hash]
        except KeyError:
            raise trie.MissingNode(code_hash) from None

    def advanced(
        self, world: "World", root: bytes, accounts: Mapping[bytes, Account | None]
    ) -> "Reader":
        """Return the reader of the next root, taking what we remember along."""
        following = Reader(self.nodes, root)
        if self._borrowed:
            following._borrowed = True
            return following
        following._accounts, self._accounts = self._accounts, {}
        following._storage, self._storage = self._storage, {}
        following._slot_count, self._slot_count = self._slot_count, 0
        following._accounts.update(accounts)
        for address in world.wiped:
            following._slot_count -= len(following._storage.pop(address, ()))
        for address, slots in world.storage.items():
            known = following._storage.setdefault(address, {})
            before = len(known)
            known.update(slots)
            following._slot_count += len(known) - before
        return following


Before: TypeAlias = dict[bytes, tuple[Account | None, dict[int, int]]]
"""Accounts and slots as they were when a transaction began."""

_ABSENT: Final[Any] = object()
"""Marks what the world has not changed, where None means an account that does not exist."""


class World:
    """Changes above a reader, each of which can be undone.

    `mark` and `undo` serve call frames, `end_transaction` starts a new one, `commit` ends the
    block. After `note_reads`, `before` tells what a transaction looked at: tracers need it.
    """

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.accounts: dict[bytes, Account | None] = {}
        self.storage: dict[bytes, dict[int, int]] = {}
        self.wiped: set[bytes] = set()
        """Accounts whose storage below us no longer counts."""
        self.codes: dict[bytes, bytes] = {}
        self.transient: dict[tuple[bytes, int], bytes] = {}
        self.warm: set[bytes] = set()
        self.warm_slots: set[tuple[bytes, int]] = set()
        self.touched: set[tuple[bytes, int | None]] | None = None
        """When set, collects what was ever warmed up, be it undone later: access lists need it."""
        self._noted: set[tuple[bytes, int | None]] | None = None
        self._originals: dict[tuple[bytes, int], int] = {}
        self._journal: list[tuple[Callable[..., None], Any, Any]] = []

    # Marks and undoing.

    def mark(self) -> int:
        """Return a mark to come back to."""
        return len(self._journal)

    def undo(self, mark: int) -> None:
        """Take back everything since the mark."""
        journal = self._journal
        while len(journal) > mark:
            restore, key, old = journal.pop()
            restore(key, old)

    def end_transaction(self) -> None:
        """Forget what lasts for one transaction only: warmth, transient storage, the journal."""
        self._journal.clear()
        self._originals.clear()
        self.transient.clear()
        self.warm.clear()
        self.warm_slots.clear()
        self._noted = None

    def _restore_account(self, address: bytes, old: Any) -> None:
        if old is _ABSENT:
            del self.accounts[address]
        else:
            self.accounts[address] = old

    def _restore_slot(self, key: tuple[bytes, int], old: Any) -> None:
        address, slot = key
        if old is _ABSENT:
            del self.storage[address][slot]
        else:
            self.storage[address][slot] = old

    def _restore_transient(self, key: tuple[bytes, int], old: Any) -> None:
        self.transient[key] = old

    def _restore_wiped(self, address: bytes, old: tuple[dict[int, int], bool]) -> None:
        slots, was_wiped = old
        self.storage[address] = slots
        if not was_wiped:
            self.wiped.discard(address)

    # Accounts.

    def is_untouched(self, address: bytes) -> bool:
        """Say that nothing of the account can have been changed here."""
        return not (address in self.accounts or address in self.storage or address in self.wiped)

    def account(self, address: bytes) -> Account | None:
        """Return the account as it is now."""
        if self._noted is not None:
            self._noted.add((address, None))
        account = self.accounts.get(address, _ABSENT)
        return self.reader.account(address) if account is _ABSENT else account

    def _set_account(self, address: bytes, account: Account | None) -> None:
        self._journal.append((self._restore_account, address, self.accounts.get(address, _ABSENT)))
        self.accounts[address] = account

    def get_balance(self, address: bytes) -> int:
        """Return the balance in wei."""
        account = self.account(address)
        return 0 if account is None else account.balance

    def set_balance(self, address: bytes, balance: int) -> None:
        """Set the balance, making the account if there is none."""
        nonce, _, root, code_hash = self.account(address) or EMPTY_ACCOUNT
        self._set_account(address, Account(nonce, balance, root, code_hash))

    def get_nonce(self, address: bytes) -> int:
        """Return the nonce."""
        account = self.account(address)
        return 0 if account is None else account.nonce

    def set_nonce(self, address: bytes, nonce: int) -> None:
        """Set the nonce, making the account if there is none."""
        _, balance, root, code_hash = self.account(address) or EMPTY_ACCOUNT
        self._set_account(address, Account(nonce, balance, root, code_hash))

    def increment_nonce(self, address: bytes) -> None:
        """Add one to the nonce."""
        self.set_nonce(address, self.get_nonce(address) + 1)

    def get_code_hash(self, address: bytes) -> bytes:
        """Return the hash of the account's code."""
        account = self.account(address)
        return EMPTY_CODE_HASH if account is None else account.code_hash

    def get_code(self, address: bytes) -> bytes:
        """Return the account's code."""
        code_hash = self.get_code_hash(address)
        return self.codes.get(code_hash) or self.reader.code(code_hash)

    def set_code(self, address: bytes, code: bytes) -> None:
        """Set the code, making the account if there is none."""
        nonce, balance, root, _ = self.account(address) or EMPTY_ACCOUNT
        code_hash = keccak(code)
        if code:
            self.codes[code_hash] = code
        self._set_account(address, Account(nonce, balance, root, code_hash))

    def delete_code(self, address: bytes) -> None:
        """Leave the account without code."""
        self.set_code(address, b"")

    def account_exists(self, address: bytes) -> bool:
        """Say whether the state holds an account here, be it empty."""
        return self.account(address) is not None

    def account_has_code_or_nonce(self, address: bytes) -> bool:
        """Say whether a contract may not be created here (EIP-684)."""
        account = self.account(address)
        return account is not None and (account.nonce != 0 or account.code_hash != EMPTY_CODE_HASH)

    def account_is_empty(self, address: bytes) -> bool:
        """Say whether the account has no code, nonce and balance (EIP-161)."""
        account = self.account(address)
        return account is None or (account[:2] == (0, 0) and account.code_hash == EMPTY_CODE_HASH)

    def touch_account(self, address: bytes) -> None:
        """Make an empty account where there is none."""
        if self.account(address) is None:
            self._set_account(address, EMPTY_ACCOUNT)

    def delete_account(self, address: bytes) -> None:
        """Remove the account and its storage."""
        self.delete_storage(address)
        self._set_account(address, None)

    # Storage.

    def get_storage(self, address: bytes, slot: int, from_journal: bool = True) -> int:
        """Return the word at a slot, now or (not `from_journal`) at the transaction's start."""
        if self._noted is not None:
            self._noted.add((address, slot))
        if not from_journal:
            original = self._originals.get((address, slot))
            if original is not None:
                return original
        slots = self.storage.get(address)
        if slots is not None and slot in slots:
            return slots[slot]
        return 0 if address in self.wiped else self.reader.storage(address, slot)

    def set_storage(self, address: bytes, slot: int, value: int) -> None:
        """Write the word at a slot."""
        self._originals.setdefault((address, slot), self.get_storage(address, slot))
        slots = self.storage.setdefault(address, {})
        self._journal.append((self._restore_slot, (address, slot), slots.get(slot, _ABSENT)))
        slots[slot] = value

    def delete_storage(self, address: bytes) -> None:
        """Empty all slots."""
        old = self.storage.get(address, {}), address in self.wiped
        self._journal.append((self._restore_wiped, address, old))
        self.storage[address] = {}
        self.wiped.add(address)

    def has_storage(self, address: bytes) -> bool:
        """Say whether any slot is not zero (EIP-7610 asks before a contract is created)."""
        if any(self.storage.get(address, {}).values()):
            return True
        account = self.account(address)
        below = account is not None and account.storage_root != trie.EMPTY_ROOT
        return below and address not in self.wiped

    # Warmth (EIP-2929) and transient storage (EIP-1153).

    def is_address_warm(self, address: bytes) -> bool:
        """Say whether this transaction has paid for the account already."""
        return address in self.warm

    def mark_address_warm(self, address: bytes) -> None:
        """Note that this transaction has paid for the account."""
        if address not in self.warm:
            self._journal.append((_discard, self.warm, address))
            self.warm.add(address)
            if self.touched is not None:
                self.touched.add((address, None))

    def is_storage_warm(self, address: bytes, slot: int) -> bool:
        """Say whether this transaction has paid for the slot already."""
        return (address, slot) in self.warm_slots

    def mark_storage_warm(self, address: bytes, slot: int) -> None:
        """Note that this transaction has paid for the slot."""
        if (address, slot) not in self.warm_slots:
            self._journal.append((_discard, self.warm_slots, (address, slot)))
            self.warm_slots.add((address, slot))
            if self.touched is not None:
                self.touched.add((address, slot))

    def get_transient_storage(self, address: bytes, slot: int) -> bytes:
        """Return the transient word, as py-evm's stack takes it."""
        return self.transient.get((address, slot), b"")

    def set_transient_storage(self, address: bytes, slot: int, value: bytes) -> None:
        """Write the transient word."""
        key = address, slot
        self._journal.append((self._restore_transient, key, self.transient.get(key, b"")))
        self.transient[key] = value

    # What tracers ask.

    def note_reads(self) -> None:
        """Until the transaction ends, note each account and slot that is looked at."""
        self._noted = set()

    def before(self) -> Before:
        """Return what was looked at, as it was when the transaction began."""
        noted = self._noted or set()
        changed = {
            key: old
            for restore, key, old in reversed(self._journal)
            if restore == self._restore_account
        }
        found: Before = {}
        for address, slot in sorted(noted, key=lambda each: (each[0], each[1] or 0)):
            if address not in found:
                old = changed.get(address, self.accounts.get(address, _ABSENT))
                account = self.reader.account(address) if old is _ABSENT else old
                found[address] = account, {}
            if slot is not None:
                found[address][1][slot] = self.get_storage(address, slot, from_journal=False)
        return found

    # The end of a block.

    def commit(self, out: MutableMapping[bytes, bytes]) -> Reader:
        """Write all changes into the tries and return the reader of the new root.

        Addresses and slots go along, under their hashes, so that a state can be listed by name.
        """
        nodes = self.reader.nodes
        final: dict[bytes, Account | None] = {}
        for address in self.accounts | self.storage:
            account = self.accounts.get(address, _ABSENT)
            if account is _ABSENT:
                account = self.reader.account(address)
            base = trie.EMPTY_ROOT
            if account is not None and address not in self.wiped:
                base = account.storage_root
            changes = self._changed_slots(address, out)
            root = tries.update(nodes, base, changes, out) if changes else base
            if account is not None:
                if root != account.storage_root:
                    account = account._replace(storage_root=root)
            elif root != trie.EMPTY_ROOT:
                account = EMPTY_ACCOUNT._replace(storage_root=root)
            final[address] = account
        accounts = {}
        for address, account in final.items():
            if account != self.reader.account(address):
                key = keccak(address)
                accounts[key] = b"" if account is None else account.encode()
                out[key] = address
        root = tries.update(nodes, self.reader.root, accounts, out)
        out.update(self.codes)
        return self.reader.advanced(self, root, final)

    def _changed_slots(
        self, address: bytes, out: MutableMapping[bytes, bytes]
    ) -> dict[bytes, bytes]:
        wiped = address in self.wiped
        changes = {}
        for slot, value in self.storage.get(address, {}).items():
            if value != (0 if wiped else self.reader.storage(address, slot)):
                name = slot.to_bytes(32, "big")
                key = keccak(name)
                changes[key] = encode(int_to_bytes(value)) if value else b""
                out[key] = name
        return changes


def _discard(members: set[Any], member: Any) -> None:
    members.discard(member)
