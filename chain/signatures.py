"""secp256k1 signatures over 32-byte digests: the only file of the chain that names the library."""

from coincurve import PrivateKey, PublicKey

from .encoding import keccak

SECP256K1_N = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
SECP256K1_HALF_N = SECP256K1_N // 2


def public_key_to_address(uncompressed: bytes) -> bytes:
    """Return the address of a 65-byte public key."""
    return keccak(uncompressed[1:])[12:]


def recover(digest: bytes, y_parity: int, r: int, s: int) -> bytes | None:
    """Return the signer's address, or None where no key can have made the signature."""
    if not (0 < r < SECP256K1_N and 0 < s < SECP256K1_N and y_parity in (0, 1)):
        return None
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((y_parity,))
    try:
        key = PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:  # The library raises bare Exception and ValueError for a point that is none.
        return None
    return public_key_to_address(key.format(compressed=False))


def sign(digest: bytes, private_key: bytes) -> tuple[int, int, int]:
    """Return (y_parity, r, s) with low s; deterministic (RFC 6979)."""
    signature = PrivateKey(private_key).sign_recoverable(digest, hasher=None)
    r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
    return signature[64], r, s


def address_of(private_key: bytes) -> bytes:
    """Return the address of a private key."""
    return public_key_to_address(PrivateKey(private_key).public_key.format(compressed=False))
