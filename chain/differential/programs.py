"""Random programs: instructions with their operands, loops, branches, calls, creations, endings.

Most instructions find what they need on the stack; some do not, because engines differ at errors
too. What a program computes ends up in storage, memory, logs or output, where a difference shows.
Knows nothing of accounts beyond the addresses it is given.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from ..forks import CANCUN, LONDON, SHANGHAI, Fork
from ..opcodes import OPCODE_NAMES
from ..rules import INITCODE_SIZE_MAX
from .inputs import precompile_input

CODES: Final = {name: code for code, name in OPCODE_NAMES.items()}
WORD_MAX: Final = 2**256 - 1
EDGES: Final = (
    *(0, 1, 2, 3, 31, 32, 33, 64, 127, 128, 255, 256, 257),
    *(WORD_MAX, WORD_MAX - 1, 2**255, 2**255 - 1, 2**255 + 1),
    *(2**63, 2**64 - 1, 2**64, 2**64 + 1, 2**128 - 1, 2**128, 2**160 - 1, 2**160),
)
HUGE: Final = (2**20, 2**31 - 32, 2**32 - 1, 2**32, 2**63, 2**64 - 32, 2**64 - 1, 2**64, WORD_MAX)
"""Offsets and sizes that no gas limit pays for, or barely."""
GASES: Final = (0, 1, 100, 700, 2300, 2301, 2600, 5000, 9000, 21_000, 40_000, 100_000, WORD_MAX)
SLOTS: Final = (0, 0, 1, 1, 2, 3, WORD_MAX)
CODE_SIZE_MAX: Final = 24_576

LOOK_UPS: Final = ("BALANCE", "EXTCODESIZE", "EXTCODEHASH")
BINARY: Final = (
    *("ADD", "MUL", "SUB", "DIV", "SDIV", "MOD", "SMOD", "EXP", "SIGNEXTEND", "LT", "GT"),
    *("SLT", "SGT", "EQ", "AND", "OR", "XOR", "BYTE", "SHL", "SHR", "SAR"),
)
NULLARY: Final = (
    *("ADDRESS", "ORIGIN", "CALLER", "CALLVALUE", "CALLDATASIZE", "CODESIZE", "GASPRICE"),
    *("RETURNDATASIZE", "COINBASE", "TIMESTAMP", "NUMBER", "DIFFICULTY", "GASLIMIT"),
    *("CHAINID", "SELFBALANCE", "PC", "MSIZE", "GAS"),
)
UNDEFINED: Final = (0x0C, 0x1E, 0x1F, 0x21, 0x4B, 0x4F, 0xA5, 0xB0, 0xD0, 0xE0, 0xEF, 0xF6, 0xFB)
ARITHMETIC: Final = (
    *(*BINARY, "SDIV", "SMOD", "SIGNEXTEND", "SAR", "SHR", "SHL", "BYTE", "EXP"),
    *("ADDMOD", "ADDMOD", "MULMOD", "MULMOD", "NOT", "ISZERO"),
)
SIGNED: Final = ("SDIV", "SMOD", "SLT", "SGT", "DIV", "MOD", "MUL")
SIGNED_EDGES: Final = (0, 1, WORD_MAX, 2**255, 2**255 - 1)
POSITIONS: Final = ("SHL", "SHR", "SAR", "BYTE", "SIGNEXTEND")
PLACES: Final = (
    *(0, 1, 7, 8, 15, 30, 31, 32, 33, 63, 64, 65, 127, 128, 192, 254, 255, 256, 257),
    *(2**32, 2**64, 2**64 + 1, 2**64 + 8, 2**128 + 3, WORD_MAX),
)
"""How far to shift, or which byte: some by their low bits only."""
CALLS: Final = ("CALL", "CALLCODE", "DELEGATECALL", "STATICCALL")

_POPS_FOR_ONE: Final = {
    **dict.fromkeys(BINARY, 2),
    **dict.fromkeys((*LOOK_UPS, "ISZERO", "NOT", "CLZ", "CALLDATALOAD", "BLOCKHASH"), 1),
    **dict.fromkeys(("MLOAD", "SLOAD", "TLOAD", "BLOBHASH"), 1),
    **dict.fromkeys(("ADDMOD", "MULMOD", "CREATE"), 3),
    "KECCAK256": 2,
    "CREATE2": 4,
    **dict.fromkeys(("CALL", "CALLCODE"), 7),
    **dict.fromkeys(("DELEGATECALL", "STATICCALL"), 6),
}
"""What an instruction takes from the stack where it leaves one word."""
_POPS_FOR_NONE: Final = {
    **dict.fromkeys(("POP", "JUMP", "SELFDESTRUCT"), 1),
    **dict.fromkeys(("MSTORE", "MSTORE8", "SSTORE", "TSTORE", "JUMPI", "RETURN", "REVERT"), 2),
    **dict.fromkeys(("CALLDATACOPY", "CODECOPY", "RETURNDATACOPY", "MCOPY"), 3),
    "EXTCODECOPY": 4,
    **{f"LOG{count}": 2 + count for count in range(5)},
    **dict.fromkeys(("STOP", "INVALID", "JUMPDEST"), 0),
}
"""The same where it leaves none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a program may refer to."""

    fork: Fork
    clz: bool
    addresses: Sequence[bytes]
    """Contracts and accounts of the case, and addresses where some may come to be."""
    precompiles: Sequence[int]
    weights: Mapping[str, int]
    """How often each kind of snippet is chosen: drawn per case, so that cases differ in kind."""


class Program:
    """Code while it is being written."""

    def __init__(self, choose: Random, scene: Scene, level: int = 0) -> None:
        self.choose = choose
        self.scene = scene
        self.level = level
        """How many creations and loops stand around this."""
        self.code = bytearray()
        self.height = 0
        """Words on the stack, as far as this program knows."""
        self._appended: list[tuple[int, bytes]] = []

    def op(self, *names: str) -> None:
        """Write instructions."""
        for name in names:
            self.code.append(CODES[name])
            if name.startswith("DUP"):
                self.height += 1
            elif not name.startswith("SWAP"):
                pops = _POPS_FOR_NONE.get(name)
                self.height += 1 - _POPS_FOR_ONE.get(name, 0) if pops is None else -pops
                self.height = max(self.height, 0)

    def push(self, value: int, width: int | None = None) -> None:
        """Push a word: as short as it can be, or in so many bytes."""
        if width is None:
            width = (value.bit_length() + 7) // 8
            if not width and self.scene.fork.since(SHANGHAI) and self.choose.random() < 0.7:
                self.op("PUSH0")
                return
            if self.choose.random() < 0.05:
                width = self.choose.randint(width, 32)
            width = max(width, 1)
        self.op(f"PUSH{width}")
        self.code += value.to_bytes(width, "big")

    def push_address(self, address: bytes) -> None:
        """Push an address, rarely with bits above it that nothing should see."""
        value = int.from_bytes(address, "big")
        if self.choose.random() < 0.02:
            value |= self.choose.getrandbits(96) << 160
        self.push(value)

    def push_appended(self, data: bytes) -> None:
        """Push the offset of data that will stand behind the code."""
        self.op("PUSH2")
        self._appended.append((len(self.code), data))
        self.code += bytes(2)

    def finished(self) -> bytes:
        """Return the code with what stands behind it."""
        made = self.code
        for position, data in self._appended:
            made[position : position + 2] = min(len(made), 0xFFFF).to_bytes(2, "big")
            made += data
        return bytes(made)

    # Operands.

    def word(self) -> int:
        """Return a number that is worth trying."""
        choose = self.choose
        match choose.randrange(8):
            case 0 | 1 | 2:
                return choose.choice(EDGES)
            case 3:
                return min(max((1 << choose.randrange(257)) + choose.randint(-1, 1), 0), WORD_MAX)
            case 4:
                return int.from_bytes(choose.choice(self.scene.addresses), "big")
            case 5 | 6:
                return choose.getrandbits(choose.choice((8, 16, 64, 128, 192, 256)))
            case _:
                return WORD_MAX - choose.randrange(300)

    def operand(self) -> None:
        """Push a word, or take a copy of one that is there."""
        if self.height and self.choose.random() < 0.4:
            self.op(f"DUP{self.choose.randint(1, min(self.height, 16))}")
        else:
            self.push(self.word())

    def offset(self) -> None:
        """Push a place in memory."""
        roll = self.choose.random()
        if roll < 0.015:
            self.push(self.choose.choice(HUGE))
        elif roll < 0.06:
            self.push(self.choose.randrange(10_000))
        else:
            self.push(self.choose.randrange(0, 260))

    def size(self) -> None:
        """Push a number of bytes."""
        roll = self.choose.random()
        if roll < 0.015:
            self.push(self.choose.choice(HUGE))
        elif roll < 0.05:
            self.push(self.choose.randrange(6_000))
        else:
            self.push(self.choose.choice((0, 0, 1, 4, 20, 31, 32, 32, 33, 64, 96, 128)))

    def slot(self) -> None:
        """Push one of the few slots that everything shares."""
        self.push(self.choose.choice(SLOTS))

    def address(self) -> None:
        """Push an address of the case, a precompile's, or this contract's own."""
        roll = self.choose.random()
        if roll < 0.1:
            self.op("ADDRESS")
        elif roll < 0.25:
            self.push(self.choose.choice(self.scene.precompiles))
        elif roll < 0.28:
            self.operand()
        else:
            self.push_address(self.choose.choice(self.scene.addresses))

    # Structure.

    def write(self, count: int) -> None:
        """Write so many random snippets."""
        weights = self.scene.weights
        names = self.choose.choices(list(weights), list(weights.values()), k=count)
        for name in names:
            if len(self.code) < 8_000:
                SNIPPETS[name](self)

    def settle(self, height: int) -> None:
        """Bring the stack to a height, as both ways to a jump destination must."""
        while self.height > height:
            if self.choose.random() < 0.7:
                self.op("POP")
            else:
                _sink(self)
        while self.height < height:
            self.operand()


# Snippets: each leaves the stack at least as it found it, unless it means to fail.


def _arithmetic(p: Program) -> None:
    choose = p.choose
    name = choose.choice(("CLZ", *ARITHMETIC) if p.scene.clz else ARITHMETIC)
    if name in POSITIONS and choose.random() < 0.6:
        p.push(choose.choice(SIGNED_EDGES)) if choose.random() < 0.5 else p.operand()
        p.push(choose.choice(PLACES))
    elif name in SIGNED and choose.random() < 0.5:
        p.push(choose.choice(SIGNED_EDGES))
        p.push(choose.choice(SIGNED_EDGES))
    else:
        for _ in range(_POPS_FOR_ONE[name]):
            p.operand()
    p.op(name)


def _calculation(p: Program) -> None:
    """Fold many results into one word that ends in storage: no wrong one goes unseen."""
    p.push(p.word())
    bottom = p.height
    for _ in range(p.choose.choice((12, 24, 48))):
        p.height = 0  # The folded word is no operand: it would cancel itself out.
        _arithmetic(p)
        p.op("XOR")
    p.height = bottom
    p.slot()
    p.op("SSTORE")


def _stack(p: Program) -> None:
    reach = p.height if p.choose.random() < 0.985 else 16
    kind = p.choose.choice(("DUP", "SWAP", "SWAP", "POP"))
    if kind == "POP":
        if reach:
            p.op("POP")
        return
    depth = p.choose.randint(1, 16)
    while reach < depth + (kind == "SWAP") and p.choose.random() < 0.995:
        p.push(p.word())
        reach += 1
    p.op(f"{kind}{depth}")


def _environment(p: Program) -> None:
    known = [*NULLARY, *(("BASEFEE",) if p.scene.fork.since(LONDON) else ())]
    if p.scene.fork.since(CANCUN):
        known.append("BLOBBASEFEE")
        if p.choose.random() < 0.1:
            p.push(p.choose.choice((0, 0, 1, 2, 5, 6, 9, 2**64, WORD_MAX)))
            p.op("BLOBHASH")
            return
    p.op(p.choose.choice(known))


def _look_up(p: Program) -> None:
    roll = p.choose.random()
    if roll < 0.15:
        if p.choose.random() < 0.7:
            p.op("NUMBER")
            p.push(p.choose.choice((0, 1, 2, 255, 256, 257)))
            p.op("SWAP1", "SUB")
        else:
            p.operand()
        p.op("BLOCKHASH")
    elif roll < 0.4:
        p.offset() if p.choose.random() < 0.8 else p.push(p.choose.choice(HUGE))
        p.op("CALLDATALOAD")
    else:
        p.address()
        p.op(p.choose.choice(LOOK_UPS))


def _memory(p: Program) -> None:
    if p.choose.random() < 0.04:
        _nothing_far_away(p)
        return
    kinds = ["MSTORE", "MSTORE", "MSTORE8", "MLOAD", "MLOAD", "KECCAK256", "CALLDATACOPY"]
    kinds += ["CODECOPY", "EXTCODECOPY", "RETURNDATACOPY"]
    kinds += ["MCOPY", "MCOPY"] if p.scene.fork.since(CANCUN) else []
    kind = p.choose.choice(kinds)
    if kind in ("MSTORE", "MSTORE8"):
        p.operand()
    elif kind == "RETURNDATACOPY":
        if p.choose.random() < 0.6:
            p.op("RETURNDATASIZE")
            p.push(p.choose.choice((0, 0, 0, 0, 0, 0, 1)))
            if p.choose.random() < 0.1:
                p.op("ADD")
                p.push(0)
        else:
            p.push(p.choose.choice((0, 0, 0, 0, 1, 32, 33)))
            p.push(p.choose.choice((0, 0, 0, 0, 1, 32, 2**64, WORD_MAX)))
    elif kind not in ("MLOAD",):
        p.size()
        if kind != "KECCAK256":
            p.offset() if p.choose.random() < 0.95 else p.push(p.choose.choice(HUGE))
    p.offset()
    if kind == "EXTCODECOPY":
        p.address()
    p.op(kind)


def _nothing_far_away(p: Program) -> None:
    """Touch no bytes at offsets that could never be paid for: that costs nothing."""
    kinds = ["KECCAK256", "CALLDATACOPY", "CODECOPY", "LOG0", "RETURN"]
    kinds += ["MCOPY"] * 2 if p.scene.fork.since(CANCUN) else []
    kind = p.choose.choice(kinds)
    p.push(0)
    if kind in ("CALLDATACOPY", "CODECOPY", "MCOPY"):
        p.push(p.choose.choice((0, *HUGE)))
    p.push(p.choose.choice(HUGE))
    p.op(kind)


def _storage(p: Program) -> None:
    roll = p.choose.random()
    if roll < 0.25:
        p.slot()
        p.op("SLOAD")
        return
    if roll < 0.45 and p.scene.fork.since(CANCUN):
        if p.choose.random() < 0.5:
            p.slot()
            p.op("TLOAD")
        else:
            p.operand()
            p.slot()
            p.op("TSTORE")
        return
    slot = p.choose.choice(SLOTS)
    for _ in range(p.choose.choice((1, 1, 2, 3))):
        if p.choose.random() < 0.85:
            p.push(p.choose.choice((0, 0, 1, 2, 3)))
        else:
            p.operand()
        p.push(slot)
        p.op("SSTORE")


def _log(p: Program) -> None:
    topics = p.choose.randrange(5)
    for _ in range(topics):
        p.operand()
    p.size()
    p.offset()
    p.op(f"LOG{topics}")


def _sink(p: Program) -> None:
    """Put the top of the stack where it shows."""
    if not p.height:
        p.operand()
    match p.choose.randrange(4):
        case 0:
            p.slot()
            p.op("SSTORE")
        case 1:
            p.push(32 * p.choose.randrange(8))
            p.op("MSTORE")
        case 2:
            p.push(0)
            p.push(0)
            p.op("LOG1")
        case _:
            p.slot()
            p.op("SLOAD", "ADD")
            p.slot()
            p.op("SSTORE")


def _call(p: Program) -> None:
    """Call an address of the case; keep what came back, or look at it."""
    kind = p.choose.choice((*CALLS, "CALL"))
    p.size()  # Of the output's place.
    p.offset()
    p.size()
    p.offset()
    if kind in ("CALL", "CALLCODE"):
        p.push(p.choose.choice((0, 0, 0, 0, 0, 1, 2, 1000, 10**18, 2**128, WORD_MAX)))
    p.address()
    _call_gas(p)
    p.op(kind)
    _after_call(p)


def _call_gas(p: Program) -> None:
    if p.choose.random() < 0.6:
        p.op("GAS")
    else:
        p.push(p.choose.choice(GASES) if p.choose.random() < 0.6 else p.choose.randrange(30_000))


def _after_call(p: Program) -> None:
    if p.choose.random() < 0.3:
        _sink(p)
    if p.choose.random() < 0.3:
        p.op("RETURNDATASIZE")
        p.push(0)
        p.offset()
        p.op("RETURNDATACOPY")


def _write_input(p: Program, data: bytes) -> None:
    """Put data at the start of memory."""
    if not data:
        return
    if len(data) <= 32:
        p.push(int.from_bytes(data.ljust(32, b"\0"), "big"), 32)
        p.push(0)
        p.op("MSTORE")
        return
    p.push(len(data))
    p.push_appended(data)
    p.push(0)
    p.op("CODECOPY")


def _precompile(p: Program) -> None:
    """Call one of Ethereum's precompiles with input that it takes, or nearly."""
    number = p.choose.choice(p.scene.precompiles)
    data = precompile_input(p.choose, number)
    _write_input(p, data)
    p.push(p.choose.choice((32, 64, 128, 256)))
    p.push(p.choose.choice((0, 0, 512)))
    p.push(len(data))
    p.push(0)
    kind = p.choose.choice((*CALLS, "STATICCALL", "STATICCALL"))
    if kind in ("CALL", "CALLCODE"):
        p.push(p.choose.choice((0, 0, 0, 1)))
    p.push(number)
    p.op("GAS") if p.choose.random() < 0.7 else _call_gas(p)
    p.op(kind)
    _after_call(p)


