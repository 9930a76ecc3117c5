"""What the numbers of a suite name: RFC 9180 section 7, and X-Wing of draft-ietf-hpke-pq."""

from collections.abc import Mapping

from ...backends import aead, diffie_hellman
from .kem import Kem, dhkem
from .xwing import XWING

KEMS: Mapping[int, Kem] = {
    0x0010: dhkem(0x0010, diffie_hellman.P256, "sha256", first_byte_mask=0xFF),
    0x0012: dhkem(0x0012, diffie_hellman.P521, "sha512", first_byte_mask=0x01),
    0x0020: dhkem(0x0020, diffie_hellman.X25519, "sha256"),
    0x0021: dhkem(0x0021, diffie_hellman.X448, "sha512"),
    0x647A: XWING,
}

KDFS: Mapping[int, str] = {1: "sha256", 2: "sha384", 3: "sha512"}
"""The hash of each HKDF."""

EXPORT_ONLY = 0xFFFF
AEADS: Mapping[int, tuple[aead.Cipher, int] | None] = {
    1: (aead.AES_GCM, 16),
    2: (aead.AES_GCM, 32),
    3: (aead.CHACHA20_POLY1305, 32),
    EXPORT_ONLY: None,
}
"""The cipher and the size of its key."""
