"""Proof that no factor of a modulus is small. ePrint 2021/060, figure 28 (Pi-fac).

With the proof of `modulus.py`, that there are two, both are above 2**ell.
"""

from dataclasses import dataclass
from math import gcd, isqrt

from ..paillier import PaillierSecret
from ..parameters import Parameters, is_sized
from ..randomness import Draw, signed
from ..ring_pedersen import RingPedersen
from ..transcript import Binding, challenge


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorProof:
    """Commitments to the factors and to masks, and the answers that open their sums."""

    p_commitment: int
    q_commitment: int
    p_mask: int
    q_mask: int
    product_mask: int
    sigma: int
    z1: int
    z2: int
    w1: int
    w2: int
    v: int


def prove(
    parameters: Parameters,
    binding: Binding,
    verifier: RingPedersen,
    secret: PaillierSecret,
    draw: Draw,
) -> FactorProof:
    """Prove it of our modulus."""
    modulus, ell, wide = secret.modulus, parameters.ell, parameters.ell + parameters.epsilon
    hat, p, q = verifier.modulus, secret.p, secret.q
    root = isqrt(modulus)
    alpha, beta = (signed(root << wide, draw) for _ in range(2))
    mu, nu = (signed(hat << ell, draw) for _ in range(2))
    sigma = signed(modulus * hat << ell, draw)
    r = signed(modulus * hat << wide, draw)
    x, y = (signed(hat << wide, draw) for _ in range(2))
    q_commitment = verifier.commit(q, nu)
    announced = {
        "p_commitment": verifier.commit(p, mu),
        "q_commitment": q_commitment,
        "p_mask": verifier.commit(alpha, x),
        "q_mask": verifier.commit(beta, y),
        "product_mask": pow(q_commitment, alpha, hat) * pow(verifier.t, r, hat) % hat,
        "sigma": sigma,
    }
    e = challenge(parameters, binding, verifier, modulus, announced)
    return FactorProof(
        **announced,
        z1=alpha + e * p,
        z2=beta + e * q,
        w1=x + e * mu,
        w2=y + e * nu,
        v=r + e * (sigma - nu * p),
    )


def verify(
    parameters: Parameters,
    binding: Binding,
    verifier: RingPedersen,
    modulus: int,
    proof: FactorProof,
) -> bool:
    """Return whether the proof holds."""
    hat = verifier.modulus
    bound = isqrt(modulus) << parameters.ell + parameters.epsilon
    if not is_sized(parameters, proof) or gcd(proof.q_commitment, hat) != 1:
        return False
    if abs(proof.z1) > bound or abs(proof.z2) > bound:
        return False
    announced = {
        name: getattr(proof, name)
        for name in (
            "p_commitment", "q_commitment", "p_mask", "q_mask", "product_mask", "sigma",
        )
    }  # fmt: skip
    e = challenge(parameters, binding, verifier, modulus, announced)
    if not verifier.opens(proof.z1, proof.w1, proof.p_mask, proof.p_commitment, e):
        return False
    if not verifier.opens(proof.z2, proof.w2, proof.q_mask, proof.q_commitment, e):
        return False
    product = verifier.commit(modulus, proof.sigma)
    left = pow(proof.q_commitment, proof.z1, hat) * pow(verifier.t, proof.v, hat) % hat
    return left == proof.product_mask * pow(product, e, hat) % hat
