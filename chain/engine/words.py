"""The EVM's arithmetic on 256-bit words at addresses, for kernels.

Each function has the name of an opcode and computes what that defines, of words at the addresses
a (top of the stack), b (second) and c (third), into `out`, which may be one of them. Simple ones
become part of the kernel that calls them; what divides is a kernel. Knows no gas and no stack.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from precompiles.kernels.jit import emitted, kernel

from .division import EIGHT, FOUR, NONE, ONE, divide, scratch
from .memory import (
    BYTE,
    FLAG,
    FUNNEL,
    LIMB,
    LIMB_BYTES,
    LIMBS,
    PAIR,
    Number,
    Value,
    all_zero,
    clear_word,
    copy_word,
    emit_is_zero,
    emit_same_word,
    fits64,
    is_zero,
    load,
    load64,
    load_limbs,
    load_word,
    set_word,
    shifted_right,
    store64,
    store_limbs,
    store_word,
)

ONES = (1 << 64) - 1
FIVE = np.uint64(5)
SIX = np.uint64(6)
LOWEST = np.uint64(63)

Unary = Callable[[Number, Number], None]
Binary = Callable[[Number, Number, Number], None]


def unary(emit: Callable[..., None]) -> Unary:
    """Return an instruction on one word."""
    return emitted("void(uint64, uint64)", emit)


def binary(emit: Callable[..., None]) -> Binary:
    """Return an instruction on two words."""
    return emitted("void(uint64, uint64, uint64)", emit)


# --- Sums and products ------------------------------------------------------------------------


def whole(operation: str) -> Binary:
    """Return what LLVM itself can do with 256-bit integers."""

    def emit(builder: Any, out: Value, a: Value, b: Value) -> None:
        operate = getattr(builder, operation)
        store_word(builder, out, operate(load_word(builder, a), load_word(builder, b)))

    return binary(emit)


def product(builder: Any, a: Sequence[Value], b: Sequence[Value], size: int) -> list[Value]:
    """Return the lowest limbs of a product, row by row: LLVM's own needs twice the time."""
    total = [LIMB(0)] * size
    for j in range(LIMBS):
        carry = PAIR(0)
        for i in range(min(LIMBS, size - j)):
            term = builder.mul(builder.zext(a[i], PAIR), builder.zext(b[j], PAIR))
            term = builder.add(term, builder.zext(total[i + j], PAIR))
            term = builder.add(term, carry)
            total[i + j] = builder.trunc(term, LIMB)
            carry = builder.lshr(term, PAIR(64))
        if j + LIMBS < size:
            total[j + LIMBS] = builder.trunc(carry, LIMB)
    return total


def emit_mul(builder: Any, out: Value, a: Value, b: Value) -> None:
    """Emit a product."""
    limbs = product(builder, load_limbs(builder, a), load_limbs(builder, b), LIMBS)
    store_limbs(builder, out, limbs)


add = whole("add")
sub = whole("sub")
mul = binary(emit_mul)


# --- Comparisons ------------------------------------------------------------------------------


def store_flag(builder: Any, out: Value, flag: Value) -> None:
    """Write 0 or 1 as a word."""
    store_limbs(builder, out, [builder.zext(flag, LIMB), *[LIMB(0)] * (LIMBS - 1)])


def comparison(operator: str, signed: bool) -> Binary:
    """Return a comparison of two words."""

    def emit(builder: Any, out: Value, a: Value, b: Value) -> None:
        compare = builder.icmp_signed if signed else builder.icmp_unsigned
        flag = compare(operator, load_word(builder, a), load_word(builder, b))
        store_flag(builder, out, flag)

    return binary(emit)


def emit_eq(builder: Any, out: Value, a: Value, b: Value) -> None:
    """Emit a comparison."""
    store_flag(builder, out, emit_same_word(builder, a, b))


def emit_iszero(builder: Any, out: Value, a: Value) -> None:
    """Emit a comparison with zero."""
    store_flag(builder, out, emit_is_zero(builder, a))


lt = comparison("<", False)
gt = comparison(">", False)
slt = comparison("<", True)
sgt = comparison(">", True)
eq = binary(emit_eq)
iszero = unary(emit_iszero)


# --- Bits -------------------------------------------------------------------------------------


def limbwise(operation: str) -> Binary:
    """Return a logical operation."""

    def emit(builder: Any, out: Value, a: Value, b: Value) -> None:
        operate = getattr(builder, operation)
        pairs = zip(load_limbs(builder, a), load_limbs(builder, b), strict=True)
        store_limbs(builder, out, [operate(x, y) for x, y in pairs])

    return binary(emit)


