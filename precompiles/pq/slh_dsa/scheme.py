"""SLH-DSA over bytes: FIPS 205, section 10, the pure variant. Lengths are checked by the caller.

Loads the compiler at the first call only.
"""

from .message import external, position, randomizer
from .parameters import ParameterSet


def key_pair(chosen: ParameterSet, seeds: bytes) -> tuple[bytes, bytes]:
    """Return the public and the secret key made of SK.seed, SK.prf and PK.seed: algorithm 18."""
    from . import kernel

    n = chosen.n
    pk_seed = seeds[2 * n :]
    root = kernel.public_root(chosen, seeds[:n], pk_seed)
    return pk_seed + root, seeds + root


def sign(
    chosen: ParameterSet, secret_key: bytes, message: bytes, context: bytes, addrnd: bytes
) -> bytes:
    """Return a signature: algorithm 22, with the n bytes of `addrnd` given. PK.seed is the default.

    As the standard has it, the root in the key is taken on trust.
    """
    from . import kernel

    n = chosen.n
    sk_seed, prf_key, public_key = secret_key[:n], secret_key[n : 2 * n], secret_key[2 * n :]
    signed = external(message, context)
    r = randomizer(chosen, prf_key, addrnd, signed)
    place = position(chosen, r, public_key, signed)
    return r + kernel.sign_position(chosen, sk_seed, public_key[:n], place)


def verify(
    chosen: ParameterSet, public_key: bytes, message: bytes, signature: bytes, context: bytes
) -> bool:
    """Return whether the signature holds: algorithm 24."""
    from . import kernel

    if len(signature) != chosen.signature_size:
        return False
    n = chosen.n
    r, rest = signature[:n], signature[n:]
    place = position(chosen, r, public_key, external(message, context))
    return kernel.signed_root(chosen, rest, public_key[:n], place) == public_key[n:]
