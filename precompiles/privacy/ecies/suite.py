"""The one suite: ECIES on secp256k1 in the profile of devp2p's RLPx handshake.

    z        the x coordinate of r PK = sk R                    32 bytes
    KE || KM NIST SP 800-56 concatenation KDF, SHA-256, of z    16 + 16 bytes
    c        AES-128-CTR with KE, from the counter iv
    d        HMAC-SHA-256 with key SHA-256(KM), of iv || c || macData
    message  R (0x04 || x || y) || iv (16) || c || d (32)

macData is not sent: both sides know it (RLPx: the two bytes of the packet's length). Given the
recipient's key and r, all but iv follows from the plaintext, so nobody can open a message in two
ways. Knows no ABI. Not constant in time.
"""

from hashlib import sha256
from hmac import compare_digest

from ...backends import secp256k1
from ...backends.aes_ctr import apply_aes_ctr
from ...backends.secp256k1 import ORDER, Point
from ...hkdf import SHA256, expand, extract, hmac_digest

KEY_SIZE = 65
IV_SIZE = 16
MAC_SIZE = 32
OVERHEAD = KEY_SIZE + IV_SIZE + MAC_SIZE

UNCOMPRESSED = 4
KDF_COUNTER = (1).to_bytes(4, "big")
SEED_TAG = b"PARS-ECIES-SEED-V1"
UNIFORM_SIZE = 48  # Of which a scalar is made: keeps its bias below 2**-128.


def parse_key(encoded: bytes) -> Point | None:
    """Return the point of 65 bytes, or None."""
    return secp256k1.parse_uncompressed(encoded) if encoded[0] == UNCOMPRESSED else None


def ephemeral(seed: bytes, context: bytes) -> tuple[int, bytes]:
    """Return r and iv from a secret seed. The context has all that is encrypted in it.

    So one seed for two messages gives no key stream away: their r differ.
    """
    key = extract(SHA256, SEED_TAG, seed)
    uniform = expand(SHA256, key, context, UNIFORM_SIZE + IV_SIZE)
    r = int.from_bytes(uniform[:UNIFORM_SIZE], "big") % (ORDER - 1) + 1
    return r, uniform[UNIFORM_SIZE:]


def seal(recipient: Point, r: int, iv: bytes, mac_data: bytes, plaintext: bytes) -> bytes:
    """Return the message. r is in 1 .. order - 1."""
    cipher_key, mac_key = keys_of(secp256k1.multiply(recipient, r))
    sealed = iv + apply_aes_ctr(cipher_key, iv, plaintext)
    public = secp256k1.encode_uncompressed(secp256k1.base_multiple(r))
    return public + sealed + hmac_digest(SHA256, mac_key, sealed + mac_data)


def unseal(secret: int, public: Point, mac_data: bytes, message: bytes) -> bytes | None:
    """Return the plaintext of a message, whose R is `public`; None when its MAC is wrong."""
    cipher_key, mac_key = keys_of(secp256k1.multiply(public, secret))
    sealed, mac = message[KEY_SIZE:-MAC_SIZE], message[-MAC_SIZE:]
    if not compare_digest(hmac_digest(SHA256, mac_key, sealed + mac_data), mac):
        return None
    return apply_aes_ctr(cipher_key, sealed[:IV_SIZE], sealed[IV_SIZE:])


def keys_of(shared: Point) -> tuple[bytes, bytes]:
    """Return the cipher's key and the MAC's."""
    derived = sha256(KDF_COUNTER + secp256k1.encode(shared)[1:]).digest()
    return derived[:16], sha256(derived[16:]).digest()
