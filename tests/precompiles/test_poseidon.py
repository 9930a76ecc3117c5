"""Poseidon: the kernel against its twin, both against circomlibjs, constants against the paper."""

import json
import random
from pathlib import Path

import pytest

from precompiles.zk.poseidon import kernel, parameters, reference

ORACLE = json.loads((Path(__file__).parent / "vectors" / "poseidon_circomlibjs.json").read_text())
R = parameters.R
WIDTHS = range(parameters.WIDTH_MIN, parameters.WIDTH_MAX + 1)


@pytest.mark.parametrize("index", range(len(ORACLE)))
def test_circomlibjs(index: int) -> None:
    vector = ORACLE[index]
    inputs = [int(item) for item in vector["inputs"]]
    state = [int(vector["capacity"]), *inputs]
    permuted = [int(item) for item in vector["permuted"]]

    assert reference.hash_elements(inputs) == int(vector["digest"])
    assert kernel.permute([0, *inputs])[0] == int(vector["digest"])
    assert reference.permute(state) == permuted
    assert kernel.permute(state) == permuted


@pytest.mark.parametrize(
    ("inputs", "digest"),
    [
        ([1, 2], "115cc0f5e7d690413df64c6b9662e9cf2a3617f2743245519e19607a4417189a"),
        ([1, 2, 3, 4], "299c867db6c1fdd79dcefa40e4510b9837e60ebb1ce0663dbaa525df65250465"),
    ],
)
def test_values_circomlibjs_publishes(inputs: list[int], digest: str) -> None:
    assert kernel.permute([0, *inputs])[0] == int(digest, 16)


@pytest.mark.parametrize("width", WIDTHS)
def test_kernel_equals_reference(width: int) -> None:
    choose = random.Random(width)
    edges = [0, 1, 2, R - 1, R - 2, 2**64 - 1, 2**128, 2**253]
    states = [[choose.choice(edges) for _ in range(width)] for _ in range(8)]
    states += [[choose.randrange(R) for _ in range(width)] for _ in range(12)]
    for state in states:
        assert kernel.permute(list(state)) == reference.permute(list(state))


def test_the_argument_is_not_modified() -> None:
    state = [1, 2, 3]
    kernel.permute(state)
    assert state == [1, 2, 3]


@pytest.mark.parametrize("width", WIDTHS)
def test_parameters_have_their_sizes(width: int) -> None:
    chosen = parameters.parameters(width)
    rounds = parameters.FULL_ROUNDS + parameters.PARTIAL_ROUNDS[width - 2]
    assert [len(row) for row in chosen.constants] == [width] * rounds
    assert [len(row) for row in chosen.matrix] == [width] * width
    assert all(0 < entry < R for row in (*chosen.constants, *chosen.matrix) for entry in row)


def test_the_register_bit_by_bit() -> None:
    """The generator makes many bits at once; here is the register as the paper draws it."""
    first = parameters.seed(3, 57)
    register = [int(bit) for bit in first]
    plain = []
    for _ in range(20_000):
        fresh = 0
        for tap in (62, 51, 38, 23, 13, 0):
            fresh ^= register[tap]
        register = [*register[1:], fresh]
        plain.append(str(fresh))

    pieces = []
    for piece in parameters.register_bits(first):
        pieces.append(piece)
        if sum(map(len, pieces)) > 19_000:
            break

    made = "".join(pieces)[:19_000]
    assert made == "".join(plain)[160 : 160 + 19_000]
    assert all(len(piece) % 2 == 0 for piece in pieces)


def test_sparse_matrices_undo_to_the_dense_one() -> None:
    """Bridge and sparse factors together are the plain matrix applied round after round."""
    chosen = parameters.parameters(4)
    matrix = [list(row) for row in chosen.matrix]
    bridge, rows, columns = kernel.split_matrices(matrix, 3)
    product = bridge
    for row, column in zip(rows, columns, strict=True):
        sparse = [row, *([c, *(int(i == j) for j in range(3))] for i, c in enumerate(column))]
        product = kernel.times_matrix(sparse, product)
    plain = matrix
    for _ in range(3):
        plain = kernel.times_matrix(matrix, plain)
    assert product == plain
