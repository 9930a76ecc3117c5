"""Byte-code in the embedded world: a plain interpreter, for tokens and hooks that vectors bring.

Instructions and prices are those of Osaka; what makes or destroys contracts, and blobs, are left
out, and are invalid here. What touches state is asked of the frame, which also has its prices.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from ..backends.keccak import keccak256
from ..precompile import Call, OutOfGas, Revert

if TYPE_CHECKING:
    from .embedded import Frame

WORD = 1 << 256
MASK = WORD - 1
SIGN = 1 << 255
STACK_MAX = 1024
MEMORY_MAX = 1 << 24
"""More would cost over 500 million gas."""

BASE, VERY_LOW, LOW, MID, HIGH, JUMPDEST_GAS = 2, 3, 5, 8, 10, 1
WORD_GAS, KECCAK_GAS, KECCAK_WORD_GAS = 3, 30, 6
EXP_GAS, EXP_BYTE_GAS = 10, 50

STOP, KECCAK, JUMP, JUMPI, PC, GAS, JUMPDEST = 0x00, 0x20, 0x56, 0x57, 0x58, 0x5A, 0x5B
PUSH0, PUSH32, DUP1, SWAP1, LOG0 = 0x5F, 0x7F, 0x80, 0x90, 0xA0
CALL, RETURN, DELEGATECALL, STATICCALL, REVERT = 0xF1, 0xF3, 0xF4, 0xFA, 0xFD


@dataclass(slots=True, kw_only=True)
class Machine:
    """One run of a code."""

    code: bytes
    call: Call
    frame: "Frame"
    stack: list[int] = field(default_factory=list)
    memory: bytearray = field(default_factory=bytearray)
    returned: bytes = b""
    at: int = 0

    def pop(self) -> int:
        """Take the word on top of the stack."""
        if not self.stack:
            raise OutOfGas("the stack is empty")
        return self.stack.pop()

    def pops(self, count: int) -> list[int]:
        """Take so many words, the top first."""
        return [self.pop() for _ in range(count)]

    def push(self, word: int) -> None:
        """Put a word on the stack."""
        if len(self.stack) == STACK_MAX:
            raise OutOfGas("the stack is full")
        self.stack.append(word & MASK)

    def take(self, gas: int) -> None:
        """Take gas."""
        self.frame.charge(gas, "code")

    def reach(self, start: int, size: int) -> None:
        """Pay for memory up to here."""
        if not size:
            return
        if start + size > MEMORY_MAX:
            raise OutOfGas("memory")
        old, new = len(self.memory) // 32, (start + size + 31) // 32
        if new > old:
            self.take(memory_price(new) - memory_price(old))
            self.memory.extend(bytes(32 * (new - old)))

    def read(self, start: int, size: int) -> bytes:
        """Return a piece of memory."""
        self.reach(start, size)
        return bytes(self.memory[start : start + size]) if size else b""

    def write(self, start: int, data: bytes) -> None:
        """Write memory."""
        self.reach(start, len(data))
        if data:
            self.memory[start : start + len(data)] = data

    def copy(self, source: bytes) -> None:
        """Do what CALLDATACOPY and its like do."""
        to, start, size = self.pops(3)
        self.take(WORD_GAS * ((size + 31) // 32))
        self.reach(to, size)
        self.write(to, source[start : start + size].ljust(size, b"\0") if size else b"")


def run(code: bytes, call: Call, frame: "Frame") -> bytes:
    """Run a code to its end and return its output; an exceptional halt is an OutOfGas."""
    machine = Machine(code=code, call=call, frame=frame)
    while machine.at < len(code):
        operation = code[machine.at]
        machine.at += 1
        if operation == STOP:
            return b""
        if operation == RETURN:
            return machine.read(*machine.pops(2))
        if operation == REVERT:
            raise Revert(machine.read(*machine.pops(2)))
        step(machine, operation)
    return b""


def step(machine: Machine, operation: int) -> None:
    """Run one instruction that does not end the code."""
    if PUSH0 <= operation <= PUSH32:
        size = operation - PUSH0
        machine.take(VERY_LOW if size else BASE)
        word = machine.code[machine.at : machine.at + size].ljust(size, b"\0")
        machine.push(int.from_bytes(word, "big"))
        machine.at += size
    elif DUP1 <= operation < LOG0:
        shuffle(machine, operation)
    elif operation in PURE:
        gas, count, answer = PURE[operation]
        machine.take(gas)
        machine.push(answer(*machine.pops(count)))
    elif operation in TOLD:
        machine.take(BASE)
        machine.push(TOLD[operation](machine))
    elif operation in EFFECTS:
        EFFECTS[operation](machine)
    else:
        raise OutOfGas(f"invalid instruction {operation:#04x}")


def shuffle(machine: Machine, operation: int) -> None:
    """DUP1 to SWAP16."""
    machine.take(VERY_LOW)
    stack = machine.stack
    if operation < SWAP1:
        depth = operation - DUP1 + 1
        if depth > len(stack):
            raise OutOfGas("the stack is too short")
        machine.push(stack[-depth])
    else:
        depth = operation - SWAP1 + 2
        if depth > len(stack):
            raise OutOfGas("the stack is too short")
        stack[-1], stack[-depth] = stack[-depth], stack[-1]


# --- Words ----------------------------------------------------------------------------------


def signed(word: int) -> int:
    """Read a word in two's complement."""
    return word - WORD if word >= SIGN else word


