"""Proof of what a sum decrypts to. After the 2024 revision of ePrint 2021/060 (Pi-dec).

The prover, whose modulus it is, shows that the plaintext of K**x D is y, where X = x G and
S = y B: so a party that multiplied its own K by x, and added what others sent it, shows that it
published the right y, or the right multiple of B, and nothing else.

A sigma protocol like that of `affine.py`, with K inverted in the place of C and a group element in
the place of Y. The range of y keeps its residue modulo the curve's order unambiguous.
"""

from dataclasses import dataclass

from ..paillier import encrypt, is_ciphertext
from ..parameters import Parameters, is_sized
from ..randomness import Draw, signed, unit
from ..ring_pedersen import RingPedersen
from ..transcript import Binding, challenge
from .affine import GENERATOR
from .encryption import fits, times


@dataclass(frozen=True, slots=True, kw_only=True)
class DecryptionStatement:
    """What is proven, to whose parameters."""

    verifier: RingPedersen
    modulus: int
    factor_ciphertext: int
    """K."""
    sum_ciphertext: int
    """D."""
    factor_point: bytes
    """X."""
    base: bytes
    """B."""
    result_point: bytes
    """S."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecryptionSecret:
    """x, y, and the randomness of K**x D."""

    x: int
    y: int
    randomness: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DecryptionProof:
    """Commitments to x, y and their masks; what the masks give; the answers."""

    x_commitment: int
    y_commitment: int
    x_mask_commitment: int
    y_mask_commitment: int
    mask_ciphertext: int
    mask_factor_point: bytes
    mask_result_point: bytes
    z1: int
    z2: int
    z3: int
    z4: int
    w: int


def prove(
    parameters: Parameters,
    binding: Binding,
    statement: DecryptionStatement,
    secret: DecryptionSecret,
    draw: Draw,
) -> DecryptionProof:
    """Prove it of x within +-2**ell and y within +-2**ell_decrypted."""
    verifier, modulus = statement.verifier, statement.modulus
    hat, square = verifier.modulus, modulus * modulus
    ell, epsilon = parameters.ell, parameters.epsilon
    alpha = signed(1 << ell + epsilon, draw)
    beta = signed(1 << parameters.ell_decrypted + epsilon, draw)
    r = unit(modulus, draw)
    gamma, delta = (signed(hat << ell + epsilon, draw) for _ in range(2))
    m, mu = (signed(hat << ell, draw) for _ in range(2))
    mask = pow(statement.factor_ciphertext, -alpha, square) * encrypt(modulus, beta, r) % square
    announced = {
        "x_commitment": verifier.commit(secret.x, m),
        "y_commitment": verifier.commit(secret.y, mu),
        "x_mask_commitment": verifier.commit(alpha, gamma),
        "y_mask_commitment": verifier.commit(beta, delta),
        "mask_ciphertext": mask,
    }
    points = times(GENERATOR, alpha), times(statement.base, beta)
    e = challenge(parameters, binding, statement, announced, points)
    return DecryptionProof(
        **announced,
        mask_factor_point=points[0],
        mask_result_point=points[1],
        z1=alpha + e * secret.x,
        z2=beta + e * secret.y,
        z3=gamma + e * m,
        z4=delta + e * mu,
        w=r * pow(secret.randomness, e, modulus) % modulus,
    )


def verify(
    parameters: Parameters,
    binding: Binding,
    statement: DecryptionStatement,
    proof: DecryptionProof,
) -> bool:
    """Return whether the proof holds."""
    if not in_range(parameters, statement, proof):
        return False
    verifier, modulus = statement.verifier, statement.modulus
    square = modulus * modulus
    announced = {
        name: getattr(proof, name)
        for name in (
            "x_commitment", "y_commitment", "x_mask_commitment", "y_mask_commitment",
            "mask_ciphertext",
        )
    }  # fmt: skip
    points = proof.mask_factor_point, proof.mask_result_point
    e = challenge(parameters, binding, statement, announced, points)
    left = pow(statement.factor_ciphertext, -proof.z1, square) * encrypt(modulus, proof.z2, proof.w)
    expected = proof.mask_ciphertext * pow(statement.sum_ciphertext, e, square)
    if (left - expected) % square:
        return False
    if not fits(GENERATOR, statement.factor_point, proof.mask_factor_point, proof.z1, e):
        return False
    if not fits(statement.base, statement.result_point, proof.mask_result_point, proof.z2, e):
        return False
    return verifier.opens(
        proof.z1, proof.z3, proof.x_mask_commitment, proof.x_commitment, e
    ) and verifier.opens(proof.z2, proof.z4, proof.y_mask_commitment, proof.y_commitment, e)


def in_range(
    parameters: Parameters, statement: DecryptionStatement, proof: DecryptionProof
) -> bool:
    """Return whether all numbers are what they must be before anything is computed with them."""
    epsilon = parameters.epsilon
    return (
        is_sized(parameters, proof)
        and abs(proof.z1) <= 1 << parameters.ell + epsilon
        and abs(proof.z2) <= 1 << parameters.ell_decrypted + epsilon
        and 0 < proof.w < statement.modulus
        and is_ciphertext(statement.modulus, statement.factor_ciphertext)
        and is_ciphertext(statement.modulus, statement.sum_ciphertext)
        and bool(statement.base)
    )
