"""The published vectors: replayed by our code, and computed again by other code.

The other code is hashlib and hmac, the precompiles' ML-KEM and ML-DSA, PyCryptodome's
XChaCha20-Poly1305, and X25519 as RFC 7748 writes it down.
"""

import hashlib
import hmac
import json
import random
from pathlib import Path

import pytest
from Crypto.Cipher import ChaCha20_Poly1305

from node.crypto import HybridKey
from node.identity import account_text
from node.messaging import erasure, files
from node.messaging.content import Content, Flag, Type
from node.messaging.prekeys import SIGNED, SINGLE, Prekey, Prekeys, PublishedKeys, prekey_id
from node.messaging.ratchet import Channel
from node.messaging.start import Party, accept
from node.vectors import make_ratchet
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import formatted
from precompiles.pq.ml_kem import kernel as ml_kem

FILE = Path(make_ratchet.__file__).with_name("ratchet.json")
VECTORS = json.loads(FILE.read_text("utf-8"))
MODES = pytest.mark.parametrize("name", ["full", "sparse"])
P = 2**255 - 19
SUITE = b"/X25519+ML-KEM-1024/HKDF-SHA-256"
draw = random.Random(3).randbytes


def hexes(shown, *names):
    return (bytes.fromhex(shown[name]) for name in names)


# --- Other code ---------------------------------------------------------------------------------


def hkdf(secret, salt, info, length=32):
    key = hmac.digest(salt, secret, "sha256")
    output = block = b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        output += block
    return output[:length]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def x25519(secret, point):
    k = int.from_bytes(secret, "little") & ~7 & ~(1 << 255) | 1 << 254
    x1 = int.from_bytes(point, "little") & ~(1 << 255)
    x2, z2, x3, z3 = 1, 0, x1, 1
    for t in range(254, -1, -1):
        bit = k >> t & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b = (x2 + z2) ** 2, (x2 - z2) ** 2
        da, cb = (x3 - z3) * (x2 + z2), (x3 + z3) * (x2 - z2)
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = a * b % P, (a - b) * (a + 121665 * (a - b)) % P
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, P) % P).to_bytes(32, "little")


BASE = (9).to_bytes(32, "little")


def decapsulate(seed, ciphertext, label, context):
    public, secret = ml_kem.keygen(4, seed[32:64], seed[64:])
    shared = x25519(seed[:32], ciphertext[:32]) + ml_kem.decapsulate(secret, ciphertext[32:])
    own = x25519(seed[:32], BASE) + public
    return hkdf(shared, sha256(own, ciphertext, context), label + SUITE)


def unseal(key, nonce, sealed, data=b""):
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    cipher.update(data)
    return cipher.decrypt_and_verify(sealed[:-16], sealed[-16:])


# --- Starts and turns ---------------------------------------------------------------------------


@MODES
def test_a_first_message_is_computed_by_other_code(name):
    shown = VECTORS[name]
    first, account, signing = hexes(
        shown, "first_message", "responder_account", "responder_signing"
    )
    seeds = list(hexes(shown, "device_seed", "signed_prekey_seed", "other_prekey_seed"))
    publics = [
        x25519(seed[:32], BASE) + ml_kem.keygen(4, seed[32:64], seed[64:])[0] for seed in seeds
    ]
    assert [first[:16], first[16:32]] == [
        sha256(b"pars/prekey-id/v1", public)[:16] for public in publics[1:]
    ]
    target = sha256(b"pars/start-responder/v1", account, signing, publics[0])
    labels = ("device", "signed-prekey", "one-time-prekey")
    secrets = b"".join(
        decapsulate(
            seed, first[32 + 1600 * n :][:1600], b"pars/start-%s/v1" % label.encode(), target
        )
        for n, (seed, label) in enumerate(zip(seeds, labels, strict=True))
    )
    outer, nonce, sealed = first[:4832], first[4832:4856], first[4856:]
    key = hkdf(secrets, sha256(target, outer), b"pars/start-body/v1")
    body = unseal(key, nonce, sealed, outer)

    front = body[: 2 + 8851 + 8864 + (1600 if shown["mode"] == 1 else 32)]
    assert front[:2] == bytes([1, shown["mode"]])
    text = bytes.fromhex(shown["text"])
    assert body[len(front) :].rstrip(b"\0") == len(text).to_bytes(4, "big") + text
    salt = sha256(target, sha256(outer), sha256(front))
    derived = hkdf(secrets, salt, b"pars/start-root/v1", 256)
    assert derived[160:].hex() == (
        shown["channel_id"] + shown["to_responder"] + shown["to_initiator"]
    )
    state = bytes.fromhex(shown["messages"][0]["state"])
    assert state[163:195] == derived[:32]  # the root
    assert state[227:259] == derived[96:128]  # the header key of the initiator's next turn


@MODES
def test_turns_are_computed_by_other_code(name):
    shown = VECTORS[name]
    for number, one in enumerate(shown["messages"][1:], 1):
        state, message, device = hexes(one, "state", "message", "device_seed")
        root, header_key = state[163:195], state[227:259]
        turns = state[259 + 4 + int.from_bytes(state[259:263], "big") + 4 :]
        proof_size = 1600 if number == 1 else 0
        step_size = (3200 if shown["mode"] == 1 else 36) + proof_size
        end = 24 + 9 + step_size + 16
        header = unseal(header_key, message[:24], message[24:end])
        assert header[0] == 1
        step = header[9:]
        if shown["mode"] == 1:
            secret = decapsulate(turns[4:100], step[:1600], b"pars/ratchet-turn/v1", b"")
        else:
            assert step[32:36] == bytes(4)
            secret = x25519(turns[4:36], step[:32])
        if proof_size:
            channel_id = bytes.fromhex(shown["channel_id"])
            secret += decapsulate(device, step[-1600:], b"pars/ratchet-proof/v1", channel_id)
        keys = hkdf(secret, root, b"pars/ratchet-root/v1" + sha256(step), 96)
        key = keys[32:64]
        for _ in range(int.from_bytes(header[5:9], "big")):
            key = hmac.digest(key, b"\2", "sha256")
        key = hmac.digest(key, b"\1", "sha256")
        body = unseal(key, message[:24], message[end:], message[24:end])
        text = bytes.fromhex(one["text"])
        assert body[: 4 + len(text)] == len(text).to_bytes(4, "big") + text