def _create(p: Program) -> None:
    """Create a contract, and mostly use it."""
    choose = p.choose
    kind = choose.choice(("CREATE", "CREATE2", "CREATE2"))
    if kind == "CREATE2":
        p.push(choose.choice((0, 0, 0, 1, WORD_MAX)))  # The salt: few, so that addresses repeat.
    if choose.random() < 0.04:
        p.push(choose.choice((INITCODE_SIZE_MAX, INITCODE_SIZE_MAX + 1, *HUGE)))
        p.push(0)
    else:
        data = b"" if choose.random() < 0.05 else initcode(choose, p.scene, p.level + 1)
        _write_input(p, data)
        p.push(len(data))
        p.push(0)
    p.push(choose.choice((0, 0, 0, 0, 1, 5, 10**18, 2**200)))
    p.op(kind)
    for _ in range(choose.choice((0, 1, 1, 2))):
        use = choose.choice(("EXTCODEHASH", "EXTCODESIZE", "BALANCE", "SSTORE", "call", "call"))
        if use == "SSTORE":
            p.op("DUP1")
            p.slot()
            p.op("SSTORE")
        elif use == "call":
            for _ in range(4):
                p.push(choose.choice((0, 0, 32)))
            with_value = choose.random() < 0.4
            if with_value:
                p.push(choose.choice((0, 1, 3)))
            p.op("DUP6" if with_value else "DUP5", "GAS")
            p.op(choose.choice(CALLS[:2]) if with_value else choose.choice(CALLS[2:]))
            _after_call(p)
            return
        else:
            p.op("DUP1", use)
            _sink(p)


