"""What Python does to the state that the core holds: one kernel, told what to do by number.

Words are passed in `need` (an address or a slot) and `scratch` (a value). The journal has room.
"""

from precompiles.kernels.jit import inner, kernel

from .calls import has_storage
from .frames import enter
from .memory import clear_word, copy_word, store64, zero
from .records import (
    ADD_ACCOUNT,
    ADD_SLOT,
    CLEAN,
    CONTEXT,
    DELETE,
    DESTROYED,
    EMPTY,
    ENTER,
    FIND_SLOT,
    FINISH,
    GET_TRANSIENT,
    HEAT_ACCOUNT,
    HEAT_SLOT,
    PUT_BALANCE,
    PUT_CODE,
    PUT_NONCE,
    PUT_SLOT,
    PUT_TRANSIENT,
    REINDEX,
    STORES,
    TOUCH,
    TOUCHED,
    UNDO,
    WIPE,
    WORD,
)
from .tables import (
    ACCOUNT_BALANCE,
    ACCOUNT_CODE_HASH,
    ACCOUNT_SIZE,
    ADDRESS,
    JOURNAL_SIZE,
    RIPEMD,
    SLOT_KEY,
    SLOT_SIZE,
    TRANSIENT_KEY,
    TRANSIENT_SIZE,
    TRANSIENT_WORD,
    VALUE,
    Record,
    account_address,
    account_at,
    add_slot,
    add_transient,
    enter_row,
    entry_at,
    find_account,
    find_slot,
    find_transient,
    hashed,
    is_empty,
    machine,
    make_exist,
    set_balance,
    set_code,
    set_nonce,
    set_slot,
    set_transient,
    slot_at,
    touch,
    transient_at,
    undo,
    warm_account,
    warm_slot,
)

NO_CODE_HASH = WORD * CONTEXT.index("NO_CODE_HASH")


@inner
def add_account(m: Record, row: int) -> None:
    """Add the account in `need` as this row, with nothing in it."""
    at = account_address(m, row)
    zero(at, ACCOUNT_SIZE)
    copy_word(at + ADDRESS, m.need)
    copy_word(at + ACCOUNT_CODE_HASH, m.context + NO_CODE_HASH)
    enter_row(m.account_index, m.account_mask, hashed(m, m.need, 0), row)


@inner
def reindex(m: Record, accounts: int) -> None:
    """Enter all rows into fresh, cleared indexes."""
    for row in range(accounts):
        word = account_address(m, row) + ADDRESS
        enter_row(m.account_index, m.account_mask, hashed(m, word, 0), row)
    for row in range(m.slot_count):
        at = m.slots + row * SLOT_SIZE
        first = hashed(m, at + SLOT_KEY, slot_at(at).account)
        enter_row(m.slot_index, m.slot_mask, first, row)
    for row in range(m.transient_count):
        at = m.transients + row * TRANSIENT_SIZE
        first = hashed(m, at + TRANSIENT_KEY, transient_at(at).account)
        enter_row(m.transient_index, m.transient_mask, first, row)


@inner
def wipe(m: Record, row: int) -> None:
    """Empty all storage of an account. Only where nothing undoes it: it is not journaled."""
    account = account_at(account_address(m, row))
    if account.written != 0 or account.stored != 0:
        for i in range(m.slot_count):
            at = m.slots + i * SLOT_SIZE
            if slot_at(at).account == row:
                clear_word(at + VALUE)
                slot_at(at).dirty = 1
    account.wiped = account.dirty = 1
    account.stored = account.written = 0


@inner
def delete(m: Record, row: int) -> None:
    """Remove an account. Only where nothing undoes it: it is not journaled."""
    wipe(m, row)
    at = account_address(m, row)
    account = account_at(at)
    account.exists = account.nonce = account.code = 0
    clear_word(at + ACCOUNT_BALANCE)
    copy_word(at + ACCOUNT_CODE_HASH, m.context + NO_CODE_HASH)


@inner
def clean(m: Record, coinbase: int) -> None:
    """Remove what was destroyed, and what was touched and is empty."""
    for i in range(m.journal_count):
        entry = entry_at(m.journal + i * JOURNAL_SIZE)
        if entry.kind == DESTROYED:
            delete(m, entry.row)
    for i in range(m.journal_count):
        entry = entry_at(m.journal + i * JOURNAL_SIZE)
        if entry.kind == TOUCHED:
            bury(m, entry.row)
    bury(m, coinbase)
    if m.ripemd != 0:
        clear_word(m.need)
        store64(m.need, RIPEMD)
        bury(m, find_account(m, m.need))


@inner
def bury(m: Record, row: int) -> None:
    """Remove an account that is empty (EIP-161)."""
    if row >= 0 and account_at(account_address(m, row)).exists != 0 and is_empty(m, row):
        delete(m, row)


@inner
def finish(m: Record) -> None:
    """Forget what lasts for one transaction."""
    m.transaction += 1
    m.journal_count = m.log_count = m.log_data_size = 0
    m.refund = m.ripemd = m.stage = 0
    if m.transient_count > 0:
        zero(m.transient_index, 8 * (m.transient_mask + 1))
        m.transient_count = 0


@inner
def slot_needed(m: Record, row: int) -> int:
    """Return where the slot in `need` stands; Python has brought it, or it holds nothing."""
    at = find_slot(m, row, m.need)
    return add_slot(m, row, m.need) if at == 0 else at


@inner
def transient_needed(m: Record, row: int) -> int:
    """Return where the transient slot in `need` stands."""
    at = find_transient(m, row, m.need)
    return add_transient(m, row, m.need) if at == 0 else at


@inner
def on_slots(m: Record, action: int, row: int) -> int:
    """Do what concerns a slot."""
    if action == FIND_SLOT:
        return find_slot(m, row, m.need)
    if action == ADD_SLOT:
        return add_slot(m, row, m.need)
    if action == HEAT_SLOT:
        warm_slot(m, slot_needed(m, row))
    elif action == PUT_SLOT:
        set_slot(m, slot_needed(m, row), m.scratch)
    elif action == PUT_TRANSIENT:
        set_transient(m, transient_needed(m, row), m.scratch)
    elif action == GET_TRANSIENT:
        at = find_transient(m, row, m.need)
        return 0 if at == 0 else at + TRANSIENT_WORD
    return 0


@kernel("int64(int64, int64, int64, int64)")
def act(at: int, action: int, row: int, number: int) -> int:
    """Do one thing."""
    m = machine(at)
    if action == ADD_ACCOUNT:
        add_account(m, row)
    elif action == PUT_BALANCE:
        make_exist(m, row)
        set_balance(m, row, m.scratch)
    elif action == PUT_NONCE:
        make_exist(m, row)
        set_nonce(m, row, number)
    elif action == PUT_CODE:
        make_exist(m, row)
        set_code(m, row, number, m.scratch)
    elif action == HEAT_ACCOUNT:
        warm_account(m, row)
    elif action == TOUCH:
        make_exist(m, row)
        if number != 0:
            touch(m, row)
    elif action == EMPTY:
        return 1 if is_empty(m, row) else 0
    elif action == STORES:
        return 1 if has_storage(m, row) else 0
    elif action == DELETE:
        delete(m, row)
    elif action == WIPE:
        wipe(m, row)
    elif action == CLEAN:
        clean(m, row)
    elif action == UNDO:
        undo(m, number)
    elif action == FINISH:
        finish(m)
    elif action == ENTER:
        enter(m)
    elif action == REINDEX:
        reindex(m, number)
    else:
        return on_slots(m, action, row)
    return 0
