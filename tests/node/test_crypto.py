"""The primitives, held to published vectors and to another implementation."""

import hashlib
import hmac
import os

import pytest

from node import crypto
from node.codec import Refused
from precompiles.pq.ml_kem import kernel as ml_kem

SEED = bytes(range(96))
LABEL = b"pars/test/v1"


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
    """RFC 5869, from the standard library."""
    key = hmac.digest(salt, secret, "sha256")
    block = output = b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        output += block
    return output[:length]


def test_argon2id_is_the_standards() -> None:
    """Without the secret and data of RFC 9106's own case: argon2-cffi's and the reference's."""
    assert crypto.argon2id(b"password", b"somesalt", 65536, 2, 1).hex() == (
        "09316115d5cf24ed5a15a31a3ba326e5cf32edc24702987c02b6566f61913cf7"
    )


def test_hkdf_is_the_standards() -> None:
    """RFC 5869, test case 1."""
    output = crypto.hkdf(b"\x0b" * 22, bytes(range(13)), bytes(range(0xF0, 0xFA)), 42)

    assert output.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    key = bytes.fromhex("077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5")
    assert crypto.hkdf_expand(key, bytes(range(0xF0, 0xFA)), 42) == output


def test_x25519_is_the_standards() -> None:
    """RFC 7748, section 5.2."""
    scalar = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")

    assert crypto.x25519(scalar, point).hex() == (
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    )
    assert crypto.x25519_public(scalar) == crypto.x25519(scalar, (9).to_bytes(32, "little"))


def test_chacha20_poly1305_is_the_standards() -> None:
    """RFC 8439, section 2.8.2."""
    key = bytes(range(0x80, 0xA0))
    nonce = bytes.fromhex("070000004041424344454647")
    data = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        b"future, sunscreen would be it."
    )
    sealed = crypto.aead_seal(key, nonce, text, data)

    assert sealed[:16].hex() == "d31a8d34648e60db7b86afbc53ef7ec2"
    assert sealed[-16:].hex() == "1ae10b594f09e26a7e902ecbd0600691"
    assert crypto.aead_open(key, nonce, sealed, data) == text


def test_xchacha20_poly1305_is_the_drafts() -> None:
    """draft-irtf-cfrg-xchacha-03, A.3.1."""
    key = bytes(range(0x80, 0xA0))
    nonce = bytes(range(0x40, 0x58))
    data = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")
    text = (
        b"Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the "
        b"future, sunscreen would be it."
    )
    sealed = crypto.seal(key, nonce, text, data)

    assert sealed[:16].hex() == "bd6d179d3e83d43b9576579493c0e939"
    assert sealed[-16:].hex() == "c0875924c1c7987947deafd8780acf49"
    assert crypto.unseal(key, nonce, sealed, data) == text


def test_ed25519_is_the_standards() -> None:
    """RFC 8032, section 7.1, test 2."""
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    public = crypto.ed25519_public(seed)
    signature = crypto.ed25519_sign(seed, b"\x72")

    assert public.hex() == "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    assert signature.hex()[:64] == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    )
    assert crypto.ed25519_verify(public, b"\x72", signature)
    assert not crypto.ed25519_verify(public, b"\x73", signature)
    assert not crypto.ed25519_verify(public, b"\x72", signature[:-1])


def test_the_hybrid_is_what_its_description_says() -> None:
    """Encapsulated by the precompiles' ML-KEM and X25519, and combined by hand."""
    key = crypto.HybridKey.from_seed(SEED)
    kem_public, _ = ml_kem.keygen(4, SEED[32:64], SEED[64:])
    assert key.public == crypto.x25519_public(SEED[:32]) + kem_public

    kem_ciphertext, kem_secret = ml_kem.encapsulate(kem_public, b"m" * 32)
    ephemeral = b"e" * 32
    ciphertext = crypto.x25519_public(ephemeral) + kem_ciphertext
    secrets = crypto.x25519(ephemeral, key.public[:32]) + kem_secret
    salt = hashlib.sha256(key.public + ciphertext + b"context").digest()
    info = LABEL + b"/X25519+ML-KEM-1024/HKDF-SHA-256"

    assert crypto.decapsulate(key, ciphertext, LABEL, b"context") == hkdf(secrets, salt, info, 32)


