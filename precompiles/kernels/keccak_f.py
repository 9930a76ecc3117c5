"""The instructions of Keccak-f[1600] (FIPS 202), on 1, 4 or 8 states at once.

A state is 25 words, lane (x, y) of the standard at 5 y + x. States side by side are 25 rows with a
word for each. Apart from the sponges made of it, so that what needs no sponge compiles none.
"""

from typing import Any

from .jit import emitted, kernel
from .vectors import (
    WORD,
    Value,
    constant,
    entry,
    load,
    repeat,
    rotate_right,
    splat,
    store,
    table,
)

WORDS = 25
ROUNDS = 24


def round_constants() -> list[int]:
    """Return the constants of step iota, from its linear feedback shift register."""
    found = []
    register = 1
    for _ in range(ROUNDS):
        value = 0
        for j in range(7):
            value |= (register & 1) << (1 << j) - 1
            register = register << 1 ^ (0x171 if register & 0x80 else 0)
        found.append(value)
    return found


def rotations() -> list[int]:
    """Return how far steps rho turns each word."""
    found = [0] * WORDS
    x, y = 1, 0
    for t in range(24):
        found[5 * y + x] = (t + 1) * (t + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return found


ROUND_CONSTANTS = round_constants()
ROTATIONS = rotations()


def rotate_left(builder: Any, value: Value, count: int) -> Value:
    """Return every word rotated to its high end."""
    return rotate_right(builder, value, 64 - count) if count else value


def one_round(builder: Any, a: list[Value], iota: Value) -> list[Value]:
    """Return the words after theta, rho, pi, chi and iota."""
    xor = builder.xor
    columns = [
        xor(xor(xor(xor(a[x], a[x + 5]), a[x + 10]), a[x + 15]), a[x + 20]) for x in range(5)
    ]
    turned = [rotate_left(builder, column, 1) for column in columns]
    theta = [xor(columns[x - 1], turned[(x + 1) % 5]) for x in range(5)]
    b = list(a)
    for x in range(5):
        for y in range(5):
            word = xor(a[5 * y + x], theta[x])
            b[5 * ((2 * x + 3 * y) % 5) + y] = rotate_left(builder, word, ROTATIONS[5 * y + x])
    ones = constant(iota.type, (1 << 64) - 1)
    result = [
        xor(
            b[5 * y + x],
            builder.and_(xor(b[5 * y + (x + 1) % 5], ones), b[5 * y + (x + 2) % 5]),
        )
        for y in range(5)
        for x in range(5)
    ]
    result[0] = xor(result[0], iota)
    return result


def emit_permutation(builder: Any, before: Value, after: Value, lanes: int) -> None:
    """Emit the permutation of states at one pointer into those at another."""
    constants = table(builder, "keccak_round_constants", 64, ROUND_CONSTANTS)

    def body(turn: Value, state: list[Value]) -> list[Value]:
        for step in range(2):
            number = builder.add(builder.shl(turn, turn.type(1)), turn.type(step))
            iota = splat(builder, entry(builder, constants, number), lanes)
            state = one_round(builder, state, iota)
        return state

    start = [load(builder, before, row, lanes) for row in range(WORDS)]
    for row, value in enumerate(repeat(builder, ROUNDS // 2, start, body)):
        store(builder, after, row, value)


def emit_permutation_at(builder: Any, address: Value) -> None:
    """Emit the permutation of the state at an address."""
    state = builder.inttoptr(address, WORD.as_pointer())
    emit_permutation(builder, state, state, 1)


permutation_at = emitted("void(uint64)", emit_permutation_at)


@kernel("void(uint64)")
def permute_at(address: int) -> None:
    """Permute one state of 25 words, which stands at a multiple of 8."""
    permutation_at(address)
