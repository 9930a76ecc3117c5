"""Makes dht.json: `python -m node.vectors.make_dht > node/vectors/dht.json`.

Signatures are another one each time, so a new file differs from the last in those alone.
"""

import json

from ..crypto import SigningKey, keystream, sha256
from ..dht.contacts import Contact, pack
from ..dht.findings import agreement_code
from ..dht.messages import Answer, Ask, Kept, Op, encode_answer, encode_ask
from ..dht.records import (
    CONTEXT,
    Kind,
    Validator,
    content_key,
    make_presence,
    make_provider,
    make_validator,
    owned_key,
    presence_epoch,
    presence_key,
    sign_record,
    validators_key,
)
from ..dht.table import bucket_index
from ..identity import Multiaddr

HEADER = {
    "what": "Ids, buckets, messages, records and codes of the Pars table of nodes.",
    "made_by": "python -m node.vectors.make_dht, with OpenSSL's ML-DSA-87, libsodium's XChaCha20",
    "check": "docs/dht.md has the labels and byte tables. Ids and keys are SHA-256; a bucket is the"
    " length of the XOR of two ids in bits, less one. Records carry ML-DSA-87 signatures, with the"
    " context beside them, over all before the signature. A presence opens by XChaCha20-Poly1305.",
    "encoding": "bytes are hex; times are in milliseconds",
}
NOW = 1_790_000_000_000
ADDRESSES = (
    "/ip4/203.0.113.7/tcp/9000",
    "/ip6/2001:db8::7/tcp/9000",
    "/dns4/node.example/tcp/9000",
    "/ip4/203.0.113.7/udp/9000/quic-v1",
    "/ip6/2001:db8::7/udp/9000/quic-v1",
    "/dns4/node.example/udp/9000/quic-v1",
)


def vectors() -> dict[str, object]:
    """Return all vectors; secrets and ids are SHA-256 of what they are for."""
    return {
        "header": HEADER,
        "addresses": {text: pack(Multiaddr.parse(text)).hex() for text in ADDRESSES},
        "buckets": _buckets(),
        "asks": {name: encode_ask(ask).hex() for name, ask in _asks().items()},
        "answers": {name: encode_answer(answer).hex() for name, answer in _answers().items()},
        "records": _records(),
        "agreement": _agreement(),
    }


def _id(use: bytes) -> bytes:
    return sha256(b"vector: ", use)


def _contact(use: bytes, *addresses: str) -> Contact:
    return Contact.at(_id(use), *addresses)


def _buckets() -> list[dict[str, object]]:
    own = _id(b"node")
    number = int.from_bytes(own, "big")
    distances = [
        distance for bit in (0, 1, 7, 8, 127, 254, 255) for distance in (1 << bit, (2 << bit) - 1)
    ]
    others = [(number ^ distance).to_bytes(32, "big") for distance in distances]
    return [
        {"own": own.hex(), "other": other.hex(), "bucket": bucket_index(own, other)}
        for other in others
    ]


def _asks() -> dict[str, Ask]:
    request_id, place = _id(b"request")[:16], _id(b"place")
    here = (pack(Multiaddr.parse(ADDRESSES[0])),)
    return {
        "ping": Ask(Op.PING, request_id, here),
        "ping of a client": Ask(Op.PING, request_id),
        "find node": Ask(Op.FIND_NODE, request_id, here, place),
        "find value": Ask(Op.FIND_VALUE, request_id, here, place, (bytes(8), b"\xff" * 8)),
        "store": Ask(Op.STORE, request_id, here, life=3600, record=b"record"),
    }


def _answers() -> dict[str, Answer]:
    request_id = _id(b"request")[:16]
    told = (_contact(b"first", *ADDRESSES[:3]), _contact(b"second", *ADDRESSES[3:]))
    made = {
        "pong": Answer(Op.PING, request_id),
        "nodes": Answer(Op.FIND_NODE, request_id, told),
        "values": Answer(Op.FIND_VALUE, request_id, told, 3, 2, (b"one", b"two")),
    }
    kept = {one.name.lower(): Answer(Op.STORE, request_id, kept=one) for one in Kept}
    return made | kept


def _records() -> dict[str, object]:
    signer, session, content = SigningKey.from_seed(_id(b"signer")), _id(b"session"), _id(b"blob")
    stream = keystream(_id(b"chance"), 24)
    epoch = presence_epoch(NOW)
    validator = Validator(6133, b"\x11" * 20, _contact(b"validator", ADDRESSES[0]), b"proof")
    made = {
        "owned": sign_record(Kind.OWNED, owned_key(signer.public), 7, b"payload", signer),
        "presence": make_presence(
            session, _id(b"destination"), signer, NOW, lambda size: stream[:size]
        ),
        "validator": make_validator(validator, signer, NOW),
        "provider": make_provider(content, validator.contact.addresses, signer, NOW),
    }
    keys = {
        "owned": owned_key(signer.public),
        "presence": presence_key(session, epoch),
        "validator": validators_key(6133),
        "provider": content_key(content),
    }
    return {
        "context": CONTEXT.decode(),
        "seed": signer.seed.hex(),
        "session": session.hex(),
        "epoch": epoch,
        "destination": _id(b"destination").hex(),
        "content": content.hex(),
        "chain_id": 6133,
        **{name: {"key": keys[name].hex(), "record": raw.hex()} for name, raw in made.items()},
    }


def _agreement() -> dict[str, object]:
    ids = [_id(b"validator %d" % number) for number in range(3)]
    return {"ids": [one.hex() for one in ids], "code": agreement_code(ids)}


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
