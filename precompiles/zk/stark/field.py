"""The Stark field in plain integers, its encoding and its evaluation domains.

In proofs and in the channel an element x stands as x * 2**256 mod P, 32 bytes, big end first: that
is Stone's encoding. Everywhere else it stands for itself.
"""

from collections.abc import Iterable, Sequence
from functools import cache

P = 2**251 + 17 * 2**192 + 1
SIZE = 32

TO_WIRE = 2**256 % P
FROM_WIRE = pow(2**256, -1, P)

COSET_OFFSET = 3
"""A generator of the multiplicative group; the evaluation domain is its coset."""


def root_of_unity(log_order: int) -> int:
    """Return the root of unity of order 2**log_order that all domains are built from."""
    return pow(COSET_OFFSET, (P - 1) >> log_order, P)


def encode(values: Iterable[int]) -> bytes:
    """Return elements as they stand in proofs."""
    return b"".join((value * TO_WIRE % P).to_bytes(SIZE, "big") for value in values)


def reversed_bits(index: int, width: int) -> int:
    """Return the number with its low `width` bits in the opposite order."""
    return int(f"{index:0{width}b}"[::-1], 2) if width else 0


def powers(base: int, count: int) -> list[int]:
    """Return base**0 to base**(count - 1)."""
    result, power = [], 1
    for _ in range(count):
        result.append(power)
        power = power * base % P
    return result


def inverses(values: Sequence[int]) -> list[int]:
    """Return 1/x of each element, none of which is 0, by one inversion (Montgomery's trick)."""
    prefixes, product = [], 1
    for value in values:
        prefixes.append(product)
        product = product * value % P
    inverse = pow(product, -1, P)
    result = [0] * len(values)
    for i in range(len(values) - 1, -1, -1):
        result[i] = inverse * prefixes[i] % P
        inverse = inverse * values[i] % P
    return result


@cache
def fold_roots(log_fold: int) -> tuple[int, ...]:
    """Return, by place in a leaf of FRI, what its point is times the leaf's first point."""
    root = powers(root_of_unity(log_fold), 1 << log_fold)
    return tuple(root[reversed_bits(place, log_fold)] for place in range(1 << log_fold))


@cache
def inverse_roots(log_fold: int) -> tuple[int, ...]:
    """Return the inverses of the even places of `fold_roots`: of the points of the pairs."""
    return tuple(pow(root, -1, P) for root in fold_roots(log_fold)[::2])
