"""The int8 kernels against numpy's int64, and each kind of model against its plain twin."""

import math
import random
import struct
from decimal import Decimal, localcontext

import numpy as np
import numpy.typing as npt
import pytest

from precompiles.abi import Revert
from precompiles.ai.models import dense, header, linear, reference, tables, transformer, trees
from precompiles.ai.models import header as headers
from precompiles.kernels import int8, int8_decoder, int8_linear, int8_rounding, int8_trees

Bytes = npt.NDArray[np.int8]

KERNELS = (int8, int8_rounding, int8_trees, int8_linear, int8_decoder)


@pytest.mark.parametrize("module", KERNELS, ids=lambda module: module.__name__)
def test_self_test(module: object) -> None:
    assert module.self_test()  # type: ignore[attr-defined]


# --- Products -------------------------------------------------------------------------------


def products(matrix: Bytes, vectors: Bytes) -> list[list[int]]:
    padded = int8.padded(matrix)
    wide = np.zeros((len(vectors), padded.shape[1]), np.int16)
    wide[:, : vectors.shape[1]] = vectors
    sums = np.full((len(vectors), padded.shape[0]), 123, np.int32)
    int8.products(padded, wide, sums)
    assert not sums[:, len(matrix) :].any(), "what pads sums to nothing"
    return [[int(each) for each in row] for row in sums[:, : len(matrix)]]


def expected_products(matrix: Bytes, vectors: Bytes) -> list[list[int]]:
    result = vectors.astype(np.int64) @ matrix.astype(np.int64).T
    return [[int(each) for each in row] for row in result]


@pytest.mark.parametrize("columns", [1, 2, 31, 32, 33, 63, 64, 65, 100, 1000])
@pytest.mark.parametrize("rows", [1, 3, 4, 5, 17])
def test_products_of_any_shape(rows: int, columns: int) -> None:
    """Vectors that go together, and some that are left over."""
    choose = np.random.default_rng(rows * 1000 + columns)
    matrix = choose.integers(-128, 128, (rows, columns), np.int8)
    for count in (0, 1, int8.TOGETHER - 1, int8.TOGETHER, 2 * int8.TOGETHER + 1):
        vectors = choose.integers(-128, 128, (count, columns), np.int8)
        assert products(matrix, vectors) == expected_products(matrix, vectors)


@pytest.mark.parametrize("left", [-128, -127, -1, 0, 1, 127])
@pytest.mark.parametrize("right", [-128, -127, -1, 0, 1, 127])
def test_products_of_edges(left: int, right: int) -> None:
    """Where an instruction saturates its pairs, as PMADDUBSW does, this shows it."""
    for columns in (2, 64, 4096):
        matrix = np.full((5, columns), left, np.int8)
        vectors = np.full((5, columns), right, np.int8)
        assert products(matrix, vectors) == [[left * right * columns] * 5] * 5


@pytest.mark.parametrize(("left", "right"), [(-128, -128), (-128, 127), (127, 127)])
def test_the_longest_sum_fits(left: int, right: int) -> None:
    matrix = np.full((1, headers.INPUTS_MAX), left, np.int8)
    vectors = np.full((1, headers.INPUTS_MAX), right, np.int8)
    assert products(matrix, vectors) == [[left * right * headers.INPUTS_MAX]]
    assert -(2**31) <= left * right * headers.INPUTS_MAX < 2**31
    assert headers.INPUTS_MAX == int8.TERMS_MAX
    assert 2**14 * (headers.INPUTS_MAX + 1) >= 2**31, "one more would not fit"


# --- Rounding -------------------------------------------------------------------------------

SUMS = [
    0,
    1,
    -1,
    2,
    -2,
    3,
    -3,
    127,
    -128,
    128,
    12_345,
    -12_345,
    2**30,
    -(2**30),
    2**31 - 1,
    -(2**31),
]
MULTIPLIERS = [2**30, 2**30 + 1, 1_518_500_250, 2**31 - 1]


