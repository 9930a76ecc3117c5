"""Proof that a plaintext is in range. ePrint 2021/060, figures 14 and 25 (Pi-enc and Pi-log*).

The plaintext k of K is within +-2**(ell + epsilon); with a base B and a point, the point is k B
too.
"""

from dataclasses import dataclass

from .....backends import secp256k1_group as curve
from .....backends.secp256k1_group import ORDER, Point
from ..paillier import Encrypted, encrypt, is_ciphertext
from ..parameters import Parameters, is_sized
from ..randomness import Draw, signed, unit
from ..ring_pedersen import RingPedersen
from ..transcript import Binding, challenge


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionStatement:
    """What is proven, to whose parameters. Base and point are empty where there is none."""

    verifier: RingPedersen
    modulus: int
    ciphertext: int
    base: bytes = b""
    point: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionProof:
    """S commits to the plaintext, C to its mask, A encrypts the mask; the point is the mask's."""

    commitment: int
    mask_ciphertext: int
    mask_commitment: int
    mask_point: bytes
    z1: int
    z2: int
    z3: int


def prove(
    parameters: Parameters,
    binding: Binding,
    statement: EncryptionStatement,
    secret: Encrypted,
    draw: Draw,
) -> EncryptionProof:
    """Prove it of a plaintext within +-2**ell."""
    verifier, modulus = statement.verifier, statement.modulus
    wide = parameters.ell + parameters.epsilon
    alpha = signed(1 << wide, draw)
    mu = signed(verifier.modulus << parameters.ell, draw)
    r = unit(modulus, draw)
    gamma = signed(verifier.modulus << wide, draw)
    commitment = verifier.commit(secret.plaintext, mu)
    mask_ciphertext = encrypt(modulus, alpha, r)
    mask_commitment = verifier.commit(alpha, gamma)
    mask_point = times(statement.base, alpha)
    e = challenge(
        parameters, binding, statement, commitment, mask_ciphertext, mask_commitment, mask_point
    )
    return EncryptionProof(
        commitment=commitment,
        mask_ciphertext=mask_ciphertext,
        mask_commitment=mask_commitment,
        mask_point=mask_point,
        z1=alpha + e * secret.plaintext,
        z2=r * pow(secret.randomness, e, modulus) % modulus,
        z3=gamma + e * mu,
    )


def verify(
    parameters: Parameters,
    binding: Binding,
    statement: EncryptionStatement,
    proof: EncryptionProof,
) -> bool:
    """Return whether the proof holds."""
    modulus = statement.modulus
    square = modulus * modulus
    if not is_sized(parameters, proof):
        return False
    if abs(proof.z1) > 1 << parameters.ell + parameters.epsilon or not 0 < proof.z2 < modulus:
        return False
    if not is_ciphertext(modulus, statement.ciphertext):
        return False
    e = challenge(
        parameters,
        binding,
        statement,
        proof.commitment,
        proof.mask_ciphertext,
        proof.mask_commitment,
        proof.mask_point,
    )
    expected = proof.mask_ciphertext * pow(statement.ciphertext, e, square) % square
    if encrypt(modulus, proof.z1, proof.z2) != expected:
        return False
    if not fits(statement.base, statement.point, proof.mask_point, proof.z1, e):
        return False
    return statement.verifier.opens(proof.z1, proof.z3, proof.mask_commitment, proof.commitment, e)


def times(base: bytes, factor: int) -> bytes:
    """Return a multiple of an encoded point; nothing of nothing, or at infinity."""
    product = curve.multiply(curve.parse(base), factor % ORDER)
    return b"" if product is None else curve.encode(product)


def fits(base: bytes, point: bytes, mask_point: bytes, answer: int, e: int) -> bool:
    """Return whether answer * base = mask_point + e * point; true where there is no base."""
    if not base:
        return not point and not mask_point
    parsed: list[Point | None] = [curve.parse(each) for each in (base, point, mask_point)]
    if any(each is None for each in parsed):
        return False
    right = curve.add((parsed[2], curve.multiply(parsed[1], e)))
    return curve.equal(curve.multiply(parsed[0], answer % ORDER), right)