def _loop(p: Program) -> None:
    """Go round a few times; the counter is the word below the body's."""
    if p.level > 2:
        return
    p.level += 1
    p.push(p.choose.choice((1, 2, 3, 3, 5, 17)))
    start = len(p.code)
    p.op("JUMPDEST")
    height = p.height
    bottom, p.height = p.height, 0  # The body must not disturb the counter, nor what is below.
    p.write(p.choose.randint(1, 4))
    p.settle(0)
    p.height = bottom
    p.push(1)
    p.op("SWAP1", "SUB", "DUP1")
    p.push(start, 2)
    p.op("JUMPI")
    p.height = height
    p.level -= 1


def _branch(p: Program) -> None:
    """Jump over a part, or not."""
    if p.level > 2:
        return
    p.level += 1
    p.operand()
    if p.choose.random() < 0.5:
        p.op("ISZERO")
    p.op("PUSH2")
    position = len(p.code)
    p.code += bytes(2)
    p.op("JUMPI")
    height = p.height
    p.write(p.choose.randint(1, 3))
    p.settle(height)
    p.code[position : position + 2] = (len(p.code) & 0xFFFF).to_bytes(2, "big")
    p.op("JUMPDEST")
    p.level -= 1


def _fault(p: Program) -> None:
    """Do what halts, or nearly so; what follows is mostly never reached."""
    if p.choose.random() < 0.6:  # Rarely worth losing the rest of the program.
        return
    match p.choose.randrange(7):
        case 0:  # Into the data of a push.
            p.push(len(p.code) + 4, 2)
            p.op("JUMP")
            p.push(CODES["JUMPDEST"], 1)
        case 1:  # Beyond all code, though its low bits are a destination.
            p.push(2 ** p.choose.choice((16, 32, 64, 128)) + len(p.code) + 35, 32)
            p.op("JUMP", "JUMPDEST")
        case 2:  # A condition that does not hold: the destination does not matter.
            p.push(0)
            p.push(p.word())
            p.op("JUMPI")
        case 3:
            p.code.append(p.choose.choice(UNDEFINED))
        case 4:
            p.op("INVALID")
        case 5:  # As many words as the stack takes, or one more.
            p.push(p.choose.choice((1022, 1023, 1024, 1025)) - p.height)
            start = len(p.code)
            p.op("JUMPDEST", "DUP1")
            p.push(1)
            p.op("SWAP1", "SUB", "DUP1")
            p.push(start, 2)
            p.op("JUMPI")
        case _:
            for _ in range(p.height + 1):
                p.op("POP")


