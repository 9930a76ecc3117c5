"""The published vectors: replayed by our code, and computed again by other code.

The other code is hashlib, hmac, PyCryptodome's XChaCha20-Poly1305 and the precompiles' ML-DSA.
"""

import hashlib
import hmac
import json
import math
import struct
from base64 import b64decode
from pathlib import Path

import pytest
from Crypto.Cipher import ChaCha20_Poly1305

from node.codec import Reader
from node.mesh.sync.bloom import read_bloom
from node.mesh.sync.items import Items
from node.mesh.sync.ranges import read_ranges, respond
from node.mesh.sync.sketch import Decoder
from node.vectors import make_sync
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted

FILE = Path(make_sync.__file__).with_name("sync.json")
VECTORS = json.loads(FILE.read_text("utf-8"))
SIGNATURE_AND_TAG = 4627 + 16


def sha(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def vertex_id(number: int) -> bytes:
    return sha(b"vector: id", number.to_bytes(8, "big"))


def rows(*numbers: int) -> list[bytes]:
    return sorted(struct.pack(">Q", number // 3) + vertex_id(number) for number in numbers)


def hkdf(key: bytes, salt: bytes, info: bytes) -> bytes:
    return hmac.digest(hmac.digest(salt, key, "sha256"), info + b"\1", "sha256")


@pytest.mark.parametrize("vector", VECTORS["fingerprints"])
def test_fingerprints_by_other_code(vector) -> None:
    lower = bytes.fromhex(vector["lower"])
    upper = None if vector["upper"] is None else bytes.fromhex(vector["upper"])
    within = [
        each
        for each in rows(*range(vector["vertices"]))
        if each >= lower and (upper is None or each < upper)
    ]
    total = sum(int.from_bytes(each[8:], "little") for each in within) % 2**256
    high, low = divmod(len(within), 128)
    digits = bytes([high + 128, low]) if high else bytes([low])

    assert len(within) == vector["count"]
    assert sha(total.to_bytes(32, "little"), digits)[:16].hex() == vector["fingerprint"]


def test_a_filter_by_other_code() -> None:
    vector = VECTORS["filter"]
    data = bytes.fromhex(vector["filter"])
    seed, bits = data[:16], data[20:]
    expected = bytearray(1024)
    for number in range(vector["vertices"]):
        digest = sha(seed, vertex_id(number))
        for at in range(0, 28, 4):
            index = int.from_bytes(digest[at : at + 4], "big") % 8192
            expected[index // 8] |= 1 << index % 8

    assert data[16:20] == (1024).to_bytes(4, "big")
    assert bits == expected
    assert vertex_id(5) in read_bloom(Reader(data))


def test_a_first_range_by_other_code() -> None:
    """The seven hundred in sixteen parts, each up to the shortest bound that parts two rows."""
    data = bytes.fromhex(VECTORS["ranges"]["messages"][0])
    some = rows(*range(700))
    expected, before = [b"\0\x10"], b""
    for part in range(16):
        begin, end = 700 * part // 16, 700 * (part + 1) // 16
        if part < 15:
            low, high = some[end - 1], some[end]
            size = next(at for at in range(40) if low[at] != high[at]) + 1
            upper = high[:size]
            alike = 0
            while alike < min(len(before), len(upper)) and before[alike] == upper[alike]:
                alike += 1
            expected += [bytes([alike, len(upper) - alike]), upper[alike:]]
            before = upper
        else:
            expected.append(b"\xff")
        total = sum(int.from_bytes(each[8:], "little") for each in some[begin:end]) % 2**256
        expected += [b"\1", sha(total.to_bytes(32, "little"), bytes([end - begin]))[:16]]

    assert data == b"".join(expected)


def test_ranges() -> None:
    vector = VECTORS["ranges"]
    seed = bytes.fromhex(vector["seed"])
    sides = [Items(rows(*range(700))), Items(rows(*range(300), *range(301, 720)))]
    messages = [bytes.fromhex(each) for each in vector["messages"]]
    found = [
        [each.hex() for each in respond(sides[1 - turn % 2], seed, heard).missing_there]
        for turn, heard in enumerate(read_ranges(Reader(each)) for each in messages)
    ]

    assert found == vector["missing_there"]
    assert [each for missing in found[1::2] for each in missing] == [vertex_id(300).hex()]
    assert {each for missing in found[::2] for each in missing} == {
        vertex_id(number).hex() for number in range(700, 720)
    }
    assert sha(seed, vertex_id(300))[:8] in messages[-1]


def test_a_sketch_by_other_code() -> None:
    """By the square root of a real number, where ours is of integers."""
    vector = VECTORS["sketch"]
    key, symbols = (bytes.fromhex(vector[name]) for name in ("key", "symbols"))
    count = len(symbols) // 42
    values, counts = [0] * count, [0] * count
    for number in range(vector["vertices"]):
        identity = vertex_id(number)
        digest = sha(key, identity)
        value, state = int.from_bytes(identity + digest[:8], "big"), digest[8:16]
        state, index = int.from_bytes(state, "big"), 0
        while index < count:
            values[index] ^= value
            counts[index] += 1
            state = state * 0xDA942042E4DD58B5 % 2**64
            index += math.ceil((index + 1.5) * (2**32 / math.sqrt(state + 1) - 1))
    expected = [
        value.to_bytes(40, "big") + number.to_bytes(2, "big")
        for value, number in zip(values, counts, strict=True)
    ]

    assert symbols == b"".join(expected)
    decoder = Decoder(key, [vertex_id(number) for number in range(5, 105)])
    assert decoder.add(symbols)
    assert sorted(decoder.missing_here) == sorted(vertex_id(number) for number in range(5))


def test_an_exchange_by_other_code() -> None:
    """Each filter has what its sender has beyond what both have, and nothing of the other's."""
    vector = VECTORS["exchange"]
    messages = [bytes.fromhex(each) for each in vector["messages"]]
    heads = [rows(10), rows(13), rows(10)]
    for message, kind, own in zip(messages, b"\1\2\2", heads, strict=True):
        assert message[:7] == bytes([1, kind]) + b"\0\0\0\1\1"
        assert message[7:47] == own[0]
    assert messages[0][63:] == b"\1" + rows(8)[0]
    for message in messages[1:]:
        assert message[47:89] == b"\1" + rows(8)[0] + b"\1"

    assert vector["missing_there"] == [
        [],
        [vertex_id(number).hex() for number in (9, 10)],
        [vertex_id(number).hex() for number in (12, 13)],
    ]


def test_a_bundle_by_other_code() -> None:
    vector = VECTORS["bundle"]
    data = b64decode(vector["bundle"])
    header, chunk, trailer = data[:6624], data[6624:-7235], data[-7235:]
    slots = [header[at : at + 1648] for at in range(32, 6624, 1648)]
    slot_key = hkdf(bytes.fromhex(vector["space_key"]), header[:32], b"pars/bundle-slot/v1")
    [file_key] = [key for slot in slots if (key := opened(slot_key, bytes(24), slot[1600:]))]
    key = hkdf(file_key, sha(header), b"pars/bundle-stream/v1")
    content = opened(key, bytes(24), chunk)
    end = opened(key, bytes(15) + b"\1" + (1).to_bytes(8, "big"), trailer)
    public, _ = ml_dsa.keygen(BY_NUMBER[5], bytes.fromhex(vector["author_seed"]))
    signed = sha(header) + sha(b"\0", chunk) + (1).to_bytes(8, "big")

    assert len(data) == 65_536
    assert end[:2592] == public
    assert ml_dsa.verify(public, formatted(signed, b"pars/bundle/v1"), end[2592:])
    assert content == expected_content(vector).ljust(len(content), b"\0")


def opened(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    cipher = ChaCha20_Poly1305.new(key=key, nonce=nonce)
    try:
        return cipher.decrypt_and_verify(sealed[:-16], sealed[-16:])
    except ValueError:
        return b""


def expected_content(vector) -> bytes:
    def record(kind: int, body: bytes) -> bytes:
        return bytes([kind]) + len(body).to_bytes(4, "big") + body

    heads, wants = (b"".join(map(bytes.fromhex, vector[name])) for name in ("heads", "wants"))
    about = b"\1" + bytes.fromhex(vector["topic"]) + bytes(16) + b"\0\0"
    about += b"\0\1" + heads + b"\0\1" + wants + bytes(4)
    records = [record(2, bytes.fromhex(each)) for each in vector["vertices"]]
    records += [record(3, bytes.fromhex(each)) for each in vector["snapshots"]]
    return record(1, about) + b"".join(records)


def test_the_file_is_what_the_maker_makes() -> None:
    """But for the signature, which is another each time."""
    made = json.loads(json.dumps(make_sync.vectors()))
    for vectors in (made, published := json.loads(FILE.read_text("utf-8"))):
        data = b64decode(vectors["bundle"]["bundle"])
        vectors["bundle"]["bundle"] = data[:-SIGNATURE_AND_TAG].hex()

    assert made == published
