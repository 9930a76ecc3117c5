"""Small models for vectors: made, hashed and run here, from the description of the format alone.

Nothing of this comes from the code under test but the prices, which are its own to choose.
"""

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from eth_utils import keccak

from precompiles.zk.poseidon import reference

ORDER = 21888242871839275222246405745257275088548364400416034343698204186575808495617
CHUNK = 16_384
LEAF = 1_024


@dataclass(frozen=True)
class Model:
    header: bytes
    weights: bytes

    @property
    def root(self) -> bytes:
        return tree_root(leaves_of(self.weights))

    @property
    def identity(self) -> bytes:
        return keccak(self.header + self.root)

    @property
    def chunks(self) -> list[bytes]:
        return [self.weights[at : at + CHUNK] for at in range(0, len(self.weights), CHUNK)]

    def proof(self, chunk: int) -> list[bytes]:
        """The siblings of the subtree that a chunk is."""
        leaves = leaves_of(self.weights)
        nodes = [tree_root(leaves[at : at + 16]) for at in range(0, len(leaves), 16)]
        return tree_path(nodes, chunk)

    def leaf_proof(self, index: int) -> list[bytes]:
        return tree_path(leaves_of(self.weights), index)


# --- The tree over the weights: a recursive definition, unlike the code under test ------------


def leaves_of(weights: bytes) -> list[bytes]:
    parts = [weights[at : at + LEAF] for at in range(0, len(weights), LEAF)]
    return [keccak(b"\0" + struct.pack(">I", i) + part) for i, part in enumerate(parts)]


def split_at(count: int) -> int:
    """The largest power of two below the count: the size of the left subtree."""
    return 1 << (count - 1).bit_length() - 1


def tree_root(nodes: Sequence[bytes]) -> bytes:
    if len(nodes) == 1:
        return nodes[0]
    middle = split_at(len(nodes))
    return keccak(b"\1" + tree_root(nodes[:middle]) + tree_root(nodes[middle:]))


def tree_path(nodes: Sequence[bytes], index: int) -> list[bytes]:
    if len(nodes) == 1:
        return []
    middle = split_at(len(nodes))
    if index < middle:
        return [*tree_path(nodes[:middle], index), tree_root(nodes[middle:])]
    return [*tree_path(nodes[middle:], index - middle), tree_root(nodes[:middle])]


# --- The tree for circuits ----------------------------------------------------------------------


def poseidon2(state: list[int]) -> list[int]:
    """Instance 2 of 0x0901, in the plain integers that its published vectors hold."""
    return reference.poseidon2_over_bn254(state)


def poseidon_leaf(index: int, content: bytes) -> int:
    elements = [
        index,
        *(int.from_bytes(content[i : i + 31], "big") for i in range(0, len(content), 31)),
    ]
    state = [0, 0, 0, len(elements) << 64]
    for at in range(0, len(elements), 3):
        block = [*elements[at : at + 3], 0, 0, 0][:3]
        state = poseidon2([(a + b) % ORDER for a, b in zip(state, [*block, 0], strict=True)])
    return state[0]


def poseidon_node(left: int, right: int) -> int:
    return poseidon2([left, right, 0, 2 << 64])[0]


def poseidon_leaves(weights: bytes) -> list[int]:
    parts = [weights[at : at + LEAF] for at in range(0, len(weights), LEAF)]
    return [poseidon_leaf(index, part) for index, part in enumerate(parts)]


def poseidon_root(nodes: Sequence[int]) -> int:
    if len(nodes) == 1:
        return nodes[0]
    middle = split_at(len(nodes))
    return poseidon_node(poseidon_root(nodes[:middle]), poseidon_root(nodes[middle:]))


def poseidon_path(nodes: Sequence[int], index: int) -> list[int]:
    if len(nodes) == 1:
        return []
    middle = split_at(len(nodes))
    if index < middle:
        return [*poseidon_path(nodes[:middle], index), poseidon_root(nodes[middle:])]
    return [*poseidon_path(nodes[middle:], index - middle), poseidon_root(nodes[:middle])]


# --- Dense networks ---------------------------------------------------------------------------

SHIFT, MULTIPLIER, RAW = 0, 1, 2
IDENTITY, RELU, RELU6, SILU, TABLE = 0, 1, 2, 3, 4


