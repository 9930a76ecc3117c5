"""Division of long numbers at addresses by 256-bit words, for kernels.

Limbs of 64 bits, lowest first. No processor that we compile for divides 128 bits by 64 in a way
that LLVM would use, so quotients are estimated with a reciprocal: Niels Moller and Torbjorn
Granlund, "Improved division by invariant integers", 2011, whose numbers of algorithms are given.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from precompiles.kernels.jit import emitted, kernel

from .memory import (
    FLAG,
    FUNNEL,
    LIMB,
    PAIR,
    WORD,
    Number,
    Value,
    copy_word,
    joined,
    load64,
    load_limbs,
    load_word,
    set_word,
    split,
    store64,
    store_limbs,
)

NONE = np.uint64(0)
ONE = np.uint64(1)
TWO = np.uint64(2)
THREE = np.uint64(3)
FOUR = np.uint64(4)
EIGHT = np.uint64(8)
"""Also the bytes of a limb. Numba makes other types of bare numbers."""
MANY = np.uint64((1 << 64) - 1)

STEEP = np.array([((1 << 19) - 3 * (1 << 8)) // high for high in range(256, 512)], np.uint64)
"""The first 11 bits of a reciprocal, by the first 9 bits of the number."""
STEEP_FIRST = np.uint64(256)
STEEP_SHIFT = np.uint64(55)


def scratch(limbs: int) -> Any:
    """Return a function for kernels that gives the address of so many limbs of their own."""

    def emit(builder: Any) -> Value:
        with builder.goto_entry_block():
            place = builder.alloca(LIMB, LIMB(limbs))
        return builder.ptrtoint(place, LIMB)

    return emitted("uint64()", emit)


def high(builder: Any, pair: Value) -> Value:
    """Return the high limb of two."""
    return builder.trunc(builder.lshr(pair, PAIR(64)), LIMB)


def times(builder: Any, a: Value, b: Value) -> Value:
    """Return the product of two limbs: a pair."""
    return builder.mul(builder.zext(a, PAIR), builder.zext(b, PAIR))


def paired(builder: Any, upper: Value, lower: Value) -> Value:
    """Return two limbs as one number."""
    return joined(builder, [lower, upper], PAIR)


def less(builder: Any, number: Value, flag: Value) -> Value:
    """Return a number less one where the flag is set."""
    return builder.sub(number, builder.zext(flag, number.type))


def emit_reciprocal(builder: Any, d: Value, v0: Value) -> Value:
    """Emit algorithm 3 from its second step on. d has its highest bit set."""
    one = LIMB(1)
    low_bit = builder.and_(d, one)
    d40 = builder.add(builder.lshr(d, LIMB(24)), one)
    d63 = builder.add(builder.lshr(d, one), low_bit)
    square = builder.lshr(builder.mul(builder.mul(v0, v0), d40), LIMB(40))
    v1 = builder.sub(builder.sub(builder.shl(v0, LIMB(11)), square), one)
    error = builder.sub(LIMB(1 << 60), builder.mul(v1, d40))
    v2 = builder.add(builder.shl(v1, LIMB(13)), builder.lshr(builder.mul(v1, error), LIMB(47)))
    half = builder.and_(builder.lshr(v2, one), builder.neg(low_bit))
    error = builder.sub(half, builder.mul(v2, d63))
    correction = builder.lshr(high(builder, times(builder, v2, error)), one)
    v3 = builder.add(builder.shl(v2, LIMB(31)), correction)
    product = builder.add(times(builder, v3, d), builder.zext(d, PAIR))
    return builder.sub(builder.sub(v3, high(builder, product)), d)


def emit_reciprocal_of_two(builder: Any, d1: Value, d0: Value, v: Value) -> Value:
    """Emit algorithm 6: of two limbs, from the reciprocal v of the higher one."""
    p = builder.add(builder.mul(d1, v), d0)
    over = builder.icmp_unsigned("<", p, d0)
    twice = builder.and_(over, builder.icmp_unsigned(">=", p, d1))
    v = less(builder, less(builder, v, over), twice)
    p = builder.sub(p, builder.select(over, d1, LIMB(0)))
    p = builder.sub(p, builder.select(twice, d1, LIMB(0)))
    product = times(builder, v, d0)
    p = builder.add(p, high(builder, product))
    over = builder.icmp_unsigned("<", p, high(builder, product))
    rest = paired(builder, p, builder.trunc(product, LIMB))
    twice = builder.icmp_unsigned(">=", rest, paired(builder, d1, d0))
    return less(builder, less(builder, v, over), builder.and_(over, twice))


def emit_two_by_one(builder: Any, u1: Value, u0: Value, d: Value, v: Value) -> list[Value]:
    """Emit algorithm 4: quotient and remainder of two limbs by one; u1 is below d."""
    q = builder.add(times(builder, v, u1), paired(builder, u1, u0))
    guess = builder.add(high(builder, q), LIMB(1))
    r = builder.sub(u0, builder.mul(guess, d))
    over = builder.icmp_unsigned(">", r, builder.trunc(q, LIMB))
    guess = less(builder, guess, over)
    r = builder.add(r, builder.select(over, d, LIMB(0)))
    under = builder.icmp_unsigned(">=", r, d)
    guess = builder.add(guess, builder.zext(under, LIMB))
    return [guess, builder.sub(r, builder.select(under, d, LIMB(0)))]


def three_by_two(builder: Any, u: Sequence[Value], d: Sequence[Value], v: Value) -> list[Value]:
    """Return algorithm 5: quotient limb and remainder pair; limbs come highest first.

    The first two limbs of u are below d.
    """
    q = builder.add(times(builder, v, u[0]), paired(builder, u[0], u[1]))
    guess = high(builder, q)
    first = builder.sub(u[1], builder.mul(guess, d[0]))
    divisor = paired(builder, d[0], d[1])
    r = builder.sub(paired(builder, first, u[2]), times(builder, d[1], guess))
    r = builder.sub(r, divisor)
    over = builder.icmp_unsigned(">=", high(builder, r), builder.trunc(q, LIMB))
    guess = less(builder, builder.add(guess, LIMB(1)), over)
    r = builder.add(r, builder.select(over, divisor, PAIR(0)))
    under = builder.icmp_unsigned(">=", r, divisor)
    guess = builder.add(guess, builder.zext(under, LIMB))
    return [guess, builder.sub(r, builder.select(under, divisor, PAIR(0)))]


def emit_three_by_two(
    builder: Any, u2: Value, u1: Value, u0: Value, d1: Value, d0: Value, v: Value
) -> list[Value]:
    """Emit a quotient limb and two limbs of the remainder, the higher first."""
    q, r = three_by_two(builder, [u2, u1, u0], [d1, d0], v)
    return [q, high(builder, r), builder.trunc(r, LIMB)]


def emit_step(builder: Any, u: Value, d: Value, v: Value) -> list[Value]:
    """Emit a step of the long division of five limbs at u by four at d.

    The remainder stays in the four lower limbs at u. With the quotient limb comes whether that is
    one too many: then the remainder is negative, and the divisor has to be added to it.
    """
    upper = load_limbs(builder, builder.add(u, LIMB(8)))
    lowest = load_limbs(builder, u)[:2]
    divisor = load_limbs(builder, d)
    q, r = three_by_two(builder, upper[:0:-1], divisor[:1:-1], v)
    rest = joined(builder, [*lowest, builder.trunc(r, LIMB), high(builder, r)], WORD)
    row = times(builder, q, divisor[0])
    carried = builder.add(times(builder, q, divisor[1]), builder.zext(high(builder, row), PAIR))
    parts = [builder.trunc(row, LIMB), builder.trunc(carried, LIMB), high(builder, carried)]
    product = joined(builder, parts, WORD)
    store_limbs(builder, u, split(builder, builder.sub(rest, product)))
    return [q, builder.zext(builder.icmp_unsigned("<", rest, product), LIMB)]


def emit_greatest_step(builder: Any, u: Value, d: Value) -> None:
    """Emit the step of the greatest quotient limb: u - (2**64 - 1) d, as (u + d) - 2**64 d."""
    divisor = load_word(builder, d)
    rest = builder.add(load_word(builder, u), divisor)
    rest = builder.sub(rest, builder.shl(divisor, WORD(64)))
    store_limbs(builder, u, split(builder, rest))


def emit_add_back(builder: Any, u: Value, d: Value) -> None:
    """Emit the sum of remainder and divisor."""
    rest = builder.add(load_word(builder, u), load_word(builder, d))
    store_limbs(builder, u, split(builder, rest))


def funnel(direction: str) -> Any:
    """Return a function for kernels that shifts two limbs, of which one is kept."""

    def emit(builder: Any, upper: Value, lower: Value, count: Value) -> Value:
        found = builder.module.declare_intrinsic(f"llvm.fsh{direction}", [LIMB], FUNNEL)
        return builder.call(found, [upper, lower, count])

    return emitted("uint64(uint64, uint64, uint64)", emit)


reciprocal_from: Any = emitted("uint64(uint64, uint64)", emit_reciprocal)
reciprocal_of_two: Any = emitted("uint64(uint64, uint64, uint64)", emit_reciprocal_of_two)
divide_two_by_one: Any = emitted(
    "UniTuple(uint64, 2)(uint64, uint64, uint64, uint64)", emit_two_by_one
)
divide_three_by_two: Any = emitted(
    "UniTuple(uint64, 3)(uint64, uint64, uint64, uint64, uint64, uint64)", emit_three_by_two
)
step: Any = emitted("UniTuple(uint64, 2)(uint64, uint64, uint64)", emit_step)
greatest_step: Any = emitted("void(uint64, uint64)", emit_greatest_step)
add_back: Any = emitted("void(uint64, uint64)", emit_add_back)
upper_left = funnel("l")
"""The upper of two limbs, shifted to the left by less than 64, filled from the lower."""

lower_right = funnel("r")
"""The lower of two limbs, shifted to the right by less than 64, filled from the upper."""

leading_zeros: Any = emitted("uint64(uint64)", lambda builder, limb: builder.ctlz(limb, FLAG(0)))

divisor_scratch = scratch(4)
number_scratch = scratch(11)


@kernel("uint64(uint64, uint64)")
def length(a: Number, size: Number) -> Number:
    """Return how many of a number's limbs are left when those that lead with zeros are cut."""
    while size > NONE and load64(a + EIGHT * (size - ONE)) == NONE:
        size -= ONE
    return size


