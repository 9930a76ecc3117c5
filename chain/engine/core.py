"""The interpreter: one kernel that runs a transaction's frames until it is done or needs Python.

`run` takes the address of a machine and returns why it stopped, one of the exits in `records`. All
else it says stands in the machine's records. Instructions that touch no state are below, the others
in `effects` and `calls`.
"""

from precompiles.kernels.jit import inner, int64, kernel, record

from . import words
from .calls import call, create
from .effects import (
    balance,
    blockhash,
    extcodecopy,
    extcodehash,
    extcodesize,
    log,
    selfdestruct,
    sload,
    sstore,
    tload,
    tstore,
)
from .frames import (
    FRAME_SIZE,
    FRAME_VALUE,
    begin,
    copy_padded,
    end,
    frame_at,
    has_memory,
    leave,
    reach,
    reach_price,
    size_of,
    unpaid,
    words_of,
)
from .hashing import keccak256_word
from .memory import (
    clear_word,
    copy_word,
    is_zero,
    load_big,
    load_big_n,
    load_byte,
    move,
    set_word,
    store8,
    store_big,
    swap_words,
)
from .prices import GAS_COPY_WORD
from .records import (
    ANSWERED,
    BAD_JUMP,
    DEPOSITED,
    DONE,
    ENDED,
    ENDS,
    EXITS,
    GO_ON,
    HALTED,
    NEED_MEMORY,
    NEED_RETURNED,
    OPERATION,
    OUT_OF_BOUNDS,
    OVERFLOW,
    PATIENCE,
    REVERTED,
    RUNNING,
    SHOWN,
    STEP,
    STEPPED,
    SUCCESS,
    SWITCH,
    UNDEFINED,
    UNDERFLOW,
    WORD,
)
from .tables import ACCOUNT_BALANCE, ADDRESS, Record, account_address, machine, set_code

operation_at = record(OPERATION)
OPERATION_SIZE = OPERATION.itemsize

(
    ORIGIN,
    GASPRICE,
    COINBASE,
    TIMESTAMP,
    NUMBER,
    PREVRANDAO,
    GASLIMIT,
    CHAINID,
    BASEFEE,
    BLOBBASEFEE,
) = (WORD * i for i in range(10))

GAS_HASH_WORD = 6
GAS_EXPONENT_BYTE = 50

UNPAID = -1
NO_ROOM = -2


@inner
def resume(m: Record) -> int:
    """Take in what Python did."""
    stage = m.stage
    if stage == STEPPED:
        return SWITCH
    m.stage = RUNNING
    if stage == ANSWERED:
        return end(m, m.status)
    if stage == ENDED:
        return ENDS + SUCCESS
    if stage == SHOWN:
        return leave(m, m.status)
    if stage == DEPOSITED:
        f = frame_at(m.frames + m.depth * FRAME_SIZE)
        set_code(m, f.account, m.need_row, m.need)
        m.returned_size = 0
        return end(m, SUCCESS)
    return SWITCH


@inner
def fault(m: Record, op: int, operation: Record, height: int) -> int:
    """Say why an instruction cannot run, as geth does: its stack counts before its gas."""
    if operation.most < 0:
        m.need_size = op
        return ENDS + UNDEFINED
    if height < operation.least:
        return ENDS + UNDERFLOW
    if height > operation.most:
        return ENDS + OVERFLOW
    return unpaid(m, 0)  # Its price is taken already.


@inner
def pay(m: Record, f: Record, gas: int, offset: int, size: int, extra: int) -> int:
    """Let the memory reach somewhere; return the gas left, or UNPAID or NO_ROOM."""
    price = reach_price(f, offset, size) + extra
    if gas < price:
        m.need_size = price
        return UNPAID
    if not has_memory(m, f, offset, size):
        return NO_ROOM
    reach(m, f, offset, size)
    return gas - price


@inner
def calldataload(m: Record, f: Record, top: int) -> None:
    """CALLDATALOAD."""
    offset = size_of(top)
    data = m.memory + f.input
    if offset + WORD <= f.input_size:
        load_big(top, data + offset)
    elif offset >= f.input_size:
        clear_word(top)
    else:
        copy_padded(m.scratch, data, f.input_size, offset, WORD)
        load_big(top, m.scratch)


