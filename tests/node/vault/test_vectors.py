"""The published vectors: replayed by our code, and computed again by other code.

The other code is hashlib and hmac, XChaCha20-Poly1305 of another library, the precompiles' ML-KEM
and ML-DSA, and plain interpolation in the field. Argon2id alone is the same library's; it is held
to RFC 9106 in test_container.py.
"""

import base64
import hashlib
import hmac
import json
from itertools import combinations
from pathlib import Path

import pytest
from Crypto.Cipher import ChaCha20_Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from node import did, guardians
from node.vault import contacts, keys
from node.vault.container import Cost, read_region_head
from node.vault.duress import unlock
from node.vault.store import Store
from node.vectors import make_vault
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import formatted
from precompiles.pq.ml_kem import kernel as ml_kem

VECTORS = json.loads(Path(make_vault.__file__).with_name("vault.json").read_text("utf-8"))
BLOCK = 4096


def part(name):
    """Return a part of the vectors with hex turned to bytes where it is hex."""

    def turned(value):
        if isinstance(value, str):
            try:
                return bytes.fromhex(value)
            except ValueError:
                return value
        if isinstance(value, list):
            return [turned(item) for item in value]
        return value

    return {key: turned(value) for key, value in VECTORS[name].items()}


def expand(key, info, length=32):
    """RFC 5869, 2.3."""
    output, block = b"", b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        output += block
    return output[:length]


def extract_and_expand(key, salt, info):
    """RFC 5869, 2.2 and 2.3."""
    return expand(hmac.digest(salt or bytes(32), key, "sha256"), info)


def opened(key, sealed, data=b"", nonce=None):
    """XChaCha20-Poly1305, by another library."""
    if nonce is None:
        nonce, sealed = sealed[:24], sealed[24:]
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    cipher.update(data)
    return cipher.decrypt_and_verify(sealed[:-16], sealed[-16:])


def argon(password, salt, cost):
    return Argon2id(
        salt=salt,
        length=32,
        iterations=cost["passes"],
        lanes=cost["lanes"],
        memory_cost=cost["memory_kib"],
    ).derive(password)


@pytest.fixture
def container(empty_disk_type, chance):
    """The vector's container: what it does not publish is filled with other random bytes."""
    vector = part("container")
    disk = empty_disk_type(bytearray(chance(1)(vector["size"])))
    for copy, head in enumerate(vector["heads"]):
        disk.content[copy * BLOCK : (copy + 1) * BLOCK] = head
    start = vector["half_offset"]
    for number, block in enumerate(vector["blocks"]):
        disk.content[start + number * BLOCK : start + (number + 1) * BLOCK] = block
    return vector, disk


def test_the_container_opens(container, chance):
    vector, disk = container
    session = unlock(disk, vector["password"], Cost(**vector["cost"]), chance(2))

    assert session.slot == vector["slot"]
    assert session.access.master.hex() == VECTORS["container"]["access"]["master"]
    assert read_region_head(disk, session.access).key == vector["data_key"]
    for key, value in VECTORS["container"]["entries"].items():
        assert session.store.get(bytes.fromhex(key)) == bytes.fromhex(value)
    assert Store.open(disk, session.access, chance(3))[1] == ()


def test_the_container_by_other_code(container):
    vector, _ = container
    access = VECTORS["container"]["access"]
    for copy, head in enumerate(vector["heads"]):
        mask = hashlib.sha256(b"pars/vault-salt/v1" + head[:32]).digest()
        salt = bytes(a ^ b for a, b in zip(head[32:64], mask, strict=True))
        root = argon(vector["password"], salt, vector["cost"])
        label = b"pars/vault-slot/v1" + bytes([vector["slot"], copy])
        at = 64 + 115 * vector["slot"]
        plain = opened(extract_and_expand(root, b"", label), head[at : at + 115], label)
        assert plain[:3] == bytes([1, access["region"], access["kills"]])
        assert int.from_bytes(plain[3:11], "big") == vector["size"]
        assert plain[11:].hex() == access["master"] + access["alert_key"]

        label = b"pars/vault-region/v1" + bytes([access["region"], copy])
        at = 64 + 4 * 115 + 82 * access["region"]
        key = extract_and_expand(bytes.fromhex(access["master"]), b"", label)
        plain = opened(key, head[at : at + 82], label)
        assert plain[0] == 1
        assert int.from_bytes(plain[1:9], "big") == vector["generation"]
        assert (plain[9], plain[10:]) == (vector["half"], vector["data_key"])
    half = (vector["size"] - 2 * BLOCK) // (8 * BLOCK)
    place = 2 + (2 * access["region"] + vector["half"]) * half
    assert vector["half_offset"] == place * BLOCK


