"""The Poseidon permutation in plain integers, as the paper states it: the kernel's twin."""

from .parameters import FULL_ROUNDS, R, parameters


def permute(state: list[int]) -> list[int]:
    """Return the permuted lanes. Every lane is below R."""
    chosen = parameters(len(state))
    half = FULL_ROUNDS // 2
    for number, constants in enumerate(chosen.constants):
        state = [(lane + constant) % R for lane, constant in zip(state, constants, strict=True)]
        if half <= number < half + chosen.partial_rounds:
            state = [pow(state[0], 5, R), *state[1:]]
        else:
            state = [pow(lane, 5, R) for lane in state]
        state = [
            sum(entry * lane for entry, lane in zip(row, state, strict=True)) % R
            for row in chosen.matrix
        ]
    return state


def hash_elements(elements: list[int]) -> int:
    """Return the digest of 1 to 16 elements: the capacity lane goes first and comes out."""
    return permute([0, *elements])[0]