def test_both_sides_have_one_secret_and_only_with_all_the_same() -> None:
    key = crypto.HybridKey.from_seed(SEED)
    secret, ciphertext = crypto.encapsulate(key.public, LABEL, b"context", os.urandom)
    again, other = crypto.encapsulate(key.public, LABEL, b"context", os.urandom)

    assert crypto.decapsulate(key, ciphertext, LABEL, b"context") == secret
    assert (again, other) != (secret, ciphertext)
    assert crypto.decapsulate(key, ciphertext, b"pars/other/v1", b"context") != secret
    assert crypto.decapsulate(key, ciphertext, LABEL, b"") != secret


@pytest.mark.parametrize("place", [0, 31, 32, 900, 1599])
def test_each_half_matters(place: int) -> None:
    """A ciphertext changed in either half gives another secret (FIPS 203: implicit rejection)."""
    key = crypto.HybridKey.from_seed(SEED)
    secret, ciphertext = crypto.encapsulate(key.public, LABEL, b"", os.urandom)
    changed = bytearray(ciphertext)
    changed[place] ^= 1

    assert crypto.decapsulate(key, bytes(changed), LABEL, b"") != secret


def test_a_point_of_low_order_is_refused() -> None:
    key = crypto.HybridKey.from_seed(SEED)
    _, ciphertext = crypto.encapsulate(key.public, LABEL, b"", os.urandom)
    for point in (bytes(32), (1).to_bytes(32, "little"), (2**255 - 19).to_bytes(32, "little")):
        with pytest.raises(Refused, match=r"^crypto: not a key$"):
            crypto.decapsulate(key, point + ciphertext[32:], LABEL, b"")
        with pytest.raises(Refused, match=r"^crypto: not a key$"):
            crypto.encapsulate(point + key.public[32:], LABEL, b"", os.urandom)


@pytest.mark.parametrize("length", [0, 1, 32, 1568, 1599, 1601, 1184 + 32])
def test_no_other_length_is_tried(length: int) -> None:
    key = crypto.HybridKey.from_seed(SEED)
    with pytest.raises(Refused, match=r"^crypto: wrong length of a key$"):
        crypto.encapsulate(bytes(length), LABEL, b"", os.urandom)
    with pytest.raises(Refused, match=r"^crypto: wrong length of a ciphertext$"):
        crypto.decapsulate(key, bytes(length), LABEL, b"")


def test_a_key_with_coefficients_out_of_range_is_refused() -> None:
    key = crypto.HybridKey.from_seed(SEED)
    with pytest.raises(Refused, match=r"^crypto: not a key$"):
        crypto.encapsulate(key.public[:32] + b"\xff" * 1568, LABEL, b"", os.urandom)


def test_signatures_are_bound_to_key_message_and_context() -> None:
    key = crypto.SigningKey.from_seed(SEED[:32])
    other = crypto.SigningKey.from_seed(SEED[32:64])
    signature = key.sign(b"message", b"pars/test/v1")

    assert crypto.verify(key.public, b"message", signature, b"pars/test/v1")
    assert not crypto.verify(key.public, b"message", signature)
    assert not crypto.verify(key.public, b"massage", signature, b"pars/test/v1")
    assert not crypto.verify(other.public, b"message", signature, b"pars/test/v1")
    assert not crypto.verify(key.public, b"message", signature[:-1], b"pars/test/v1")
    assert not crypto.verify(key.public[:-1], b"message", signature, b"pars/test/v1")
    assert not crypto.verify(bytes(1952), b"message", bytes(3309))


@pytest.mark.parametrize("size", [0, 1, 15, 16, 40])
def test_what_is_not_authentic_is_refused(size: int) -> None:
    with pytest.raises(Refused, match=r"^crypto: not authentic$"):
        crypto.unseal(bytes(32), bytes(24), bytes(size))
    with pytest.raises(Refused, match=r"^crypto: not authentic$"):
        crypto.aead_open(bytes(32), bytes(12), bytes(size))


def test_secrets_do_not_show() -> None:
    for key in (crypto.HybridKey.from_seed(SEED), crypto.SigningKey.from_seed(SEED[:32])):
        assert SEED[:8].hex() not in repr(key)
        assert repr(SEED[:8])[2:-1] not in repr(key)


def test_seeds_have_one_length() -> None:
    with pytest.raises(ValueError, match="96 bytes"):
        crypto.HybridKey.from_seed(bytes(95))
    with pytest.raises(ValueError, match="32 bytes"):
        crypto.SigningKey.from_seed(bytes(33))


def test_the_stream_is_chacha20s() -> None:
    """RFC 8439, A.1, test vector 1."""
    assert crypto.keystream(bytes(32), 16).hex() == "76b8e0ada0f13d90405d6ae55386bd28"
