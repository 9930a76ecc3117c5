"""The published vectors: replayed by our code, and computed again by other code.

The other code is hashlib and hmac, the precompiles' ML-KEM and ML-DSA, and X25519 and
ChaCha20-Poly1305 as RFC 7748 and RFC 8439 write them down.
"""

import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pytest

from node import crypto
from node.identity import NodeKey
from node.link import Gate, NewTicket, Ticket, TicketBook, hello, initiate, respond
from node.link.frames import HEADER, Kind, OneWay
from node.vectors import make_link
from precompiles.pq.ml_dsa import kernel as ml_dsa
from precompiles.pq.ml_dsa.parameters import BY_NUMBER, formatted
from precompiles.pq.ml_kem import kernel as ml_kem

FILE = Path(make_link.__file__).with_name("link.json")
P = 2**255 - 19
WORD = 2**32


def unhexed(value: object) -> object:
    if isinstance(value, dict):
        return {name: unhexed(each) for name, each in value.items()}
    return bytes.fromhex(value) if isinstance(value, str) else value


FILED = json.loads(FILE.read_text("utf-8"))
VECTORS = unhexed({name: each for name, each in FILED.items() if name != "header"})
NAMED = VECTORS["responder"]["peer_id"]


# --- Other code -----------------------------------------------------------------------------


def sha256(*parts: bytes) -> bytes:
    return hashlib.sha256(b"".join(parts)).digest()


def expand(key: bytes, info: bytes, length: int = 32) -> bytes:
    """RFC 5869, 2.3."""
    output, block = b"", b""
    while len(output) < length:
        block = hmac.digest(key, block + info + bytes([len(output) // 32 + 1]), "sha256")
        output += block
    return output[:length]


def hkdf(secret: bytes, salt: bytes, info: bytes, length: int = 32) -> bytes:
    """RFC 5869, 2.2 and 2.3."""
    return expand(hmac.digest(salt, secret, "sha256"), info, length)


def x25519(secret: bytes, public: bytes) -> bytes:
    """RFC 7748, 5."""
    k = int.from_bytes(secret, "little") & ~7 & ~(1 << 255) | 1 << 254
    x1 = int.from_bytes(public, "little") & ((1 << 255) - 1)
    x2, z2, x3, z3 = 1, 0, x1, 1
    for t in range(254, -1, -1):
        if k >> t & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b = (x2 + z2) ** 2, (x2 - z2) ** 2
        da, cb = (x3 - z3) * (x2 + z2), (x3 + z3) * (x2 - z2)
        x3, z3 = (da + cb) ** 2 % P, x1 * (da - cb) ** 2 % P
        x2, z2 = a * b % P, (a - b) * (a + 121665 * (a - b)) % P
        if k >> t & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, -1, P) % P).to_bytes(32, "little")


def quarter_round(s: list[int], a: int, b: int, c: int, d: int) -> None:
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) % WORD
        s[z] ^= s[x]
        s[z] = (s[z] << turn | s[z] >> (32 - turn)) % WORD


