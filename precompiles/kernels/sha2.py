"""The compression functions of SHA-256 and SHA-512 (FIPS 180-4) on 8 independent lanes.

A row is 8 words of 64 bits, one a lane. SHA-256 takes its 32-bit words in pairs, the first in the
high half, so that both functions read the same bytes alike: big end first. Knows no padding;
`hashlib` is the twin.
"""

from collections.abc import Callable
from math import isqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from .jit import kernel
from .vectors import (
    Value,
    constant,
    entry,
    instruction,
    load,
    repeat,
    rotate_right,
    splat,
    store,
    table,
    vector,
)

LANES = 8

Rows = npt.NDArray[np.uint64]
Sigma = tuple[int, int, int]
Compressed = Callable[[Any, list[Value], list[Value]], list[Value]]


def primes(count: int) -> list[int]:
    """Return the first primes."""
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found


def cube_root(value: int) -> int:
    """Return the largest integer whose cube is not above `value`, by Newton's method."""
    root = 1 << -(-value.bit_length() // 3)
    while (better := (2 * root + value // root**2) // 3) < root:
        root = better
    return root


def root_fractions(count: int, bits: int) -> list[int]:
    """Return the first bits after the point of the cube roots of the first primes."""
    return [cube_root(prime << 3 * bits) % (1 << bits) for prime in primes(count)]


def initial_state(bits: int) -> tuple[int, ...]:
    """Return the first bits after the point of the square roots of the first eight primes."""
    return tuple(isqrt(prime << 2 * bits) % (1 << bits) for prime in primes(8))


IV_256 = initial_state(32)
IV_512 = initial_state(64)
K_256 = root_fractions(64, 32)
K_512 = root_fractions(80, 64)


def mix(builder: Any, x: Value, sigma: Sigma, *, shift: bool = False) -> Value:
    """Return three rotations of x, the last of them a shift if asked for, added bit by bit."""
    first, second, third = sigma
    last = builder.lshr(x, constant(x.type, third)) if shift else rotate_right(builder, x, third)
    return builder.xor(
        builder.xor(rotate_right(builder, x, first), rotate_right(builder, x, second)), last
    )


def expand(builder: Any, words: list[Value], s0: Sigma, s1: Sigma) -> list[Value]:
    """Return the next 16 words of the message schedule."""
    words = list(words)
    for t in range(16):
        total = builder.add(mix(builder, words[t + 14], s1, shift=True), words[t + 9])
        total = builder.add(total, mix(builder, words[t + 1], s0, shift=True))
        words.append(builder.add(total, words[t]))
    return words[16:]


def rounds(
    builder: Any, state: list[Value], words: list[Value], keys: list[Value], big: tuple[Sigma, ...]
) -> list[Value]:
    """Run 16 rounds."""
    a, b, c, d, e, f, g, h = state
    for word, key in zip(words, keys, strict=True):
        choice = builder.xor(g, builder.and_(e, builder.xor(f, g)))
        majority = builder.or_(builder.and_(a, b), builder.and_(c, builder.or_(a, b)))
        t1 = builder.add(builder.add(h, builder.add(word, key)), mix(builder, e, big[1]))
        t1 = builder.add(t1, choice)
        t2 = builder.add(mix(builder, a, big[0]), majority)
        a, b, c, d, e, f, g, h = builder.add(t1, t2), a, b, c, builder.add(d, t1), e, f, g
    return [a, b, c, d, e, f, g, h]


def compression(
    builder: Any,
    state: list[Value],
    words: list[Value],
    constants: list[int],
    small: tuple[Sigma, Sigma],
    big: tuple[Sigma, Sigma],
) -> list[Value]:
    """Return the state after a block of 16 words."""
    bits = words[0].type.element.width
    keys = table(builder, f"sha2_k{bits}", bits, constants)

    def key(number: Value) -> Value:
        return splat(builder, entry(builder, keys, number), LANES)

    def numbers(first: Value) -> list[Value]:
        return [builder.add(first, first.type(i)) for i in range(16)]

    def body(turn: Value, carried: list[Value]) -> list[Value]:
        first = builder.shl(builder.add(turn, turn.type(1)), turn.type(4))
        following = expand(builder, carried[8:], *small)
        selected = [key(number) for number in numbers(first)]
        return [*rounds(builder, carried[:8], following, selected, big), *following]

    start = [constant(words[0].type, each) for each in constants[:16]]
    begun = rounds(builder, state, words, start, big)
    done = repeat(builder, len(constants) // 16 - 1, [*begun, *words], body)
    return [builder.add(x, y) for x, y in zip(state, done[:8], strict=True)]


def halves(builder: Any, rows: list[Value]) -> list[Value]:
    """Split rows into words of 32 bits, the high half first."""
    kind = vector(32, LANES)
    shift = constant(vector(64, LANES), 32)
    return [builder.trunc(half, kind) for row in rows for half in (builder.lshr(row, shift), row)]


def joined(builder: Any, words: list[Value]) -> list[Value]:
    """Join words of 32 bits to rows."""
    kind = vector(64, LANES)
    wide = [builder.zext(word, kind) for word in words]
    shift = constant(kind, 32)
    return [
        builder.or_(builder.shl(high, shift), low)
        for high, low in zip(wide[::2], wide[1::2], strict=True)
    ]


def compressed_256(builder: Any, state: list[Value], block: list[Value]) -> list[Value]:
    """Return the 4 rows of SHA-256's state after a block of 8 rows."""
    small: tuple[Sigma, Sigma] = ((7, 18, 3), (17, 19, 10))
    big: tuple[Sigma, Sigma] = ((2, 13, 22), (6, 11, 25))
    words = halves(builder, block)
    return joined(builder, compression(builder, halves(builder, state), words, K_256, small, big))


def compressed_512(builder: Any, state: list[Value], block: list[Value]) -> list[Value]:
    """Return the 8 rows of SHA-512's state after a block of 16 rows."""
    small: tuple[Sigma, Sigma] = ((1, 8, 7), (19, 61, 6))
    big: tuple[Sigma, Sigma] = ((28, 34, 39), (14, 18, 41))
    return compression(builder, state, block, K_512, small, big)


def in_place(compressed: Compressed, rows: int) -> Any:
    """Return an instruction that takes a block into a state of that many rows."""

    def emit(builder: Any, state: Value, block: Value) -> None:
        before = [load(builder, state, row, LANES) for row in range(rows)]
        words = [load(builder, block, row, LANES) for row in range(2 * rows)]
        for row, value in enumerate(compressed(builder, before, words)):
            store(builder, state, row, value)

    return instruction(emit)


compression_256 = in_place(compressed_256, 4)
compression_512 = in_place(compressed_512, 8)


@kernel("void(uint64[:, ::1], uint64[:, ::1])")
def compress_256(state: Rows, block: Rows) -> None:
    """Take 8 rows of message into a state of 4 rows."""
    compression_256(state, block)


@kernel("void(uint64[:, ::1], uint64[:, ::1])")
def compress_512(state: Rows, block: Rows) -> None:
    """Take 16 rows of message into a state of 8 rows."""
    compression_512(state, block)
