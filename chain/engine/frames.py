"""Call frames: memory and its price, how a frame begins, and how one ends. For kernels only."""

from precompiles.kernels.jit import inner, record

from .memory import clear_word, copy_word, is_zero, load_byte, load_int, move, set_word, zero
from .records import (
    CODE_TOO_LARGE,
    CREATE,
    CREATE2,
    CREATED,
    DELEGATECALL,
    DEPOSIT,
    DEPOSIT_UNPAID,
    ENDS,
    ENTERED,
    FRAME,
    GO_ON,
    LEFT,
    LOG,
    OUT_OF_GAS,
    PRECOMPILE,
    RESERVED_CODE,
    REVERTED,
    SUCCESS,
    SWITCH,
    TO_ANSWER,
    TO_RUN,
    TO_SHOW,
    WORD,
    place,
)
from .tables import (
    ACCOUNT_BALANCE,
    ADDRESS,
    CODE_SIZE,
    Record,
    account_address,
    account_at,
    code_at,
    journal,
    make_exist,
    set_balance,
    set_nonce,
    touch,
    undo,
)
from .words import add, sub

frame_at = record(FRAME)
log_at = record(LOG)

FRAME_SIZE = FRAME.itemsize
FRAME_VALUE = place(FRAME, "value")

LARGE = 1 << 35
"""Memory this large costs more gas than there ever is."""

CODE_SIZE_MAX = 24_576
CODE_PADDING = 33
"""Zeros behind the code: it stops there, and a PUSH may read them."""

GAS_CODE_BYTE = 200
RESERVED = 0xEF


@inner
def size_of(word: int) -> int:
    """Return a word as a size or an offset; all that is large is LARGE."""
    low = load_int(word)
    if (load_int(word + 8) | load_int(word + 16) | load_int(word + 24)) != 0:
        return LARGE
    if low < 0 or low > LARGE:
        return LARGE
    return low


@inner
def words_of(size: int) -> int:
    """Return how many words hold so many bytes."""
    return (size + 31) >> 5


@inner
def memory_price(words: int) -> int:
    """Return what a memory costs in all."""
    return 3 * words + ((words * words) >> 9)


@inner
def reach_price(f: Record, offset: int, size: int) -> int:
    """Return what it costs to let the memory reach there; more than there ever is if too far."""
    if size == 0 or offset + size <= f.memory_size:
        return 0
    if offset >= LARGE or size >= LARGE:
        return 1 << 62
    return memory_price(words_of(offset + size)) - memory_price(f.memory_size >> 5)


@inner
def unpaid(m: Record, price: int) -> int:
    """Say that a frame cannot pay for an instruction; tracers show what that would have cost."""
    m.need_size = price
    return ENDS + OUT_OF_GAS


@inner
def has_memory(m: Record, f: Record, offset: int, size: int) -> bool:
    """Say whether the arena has room for that; ask Python for it if not."""
    end = f.memory + ((offset + size + 31) & -32)
    if size != 0 and end > m.memory_room:
        m.need_size = end
        return False
    return True


@inner
def reach(m: Record, f: Record, offset: int, size: int) -> None:
    """Let the memory reach there: it is paid for, and has room."""
    if size == 0 or offset + size <= f.memory_size:
        return
    new = (offset + size + 31) & -32
    zero(m.memory + f.memory + f.memory_size, new - f.memory_size)
    f.memory_size = new


@inner
def copy_padded(to: int, source: int, source_size: int, offset: int, size: int) -> None:
    """Copy bytes from an offset on, and zeros from where there are none."""
    there = min(max(source_size - offset, 0), size)
    if there > 0:
        move(to, source + offset, there)
    zero(to + there, size - there)


# Beginning.


@inner
def transfer(m: Record, sender: int, recipient: int, value: int) -> None:
    """Move what the sender has. No more was ever made than a word holds."""
    if sender == recipient:
        return
    sub(m.scratch, account_address(m, sender) + ACCOUNT_BALANCE, value)
    set_balance(m, sender, m.scratch)
    add(m.scratch, account_address(m, recipient) + ACCOUNT_BALANCE, value)
    set_balance(m, recipient, m.scratch)


@inner
def creates(kind: int) -> bool:
    """Say whether a frame of this kind makes a contract."""
    return kind in (CREATE, CREATE2)