@pytest.mark.parametrize("shift", [0, 1, 2, 7, 8, 15, 24, 30, 31])
@pytest.mark.parametrize("multiplier", [0, *MULTIPLIERS])
def test_rounding(multiplier: int, shift: int) -> None:
    choose = random.Random(multiplier + shift)
    sums = SUMS + [choose.randrange(-(2**31), 2**31) for _ in range(200)]
    for bias in (0, 1, -1, 2**31 - 1, -(2**31)):
        for zero, least, most in ((0, -128, 127), (-128, -128, 127), (7, 7, 100)):
            rounding = np.array([[bias, multiplier, shift]] * len(sums), np.int64)
            result = np.zeros(len(sums), np.int16)
            empty = np.zeros(0, np.int64)
            given = np.array(sums, np.int32)
            int8_rounding.finish(given, rounding, zero, least, most, empty, result)
            for total, found in zip(sums, result.tolist(), strict=True):
                value = reference.saturated(total + bias, 32)
                if multiplier:
                    value = reference.rounded(value, multiplier, shift)
                else:
                    value >>= shift
                assert found == max(least, min(most, value + zero)), (total, bias, zero)


def test_rounding_is_that_of_gemmlowp() -> None:
    """Its own words: add a nudge, divide by 2^31 towards zero; then halves away from zero."""
    choose = random.Random(1)
    pairs = [(choose.randrange(-(2**31), 2**31), choose.choice(MULTIPLIERS)) for _ in range(500)]
    pairs += [(value, multiplier) for value in SUMS for multiplier in MULTIPLIERS]
    for value, multiplier in pairs:
        for shift in (0, 1, 5, 31):
            product = value * multiplier
            nudged = product + (2**30 if product >= 0 else 1 - 2**30)
            high = int(math.copysign(abs(nudged) >> 31, nudged)) if nudged else 0
            mask = (1 << shift) - 1
            threshold = (mask >> 1) + (high < 0)
            expected = (high >> shift) + ((high & mask) > threshold)
            assert reference.rounded(value, multiplier, shift) == expected, (
                value,
                multiplier,
                shift,
            )


def test_a_raw_layer_saturates() -> None:
    sums = np.array([2**31 - 1, -(2**31), 5], np.int32)
    rounding = np.array([[1, 0, 0], [-1, 0, 0], [2, 0, 0]], np.int64)
    int8_rounding.accumulate(sums, rounding, sums)
    assert sums.tolist() == [2**31 - 1, -(2**31), 7]


# --- Tables ---------------------------------------------------------------------------------


def test_tables() -> None:
    """Computed anew with 50 digits; none of the entries is near a half."""
    with localcontext() as context:
        context.prec = 50
        half = Decimal("0.5")
        for i, entry in enumerate(tables.EXPONENTIAL):
            assert abs(65_536 * Decimal(2) ** (Decimal(-i) / 16) - entry) < half
        for index, (silu, logistic) in enumerate(zip(tables.SILU, tables.LOGISTIC, strict=True)):
            x = Decimal(index - 128)
            sigmoid = 1 / (1 + (-x / 16).exp())
            assert abs(x * sigmoid - silu) < half
            assert abs(65_535 * sigmoid - logistic) < half or index == 128
    assert {len(tables.EXPONENTIAL), len(tables.SILU), len(tables.LOGISTIC)} == {256}
    assert tables.LOGISTIC[128] == 32_768, "the half of 65,535, to the even number"


# --- Dense ----------------------------------------------------------------------------------


def random_network(choose: random.Random) -> header.Dense:
    layers, count = [], choose.randint(1, 4)
    for index in range(count):
        last = index == count - 1
        rounding = choose.choice([0, 1, 2] if last else [0, 1])
        activation = 0 if rounding == 2 else choose.randrange(5)
        zero = choose.randint(-128, 127) if rounding == 1 else 0
        layers.append(
            header.Layer(
                outputs=choose.choice([1, 3, 4, 5, 33]),
                rounding=rounding,
                shift=choose.randint(0, 20) if rounding == 0 else 0,
                activation=activation,
                table=choose.randrange(2) if activation == 4 else 0,
                zero=zero,
                six=choose.randint(zero, 127) if activation == 2 else 127,
            )
        )
    own = (choose.randbytes(256), choose.randbytes(256))
    return header.Dense(inputs=choose.choice([1, 7, 32, 65]), layers=tuple(layers), tables=own)