def _random_bytes(p: Program) -> None:
    p.code += p.choose.randbytes(p.choose.randrange(1, 6))


SNIPPETS: Final[Mapping[str, Callable[[Program], None]]] = {
    "arithmetic": _arithmetic,
    "calculation": _calculation,
    "stack": _stack,
    "environment": _environment,
    "look_up": _look_up,
    "memory": _memory,
    "storage": _storage,
    "log": _log,
    "sink": _sink,
    "call": _call,
    "precompile": _precompile,
    "create": _create,
    "loop": _loop,
    "branch": _branch,
    "fault": _fault,
    "random_bytes": _random_bytes,
}
_USUAL: Final = {
    "arithmetic": 10,
    "calculation": 1,
    "stack": 6,
    "environment": 6,
    "look_up": 4,
    "memory": 6,
    "storage": 6,
    "log": 2,
    "sink": 6,
    "call": 6,
    "precompile": 2,
    "create": 2,
    "loop": 2,
    "branch": 3,
    "fault": 1,
    "random_bytes": 0,
}


SPECIAL: Final[Mapping[str, dict[str, int]]] = {
    "calculation": {"calculation": 8, "sink": 1, "stack": 1, "call": 1},
    "precompile": {"precompile": 8, "sink": 2, "memory": 1, "call": 1},
}
"""Cases of little else reach its edges soonest."""


