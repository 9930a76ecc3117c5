"""ECIES: EIP-8's handshake, its parts against their standards, seeds, and any bytes."""

import hmac
import json
import random
from hashlib import sha256
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles import hkdf
from precompiles.backends import secp256k1
from precompiles.backends.aes_ctr import apply_aes_ctr
from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.precompile import COMMON_ERRORS
from precompiles.privacy.ecies import suite
from precompiles.registry import find
from precompiles.threshold.frost.reference import G, N, multiply

ECIES = find("ecies")
DECLARED = {each.signature.selector for each in (*ECIES.errors, *COMMON_ERRORS)}
ENCRYPT = "encrypt(bytes,bytes,bytes,bytes32)"
DECRYPT = "decrypt(bytes32,bytes,bytes)"
OPENING = "verifyOpening(bytes,bytes,bytes,bytes32,bytes)"
SECRET = bytes(31) + b"\5"
KEY = secp256k1.encode_uncompressed(secp256k1.base_multiple(5))
SEED = bytes(range(32))


def encoded(signature: str, *arguments: Any) -> bytes:
    types = signature[signature.index("(") + 1 : -1].split(",")
    return keccak(text=signature)[:4] + eth_abi.encode(types, arguments)


def ask(data: bytes, **options: Any) -> Outcome:
    return call_precompile(World(), ECIES.address, data, context={"mode": "call"}, **options)


def encrypt(plaintext: bytes, seed: bytes = SEED, **options: Any) -> tuple[bytes, bytes]:
    outcome = ask(encoded(ENCRYPT, KEY, b"", plaintext, seed), **options)
    assert outcome.status == "success"
    ciphertext, ephemeral = eth_abi.decode(["bytes", "bytes32"], outcome.data)
    return ciphertext, ephemeral


def test_the_handshake_of_eip_8(root: Any) -> None:
    """What the packets hold is published too: keys and nonces of both sides."""
    folder = root / "tests" / "precompiles" / "vectors"
    published = json.loads((folder / "ecies_eip8.json").read_text())
    made = json.loads((folder / "ecies_noble.json").read_text())
    for packet in made["packets"]:
        sender = "a" if packet["name"].startswith("auth") else "b"
        assert published[f"nonce_{sender}"] in packet["plaintext"]
        named = published["static_a"] if sender == "a" else published["ephemeral_b"]
        x, y = multiply(int(named, 16), G) or (0, 0)
        assert f"{x:064x}{y:064x}" in packet["plaintext"]
        raw = "".join(published[packet["name"]])
        assert raw.endswith(packet["ciphertext"])


def test_what_is_encrypted_decrypts_and_opens() -> None:
    choose = random.Random(8)
    for size in (0, 1, 16, 31, 200, 4096):
        plaintext = choose.randbytes(size)
        ciphertext, ephemeral = encrypt(plaintext)
        assert len(ciphertext) == size + suite.OVERHEAD
        back = ask(encoded(DECRYPT, SECRET, b"", ciphertext))
        assert eth_abi.decode(["bytes"], back.data) == (plaintext,)
        opened = ask(encoded(OPENING, KEY, b"", ciphertext, ephemeral, plaintext))
        assert opened.data == (1).to_bytes(32, "big")


def test_a_seed_gives_another_stream_to_every_caller_and_message() -> None:
    """Else two messages of one seed would show their difference."""
    made = [
        encrypt(b"one"),
        encrypt(b"two"),
        encrypt(b"one", bytes(32)),
        encrypt(b"one", caller=b"\7" * 20),
    ]
    assert len({ephemeral for _, ephemeral in made}) == 4
    assert encrypt(b"one") == made[0]
    data = encoded(ENCRYPT, KEY, b"\1", b"one", SEED)
    _, other = eth_abi.decode(["bytes", "bytes32"], ask(data).data)
    assert other not in {ephemeral for _, ephemeral in made}