def emit_not(builder: Any, out: Value, a: Value) -> None:
    """Emit the complement."""
    limbs = load_limbs(builder, a)
    store_limbs(builder, out, [builder.xor(limb, LIMB(ONES)) for limb in limbs])


def is_below(builder: Any, limbs: Sequence[Value], bound: int) -> Value:
    """Return the flag whether a word is below a bound of one limb."""
    small = builder.icmp_unsigned("<", limbs[0], LIMB(bound))
    return builder.and_(all_zero(builder, limbs[1:]), small)


def shifted_left(builder: Any, limbs: Sequence[Value], count: Value) -> list[Value]:
    """Return a word shifted by less than 256 bits; how, is told at `shifted_right`."""
    for step in (2, 1):
        bit = builder.and_(count, LIMB(64 * step))
        chosen = builder.icmp_unsigned("!=", bit, LIMB(0))
        moved = [*[LIMB(0)] * step, *limbs[:-step]]
        limbs = [builder.select(chosen, new, old) for new, old in zip(moved, limbs, strict=True)]
    funnel = builder.module.declare_intrinsic("llvm.fshl", [LIMB], FUNNEL)
    below = [LIMB(0), *limbs[:-1]]
    return [
        builder.call(funnel, [high, low, count]) for high, low in zip(limbs, below, strict=True)
    ]


def emit_shl(builder: Any, out: Value, a: Value, b: Value) -> None:
    """Emit a shift to the left."""
    count, limbs = load_limbs(builder, a), load_limbs(builder, b)
    fits = is_below(builder, count, 256)
    shifted = shifted_left(builder, limbs, count[0])
    store_limbs(builder, out, [builder.select(fits, limb, LIMB(0)) for limb in shifted])


def shift_right(arithmetic: bool) -> Binary:
    """Return a shift to the right."""

    def emit(builder: Any, out: Value, a: Value, b: Value) -> None:
        count, limbs = load_limbs(builder, a), load_limbs(builder, b)
        fits = is_below(builder, count, 256)
        filling = builder.ashr(limbs[-1], LIMB(63)) if arithmetic else LIMB(0)
        shifted = shifted_right(builder, limbs, count[0], filling)
        store_limbs(builder, out, [builder.select(fits, limb, filling) for limb in shifted])

    return binary(emit)


def emit_byte(builder: Any, out: Value, a: Value, b: Value) -> None:
    """Emit the choice of a byte, counted from the high end."""
    count = load_limbs(builder, a)
    fits = is_below(builder, count, 32)
    distance = builder.xor(builder.and_(count[0], LIMB(31)), LIMB(31))
    found = builder.zext(load(builder, builder.add(b, distance), BYTE), LIMB)
    chosen = builder.select(fits, found, LIMB(0))
    store_limbs(builder, out, [chosen, *[LIMB(0)] * (LIMBS - 1)])


def emit_signextend(builder: Any, out: Value, a: Value, b: Value) -> None:
    """Emit the filling of all bytes above one with its sign."""
    count, limbs = load_limbs(builder, a), load_limbs(builder, b)
    fits = is_below(builder, count, 31)
    byte = builder.and_(count[0], LIMB(31))
    place = builder.lshr(byte, LIMB(3))
    top = load(builder, builder.add(b, builder.mul(place, LIMB(LIMB_BYTES))), LIMB)
    above = builder.xor(builder.mul(builder.and_(byte, LIMB(7)), LIMB(8)), LIMB(56))
    top = builder.ashr(builder.shl(top, above), above)
    sign = builder.ashr(top, LIMB(63))
    extended = []
    for i, limb in enumerate(limbs):
        beyond = builder.select(builder.icmp_unsigned("==", place, LIMB(i)), top, sign)
        kept = builder.icmp_unsigned(">", place, LIMB(i))
        chosen = builder.select(kept, limb, beyond)
        extended.append(builder.select(fits, chosen, limb))
    store_limbs(builder, out, extended)


def leading_zeros(builder: Any, a: Value) -> Value:
    """Return how many high bits of a word are zero, 256 for zero."""
    count = builder.ctlz(load_word(builder, a), FLAG(0))
    return builder.trunc(count, LIMB)


def emit_clz(builder: Any, out: Value, a: Value) -> None:
    """Emit the count of the high zero bits."""
    zeros = leading_zeros(builder, a)
    store_limbs(builder, out, [zeros, *[LIMB(0)] * (LIMBS - 1)])


