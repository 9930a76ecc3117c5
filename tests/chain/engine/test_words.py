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


def truncated(a: int, b: int) -> int:
    return abs(a) // abs(b) * (-1 if (a < 0) != (b < 0) else 1)


DIVIDING: dict[str, Callable[..., int]] = {
    "div": lambda a, b: a // b if b else 0,
    "mod": lambda a, b: a % b if b else 0,
    "sdiv": lambda a, b: truncated(signed(a), signed(b)) if b else 0,
    "smod": lambda a, b: signed(a) - truncated(signed(a), signed(b)) * signed(b) if b else 0,
    "exp": lambda a, b: pow(a, b, RADIX),
    "addmod": lambda a, b, c: (a + b) % c if c else 0,
    "mulmod": lambda a, b, c: a * b % c if c else 0,
}
KERNELS = list(DIVIDING)


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


@kernel("void(int64, uint64, uint64, uint64, uint64, uint64)")
def compute_dividing(operation: int, out: int, a: int, b: int, c: int, count: int) -> None:
    for _ in range(count):
        if operation == 0:
            words.div(out, a, b)
        elif operation == 1:
            words.mod(out, a, b)
        elif operation == 2:
            words.sdiv(out, a, b)
        elif operation == 3:
            words.smod(out, a, b)
        elif operation == 4:
            words.exp(out, a, b)
        elif operation == 5:
            words.addmod(out, a, b, c)
        else:
            words.mulmod(out, a, b, c)
        out += STEP
        a += STEP
        b += STEP
        c += STEP


def check_dividing(name: str, *columns: list[int]) -> None:
    twin = DIVIDING[name]
    rows = [packed(column) for column in columns]
    out = np.empty_like(rows[0])
    addresses = [row.ctypes.data for row in (out, *rows)]
    compute_dividing(KERNELS.index(name), *addresses, *[0] * (4 - len(addresses)), len(out))
    arity = twin.__code__.co_argcount
    for given, found in zip(zip(*columns, strict=True), unpacked(out), strict=True):
        expected = twin(*given[:arity]) % RADIX
        assert found == expected, (name, [hex(value) for value in given])


def corrections(count: int) -> Iterator[tuple[int, int, int]]:
    """A limb, a number and a divisor whose quotient is estimated one too large, or greatest.

    The upper limbs of the divisor divide the number, so the estimate leaves no remainder from
    which the product with the lower limbs could be taken.
    """
    choose = random.Random(6)
    for _ in range(count):
        size = choose.choice((129, 160, 191, 192, 193, 200, 250, 255, 256))
        divisor = choose.getrandbits(size) | 1 << (size - 1) | ONES >> choose.randrange(128, 256)
        kept = (size - 1) // 64 * 64 + size % 64 - choose.choice((64, 128, 127, 65))
        upper = divisor >> (size - kept) << (size - kept) if kept > 0 else 1 << (size - 1)
        limb = (1 << 64) - 1 - choose.choice((0, 0, 1, choose.getrandbits(63)))
        yield limb, upper, divisor


@pytest.mark.parametrize("name", ["div", "mod", "sdiv", "smod"])
def test_division_against_integers(name: str) -> None:
    for a, b in cases():
        check_dividing(name, a, b)
        check_dividing(name, b, a)


def test_powers_against_integers() -> None:
    for a, b in cases():
        check_dividing("exp", a[::7], b[::7])
    bases = [base for base in (2, 3, 10, 256, 2**64, 2**128 + 1) for _ in range(300)]
    check_dividing("exp", bases, list(range(300)) * 6)


@pytest.mark.parametrize("name", ["div", "mod"])
def test_quotients_that_are_estimated_too_large(name: str) -> None:
    near = [
        (min(limb * upper + step, ONES), divisor)
        for limb, upper, divisor in corrections(20_000)
        for step in (0, 1)
    ]
    exact = [
        (min(limb * divisor + step, ONES), divisor)
        for limb, _, divisor in corrections(20_000)
        for step in (-1, 0, divisor - 1)
    ]
    for pairs in (near, exact):
        check_dividing(name, [a for a, _ in pairs], [b for _, b in pairs])


@pytest.mark.parametrize("name", ["addmod", "mulmod"])
def test_modular_arithmetic_against_integers(name: str) -> None:
    few = [
        value for value in edges() if value.bit_count() in (0, 1, 2, 64, 128, 192, 254, 255, 256)
    ]
    triples = list(product(few[::3], few[::3], few[::2]))
    assert len(triples) > 10_000
    check_dividing(name, *(list(column) for column in zip(*triples, strict=True)))
    seeds = range(10, 13)
    check_dividing(name, *(random_words(40_000, seed) for seed in seeds))
    check_dividing(name, *(list(column) for column in zip(*corrections(40_000), strict=True)))
    a, b = random_words(10_000, 14), [*random_words(5_000, 15), *edges()]
    check_dividing(name, a[: len(b)], b, [ONES] * len(b))
    below = [(a % c, b % c, c) for a, b, c in triples if c]
    check_dividing(name, *(list(column) for column in zip(*below, strict=True)))
    last = [(c - 1, c - 1 - i, c) for c in edges() if c > 3 for i in range(3)]
    check_dividing(name, *(list(column) for column in zip(*last, strict=True)))


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_result_may_take_the_place_of_an_operand(place: int) -> None:
    columns = [random_words(2_000, 20 + i) for i in range(3)]
    for names, compute in ((NAMES, compute_simple), (KERNELS, compute_dividing)):
        for name in names:
            operation = names.index(name)
            twin = {**TWINS, **DIVIDING}[name]
            if place >= (arity := twin.__code__.co_argcount):
                continue
            rows = [packed(column) for column in columns[: 3 if names is KERNELS else 2]]
            compute(operation, *(row.ctypes.data for row in (rows[place], *rows)), 2_000)
            expected = [twin(*given[:arity]) % RADIX for given in zip(*columns, strict=True)]
            assert unpacked(rows[place]) == expected, name


def test_one_word_for_all() -> None:
    values = random_words(500, 30) + edges()
    for name in ("div", "mod", "sdiv", "smod", "exp", "addmod", "mulmod"):
        arity = DIVIDING[name].__code__.co_argcount
        rows = packed(values)
        compute_dividing(KERNELS.index(name), *[rows.ctypes.data] * 4, len(values))
        expected = [DIVIDING[name](*[value] * arity) % RADIX for value in values]
        assert unpacked(rows) == expected, name