@dataclass(frozen=True)
class Layer:
    matrix: list[list[int]]
    bias: list[int]
    rounding: int
    shift: int = 0
    activation: int = IDENTITY
    table: int = 0
    zero: int = 0
    six: int = 127
    multipliers: tuple[int, ...] = ()
    shifts: tuple[int, ...] = ()


def dense(inputs: int, layers: list[Layer], tables: Sequence[bytes] = ()) -> Model:
    header = b"PARS\1\1" + struct.pack(">IBB", inputs, len(layers), len(tables))
    weights = b""
    for layer in layers:
        header += struct.pack(
            ">IBBBBbb",
            len(layer.matrix),
            layer.rounding,
            layer.shift,
            layer.activation,
            layer.table,
            layer.zero,
            layer.six,
        )
        for row in layer.matrix:
            weights += struct.pack(f"{len(row)}b", *row)
        weights += struct.pack(f">{len(layer.bias)}i", *layer.bias)
        if layer.rounding == MULTIPLIER:
            weights += struct.pack(f">{len(layer.multipliers)}i", *layer.multipliers)
            weights += bytes(layer.shifts)
    return Model(header + b"".join(tables), weights)


def clip(value: int, least: int, most: int) -> int:
    return min(max(value, least), most)


def half_up(value: Fraction) -> int:
    return math.floor(value + Fraction(1, 2))


def half_away(value: Fraction) -> int:
    return half_up(value) if value >= 0 else -half_up(-value)


def requantised(value: int, multiplier: int, shift: int) -> int:
    """gemmlowp: SaturatingRoundingDoublingHighMul, then RoundingDivideByPOT, as real numbers."""
    return half_away(Fraction(half_up(Fraction(value * multiplier, 2**31)), 2**shift))


def silu(value: int) -> int:
    return round(value / (1 + math.exp(-value / 16)))


def run_dense(layers: list[Layer], tables: Sequence[bytes], row: list[int]) -> bytes:
    current = row
    for layer in layers:
        result = []
        for index, weights in enumerate(layer.matrix):
            total = sum(w * x for w, x in zip(weights, current, strict=True)) + layer.bias[index]
            total = clip(total, -(2**31), 2**31 - 1)
            if layer.rounding == RAW:
                result.append(total)
                continue
            if layer.rounding == SHIFT:
                value = math.floor(Fraction(total, 2**layer.shift))
            else:
                multiplier, shift = layer.multipliers[index], layer.shifts[index]
                value = requantised(total, multiplier, shift)
            value = clip(value + layer.zero, -128, 127)
            if layer.activation == RELU:
                value = max(value, layer.zero)
            elif layer.activation == RELU6:
                value = clip(value, layer.zero, layer.six)
            elif layer.activation == SILU:
                value = silu(value)
            elif layer.activation == TABLE:
                value = struct.unpack("b", tables[layer.table][value + 128 : value + 129])[0]
            result.append(value)
        current = result
    code = "i" if layers[-1].rounding == RAW else "b"
    return struct.pack(f">{len(current)}{code}", *current)


# --- Trees ------------------------------------------------------------------------------------

Tree = tuple[list[tuple[int, int, int, int]], list[list[int]]]
"""Nodes (feature, threshold, left, right) and leaves; a child of 32768 + i is leaf i."""
AT = 1 << 15


def trees(features: int, outputs: int, arg_max: bool, forest: list[Tree]) -> Model:
    weights = b""
    for nodes, leaves in forest:
        weights += struct.pack(">HH", len(nodes), len(leaves))
        weights += b"".join(struct.pack(">HiHH", *node) for node in nodes)
        weights += b"".join(struct.pack(f">{outputs}i", *leaf) for leaf in leaves)
    shape = struct.pack(">HHHBI", features, outputs, len(forest), arg_max, len(weights))
    return Model(b"PARS\1\2" + shape, weights)


def run_trees(outputs: int, arg_max: bool, forest: list[Tree], row: list[int]) -> bytes:
    totals = [0] * outputs
    for nodes, leaves in forest:
        child = 0 if nodes else AT
        while child < AT:
            feature, threshold, left, right = nodes[child]
            child = left if row[feature] <= threshold else right
        totals = [total + value for total, value in zip(totals, leaves[child - AT], strict=True)]
    if arg_max:
        return struct.pack(">I", totals.index(max(totals)))
    return struct.pack(f">{outputs}q", *totals)


# --- Linear models ----------------------------------------------------------------------------

SCORES, ARG_MAX, LOGISTIC = 0, 1, 2