def test_the_log_by_other_code(container):
    """Two commits: the vault's own record, then the entries of the vector."""
    vector, _ = container
    region = VECTORS["container"]["access"]["region"]
    bodies, ids = [], []
    for number, block in enumerate(vector["blocks"]):
        label = b"pars/vault-block/v1" + bytes([region, vector["half"]]) + number.to_bytes(4, "big")
        try:
            plain = opened(vector["data_key"], block, label)
        except ValueError:
            break
        index, count = (int.from_bytes(plain[at : at + 4], "big") for at in (8, 12))
        if index == 0:
            bodies.append(b"")
            ids.append((plain[:8], count))
        assert (plain[:8], count) == ids[-1]
        bodies[-1] += plain[16:]
    size = int.from_bytes(bodies[-1][:4], "big")
    entries, at = {}, 4
    while at < 4 + size:
        values = []
        for flagged in (False, True):
            if flagged:
                assert bodies[-1][at] == 1
                at += 1
            length = int.from_bytes(bodies[-1][at : at + 4], "big")
            values.append(bodies[-1][at + 4 : at + 4 + length].hex())
            at += 4 + length
        entries[values[0]] = values[1]
    assert len(bodies) == 2
    assert entries == VECTORS["container"]["entries"]
    assert not bodies[-1][4 + size :].strip(b"\0")


def test_keys_at_rest():
    vector = part("at_rest")
    cost = Cost(**vector["account_cost"])

    assert keys.storage_key(vector["device_seed"]) == vector["storage_key"]
    assert keys.channel_key(vector["storage_key"], vector["channel_id"]) == vector["channel_key"]
    body = keys.open_message(
        vector["channel_key"], vector["message_salt"], vector["message_sealed"]
    )
    assert body == vector["message"]
    sealed = vector["account_sealed"]
    assert keys.open_account(sealed, vector["account_password"], cost) == vector["account_seed"]
    assert contacts.contact_id(vector["contact_secret"]) == vector["contact_id"]
    card = contacts.open_card(vector["contact_secret"], vector["contact_blob"])
    assert card == vector["contact_card"]


def test_keys_at_rest_by_other_code():
    vector = part("at_rest")
    storage = expand(vector["device_seed"], b"pars/device-storage/v1")
    channel = expand(storage, b"pars/channel-storage/v1" + vector["channel_id"])
    message = expand(channel, b"pars/message-storage/v1" + vector["message_salt"])

    assert (storage, channel) == (vector["storage_key"], vector["channel_key"])
    assert message == vector["message_key"]
    assert opened(message, vector["message_sealed"], nonce=bytes(24)) == vector["message"]
    sealed = vector["account_sealed"]
    root = argon(vector["account_password"], sealed[:32], vector["account_cost"])
    assert opened(root, sealed[32:], b"pars/account-seed/v1") == vector["account_seed"]
    secret = vector["contact_secret"]
    digest = hashlib.sha256(b"pars/contact-id/v1" + secret).digest()
    assert digest == vector["contact_id"]
    plain = opened(
        expand(secret, b"pars/contact/v1"), vector["contact_blob"], b"pars/contact/v1" + digest
    )
    assert plain == (b"\0\0\0\4" + vector["contact_card"]).ljust(1024, b"\0")


def test_guardians():
    vector = part("guardians")
    state = guardians.Recovery(vector["account_id"], vector["request_seed"])

    assert state.request == vector["request"]
    assert guardians.code(vector["request"]) == vector["code"]
    taken, _ = state.take(vector["answer"])
    assert taken.blobs == (vector["blobs"][0],)
    for chosen in combinations(map(guardians.Blob.decode, vector["blobs"]), vector["threshold"]):
        assert guardians.combine({blob.index: blob.share for blob in chosen}) == vector["seed"]


def field_product(a, b):
    """Carry-less product reduced by x^8 + x^4 + x^3 + x + 1, on whole polynomials."""
    product = 0
    for bit in range(8):
        product ^= (a << bit) if b >> bit & 1 else 0
    for bit in range(14, 7, -1):
        product ^= (0x11B << (bit - 8)) if product >> bit & 1 else 0
    return product