def random_weights(choose: random.Random, known: header.Dense) -> bytes:
    weights = b""
    for (inputs, outputs), layer in zip(header.layer_widths(known), known.layers, strict=True):
        weights += choose.randbytes(inputs * outputs)
        top = choose.choice([1, 1000, 2**31 - 1])
        weights += struct.pack(f">{outputs}i", *(choose.randint(-top, top) for _ in range(outputs)))
        if layer.rounding == header.BY_MULTIPLIER:
            scales = (choose.randrange(2**30, 2**31) for _ in range(outputs))
            weights += struct.pack(f">{outputs}i", *scales)
            weights += bytes(choose.randrange(32) for _ in range(outputs))
    return weights


@pytest.mark.parametrize("seed", range(60))
def test_dense_networks(seed: int) -> None:
    choose = random.Random(seed)
    known = random_network(choose)
    assert header.parse(header.encode(known)) == known
    weights = random_weights(choose, known)
    assert len(weights) == header.weights_size(known)
    loaded = dense.load(known, weights)
    rows = [choose.choices(range(-128, 128), k=known.inputs) for _ in range(6)]
    answers = [reference.dense(known, weights, row) for row in rows]
    code = "i" if known.layers[-1].rounding == 2 else "b"
    expected = b"".join(struct.pack(f">{len(row)}{code}", *row) for row in answers)
    data = b"".join(struct.pack(f"{len(row)}b", *row) for row in rows)
    assert loaded.answer(data) == expected
    assert len(expected) == 6 * header.output_size(known)
    assert loaded.answer(data[: known.inputs]) == expected[: header.output_size(known)]


# --- Trees ----------------------------------------------------------------------------------


def random_tree(choose: random.Random, outputs: int, features: int) -> bytes:
    """A tree grown downwards, so that children follow their parents."""
    nodes = choose.choice([0, 1, 2, 7, 40])
    leaves = nodes + 1
    free = list(range(leaves))
    choose.shuffle(free)
    # Every node but the first is the child of one before it: give each a free side.
    sides: list[list[int]] = [[-1, -1] for _ in range(nodes)]
    for node in range(1, nodes):
        parent, side = choose.choice(
            [(p, s) for p in range(node) for s in range(2) if sides[p][s] < 0]
        )
        sides[parent][side] = node
    content = struct.pack(">HH", nodes, leaves)
    for pair in sides:
        children = [side if side >= 0 else 2**15 + free.pop() for side in pair]
        threshold = choose.choice([0, -1, 5, 2**31 - 1, -(2**31)])
        content += struct.pack(">HiHH", choose.randrange(features), threshold, *children)
    for _ in range(leaves):
        values = (choose.choice([0, 1, -1, 2**31 - 1, -(2**31)]) for _ in range(outputs))
        content += struct.pack(f">{outputs}i", *values)
    return content


@pytest.mark.parametrize("arg_max", [False, True])
@pytest.mark.parametrize("seed", range(30))
def test_trees(seed: int, arg_max: bool) -> None:
    choose = random.Random(seed)
    features, outputs, count = choose.randint(1, 9), choose.randint(1, 5), choose.randint(1, 12)
    weights = b"".join(random_tree(choose, outputs, features) for _ in range(count))
    known = header.Trees(
        features=features, outputs=outputs, trees=count, arg_max=arg_max, size=len(weights)
    )
    assert header.parse(header.encode(known)) == known
    loaded = trees.load(known, weights)
    for _ in range(20):
        row = [choose.choice([0, 1, -1, 5, 6, 2**31 - 1, -(2**31)]) for _ in range(features)]
        expected = reference.trees(known, weights, row)
        code = "I" if arg_max else "q"
        data = struct.pack(f">{features}i", *row)
        assert loaded.answer(data) == struct.pack(f">{len(expected)}{code}", *expected)


