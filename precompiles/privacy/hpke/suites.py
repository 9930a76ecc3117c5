"""What the numbers of a suite name: RFC 9180 section 7, and X-Wing of draft-ietf-hpke-pq."""

from collections.abc import Mapping

from ...backends import aead, diffie_hellman
from ...hkdf import SHA256, SHA384, SHA512, Hash
from .kem import Kem, dhkem
from .xwing import XWING

KEMS: Mapping[int, Kem] = {
    0x0010: dhkem(0x0010, diffie_hellman.P256, SHA256, first_byte_mask=0xFF),
    0x0012: dhkem(0x0012, diffie_hellman.P521, SHA512, first_byte_mask=0x01),
    0x0020: dhkem(0x0020, diffie_hellman.X25519, SHA256),
    0x0021: dhkem(0x0021, diffie_hellman.X448, SHA512),
    0x647A: XWING,
}

KDFS: Mapping[int, Hash] = {1: SHA256, 2: SHA384, 3: SHA512}
"""The hash of each HKDF."""

EXPORT_ONLY = 0xFFFF
AEADS: Mapping[int, tuple[aead.Cipher, int] | None] = {
    1: (aead.AES_GCM, 16),
    2: (aead.AES_GCM, 32),
    3: (aead.CHACHA20_POLY1305, 32),
    EXPORT_ONLY: None,
}
"""The cipher and the size of its key."""
