"""The compiled transforms and products against plain integers, for both primes."""

import random
from typing import Any

import numpy as np
import pytest

from precompiles.pq.ml_kem import kernel as ml_kem
from precompiles.pq.ml_kem import reference

Q = 3329
EDGES = [0, 1, Q - 1, Q // 2, -1, -(Q - 1), -(Q // 2)]


def polynomials() -> list[list[int]]:
    choose = random.Random(1)
    constant = [[edge] * 256 for edge in EDGES]
    alternating = [[Q - 1, -(Q - 1)] * 128]
    anything = [[choose.randrange(-Q + 1, Q) for _ in range(256)] for _ in range(20)]
    return [*constant, *alternating, *anything]


def array(values: list[int]) -> Any:
    return np.array([values], np.int16)


@pytest.mark.parametrize("values", polynomials())
def test_a_transform_and_back(values: list[int]) -> None:
    row = array(values)
    ml_kem.transform(row)
    assert np.abs(row).max() < Q
    expected = reference.ntt([value % Q for value in values])
    assert [int(each) % Q for each in row[0]] == [each * 2**16 % Q for each in expected]
    ml_kem.transform_back(row)
    assert np.abs(row).max() < Q
    assert [int(each) % Q for each in row[0]] == [value * 2**16 % Q for value in values]


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_products(count: int) -> None:
    choose = random.Random(count)
    for top in (4095, None):
        left = [[top or choose.randrange(4096) for _ in range(256)] for _ in range(count)]
        right = [[choose.choice(EDGES) for _ in range(256)] for _ in range(count)]
        result = np.empty(256, np.int16)
        sums = np.empty(256, np.int32)
        ml_kem.dot(np.array(left, np.int16), 0, 1, np.array(right, np.int16), sums, result)
        products = [reference.multiply(a, b) for a, b in zip(left, right, strict=True)]
        expected = reference.total(*products)
        assert [int(each) * 2**16 % Q for each in result] == expected
