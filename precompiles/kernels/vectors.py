"""Vectors of machine words for kernels that compute many hashes at once.

Numba has no vector type, so a compression function is written as LLVM instructions: LLVM makes of
them AVX-512, AVX2, NEON or plain words, with the same bits everywhere. Knows no hash.
"""

from collections.abc import Callable, Sequence
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]  # ships no types
from numba import types
from numba.extending import intrinsic

Value = Any
"""An LLVM value. llvmlite has no types, so neither have the instructions below."""

WORD = ir.IntType(64)
INDEX = ir.IntType(32)


def vector(bits: int, lanes: int) -> Any:
    """Return the type of a vector of words."""
    return ir.VectorType(ir.IntType(bits), lanes)


def instruction(emit: Callable[..., None]) -> Callable[..., None]:
    """Return a function for kernels that does what `emit` emits, on arrays.

    `emit` gets the builder and the address of each array's first element.
    """

    together: Any = types.StarArgTuple

    def typed(_context: Any, *arrays: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            pointers = [
                context.make_array(kind)(
                    context, builder, builder.extract_value(arguments[0], i)
                ).data
                for i, kind in enumerate(signature.args[0])
            ]
            emit(builder, *pointers)
            return context.get_dummy_value()

        return types.void(together(arrays)), generate

    made: Callable[..., None] = intrinsic(typed)
    return made


def address(context: Any, builder: Any, kind: Any, data: Value, position: Value) -> Value:
    """Return where the word begins that stands at this byte of an array."""
    start = context.make_array(kind)(context, builder, data).data
    return builder.bitcast(
        builder.gep(start, [position], source_etype=ir.IntType(8)), WORD.as_pointer()
    )


@intrinsic
def read_unaligned(_context: Any, data: Any, position: Any) -> Any:
    """Emit a load."""
    found: Any = types.uint64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.load(address(context, builder, signature.args[0], *arguments), align=1)

    return found(data, position), generate


@intrinsic
def write_unaligned(_context: Any, data: Any, position: Any, value: Any) -> Any:
    """Emit a store."""
    del value
    nothing: Any = types.void
    word: Any = types.uint64

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        where = address(context, builder, signature.args[0], *arguments[:2])
        builder.store(arguments[2], where, align=1)
        return context.get_dummy_value()

    return nothing(data, position, word), generate


read_word = cast(Callable[[Any, int], Any], read_unaligned)
"""Return the 8 bytes from this position of an array of uint8 as a word, little end first, which is
how the machines that Numba compiles for keep it. For kernels only; nothing checks the bounds."""

write_word = cast(Callable[[Any, int, Any], None], write_unaligned)
"""Write a word at this position of an array of uint8. For kernels only; bounds are unchecked."""


def load(builder: Any, words: Value, row: int, lanes: int) -> Value:
    """Return the row of an array that has one word for each lane."""
    return builder.load(row_address(builder, words, row, lanes), align=8)


def store(builder: Any, words: Value, row: int, value: Value) -> None:
    """Write a row."""
    builder.store(value, row_address(builder, words, row, value.type.count), align=8)


def row_address(builder: Any, words: Value, row: int, lanes: int) -> Value:
    """Return where a row begins."""
    first = builder.gep(words, [ir.Constant(INDEX, row * lanes)], source_etype=WORD)
    return builder.bitcast(first, vector(64, lanes).as_pointer())


def splat(builder: Any, value: Value, lanes: int) -> Value:
    """Return a vector with the same word in all lanes."""
    kind = ir.VectorType(value.type, lanes)
    first = builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(INDEX, 0))
    zeros = ir.Constant(ir.VectorType(INDEX, lanes), [0] * lanes)
    return builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)


def constant(kind: Any, value: int) -> Value:
    """Return a vector with the same known word in all lanes."""
    return ir.Constant(kind, [value] * kind.count)


def rotate_right(builder: Any, value: Value, count: int) -> Value:
    """Return every word rotated; LLVM knows the pattern."""
    right = builder.lshr(value, constant(value.type, count))
    left = builder.shl(value, constant(value.type, value.type.element.width - count))
    return builder.or_(right, left)


def table(builder: Any, name: str, bits: int, values: Sequence[int]) -> Value:
    """Return the address of constants that are compiled into the code."""
    module = builder.module
    if name in module.globals:
        return module.globals[name]
    kind = ir.ArrayType(ir.IntType(bits), len(values))
    found = ir.GlobalVariable(module, kind, name)
    found.linkage = "internal"
    found.global_constant = True
    found.initializer = ir.Constant(kind, list(values))
    return found


def entry(builder: Any, values: Value, index: Value) -> Value:
    """Return one word of a table."""
    return builder.load(builder.gep(values, [ir.Constant(INDEX, 0), index]))


def repeat(
    builder: Any,
    count: int,
    state: Sequence[Value],
    body: Callable[[Value, list[Value]], Sequence[Value]],
) -> list[Value]:
    """Emit a loop: `body` gets the number of the turn and the state, and returns the next state."""
    before = builder.block
    loop = builder.append_basic_block("repeat")
    after = builder.append_basic_block("repeated")
    builder.branch(loop)
    builder.position_at_end(loop)
    turn = builder.phi(INDEX)
    carried = [builder.phi(value.type) for value in state]
    following = list(body(turn, list(carried)))
    next_turn = builder.add(turn, ir.Constant(INDEX, 1))
    end = builder.block
    turn.add_incoming(ir.Constant(INDEX, 0), before)
    turn.add_incoming(next_turn, end)
    for phi, first, later in zip(carried, state, following, strict=True):
        phi.add_incoming(first, before)
        phi.add_incoming(later, end)
    more = builder.icmp_unsigned("<", next_turn, ir.Constant(INDEX, count))
    builder.cbranch(more, loop, after)
    builder.position_at_end(after)
    return following
