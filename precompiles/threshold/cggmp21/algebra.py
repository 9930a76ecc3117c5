"""The public equations of a CGGMP21 presignature and of the shares of a signature.

With k the nonce, x the key, and k_j, chi_j a signer's shares of k and of k x, a presignature is
R = (1/k) G and, for each signer, Rbar_j = k_j R and S_j = chi_j R. So the Rbar_j sum to G and the
S_j to the key. A signer's share of a signature, sigma_j = m k_j + r chi_j, then satisfies
sigma_j R = m Rbar_j + r S_j, where r is the x of R: whoever's does not has cheated.

`digest` is a hash as an integer below the order, as are r and the shares.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...backends import secp256k1_group as curve
from ...backends.secp256k1_group import ORDER, Point

HALF_ORDER = ORDER // 2
V_OFFSET = 27


@dataclass(frozen=True, slots=True, kw_only=True)
class Presignature:
    """What the signers prepared together, all of it public."""

    nonce: Point
    shares: tuple[tuple[Point, Point], ...]
    """Rbar_j and S_j of each signer."""


def nonce_scalar(nonce: Point) -> int:
    """Return the x of R: the r of the signature, when it is below the order."""
    return int.from_bytes(curve.encode(nonce)[1:], "big")


def is_consistent(presignature: Presignature, key: Point) -> bool:
    """Return whether the Rbar_j sum to G and the S_j to the key."""
    generator = curve.add(rbar for rbar, _ in presignature.shares)
    public = curve.add(share for _, share in presignature.shares)
    return curve.equal(generator, curve.base(1)) and curve.equal(public, key)


def holds(nonce: Point, rbar: Point, share: Point, digest: int, sigma: int) -> bool:
    """Return whether sigma R = m Rbar + r S."""
    if sigma >= ORDER:
        return False
    left = curve.multiply(nonce, sigma)
    right = curve.add(
        (
            curve.multiply(rbar, digest),
            curve.multiply(share, nonce_scalar(nonce)),
        )
    )
    return curve.equal(left, right)


def culprits(presignature: Presignature, digest: int, sigmas: Sequence[int]) -> list[int]:
    """Return the positions of the signers whose share does not hold."""
    return [
        position
        for position, ((rbar, share), sigma) in enumerate(
            zip(presignature.shares, sigmas, strict=True)
        )
        if not holds(presignature.nonce, rbar, share, digest, sigma)
    ]


def combine(nonce: Point, sigmas: Sequence[int]) -> bytes:
    """Return r || s || v of the sum of the shares, with low s; v is 27 or 28."""
    s = sum(sigmas) % ORDER
    odd = curve.encode(nonce)[0] & 1
    if s > HALF_ORDER:
        s, odd = ORDER - s, odd ^ 1
    r = nonce_scalar(nonce)
    return r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([V_OFFSET + odd])
