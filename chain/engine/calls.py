"""CALL and its kin, CREATE and its kin: how one frame makes another. For kernels only."""

from precompiles.kernels.jit import inner

from .analysis import jump_destinations
from .effects import (
    account_named,
    charge_account,
    code_of,
    cut_to_address,
)
from .frames import (
    CODE_PADDING,
    FRAME_SIZE,
    FRAME_VALUE,
    enter,
    has_memory,
    prepare,
    reach,
    reach_price,
    size_of,
    unpaid,
    words_of,
)
from .hashing import keccak256_at
from .memory import (
    clear_word,
    copy_word,
    is_zero,
    load_big,
    load_int,
    move,
    store8,
    store_big,
    zero,
)
from .prices import GAS_CALL_VALUE, GAS_NEW_ACCOUNT, GAS_STIPEND
from .records import (
    CALL,
    CALLCODE,
    COLLISION,
    CREATE,
    CREATE2,
    DELEGATECALL,
    DEPTH_MAX,
    ENDS,
    GO_ON,
    INITCODE_TOO_LARGE,
    NEED_ACCOUNT,
    NEED_CODE,
    NEED_JOURNAL,
    NEED_MEMORY,
    NO_FUNDS,
    OUT_OF_GAS,
    REFUSED,
    STATICCALL,
    SWITCH,
    TOO_DEEP,
    WORD,
    WRITE_PROTECTED,
)
from .tables import (
    ACCOUNT_BALANCE,
    ADDRESS,
    SLOT_SIZE,
    VALUE,
    Record,
    account_address,
    account_at,
    code_at,
    find_account,
    has_room,
    is_empty,
    set_nonce,
    slot_at,
    warm_account,
)
from .words import lt

GAS_CREATE = 32_000
GAS_HASH_WORD = 6
NONCE_MAX = -1  # 2**64 - 1, in signed words.
CODE_TARGET = 0


@inner
def below(m: Record, a: int, b: int) -> bool:
    """Say whether one word is less than another."""
    lt(m.scratch, a, b)
    return load_int(m.scratch) != 0


@inner
def refuse(m: Record, f: Record, gas: int, status: int) -> int:
    """Push a zero instead of making a frame, and give its gas back."""
    f.gas += gas
    clear_word(f.sp)
    f.sp += WORD
    m.returned_size = 0
    if m.tracing != 0:
        m.status = status
        f.pc += 1
        return REFUSED
    return GO_ON


@inner
def call(m: Record, f: Record, kind: int) -> int:
    """CALL, CALLCODE, DELEGATECALL, STATICCALL."""
    pays = kind in (CALL, CALLCODE)
    sp = f.sp
    value = sp - 3 * WORD
    has_value = pays and not is_zero(value)
    if has_value and kind == CALL and f.static != 0:
        return ENDS + WRITE_PROTECTED
    if not has_room(m):
        return NEED_JOURNAL
    # All that the call needs to know must be there before anything changes.
    row = account_named(m, sp - 2 * WORD)
    if row < 0:
        return NEED_ACCOUNT
    code = code_of(m, row)
    if code == 0:
        return NEED_CODE
    target = row
    delegated = m.delegations != 0 and code_at(code).delegates != 0
    if delegated:
        copy_word(m.need, code + CODE_TARGET)
        target = find_account(m, m.need)
        if target < 0:
            return NEED_ACCOUNT
        if code_of(m, target) == 0:
            return NEED_CODE
    place = sp - 4 * WORD if pays else sp - 3 * WORD
    start = size_of(place)
    size = size_of(place - WORD)
    want = size_of(place - 2 * WORD)
    want_size = size_of(place - 3 * WORD)
    price = max(reach_price(f, start, size), reach_price(f, want, want_size))
    if f.gas < price:
        return unpaid(m, price)
    if not has_memory(m, f, start, size) or not has_memory(m, f, want, want_size):
        return NEED_MEMORY
    f.gas -= price
    reach(m, f, start, size)
    reach(m, f, want, want_size)
    gas = charge_call(m, f, kind, row, target if delegated else -1, has_value)
    if gas < 0:
        return ENDS + OUT_OF_GAS
    f.sp = place - 3 * WORD
    child = prepare_call(m, f, kind, sp)
    child.account = row if kind in (CALL, STATICCALL) else f.account
    child.code_account = target
    child.delegated = 1 if delegated else 0
    child.gas = gas
    child.input = f.memory + start
    child.input_size = size
    child.want = want
    child.want_size = want_size
    if has_value and below(m, account_address(m, f.account) + ACCOUNT_BALANCE, value):
        return refuse(m, f, gas, NO_FUNDS)
    if m.depth + 1 > DEPTH_MAX:
        return refuse(m, f, gas, TOO_DEEP)
    f.pc += 1
    enter(m)
    return SWITCH


