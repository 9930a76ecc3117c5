"""Prime fields on four 64-bit limbs, little end first, in Montgomery form.

What the fields share: the form, and the instructions of its arithmetic, which LLVM makes of wide
integers with the modulus as a constant, so that a modulus of a simple shape costs less. An element
x is held as x * 2**256 mod p. Every argument and result is below p, but where a docstring asks for
less; p is odd and below 2**256. Knows no field.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from llvmlite import ir  # type: ignore[import-untyped]  # ships no types
from numba import types
from numba.extending import intrinsic

from .jit import kernel

Limbs = tuple[np.uint64, np.uint64, np.uint64, np.uint64]
Elements = npt.NDArray[np.uint64]
"""Elements in rows of four limbs."""

Value = Any
"""An LLVM value. llvmlite has no types, so neither have the instructions below."""

UNARY = "UniTuple(uint64, 4)(UniTuple(uint64, 4))"
BINARY = "UniTuple(uint64, 4)(UniTuple(uint64, 4), UniTuple(uint64, 4))"

WORD_BITS = 64
WORD_MASK = (1 << WORD_BITS) - 1
COUNT = 4
RADIX = 1 << (COUNT * WORD_BITS)

WORD = ir.IntType(WORD_BITS)
PAIR = ir.IntType(2 * WORD_BITS)

# Numba types a bare literal as int64, and int64 with uint64 makes float64: constants are uint64.
ZERO = np.uint64(0)
ONE = np.uint64(1)


# --- In and out -----------------------------------------------------------------------------


def limbs(value: int) -> Limbs:
    """Split an integer below 2**256 into limbs."""
    words = np.frombuffer(value.to_bytes(32, "little"), dtype="<u8").astype(np.uint64)
    return words[0], words[1], words[2], words[3]


def pack(values: list[int]) -> Elements:
    """Return the values as rows of limbs, not in Montgomery form."""
    joined = b"".join(value.to_bytes(32, "little") for value in values)
    return np.frombuffer(joined, dtype="<u8").astype(np.uint64).reshape(-1, COUNT)


def unpack(elements: Elements) -> list[int]:
    """Return the rows as integers."""
    joined = elements.astype("<u8").tobytes()
    return [int.from_bytes(joined[i : i + 32], "little") for i in range(0, len(joined), 32)]


@kernel("UniTuple(uint64, 4)(uint64[:, ::1], int64)")
def get(elements: Elements, i: int) -> Limbs:
    """Return a row."""
    return elements[i, 0], elements[i, 1], elements[i, 2], elements[i, 3]


@kernel("void(uint64[:, ::1], int64, UniTuple(uint64, 4))")
def put(elements: Elements, i: int, a: Limbs) -> None:
    """Write a row."""
    elements[i, 0], elements[i, 1], elements[i, 2], elements[i, 3] = a


# --- Instructions ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """The arithmetic of one field, for kernels only: each stands wherever it is called."""

    add: Callable[[Limbs, Limbs], Limbs]
    subtract: Callable[[Limbs, Limbs], Limbs]
    multiply: Callable[[Limbs, Limbs], Limbs]
    """a * b / 2**256 mod p. Only a needs to be below p; b may be any 256-bit number."""


def instructions(p: int) -> Instructions:
    """Return the arithmetic modulo p. Selections, not branches: no data can mislead them."""
    low_inverse = pow(p, -1, 1 << WORD_BITS)
    # A sum of two elements, and a row: the sum of an element and of the product of one by a limb,
    # with a sign. From 2**255 on both need a limb more.
    spare = p >> (COUNT * WORD_BITS - 1)
    whole = ir.IntType((COUNT + spare) * WORD_BITS)
    row = ir.IntType((COUNT + 1 + spare) * WORD_BITS)

    def add(builder: Any, a: list[Value], b: list[Value]) -> Value:
        total = builder.add(joined(builder, a, whole), joined(builder, b, whole))
        reduced = builder.sub(total, whole(p))
        return builder.select(builder.icmp_unsigned("<", total, whole(p)), total, reduced)

    def subtract(builder: Any, a: list[Value], b: list[Value]) -> Value:
        left, right = joined(builder, a, whole), joined(builder, b, whole)
        difference = builder.sub(left, right)
        raised = builder.add(difference, whole(p))
        return builder.select(builder.icmp_unsigned("<", left, right), raised, difference)

    def multiply(builder: Any, a: list[Value], b: list[Value]) -> Value:
        """Montgomery's, row by row; it subtracts, so that a low limb of p that is 1 is free."""
        total = row(0)
        for limb in b:
            total = builder.add(total, times(builder, a, limb, row))
            factor = builder.mul(builder.trunc(total, WORD), WORD(low_inverse))
            parts = [WORD(p >> i * WORD_BITS & WORD_MASK) for i in range(COUNT)]
            fold = builder.lshr(times(builder, parts, factor, row), row(WORD_BITS))
            # The lowest limb of both is the same: what is left of it is 0.
            total = builder.sub(builder.ashr(total, row(WORD_BITS)), fold)
        raised = builder.add(total, row(p))
        return builder.select(builder.icmp_signed("<", total, row(0)), raised, total)

    return Instructions(
        add=instruction(add), subtract=instruction(subtract), multiply=instruction(multiply)
    )


def instruction(
    emit: Callable[[Any, list[Value], list[Value]], Value],
) -> Callable[[Limbs, Limbs], Limbs]:
    """Return a function for kernels that does what `emit` emits.

    `emit` gets the builder and the limbs of both arguments, and returns one integer.
    """
    word, tuple_of = cast(Any, types.uint64), cast(Any, types.UniTuple)
    four = tuple_of(word, COUNT)

    def typed(_context: Any, a: Any, b: Any) -> Any:
        def generate(context: Any, builder: Any, _: Any, arguments: Any) -> Any:
            lists = [[builder.extract_value(each, i) for i in range(COUNT)] for each in arguments]
            whole = emit(builder, *lists)
            parts = [
                builder.trunc(builder.lshr(whole, whole.type(i * WORD_BITS)), WORD)
                for i in range(COUNT)
            ]
            return context.make_tuple(builder, four, parts)

        del a, b
        return four(four, four), generate

    return cast(Callable[[Limbs, Limbs], Limbs], intrinsic(typed))


def joined(builder: Any, parts: list[Value], kind: Any) -> Value:
    """Emit the integer that the limbs make."""
    whole = kind(0)
    for i, part in enumerate(parts):
        shifted = builder.shl(builder.zext(part, kind), kind(i * WORD_BITS))
        whole = builder.or_(whole, shifted)
    return whole


def times(builder: Any, parts: list[Value], factor: Value, kind: Any) -> Value:
    """Emit the product of an element and one limb: five limbs."""
    wide = builder.zext(factor, PAIR)
    carry = PAIR(0)
    product = []
    for part in parts:
        term = builder.add(builder.mul(builder.zext(part, PAIR), wide), carry)
        product.append(builder.trunc(term, WORD))
        carry = builder.lshr(term, PAIR(WORD_BITS))
    return joined(builder, [*product, builder.trunc(carry, WORD)], kind)
