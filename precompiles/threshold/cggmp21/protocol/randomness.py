"""Numbers from bytes that the caller draws. Knows no source of randomness."""

from collections.abc import Callable, Iterator
from math import gcd, prod

from .faults import MisuseError

Draw = Callable[[int], bytes]
"""Returns so many uniformly random bytes, secret and never the same."""

EXTRA_BYTES = 32
"""Drawn beyond the size of a limit, so that the remainder is uniform up to 2**-256."""

WITNESSES = 40
"""Rounds of Miller and Rabin's test: a composite passes with probability below 4**-40."""

SMALL_PRIMES = [n for n in range(3, 2000, 2) if all(n % d for d in range(3, int(n**0.5) + 1, 2))]
SMALL_PRODUCT = prod(SMALL_PRIMES)


def below(limit: int, draw: Draw) -> int:
    """Return a number from 0 to limit - 1."""
    return int.from_bytes(draw((limit.bit_length() + 7) // 8 + EXTRA_BYTES), "big") % limit


def nonzero(limit: int, draw: Draw) -> int:
    """Return a number from 1 to limit - 1."""
    return 1 + below(limit - 1, draw)


def signed(bound: int, draw: Draw) -> int:
    """Return a number from -bound to bound."""
    return below(2 * bound + 1, draw) - bound


def unit(modulus: int, draw: Draw) -> int:
    """Return a number below the modulus without a common factor."""
    while gcd(number := nonzero(modulus, draw), modulus) != 1:
        continue
    return number


def safe_primes(bits: int, draw: Draw) -> Iterator[int]:
    """Yield primes p of this size for which (p - 1) / 2 is prime; their two top bits are set.

    Minutes of work for 1024 bits: OpenSSL (`openssl prime -generate -safe`) makes them in seconds.
    """
    top = 3 << bits - 3
    while True:
        half = top | below(1 << bits - 3, draw) | 1
        candidate = 2 * half + 1
        if gcd(half * candidate, SMALL_PRODUCT) != 1:
            continue
        # One round first, for both: most candidates fall there.
        rounds = ((number, count) for count in (1, WITNESSES) for number in (half, candidate))
        if all(is_prime(number, count) for number, count in rounds):
            yield candidate


def is_prime(number: int, rounds: int = WITNESSES) -> bool:
    """Return whether a number is prime, by Miller and Rabin's test to fixed bases.

    The bases are the first primes: enough for numbers made at random, not for chosen ones.
    """
    if number < 2 or number % 2 == 0:
        return number == 2
    if number <= SMALL_PRIMES[-1]:
        return number in SMALL_PRIMES
    odd, twos = number - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    return all(passes(number, base, odd, twos) for base in [2, *SMALL_PRIMES][:rounds])


def passes(number: int, base: int, odd: int, twos: int) -> bool:
    """Return whether base does not prove that the number, odd * 2**twos + 1, is composite."""
    power = pow(base, odd, number)
    if power in (1, number - 1):
        return True
    for _ in range(twos - 1):
        power = power * power % number
        if power == number - 1:
            return True
    return False


def check_safe_primes(p: int, q: int, modulus_bits: int) -> None:
    """Refuse two numbers that are not safe primes of one size whose product has the size."""
    if p == q or p.bit_length() != q.bit_length():
        raise MisuseError("the two primes must differ and have one size")
    if (p * q).bit_length() != modulus_bits:
        raise MisuseError(f"the product of the primes has not {modulus_bits} bits")
    if not all(is_prime(each) and is_prime(each // 2) for each in (p, q)):
        raise MisuseError("not a safe prime")