@inner
def charge_call(m: Record, f: Record, kind: int, row: int, target: int, has_value: bool) -> int:
    """Take the price of a call and the gas it hands down; return that gas, or -1.

    `target` is where a delegation leads, or -1.
    """
    if not charge_account(m, f, row):
        return -1
    if target >= 0 and not charge_account(m, f, target):
        return -1
    extra = 0
    if has_value:
        extra = GAS_CALL_VALUE
        if kind == CALL and is_empty(m, row):
            extra += GAS_NEW_ACCOUNT
    if f.gas < extra:
        m.need_size = extra
        return -1
    most = f.gas - extra
    gas = gas_asked(f.sp - WORD, most - (most >> 6))
    f.gas -= extra + gas
    return gas + GAS_STIPEND if has_value else gas


@inner
def prepare_call(m: Record, f: Record, kind: int, sp: int) -> Record:
    """Return the frame above this one, as that of a call; `sp` is before its operands went."""
    child = prepare(m, f)
    value = m.frames + (m.depth + 1) * FRAME_SIZE + FRAME_VALUE
    child.kind = kind
    child.caller = f.account
    if kind == STATICCALL:
        child.static = 1
        clear_word(value)
    elif kind == DELEGATECALL:
        child.caller = f.caller
        copy_word(value, m.frames + m.depth * FRAME_SIZE + FRAME_VALUE)
    else:
        copy_word(value, sp - 3 * WORD)
    return child


@inner
def gas_asked(word: int, most: int) -> int:
    """Return the gas that a caller asks for, as far as it may hand down."""
    asked = load_int(word)
    if (load_int(word + 8) | load_int(word + 16) | load_int(word + 24)) != 0 or asked < 0:
        return most
    return min(asked, most)


# Creation.


@inner
def address_by_nonce(m: Record, creator: int, nonce: int) -> None:
    """Write the address of CREATE to `need`: the hash of the creator's address and nonce."""
    at = m.scratch
    store_big(m.scratch + 128, account_address(m, creator) + ADDRESS)
    size = 1
    while size < 8 and (nonce >> (8 * size)) != 0:
        size += 1
    small = nonce >= 0 and nonce < 128
    item = 1 if small else 1 + size
    store8(at, 0xC0 + 21 + item)
    store8(at + 1, 0x80 + 20)
    move(at + 2, m.scratch + 128 + 12, 20)
    if nonce == 0:
        store8(at + 22, 0x80)
    elif small:
        store8(at + 22, nonce)
    else:
        store8(at + 22, 0x80 + size)
        for i in range(size):
            store8(at + 23 + i, nonce >> (8 * (size - 1 - i)))
    keccak256_at(at, 22 + item, at)
    hash_to_address(m)


@inner
def address_by_salt(m: Record, creator: int, salt: int, code: int, size: int) -> None:
    """Write the address of CREATE2 to `need`: the hash of the creator, a salt and the code."""
    at = m.scratch
    store_big(at + 128, account_address(m, creator) + ADDRESS)
    store8(at, 0xFF)
    move(at + 1, at + 128 + 12, 20)
    store_big(at + 21, salt)
    keccak256_at(code, size, at + 53)
    keccak256_at(at, 85, at)
    hash_to_address(m)


@inner
def hash_to_address(m: Record) -> None:
    """Write the address in the hash in `scratch` to `need`."""
    load_big(m.need, m.scratch)
    cut_to_address(m)


