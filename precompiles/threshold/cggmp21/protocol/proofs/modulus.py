"""Proof that a modulus is a Paillier-Blum one. ePrint 2021/060, figure 16 (Pi-mod).

N is the product of two primes, both 3 modulo 4, and has no common factor with phi(N). A cheater
passes each repetition with probability 1/2.
"""

from dataclasses import dataclass

from ..paillier import PaillierSecret
from ..parameters import Parameters
from ..randomness import Draw, is_prime, unit
from ..transcript import Binding, challenge_units


@dataclass(frozen=True, slots=True, kw_only=True)
class ModulusProof:
    """w without a root, and, for each challenge y, a fourth root x of +-y or +-wy, and y**(1/N)."""

    w: int
    rounds: tuple[tuple[int, bool, bool, int], ...]
    """x, whether negated, whether times w, and z."""


def prove(
    parameters: Parameters, binding: Binding, secret: PaillierSecret, draw: Draw
) -> ModulusProof:
    """Prove it of the product of two Blum primes."""
    modulus = secret.modulus
    while jacobi(w := unit(modulus, draw), modulus) != -1:
        continue
    inverse = pow(modulus, -1, secret.totient)
    rounds = []
    for y in challenge_units(parameters, binding, modulus, w):
        negated, multiplied, square = quadratic_form(y, w, secret)
        x = fourth_root(square, secret)
        rounds.append((x, negated, multiplied, power(y, inverse, secret)))
    return ModulusProof(w=w, rounds=tuple(rounds))


def verify(parameters: Parameters, binding: Binding, modulus: int, proof: ModulusProof) -> bool:
    """Return whether the proof holds."""
    w = proof.w
    if modulus % 2 == 0 or modulus.bit_length() != parameters.modulus_bits or is_prime(modulus, 8):
        return False
    if not 0 < w < modulus or jacobi(w, modulus) != -1:
        return False
    if len(proof.rounds) != parameters.repetitions:
        return False
    challenges = challenge_units(parameters, binding, modulus, w)
    for y, (x, negated, multiplied, z) in zip(challenges, proof.rounds, strict=True):
        if not (0 < x < modulus and 0 < z < modulus):
            return False
        expected = (-y if negated else y) * (w if multiplied else 1) % modulus
        if pow(x, 4, modulus) != expected or pow(z, modulus, modulus) != y:
            return False
    return True


def quadratic_form(y: int, w: int, secret: PaillierSecret) -> tuple[bool, bool, int]:
    """Return the one of y, -y, wy, -wy that has a square root, and which it is."""
    for negated in (False, True):
        for multiplied in (False, True):
            number = (-y if negated else y) * (w if multiplied else 1) % secret.modulus
            if is_square(number, secret.p) and is_square(number, secret.q):
                return negated, multiplied, number
    raise AssertionError("no root: not a Blum integer, or y has a factor in common with it")


def is_square(number: int, prime: int) -> bool:
    """Return whether a number has a root modulo a prime."""
    return jacobi(number, prime) == 1


def fourth_root(square: int, secret: PaillierSecret) -> int:
    """Return a root of the root that is a square itself, as Blum primes have one."""
    p, q = secret.p, secret.q
    modulo_p = pow(square, ((p + 1) // 4) ** 2 % (p - 1), p)
    modulo_q = pow(square, ((q + 1) // 4) ** 2 % (q - 1), q)
    return chinese(modulo_p, modulo_q, secret)


def power(number: int, exponent: int, secret: PaillierSecret) -> int:
    """Return number**exponent mod N, modulo each prime apart."""
    p, q = secret.p, secret.q
    return chinese(pow(number, exponent % (p - 1), p), pow(number, exponent % (q - 1), q), secret)


def chinese(modulo_p: int, modulo_q: int, secret: PaillierSecret) -> int:
    """Return the number below N with these remainders."""
    p, q = secret.p, secret.q
    return modulo_q + q * ((modulo_p - modulo_q) * pow(q, -1, p) % p)


def jacobi(number: int, modulus: int) -> int:
    """Return the Jacobi symbol for an odd modulus."""
    number %= modulus
    sign = 1
    while number:
        twos = (number & -number).bit_length() - 1
        number >>= twos
        if twos % 2 and modulus % 8 in (3, 5):
            sign = -sign
        number, modulus = modulus, number
        if number % 4 == modulus % 4 == 3:
            sign = -sign
        number %= modulus
    return sign if modulus == 1 else 0
