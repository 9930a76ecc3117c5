"""Instructions that read or change the state, but for calls. For kernels only.

Each is given its frame, spilled, and says what comes next. It looks up all that it needs before it
changes anything, so that after an exit it can begin again.
"""

from precompiles.kernels.jit import inner

from .frames import (
    copy_padded,
    has_memory,
    log_at,
    reach,
    reach_price,
    size_of,
    unpaid,
    words_of,
)
from .memory import (
    clear_word,
    copy_word,
    fits64,
    is_zero,
    load_int,
    move,
    same_word,
    set_word,
    store64,
)
from .prices import (
    GAS_COLD_ACCOUNT,
    GAS_COLD_SLOT,
    GAS_COPY_WORD,
    GAS_LOG,
    GAS_LOG_BYTE,
    GAS_NEW_ACCOUNT,
    GAS_RESET,
    GAS_SENTRY,
    GAS_SET,
    GAS_WARM,
)
from .records import (
    CONTEXT,
    DESTROYED,
    DESTROYS,
    ENDED,
    ENDS,
    GO_ON,
    LOG,
    LOGGED,
    NEED_ACCOUNT,
    NEED_CODE,
    NEED_HASHES,
    NEED_JOURNAL,
    NEED_LOGS,
    NEED_MEMORY,
    NEED_SLOT,
    NEED_SLOTS,
    NEED_TRANSIENTS,
    NO_SENTRY,
    OUT_OF_GAS,
    SUCCESS,
    WORD,
    WRITE_PROTECTED,
    place,
)
from .tables import (
    ACCOUNT_BALANCE,
    ACCOUNT_CODE_HASH,
    CODE_SIZE,
    LOG_SIZE,
    ORIGINAL,
    TRANSIENT_WORD,
    VALUE,
    Record,
    account_address,
    account_at,
    add_slot,
    add_transient,
    code_at,
    find_account,
    find_slot,
    find_transient,
    has_room,
    is_empty,
    journal,
    make_exist,
    set_balance,
    set_slot,
    set_transient,
    slot_at,
    touch,
    warm_account,
    warm_slot,
)
from .words import add

GAS_BLOCKHASH = 20
GAS_SELFDESTRUCT = 5000
ANCESTORS = 256
TOPICS = place(LOG, "topics")
NUMBER = WORD * CONTEXT.index("NUMBER")


@inner
def account_named(m: Record, word: int) -> int:
    """Return the row of the account that a word names, or -1 with the address in `need`."""
    copy_word(m.need, word)
    cut_to_address(m)
    return find_account(m, m.need)


@inner
def cut_to_address(m: Record) -> None:
    """Leave of the word in `need` what an address has."""
    store64(m.need + 16, load_int(m.need + 16) & 0xFFFFFFFF)
    store64(m.need + 24, 0)


@inner
def code_of(m: Record, row: int) -> int:
    """Return an account's code, or 0 where it is not loaded yet, with its row in `need_row`."""
    code = account_at(account_address(m, row)).code
    if code < 0:
        m.need_row = row
        return 0
    return m.codes + code * CODE_SIZE


@inner
def charge_account(m: Record, f: Record, row: int) -> bool:
    """Take the price of an account from the frame; say whether it had that."""
    price = GAS_COLD_ACCOUNT if warm_account(m, row) else GAS_WARM
    if f.gas < price:
        m.need_size = price
        return False
    f.gas -= price
    account_at(account_address(m, row)).read = m.transaction
    return True


# Storage.


@inner
def slot_for(m: Record, row: int, key: int) -> int:
    """Return where a slot stands; 0 where an exit must bring it first."""
    at = find_slot(m, row, key)
    if at == 0 and account_at(account_address(m, row)).stored == 0:
        if 2 * m.slot_count + 2 > m.slot_room:
            return 0
        at = add_slot(m, row, key)
    return at


@inner
def slot_missing(m: Record, row: int, key: int) -> int:
    """Return the exit for a slot that is not there."""
    if account_at(account_address(m, row)).stored == 0:
        return NEED_SLOTS
    m.need_row = row
    copy_word(m.need, key)
    return NEED_SLOT


@inner
def sload(m: Record, f: Record) -> int:
    """SLOAD."""
    if not has_room(m):
        return NEED_JOURNAL
    key = f.sp - WORD
    at = slot_for(m, f.account, key)
    if at == 0:
        return slot_missing(m, f.account, key)
    price = GAS_COLD_SLOT if warm_slot(m, at) else GAS_WARM
    if f.gas < price:
        return unpaid(m, price)
    f.gas -= price
    slot_at(at).read = m.transaction
    copy_word(key, at + VALUE)
    return GO_ON


