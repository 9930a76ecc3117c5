"""The published vectors: replayed, and computed once more by other code.

The other code is our precompile's ML-KEM, and X25519, ChaCha20 and HKDF written out here from their
standards; all of it shares nothing with the node but the format.
"""

import hashlib
import hmac
import json
import struct
from pathlib import Path

import pytest

from node.crypto import HybridKey
from node.onion import packet as onion
from node.onion import surb as reply_blocks
from node.onion import wide_block
from node.onion.fragments import Answer, Partial, read_reply
from node.onion.surb import Surb, SurbSecret
from precompiles.pq.ml_kem import kernel as ml_kem

VECTORS = json.loads(
    (Path(__file__).parents[3] / "node" / "vectors" / "onion.json").read_text("utf-8")
)
PACKET, BLOCK = VECTORS["packet"], VECTORS["reply_block"]
SUITE = b"pars/onion/v1/X25519+ML-KEM-1024/HKDF-SHA-256"


def sent(vector):
    """Return the first packet of a vector."""
    if "reply_id" not in vector:
        return bytes.fromhex(vector["bytes"])
    block = Surb.decode(bytes.fromhex(vector["bytes"]))
    assert block.first.hex() == vector["first"]
    return reply_blocks.reply(block, bytes.fromhex(vector["payload"]))[1]


@pytest.mark.parametrize("vector", [PACKET, BLOCK], ids=["packet", "reply"])
def test_the_node_replays_them(vector):
    packet = sent(vector)
    for hop in vector["hops"]:
        header, body = onion.split(packet)
        opened = onion.open_header(HybridKey.from_seed(bytes.fromhex(hop["seed"])), header)
        body = onion.unwrap(opened.body_key, body)
        packet = opened.header + body
        assert hashlib.sha256(packet).hexdigest() == hop["next_sha256"]
        assert opened.tag.hex() == hop["tag"]
        assert opened.body_key.hex() == hop["body_key"]
        routing = (hop["command"], bytes.fromhex(hop["target"]), hop["delay_ms"])
        assert tuple(opened.routing) == routing
    if vector is PACKET:
        assert onion.open_payload(body).hex() == vector["payload"]
    else:
        assert hashlib.sha256(sent(vector)).hexdigest() == vector["reply_sha256"]
        assert opened.routing.target.hex() == vector["reply_id"]
        keys = tuple(bytes.fromhex(hop["body_key"]) for hop in vector["hops"])
        key = Surb.decode(bytes.fromhex(vector["bytes"])).key
        secret = SurbSecret(surb_id=opened.routing.target, key=key, body_keys=keys)
        assert secret.open(body).hex() == vector["payload"]


@pytest.mark.parametrize("vector", [PACKET, BLOCK], ids=["packet", "reply"])
def test_other_code_computes_the_same(vector):
    packet = sent(vector)
    for hop in vector["hops"]:
        seed = bytes.fromhex(hop["seed"])
        command, target, delay, tag, body_key, packet = process(seed, packet)
        assert hashlib.sha256(packet).hexdigest() == hop["next_sha256"]
        assert (command, target.hex(), delay) == (hop["command"], hop["target"], hop["delay_ms"])
        assert (tag.hex(), body_key.hex()) == (hop["tag"], hop["body_key"])
    body = packet[6613:]
    if vector is BLOCK:
        for hop in reversed(vector["hops"]):
            body = lioness(bytes.fromhex(hop["body_key"]), body, (0, 1, 2, 3))
        body = lioness(bytes.fromhex(vector["bytes"])[-32:], body, (3, 2, 1, 0))
    payload = bytes.fromhex(vector["payload"])
    assert body == (bytes(16) + struct.pack(">H", len(payload)) + payload).ljust(11_307, b"\0")


def test_the_wide_block_cipher_is_as_published():
    vector = {name: bytes.fromhex(value) for name, value in VECTORS["wide_block"].items()}

    assert wide_block.encrypt(vector["key"], vector["plaintext"]) == vector["ciphertext"]
    assert wide_block.decrypt(vector["key"], vector["ciphertext"]) == vector["plaintext"]
    assert lioness(vector["key"], vector["plaintext"], (0, 1, 2, 3)) == vector["ciphertext"]


def test_messages_are_as_published():
    messages = VECTORS["messages"]
    answer, partial = bytes.fromhex(messages["answer"]), bytes.fromhex(messages["partial"])

    digest = hashlib.sha256(b"pars/onion-answer/v1hello").digest()[:16]
    assert answer == b"\1" + struct.pack(">IH", 5, 0) + digest + b"hello"
    assert read_reply(answer) == Answer(total=5, index=0, digest=digest, data=b"hello")
    assert partial == b"\2" + struct.pack(">I", 100_000) + b"\x05\x01"
    assert read_reply(partial) == Partial(total=100_000, arrived=frozenset({0, 2, 8}))
    assert messages["partial_parts"] == 9