@inner
def copies(m: Record, f: Record, op: int, gas: int, sp: int) -> int:
    """CALLDATACOPY, CODECOPY, RETURNDATACOPY: return the gas left, or what `pay` says."""
    to = size_of(sp - WORD)
    start = size_of(sp - 2 * WORD)
    size = size_of(sp - 3 * WORD)
    left = pay(m, f, gas, to, size, GAS_COPY_WORD * words_of(size))
    if left >= 0 and size > 0:
        target = m.memory + f.memory + to
        if op == 0x37:
            copy_padded(target, m.memory + f.input, f.input_size, start, size)
        elif op == 0x39:
            copy_padded(target, f.code, f.code_size, start, size)
        else:
            move(target, m.returned + start, size)
    return left


@inner
def mcopy(m: Record, f: Record, gas: int, sp: int) -> int:
    """MCOPY: return the gas left, or what `pay` says."""
    to = size_of(sp - WORD)
    start = size_of(sp - 2 * WORD)
    size = size_of(sp - 3 * WORD)
    left = pay(m, f, gas, max(to, start), size, GAS_COPY_WORD * words_of(size))
    if left >= 0 and size > 0:
        base = m.memory + f.memory
        move(base + to, base + start, size)
    return left


@inner
def hashing(m: Record, f: Record, gas: int, sp: int) -> int:
    """KECCAK256: return the gas left, or what `pay` says."""
    start = size_of(sp - WORD)
    size = size_of(sp - 2 * WORD)
    left = pay(m, f, gas, start, size, GAS_HASH_WORD * words_of(size))
    if left >= 0:
        keccak256_word(m.memory + f.memory + start, size, sp - 2 * WORD)
    return left


@inner
def returns(m: Record, f: Record, op: int, gas: int, sp: int) -> int:
    """RETURN and REVERT."""
    start = size_of(sp - WORD)
    size = size_of(sp - 2 * WORD)
    price = reach_price(f, start, size)
    if gas < price:
        return unpaid(m, price)
    if not has_memory(m, f, start, size):
        return NEED_MEMORY
    if size > m.returned_room:
        m.need_size = size
        return NEED_RETURNED
    reach(m, f, start, size)
    f.gas = gas - price
    f.output = f.memory + start if size > 0 else 0
    f.output_size = size
    return ENDS + (SUCCESS if op == 0xF3 else REVERTED)


@inner
def on_state(m: Record, f: Record, op: int) -> int:
    """Run an instruction that the state takes part in."""
    if op == 0x54:
        return sload(m, f)
    if op == 0x55:
        return sstore(m, f)
    if op == 0x5C:
        return tload(m, f)
    if op == 0x5D:
        return tstore(m, f)
    if op == 0x31:
        return balance(m, f)
    if op == 0x3B:
        return extcodesize(m, f)
    if op == 0x3C:
        return extcodecopy(m, f)
    if op == 0x3F:
        return extcodehash(m, f)
    if op == 0x40:
        return blockhash(m, f)
    if op >= 0xA0 and op <= 0xA4:
        return log(m, f, op - 0xA0)
    if op == 0xF0 or op == 0xF5:
        return create(m, f, op)
    if op == 0xFF:
        return selfdestruct(m, f)
    return call(m, f, op)


@inner
def environment(m: Record, f: Record, op: int, sp: int) -> None:
    """Push what an instruction without operands says of the frame, the block or the transaction."""
    if op == 0x30:
        copy_word(sp, account_address(m, f.account) + ADDRESS)
    elif op == 0x32:
        copy_word(sp, m.context + ORIGIN)
    elif op == 0x33:
        copy_word(sp, account_address(m, f.caller) + ADDRESS)
    elif op == 0x34:
        copy_word(sp, m.frames + m.depth * FRAME_SIZE + FRAME_VALUE)
    elif op == 0x36:
        set_word(sp, f.input_size)
    elif op == 0x38:
        set_word(sp, f.code_size)
    elif op == 0x3A:
        copy_word(sp, m.context + GASPRICE)
    elif op == 0x3D:
        set_word(sp, m.returned_size)
    elif op == 0x41:
        copy_word(sp, m.context + COINBASE)
    elif op == 0x42:
        copy_word(sp, m.context + TIMESTAMP)
    elif op == 0x43:
        copy_word(sp, m.context + NUMBER)
    elif op == 0x44:
        copy_word(sp, m.context + PREVRANDAO)
    elif op == 0x45:
        copy_word(sp, m.context + GASLIMIT)
    elif op == 0x46:
        copy_word(sp, m.context + CHAINID)
    elif op == 0x47:
        copy_word(sp, account_address(m, f.account) + ACCOUNT_BALANCE)
    elif op == 0x48:
        copy_word(sp, m.context + BASEFEE)
    elif op == 0x4A:
        copy_word(sp, m.context + BLOBBASEFEE)
    else:
        set_word(sp, f.memory_size)  # MSIZE


