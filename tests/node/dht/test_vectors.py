"""The published vectors: replayed by our code, and computed again by other code.

The other code is hashlib, struct, the precompiles' ML-DSA and PyCryptodome's XChaCha20-Poly1305.
"""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from Crypto.Cipher import ChaCha20_Poly1305

from node.crypto import SigningKey
from node.dht.contacts import pack, unpack
from node.dht.findings import agreement_code
from node.dht.messages import decode_answer, decode_ask, encode_answer, encode_ask
from node.dht.records import Kind, is_signed, open_presence, read_record
from node.dht.table import bucket_index
from node.identity import Multiaddr
from node.vectors import make_dht
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import formatted

FILE = Path(make_dht.__file__).with_name("dht.json")
VECTORS = json.loads(FILE.read_text("utf-8"))
RECORDS = VECTORS["records"]
KINDS = [kind.name.lower() for kind in Kind]
SIGNATURE, PUBLIC = 4627, 2592


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def given(name: str) -> bytes:
    return bytes.fromhex(RECORDS[name])


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    """RFC 5869, for one block."""
    return hmac.digest(hmac.digest(salt, secret, "sha256"), info + b"\1", "sha256")


def test_the_file_is_what_its_maker_makes() -> None:
    made = make_dht.vectors()
    for kind in KINDS:  # signatures are another one each time
        made["records"][kind]["record"] = made["records"][kind]["record"][: -2 * SIGNATURE]
    kept = json.loads(FILE.read_text("utf-8"))
    for kind in KINDS:
        kept["records"][kind]["record"] = kept["records"][kind]["record"][: -2 * SIGNATURE]
    assert json.loads(json.dumps(made)) == kept


@pytest.mark.parametrize(("text", "packed"), VECTORS["addresses"].items())
def test_addresses(text: str, packed: str) -> None:
    assert pack(Multiaddr.parse(text)).hex() == packed
    assert str(unpack(bytes.fromhex(packed))) == text


@pytest.mark.parametrize("vector", VECTORS["buckets"])
def test_buckets(vector: dict) -> None:
    own, other = bytes.fromhex(vector["own"]), bytes.fromhex(vector["other"])
    assert bucket_index(own, other) == vector["bucket"]
    differing = "".join(f"{a ^ b:08b}" for a, b in zip(own, other, strict=True))
    assert 255 - differing.index("1") == vector["bucket"]


@pytest.mark.parametrize("name", VECTORS["asks"])
def test_asks(name: str) -> None:
    data = bytes.fromhex(VECTORS["asks"][name])
    assert encode_ask(decode_ask(data)) == data
    assert data[0] == 1
    assert data[2:18] == sha(b"vector: request")[:16]


@pytest.mark.parametrize("name", VECTORS["answers"])
def test_answers(name: str) -> None:
    data = bytes.fromhex(VECTORS["answers"][name])
    assert encode_answer(decode_answer(data)) == data
    assert data[0] == 1
    assert data[2:18] == sha(b"vector: request")[:16]


def test_keys() -> None:
    public = SigningKey.from_seed(given("seed")).public
    session, epoch = given("session"), u64(RECORDS["epoch"])
    keys = {
        "owned": sha(b"pars/dht-owned/v1", public),
        "presence": sha(b"pars/dht-presence-key/v1", sha(session), epoch),
        "validator": sha(b"pars/dht-validators/v1", u64(RECORDS["chain_id"])),
        "provider": sha(b"pars/dht-content/v1", given("content")),
    }
    assert {kind: RECORDS[kind]["key"] for kind in KINDS} == {k: v.hex() for k, v in keys.items()}


@pytest.mark.parametrize("kind", KINDS)
def test_records(kind: str) -> None:
    data = bytes.fromhex(RECORDS[kind]["record"])
    record = read_record(data)
    assert is_signed(record)
    assert data[:2] == bytes([1, KINDS.index(kind)])
    assert data[2:34].hex() == RECORDS[kind]["key"]
    size = int.from_bytes(data[42:46], "big")
    assert len(data) == 46 + size + PUBLIC + SIGNATURE
    public, signature = data[46 + size : 46 + size + PUBLIC], data[-SIGNATURE:]
    message = formatted(data[:-SIGNATURE], RECORDS["context"].encode())
    assert ml_dsa.verify(public, message, signature)


def test_the_presence_opens_by_other_code() -> None:
    data = bytes.fromhex(RECORDS["presence"]["record"])
    payload, public = data[46:118], data[118 : 118 + PUBLIC]
    key = hkdf(given("session"), b"pars/dht-presence-seal/v1", u64(RECORDS["epoch"]))
    cipher = ChaCha20_Poly1305.new(key=key, nonce=payload[:24])
    cipher.update(data[2:34] + public)
    assert cipher.decrypt_and_verify(payload[24:-16], payload[-16:]) == given("destination")
    presence = open_presence(given("session"), RECORDS["epoch"], read_record(data))
    assert presence.destination == given("destination")


def test_the_code_is_computed_by_other_code() -> None:
    ids = sorted(bytes.fromhex(one) for one in VECTORS["agreement"]["ids"])
    number = int(sha(b"pars/dht-agreement/v1", *ids).hex(), 16) % 10**25
    code = VECTORS["agreement"]["code"]
    assert code.replace(" ", "") == f"{number:025d}"
    assert agreement_code(ids) == code