def emit_bit_length(builder: Any, a: Value) -> Value:
    """Emit the count of the other bits."""
    return builder.sub(LIMB(256), leading_zeros(builder, a))


and_ = limbwise("and_")
or_ = limbwise("or_")
xor = limbwise("xor")
not_ = unary(emit_not)
shl = binary(emit_shl)
shr = shift_right(False)
sar = shift_right(True)
byte = binary(emit_byte)
signextend = binary(emit_signextend)
clz = unary(emit_clz)

bit_length: Callable[[Number], Number] = emitted("uint64(uint64)", emit_bit_length)
"""Return the number of bits up to the highest that is set."""


# --- Division ---------------------------------------------------------------------------------


def emit_wide_product(builder: Any, out: Value, a: Value, b: Value) -> None:
    """Emit all eight limbs of a product."""
    limbs = product(builder, load_limbs(builder, a), load_limbs(builder, b), 2 * LIMBS)
    store_limbs(builder, out, limbs[:LIMBS])
    store_limbs(builder, builder.add(out, LIMB(LIMBS * LIMB_BYTES)), limbs[LIMBS:])


def emit_wide_sum(builder: Any, out: Value, a: Value, b: Value) -> Value:
    """Emit the lower four limbs of a sum, and return the fifth."""
    left, right = load_word(builder, a), load_word(builder, b)
    total = builder.add(left, right)
    store_word(builder, out, total)
    return builder.zext(builder.icmp_unsigned("<", total, left), LIMB)


def emit_sum_if_below(builder: Any, out: Value, a: Value, b: Value, c: Value) -> Value:
    """Emit the sum of a and b modulo c if both are below; return whether they are."""
    left, right, bound = (load_word(builder, each) for each in (a, b, c))
    room = builder.sub(bound, right)
    wrapped = builder.icmp_unsigned(">=", left, room)
    total = builder.select(wrapped, builder.sub(left, room), builder.add(left, right))
    small = builder.icmp_unsigned("<", left, bound)
    small = builder.and_(small, builder.icmp_unsigned("<", right, bound))
    with builder.if_then(small):
        store_word(builder, out, total)
    return small


def emit_modulo_ones(builder: Any, out: Value, a: Value) -> None:
    """Emit eight limbs modulo 2**256 - 1: 2**256 is 1, so both halves are added."""
    lower = load_word(builder, a)
    upper = load_word(builder, builder.add(a, LIMB(LIMBS * LIMB_BYTES)))
    total = builder.add(lower, upper)
    carry = builder.icmp_unsigned("<", total, lower)
    total = builder.add(total, builder.zext(carry, total.type))
    ones = total.type(-1)
    same = builder.icmp_unsigned("==", total, ones)
    store_word(builder, out, builder.select(same, total.type(0), total))


def emit_is_ones(builder: Any, a: Value) -> Value:
    """Emit a comparison with 2**256 - 1."""
    return all_zero(builder, [builder.xor(x, LIMB(ONES)) for x in load_limbs(builder, a)])


def emit_negate_if(builder: Any, out: Value, a: Value, condition: Value) -> None:
    """Emit a change of sign, where the condition is not 0."""
    word = load_word(builder, a)
    negative = builder.icmp_unsigned("!=", condition, LIMB(0))
    store_word(builder, out, builder.select(negative, builder.neg(word), word))


def emit_sign(builder: Any, a: Value) -> Value:
    """Emit the highest bit."""
    top = load(builder, builder.add(a, LIMB((LIMBS - 1) * LIMB_BYTES)), LIMB)
    return builder.lshr(top, LIMB(63))


wide_product = binary(emit_wide_product)
wide_sum: Any = emitted("uint64(uint64, uint64, uint64)", emit_wide_sum)
sum_if_below: Any = emitted("boolean(uint64, uint64, uint64, uint64)", emit_sum_if_below)
modulo_ones: Any = emitted("void(uint64, uint64)", emit_modulo_ones)
is_ones: Any = emitted("boolean(uint64)", emit_is_ones)
negate_if: Any = emitted("void(uint64, uint64, uint64)", emit_negate_if)
sign: Any = emitted("uint64(uint64)", emit_sign)
divide_limb: Any = emitted("uint64(uint64, uint64)", lambda builder, a, b: builder.udiv(a, b))
modulo_limb: Any = emitted("uint64(uint64, uint64)", lambda builder, a, b: builder.urem(a, b))