@inner
def store_price(m: Record, at: int, value: int) -> int:
    """Return what writing a slot costs beside its warmth, and count what it gives back."""
    current = at + VALUE
    if same_word(current, value):
        return GAS_WARM
    original = at + ORIGINAL if slot_at(at).changed == m.transaction else current
    was_zero = is_zero(original)
    if same_word(original, current):
        if was_zero:
            return GAS_SET
        if is_zero(value):
            m.refund += m.clears_refund
        return GAS_RESET
    if not was_zero:
        if is_zero(current):
            m.refund -= m.clears_refund
        if is_zero(value):
            m.refund += m.clears_refund
    if same_word(original, value):
        m.refund += (GAS_SET if was_zero else GAS_RESET) - GAS_WARM
    return GAS_WARM


@inner
def sstore(m: Record, f: Record) -> int:
    """SSTORE."""
    if f.static != 0:
        return ENDS + WRITE_PROTECTED
    if f.gas <= GAS_SENTRY:
        return ENDS + NO_SENTRY
    if not has_room(m):
        return NEED_JOURNAL
    key = f.sp - WORD
    value = f.sp - 2 * WORD
    at = slot_for(m, f.account, key)
    if at == 0:
        return slot_missing(m, f.account, key)
    slot_at(at).read = m.transaction
    price = store_price(m, at, value)
    if warm_slot(m, at):
        price += GAS_COLD_SLOT
    if f.gas < price:
        return unpaid(m, price)
    f.gas -= price
    set_slot(m, at, value)
    f.sp -= 2 * WORD
    return GO_ON


@inner
def tload(m: Record, f: Record) -> int:
    """TLOAD."""
    if f.gas < GAS_WARM:
        return unpaid(m, GAS_WARM)
    f.gas -= GAS_WARM
    key = f.sp - WORD
    at = find_transient(m, f.account, key)
    if at == 0:
        clear_word(key)
    else:
        copy_word(key, at + TRANSIENT_WORD)
    return GO_ON


@inner
def tstore(m: Record, f: Record) -> int:
    """TSTORE."""
    if f.gas < GAS_WARM:
        return unpaid(m, GAS_WARM)
    if f.static != 0:
        return ENDS + WRITE_PROTECTED
    if not has_room(m):
        return NEED_JOURNAL
    key = f.sp - WORD
    at = find_transient(m, f.account, key)
    if at == 0:
        if 2 * m.transient_count + 2 > m.transient_room:
            return NEED_TRANSIENTS
        at = add_transient(m, f.account, key)
    f.gas -= GAS_WARM
    set_transient(m, at, f.sp - 2 * WORD)
    f.sp -= 2 * WORD
    return GO_ON


# Accounts.


@inner
def balance(m: Record, f: Record) -> int:
    """BALANCE."""
    if not has_room(m):
        return NEED_JOURNAL
    top = f.sp - WORD
    row = account_named(m, top)
    if row < 0:
        return NEED_ACCOUNT
    if not charge_account(m, f, row):
        return ENDS + OUT_OF_GAS
    copy_word(top, account_address(m, row) + ACCOUNT_BALANCE)
    return GO_ON


@inner
def extcodesize(m: Record, f: Record) -> int:
    """EXTCODESIZE."""
    if not has_room(m):
        return NEED_JOURNAL
    top = f.sp - WORD
    row = account_named(m, top)
    if row < 0:
        return NEED_ACCOUNT
    code = code_of(m, row)
    if code == 0:
        return NEED_CODE
    if not charge_account(m, f, row):
        return ENDS + OUT_OF_GAS
    set_word(top, code_at(code).size)
    return GO_ON


@inner
def extcodehash(m: Record, f: Record) -> int:
    """EXTCODEHASH."""
    if not has_room(m):
        return NEED_JOURNAL
    top = f.sp - WORD
    row = account_named(m, top)
    if row < 0:
        return NEED_ACCOUNT
    if not charge_account(m, f, row):
        return ENDS + OUT_OF_GAS
    if is_empty(m, row):
        clear_word(top)
    else:
        copy_word(top, account_address(m, row) + ACCOUNT_CODE_HASH)
    return GO_ON