def draw_weights(choose: Random) -> dict[str, int]:
    """Return how often each kind of snippet is to come in one case: some often, some never."""
    weights = {name: weight * choose.choice((0, 1, 1, 2)) for name, weight in _USUAL.items()}
    for name in choose.sample(list(weights), 2):
        weights[name] = weights[name] * 4 + 4
    return weights


def _ending(p: Program) -> None:
    choose = p.choose
    if choose.random() < 0.7:
        for place in range(min(p.height, 4)):
            p.push(32 * place)
            p.op("MSTORE")
    roll = choose.random()
    if roll < 0.35:
        p.push(choose.choice((0, 32, 64, 128, 128)))
        p.push(choose.choice((0, 0, 0, 7)))
        p.op("RETURN")
    elif roll < 0.5:
        p.size()
        p.offset()
        p.op(choose.choice(("RETURN", "REVERT", "REVERT")))
    elif roll < 0.62:
        p.op("STOP")
    elif roll < 0.72:
        p.address()
        p.op("SELFDESTRUCT")
    elif roll < 0.77:
        p.code.append(choose.choice((CODES["INVALID"], *UNDEFINED)))
    elif roll < 0.82:  # A push whose data the code does not have.
        p.code.append(choose.randint(CODES["PUSH1"], CODES["PUSH32"]))
        p.code += choose.randbytes(choose.randrange(2))
    elif roll < 0.85:
        p.operand()
        p.op("JUMP")
    # Otherwise it runs off the end, or into what is appended.