def linear(matrix: list[list[int]], bias: list[int], answer: int, shift: int = 0) -> Model:
    outputs, features = len(matrix), len(matrix[0])
    weights = b"".join(struct.pack(f">{features}i", *row) for row in matrix)
    shape = struct.pack(">IIBB", features, outputs, answer, shift)
    return Model(b"PARS\1\4" + shape, weights + struct.pack(f">{outputs}q", *bias))


def run_linear(
    matrix: list[list[int]], bias: list[int], answer: int, shift: int, row: list[int]
) -> bytes:
    scores = [
        clip(sum(w * x for w, x in zip(weights, row, strict=True)) + more, -(2**63), 2**63 - 1)
        for weights, more in zip(matrix, bias, strict=True)
    ]
    if answer == ARG_MAX:
        return struct.pack(">I", scores.index(max(scores)))
    if answer == LOGISTIC:
        sixteenths = [clip(math.floor(Fraction(s, 2**shift)), -128, 127) for s in scores]
        shares = [round(65_535 / (1 + math.exp(-x / 16))) for x in sixteenths]
        return struct.pack(f">{len(shares)}H", *shares)
    return struct.pack(f">{len(scores)}q", *scores)


# --- The frozen transformer -------------------------------------------------------------------

TOKENS_SHA256 = "07244ee9799769e79be9316bb6f62255b8ceeb8ea0edd61189ec7130f0fc5592"


def transformer() -> Model:
    """The published test model: a linear congruential generator fills its tensors in order."""
    state, weights = 0x70E711A0BEEF1234 | 1, bytearray()
    for _ in range(23_712):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        weights.append(((state >> 32) % 256 - 128) & 0xFF)
    shape = struct.pack(">IHIH", 48, 32, 64, 2)
    return Model(
        b"PARS\1\3" + shape + bytes((9, 9, 9, 9, 7, 6)) + struct.pack(">II", 5, 16), bytes(weights)
    )


PUBLISHED = (
    ([1, 7, 13, 2], [4, 28, 21, 17, 2, 19, 43, 35, 36, 15]),
    ([0], [32, 12] * 6),
    ([47] * 3, [14, 8, 6, 6, 6, 6, 6, 13]),
    (list(range(48)), [14, 8, 28, 40]),
    ([5] * 20, [8, 24, 7, 39]),
)
"""Prompts, and the tokens that must follow. The first is the published one, the others are of the
same published arithmetic."""

SMALL = {"vocabulary": 5, "width": 3, "hidden": 4, "layers": 2}
SMALL_SHIFTS = (7, 6, 7, 6, 7, 10)
SMALL_RMS = (28, 7)


def small_transformer() -> Model:
    """A decoder so small that 256 tokens of it are quickly worked out in plain integers."""
    v, d, h, n = SMALL.values()
    size = 2 * v * d + n * (2 * d + 4 * d * d + 3 * d * h) + d
    weights = bytes((i * i * 6 + i * 59 + 98) % 256 for i in range(size))
    shape = struct.pack(">IHIH", v, d, h, n)
    return Model(
        b"PARS\1\3" + shape + bytes(SMALL_SHIFTS) + struct.pack(">II", *SMALL_RMS), weights
    )


def clip8(value: int) -> int:
    return clip(value, -128, 127)


