"""The permutations in plain integers, as their papers state them: the kernels' twins."""

from .instances import (
    CIRCOM,
    POSEIDON2_BN254_3,
    POSEIDON2_BN254_4,
    POSEIDON2_GOLDILOCKS,
    STARKNET,
)
from .parameters import (
    HALF,
    STARK_PRIME,
    STARKNET_MATRIX,
    STARKNET_PARTIAL_ROUNDS,
    Matrix,
    Poseidon2,
    R,
    parameters,
    poseidon2_bn254,
    poseidon2_goldilocks,
    starknet_constants,
)


def circom(state: list[int]) -> list[int]:
    """Permute with circom's Poseidon; the S-box of a partial round is on lane 0."""
    chosen = parameters(len(state))
    return hades(state, R, 5, 0, chosen.constants, chosen.matrix, chosen.partial_rounds)


def starknet(state: list[int]) -> list[int]:
    """Permute with Starknet's Poseidon; the S-box of a partial round is on the last lane."""
    rounds = STARKNET_PARTIAL_ROUNDS
    return hades(state, STARK_PRIME, 3, 2, starknet_constants(), STARKNET_MATRIX, rounds)


def hades(
    state: list[int],
    order: int,
    exponent: int,
    partial_lane: int,
    constants: Matrix,
    matrix: Matrix,
    partial_rounds: int,
) -> list[int]:
    """Permute with rounds of constants, S-boxes and the matrix."""
    for number, row in enumerate(constants):
        state = [(lane + constant) % order for lane, constant in zip(state, row, strict=True)]
        partial = HALF <= number < HALF + partial_rounds
        state = [
            lane if partial and i != partial_lane else pow(lane, exponent, order)
            for i, lane in enumerate(state)
        ]
        state = product(matrix, state, order)
    return state


def poseidon2(chosen: Poseidon2, state: list[int]) -> list[int]:
    """Permute with Poseidon2."""
    order = chosen.order
    state = product(chosen.external, state, order)
    state = full_rounds(chosen, chosen.first, state)
    for constant in chosen.partial:
        state = [pow(state[0] + constant, chosen.exponent, order), *state[1:]]
        pairs = zip(chosen.diagonal, state, strict=True)
        state = [(sum(state) + entry * lane) % order for entry, lane in pairs]
    return full_rounds(chosen, chosen.last, state)


def full_rounds(chosen: Poseidon2, constants: Matrix, state: list[int]) -> list[int]:
    """Do one full round for each row of constants."""
    for row in constants:
        pairs = zip(state, row, strict=True)
        state = [pow(lane + constant, chosen.exponent, chosen.order) for lane, constant in pairs]
        state = product(chosen.external, state, chosen.order)
    return state


def product(matrix: Matrix, state: list[int], order: int) -> list[int]:
    """Return the matrix times the state."""
    return [
        sum(entry * lane for entry, lane in zip(row, state, strict=True)) % order for row in matrix
    ]


def poseidon2_over_bn254(state: list[int]) -> list[int]:
    """Permute 3 or 4 lanes over BN254."""
    return poseidon2(poseidon2_bn254(len(state)), state)


def poseidon2_over_goldilocks(state: list[int]) -> list[int]:
    """Permute 8 or 12 lanes over Goldilocks."""
    return poseidon2(poseidon2_goldilocks(len(state)), state)


PERMUTE = {
    CIRCOM: circom,
    POSEIDON2_BN254_4: poseidon2_over_bn254,
    POSEIDON2_BN254_3: poseidon2_over_bn254,
    STARKNET: starknet,
    POSEIDON2_GOLDILOCKS: poseidon2_over_goldilocks,
}
