"""KZG_POINT_EVALUATION (EIP-4844): a polynomial's value at a point, against its commitment."""

from typing import Final

from ..blobs import opens_to, versioned_hash
from .builtin import Builtin, BuiltinError, flat

SIZE: Final = 192
"""Versioned hash, z, y (32 each), commitment, proof (48 each)."""
OUTPUT: Final = (4096).to_bytes(32, "big") + bytes.fromhex(
    "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"
)
"""Field elements in a blob, and the modulus of their field."""


def point_evaluation(data: bytes) -> bytes:
    """Return the field's constants where p(z) = y; fail everywhere else."""
    if len(data) != SIZE:
        raise BuiltinError("point evaluation: the input is not 192 bytes")
    commitment, proof = data[96:144], data[144:]
    if versioned_hash(commitment) != data[:32]:
        raise BuiltinError("point evaluation: the commitment is of another blob")
    if not opens_to(commitment, z=data[32:64], y=data[64:96], proof=proof):
        raise BuiltinError("point evaluation: the proof does not hold")
    return OUTPUT


POINT_EVALUATION: Final = Builtin(
    name="KZG_POINT_EVALUATION", price=flat(50_000), run=point_evaluation
)