def program(choose: Random, scene: Scene) -> bytes:
    """Return the code of a contract."""
    p = Program(choose, scene)
    p.write(choose.choice((1, 3, 5, 8, 8, 12, 20)))
    _ending(p)
    return p.finished()


def writer(choose: Random, scene: Scene) -> bytes:
    """Return code that at once does what a static frame forbids, or nearly."""
    p = Program(choose, scene)
    if choose.random() < 0.3:
        p.write(1)
    kinds = ["SSTORE", "LOG0", "LOG1", "LOG2", "LOG3", "LOG4", "CREATE", "CREATE2"]
    kinds += ["SELFDESTRUCT", "CALL", "CALLCODE"]
    kinds += ["TSTORE"] if scene.fork.since(CANCUN) else []
    kind = choose.choice(kinds)
    if kind in ("CALL", "CALLCODE"):
        for _ in range(4):
            p.push(0)
        p.push(choose.choice((0, 1)))
        p.address()
        p.op("GAS")
    else:
        for _ in range(_POPS_FOR_NONE.get(kind, _POPS_FOR_ONE.get(kind, 0))):
            p.push(choose.choice((0, 0, 1, 32)))
    p.op(kind)
    _ending(p)
    return p.finished()


def recursive(choose: Random, scene: Scene) -> bytes:
    """Return code that calls or creates itself as deep as it can."""
    p = Program(choose, scene)
    kind = choose.choice((*CALLS, "CREATE", "CREATE2"))
    if kind in ("CREATE", "CREATE2"):
        p.op("CODESIZE")
        p.push(0)
        p.push(0)
        p.op("CODECOPY")
        if kind == "CREATE2":
            p.push(0)
        p.op("CODESIZE")
        p.push(0)
        p.push(0)
        p.op(kind)
    else:
        for _ in range(4):
            p.push(choose.choice((0, 0, 32)))
        if kind in ("CALL", "CALLCODE"):
            p.push(choose.choice((0, 0, 1)))
        p.op("ADDRESS", "GAS", kind)
    if kind != "STATICCALL":
        p.slot()
        p.op("SSTORE")
    if choose.random() < 0.5:
        _ending(p)
    return p.finished()


