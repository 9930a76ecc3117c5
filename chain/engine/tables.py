"""The state as the core holds it: accounts, storage, transient storage, and the journal.

Rows are never removed within a block; a row that is not there is an exit to Python, which knows the
state below. Every change is journaled with what it replaced. For kernels only.
"""

from typing import Any

import numpy as np

from precompiles.kernels.jit import inner, int64, multiply_add, record

from . import records
from .memory import clear_word, copy_word, is_zero, load_int, same_word, store64
from .records import (
    ACCOUNT,
    BALANCE,
    CODE_SET,
    CREATED,
    EXISTS,
    JOURNAL,
    LOG,
    MACHINE,
    NONCE,
    SLOT,
    SLOT_VALUE,
    TOUCHED,
    TRANSIENT,
    TRANSIENT_VALUE,
    WARM_ACCOUNT,
    WARM_SLOT,
    place,
)

Record = Any
"""A record as a kernel sees it: its fields are read and written where they stand."""

machine = record(MACHINE)
account_at = record(ACCOUNT)
slot_at = record(SLOT)
transient_at = record(TRANSIENT)
entry_at = record(JOURNAL)
code_at = record(records.CODE)

ACCOUNT_SIZE = ACCOUNT.itemsize
SLOT_SIZE = SLOT.itemsize
TRANSIENT_SIZE = TRANSIENT.itemsize
JOURNAL_SIZE = JOURNAL.itemsize
CODE_SIZE = records.CODE.itemsize
LOG_SIZE = LOG.itemsize

ADDRESS = place(ACCOUNT, "address")
ACCOUNT_BALANCE = place(ACCOUNT, "balance")
ACCOUNT_CODE_HASH = place(ACCOUNT, "code_hash")
SLOT_KEY = place(SLOT, "key")
VALUE = place(SLOT, "value")
ORIGINAL = place(SLOT, "original")
TRANSIENT_KEY = place(TRANSIENT, "key")
TRANSIENT_WORD = place(TRANSIENT, "value")
OLD = place(JOURNAL, "old")

NOTHING = np.uint64(0)

RIPEMD = 3
"""Its touch outlives a failed frame: two clients once agreed on that by mistake."""

JOURNAL_MARGIN = 16
"""More entries than any instruction makes."""


@inner
def fold(a: Any, b: Any) -> int:
    """Multiply and add both halves of the product."""
    low, high = multiply_add(a, b, NOTHING, NOTHING)
    return int64(low ^ high)


@inner
def hashed(m: Record, word: int, row: int) -> int:
    """Return where to look for a word first."""
    first = fold(load_int(word) ^ m.seed_0, load_int(word + 8) ^ m.seed_1)
    return fold(first ^ load_int(word + 16) ^ row, load_int(word + 24) ^ m.seed_1)


@inner
def account_address(m: Record, row: int) -> int:
    """Return where an account stands."""
    return m.accounts + row * ACCOUNT_SIZE


@inner
def find_account(m: Record, word: int) -> int:
    """Return the row of an address, or -1."""
    position = hashed(m, word, 0) & m.account_mask
    while True:
        row = load_int(m.account_index + 8 * position) - 1
        if row < 0:
            return -1
        if same_word(account_address(m, row) + ADDRESS, word):
            return row
        position = (position + 1) & m.account_mask


@inner
def find_slot(m: Record, row: int, key: int) -> int:
    """Return where a slot stands, or 0."""
    position = hashed(m, key, row) & m.slot_mask
    while True:
        found = load_int(m.slot_index + 8 * position) - 1
        if found < 0:
            return 0
        at = m.slots + found * SLOT_SIZE
        if slot_at(at).account == row and same_word(at + SLOT_KEY, key):
            return at
        position = (position + 1) & m.slot_mask


@inner
def enter_row(index: int, mask: int, first: int, row: int) -> None:
    """Enter a row into a table's index, where it is looked for first or behind."""
    position = first & mask
    while load_int(index + 8 * position) != 0:
        position = (position + 1) & mask
    store64(index + 8 * position, row + 1)