def chacha20(key: bytes, counter: int, nonce: bytes, length: int) -> bytes:
    """RFC 8439, 2.3 and 2.4: the stream."""
    stream = b""
    while len(stream) < length:
        start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574]
        start += [int.from_bytes(key[i : i + 4], "little") for i in range(0, 32, 4)]
        start += [counter]
        start += [int.from_bytes(nonce[i : i + 4], "little") for i in range(0, 12, 4)]
        state = list(start)
        for _ in range(10):
            for column in range(4):
                quarter_round(state, column, column + 4, column + 8, column + 12)
            for i in range(4):
                quarter_round(state, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
        pairs = zip(state, start, strict=True)
        stream += b"".join(((a + b) % WORD).to_bytes(4, "little") for a, b in pairs)
        counter += 1
    return stream[:length]


def aead_open(key: bytes, nonce: bytes, sealed: bytes, data: bytes = b"") -> bytes:
    """RFC 8439, 2.5 and 2.8."""
    ciphertext, tag = sealed[:-16], sealed[-16:]
    one_time = chacha20(key, 0, nonce, 32)
    r = int.from_bytes(one_time[:16], "little") & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    padded = b"".join(part + bytes(-len(part) % 16) for part in (data, ciphertext))
    padded += len(data).to_bytes(8, "little") + len(ciphertext).to_bytes(8, "little")
    total = 0
    for i in range(0, len(padded), 16):
        block = int.from_bytes(padded[i : i + 16] + b"\1", "little")
        total = (total + block) * r % (2**130 - 5)
    total += int.from_bytes(one_time[16:], "little")
    assert (total % 2**128).to_bytes(16, "little") == tag, "not authentic"
    stream = chacha20(key, 1, nonce, len(ciphertext))
    return bytes(a ^ b for a, b in zip(ciphertext, stream, strict=True))


def test_the_other_code_knows_the_published_values() -> None:
    """RFC 7748, 6.1; RFC 8439, 2.8.2."""
    alice = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a"
    bob = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
    sealed = (
        "d31a8d34648e60db7b86afbc53ef7ec2a4aded51296e08fea9e2b5a736ee62d6"
        "3dbea45e8ca9671282fafb69da92728b1a71de0a9e060b2905d6a5b67ecd3b36"
        "92ddbd7f2d778b8c9803aee328091b58fab324e4fad675945585808b4831d7bc"
        "3ff4def08e4b7a9de576d26586cec64b61161ae10b594f09e26a7e902ecbd0600691"
    )
    key, nonce = bytes(range(0x80, 0xA0)), bytes.fromhex("070000004041424344454647")
    data = bytes.fromhex("50515253c0c1c2c3c4c5c6c7")

    assert x25519(bytes.fromhex(alice), bytes.fromhex(bob)).hex() == (
        "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
    )
    assert aead_open(key, nonce, bytes.fromhex(sealed), data).startswith(b"Ladies and Gentlemen")


# --- A link, computed again -----------------------------------------------------------------


def opened_hello(wire: bytes) -> dict[str, bytes]:
    keys = hkdf(NAMED, wire[:16], b"pars/link-hello/v1", 64)
    assert hmac.digest(keys[32:], wire[:-32], "sha256") == wire[-32:]
    hidden = wire[16:-32]
    stream = chacha20(keys[:32], 0, bytes(12), len(hidden))
    body = bytes(a ^ b for a, b in zip(hidden, stream, strict=True))
    fields, place = {}, 0
    for name, size in (
        *(("public", 1_600), ("cookie", 16), ("solution", 8), ("ticket", 16), ("binder", 16)),
    ):
        fields[name] = body[place : place + size]
        place += size
    assert place == len(body)
    return fields


def decapsulated(seed: bytes, public: bytes, ciphertext: bytes, context: bytes) -> bytes:
    _, dk = ml_kem.keygen(4, seed[32:64], seed[64:])
    secrets = x25519(seed[:32], ciphertext[:32]) + ml_kem.decapsulate(dk, ciphertext[32:])
    info = b"pars/link-kem/v1/X25519+ML-KEM-1024/HKDF-SHA-256"
    return hkdf(secrets, sha256(public, ciphertext, context), info)


def check_proof(role: str, proof: bytes, transcript: bytes, context: bytes) -> None:
    seed = expand(VECTORS[role]["seed"], b"pars/node-signing/v1")
    public = ml_dsa.keygen(BY_NUMBER[5], seed)[0]
    initiator, responder = (VECTORS[each]["peer_id"] for each in ("initiator", "responder"))
    ids = responder if role == "responder" else initiator + responder
    assert sha256(public) == VECTORS[role]["peer_id"]
    assert proof[:2_592] == public
    assert ml_dsa.verify(public, formatted(transcript + ids, context), proof[2_592:])


@pytest.mark.parametrize("kind", ["full", "resumed"])
def test_a_handshake_by_other_code(kind: str) -> None:
    said = VECTORS[kind]
    fields = opened_hello(said["hello"])
    seed = said["ephemeral_seed"]
    public = x25519(seed[:32], b"\x09" + bytes(31)) + ml_kem.keygen(4, seed[32:64], seed[64:])[0]
    assert fields["public"] == public
    assert fields["cookie"] + fields["solution"] == bytes(24)

    begun = sha256(b"pars/link/v1", NAMED, said["hello"])
    hidden, sealed = said["response"][:1_600], said["response"][1_600:]
    veil = chacha20(hkdf(NAMED, begun, b"pars/link-response-veil/v1"), 0, bytes(12), 1_600)
    ciphertext = bytes(a ^ b for a, b in zip(hidden, veil, strict=True))
    answered = sha256(begun, hidden)
    finishing, psk, label = sha256(answered, sealed), b"", b"pars/link-full/v1"
    if kind == "resumed":
        psk, label = VECTORS["full"]["ticket_psk"], b"pars/link-resume/v1"
        binder = hmac.digest(psk, b"pars/link-binder/v1" + public, "sha256")[:16]
        assert fields["ticket"] == VECTORS["full"]["ticket_name"]
        assert fields["binder"] == binder
    secret = decapsulated(seed, public, ciphertext, begun)
    keys = hkdf(secret + psk, answered, label, 96)
    for sealed_proof, key, transcript, role in (
        (sealed, keys[:32], answered, "responder"),
        (said["finish"], keys[32:64], finishing, "initiator"),
    ):
        proof = aead_open(key, bytes(12), sealed_proof, transcript)
        if kind == "full":
            check_proof(role, proof, transcript, b"pars/link-%s/v1" % role.encode())
        else:
            assert proof == b""
    done = sha256(finishing, said["finish"])
    info = b"pars/link-traffic/v1" + VECTORS["initiator"]["peer_id"] + NAMED
    traffic = hkdf(keys[64:], done, info, 112)

    assert {
        "transcript_after_hello": begun,
        "transcript_after_ciphertext": answered,
        "transcript_after_response": finishing,
        "transcript_after_finish": done,
        "secret": secret,
        "responder_key": keys[:32],
        "initiator_key": keys[32:64],
        "master": keys[64:],
        "initiator_chain": traffic[:32],
        "responder_chain": traffic[32:64],
        "ticket_name": traffic[64:80],
        "ticket_psk": traffic[80:],
    }.items() <= said.items()
    assert opened_frame(said["frame_of_initiator"], traffic[:32], 0) == (
        *(1, b"from the initiator", 256),
    )
    empty = said["frame_of_responder_that_is_empty"]
    assert opened_frame(empty, traffic[32:64], 0) == (1, b"", 256)


def opened_frame(frame: bytes, chain: bytes, number: int) -> tuple[int, bytes, int]:
    """Return kind, content and bucket."""
    key = expand(chain, b"pars/link-frame/v1")
    nonces = [bytes(4) + (2 * number + part).to_bytes(8) for part in range(2)]
    bucket = (256, 1_024, 4_096, 17_920)[aead_open(key, nonces[0], frame[:17])[0]]
    assert len(frame) == 17 + bucket + 128 + 16
    body = aead_open(key, nonces[1], frame[17:])
    end = 5 + int.from_bytes(body[1:5])
    assert not any(body[end:])
    return body[0], body[5:end], bucket


def test_frames_by_other_code() -> None:
    said = VECTORS["frames"]
    chain, next_chain = said["chain"], expand(said["chain"], b"pars/link-rekey/v1")

    assert opened_frame(said["message_of_512"], chain, 0) == (1, bytes(range(256)) * 2, 1_024)
    assert opened_frame(said["cover_of_1024"], chain, 1) == (0, b"", 1_024)
    assert opened_frame(said["rekey"], chain, 2) == (2, b"", 256)
    after = opened_frame(said["message_after_rekey"], next_chain, 0)
    assert after == (1, b"under the next key", 256)
    assert opened_frame(said["close"], next_chain, 1) == (3, b"", 256)


def test_a_retry_by_other_code() -> None:
    said = VECTORS["retry"]
    first, second = opened_hello(said["hello"]), opened_hello(said["second_hello"])
    key = hkdf(NAMED, said["hello"][-32:], b"pars/link-retry/v1")
    solution = said["solution"].to_bytes(8)
    digest = sha256(b"pars/link-puzzle/v1", said["cookie"], solution)

    assert aead_open(key, said["retry"][:12], said["retry"][12:]) == said["cookie"] + b"\x0c"
    assert first["public"] == second["public"]
    assert (second["cookie"], second["solution"]) == (said["cookie"], solution)
    assert int.from_bytes(digest) < 1 << (256 - said["difficulty"])


# --- Ours -----------------------------------------------------------------------------------


class Recorded:
    """A signing key that signs what it signed when the vectors were made."""

    def __init__(self, key: crypto.SigningKey, proof: bytes) -> None:
        self.public = key.public
        self.sign = lambda message, context: proof[2_592:]


@pytest.mark.parametrize("kind", ["full", "resumed"])
def test_ours_says_the_same_again(kind: str, monkeypatch) -> None:
    """With the chance of the vectors, every byte that either side sends is the recorded one."""
    said = VECTORS[kind]
    initiator, responder = (
        NodeKey.from_seed(VECTORS[role]["seed"]) for role in ("initiator", "responder")
    )
    book, ticket = TicketBook(), None
    if kind == "full":
        keys = (said["responder_key"], said["initiator_key"])
        sealed = (said["response"][1_600:], said["finish"])
        data = (said["transcript_after_ciphertext"], said["transcript_after_response"])
        proofs = [
            crypto.aead_open(key, bytes(12), each, transcript)
            for key, each, transcript in zip(keys, sealed, data, strict=True)
        ]
        responder = replace(responder, signing=Recorded(responder.signing, proofs[0]))
        initiator = replace(initiator, signing=Recorded(initiator.signing, proofs[1]))
    else:
        name, psk = VECTORS["full"]["ticket_name"], VECTORS["full"]["ticket_psk"]
        expires = make_link.NOW + 1
        ticket = Ticket(responder.peer_id, name, psk, expires)
        book.put(Ticket(initiator.peer_id, name, psk, expires))
    stream = hkdf(NAMED, said["transcript_after_hello"], b"pars/link-response-veil/v1")
    veil = crypto.keystream(stream, 1_600)
    ciphertext = hello.exclusive_or(said["response"][:1_600], veil)
    monkeypatch.setattr(crypto, "encapsulate", lambda *_: (said["secret"], ciphertext))
    draw = make_link.drawing(kind.encode())
    caller = initiate(initiator, responder.peer_id, make_link.NOW, draw, ticket)
    answerer = respond(
        *(responder, Gate(draw), book, b"source", make_link.NOW),
        make_link.drawing(b"another chance, which is not used"),
    )

    first = caller.outgoing()
    answerer.receive(first, make_link.NOW)
    response = answerer.outgoing()
    events = caller.receive(response, make_link.NOW)
    finish = caller.outgoing()
    answerer.receive(finish, make_link.NOW)
    new = next(event.ticket for event in events if isinstance(event, NewTicket))
    assert [first, response, finish] == [said[turn] for turn in ("hello", "response", "finish")]
    assert (new.name, new.psk) == (said["ticket_name"], said["ticket_psk"])
    assert list(make_link.frames(caller, answerer).values()) == [
        said["frame_of_initiator"],
        said["frame_of_responder_that_is_empty"],
    ]


def test_ours_reads_the_frames() -> None:
    said = VECTORS["frames"]
    way = OneWay(said["chain"])
    kinds = []
    for name in ("message_of_512", "cover_of_1024", "rekey", "message_after_rekey", "close"):
        way.open_header(said[name][:HEADER])
        kinds.append(way.open_body(said[name][HEADER:])[0])
        if kinds[-1] is Kind.REKEY:
            way.rekey()

    assert kinds == [Kind.MESSAGE, Kind.COVER, Kind.REKEY, Kind.MESSAGE, Kind.CLOSE]


def test_ours_reads_the_retry() -> None:
    said = VECTORS["retry"]

    assert hello.open_retry(said["retry"], NAMED, said["hello"]) == (said["cookie"], 12)
    assert hello.solve(said["cookie"], 12) == said["solution"]
    assert hello.open_hello(said["second_hello"], NAMED).cookie == said["cookie"]


def test_the_file_is_what_the_maker_makes() -> None:
    """As far as it does not depend on what is drawn inside the library."""
    made = json.loads(json.dumps(make_link.vectors()))

    for name in ("header", "initiator", "responder", "frames", "retry"):
        assert made[name] == FILED[name]
    for name in ("ephemeral_seed", "hello", "transcript_after_hello"):
        assert made["full"][name] == FILED["full"][name]
    assert made["full"].keys() == FILED["full"].keys()