def journal(choose: Random, scene: Scene) -> bytes:
    """Return code that writes, calls, may revert, and reads everything back.

    Each call hands down a byte less of input, so that calls end; what was read is folded into
    one word of memory, which is what the frame answers with.
    """
    p = Program(choose, scene)
    calls = choose.choice((1, 1, 2))
    actions = [_call_again] * calls + choose.choices(
        (_write_word, _read_word, _read_account, _emit, _make), (6, 6, 2, 1, 1), k=12
    )
    choose.shuffle(actions)
    for action in actions:
        action(p)
    p.push(FOLDED)
    p.op("MLOAD", "DUP1")
    p.push(choose.choice((9, 0)))
    p.op("SSTORE", "POP")
    # Some frames fail: which, depends on how deep they are.
    p.op("CALLDATASIZE")
    p.push(choose.choice((1, 2, 3)))
    p.op("AND")
    _skip_unless_zero(p, lambda: _answer(p, "RETURN"))
    _answer(p, choose.choice(("REVERT", "REVERT", "INVALID", "SELFDESTRUCT", "RETURN", "STOP")))
    return p.finished()


FOLDED: Final = 0x200
"""Where in memory what was read is folded together."""


def _answer(p: Program, kind: str) -> None:
    if kind in ("RETURN", "REVERT"):
        p.push(32)
        p.push(FOLDED)
    elif kind == "SELFDESTRUCT":
        p.address()
    p.op(kind)


def _fold(p: Program) -> None:
    p.push(FOLDED)
    p.op("MLOAD")
    p.push(0x10001)
    p.op("MUL", "ADD")
    p.push(FOLDED)
    p.op("MSTORE")


