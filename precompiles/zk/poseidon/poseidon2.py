"""Poseidon2 over BN254 in 3 or 4 lanes, compiled. `reference.py` is the twin."""

from functools import cache

from ...kernels.bn254 import add, fifth_power, from_montgomery, multiply, to_montgomery
from ...kernels.jit import kernel
from ...kernels.limbs import Elements, get, pack, put, unpack
from .parameters import HALF, poseidon2_bn254


@kernel("void(uint64[:, ::1])")
def external(state: Elements) -> None:
    """Multiply by circ(2, 1, 1), or by the four-lane matrix, in additions only."""
    a, b, c = get(state, 0), get(state, 1), get(state, 2)
    if state.shape[0] == 3:
        total = add(add(a, b), c)
        put(state, 0, add(total, a))
        put(state, 1, add(total, b))
        put(state, 2, add(total, c))
        return
    d = get(state, 3)
    left, right = add(a, b), add(c, d)
    lower = add(add(b, b), right)
    upper = add(add(d, d), left)
    twice = add(right, right)
    fourth = add(add(twice, twice), upper)
    twice = add(left, left)
    second = add(add(twice, twice), lower)
    put(state, 0, add(upper, second))
    put(state, 1, second)
    put(state, 2, add(lower, fourth))
    put(state, 3, fourth)


@kernel("void(uint64[:, ::1], uint64[:, ::1])")
def internal(state: Elements, diagonal: Elements) -> None:
    """Multiply by ones + diagonal; that of 3 lanes is 1, 1, 2."""
    a, b, c = get(state, 0), get(state, 1), get(state, 2)
    total = add(add(a, b), c)
    if state.shape[0] == 3:
        put(state, 0, add(total, a))
        put(state, 1, add(total, b))
        put(state, 2, add(total, add(c, c)))
        return
    total = add(total, get(state, 3))
    for i in range(4):
        put(state, i, add(total, multiply(get(diagonal, i), get(state, i))))


@kernel("void(uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1], uint64[:, ::1])")
def permute_limbs(
    state: Elements, first: Elements, partial: Elements, last: Elements, diagonal: Elements
) -> None:
    """Permute the lanes in place. They come and go in plain form, not in Montgomery's."""
    to_montgomery(state)
    external(state)
    width = state.shape[0]
    for number in range(HALF):
        for i in range(width):
            put(state, i, fifth_power(add(get(state, i), get(first, number * width + i))))
        external(state)
    for number in range(partial.shape[0]):
        put(state, 0, fifth_power(add(get(state, 0), get(partial, number))))
        internal(state, diagonal)
    for number in range(HALF):
        for i in range(width):
            put(state, i, fifth_power(add(get(state, i), get(last, number * width + i))))
        external(state)
    from_montgomery(state)


@cache
def tables(width: int) -> tuple[Elements, Elements, Elements, Elements]:
    """Return the constants and the diagonal in Montgomery form."""
    chosen = poseidon2_bn254(width)
    parts = [
        pack([entry for row in chosen.first for entry in row]),
        pack(list(chosen.partial)),
        pack([entry for row in chosen.last for entry in row]),
        pack(list(chosen.diagonal)),
    ]
    for part in parts:
        to_montgomery(part)
    first, partial, last, diagonal = parts
    return first, partial, last, diagonal


def permute(state: list[int]) -> list[int]:
    """Return the permuted lanes: 3 or 4, each below R."""
    lanes = pack(state)
    permute_limbs(lanes, *tables(len(state)))
    return unpack(lanes)
