"""The published vectors: replayed by our code, and made again by other code.

The other code is hashlib and hmac, the precompiles' ML-KEM and ML-DSA, and X25519, ChaCha20 and
Poly1305 as RFC 7748 and RFC 8439 write them down.
"""

import hashlib
import hmac
import json
import struct
from pathlib import Path

import pytest

from node.crypto import HybridKey, SigningKey
from node.groups.epochs import Epoch, SealedSeed
from node.groups.events import Changed, EpochBegan, Membership, Message
from node.groups.group import Group
from node.groups.invite import Candidate, Invite
from node.groups.vertex import Kind, decode_vertex
from node.vectors import make_groups
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import formatted
from precompiles.pq.ml_kem import kernel as ml_kem

FILE = Path(make_groups.__file__).with_name("groups.json")
VECTORS = json.loads(FILE.read_text("utf-8"))
GROUP, SEED, EPOCH, MESSAGE, INVITE = (
    VECTORS[part] for part in ("group", "seed", "epoch", "message", "invite")
)
P = 2**255 - 19


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def x25519(scalar: bytes, point: bytes) -> bytes:
    """Return the product (RFC 7748, section 5), by affine steps on the curve."""
    k = (int.from_bytes(scalar, "little") & ~7 & (1 << 255) - 1) | 1 << 254
    u = int.from_bytes(point, "little") & (1 << 255) - 1
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in reversed(range(255)):
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a % P, c * b % P, a * a % P, b * b % P
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        e = aa - bb
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def rounds(words: list[int]) -> list[int]:
    """Return ChaCha20's twenty rounds (RFC 8439, section 2.3)."""
    x = list(words)

    def quarter(a: int, b: int, c: int, d: int) -> None:
        for into, other, turned, by in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
            x[into] = (x[into] + x[other]) & 0xFFFFFFFF
            x[turned] ^= x[into]
            x[turned] = (x[turned] << by | x[turned] >> (32 - by)) & 0xFFFFFFFF

    for _ in range(10):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for column in range(4):
            quarter(column, 4 + (column + 1) % 4, 8 + (column + 2) % 4, 12 + (column + 3) % 4)
    return x


def words_of(key: bytes, tail: bytes) -> list[int]:
    return list(struct.unpack("<16I", b"expand 32-byte k" + key + tail))