def _skip_unless_zero(p: Program, part: Callable[[], None]) -> None:
    """Write a part that runs only where the top of the stack is zero."""
    p.op("PUSH2")
    position = len(p.code)
    p.code += bytes(2)
    p.op("JUMPI")
    part()
    p.code[position : position + 2] = len(p.code).to_bytes(2, "big")
    p.op("JUMPDEST")


def _write_word(p: Program) -> None:
    p.push(p.choose.choice((0, 1, 2, 3)))
    if p.choose.random() < 0.4:
        p.op("CALLDATASIZE", "ADD")
    p.push(p.choose.choice((0, 1, 2)))
    p.op("TSTORE" if p.scene.fork.since(CANCUN) and p.choose.random() < 0.4 else "SSTORE")


def _read_word(p: Program) -> None:
    p.push(p.choose.choice((0, 1, 2)))
    p.op("TLOAD" if p.scene.fork.since(CANCUN) and p.choose.random() < 0.5 else "SLOAD")
    _fold(p)


def _read_account(p: Program) -> None:
    p.address()
    p.op(p.choose.choice(LOOK_UPS))
    _fold(p)


def _emit(p: Program) -> None:
    p.op("CALLDATASIZE")
    p.push(32)
    p.push(FOLDED)
    p.op("LOG1")


def _make(p: Program) -> None:
    """Create what may be there already, or be destroyed again by the end."""
    _create(p)
    _fold(p)


def _call_again(p: Program) -> None:
    p.op("CALLDATASIZE", "ISZERO")

    def call() -> None:
        kind = p.choose.choice((*CALLS, "CALL", "CALL"))
        p.push(0)
        p.push(0)
        p.push(1)
        p.op("CALLDATASIZE", "SUB")
        p.push(0)
        if kind in ("CALL", "CALLCODE"):
            p.push(p.choose.choice((0, 0, 0, 1)))
        if p.choose.random() < 0.5:
            p.op("ADDRESS")
        else:
            p.push_address(p.choose.choice(p.scene.addresses))
        p.op("GAS")
        p.push(2)
        p.op("SHR", kind)  # A quarter: a frame that fails must not ruin the others.
        _fold(p)
        p.op("RETURNDATASIZE")
        p.push(0)
        p.push(0x100)
        p.op("RETURNDATACOPY")
        p.push(0x100)
        p.op("MLOAD")
        _fold(p)

    _skip_unless_zero(p, call)


def initcode(choose: Random, scene: Scene, level: int = 1) -> bytes:
    """Return code whose output becomes a contract's code, or is refused."""
    p = Program(choose, scene, level)
    roll = choose.random()
    if level < 3 and roll < 0.6:
        p.write(choose.choice((0, 0, 1, 2)))
    if roll < 0.55:
        runtime = Program(choose, scene, level + 1)
        runtime.write(choose.choice((0, 1, 2, 3)))
        _ending(runtime)
        code = runtime.finished()
    elif roll < 0.65:
        code = choose.choice((b"\xef", b"\xef\x01\x00" + choose.choice(scene.addresses), b"\xfe"))
    elif roll < 0.72:
        p.push(choose.choice((0, 1, CODE_SIZE_MAX, CODE_SIZE_MAX, CODE_SIZE_MAX + 1)))
        p.push(0)
        p.op("RETURN")
        return p.finished()
    elif roll < 0.8:
        code = b""
    elif roll < 0.88:
        if choose.random() < 0.6:
            _storage(p)
        p.op("ADDRESS") if choose.random() < 0.3 else p.address()
        p.op("SELFDESTRUCT")
        return p.finished()
    else:
        p.write(choose.choice((1, 2)))
        _ending(p)
        return p.finished()
    _write_input(p, code)
    p.push(len(code))
    p.push(0)
    p.op("RETURN" if choose.random() < 0.92 else "REVERT")
    return p.finished()


def noise(choose: Random) -> bytes:
    """Return bytes that no grammar made; those that are instructions are likelier than others."""
    known = list(OPCODE_NAMES)
    return bytes(
        choose.choice(known) if choose.random() < 0.9 else choose.randrange(256)
        for _ in range(choose.choice((1, 5, 20, 60, 200)))
    )