@inner
def prepare(m: Record, f: Record) -> Record:
    """Return the frame above this one, with what every frame begins with."""
    child = frame_at(m.frames + (m.depth + 1) * FRAME_SIZE)
    child.stack = f.sp
    child.memory = f.memory + f.memory_size
    child.want = child.want_size = 0
    child.input = child.input_size = 0
    child.static = f.static
    child.delegated = 0
    return child


@inner
def enter(m: Record) -> None:
    """Begin the frame that was prepared above the present one."""
    m.depth += 1
    at = m.frames + m.depth * FRAME_SIZE
    f = frame_at(at)
    f.journal = m.journal_count
    f.logs = m.log_count
    f.log_data = m.log_data_size
    f.refund = m.refund
    f.gas_given = f.gas
    f.sp = f.stack
    f.pc = f.memory_size = f.output = f.output_size = 0
    m.returned_size = 0
    f.fresh = TO_SHOW
    row = f.account
    account = account_at(account_address(m, row))
    kind = f.kind
    account.read = m.transaction
    make_exist(m, row)
    if creates(kind):
        journal(m, CREATED, row, account.created)
        account.created = m.transaction
        set_nonce(m, row, account.nonce + 1)
    else:
        code = code_at(m.codes + account_at(account_address(m, f.code_account)).code * CODE_SIZE)
        f.code = code.bytes
        f.code_size = code.size
        f.jumps = code.jumps
        touch(m, row)
    if kind != DELEGATECALL and not is_zero(at + FRAME_VALUE):
        transfer(m, f.caller, row, at + FRAME_VALUE)


@inner
def begin(m: Record) -> int:
    """Say what becomes of the frame that has just begun: its code runs, or Python answers."""
    f = frame_at(m.frames + m.depth * FRAME_SIZE)
    if f.fresh == TO_SHOW:
        f.fresh = TO_ANSWER
        if m.tracing != 0:
            return ENTERED
    f.fresh = TO_RUN
    if not creates(f.kind) and account_at(account_address(m, f.code_account)).builtin != 0:
        if f.delegated != 0:
            return leave(m, SUCCESS)  # EIP-7702: a delegation to a precompile is empty code.
        return PRECOMPILE
    return GO_ON


# Ending.


@inner
def leave(m: Record, status: int) -> int:
    """End the frame, unless Python has to take in its code first."""
    f = frame_at(m.frames + m.depth * FRAME_SIZE)
    if status == SUCCESS and creates(f.kind) and f.output_size > 0:
        price = GAS_CODE_BYTE * f.output_size
        if f.output_size > CODE_SIZE_MAX:
            status = CODE_TOO_LARGE
        elif m.reserved_byte != 0 and load_byte(m.memory + f.output) == RESERVED:
            status = RESERVED_CODE
        elif price > f.gas:
            status = DEPOSIT_UNPAID
        else:
            f.gas -= price
            return DEPOSIT
    if creates(f.kind) and status == SUCCESS:
        m.returned_size = 0
    elif status in (SUCCESS, REVERTED):
        move(m.returned, m.memory + f.output, f.output_size)
        m.returned_size = f.output_size
    return end(m, status)


@inner
def end(m: Record, status: int) -> int:
    """Go back to the frame below; what the ended one returned is in place."""
    f = frame_at(m.frames + m.depth * FRAME_SIZE)
    if status != SUCCESS:
        undo(m, f.journal)
        m.log_count = f.logs
        m.log_data_size = f.log_data
        m.refund = f.refund
    if status != SUCCESS and status != REVERTED:
        f.gas = 0
        m.returned_size = 0
    m.status = status
    m.depth -= 1
    if m.depth >= m.floor:
        below = frame_at(m.frames + m.depth * FRAME_SIZE)
        below.gas += f.gas
        size = min(f.want_size, m.returned_size)
        if size > 0:
            move(m.memory + below.memory + f.want, m.returned, size)
        if status != SUCCESS:
            clear_word(below.sp)
        elif creates(f.kind):
            copy_word(below.sp, account_address(m, f.account) + ADDRESS)
        else:
            set_word(below.sp, 1)
        below.sp += WORD
    if m.tracing != 0:
        return LEFT
    return SWITCH
