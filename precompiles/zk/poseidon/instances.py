"""The instances of Poseidon by number, and what stands around their permutations.

A sponge has its input's length, and for all but Starknet's the output's, in the capacity lane
before anything is absorbed, so that no two inputs are padded alike. Knows plain integers only; the
permutation is an argument.
"""

from collections.abc import Callable
from dataclasses import dataclass

from .parameters import GOLDILOCKS_PRIME, STARK_PRIME, WIDTH_MAX, WIDTH_MIN, R

CIRCOM = 1
POSEIDON2_BN254_4 = 2
POSEIDON2_BN254_3 = 3
STARKNET = 4
POSEIDON2_GOLDILOCKS = 5

CIRCOM_ELEMENTS_MAX = WIDTH_MAX - 1
DIGEST_LANES = 4
"""Of a Goldilocks digest: a word has room for four elements, the first at the top."""
LANE_BITS = 64

Permutation = Callable[[list[int]], list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """One instance: its field, the widths of its permutation, and its sponge."""

    order: int
    widths: range
    sponge_width: int
    rate: int
    first_lane: int
    """Of the rate. circom has its capacity lane first, the others last."""
    tag_shift: int
    """The tag of a sponge is input length << shift, plus output length - 1."""


INSTANCES = {
    CIRCOM: Instance(
        order=R,
        widths=range(WIDTH_MIN, WIDTH_MAX + 1),
        sponge_width=3,
        rate=2,
        first_lane=1,
        tag_shift=64,
    ),
    POSEIDON2_BN254_4: Instance(
        order=R, widths=range(4, 5), sponge_width=4, rate=3, first_lane=0, tag_shift=64
    ),
    POSEIDON2_BN254_3: Instance(
        order=R, widths=range(3, 4), sponge_width=3, rate=2, first_lane=0, tag_shift=64
    ),
    STARKNET: Instance(
        order=STARK_PRIME, widths=range(3, 4), sponge_width=3, rate=2, first_lane=0, tag_shift=0
    ),
    POSEIDON2_GOLDILOCKS: Instance(
        order=GOLDILOCKS_PRIME,
        widths=range(8, 13, 4),
        sponge_width=12,
        rate=8,
        first_lane=0,
        tag_shift=32,
    ),
}


def sponge(number: int, permute: Permutation, elements: list[int], count: int) -> list[int]:
    """Absorb the elements and return `count` of them."""
    chosen = INSTANCES[number]
    state = [0] * chosen.sponge_width
    if number == STARKNET:
        elements = [*elements, 1]
    else:
        capacity = 0 if chosen.first_lane else chosen.sponge_width - 1
        state[capacity] = (len(elements) << chosen.tag_shift) + count - 1
    # An empty input is one block of zeros.
    for start in range(0, max(len(elements), 1), chosen.rate):
        for lane, element in enumerate(elements[start : start + chosen.rate], chosen.first_lane):
            state[lane] = (state[lane] + element) % chosen.order
        state = permute(state)
    output = state[chosen.first_lane :][: chosen.rate]
    while len(output) < count:
        state = permute(state)
        output += state[chosen.first_lane :][: chosen.rate]
    return output[:count]


def digest(number: int, permute: Permutation, elements: list[int]) -> int:
    """Return the hash of the elements: circom's for 1 to 16 of them, a sponge's elsewhere."""
    if number == CIRCOM:
        return permute([0, *elements])[0]
    if number == POSEIDON2_GOLDILOCKS:
        return joined(sponge(number, permute, elements, DIGEST_LANES))
    return sponge(number, permute, elements, 1)[0]


def node(number: int, permute: Permutation, left: int, right: int) -> int:
    """Return the node of a Merkle tree over two digests, in one permutation."""
    match number:
        case 1:  # circom's hash of two elements.
            return permute([0, left, right])[0]
        case 2:  # EIP-8182's hash of two elements.
            return permute([left, right, 0, 2 << LANE_BITS])[0]
        case 3:  # HorizenLabs' compression.
            return permute([left, right, 0])[0]
        case 4:  # Starknet's poseidon_hash.
            return permute([left, right, 2])[0]
        case _:  # Plonky3's truncated permutation.
            return joined(permute([*parts(left), *parts(right)])[:DIGEST_LANES])


def joined(lanes: list[int]) -> int:
    """Return four Goldilocks elements as one word."""
    word = 0
    for lane in lanes:
        word = word << LANE_BITS | lane
    return word


def parts(word: int) -> list[int]:
    """Return the four elements of a word, canonical or not."""
    return [word >> shift & (2**LANE_BITS - 1) for shift in (192, 128, 64, 0)]


def is_digest(number: int, word: int) -> bool:
    """Return whether the word is a digest of this instance: below the order, lane by lane."""
    order = INSTANCES[number].order
    if number == POSEIDON2_GOLDILOCKS:
        return all(part < order for part in parts(word))
    return word < order
