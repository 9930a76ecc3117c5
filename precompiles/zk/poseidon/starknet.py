"""Starknet's Poseidon permutation over felt252 in 3 lanes, compiled. `reference.py` is the twin."""

from functools import cache

from ...kernels.felt252 import add, from_montgomery, multiply, subtract, to_montgomery
from ...kernels.jit import kernel
from ...kernels.limbs import UNARY, Elements, Limbs, get, pack, put, unpack
from .parameters import FULL_ROUNDS, HALF, starknet_constants


@kernel(UNARY)
def cube(a: Limbs) -> Limbs:
    """Return a ** 3."""
    return multiply(multiply(a, a), a)


@kernel("void(uint64[:, ::1], uint64[:, ::1])")
def permute_limbs(state: Elements, constants: Elements) -> None:
    """Permute the lanes in place. They come and go in plain form, not in Montgomery's."""
    to_montgomery(state)
    a, b, c = get(state, 0), get(state, 1), get(state, 2)
    rounds = constants.shape[0] // 3
    last = rounds - (FULL_ROUNDS - HALF)
    for number in range(rounds):
        a = add(a, get(constants, 3 * number))
        b = add(b, get(constants, 3 * number + 1))
        c = cube(add(c, get(constants, 3 * number + 2)))
        if number < HALF or number >= last:
            a, b = cube(a), cube(b)
        # The matrix is ones + diag(2, -2, -3).
        total = add(add(a, b), c)
        a = add(total, add(a, a))
        b = subtract(total, add(b, b))
        c = subtract(total, add(add(c, c), c))
    put(state, 0, a)
    put(state, 1, b)
    put(state, 2, c)
    from_montgomery(state)


@cache
def table() -> Elements:
    """Return the constants in Montgomery form."""
    elements = pack([entry for row in starknet_constants() for entry in row])
    to_montgomery(elements)
    return elements


def permute(state: list[int]) -> list[int]:
    """Return the permuted lanes: 3, each below the prime."""
    lanes = pack(state)
    permute_limbs(lanes, table())
    return unpack(lanes)