def test_keys_at_the_edge_of_the_order() -> None:
    for secret in (1, 2, N - 1):
        public = secp256k1.base_multiple(secret)
        sealed = suite.seal(public, N - 1, bytes(16), b"", b"edge")
        sender = suite.parse_key(sealed[: suite.KEY_SIZE])
        assert sender is not None
        assert suite.unseal(secret, sender, b"", sealed) == b"edge"


def test_a_shared_x_with_leading_zeros_keeps_its_size() -> None:
    """Implementations have failed here: x is hashed as 32 bytes, zeros included."""
    found = next(k for k in range(1, 5000) if (multiply(k, G) or (1 << 255, 0))[0] < 1 << 248)
    x, _ = multiply(found, G) or (0, 0)
    derived = sha256(b"\0\0\0\1" + x.to_bytes(32, "big")).digest()
    keys = suite.keys_of(secp256k1.base_multiple(found))
    assert keys == (derived[:16], sha256(derived[16:]).digest())


def test_hkdf_of_rfc_5869() -> None:
    key = hkdf.extract(hkdf.SHA256, bytes(range(13)), b"\x0b" * 22)
    assert key.hex() == "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"
    output = hkdf.expand(hkdf.SHA256, key, bytes(range(0xF0, 0xFA)), 42)
    assert output.hex() == (
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865"
    )
    empty = hkdf.expand(hkdf.SHA256, hkdf.extract(hkdf.SHA256, b"", b"\x0b" * 22), b"", 42)
    assert empty.hex() == (
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
    )
    assert hkdf.expand(hkdf.SHA512, key, b"", 0) == b""


@pytest.mark.parametrize(
    ("chosen", "name"),
    [(hkdf.SHA256, "sha256"), (hkdf.SHA384, "sha384"), (hkdf.SHA512, "sha512")],
)
@pytest.mark.parametrize("size", [0, 1, 32, 63, 64, 65, 127, 128, 129, 300])
def test_hmac_is_that_of_the_standard_library(chosen: hkdf.Hash, name: str, size: int) -> None:
    key, message = bytes(i % 251 for i in range(size)), b"message"
    assert hkdf.hmac_digest(chosen, key, message) == hmac.digest(key, message, name)


def test_aes_ctr_of_sp_800_38a() -> None:
    key = bytes.fromhex("2b7e151628aed2a6abf7158809cf4f3c")
    counter = bytes.fromhex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff")
    plaintext = bytes.fromhex("6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51")
    expected = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
    assert apply_aes_ctr(key, counter, plaintext).hex() == expected


@pytest.fixture(scope="module")
def good_calls() -> list[bytes]:
    ciphertext, ephemeral = encrypt(b"fuzz")
    return [
        encoded(ENCRYPT, KEY, b"ab", b"fuzz", SEED),
        encoded(DECRYPT, SECRET, b"", ciphertext),
        encoded(OPENING, KEY, b"", ciphertext, ephemeral, b"fuzz"),
    ]


@given(data=st.data())
def test_no_bytes_do_anything_but_answer_or_revert(
    good_calls: list[bytes], data: st.DataObject
) -> None:
    call = bytearray(data.draw(st.sampled_from(good_calls)))
    for _ in range(data.draw(st.integers(0, 3))):
        call[data.draw(st.integers(4, len(call) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(call), len(call), data.draw(st.integers(0, len(call)))]))
    outcome = ask(bytes(call[:cut]))
    if outcome.status == "reverted":
        assert outcome.data[:4] in DECLARED
    else:
        assert outcome.status == "success"


@given(position=st.integers(0, 2**16), bit=st.integers(0, 7))
def test_no_flipped_bit_opens(good_calls: list[bytes], position: int, bit: int) -> None:
    call = bytearray(good_calls[2])
    call[4 + position % (len(call) - 4)] ^= 1 << bit
    outcome = ask(bytes(call))
    assert outcome.status == "reverted" or outcome.data == bytes(32)