def process(seed, packet):
    """A hop by docs/onion.md."""
    version, ciphertext, code, routes, body = (
        packet[:1],
        packet[1:1601],
        packet[1601:1617],
        packet[1617:6613],
        packet[6613:],
    )
    kem_public, kem_secret = ml_kem.keygen(4, seed[32:64], seed[64:])
    public = x25519(seed[:32], (9).to_bytes(32, "little")) + kem_public
    shared = x25519(seed[:32], ciphertext[:32]) + ml_kem.decapsulate(kem_secret, ciphertext[32:])
    context = b"\x01\x04" + struct.pack(">I", 17_920)
    salt = hashlib.sha256(public + ciphertext + context).digest()
    secret = expand(hmac.digest(salt, shared, "sha256"), SUITE, 32)
    keys = expand(secret, b"pars/onion-hop/v1", 128)
    assert hmac.digest(keys[:32], version + ciphertext + routes, "sha256")[:16] == code
    opened = xor(routes + bytes(1653), chacha20(keys[32:64], len(routes) + 1653))
    command, target, delay = opened[0], opened[1:33], int.from_bytes(opened[33:37], "big")
    body = lioness(keys[64:96], body, (3, 2, 1, 0))
    onward = version + opened[53:1653] + opened[37:53] + opened[1653:] + body
    return command, target, delay, keys[96:], keys[64:96], onward


def expand(key, info, length):
    """HKDF-Expand of RFC 5869."""
    block = output = b""
    for number in range(1, -(-length // 32) + 1):
        block = hmac.digest(key, block + info + bytes([number]), "sha256")
        output += block
    return output[:length]


def xor(first, second):
    return bytes(a ^ b for a, b in zip(first, second, strict=True))


def lioness(key, block, order):
    """Rounds 0 and 2 are streams into the right part, 1 and 3 hashes into the left."""
    keys = expand(key, b"pars/onion-body/v1", 128)
    left, right = block[:32], block[32:]
    for number in order:
        subkey = keys[32 * number : 32 * number + 32]
        if number % 2 == 0:
            right = xor(right, chacha20(xor(left, subkey), len(right)))
        else:
            left = xor(left, hashlib.blake2b(right, key=subkey, digest_size=32).digest())
    return left + right


def chacha20(key, length):
    """RFC 8439, with counter and nonce of zero."""
    words = [*struct.unpack("<4I", b"expand 32-byte k"), *struct.unpack("<8I", key)]
    output = b""
    for counter in range(-(-length // 64)):
        start = [*words, counter, 0, 0, 0]
        state = list(start)
        for _ in range(10):
            for a in range(4):
                quarter(state, a, a + 4, a + 8, a + 12)
            for a in range(4):
                quarter(state, a, (a + 1) % 4 + 4, (a + 2) % 4 + 8, (a + 3) % 4 + 12)
        total = [(a + b) & 0xFFFFFFFF for a, b in zip(state, start, strict=True)]
        output += struct.pack("<16I", *total)
    return output[:length]


def quarter(state, a, b, c, d):
    for first, second, third, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        state[first] = (state[first] + state[second]) & 0xFFFFFFFF
        mixed = state[third] ^ state[first]
        state[third] = (mixed << turn | mixed >> (32 - turn)) & 0xFFFFFFFF


def test_chacha20_here_is_the_standards():
    """RFC 8439, appendix A.1, test vectors 1 and 2."""
    stream = chacha20(bytes(32), 128)

    assert stream[:16].hex() == "76b8e0ada0f13d90405d6ae55386bd28"
    assert stream[64:80].hex() == "9f07e7be5551387a98ba977c732d080d"


def x25519(scalar, point):
    """RFC 7748, section 5."""
    prime = 2**255 - 19
    k = int.from_bytes(scalar, "little") & ~7 & (1 << 254) - 1 | 1 << 254
    u = int.from_bytes(point, "little") & (1 << 255) - 1
    x2, z2, x3, z3 = 1, 0, u, 1
    for position in reversed(range(255)):
        bit = k >> position & 1
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        x3, z3 = (da + cb) ** 2 % prime, u * (da - cb) ** 2 % prime
        e = aa - bb
        x2, z2 = aa * bb % prime, e * (aa + 121665 * e) % prime
        if bit:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, prime) % prime).to_bytes(32, "little")


def test_x25519_here_is_the_standards():
    """RFC 7748, section 5.2."""
    scalar = bytes.fromhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4")
    point = bytes.fromhex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c")

    assert x25519(scalar, point).hex() == (
        "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"
    )
