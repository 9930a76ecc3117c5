"""Proof that s is a power of t modulo N. ePrint 2021/060, figure 17 (Pi-prm).

A cheater passes each repetition with probability 1/2.
"""

from dataclasses import dataclass

from ..paillier import PaillierSecret
from ..parameters import Parameters
from ..randomness import Draw, below
from ..ring_pedersen import RingPedersen
from ..transcript import Binding, challenge_bits
from .modulus import power


@dataclass(frozen=True, slots=True, kw_only=True)
class RingPedersenProof:
    """Powers of t, and for each its exponent, or its exponent plus that of s."""

    announced: tuple[int, ...]
    answers: tuple[int, ...]


def prove(
    parameters: Parameters,
    binding: Binding,
    statement: RingPedersen,
    secret: PaillierSecret,
    exponent: int,
    draw: Draw,
) -> RingPedersenProof:
    """Prove it, knowing the exponent and phi(N)."""
    nonces = [below(secret.totient, draw) for _ in range(parameters.repetitions)]
    announced = tuple(power(statement.t, nonce, secret) for nonce in nonces)
    bits = challenge_bits(parameters, binding, statement, announced)
    answers = ((a + e * exponent) % secret.totient for a, e in zip(nonces, bits, strict=True))
    return RingPedersenProof(announced=announced, answers=tuple(answers))


def verify(
    parameters: Parameters, binding: Binding, statement: RingPedersen, proof: RingPedersenProof
) -> bool:
    """Return whether t**z = a s**e, for each."""
    count = parameters.repetitions
    modulus = statement.modulus
    if len(proof.announced) != count or len(proof.answers) != count or not statement.is_sound():
        return False
    bits = challenge_bits(parameters, binding, statement, proof.announced)
    for a, z, e in zip(proof.announced, proof.answers, bits, strict=True):
        if not (0 < a < modulus and 0 <= z < modulus):
            return False
        if pow(statement.t, z, modulus) != a * (statement.s if e else 1) % modulus:
            return False
    return True