def stream(key: bytes, nonce: bytes, first: int, size: int) -> bytes:
    blocks = b""
    for counter in range(first, first + -(-size // 64)):
        words = words_of(key, counter.to_bytes(4, "little") + nonce)
        blocks += struct.pack(
            "<16I",
            *((a + b) & 0xFFFFFFFF for a, b in zip(words, rounds(words), strict=True)),
        )
    return blocks[:size]


def opened(key: bytes, nonce: bytes, sealed: bytes, data: bytes) -> bytes:
    """Return the plaintext of ChaCha20-Poly1305 (RFC 8439, section 2.8); XChaCha20 by a subkey."""
    if len(nonce) == 24:
        x = rounds(words_of(key, nonce[:16]))
        key, nonce = struct.pack("<8I", *x[:4], *x[12:]), bytes(4) + nonce[16:]
    body, tag = sealed[:-16], sealed[-16:]
    one_time = stream(key, nonce, 0, 32)
    r = int.from_bytes(one_time[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    padded = data + bytes(-len(data) % 16) + body + bytes(-len(body) % 16)
    padded += struct.pack("<QQ", len(data), len(body))
    total = 0
    for at in range(0, len(padded), 16):
        block = int.from_bytes(padded[at : at + 16] + b"\1", "little")
        total = (total + block) * r % (2**130 - 5)
    expected = (total + int.from_bytes(one_time[16:], "little")) % 2**128
    assert expected.to_bytes(16, "little") == tag
    return bytes(a ^ b for a, b in zip(body, stream(key, nonce, 1, len(body)), strict=True))


def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
    return expand(hmac.digest(salt or bytes(32), secret, "sha256"), info)


def expand(key: bytes, info: bytes) -> bytes:
    return hmac.digest(key, info + b"\1", "sha256")


def sha3(*parts: bytes) -> bytes:
    return hashlib.sha3_256(b"".join(parts)).digest()


def test_a_newcomer_enters_by_our_code():
    candidate = Candidate(
        SigningKey.from_seed(raw(SEED["signing_seed"])),
        HybridKey.from_seed(raw(SEED["hybrid_seed"])),
    )
    items = [b"\1" + raw(vertex) for vertex in GROUP["vertices"]]
    group, events = Group.join(
        candidate, raw(GROUP["id"]), [*items, b"\2" + raw(SEED["sealed"])], 0
    )

    assert events[1:] == [
        Membership(tuple(sorted(map(raw, GROUP["members"]))), ()),
        EpochBegan(raw(GROUP["id"])),
    ]
    assert [member.name.hex() for member in group.members()] == GROUP["members"]
    assert group.mailbox().hex() == EPOCH["mailbox"]
    assert group.receive_post(raw(MESSAGE["post"]), 0) == [
        Message(raw(MESSAGE["sender"]), raw(MESSAGE["plaintext"]))
    ]
    assert group.receive(b"\1" + raw(GROUP["rotation"]), 0) == [
        Changed(raw(GROUP["rotation_id"]), Kind.ROTATE, raw(MESSAGE["sender"]))
    ]
    assert group.needs_rotation


def test_chains_and_invite_by_our_code():
    epoch = Epoch.from_seed(raw(SEED["seed"]), raw(GROUP["id"]), map(raw, EPOCH["chains"]), 0)

    assert {
        name.hex(): [epoch.next_key(name)[1].hex() for _ in range(3)] for name in epoch.chains
    } == EPOCH["chains"]
    invite = Invite.decode(raw(INVITE["encoded"]))
    assert invite.made_with(raw(INVITE["key"]))
    assert (invite.nonce.hex(), invite.expires) == (INVITE["nonce"], INVITE["expires"])
    assert SealedSeed.decode(raw(SEED["sealed"])).name.hex() == SEED["name"]


@pytest.mark.parametrize(
    "encoded", [*GROUP["vertices"], GROUP["rotation"]], ids=["creation", "rotation"]
)
def test_ids_and_signatures_by_other_code(encoded):
    data = raw(encoded)
    creation = raw(GROUP["vertices"][0])
    key = data[-6227:-4627] if data != creation else b""
    identity = sha3(b"PARS:Vertex:v1", data[1 : -4628 - len(key)])
    author = data[3 + 32 * data[2] + 16 :][:32]
    [signer] = [
        creation[at : at + 2592]
        for at in range(len(creation) - 2592)
        if sha3(creation[at : at + 2592]) == author
    ]

    assert not key or sha3(key) in data[:-6227]
    assert identity == decode_vertex(data).id
    assert identity.hex() in (GROUP["id"], GROUP["rotation_id"])
    assert ml_dsa.verify(signer, formatted(identity, b"pars/vertex/v1"), data[-4627:])


def test_the_seed_by_other_code():
    sealed, secret = raw(SEED["sealed"]), raw(SEED["hybrid_seed"])
    head, ciphertext, box = sealed[:72], sealed[72:1672], sealed[1672:]
    kem_public, kem_secret = ml_kem.keygen(4, secret[32:64], secret[64:])
    public = x25519(secret[:32], (9).to_bytes(32, "little")) + kem_public
    shared = x25519(secret[:32], ciphertext[:32]) + ml_kem.decapsulate(kem_secret, ciphertext[32:])
    transcript = hashlib.sha256(public + ciphertext + head).digest()
    label = b"pars/group-seed/v1/X25519+ML-KEM-1024/HKDF-SHA-256"
    seed = opened(hkdf(shared, transcript, label), bytes(12), box, head)
    commitment = hkdf(seed, b"", b"pars/group-commitment/v1")

    assert seed.hex() == SEED["seed"]
    assert head[:64].hex() == GROUP["id"] + SEED["name"]
    assert head[64:] == hashlib.sha256(public).digest()[:8]
    assert commitment in raw(GROUP["vertices"][0])


def test_the_keys_and_the_message_by_other_code():
    root = hkdf(raw(SEED["seed"]), raw(GROUP["id"]), b"pars/group-epoch/v1")
    post_key = expand(root, b"pars/group-post/v1")
    assert post_key.hex() == EPOCH["post_key"]
    assert expand(root, b"pars/group-mailbox/v1").hex() == EPOCH["mailbox"]
    for name, keys in EPOCH["chains"].items():
        chain = expand(root, b"pars/group-chain/v1" + raw(name))
        for key in keys:
            assert hmac.digest(chain, b"\1", "sha256").hex() == key
            chain = hmac.digest(chain, b"\2", "sha256")

    post = raw(MESSAGE["post"])
    plain = opened(post_key, post[:24], post[24:], b"")
    size = int.from_bytes(plain[2:6], "big")
    item = plain[6 : 6 + size]
    assert plain[:2] == b"\0\1"
    assert not any(plain[6 + size :])
    assert item.hex() == MESSAGE["item"]

    head, box = item[1:70], item[70:]
    assert head.hex() == MESSAGE["sender"] + "01" + GROUP["id"] + "00000000"
    key = hkdf(raw(EPOCH["chains"][MESSAGE["sender"]][0]), b"", b"pars/group-message-key/v1")
    content = opened(key, bytes(12), box, head)
    stated = sha3(b"PARS:GroupMessage:v1", raw(GROUP["id"]), head, content[:-4627])
    creation = decode_vertex(raw(GROUP["vertices"][0]))
    [signing] = [
        card.signing for card in creation.change.cards if sha3(card.signing) == creation.author
    ]
    assert content[:-4627].hex() == MESSAGE["plaintext"]
    assert ml_dsa.verify(signing, formatted(stated, b"pars/group-message/v1"), content[-4627:])


def test_the_invite_by_other_code():
    body = b"\1" + raw(GROUP["id"]) + raw(INVITE["nonce"]) + INVITE["expires"].to_bytes(8, "big")

    assert raw(INVITE["encoded"]) == body + hmac.digest(raw(INVITE["key"]), body, "sha256")
    assert len(raw(INVITE["encoded"])) == 89


def test_what_does_not_depend_on_chance_is_made_again():
    made = make_groups.vectors()

    assert made["epoch"] == EPOCH
    assert made["invite"] == INVITE
    assert made["header"] == VECTORS["header"]
    assert made["group"]["members"] == GROUP["members"]