def test_guardians_by_other_code():
    """Shares: interpolated with inverses found by search. Answer: our other ML-KEM-1024."""
    vector = part("guardians")
    inverse = {a: next(b for b in range(256) if field_product(a, b) == 1) for a in range(1, 256)}
    for blobs in combinations(vector["blobs"], vector["threshold"]):
        seed = []
        for place in range(32):
            total = 0
            for blob in blobs:
                weight = 1
                for other in blobs:
                    if other is not blob:
                        ratio = field_product(other[1], inverse[other[1] ^ blob[1]])
                        weight = field_product(weight, ratio)
                total ^= field_product(weight, blob[2 + place])
            seed.append(total)
        assert bytes(seed) == vector["seed"]
    for blob in vector["blobs"]:
        digest = hashlib.sha256(b"pars/guardian-share/v1" + blob[1:66]).digest()
        assert blob[98 + 32 * (blob[1] - 1) :][:32] == digest
        assert blob[66:98] == expand(vector["cancel_root"], b"pars/guardian-cancel/v1" + blob[1:2])
    digest = hashlib.sha256(b"pars/guardian-request/v1" + vector["request"]).digest()
    number = int.from_bytes(digest, "big") >> 196
    letters = "".join(
        "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[number >> 5 * place & 31] for place in range(11, -1, -1)
    )
    assert vector["code"] == f"{letters[:4]}-{letters[4:8]}-{letters[8:]}"
    assert vector["notice"] == b"\1" + digest
    word = hmac.digest(vector["blobs"][0][66:98], b"pars/guardian-cancel/v1" + digest, "sha256")
    assert vector["cancel"] == b"\1" + digest + word


def test_the_answer_by_other_code():
    vector = part("guardians")
    answer, request, seed = vector["answer"], vector["request"], vector["request_seed"]
    kem_public, kem_secret = ml_kem.keygen(4, seed[32:64], seed[64:])
    assert kem_public == request[33:]
    kem = ml_kem.decapsulate(kem_secret, answer[33:1601])
    classical = x25519(seed[:32], answer[1:33])
    digest = hashlib.sha256(b"pars/guardian-request/v1" + request).digest()
    transcript = hashlib.sha256(request[1:] + answer[1:1601] + digest).digest()
    info = b"pars/guardian-release/v1/X25519+ML-KEM-1024/HKDF-SHA-256"
    key = extract_and_expand(classical + kem, transcript, info)

    assert opened(key, answer[1601:]) == vector["blobs"][0]


def x25519(secret, public):
    """RFC 7748, 5: the ladder, in plain integers."""
    p = 2**255 - 19
    k = int.from_bytes(secret, "little") & ~7 & ~(1 << 255) | 1 << 254
    x1 = int.from_bytes(public, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3 = 1, 0, x1, 1
    for t in range(254, -1, -1):
        if k >> t & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b = (x2 + z2) ** 2, (x2 - z2) ** 2
        da, cb = (x3 - z3) * (x2 + z2), (x3 + z3) * (x2 - z2)
        x3, z3 = (da + cb) ** 2 % p, x1 * (da - cb) ** 2 % p
        x2, z2 = a * b % p, (a - b) * (a + 121665 * (a - b)) % p
        if k >> t & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, p) % p).to_bytes(32, "little")


def test_the_log_resolves():
    vector = VECTORS["did"]
    log = "".join(f"{line}\n" for line in vector["log"]).encode()
    before = did.resolve(vector["did"], "".join(f"{x}\n" for x in vector["log"][:3]).encode())
    after = did.resolve(vector["did"], log)

    assert did.document(before) == vector["document_after_3"]
    assert did.metadata(before) == vector["metadata_after_3"]
    assert did.document(after) == vector["document_after_4"]
    assert did.metadata(after) == vector["metadata_after_4"]


def unpadded(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def test_the_log_of_the_did_by_other_code():
    """Chain, name and signatures: hashlib, json, and our other ML-DSA-87."""
    vector = VECTORS["did"]
    public, previous = bytes.fromhex(vector["signing_public"]), ""
    for number, line in enumerate(vector["log"]):
        entry = json.loads(line)
        assert (entry["number"], entry["previous"]) == (number, previous)
        previous = hashlib.sha256(line.encode()).hexdigest()
        proof = unpadded(entry.pop("proof"))
        body = json.dumps(entry, separators=(",", ":"), sort_keys=True).encode()
        message = formatted(body, bytes.fromhex(vector["context"]))
        assert ml_dsa.verify(public, message, proof)
    bundle = unpadded(json.loads(vector["log"][0])["bundle"])
    digest = hashlib.blake2b(bundle[: 1568 + 2592], digest_size=32).hexdigest()
    assert vector["did"] == f"did:pars:07{digest}"
    assert bundle[1568 : 1568 + 2592] == public


def test_only_signatures_and_answers_change_when_made_again():
    """The library signs and encapsulates with chance of its own."""
    made = json.loads(json.dumps(make_vault.vectors()))
    for name in ("container", "at_rest"):
        assert made[name] == VECTORS[name]
    assert made["guardians"] | {"answer": ""} == VECTORS["guardians"] | {"answer": ""}
    assert made["did"]["document_after_3"] == VECTORS["did"]["document_after_3"]
