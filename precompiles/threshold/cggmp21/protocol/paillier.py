"""Paillier's encryption with base 1 + N: sums of plaintexts by products of ciphertexts.

Plaintexts are integers from -N/2 to N/2. The factors are safe primes, 3 modulo 4, so N is a Blum
integer.
"""

from dataclasses import dataclass
from math import gcd

from .randomness import Draw, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class PaillierSecret:
    """The factors of a modulus."""

    p: int
    q: int

    @property
    def modulus(self) -> int:
        """Return N."""
        return self.p * self.q

    @property
    def totient(self) -> int:
        """Return phi(N)."""
        return (self.p - 1) * (self.q - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encrypted:
    """A ciphertext with what its maker knows of it."""

    ciphertext: int
    plaintext: int
    randomness: int


def encrypt(modulus: int, plaintext: int, randomness: int) -> int:
    """Return (1 + N)**plaintext * randomness**N mod N**2."""
    square = modulus * modulus
    return (1 + plaintext * modulus) % square * pow(randomness, modulus, square) % square


def encrypt_fresh(modulus: int, plaintext: int, draw: Draw) -> Encrypted:
    """Encrypt with new randomness."""
    randomness = unit(modulus, draw)
    return Encrypted(
        ciphertext=encrypt(modulus, plaintext, randomness),
        plaintext=plaintext,
        randomness=randomness,
    )


def decrypt(secret: PaillierSecret, ciphertext: int) -> int:
    """Return the plaintext, from -N/2 to N/2."""
    modulus, totient = secret.modulus, secret.totient
    power = pow(ciphertext, totient, modulus * modulus)
    plaintext = (power - 1) // modulus * pow(totient, -1, modulus) % modulus
    return plaintext - modulus if plaintext > modulus // 2 else plaintext


def randomness_of(secret: PaillierSecret, ciphertext: int, plaintext: int) -> int:
    """Return the randomness with which this plaintext gives this ciphertext."""
    modulus = secret.modulus
    square = modulus * modulus
    masked = ciphertext * (1 - plaintext * modulus) % square
    return pow(masked % modulus, pow(modulus, -1, secret.totient), modulus)


def is_ciphertext(modulus: int, number: int) -> bool:
    """Return whether a number is in the range of ciphertexts and invertible."""
    return 0 < number < modulus * modulus and gcd(number, modulus) == 1