def test_any_bytes_as_trees_are_refused_or_answer() -> None:
    """A damaged ensemble may still be one; then it must agree with the twin."""
    choose = random.Random(7)
    answered = 0
    for _ in range(400):
        weights = bytearray(b"".join(random_tree(choose, 2, 3) for _ in range(3)))
        for _ in range(choose.randint(1, 3)):
            weights[choose.randrange(len(weights))] = choose.randrange(256)
        known = header.Trees(features=3, outputs=2, trees=3, arg_max=False, size=len(weights))
        try:
            loaded = trees.load(known, bytes(weights))
        except Revert:
            continue
        answered += 1
        row = [choose.randrange(-10, 10) for _ in range(3)]
        expected = struct.pack(">2q", *reference.trees(known, bytes(weights), row))
        assert loaded.answer(struct.pack(">3i", *row)) == expected
    assert 50 < answered < 350, "the damage is neither harmless nor always found"


# --- Linear ---------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [header.SCORES, header.ARG_MAX, header.LOGISTIC])
@pytest.mark.parametrize("seed", range(20))
def test_linear(seed: int, answer: int) -> None:
    choose = random.Random(seed)
    features, outputs = choose.choice([1, 2, 33, 4096]), choose.randint(1, 3)
    shift = choose.randint(0, 63) if answer == header.LOGISTIC else 0
    known = header.Linear(features=features, outputs=outputs, answer=answer, shift=shift)
    assert header.parse(header.encode(known)) == known
    edges = [-(2**31), -1, 0, 1, 2**31 - 1]
    pick = choose.choice([lambda: choose.choice(edges), lambda: choose.randrange(-(2**31), 2**31)])
    matrix = [pick() for _ in range(features * outputs)]
    biases = [choose.choice([0, 2**63 - 1, -(2**63), 77]) for _ in range(outputs)]
    weights = struct.pack(f">{len(matrix)}i", *matrix) + struct.pack(f">{outputs}q", *biases)
    loaded = linear.load(known, weights)
    for row in ([pick() for _ in range(features)], [-(2**31)] * features, [0] * features):
        expected = reference.linear(known, weights, row)
        code = {header.SCORES: "q", header.ARG_MAX: "I", header.LOGISTIC: "H"}[answer]
        found = loaded.answer(struct.pack(f">{features}i", *row))
        assert found == struct.pack(f">{len(expected)}{code}", *expected)


# --- Transformers ---------------------------------------------------------------------------

SHIFTS = ("gemm", "down", "head", "query_key", "attention", "swiglu")


@pytest.mark.parametrize("seed", range(12))
def test_transformers(seed: int) -> None:
    """Shapes around the padding, and shifts from none, where everything saturates."""
    choose = random.Random(seed)
    known = header.Transformer(
        vocabulary=choose.choice([1, 5, 33]),
        width=choose.choice([1, 3, 32, 37]),
        hidden=choose.choice([1, 4, 31, 40]),
        layers=choose.randint(1, 3),
        shifts=header.Shifts(**{name: choose.choice([0, 5, 9]) for name in SHIFTS}),
        rms_multiplier=choose.choice([1, 5, 2**15]),
        rms_eps=choose.choice([0, 16, 2**30]),
    )
    assert header.parse(header.encode(known)) == known
    weights = choose.randbytes(header.weights_size(known))
    loaded = transformer.load(known, weights)
    for length, more in ((1, 1), (1, 9), (7, 3), (33, 2)):
        prompt = [choose.randrange(known.vocabulary) for _ in range(length)]
        expected = reference.generate(known, weights, prompt, more)
        assert loaded.generate(prompt, more) == expected


def test_keys_and_values_are_kept_right() -> None:
    """What follows a prompt follows it too when it is given bit by bit."""
    choose = random.Random(3)
    known = header.Transformer(
        vocabulary=48,
        width=32,
        hidden=64,
        layers=2,
        shifts=header.Shifts(gemm=9, down=9, head=9, query_key=9, attention=7, swiglu=6),
        rms_multiplier=5,
        rms_eps=16,
    )
    loaded = transformer.load(known, choose.randbytes(header.weights_size(known)))
    whole = loaded.generate([1, 2, 3], 60)
    for cut in range(3, 62):
        assert loaded.generate(whole[:cut], 1) == whole[: cut + 1]