@inner
def add_slot(m: Record, row: int, key: int) -> int:
    """Add a slot that holds nothing; there is room. Return where it stands."""
    at = m.slots + m.slot_count * SLOT_SIZE
    slot = slot_at(at)
    copy_word(at + SLOT_KEY, key)
    clear_word(at + VALUE)
    slot.account = row
    slot.changed = slot.warm = slot.seen = slot.read = slot.dirty = 0
    enter_row(m.slot_index, m.slot_mask, hashed(m, key, row), m.slot_count)
    m.slot_count += 1
    return at


@inner
def find_transient(m: Record, row: int, key: int) -> int:
    """Return where a transient slot stands, or 0."""
    position = hashed(m, key, row) & m.transient_mask
    while True:
        found = load_int(m.transient_index + 8 * position) - 1
        if found < 0:
            return 0
        at = m.transients + found * TRANSIENT_SIZE
        if transient_at(at).account == row and same_word(at + TRANSIENT_KEY, key):
            return at
        position = (position + 1) & m.transient_mask


@inner
def add_transient(m: Record, row: int, key: int) -> int:
    """Add a transient slot that holds nothing; there is room. Return where it stands."""
    at = m.transients + m.transient_count * TRANSIENT_SIZE
    copy_word(at + TRANSIENT_KEY, key)
    clear_word(at + TRANSIENT_WORD)
    transient_at(at).account = row
    enter_row(m.transient_index, m.transient_mask, hashed(m, key, row), m.transient_count)
    m.transient_count += 1
    return at


# The journal.


@inner
def has_room(m: Record) -> bool:
    """Say whether an instruction may go on: the journal takes all that it can write."""
    return m.journal_count + JOURNAL_MARGIN <= m.journal_room


@inner
def journal(m: Record, kind: int, row: int, before: int) -> int:
    """Note an integer that is about to change. Return where the entry stands."""
    at = m.journal + m.journal_count * JOURNAL_SIZE
    entry = entry_at(at)
    entry.kind = kind
    entry.row = row
    entry.before = before
    m.journal_count += 1
    return at


@inner
def set_balance(m: Record, row: int, word: int) -> None:
    """Write a balance."""
    at = account_address(m, row)
    entry = journal(m, BALANCE, row, 0)
    copy_word(entry + OLD, at + ACCOUNT_BALANCE)
    copy_word(at + ACCOUNT_BALANCE, word)
    account_at(at).dirty = 1


@inner
def set_nonce(m: Record, row: int, nonce: int) -> None:
    """Write a nonce."""
    account = account_at(account_address(m, row))
    journal(m, NONCE, row, account.nonce)
    account.nonce = nonce
    account.dirty = 1


@inner
def set_code(m: Record, row: int, code: int, code_hash: int) -> None:
    """Give an account code that is among the codes."""
    at = account_address(m, row)
    account = account_at(at)
    entry = journal(m, CODE_SET, row, account.code)
    copy_word(entry + OLD, at + ACCOUNT_CODE_HASH)
    copy_word(at + ACCOUNT_CODE_HASH, code_hash)
    account.code = code
    account.dirty = 1


@inner
def make_exist(m: Record, row: int) -> None:
    """Make an account exist, empty if it did not."""
    account = account_at(account_address(m, row))
    if account.exists == 0:
        journal(m, EXISTS, row, 0)
        account.exists = 1
        account.dirty = 1


@inner
def touch(m: Record, row: int) -> None:
    """Note that an account was called or paid: left empty, it goes at the transaction's end."""
    at = account_address(m, row)
    account = account_at(at)
    if account.touched != m.transaction:
        journal(m, TOUCHED, row, account.touched)
        account.touched = m.transaction
        if (
            load_int(at + ADDRESS) == RIPEMD
            and load_int(at + ADDRESS + 8) == 0
            and load_int(at + ADDRESS + 16) == 0
        ):
            m.ripemd = 1