def run_small(prompt: list[int], more: int) -> list[int]:
    """The published decoder, without any memory: each token is worked out from all before it."""
    v, d, h, n = SMALL.values()
    gemm, down, head, meet, see, gate = SMALL_SHIFTS
    sizes = {"embed": v * d, "rms1": n * d, "wq": n * d * d, "wk": n * d * d, "wv": n * d * d,
             "wo": n * d * d, "rms2": n * d, "wgate": n * h * d, "wup": n * h * d,
             "wdown": n * d * h, "rmsf": d, "wlm": v * d}  # fmt: skip
    numbers = iter(struct.unpack(f"{sum(sizes.values())}b", small_transformer().weights))
    tensors = {name: [next(numbers) for _ in range(size)] for name, size in sizes.items()}

    def norm(x: list[int], name: str, layer: int) -> list[int]:
        root = max(1, math.isqrt(sum(each * each for each in x) + SMALL_RMS[1]))
        weights = tensors[name][layer * d : layer * d + d]
        return [
            clip8(math.trunc(Fraction(a * b * SMALL_RMS[0], root)))
            for a, b in zip(x, weights, strict=True)
        ]

    def times(name: str, layer: int, rows: int, x: list[int], shift: int) -> list[int]:
        start = layer * rows * len(x)
        sums = (
            sum(tensors[name][start + row * len(x) + i] * each for i, each in enumerate(x))
            for row in range(rows)
        )
        return [clip8(math.floor(Fraction(total, 2**shift))) for total in sums]

    def likeliest(tokens: list[int]) -> int:
        states = [tensors["embed"][token * d : token * d + d] for token in tokens]
        for layer in range(n):
            given = [norm(x, "rms1", layer) for x in states]
            queries, keys, values = (
                [times(name, layer, d, x, gemm) for x in given] for name in ("wq", "wk", "wv")
            )
            after = []
            for place, (x, query) in enumerate(zip(states, queries, strict=True)):
                visible = range(place + 1)
                scores = [
                    clip8(sum(a * b for a, b in zip(query, keys[i], strict=True)) >> meet)
                    for i in visible
                ]
                parts = [round(65_536 * 2 ** (-(max(scores) - s) / 16)) for s in scores]
                shares = [(part * 127 + sum(parts) // 2) // sum(parts) for part in parts]
                seen = [
                    clip8(sum(shares[i] * values[i][j] for i in visible) >> see) for j in range(d)
                ]
                mixed = times("wo", layer, d, seen, gemm)
                after.append([clip8(a + b) for a, b in zip(x, mixed, strict=True)])
            states = []
            for x in after:
                y = norm(x, "rms2", layer)
                gates = times("wgate", layer, h, y, gemm)
                ups = times("wup", layer, h, y, gemm)
                inner = [clip8((silu(a) * b) >> gate) for a, b in zip(gates, ups, strict=True)]
                change = times("wdown", layer, d, inner, down)
                states.append([clip8(a + b) for a, b in zip(x, change, strict=True)])
        scores = times("wlm", 0, v, norm(states[-1], "rmsf", 0), head)
        return scores.index(max(scores))

    tokens = list(prompt)
    for _ in range(more):
        tokens.append(likeliest(tokens))
    return tokens


# --- The models of the vectors ----------------------------------------------------------------

SHIFTED = [
    Layer([[5, -3, 7], [127, -128, 1], [0, 0, 0], [-128, -128, -128]], [4, -500, 9, 0], SHIFT,
          shift=3, activation=RELU),
    Layer([[1, 2, 3, 4], [-100, 100, 50, -50]], [0, -1], SHIFT, shift=1),
]  # fmt: skip

OWN_TABLES = (bytes((i * 7) % 256 for i in range(256)), bytes(reversed(range(256))))
SCALED = [
    Layer([[9, -8, 7, -6, 5], [100, 90, -80, 70, -60], [-1, -2, -3, -4, -5], [127] * 5],
          [10, -20, 30, 2**31 - 1], MULTIPLIER, activation=RELU6, zero=-3, six=90,
          multipliers=(1 << 30, 2**31 - 1, 1_518_500_250, 1 << 30), shifts=(1, 8, 0, 31)),
    Layer([[30, -20, 10, 1], [-7, 9, 11, 120], [50, 60, -70, 80]], [3, -3, 0], SHIFT, shift=5,
          activation=TABLE, table=1),
    Layer([[12, 13, -14], [-128, 127, 64]], [1, -(2**31)], MULTIPLIER, activation=SILU,
          multipliers=(1_200_000_000, 2**31 - 1), shifts=(4, 6)),
    Layer([[100, -100], [1, 1]], [7, 2**31 - 1], RAW),
]  # fmt: skip

FOREST: list[Tree] = [
    ([(0, 10, 1, AT), (2, -5, AT + 1, AT + 2)], [[1, -1, 0], [2**31 - 1, 5, 5], [-(2**31), 7, 7]]),
    ([], [[100, 200, 300]]),
    ([(1, 2**31 - 1, AT, AT + 1), ], [[3, 2, 1], [9, 9, 9]]),
]  # fmt: skip

MATRIX = [[3, -4, 5], [2**31 - 1, 2**31 - 1, -(2**31)], [-7, 0, 1 << 20]]
BIAS = [11, 2**63 - 1, -(1 << 40)]


def stored(content: bytes) -> dict[str, Any]:
    """An account that keeps bytes as its code."""
    return {"code": "0x00" + content.hex()}
