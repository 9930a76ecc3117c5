"""Commitments s**x t**r mod N to integers: binding while nobody who commits can factor N.

Each party makes N, s and t for proofs that others make to it.
"""

from dataclasses import dataclass
from math import gcd

from .paillier import PaillierSecret
from .randomness import Draw, below, unit


@dataclass(frozen=True, slots=True, kw_only=True)
class RingPedersen:
    """N, and two squares s and t modulo N, each a power of the other."""

    modulus: int
    s: int
    t: int

    def commit(self, value: int, randomness: int) -> int:
        """Return s**value * t**randomness."""
        return (
            pow(self.s, value, self.modulus)
            * pow(self.t, randomness, self.modulus)
            % (self.modulus)
        )

    def opens(
        self, value: int, randomness: int, first: int, commitment: int, challenge: int
    ) -> bool:
        """Return whether s**value t**randomness = first * commitment**challenge."""
        expected = first * pow(commitment, challenge, self.modulus) % self.modulus
        return self.commit(value, randomness) == expected

    def is_sound(self) -> bool:
        """Return whether s and t are invertible and not trivially weak."""
        return all(1 < each < self.modulus and gcd(each, self.modulus) == 1
                   for each in (self.s, self.t))  # fmt: skip


def generate(secret: PaillierSecret, draw: Draw) -> tuple[RingPedersen, int]:
    """Return parameters, and the exponent that leads from t to s."""
    modulus = secret.modulus
    t = pow(unit(modulus, draw), 2, modulus)
    exponent = below(secret.totient // 4, draw)
    return RingPedersen(modulus=modulus, s=pow(t, exponent, modulus), t=t), exponent
