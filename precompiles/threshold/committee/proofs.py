"""What members of a committee prove: that they know a secret, and that two points share one.

Every challenge binds the purpose, the chain, the committee and the member, so that no proof can be
used elsewhere. Knows neither storage nor members' secrets.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ...backends import secp256k1
from ...backends import secp256k1_group as curve
from ...backends.keccak import keccak256
from ...backends.secp256k1 import ORDER, Point

POSSESSION = b"PARS-COMMITTEE-POSSESSION-V1"
SHARED_POINT = b"PARS-COMMITTEE-SHARED-POINT-V1"
PARTIAL = b"PARS-COMMITTEE-PARTIAL-V1"
MASK = b"PARS-COMMITTEE-MASK-V1"

PROOF_SIZE = 64
SCALAR_SIZE = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Who proves what, where."""

    purpose: bytes
    chain_id: int
    committee: bytes
    member: int

    def challenge(self, points: Sequence[bytes]) -> int:
        """Hash the statement and points of 33 bytes to a scalar."""
        numbers = self.chain_id.to_bytes(32, "big") + self.member.to_bytes(32, "big")
        bound = keccak256(self.purpose) + self.committee + numbers
        return int.from_bytes(keccak256(bound + b"".join(points)), "big") % ORDER


def split(proof: bytes) -> tuple[int, int] | None:
    """Return challenge and response, or None when they are no two scalars."""
    if len(proof) != PROOF_SIZE:
        return None
    challenge = int.from_bytes(proof[:SCALAR_SIZE], "big")
    response = int.from_bytes(proof[SCALAR_SIZE:], "big")
    return (challenge, response) if challenge < ORDER and response < ORDER else None


def knows(statement: Statement, key: bytes, proof: bytes) -> bool:
    """Return whether the prover knows the secret of a key: Schnorr's proof."""
    parts = split(proof)
    point = curve.parse(key)
    if parts is None or point is None:
        return False
    challenge, response = parts
    commitment = secp256k1.combine(point, -challenge % ORDER, response)
    return commitment is not None and statement.challenge([key, commitment]) == challenge


def same_secret(
    statement: Statement, key: bytes, base: bytes, product: bytes, proof: bytes
) -> bool:
    """Return whether `product` is `base` times the secret of `key`: Chaum and Pedersen's proof."""
    parts = split(proof)
    key_point, base_point = curve.parse(key), curve.parse(base)
    product_point = curve.parse(product)
    if parts is None or key_point is None or base_point is None or product_point is None:
        return False
    challenge, response = parts
    first = secp256k1.combine(key_point, -challenge % ORDER, response)
    second = difference(base_point, response, product_point, challenge)
    if first is None or second is None:
        return False
    return statement.challenge([key, base, product, first, second]) == challenge


def difference(left: Point, left_factor: int, right: Point, right_factor: int) -> bytes | None:
    """Return left_factor * left - right_factor * right; None at infinity."""
    terms = (
        curve.multiply(left, left_factor),
        curve.multiply(right, -right_factor % ORDER),
    )
    total = curve.add(terms)
    return None if total is None else curve.encode(total)


def mask(chain_id: int, committee: bytes, dealer: int, recipient: int, shared: bytes) -> int:
    """Return what a dealer adds to the share of a recipient: a hash of the point they share."""
    statement = Statement(purpose=MASK, chain_id=chain_id, committee=committee, member=dealer)
    return statement.challenge([recipient.to_bytes(32, "big"), shared])
