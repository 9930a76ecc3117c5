"""Raw memory for kernels: bytes, machine words and 256-bit words at addresses.

An address is that of a byte, as a uint64, and may be unaligned. Nothing checks it. A 256-bit word
is 32 bytes, little end first, as the machines that we compile for keep one. Where a function has a
destination, it comes first, and may be the source too.

A word is read and written as four limbs, never as a vector: a vector that covers limbs that were
written one by one just before must wait until they have left the processor's store buffer.
"""

from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]  # ships no types

from precompiles.kernels.jit import emitted

Value = Any
"""An LLVM value. llvmlite has no types, so neither have the instructions below."""

Number = Any
"""A uint64 inside a kernel: an address, a count or a limb."""

BYTE = ir.IntType(8)
LIMB = ir.IntType(64)
PAIR = ir.IntType(128)
WORD = ir.IntType(256)
FLAG = ir.IntType(1)
FUNNEL = ir.FunctionType(LIMB, [LIMB, LIMB, LIMB])
LIMBS = 4
LIMB_BYTES = 8


def at(builder: Any, address: Value, kind: Any) -> Value:
    """Return the pointer to what stands at an address."""
    return builder.inttoptr(address, kind.as_pointer())


def load(builder: Any, address: Value, kind: Any) -> Value:
    """Return what stands at an address."""
    return builder.load(at(builder, address, kind), align=1)


def store(builder: Any, address: Value, value: Value) -> None:
    """Write to an address."""
    builder.store(value, at(builder, address, value.type), align=1)


def limb_addresses(builder: Any, address: Value) -> list[Value]:
    """Return where the limbs of a word stand."""
    return [builder.add(address, LIMB(LIMB_BYTES * i)) for i in range(LIMBS)]


def load_limbs(builder: Any, address: Value) -> list[Value]:
    """Return the limbs of a word."""
    return [load(builder, each, LIMB) for each in limb_addresses(builder, address)]


def store_limbs(builder: Any, address: Value, limbs: Sequence[Value]) -> None:
    """Write the limbs of a word."""
    for each, limb in zip(limb_addresses(builder, address), limbs, strict=True):
        store(builder, each, limb)


def joined(builder: Any, limbs: Sequence[Value], kind: Any) -> Value:
    """Return the integer that limbs make, lowest first."""
    whole = kind(0)
    for i, limb in enumerate(limbs):
        whole = builder.or_(whole, builder.shl(builder.zext(limb, kind), kind(64 * i)))
    return whole


def split(builder: Any, whole: Value) -> list[Value]:
    """Return the four lowest limbs of an integer."""
    return [builder.trunc(builder.lshr(whole, whole.type(64 * i)), LIMB) for i in range(LIMBS)]


def load_word(builder: Any, address: Value) -> Value:
    """Return a word as one integer."""
    return joined(builder, load_limbs(builder, address), WORD)


def store_word(builder: Any, address: Value, word: Value) -> None:
    """Write an integer as a word."""
    store_limbs(builder, address, split(builder, word))


def any_bits(builder: Any, limbs: Sequence[Value]) -> Value:
    """Return a limb that is zero exactly where all of these are."""
    found = limbs[0]
    for limb in limbs[1:]:
        found = builder.or_(found, limb)
    return found


def all_zero(builder: Any, limbs: Sequence[Value]) -> Value:
    """Return the flag whether all limbs are zero."""
    return builder.icmp_unsigned("==", any_bits(builder, limbs), LIMB(0))


def emit_load8(builder: Any, address: Value) -> Value:
    """Emit the read of a byte."""
    return builder.zext(load(builder, address, BYTE), LIMB)


def emit_load64(builder: Any, address: Value) -> Value:
    """Emit the read of a machine word."""
    return load(builder, address, LIMB)


def emit_store8(builder: Any, address: Value, value: Value) -> None:
    """Emit the write of a byte."""
    store(builder, address, builder.trunc(value, BYTE))


def emit_move(builder: Any, destination: Value, source: Value, size: Value) -> None:
    """Emit a copy of bytes that may overlap."""
    places = (at(builder, destination, BYTE), at(builder, source, BYTE))
    kinds = [place.type for place in places]
    copy = builder.module.declare_intrinsic("llvm.memmove", [*kinds, LIMB])
    builder.call(copy, [*places, size, FLAG(0)])


def emit_zero(builder: Any, destination: Value, size: Value) -> None:
    """Emit the clearing of bytes."""
    place = at(builder, destination, BYTE)
    fill = builder.module.declare_intrinsic("llvm.memset", [place.type, LIMB])
    builder.call(fill, [place, BYTE(0), size, FLAG(0)])


def emit_copy_word(builder: Any, destination: Value, source: Value) -> None:
    """Emit a copy of a word."""
    store_limbs(builder, destination, load_single_limbs(builder, source))


def emit_swap_words(builder: Any, a: Value, b: Value) -> None:
    """Emit an exchange of words."""
    limbs = load_single_limbs(builder, a)
    store_limbs(builder, a, load_single_limbs(builder, b))
    store_limbs(builder, b, limbs)


