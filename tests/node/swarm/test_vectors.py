"""The published vectors: replayed by our code, and computed again by other code.

The other code is hashlib, hmac, the precompiles' ML-DSA and PyCryptodome's XChaCha20-Poly1305.
"""

import hashlib
import hmac
import json
from pathlib import Path

import pytest
from Crypto.Cipher import ChaCha20_Poly1305

from node.crypto import SigningKey
from node.swarm import work
from node.swarm.directory import Directory, read_record
from node.swarm.mailboxes import Channel, Inbox, Record, unwrap
from node.swarm.requests import (
    Code,
    Refusal,
    decode_reply,
    decode_request,
    encode_reply,
    encode_request,
)
from node.vectors import make_swarm
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted

FILE = Path(make_swarm.__file__).with_name("swarm.json")
VECTORS = json.loads(FILE.read_text("utf-8"))
NODE = bytes.fromhex(VECTORS["node_id"])


def sha(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(parts)).hexdigest()


def keyed(key: bytes, *parts: bytes) -> str:
    return hmac.digest(key, b"".join(parts), "sha256").hex()


def u64(value: int) -> bytes:
    return value.to_bytes(8, "big")


def field(vector: str, name: str) -> bytes:
    return bytes.fromhex(VECTORS[vector][name])


@pytest.mark.parametrize("kind", ["channel", "inbox", "record"])
def test_blobs_open_by_other_code(kind: str) -> None:
    key, blob, data = (field(kind, name) for name in ("blob_key", "blob", "data"))
    padded = len(data).to_bytes(4, "big") + data + bytes(256 - len(data))
    nonce = hmac.digest(key, b"pars/swarm-nonce/v1" + padded, "sha256")[:24]
    opened = ChaCha20_Poly1305.new(key=key, nonce=nonce)

    assert blob[:24] == nonce
    assert opened.decrypt_and_verify(blob[24:-16], blob[-16:]) == padded
    assert unwrap(key, blob) == data


def test_a_channels_names_by_other_code() -> None:
    secret, epoch = field("channel", "secret"), u64(VECTORS["channel"]["epoch"])
    token = keyed(secret, b"pars/swarm-channel-token/v1", epoch, NODE)

    expected = {
        "place": keyed(secret, b"pars/swarm-channel-place/v1", epoch),
        "token": token,
        "name": sha(b"pars/swarm-channel/v1", NODE, bytes.fromhex(token)),
        "blob_key": keyed(secret, b"pars/swarm-channel-blob/v1", epoch, NODE),
    }
    assert {name: VECTORS["channel"][name] for name in expected} == expected


def test_an_inboxs_names_by_other_code() -> None:
    public, _ = ml_dsa.keygen(BY_NUMBER[5], field("inbox", "seed"))
    epoch = u64(VECTORS["inbox"]["epoch"])
    address = bytes.fromhex(sha(b"pars/swarm-inbox-address/v1", public))

    expected = {
        "address": address.hex(),
        "place": sha(b"pars/swarm-inbox-place/v1", address, epoch),
        "token": bytes(32).hex(),
        "name": sha(b"pars/swarm-inbox/v1", NODE, address, epoch),
        "blob_key": sha(b"pars/swarm-inbox-blob/v1", address, epoch, NODE),
    }
    assert {name: VECTORS["inbox"][name] for name in expected} == expected
    request = field("inbox", "opening")
    signed = formatted(NODE + epoch, VECTORS["inbox"]["opening_context"].encode())
    assert request[: 10 + 2592] == b"\1\5" + epoch + public
    assert ml_dsa.verify(public, signed, request[10 + 2592 :])


def test_a_records_names_by_other_code() -> None:
    account, secret = field("record", "account"), field("record", "secret")
    epoch = u64(VECTORS["record"]["epoch"])
    place = sha(b"pars/swarm-record/v1", account, epoch)

    expected = {
        "place": place,
        "token": keyed(secret, b"pars/swarm-record-token/v1", epoch, NODE),
        "name": place,
        "blob_key": sha(b"pars/swarm-record-blob/v1", account, epoch),
    }
    assert {name: VECTORS["record"][name] for name in expected} == expected


def test_work_by_other_code() -> None:
    vector, channel = VECTORS["work"], VECTORS["channel"]
    blob_id = hashlib.sha256(bytes.fromhex(channel["blob"])).digest()
    name, times = bytes.fromhex(channel["name"]), vector["hour"].to_bytes(4, "big")
    challenge = sha(b"pars/swarm-work/v1", NODE, name, blob_id, bytes([vector["term"]]), times)

    assert challenge == vector["challenge"]
    for bits, first in vector["first_nonces"].items():
        zeros = [
            hashlib.sha3_256(bytes.fromhex(challenge) + u64(nonce)).digest()
            for nonce in range(first + 1)
        ]
        shown = [256 - int.from_bytes(digest, "big").bit_length() for digest in zeros]
        assert shown[-1] >= int(bits) > max(shown[:-1], default=-1)


def test_a_node_record_by_other_code() -> None:
    vector = VECTORS["node_record"]
    record = bytes.fromhex(vector["record"])
    public = record[31 : 31 + 2592]
    head = (
        b"\1"
        + vector["network"].to_bytes(4, "big")
        + u64(vector["sequence"])
        + u64(vector["expires"])
        + vector["services"].to_bytes(2, "big")
        + u64(vector["onion_until"])
    )

    assert record[:31] == head
    assert sha(public) == vector["peer_id"]
    assert ml_dsa.verify(
        public, formatted(record[:-4627], vector["context"].encode()), record[-4627:]
    )


def test_ours_replays_them() -> None:
    work_ = VECTORS["work"]
    owner = SigningKey.from_seed(field("inbox", "seed"))
    destinations = {
        "channel": Channel(field("channel", "secret")),
        "inbox": Inbox(field("inbox", "address")),
        "record": Record(
            field("record", "account"), VECTORS["record"]["epoch"], field("record", "secret")
        ),
    }
    for kind, destination in destinations.items():
        epoch = VECTORS[kind]["epoch"]
        assert destination.name(epoch, NODE) == field(kind, "name")
        assert destination.place(epoch) == field(kind, "place")
    assert decode_request(field("inbox", "opening")).public == owner.public
    for price in work_["required"]:
        asked = price["size"], price["term"], price["load"]
        assert work.required(*asked, guarded=price["guarded"]) == price["bits"]
    node = VECTORS["node_record"]
    record = read_record(bytes.fromhex(node["record"]))
    assert [str(address) for address in record.addresses] == node["addresses"]
    assert Directory(bytes(32), node["network"]).add(record.raw, node["sequence"])


@pytest.mark.parametrize("kind", VECTORS["requests"])
def test_requests(kind: str) -> None:
    data = bytes.fromhex(VECTORS["requests"][kind])
    request = decode_request(data)

    assert type(request).__name__.lower() == kind
    assert encode_request(request) == data


@pytest.mark.parametrize("kind", VECTORS["replies"])
def test_replies(kind: str) -> None:
    data = bytes.fromhex(VECTORS["replies"][kind])
    reply = decode_reply(data)

    assert encode_reply(reply) == data
    if isinstance(reply, Refusal):
        assert reply.code == Code[kind.upper()]


def test_the_file_is_what_the_maker_makes() -> None:
    """But for the signatures, which are another each time."""
    made = json.loads(json.dumps(make_swarm.vectors()))
    for vectors in (made, published := json.loads(FILE.read_text("utf-8"))):
        for vector, name in (("inbox", "opening"), ("node_record", "record")):
            vectors[vector][name] = vectors[vector][name][: -2 * 4627]

    assert made == published
