"""Jump destinations, against py-evm's."""

import random

import numpy as np
import pytest
from eth.vm.code_stream import CodeStream

from chain.engine.analysis import jump_destinations

GUARD = 0xAA


def found(code: bytes) -> list[bool]:
    data = np.frombuffer(bytearray(code) or bytearray(1), np.uint8)
    out = np.full(len(code) + 2, GUARD, np.uint8)
    jump_destinations(data.ctypes.data, len(code), out.ctypes.data + 1)
    assert out[0] == out[-1] == GUARD
    assert set(out[1:-1].tolist()) <= {0, 1}
    return [bool(value) for value in out[1:-1]]


def expected(code: bytes) -> list[bool]:
    stream = CodeStream(code)
    return [code[i] == 0x5B and stream.is_valid_opcode(i) for i in range(len(code))]


@pytest.mark.parametrize("behind", [0, 1, 31, 32, 33, 40])
def test_a_row_of_destinations_behind_each_instruction(behind: int) -> None:
    for opcode in range(256):
        code = bytes([opcode]) + b"\x5b" * behind
        pushed = opcode - 0x5F if 0x60 <= opcode <= 0x7F else 0
        assert found(code) == [opcode == 0x5B] + [i >= pushed for i in range(behind)]
        assert found(code) == expected(code)


def test_random_code() -> None:
    choose = random.Random(0x5B)
    for _ in range(300):
        pushes = range(0x5F, 0x81)
        size = choose.randrange(200)
        code = bytes(
            choose.choice([0x5B, choose.choice(pushes), choose.randrange(256)]) for _ in range(size)
        )
        assert found(code) == expected(code)


def test_no_code() -> None:
    assert found(b"") == []