def divided(a: int, b: int) -> int:
    """SDIV: towards zero."""
    if not b:
        return 0
    quotient = abs(signed(a)) // abs(signed(b))
    return -quotient if (signed(a) < 0) != (signed(b) < 0) else quotient


def remainder(a: int, b: int) -> int:
    """SMOD: with the sign of the dividend."""
    if not b:
        return 0
    rest = abs(signed(a)) % abs(signed(b))
    return -rest if signed(a) < 0 else rest


def extended(size: int, word: int) -> int:
    """SIGNEXTEND."""
    if size >= 31:
        return word
    bits = 8 * size + 8
    low = word & (1 << bits) - 1
    return low - (1 << bits) if low >> bits - 1 else low


PURE: dict[int, tuple[int, int, Callable[..., int]]] = {
    0x01: (VERY_LOW, 2, lambda a, b: a + b),
    0x02: (LOW, 2, lambda a, b: a * b),
    0x03: (VERY_LOW, 2, lambda a, b: a - b),
    0x04: (LOW, 2, lambda a, b: a // b if b else 0),
    0x05: (LOW, 2, divided),
    0x06: (LOW, 2, lambda a, b: a % b if b else 0),
    0x07: (LOW, 2, remainder),
    0x08: (MID, 3, lambda a, b, m: (a + b) % m if m else 0),
    0x09: (MID, 3, lambda a, b, m: a * b % m if m else 0),
    0x0B: (LOW, 2, extended),
    0x10: (VERY_LOW, 2, lambda a, b: a < b),
    0x11: (VERY_LOW, 2, lambda a, b: a > b),
    0x12: (VERY_LOW, 2, lambda a, b: signed(a) < signed(b)),
    0x13: (VERY_LOW, 2, lambda a, b: signed(a) > signed(b)),
    0x14: (VERY_LOW, 2, lambda a, b: a == b),
    0x15: (VERY_LOW, 1, lambda a: a == 0),
    0x16: (VERY_LOW, 2, lambda a, b: a & b),
    0x17: (VERY_LOW, 2, lambda a, b: a | b),
    0x18: (VERY_LOW, 2, lambda a, b: a ^ b),
    0x19: (VERY_LOW, 1, lambda a: ~a),
    0x1A: (VERY_LOW, 2, lambda i, a: a >> 8 * (31 - i) & 0xFF if i < 32 else 0),
    0x1B: (VERY_LOW, 2, lambda n, a: a << n if n < 256 else 0),
    0x1C: (VERY_LOW, 2, lambda n, a: a >> n if n < 256 else 0),
    0x1D: (VERY_LOW, 2, lambda n, a: signed(a) >> min(n, 255)),
    0x1E: (LOW, 1, lambda a: 256 - a.bit_length()),
}
"""Instruction -> its gas, how many words it takes, what it answers."""


def memory_price(words: int) -> int:
    """Return the gas of so much memory."""
    return 3 * words + words * words // 512


# --- What the frame tells -------------------------------------------------------------------


def number(data: bytes) -> int:
    """Read bytes as a word."""
    return int.from_bytes(data, "big")


def address(word: int) -> bytes:
    """Return the address in the low bytes of a word."""
    return (word & (1 << 160) - 1).to_bytes(20, "big")


TOLD: dict[int, Callable[[Machine], int]] = {
    0x30: lambda m: number(m.frame.address),
    0x32: lambda m: number(m.call.context.origin),
    0x33: lambda m: number(m.call.caller),
    0x34: lambda m: m.call.value,
    0x36: lambda m: len(m.call.data),
    0x38: lambda m: len(m.code),
    0x3A: lambda m: m.call.context.gas_price,
    0x3D: lambda m: len(m.returned),
    0x41: lambda m: number(m.call.context.coinbase),
    0x42: lambda m: m.call.context.timestamp,
    0x43: lambda m: m.call.context.block_number,
    0x44: lambda m: number(m.call.context.prevrandao),
    0x45: lambda m: m.call.context.gas_limit,
    0x46: lambda m: m.call.context.chain_id,
    0x48: lambda m: m.call.context.base_fee,
    PC: lambda m: m.at - 1,
    0x59: lambda m: len(m.memory),
    GAS: lambda m: m.frame.meter.left,
}
"""Instruction of two gas -> what it pushes."""


# --- Instructions that do something ---------------------------------------------------------


def hash_memory(m: Machine) -> None:
    """KECCAK256."""
    start, size = m.pops(2)
    m.take(KECCAK_GAS + KECCAK_WORD_GAS * ((size + 31) // 32))
    m.push(number(keccak256(m.read(start, size))))


def raise_to(m: Machine) -> None:
    """EXP."""
    base, exponent = m.pops(2)
    m.take(EXP_GAS + EXP_BYTE_GAS * ((exponent.bit_length() + 7) // 8))
    m.push(pow(base, exponent, WORD))


def load_input(m: Machine) -> None:
    """CALLDATALOAD."""
    m.take(VERY_LOW)
    start = m.pop()
    m.push(number(m.call.data[start : start + 32].ljust(32, b"\0")))


def copy_returned(m: Machine) -> None:
    """RETURNDATACOPY, which may not read beyond the end."""
    m.take(VERY_LOW)
    if sum(m.stack[-3:-1]) > len(m.returned):
        raise OutOfGas("beyond the returned data")
    m.copy(m.returned)


def copy_input(m: Machine) -> None:
    """CALLDATACOPY."""
    m.take(VERY_LOW)
    m.copy(m.call.data)


def copy_code(m: Machine) -> None:
    """CODECOPY."""
    m.take(VERY_LOW)
    m.copy(m.code)


def drop(m: Machine) -> None:
    """POP."""
    m.take(BASE)
    m.pop()


def load_memory(m: Machine) -> None:
    """MLOAD."""
    m.take(VERY_LOW)
    m.push(number(m.read(m.pop(), 32)))


def store_memory(m: Machine) -> None:
    """MSTORE."""
    m.take(VERY_LOW)
    start, word = m.pops(2)
    m.write(start, word.to_bytes(32, "big"))


def store_byte(m: Machine) -> None:
    """MSTORE8."""
    m.take(VERY_LOW)
    start, word = m.pops(2)
    m.write(start, bytes([word & 0xFF]))


def copy_memory(m: Machine) -> None:
    """MCOPY."""
    to, start, size = m.pops(3)
    m.take(VERY_LOW + WORD_GAS * ((size + 31) // 32))
    m.reach(max(to, start), size)
    m.write(to, m.read(start, size))


def jump(m: Machine) -> None:
    """JUMP."""
    m.take(MID)
    go(m, m.pop())


def jump_if(m: Machine) -> None:
    """JUMPI."""
    m.take(HIGH)
    target, condition = m.pops(2)
    if condition:
        go(m, target)


def go(m: Machine, target: int) -> None:
    """Continue at a JUMPDEST."""
    if target not in destinations(m.code):
        raise OutOfGas("a jump to no destination")
    m.at = target


@lru_cache(64)
def destinations(code: bytes) -> frozenset[int]:
    """Return where a code may jump to: the JUMPDESTs that are no part of a PUSH."""
    found, at = set(), 0
    while at < len(code):
        operation = code[at]
        if operation == JUMPDEST:
            found.add(at)
        at += 1 + (operation - PUSH0 if PUSH0 <= operation <= PUSH32 else 0)
    return frozenset(found)


def store(m: Machine) -> None:
    """SSTORE."""
    refuse_static(m)
    m.frame.store(*m.pops(2))


def store_transient(m: Machine) -> None:
    """TSTORE."""
    refuse_static(m)
    m.frame.store_transient(*m.pops(2))


def log(m: Machine, topics: int) -> None:
    """LOG0 to LOG4."""
    refuse_static(m)
    start, size = m.pops(2)
    words = [word.to_bytes(32, "big") for word in m.pops(topics)]
    m.frame.emit(words, m.read(start, size))


def call(m: Machine) -> None:
    """CALL."""
    gas, to, value = m.pops(3)
    data, output = places(m)
    if value:
        refuse_static(m)
    done(m, m.frame.call(address(to), data, value, gas), output)


def call_static(m: Machine) -> None:
    """STATICCALL."""
    gas, to = m.pops(2)
    data, output = places(m)
    done(m, m.frame.call(address(to), data, 0, gas, static=True), output)


def call_code_of(m: Machine) -> None:
    """DELEGATECALL."""
    gas, to = m.pops(2)
    data, output = places(m)
    done(m, m.frame.delegate(address(to), m.call, data, gas), output)


def places(m: Machine) -> tuple[bytes, tuple[int, int]]:
    """Return the input of a call, and where its output goes; pay for the memory of both."""
    start, size, to, room = m.pops(4)
    m.reach(start, size)
    m.reach(to, room)
    return m.read(start, size), (to, room)


def done(m: Machine, answer: tuple[bool, bytes], output: tuple[int, int]) -> None:
    """Take in what a call returned."""
    success, m.returned = answer
    to, room = output
    m.write(to, m.returned[:room])
    m.push(success)


def own_balance(m: Machine) -> None:
    """SELFBALANCE."""
    m.take(LOW)
    m.push(m.frame.world.balances.get(m.frame.address, 0))


def refuse_static(m: Machine) -> None:
    """End a frame that must not write."""
    if m.frame.static:
        raise OutOfGas("a static frame writes")


EFFECTS: dict[int, Callable[[Machine], None]] = {
    0x0A: raise_to,
    KECCAK: hash_memory,
    0x31: lambda m: m.push(m.frame.balance(address(m.pop()))),
    0x35: load_input,
    0x37: copy_input,
    0x39: copy_code,
    0x3B: lambda m: m.push(m.frame.code_size(address(m.pop()))),
    0x3E: copy_returned,
    0x3F: lambda m: m.push(number(m.frame.code_hash(address(m.pop())))),
    0x40: lambda m: m.push(number(m.frame.block_hash(m.pop()))),
    0x47: own_balance,
    0x50: drop,
    0x51: load_memory,
    0x52: store_memory,
    0x53: store_byte,
    0x54: lambda m: m.push(m.frame.load(m.pop())),
    0x55: store,
    JUMP: jump,
    JUMPI: jump_if,
    JUMPDEST: lambda m: m.take(JUMPDEST_GAS),
    0x5C: lambda m: m.push(m.frame.load_transient(m.pop())),
    0x5D: store_transient,
    0x5E: copy_memory,
    **{LOG0 + topics: partial(log, topics=topics) for topics in range(5)},
    CALL: call,
    DELEGATECALL: call_code_of,
    STATICCALL: call_static,
}
"""Instruction -> what it does."""
