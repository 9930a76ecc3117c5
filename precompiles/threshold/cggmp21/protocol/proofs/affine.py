"""Proof of an affine operation on a ciphertext. ePrint 2021/060, figure 15 (Pi-aff-g).

D encrypts x times the plaintext of C, plus y; Y encrypts y under the prover's modulus; X = x G. And
x is within +-2**(ell + epsilon), y within +-2**(ell' + epsilon).
"""

from dataclasses import dataclass

from .....backends import secp256k1_group as curve
from ..paillier import Encrypted, encrypt, is_ciphertext
from ..parameters import Parameters, is_sized
from ..randomness import Draw, signed, unit
from ..ring_pedersen import RingPedersen
from ..transcript import Binding, challenge
from .encryption import fits, times

GENERATOR = curve.encode(curve.base(1))  # type: ignore[arg-type]  # 1 G is not infinity


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineStatement:
    """C and D are under `modulus`, Y under `own_modulus`."""

    verifier: RingPedersen
    modulus: int
    own_modulus: int
    base_ciphertext: int
    result: int
    addend: int
    point: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineProof:
    """Commitments S to x, T to y, E and F to their masks; the masks' own result; the answers."""

    x_commitment: int
    y_commitment: int
    x_mask_commitment: int
    y_mask_commitment: int
    mask_result: int
    mask_addend: int
    mask_point: bytes
    z1: int
    z2: int
    z3: int
    z4: int
    w: int
    w_y: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AffineSecret:
    """x; y as encrypted in Y; the randomness of D."""

    x: int
    y: Encrypted
    randomness: int


def prove(
    parameters: Parameters,
    binding: Binding,
    statement: AffineStatement,
    secret: AffineSecret,
    draw: Draw,
) -> AffineProof:
    """Prove it of x within +-2**ell and y within +-2**ell'."""
    verifier, n0, n1 = statement.verifier, statement.modulus, statement.own_modulus
    hat, square = verifier.modulus, statement.modulus**2
    ell, epsilon, ell_prime = parameters.ell, parameters.epsilon, parameters.ell_prime
    alpha, beta = signed(1 << ell + epsilon, draw), signed(1 << ell_prime + epsilon, draw)
    r, r_y = unit(n0, draw), unit(n1, draw)
    gamma, delta = (signed(hat << ell + epsilon, draw) for _ in range(2))
    m, mu = (signed(hat << ell, draw) for _ in range(2))
    mask_result = pow(statement.base_ciphertext, alpha, square) * encrypt(n0, beta, r) % square
    announced = {
        "x_commitment": verifier.commit(secret.x, m),
        "y_commitment": verifier.commit(secret.y.plaintext, mu),
        "x_mask_commitment": verifier.commit(alpha, gamma),
        "y_mask_commitment": verifier.commit(beta, delta),
        "mask_result": mask_result,
        "mask_addend": encrypt(n1, beta, r_y),
    }
    mask_point = times(GENERATOR, alpha)
    e = challenge(parameters, binding, statement, announced, mask_point)
    return AffineProof(
        **announced,
        mask_point=mask_point,
        z1=alpha + e * secret.x,
        z2=beta + e * secret.y.plaintext,
        z3=gamma + e * m,
        z4=delta + e * mu,
        w=r * pow(secret.randomness, e, n0) % n0,
        w_y=r_y * pow(secret.y.randomness, e, n1) % n1,
    )


def verify(
    parameters: Parameters, binding: Binding, statement: AffineStatement, proof: AffineProof
) -> bool:
    """Return whether the proof holds."""
    if not in_range(parameters, statement, proof):
        return False
    verifier, n0, n1 = statement.verifier, statement.modulus, statement.own_modulus
    square, own_square = n0 * n0, n1 * n1
    announced = {
        name: getattr(proof, name)
        for name in (
            "x_commitment", "y_commitment", "x_mask_commitment", "y_mask_commitment",
            "mask_result", "mask_addend",
        )
    }  # fmt: skip
    e = challenge(parameters, binding, statement, announced, proof.mask_point)
    left = pow(statement.base_ciphertext, proof.z1, square) * encrypt(n0, proof.z2, proof.w)
    if left % square != proof.mask_result * pow(statement.result, e, square) % square:
        return False
    expected = proof.mask_addend * pow(statement.addend, e, own_square) % own_square
    if encrypt(n1, proof.z2, proof.w_y) != expected:
        return False
    if not fits(GENERATOR, statement.point, proof.mask_point, proof.z1, e):
        return False
    return verifier.opens(
        proof.z1, proof.z3, proof.x_mask_commitment, proof.x_commitment, e
    ) and verifier.opens(proof.z2, proof.z4, proof.y_mask_commitment, proof.y_commitment, e)


def in_range(parameters: Parameters, statement: AffineStatement, proof: AffineProof) -> bool:
    """Return whether all numbers are what they must be before anything is computed with them."""
    epsilon = parameters.epsilon
    return (
        is_sized(parameters, proof)
        and abs(proof.z1) <= 1 << parameters.ell + epsilon
        and abs(proof.z2) <= 1 << parameters.ell_prime + epsilon
        and 0 < proof.w < statement.modulus
        and 0 < proof.w_y < statement.own_modulus
        and is_ciphertext(statement.modulus, statement.base_ciphertext)
        and is_ciphertext(statement.modulus, statement.result)
        and is_ciphertext(statement.own_modulus, statement.addend)
    )