@inner
def warm_account(m: Record, row: int) -> bool:
    """Note that the transaction has paid for an account; say whether it had to."""
    account = account_at(account_address(m, row))
    if account.warm == m.transaction or account.builtin != 0:
        return False
    journal(m, WARM_ACCOUNT, row, account.warm)
    account.warm = m.transaction
    account.seen = m.transaction
    return True


@inner
def warm_slot(m: Record, at: int) -> bool:
    """Note that the transaction has paid for a slot; say whether it had to."""
    slot = slot_at(at)
    if slot.warm == m.transaction:
        return False
    journal(m, WARM_SLOT, (at - m.slots) // SLOT_SIZE, slot.warm)
    slot.warm = m.transaction
    slot.seen = m.transaction
    return True


@inner
def set_slot(m: Record, at: int, word: int) -> None:
    """Write a word of storage."""
    slot = slot_at(at)
    if slot.changed != m.transaction:
        # Not journaled: undone or not, this was the value when the transaction began.
        copy_word(at + ORIGINAL, at + VALUE)
        slot.changed = m.transaction
    entry = journal(m, SLOT_VALUE, (at - m.slots) // SLOT_SIZE, 0)
    copy_word(entry + OLD, at + VALUE)
    copy_word(at + VALUE, word)
    slot.dirty = 1
    if not is_zero(word):
        account_at(account_address(m, slot.account)).written = 1


@inner
def set_transient(m: Record, at: int, word: int) -> None:
    """Write a word of transient storage."""
    entry = journal(m, TRANSIENT_VALUE, (at - m.transients) // TRANSIENT_SIZE, 0)
    copy_word(entry + OLD, at + TRANSIENT_WORD)
    copy_word(at + TRANSIENT_WORD, word)


@inner
def undo(m: Record, mark: int) -> None:
    """Take back everything since the mark."""
    while m.journal_count > mark:
        m.journal_count -= 1
        at = m.journal + m.journal_count * JOURNAL_SIZE
        entry = entry_at(at)
        kind = entry.kind
        if kind == SLOT_VALUE:
            copy_word(m.slots + entry.row * SLOT_SIZE + VALUE, at + OLD)
        elif kind == WARM_SLOT:
            slot_at(m.slots + entry.row * SLOT_SIZE).warm = entry.before
        elif kind == TRANSIENT_VALUE:
            copy_word(m.transients + entry.row * TRANSIENT_SIZE + TRANSIENT_WORD, at + OLD)
        else:
            undo_account(m, at)


@inner
def undo_account(m: Record, at: int) -> None:
    """Take back one change of an account."""
    entry = entry_at(at)
    kind = entry.kind
    account_place = account_address(m, entry.row)
    account = account_at(account_place)
    if kind == BALANCE:
        copy_word(account_place + ACCOUNT_BALANCE, at + OLD)
    elif kind == NONCE:
        account.nonce = entry.before
    elif kind == CODE_SET:
        copy_word(account_place + ACCOUNT_CODE_HASH, at + OLD)
        account.code = entry.before
    elif kind == EXISTS:
        account.exists = entry.before
    elif kind == WARM_ACCOUNT:
        account.warm = entry.before
    elif kind == TOUCHED:
        account.touched = entry.before
    elif kind == CREATED:
        account.created = entry.before


@inner
def is_empty(m: Record, row: int) -> int:
    """Say whether an account has no nonce, balance and code, or is not there (EIP-161)."""
    at = account_address(m, row)
    account = account_at(at)
    if account.exists == 0:
        return True
    return account.nonce == 0 and is_zero(at + ACCOUNT_BALANCE) and not has_code(m, row)


@inner
def has_code(m: Record, row: int) -> bool:
    """Say whether an account has code, loaded or not."""
    account = account_at(account_address(m, row))
    return account.code != 0