@kernel("uint64(uint64)")
def reciprocal(d: Number) -> Number:
    """Return (2**128 - 1) // d - 2**64. d has its highest bit set."""
    return reciprocal_from(d, STEEP[(d >> STEEP_SHIFT) - STEEP_FIRST])


@kernel("uint64(uint64, uint64, uint64, uint64)")
def divide_by_one(quotient: Number, a: Number, size: Number, d: Number) -> Number:
    """Write as many limbs of the quotient by a limb; return the remainder."""
    shift = leading_zeros(d)
    d <<= shift
    v = reciprocal(d)
    i = size - ONE
    limb = load64(a + EIGHT * i)
    rest = upper_left(NONE, limb, shift)
    while i > NONE:
        i -= ONE
        lower = load64(a + EIGHT * i)
        q, rest = divide_two_by_one(rest, upper_left(limb, lower, shift), d, v)
        store64(quotient + EIGHT * (i + ONE), q)
        limb = lower
    q, rest = divide_two_by_one(rest, limb << shift, d, v)
    store64(quotient, q)
    return rest >> shift


@kernel("void(uint64, uint64, uint64, uint64, uint64)")
def divide_by_two(quotient: Number, remainder: Number, a: Number, size: Number, b: Number) -> None:
    """Write one limb less of the quotient by two limbs, and the remainder."""
    shift = leading_zeros(load64(b + EIGHT))
    d1 = upper_left(load64(b + EIGHT), load64(b), shift)
    d0 = load64(b) << shift
    v = reciprocal_of_two(d1, d0, reciprocal(d1))
    i = size - TWO
    upper = load64(a + EIGHT * (size - ONE))
    limb = load64(a + EIGHT * i)
    r1 = upper_left(NONE, upper, shift)
    r0 = upper_left(upper, limb, shift)
    while i > NONE:
        i -= ONE
        lower = load64(a + EIGHT * i)
        u = upper_left(limb, lower, shift)
        q, r1, r0 = divide_three_by_two(r1, r0, u, d1, d0, v)
        store64(quotient + EIGHT * (i + ONE), q)
        limb = lower
    q, r1, r0 = divide_three_by_two(r1, r0, limb << shift, d1, d0, v)
    store64(quotient, q)
    set_word(remainder, lower_right(r1, r0, shift))
    store64(remainder + EIGHT, r1 >> shift)


