"""Schnorr's proof of knowing the discrete logarithm of a point. ePrint 2021/060, figure 22.

Its nonce is chosen, and committed to, rounds before the challenge is known.
"""

from .....backends import secp256k1_group as curve
from .....backends.secp256k1_group import ORDER, Point
from ..parameters import Parameters
from ..transcript import Binding, challenge


def prove(
    parameters: Parameters,
    binding: Binding,
    secret: int,
    point: bytes,
    nonce: int,
    announced: bytes,
) -> int:
    """Return the answer for point = secret G and announced = nonce G."""
    return (nonce + challenge(parameters, binding, point, announced) * secret) % ORDER


def verify(
    parameters: Parameters, binding: Binding, point: Point, announced: Point, answer: int
) -> bool:
    """Return whether answer G = announced + e point."""
    if not 0 <= answer < ORDER:
        return False
    encoded = curve.encode(point), curve.encode(announced)
    e = challenge(parameters, binding, *encoded)
    right = curve.add((announced, curve.multiply(point, e)))
    return curve.equal(curve.base(answer), right)