@inner
def extcodecopy(m: Record, f: Record) -> int:
    """EXTCODECOPY."""
    if not has_room(m):
        return NEED_JOURNAL
    row = account_named(m, f.sp - WORD)
    if row < 0:
        return NEED_ACCOUNT
    code = code_of(m, row)
    if code == 0:
        return NEED_CODE
    to = size_of(f.sp - 2 * WORD)
    start = size_of(f.sp - 3 * WORD)
    size = size_of(f.sp - 4 * WORD)
    price = reach_price(f, to, size)
    if f.gas >= price:  # When py-evm looks at it.
        account_at(account_address(m, row)).read = m.transaction
    price += GAS_COPY_WORD * words_of(size)
    if f.gas < price:
        return unpaid(m, price)
    if not has_memory(m, f, to, size):
        return NEED_MEMORY
    if not charge_account(m, f, row):
        return ENDS + OUT_OF_GAS
    if f.gas < price:
        return unpaid(m, price)
    f.gas -= price
    reach(m, f, to, size)
    if size > 0:
        found = code_at(code)
        copy_padded(m.memory + f.memory + to, found.bytes, found.size, start, size)
    f.sp -= 4 * WORD
    return GO_ON


@inner
def blockhash(m: Record, f: Record) -> int:
    """BLOCKHASH; hashes are loaded when the first is asked for."""
    if f.gas < GAS_BLOCKHASH:
        return unpaid(m, GAS_BLOCKHASH)
    top = f.sp - WORD
    number = load_int(m.context + NUMBER)
    wanted = size_of(top)
    depth = number - 1 - wanted
    if depth < 0 or depth >= ANCESTORS or not fits64(top):
        clear_word(top)
    else:
        if m.hash_count < 0:
            return NEED_HASHES
        if depth < m.hash_count:
            copy_word(top, m.hashes + depth * WORD)
        else:
            clear_word(top)
    f.gas -= GAS_BLOCKHASH
    return GO_ON


# Logs, and the end of a contract.


@inner
def log(m: Record, f: Record, count: int) -> int:
    """LOG0 to LOG4."""
    price = GAS_LOG
    if f.gas < price:
        return unpaid(m, price)
    if f.static != 0:
        return ENDS + WRITE_PROTECTED
    offset = size_of(f.sp - WORD)
    size = size_of(f.sp - 2 * WORD)
    price += GAS_LOG * count + GAS_LOG_BYTE * size + reach_price(f, offset, size)
    if f.gas < price:
        return unpaid(m, price)
    if not has_memory(m, f, offset, size):
        return NEED_MEMORY
    if m.log_count >= m.log_room or m.log_data_size + size > m.log_data_room:
        m.need_size = size
        return NEED_LOGS
    f.gas -= price
    reach(m, f, offset, size)
    at = m.logs + m.log_count * LOG_SIZE
    entry = log_at(at)
    entry.account = f.account
    entry.count = count
    entry.data = m.log_data_size
    entry.size = size
    for i in range(count):
        copy_word(at + TOPICS + i * WORD, f.sp - (3 + i) * WORD)
    if size > 0:
        move(m.log_data + m.log_data_size, m.memory + f.memory + offset, size)
    m.log_count += 1
    m.log_data_size += size
    f.sp -= (2 + count) * WORD
    if m.tracing != 0:
        f.pc += 1
        return LOGGED
    return GO_ON


@inner
def selfdestruct(m: Record, f: Record) -> int:
    """SELFDESTRUCT."""
    if f.gas < GAS_SELFDESTRUCT:
        return unpaid(m, GAS_SELFDESTRUCT)
    if f.static != 0:
        return ENDS + WRITE_PROTECTED
    if not has_room(m):
        return NEED_JOURNAL
    row = account_named(m, f.sp - WORD)
    if row < 0:
        return NEED_ACCOUNT
    own = account_address(m, f.account)
    price = GAS_SELFDESTRUCT
    if warm_account(m, row):
        price += GAS_COLD_ACCOUNT
    if f.gas >= price:
        account_at(account_address(m, row)).read = m.transaction
    if is_empty(m, row) and not is_zero(own + ACCOUNT_BALANCE):
        price += GAS_NEW_ACCOUNT
    if f.gas < price:
        return unpaid(m, price)
    f.gas -= price
    dies = m.keeps_old == 0 or account_at(own).created == m.transaction
    m.need_row = row
    copy_word(m.scratch, own + ACCOUNT_BALANCE)  # Tracers are shown what was moved.
    make_exist(m, row)
    touch(m, row)
    if row != f.account:
        amount = m.scratch + WORD
        add(amount, account_address(m, row) + ACCOUNT_BALANCE, m.scratch)
        set_balance(m, row, amount)
    if row != f.account or dies:
        clear_word(m.scratch + WORD)
        set_balance(m, f.account, m.scratch + WORD)
    if dies:
        journal(m, DESTROYED, f.account, 0)
    f.output_size = 0
    if m.tracing != 0:
        m.stage = ENDED
        return DESTROYS
    return ENDS + SUCCESS