@kernel("void(uint64, uint64, uint64, uint64, uint64, uint64)")
def divide_by_more(
    quotient: Number, remainder: Number, a: Number, size: Number, b: Number, size_b: Number
) -> None:
    """Write the quotient by three or four limbs, and the remainder: D. E. Knuth's algorithm D.

    Both numbers are shifted until the divisor's highest bit is that of a word.
    """
    shift = leading_zeros(load64(b + EIGHT * (size_b - ONE)))
    missing = EIGHT * (FOUR - size_b)
    d = divisor_scratch()
    u = number_scratch()
    store64(d, NONE)
    store64(u, NONE)
    upper = NONE
    i = size_b
    while i > NONE:
        i -= ONE
        lower = load64(b + EIGHT * i)
        if i < size_b - ONE:
            store64(d + EIGHT * i + EIGHT + missing, upper_left(upper, lower, shift))
        upper = lower
    store64(d + missing, upper << shift)
    upper = NONE
    i = size
    while i > NONE:
        i -= ONE
        lower = load64(a + EIGHT * i)
        store64(u + EIGHT * i + EIGHT + missing, upper_left(upper, lower, shift))
        upper = lower
    store64(u + missing, upper << shift)
    d3 = load64(d + EIGHT * THREE)
    d2 = load64(d + EIGHT * TWO)
    v = reciprocal_of_two(d3, d2, reciprocal(d3))
    i = size - size_b + ONE
    while i > NONE:
        i -= ONE
        window = u + EIGHT * i
        if load64(window + EIGHT * FOUR) == d3 and load64(window + EIGHT * THREE) == d2:
            q = MANY
            greatest_step(window, d)
        else:
            q, negative = step(window, d, v)
            if negative:
                q -= ONE
                add_back(window, d)
        store64(quotient + EIGHT * i, q)
    store64(u + EIGHT * FOUR, NONE)
    store64(u + EIGHT * FOUR + EIGHT, NONE)
    for i in range(FOUR):
        place = u + missing + EIGHT * i
        store64(remainder + EIGHT * i, lower_right(load64(place + EIGHT), load64(place), shift))


@kernel("void(uint64, uint64, uint64, uint64, uint64)")
def divide(quotient: Number, remainder: Number, a: Number, size: Number, b: Number) -> None:
    """Divide a number of `size` limbs, at least four and at most eight, by a word above 0.

    The remainder is a word and may take the place of a or b; the quotient may not. Only those
    limbs of the quotient are written that can be above 0.
    """
    size = length(a, size)
    size_b = length(b, FOUR)
    if size < size_b:
        copy_word(remainder, a)
    elif size_b == ONE:
        set_word(remainder, divide_by_one(quotient, a, size, load64(b)))
    elif size_b == TWO:
        divide_by_two(quotient, remainder, a, size, b)
    else:
        divide_by_more(quotient, remainder, a, size, b, size_b)
