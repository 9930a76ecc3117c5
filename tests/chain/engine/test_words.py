"""256-bit arithmetic and raw memory for kernels, against Python's integers."""

import random
from collections.abc import Callable, Iterator
from itertools import product

import numpy as np
import numpy.typing as npt
import pytest

from chain.engine import memory, words
from precompiles.kernels.jit import kernel

Rows = npt.NDArray[np.uint64]

RADIX = 1 << 256
ONES = RADIX - 1
STEP = np.uint64(32)


def signed(x: int) -> int:
    return x - RADIX if x >> 255 else x


def sign_extended(k: int, x: int) -> int:
    bits = 8 * (k + 1)
    if k > 30:
        return x
    low = x & ((1 << bits) - 1)
    return low | ONES >> bits << bits if low >> (bits - 1) else low


TWINS: dict[str, Callable[..., int]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "lt": lambda a, b: a < b,
    "gt": lambda a, b: a > b,
    "slt": lambda a, b: signed(a) < signed(b),
    "sgt": lambda a, b: signed(a) > signed(b),
    "eq": lambda a, b: a == b,
    "and_": lambda a, b: a & b,
    "or_": lambda a, b: a | b,
    "xor": lambda a, b: a ^ b,
    "byte": lambda a, b: b.to_bytes(32)[a] if a < 32 else 0,
    "shl": lambda a, b: b << a if a < 256 else 0,
    "shr": lambda a, b: b >> a if a < 256 else 0,
    "sar": lambda a, b: signed(b) >> min(a, 256),
    "signextend": sign_extended,
    "iszero": lambda a: a == 0,
    "not_": lambda a: ~a,
    "clz": lambda a: 256 - a.bit_length(),
    "bit_length": lambda a: a.bit_length(),
}
NAMES = list(TWINS)


@kernel("void(int64, uint64, uint64, uint64, uint64)")
def compute_simple(operation: int, out: int, a: int, b: int, count: int) -> None:
    for _ in range(count):
        if operation == 0:
            words.add(out, a, b)
        elif operation == 1:
            words.sub(out, a, b)
        elif operation == 2:
            words.mul(out, a, b)
        elif operation == 3:
            words.lt(out, a, b)
        elif operation == 4:
            words.gt(out, a, b)
        elif operation == 5:
            words.slt(out, a, b)
        elif operation == 6:
            words.sgt(out, a, b)
        elif operation == 7:
            words.eq(out, a, b)
        elif operation == 8:
            words.and_(out, a, b)
        elif operation == 9:
            words.or_(out, a, b)
        elif operation == 10:
            words.xor(out, a, b)
        elif operation == 11:
            words.byte(out, a, b)
        elif operation == 12:
            words.shl(out, a, b)
        elif operation == 13:
            words.shr(out, a, b)
        elif operation == 14:
            words.sar(out, a, b)
        elif operation == 15:
            words.signextend(out, a, b)
        elif operation == 16:
            words.iszero(out, a)
        elif operation == 17:
            words.not_(out, a)
        elif operation == 18:
            words.clz(out, a)
        else:
            memory.set_word(out, words.bit_length(a))
        out += STEP
        a += STEP
        b += STEP


def packed(values: list[int]) -> Rows:
    joined = b"".join(value.to_bytes(32, "little") for value in values)
    return np.frombuffer(bytearray(joined), np.uint64).reshape(-1, 4)


def unpacked(rows: Rows) -> list[int]:
    joined = rows.tobytes()
    return [int.from_bytes(joined[i : i + 32], "little") for i in range(0, len(joined), 32)]


def edges() -> list[int]:
    """Every boundary of a limb and of a sign, with its neighbours and their complements."""
    powers = [
        1 << bit for bit in (0, 3, 5, 7, 8, 15, 31, 63, 64, 127, 128, 191, 192, 247, 248, 255)
    ]
    near = {power + step for power in powers for step in (-1, 0, 1)} | {30, 31, 32, 33, 256, 257}
    limbs = {
        sum(((1 << 64) - 1) << 64 * i for i in range(4) if mask >> i & 1) for mask in range(16)
    }
    found = near | limbs | {0x80 << 8 * i for i in range(32)}
    return sorted(
        found | {ONES - value for value in found} | {RADIX - value for value in near if value}
    )


def random_words(count: int, seed: int) -> list[int]:
    """Words whose limbs are often extreme, or nothing."""
    choose = random.Random(seed)
    limbs = [0, 0, 1, 2, (1 << 63) - 1, 1 << 63, (1 << 63) + 1, (1 << 64) - 2, (1 << 64) - 1]

    def limb() -> int:
        return choose.choice(limbs) if choose.random() < 0.6 else choose.getrandbits(64)

    return [sum(limb() << 64 * i for i in range(choose.randint(1, 4))) for _ in range(count)]


def small(count: int, seed: int) -> list[int]:
    choose = random.Random(seed)
    return [choose.randrange(300) for _ in range(count)]


def cases() -> Iterator[tuple[list[int], list[int]]]:
    pairs = list(product(edges(), edges()))
    yield [a for a, _ in pairs], [b for _, b in pairs]
    yield random_words(20_000, 1), random_words(20_000, 2)
    yield small(10_000, 3), random_words(10_000, 4)


@pytest.mark.parametrize("name", NAMES)
def test_against_integers(name: str) -> None:
    twin = TWINS[name]
    arity = twin.__code__.co_argcount
    for values in cases():
        a, b = (packed(column) for column in values)
        out = np.empty_like(a)
        compute_simple(NAMES.index(name), out.ctypes.data, a.ctypes.data, b.ctypes.data, len(a))
        got = unpacked(out)
        for given, found in zip(zip(*values, strict=True), got, strict=True):
            expected = twin(*given[:arity]) % RADIX
            assert found == expected, (name, [hex(value) for value in given])