quotient_scratch = scratch(2 * LIMBS)
remainder_scratch = scratch(LIMBS)
left_scratch = scratch(2 * LIMBS)
right_scratch = scratch(LIMBS)


@kernel("void(uint64, uint64, uint64)")
def div(out: Number, a: Number, b: Number) -> None:
    """Unsigned; by zero it is zero."""
    if is_zero(b):
        clear_word(out)
    elif fits64(a) and fits64(b):
        set_word(out, divide_limb(load64(a), load64(b)))
    else:
        quotient = quotient_scratch()
        clear_word(quotient)
        divide(quotient, remainder_scratch(), a, FOUR, b)
        copy_word(out, quotient)


@kernel("void(uint64, uint64, uint64)")
def mod(out: Number, a: Number, b: Number) -> None:
    """Unsigned; by zero it is zero."""
    if is_zero(b):
        clear_word(out)
    elif fits64(a) and fits64(b):
        set_word(out, modulo_limb(load64(a), load64(b)))
    else:
        divide(quotient_scratch(), out, a, FOUR, b)


@kernel("void(uint64, uint64, uint64)")
def sdiv(out: Number, a: Number, b: Number) -> None:
    """Rounds towards zero; -2**255 by -1 wraps around to itself."""
    negative = sign(a) ^ sign(b)
    left = left_scratch()
    right = right_scratch()
    negate_if(left, a, sign(a))
    negate_if(right, b, sign(b))
    div(out, left, right)
    negate_if(out, out, negative)


@kernel("void(uint64, uint64, uint64)")
def smod(out: Number, a: Number, b: Number) -> None:
    """Has the sign of the dividend."""
    negative = sign(a)
    left = left_scratch()
    right = right_scratch()
    negate_if(left, a, negative)
    negate_if(right, b, sign(b))
    mod(out, left, right)
    negate_if(out, out, negative)


@kernel("void(uint64, uint64, uint64, uint64)")
def addmod(out: Number, a: Number, b: Number, c: Number) -> None:
    """Of a sum that does not wrap around."""
    if sum_if_below(out, a, b, c):
        return
    if is_zero(c):
        clear_word(out)
    else:
        total = left_scratch()
        store64(total + EIGHT * FOUR, wide_sum(total, a, b))
        divide(quotient_scratch(), out, total, FIVE, c)


@kernel("void(uint64, uint64, uint64, uint64)")
def mulmod(out: Number, a: Number, b: Number, c: Number) -> None:
    """Of a product that does not wrap around.

    The greatest number as modulus is how contracts find the upper half of a product.
    """
    total = left_scratch()
    wide_product(total, a, b)
    if is_ones(c):
        modulo_ones(out, total)
    elif is_zero(c):
        clear_word(out)
    else:
        divide(quotient_scratch(), out, total, EIGHT, c)


@kernel("void(uint64, uint64, uint64)")
def exp(out: Number, a: Number, b: Number) -> None:
    """a to the power of b, by squares, from the highest bit of b on."""
    power = left_scratch()
    base = right_scratch()
    copy_word(base, a)
    bits = bit_length(b)
    if bits == NONE:
        set_word(out, ONE)
        return
    exponent = remainder_scratch()
    copy_word(exponent, b)
    copy_word(power, base)
    left = bits - ONE
    while left > NONE:
        left -= ONE
        mul(power, power, power)
        if load64(exponent + EIGHT * (left >> SIX)) >> (left & LOWEST) & ONE:
            mul(power, power, base)
        if is_zero(power):
            break
    copy_word(out, power)


def self_test() -> bool:
    """Return whether the compiled code computes as Python does, where it is most involved."""
    held = np.zeros((4, 4), np.uint64)
    a, b, c, out = (held[row : row + 1].ctypes.data for row in range(4))
    found = []
    for numbers in ((2**256 - 2, 2**255 + 1, 2**192 + 5), (2**255, 3, 2**64 - 59)):
        for row, number in enumerate(numbers):
            held[row] = np.frombuffer(number.to_bytes(32, "little"), np.uint64)
        x, y, z = numbers
        mulmod(out, a, b, c)
        found.append((held[3].tobytes(), x * y % z))
        div(out, a, c)
        found.append((held[3].tobytes(), x // z))
        exp(out, a, b)
        found.append((held[3].tobytes(), pow(x, y, 2**256)))
    return all(data == number.to_bytes(32, "little") for data, number in found)
