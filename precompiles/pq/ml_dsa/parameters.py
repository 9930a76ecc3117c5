"""The parameter sets of ML-DSA (FIPS 204, tables 1 and 2) and what follows from them."""

from dataclasses import dataclass

Q = 8380417
N = 256
D = 13
"""Bits dropped from t."""

SEED_SIZE = 32
RANDOMNESS_SIZE = 32
CONTEXT_SIZE_MAX = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """One set. `number` is what the chain calls it: NIST's level."""

    number: int
    name: str
    k: int
    l: int  # noqa: E741 - the standard's letter
    eta: int
    tau: int
    gamma1_bits: int
    gamma2: int
    omega: int
    challenge_size: int

    @property
    def beta(self) -> int:
        """The largest coefficient of challenge times secret."""
        return self.tau * self.eta

    @property
    def eta_bits(self) -> int:
        """Of a coefficient of the secret vectors."""
        return (2 * self.eta).bit_length()

    @property
    def w1_bits(self) -> int:
        """Of a coefficient of w1."""
        return ((Q - 1) // (2 * self.gamma2) - 1).bit_length()

    @property
    def public_key_size(self) -> int:
        """Of rho and k polynomials of 10 bits."""
        return 32 + 320 * self.k

    @property
    def secret_key_size(self) -> int:
        """Of rho, K, tr, s1, s2 and t0."""
        return 128 + 32 * self.eta_bits * (self.k + self.l) + 416 * self.k

    @property
    def signature_size(self) -> int:
        """Of the challenge, z and the hint."""
        return self.challenge_size + 32 * (self.gamma1_bits + 1) * self.l + self.omega + self.k


SETS = (
    Parameters(
        number=2,
        name="ML-DSA-44",
        k=4,
        l=4,
        eta=2,
        tau=39,
        gamma1_bits=17,
        gamma2=(Q - 1) // 88,
        omega=80,
        challenge_size=32,
    ),
    Parameters(
        number=3,
        name="ML-DSA-65",
        k=6,
        l=5,
        eta=4,
        tau=49,
        gamma1_bits=19,
        gamma2=(Q - 1) // 32,
        omega=55,
        challenge_size=48,
    ),
    Parameters(
        number=5,
        name="ML-DSA-87",
        k=8,
        l=7,
        eta=2,
        tau=60,
        gamma1_bits=19,
        gamma2=(Q - 1) // 32,
        omega=75,
        challenge_size=64,
    ),
)

BY_NUMBER = {each.number: each for each in SETS}
BY_PUBLIC_KEY_SIZE = {each.public_key_size: each for each in SETS}
BY_SECRET_KEY_SIZE = {each.secret_key_size: each for each in SETS}


def formatted(message: bytes, context: bytes) -> bytes:
    """Return what is signed of a message and a context of at most 255 bytes (algorithm 2)."""
    return bytes([0, len(context)]) + context + message
