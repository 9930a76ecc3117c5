"""Shamir's sharing of a number modulo a prime: holder x, from 1, has f(x), and f(0) is the secret.

Knows no group. Not constant in time.
"""

from collections.abc import Callable, Mapping, Sequence

from ..interpolation import lagrange

Draw = Callable[[int], bytes]
"""Returns so many fresh random bytes."""

EXTRA_BYTES = 16
"""Drawn beyond the size of the prime, so that the remainder is uniform up to 2**-128."""


def random_scalar(order: int, draw: Draw) -> int:
    """Return a number from 1 to below the order."""
    size = (order.bit_length() + 7) // 8 + EXTRA_BYTES
    return 1 + int.from_bytes(draw(size), "big") % (order - 1)


def polynomial(secret: int, threshold: int, order: int, draw: Draw) -> tuple[int, ...]:
    """Return the coefficients of a polynomial that `threshold` values determine."""
    return secret, *(random_scalar(order, draw) for _ in range(threshold - 1))


def value_at(coefficients: Sequence[int], x: int, order: int) -> int:
    """Return f(x)."""
    total = 0
    for coefficient in reversed(coefficients):
        total = (total * x + coefficient) % order
    return total


def split(
    secret: int, threshold: int, holders: Sequence[int], order: int, draw: Draw
) -> dict[int, int]:
    """Return a share for each holder; any `threshold` of them recover the secret."""
    check_holders(holders, order)
    if not 1 <= threshold <= len(holders):
        raise ValueError(f"a threshold of {threshold} for {len(holders)} holders")
    coefficients = polynomial(secret % order, threshold, order, draw)
    return {holder: value_at(coefficients, holder, order) for holder in holders}


def recover(shares: Mapping[int, int], order: int, x: int = 0) -> int:
    """Return f(x), which is the secret at 0, of enough shares; too few give any number."""
    holders = list(shares)
    check_holders(holders, order)
    return (
        sum(share * lagrange(holders, holder, order, x) for holder, share in shares.items()) % order
    )


def check_holders(holders: Sequence[int], order: int) -> None:
    """Refuse holders that are not distinct points besides 0."""
    if not holders or any(not 1 <= each < order for each in holders):
        raise ValueError("holders are numbered from 1 to below the order")
    if len(set(holders)) != len(holders):
        raise ValueError("a holder is listed twice")