def load_single_limbs(builder: Any, address: Value) -> list[Value]:
    """Return the limbs of a word that is only moved: LLVM would move it as one vector.

    Nothing merges volatile reads. Copies of fresh words take a quarter of the time with them.
    """
    limbs = load_limbs(builder, address)
    for limb in limbs:
        limb.descr = MethodType(describe_volatile, limb)
    return limbs


def describe_volatile(read: Any, text: list[str]) -> None:
    """Write a read as LLVM reads it, with the word for which llvmlite has no way."""
    simple: list[str] = []
    ir.LoadInstr.descr(read, simple)
    text += [line.replace("load ", "load volatile ", 1) for line in simple]


def emit_set_word(builder: Any, destination: Value, value: Value) -> None:
    """Emit a word from its lowest limb."""
    store_limbs(builder, destination, [value, LIMB(0), LIMB(0), LIMB(0)])


def emit_clear_word(builder: Any, destination: Value) -> None:
    """Emit a zero."""
    emit_set_word(builder, destination, LIMB(0))


def emit_same_word(builder: Any, a: Value, b: Value) -> Value:
    """Emit a comparison."""
    pairs = zip(load_limbs(builder, a), load_limbs(builder, b), strict=True)
    return all_zero(builder, [builder.xor(x, y) for x, y in pairs])


def emit_is_zero(builder: Any, a: Value) -> Value:
    """Emit a comparison with zero."""
    return all_zero(builder, load_limbs(builder, a))


def emit_fits64(builder: Any, a: Value) -> Value:
    """Emit a comparison of the high limbs with zero."""
    return all_zero(builder, load_limbs(builder, a)[1:])


def emit_load_big(builder: Any, destination: Value, source: Value) -> None:
    """Emit a read of 32 bytes."""
    limbs = [builder.bswap(limb) for limb in load_limbs(builder, source)]
    store_limbs(builder, destination, limbs[::-1])


def emit_load_big_n(builder: Any, destination: Value, source: Value, size: Value) -> None:
    """Emit a read of up to 32 bytes, by way of the bytes behind."""
    limbs = [builder.bswap(limb) for limb in load_limbs(builder, source)][::-1]
    unwanted = builder.mul(builder.sub(LIMB(32), size), LIMB(8))
    store_limbs(builder, destination, shifted_right(builder, limbs, unwanted, LIMB(0)))


def shifted_right(
    builder: Any, limbs: Sequence[Value], count: Value, filling: Value
) -> list[Value]:
    """Return a word shifted by less than 256 bits, with copies of a limb coming in from above.

    By halves, then by a limb, then inside the limbs: LLVM would shift a 256-bit integer by way of
    memory, where a read that straddles fresh writes waits.
    """
    for step in (2, 1):
        bit = builder.and_(count, LIMB(64 * step))
        chosen = builder.icmp_unsigned("!=", bit, LIMB(0))
        moved = [*limbs[step:], *[filling] * step]
        limbs = [builder.select(chosen, new, old) for new, old in zip(moved, limbs, strict=True)]
    funnel = builder.module.declare_intrinsic("llvm.fshr", [LIMB], FUNNEL)
    above = [*limbs[1:], filling]
    return [
        builder.call(funnel, [high, low, count]) for high, low in zip(above, limbs, strict=True)
    ]


load8: Callable[[Number], Number] = emitted("uint64(uint64)", emit_load8)
"""Return the byte at an address."""

load64: Callable[[Number], Number] = emitted("uint64(uint64)", emit_load64)
"""Return the 8 bytes at an address as a number, little end first."""

load_byte: Callable[[Any], int] = emitted("int64(uint64)", emit_load8)
"""Return the byte at an address as a signed number."""

load_int: Callable[[Any], int] = emitted("int64(uint64)", emit_load64)
"""Return the 8 bytes at an address as a signed number."""

store8: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", emit_store8)
"""Write the lowest byte of a number."""

store64: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", store)
"""Write a number as 8 bytes, little end first."""

move: Callable[[Number, Number, Number], None] = emitted("void(uint64, uint64, uint64)", emit_move)
"""Copy as many bytes; the two places may overlap."""

zero: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", emit_zero)
"""Clear as many bytes."""

copy_word: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", emit_copy_word)
"""Copy a word."""

swap_words: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", emit_swap_words)
"""Exchange two words."""

set_word: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", emit_set_word)
"""Write a number as a word."""

clear_word: Callable[[Number], None] = emitted("void(uint64)", emit_clear_word)
"""Write a zero as a word."""

same_word: Callable[[Number, Number], bool] = emitted("boolean(uint64, uint64)", emit_same_word)
"""Return whether two words are equal."""

is_zero: Callable[[Number], bool] = emitted("boolean(uint64)", emit_is_zero)
"""Return whether a word is zero."""

fits64: Callable[[Number], bool] = emitted("boolean(uint64)", emit_fits64)
"""Return whether a word is below 2**64: then its first 8 bytes are all of it."""

load_big: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", emit_load_big)
"""Make a word of 32 bytes, big end first."""

store_big: Callable[[Number, Number], None] = emitted("void(uint64, uint64)", emit_load_big)
"""Write a word as 32 bytes, big end first."""

load_big_n: Callable[[Number, Number, Number], None] = emitted(
    "void(uint64, uint64, uint64)", emit_load_big_n
)
"""Make a word of 1 to 32 bytes, big end first. The 32 bytes from the source on are read."""
