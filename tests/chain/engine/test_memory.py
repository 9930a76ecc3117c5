"""Raw memory for kernels, against Python's bytes."""

import random

import llvmlite.binding
import numpy as np
import numpy.typing as npt
import pytest
from llvmlite import ir
from numba.core.errors import TypingError

from chain.engine import memory
from precompiles.kernels.jit import kernel

Bytes = npt.NDArray[np.uint8]

SIZE = 160


@kernel("uint64(int64, uint64, uint64, uint64)")
def apply(operation: int, to: int, source: int, value: int) -> int:
    if operation == 0:
        return memory.load8(source)
    if operation == 1:
        return memory.load64(source)
    if operation == 2:
        memory.store8(to, value)
    elif operation == 3:
        memory.store64(to, value)
    elif operation == 4:
        memory.move(to, source, value)
    elif operation == 5:
        memory.zero(to, value)
    elif operation == 6:
        memory.copy_word(to, source)
    elif operation == 7:
        memory.set_word(to, value)
    elif operation == 8:
        memory.clear_word(to)
    elif operation == 9:
        return np.uint64(memory.same_word(to, source))
    elif operation == 10:
        return np.uint64(memory.is_zero(source))
    elif operation == 11:
        return np.uint64(memory.fits64(source))
    elif operation == 12:
        memory.load_big(to, source)
    elif operation == 13:
        memory.store_big(to, source)
    elif operation == 14:
        memory.load_big_n(to, source, value)
    elif operation == 15:
        memory.swap_words(to, source)
    return np.uint64(0)


LOAD8, LOAD64, STORE8, STORE64, MOVE, ZERO, COPY, SET, CLEAR, SAME, IS_ZERO, FITS64 = range(12)
LOAD_BIG, STORE_BIG, LOAD_BIG_N, SWAP = range(12, 16)


def run(
    operation: int, content: bytes, *, to: int = 0, source: int = 0, value: int = 0
) -> tuple[bytes, int]:
    """What the memory is afterwards, and what came back. Places are counted in it."""
    data = np.frombuffer(bytearray(content), np.uint8)
    start = data.ctypes.data
    found = apply(operation, start + to, start + source, value)
    return data.tobytes(), int(found)


def noise(seed: int) -> bytes:
    return random.Random(seed).randbytes(SIZE)


def patched(content: bytes, to: int, part: bytes) -> bytes:
    return content[:to] + part + content[to + len(part) :]


@pytest.mark.parametrize("place", [0, 1, 7, 8, 13, SIZE - 8])
def test_machine_words_and_bytes(place: int) -> None:
    content = noise(place)
    value = 0x8182838485868788
    assert run(LOAD8, content, source=place) == (content, content[place])
    number = int.from_bytes(content[place : place + 8], "little")
    assert run(LOAD64, content, source=place) == (content, number)
    assert run(STORE8, content, to=place, value=value)[0] == patched(content, place, b"\x88")
    written = patched(content, place, value.to_bytes(8, "little"))
    assert run(STORE64, content, to=place, value=value)[0] == written


@pytest.mark.parametrize("size", [0, 1, 31, 32, 33, 64, 100])
@pytest.mark.parametrize(("to", "source"), [(0, 60), (60, 0), (5, 4), (4, 5), (7, 7)])
def test_moves_that_overlap(size: int, to: int, source: int) -> None:
    content = noise(size)
    moved = patched(content, to, content[source : source + size])
    assert run(MOVE, content, to=to, source=source, value=size)[0] == moved
    assert run(ZERO, content, to=to, value=size)[0] == patched(content, to, bytes(size))


WORDS = [bytes(32), b"\xff" * 32, *(bytes(i) + b"\x80" + bytes(31 - i) for i in range(32))]


@pytest.mark.parametrize("place", [0, 3, 8, 32, 57])
def test_words(place: int) -> None:
    for i, word in enumerate(WORDS):
        content = patched(noise(i), place, word)
        number = int.from_bytes(word, "little")
        to = place + 40
        assert run(COPY, content, to=to, source=place)[0] == patched(content, to, word)
        exchanged = patched(patched(content, to, word), place, content[to : to + 32])
        assert run(SWAP, content, to=to, source=place)[0] == exchanged
        assert run(LOAD_BIG, content, to=to, source=place)[0] == patched(content, to, word[::-1])
        assert run(STORE_BIG, content, to=to, source=place)[0] == patched(content, to, word[::-1])
        assert run(CLEAR, content, to=place)[0] == patched(content, place, bytes(32))
        small = patched(content, place, (2**64 - 3).to_bytes(32, "little"))
        assert run(SET, content, to=place, value=2**64 - 3)[0] == small
        assert run(IS_ZERO, content, source=place) == (content, number == 0)
        assert run(FITS64, content, source=place) == (content, number < 2**64)


def test_words_in_place() -> None:
    content = noise(1)
    swapped = patched(content, 8, content[8:40][::-1])
    for operation in (LOAD_BIG, STORE_BIG):
        assert run(operation, content, to=8, source=8)[0] == swapped
    for operation in (COPY, SWAP):
        assert run(operation, content, to=8, source=8)[0] == content


@pytest.mark.parametrize(("emit", "reads"), [("emit_copy_word", 4), ("emit_swap_words", 8)])
def test_words_are_moved_limb_by_limb(emit: str, reads: int) -> None:
    """LLVM merges reads that are not volatile, and every copy of a fresh word waits."""
    function = ir.Function(ir.Module(), ir.FunctionType(ir.VoidType(), [memory.LIMB] * 2), "moves")
    builder = ir.IRBuilder(function.append_basic_block())
    getattr(memory, emit)(builder, *function.args)
    builder.ret_void()
    text = str(function)
    assert text.count("load volatile i64") == text.count("load") == reads
    llvmlite.binding.parse_assembly(str(function.module)).verify()


def test_equal_words_differ_in_no_byte() -> None:
    for i, word in enumerate(WORDS):
        for j, other in enumerate(WORDS):
            content = word + b"?" + other
            assert run(SAME, content, to=0, source=33) == (content, i == j)


@pytest.mark.parametrize("size", range(1, 33))
@pytest.mark.parametrize("content", [noise(5), b"\xff" * SIZE], ids=["noise", "ones"])
def test_push_data_of_every_size(size: int, content: bytes) -> None:
    for place in (0, 11):
        number = int.from_bytes(content[place : place + size], "big")
        expected = patched(content, 64, number.to_bytes(32, "little"))
        assert run(LOAD_BIG_N, content, to=64, source=place, value=size)[0] == expected


def test_an_address_that_is_a_float_is_refused() -> None:
    """Numba makes one of a mixture of signs; cutting it would read somewhere else."""
    with pytest.raises(TypingError):

        @kernel("uint64(float64)")
        def read(address: float) -> int:
            return memory.load64(address)