@inner
def has_storage(m: Record, row: int) -> bool:
    """Say whether any slot of an account is not zero (EIP-7610)."""
    account = account_at(account_address(m, row))
    if account.stored != 0:
        return True
    if account.written != 0:
        for i in range(m.slot_count):
            at = m.slots + i * SLOT_SIZE
            if slot_at(at).account == row and not is_zero(at + VALUE):
                return True
    return False


@inner
def prepare_creation(m: Record, f: Record, kind: int, gas: int, start: int, size: int) -> Record:
    """Return the frame above this one, as that of a creation."""
    child = prepare(m, f)
    child.kind = kind
    child.caller = f.account
    child.gas = gas
    child.code = m.memory + f.memory + start
    child.code_size = size
    copy_word(m.frames + (m.depth + 1) * FRAME_SIZE + FRAME_VALUE, f.sp - WORD)
    return child


@inner
def create(m: Record, f: Record, kind: int) -> int:
    """CREATE and CREATE2."""
    if f.static != 0:
        return ENDS + WRITE_PROTECTED
    if not has_room(m):
        return NEED_JOURNAL
    start = size_of(f.sp - 2 * WORD)
    size = size_of(f.sp - 3 * WORD)
    if m.initcode_max > 0 and size > m.initcode_max:
        return ENDS + INITCODE_TOO_LARGE
    words = words_of(size)
    price = GAS_CREATE + m.initcode_gas * words + reach_price(f, start, size)
    if kind == CREATE2:
        price += GAS_HASH_WORD * words
    if f.gas < price:
        return unpaid(m, price)
    reached = max(f.memory_size, ((start + size + 31) & -32) if size > 0 else 0)
    end = f.memory + reached + code_room(size)
    if end > m.memory_room:
        m.need_size = end
        return NEED_MEMORY
    creator = account_at(account_address(m, f.account))
    poor = below(m, account_address(m, f.account) + ACCOUNT_BALANCE, f.sp - WORD)
    pops = 4 * WORD if kind == CREATE2 else 3 * WORD
    if poor or m.depth + 1 > DEPTH_MAX or creator.nonce == NONCE_MAX:
        f.gas -= price
        reach(m, f, start, size)
        prepare_creation(m, f, kind, f.gas - (f.gas >> 6), start, size)
        f.sp -= pops
        return refuse(m, f, 0, NO_FUNDS if poor else TOO_DEEP)
    if kind == CREATE:
        address_by_nonce(m, f.account, creator.nonce)
    else:
        # What the memory is about to grow by is hashed already, and is hashed again after an exit.
        zero(m.memory + f.memory + f.memory_size, reached - f.memory_size)
        address_by_salt(m, f.account, f.sp - 4 * WORD, m.memory + f.memory + start, size)
    row = find_account(m, m.need)
    if row < 0:
        return NEED_ACCOUNT
    f.gas -= price
    reach(m, f, start, size)
    gas = f.gas - (f.gas >> 6)
    f.gas -= gas
    child = prepare_creation(m, f, kind, gas, start, size)
    f.sp -= pops
    set_nonce(m, f.account, creator.nonce + 1)
    warm_account(m, row)
    taken = account_at(account_address(m, row))
    taken.read = m.transaction
    if taken.nonce != 0 or taken.code != 0 or has_storage(m, row):
        return refuse(m, f, 0, COLLISION)
    child.account = row
    child.code_account = row
    take_code(m, child, size)
    f.pc += 1
    enter(m)
    return SWITCH


@inner
def code_room(size: int) -> int:
    """Return what the code of a creation takes, with its padding and its map."""
    return ((size + CODE_PADDING + 31) & -32) + ((size + 32) & -32)


@inner
def take_code(m: Record, child: Record, size: int) -> None:
    """Copy the code of a creation below its frame's memory: the caller may write over it."""
    code = m.memory + child.memory
    room = (size + CODE_PADDING + 31) & -32
    move(code, child.code, size)
    zero(code + size, room - size)
    child.code = code
    child.jumps = code + room
    jump_destinations(code, size, child.jumps)
    child.memory += code_room(size)