@inner
def interpret(m: Record) -> int:
    """Run the frame on top until something happens that others have to see to."""
    f = frame_at(m.frames + m.depth * FRAME_SIZE)
    operations = m.operations
    memory = m.memory + f.memory
    code = f.code
    base = f.stack
    pc = f.pc
    sp = f.sp
    gas = f.gas
    stepping = m.stepping
    while True:
        if stepping != 0:
            if m.stage == STEPPED:
                m.stage = RUNNING
            else:
                m.stage = STEPPED
                f.pc = pc
                f.sp = sp
                f.gas = gas
                return STEP
        op = load_byte(code + pc)
        operation = operation_at(operations + op * OPERATION_SIZE)
        gas -= operation.gas
        height = sp - base
        if gas < 0 or height < operation.least or height > operation.most:
            f.pc = pc
            f.sp = sp
            f.gas = gas
            return fault(m, op, operation, height)
        left = gas
        if op == 0x01:
            sp -= WORD
            words.add(sp - WORD, sp, sp - WORD)
        elif op == 0x02:
            sp -= WORD
            words.mul(sp - WORD, sp, sp - WORD)
        elif op == 0x03:
            sp -= WORD
            words.sub(sp - WORD, sp, sp - WORD)
        elif op == 0x04:
            sp -= WORD
            words.div(sp - WORD, sp, sp - WORD)
        elif op == 0x05:
            sp -= WORD
            words.sdiv(sp - WORD, sp, sp - WORD)
        elif op == 0x06:
            sp -= WORD
            words.mod(sp - WORD, sp, sp - WORD)
        elif op == 0x07:
            sp -= WORD
            words.smod(sp - WORD, sp, sp - WORD)
        elif op == 0x08:
            sp -= 2 * WORD
            words.addmod(sp - WORD, sp + WORD, sp, sp - WORD)
        elif op == 0x09:
            sp -= 2 * WORD
            words.mulmod(sp - WORD, sp + WORD, sp, sp - WORD)
        elif op == 0x0A:
            price = GAS_EXPONENT_BYTE * ((int64(words.bit_length(sp - 2 * WORD)) + 7) >> 3)
            if gas < price:
                m.need_size = price
                left = UNPAID
            else:
                left -= price
                sp -= WORD
                words.exp(sp - WORD, sp, sp - WORD)
        elif op == 0x0B:
            sp -= WORD
            words.signextend(sp - WORD, sp, sp - WORD)
        elif op == 0x10:
            sp -= WORD
            words.lt(sp - WORD, sp, sp - WORD)
        elif op == 0x11:
            sp -= WORD
            words.gt(sp - WORD, sp, sp - WORD)
        elif op == 0x12:
            sp -= WORD
            words.slt(sp - WORD, sp, sp - WORD)
        elif op == 0x13:
            sp -= WORD
            words.sgt(sp - WORD, sp, sp - WORD)
        elif op == 0x14:
            sp -= WORD
            words.eq(sp - WORD, sp, sp - WORD)
        elif op == 0x15:
            words.iszero(sp - WORD, sp - WORD)
        elif op == 0x16:
            sp -= WORD
            words.and_(sp - WORD, sp, sp - WORD)
        elif op == 0x17:
            sp -= WORD
            words.or_(sp - WORD, sp, sp - WORD)
        elif op == 0x18:
            sp -= WORD
            words.xor(sp - WORD, sp, sp - WORD)
        elif op == 0x19:
            words.not_(sp - WORD, sp - WORD)
        elif op == 0x1A:
            sp -= WORD
            words.byte(sp - WORD, sp, sp - WORD)
        elif op == 0x1B:
            sp -= WORD
            words.shl(sp - WORD, sp, sp - WORD)
        elif op == 0x1C:
            sp -= WORD
            words.shr(sp - WORD, sp, sp - WORD)
        elif op == 0x1D:
            sp -= WORD
            words.sar(sp - WORD, sp, sp - WORD)
        elif op == 0x1E:
            words.clz(sp - WORD, sp - WORD)
        elif op == 0x20:
            left = hashing(m, f, gas, sp)
            if left >= 0:
                sp -= WORD
        elif op == 0x35:
            calldataload(m, f, sp - WORD)
        elif op == 0x37 or op == 0x39:
            left = copies(m, f, op, gas, sp)
            if left >= 0:
                sp -= 3 * WORD
        elif op == 0x3E:
            if size_of(sp - 2 * WORD) + size_of(sp - 3 * WORD) > m.returned_size:
                return ENDS + OUT_OF_BOUNDS
            left = copies(m, f, op, gas, sp)
            if left >= 0:
                sp -= 3 * WORD
        elif op == 0x49:
            index = size_of(sp - WORD)
            if index < m.blob_hash_count:
                copy_word(sp - WORD, m.blob_hashes + index * WORD)
            else:
                clear_word(sp - WORD)
        elif op == 0x50:
            sp -= WORD
        elif op == 0x51:
            offset = size_of(sp - WORD)
            left = pay(m, f, gas, offset, WORD, 0)
            if left >= 0:
                load_big(sp - WORD, memory + offset)
        elif op == 0x52:
            offset = size_of(sp - WORD)
            left = pay(m, f, gas, offset, WORD, 0)
            if left >= 0:
                store_big(memory + offset, sp - 2 * WORD)
                sp -= 2 * WORD
        elif op == 0x53:
            offset = size_of(sp - WORD)
            left = pay(m, f, gas, offset, 1, 0)
            if left >= 0:
                store8(memory + offset, load_byte(sp - 2 * WORD))
                sp -= 2 * WORD
        elif op == 0x56:
            sp -= WORD
            pc = size_of(sp)
            if pc >= f.code_size or load_byte(f.jumps + pc) == 0:
                return ENDS + BAD_JUMP
            continue
        elif op == 0x57:
            sp -= 2 * WORD
            if not is_zero(sp):
                pc = size_of(sp + WORD)
                if pc >= f.code_size or load_byte(f.jumps + pc) == 0:
                    return ENDS + BAD_JUMP
                continue
        elif op == 0x58:
            set_word(sp, pc)
            sp += WORD
        elif op == 0x5A:
            set_word(sp, gas)
            sp += WORD
        elif op == 0x5B:
            m.patience -= 1
            if m.patience < 0:
                f.pc = pc + 1
                f.sp = sp
                f.gas = gas
                return PATIENCE
        elif op == 0x5E:
            left = mcopy(m, f, gas, sp)
            if left >= 0:
                sp -= 3 * WORD
        elif op == 0x5F:
            clear_word(sp)
            sp += WORD
        elif op >= 0x60 and op <= 0x7F:
            load_big_n(sp, code + pc + 1, op - 0x5F)
            pc += op - 0x5F
            sp += WORD
        elif op >= 0x80 and op <= 0x8F:
            copy_word(sp, sp - (op - 0x7F) * WORD)
            sp += WORD
        elif op >= 0x90 and op <= 0x9F:
            swap_words(sp - WORD, sp - (op - 0x8E) * WORD)
        elif op == 0x00:
            f.gas = gas
            f.output_size = 0
            return ENDS + SUCCESS
        elif op == 0xF3 or op == 0xFD:
            f.pc = pc
            f.sp = sp
            f.gas = gas
            return returns(m, f, op, gas, sp)
        elif operation.pushes != 0:
            environment(m, f, op, sp)
            sp += WORD
        else:
            f.pc = pc
            f.sp = sp
            f.gas = gas
            outcome = on_state(m, f, op)
            if outcome != GO_ON:
                return outcome
            sp = f.sp
            left = f.gas
        if left < 0:
            if left == NO_ROOM:
                f.pc = pc
                f.sp = sp
                f.gas = gas + operation.gas
                return NEED_MEMORY
            return unpaid(m, operation.gas + m.need_size)
        gas = left
        pc += 1


@kernel("int64(int64)")
def run(at: int) -> int:
    """Run a machine until it needs Python; return why it stopped."""
    m = machine(at)
    code = resume(m)
    while code < EXITS:
        if code >= ENDS:
            if m.stepping != 0:
                m.status = code - ENDS
                m.stage = SHOWN
                code = HALTED
            else:
                code = leave(m, code - ENDS)
        elif m.depth < m.floor:
            code = DONE
        else:
            code = begin(m)
            if code == GO_ON:
                code = interpret(m)
    return code
