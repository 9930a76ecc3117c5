"""How many bits of soundness a profile proves, in exact integers: it decides what is registered.

A simplified sum of the error terms of Haboeck (ePrint 2022/1216) for batched FRI with DEEP, where
all batching is by powers of one challenge. Every term is rounded up. Nothing rests on a conjecture:
the one behind "queries times log2 of the blowup" has been refuted (ePrint 2025/2010, 2025/2046).

With the rate rho = (rows + 1) / domain (a quotient of degree < rows vouches for a polynomial of
degree <= rows) and a multiplicity m, the proximity parameter is 1 - (1 + 1/2m) sqrt(rho) up to
Johnson's bound, and (1 - rho) / 2 with unique decoding. The fewest rows give the worst rate, the
most rows the largest domain; both are taken at once.
"""

from math import isqrt

from .air import Air, degrees
from .field import P

SCALE = 512
ONE = 1 << SCALE
HASH_BITS = 128
"""No proof is safer than the hash against collisions."""

MULTIPLICITIES = tuple(3 + (5**k >> 2 * k) for k in range(2, 44, 2))
"""Up to some 15,000, growing by half: the best of them is within 0.1 bits of the optimum."""


def proven_bits(air: Air) -> tuple[int, int]:
    """Return the bits proven up to Johnson's bound and with unique decoding, rounded down."""
    johnson = min(johnson_error(air, m) for m in MULTIPLICITIES)
    return bits_of(johnson), bits_of(unique_error(air))


def bits_of(error: int) -> int:
    """Return -log2 of an error, rounded down."""
    return min(HASH_BITS, max(0, SCALE - error.bit_length()))


def rate(air: Air) -> int:
    """Return rho, scaled."""
    rows = 1 << air.least_log_rows
    return ceil_divide((rows + 1) << SCALE, rows << air.profile.log_blowup)


def queries_error(air: Air, agreement: int) -> int:
    """Return the chance that no query falls where the word is wrong, after the work."""
    error, square, left = ONE, agreement, air.profile.queries
    while left:
        if left & 1:
            error = ceil_divide(error * square, ONE)
        square = ceil_divide(square * square, ONE)
        left >>= 1
    return ceil_divide(error, 1 << air.profile.work)


def johnson_error(air: Air, m: int) -> int:
    """Return the sum of the errors for this multiplicity, scaled."""
    rho = rate(air)
    root = isqrt(rho << SCALE) + 1
    floor = isqrt(rho << SCALE)
    agreement = ceil_divide(root * (2 * m + 1), 2 * m)
    if agreement >= ONE:
        return ONE
    domain = 1 << (air.most_log_rows + air.profile.log_blowup)
    # (m + 1/2)**7 / (3 rho**(3/2)) * domain**2 for each function of a batch.
    numerator = (2 * m + 1) ** 7 * domain**2 << 3 * SCALE
    proximity = ceil_divide(numerator, 3 * 2**7 * floor**3)
    list_size = ceil_divide((2 * m + 1) << SCALE, 2 * floor)
    field_error = proximity * batched(air) + list_size * challenges_degree(air)
    return queries_error(air, agreement) + ceil_divide(field_error << SCALE, P)


def unique_error(air: Air) -> int:
    """Return the sum of the errors with unique decoding, scaled."""
    domain = 1 << (air.most_log_rows + air.profile.log_blowup)
    field_error = domain * batched(air) + challenges_degree(air)
    agreement = (ONE + rate(air)) // 2 + 1
    return queries_error(air, agreement) + ceil_divide(field_error << SCALE, P)


def batched(air: Air) -> int:
    """Return the number of functions that FRI's batches hold, of all its rounds."""
    profile = air.profile
    opened = air.width * len(air.offsets) + air.parts
    return opened + (air.most_log_rows << profile.log_fold)


def challenges_degree(air: Air) -> int:
    """Return the degrees of the identities that the other challenges test, summed.

    Beta over the constraints, z over the composition, and the challenges of the second phase,
    where only polynomials of the degree that a constraint can have are considered.
    """
    rows = 1 << air.most_log_rows
    identities = len(air.constraints) + len(air.boundaries)
    composition = (max(degrees(air.nodes)) + 1) * (rows + 1) + air.parts * rows
    second_phase = air.challenges * rows * air.width * 2
    return identities + composition + second_phase


def ceil_divide(a: int, b: int) -> int:
    """Return a / b, rounded up."""
    return -(-a // b)