@MODES
def test_messages_are_replayed(name):
    shown = VECTORS[name]
    for one in shown["messages"]:
        state, message, device = hexes(one, "state", "message", "device_seed")
        channel = Channel.decode(state, HybridKey.from_seed(device))

        assert channel.channel_id.hex() == shown["channel_id"]
        assert channel.decrypt(message, make_ratchet.NOW, draw).hex() == one["text"]


@MODES
def test_a_first_message_is_replayed(name):
    shown = VECTORS[name]
    prekeys, device = Prekeys(), HybridKey.from_seed(bytes.fromhex(shown["device_seed"]))
    for kind, slot in ((SIGNED, "signed_prekey_seed"), (SINGLE, "other_prekey_seed")):
        key = Prekey(kind, bytes.fromhex(shown[slot]), make_ratchet.NOW)
        prekeys._keys[prekey_id(key.key.public)] = key
    bob = make_ratchet.Person("bob")
    party = Party(bob.party.bundle, bob.party.certificate, device)
    first = bytes.fromhex(shown["first_message"])

    accepted = accept(party, prekeys, first, make_ratchet.NOW, draw)
    assert accepted.text.hex() == shown["text"]
    assert accepted.channel.channel_id.hex() == shown["channel_id"]
    assert accepted.channel.mode == shown["mode"]
    assert accepted.channel.send_mailbox.hex() == shown["to_initiator"]
    assert accepted.channel.receive_mailbox.hex() == shown["to_responder"]


# --- Records, contents, files -------------------------------------------------------------------


def test_a_record_is_replayed_and_its_signature_checked_by_other_code():
    shown = VECTORS["published"]
    data = bytes.fromhex(shown["record"])
    account = bytes.fromhex(shown["account"][2:])
    record = PublishedKeys.decode(data, account, shown["now"])

    assert account_text(record.account_id) == shown["account"]
    assert record.made == shown["made"]
    assert record.signed.id.hex() == shown["signed_prekey_id"]
    assert record.last_resort.id.hex() == shown["last_resort_id"]
    assert [one.id.hex() for one in record.one_time] == shown["one_time_ids"]
    message = formatted(data[:-4627], b"pars/published-keys/v1")
    signing = data[1 + 8851 + 1 + 32 + 12 :][:2592]
    assert ml_dsa.verify(signing, message, data[-4627:])


def test_contents_are_replayed():
    for shown in VECTORS["contents"]:
        encoded = bytes.fromhex(shown["encoded"])
        decoded = Content.decode(encoded)

        assert decoded == Content(
            bytes.fromhex(shown["message_id"]),
            shown["time"],
            shown["sequence"],
            Type(shown["type"]),
            bytes.fromhex(shown["body"]),
            Flag(shown["flags"]),
        )
        head = (
            b"\1"
            + bytes.fromhex(shown["message_id"])
            + shown["time"].to_bytes(8, "big")
            + shown["sequence"].to_bytes(8, "big")
            + bytes([shown["type"]])
            + shown["flags"].to_bytes(4, "big")
        )
        assert encoded.hex() == head.hex() + shown["body"]


def test_parts_are_replayed():
    shown = VECTORS["erasure"]
    block = bytes.fromhex(shown["block"])

    for point, value in shown["parts"].items():
        assert erasure.part(block, int(point)).hex() == value


def test_a_file_is_computed_by_other_code():
    shown = VECTORS["file"]
    key, last = hexes(shown, "key", "last_chunk")
    text = hashlib.shake_256(b"vector: file").digest(shown["size"])
    assert hashlib.sha256(text).hexdigest() == shown["text_sha256"]

    def expand(info):
        return hmac.digest(key, info + b"\1", "sha256")

    chunk_key, nonce_key = expand(b"pars/file-chunk/v1"), expand(b"pars/file-nonce/v1")
    bound, tail = b"\0\0\0\1\1", text[files.CHUNK_TEXT :]
    nonce = hmac.digest(nonce_key, bound + tail, "sha256")[:24]
    assert last[:24] == nonce
    assert unseal(chunk_key, nonce, last[24:], bound) == tail.ljust(256 - 40, b"\0")
    assert [expand(b"pars/file-mailbox/v1" + n.to_bytes(4, "big")).hex() for n in range(2)] == (
        shown["mailboxes"]
    )
    metadata = files.Metadata.decode(bytes.fromhex(shown["metadata"]))
    assert metadata.file_id.hex() == shown["file_id"]
    chunks = [
        files.seal_chunk(key, len(text), 0, text[: files.CHUNK_TEXT]),
        files.seal_chunk(key, len(text), 1, tail),
    ]
    assert [hashlib.sha256(chunk).hexdigest() for chunk in chunks] == shown["chunk_sha256"]
    assert hashlib.sha3_256(b"".join(chunks)).hexdigest() == shown["file_id"]
