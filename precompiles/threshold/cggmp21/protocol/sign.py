"""Signing with a presignature. ePrint 2021/060, figure 8: one message from each signer.

Whoever sees the shares can sum them to the signature, and can name those that do not hold:
`combine` here, `combine` and `blame` at 0x0802 on the chain.
"""

from collections.abc import Mapping

from ....backends import ecdsa
from ....backends import secp256k1_group as curve
from ....backends.secp256k1_group import ORDER
from .. import algebra
from .faults import MisuseError, SigningFailedError, SilentPartyError
from .presign import SigningShare

DIGEST_SIZE = 32


def sign(share: SigningShare, digest: bytes) -> int:
    """Return our share of the signature of a digest. Forget the signing share afterwards."""
    r = algebra.nonce_scalar(share.presignature.nonce)
    return (share.nonce_share * as_scalar(digest) + r * share.key_share) % ORDER


def combine(share: SigningShare, digest: bytes, sigmas: Mapping[int, int]) -> bytes:
    """Return r || s || v of all shares, or raise SigningFailedError with who spoiled it."""
    missing = [party for party in share.signers if party not in sigmas]
    if missing:
        raise SilentPartyError(missing)
    listed = [sigmas[party] for party in share.signers]
    number = as_scalar(digest)
    guilty = algebra.culprits(share.presignature, number, listed)
    if guilty:
        raise SigningFailedError([share.signers[position] for position in guilty])
    signature = algebra.combine(share.presignature.nonce, listed)
    key = curve.parse(share.public_key)
    assert key is not None
    assert ecdsa.verify(key, digest, signature[:64])
    return signature


def as_scalar(digest: bytes) -> int:
    """Return the digest as ECDSA uses it."""
    if len(digest) != DIGEST_SIZE:
        raise MisuseError("a digest has 32 bytes")
    return int.from_bytes(digest, "big") % ORDER
