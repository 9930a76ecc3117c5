"""Makes sync.json: `python -m node.vectors.make_sync > node/vectors/sync.json`.

The bundle's signature is another one each time; all else follows from the seeds in the file.
"""

import json
from base64 import b64encode
from hashlib import shake_256

from ..crypto import Random, SigningKey, sha256
from ..mesh.bundle import Recipients
from ..mesh.bundle_content import About, export
from ..mesh.sync.bloom import make_bloom
from ..mesh.sync.exchange import Exchange, Fresh
from ..mesh.sync.items import END, Items, id_of, row
from ..mesh.sync.ranges import encode_ranges, opening, respond
from ..mesh.sync.sketch import Encoder

HEADER = {
    "what": "Fingerprints, filters, range messages and sketches of histories, an exchange of two"
    " nodes, and a bundle.",
    "made_by": "python -m node.vectors.make_sync, with OpenSSL's ML-DSA-87 and libsodium's"
    " XChaCha20",
    "check": "The id of vertex n is SHA-256('vector: id' || n u64), its lamport n // 3; a row is"
    " lamport u64 || id. Fingerprints, filters and short ids are SHA-256. The bundle opens with the"
    " space's key by HKDF-SHA-256 and XChaCha20-Poly1305. docs/sync.md and docs/sneakernet.md have"
    " the formulas and byte tables.",
    "encoding": "bytes are hex; the bundle is base64",
}


def stream(use: bytes) -> Random:
    """Return random bytes that are the same in each run."""
    count = 0

    def random(size: int) -> bytes:
        nonlocal count
        count += 1
        return shake_256(b"vector: %s %d" % (use, count)).digest(size)

    return random


def rows(start: int, end: int) -> list[bytes]:
    """Return the rows of numbered vertices."""
    return [row(n // 3, sha256(b"vector: id", n.to_bytes(8, "big"))) for n in range(start, end)]


def vectors() -> dict[str, object]:
    """Return all vectors."""
    return {
        "header": HEADER,
        "fingerprints": _fingerprints(),
        "filter": _filter(),
        "ranges": _ranges(),
        "sketch": _sketch(),
        "exchange": _exchange(),
        "bundle": _bundle(),
    }


def _fingerprints() -> list[dict[str, object]]:
    items = Items(rows(0, 1000))
    bounds = [(b"", b""), (b"", rows(1, 2)[0]), (rows(9, 10)[0], END), (b"", END)]
    return [
        {
            "vertices": 1000,
            "lower": lower.hex(),
            "upper": upper.hex() if upper != END else None,
            "count": items.count(lower, upper),
            "fingerprint": items.fingerprint(lower, upper).hex(),
        }
        for lower, upper in bounds
    ]


def _filter() -> dict[str, object]:
    ids = [id_of(each) for each in rows(0, 100)]
    return {"vertices": 100, "filter": make_bloom(ids, stream(b"filter")).encode().hex()}


def _ranges() -> dict[str, object]:
    seed = sha256(b"vector: seed")[:16]
    first, second = Items(rows(0, 700)), Items([*rows(0, 300), *rows(301, 720)])
    messages, missing = [opening(first, seed)], []
    for items in (second, first, second, first):
        answer = respond(items, seed, messages[-1])
        messages += [answer.ranges] if answer.ranges else []
        missing.append([each.hex() for each in answer.missing_there])
    return {
        "seed": seed.hex(),
        "first": "vertices 0 to 699",
        "second": "vertices 0 to 299 and 301 to 719",
        "messages": [encode_ranges(each).hex() for each in messages],
        "missing_there": missing,
    }


def _sketch() -> dict[str, object]:
    key = sha256(b"vector: sketch")[:16]
    ids = [id_of(each) for each in rows(0, 100)]
    return {"key": key.hex(), "vertices": 100, "symbols": Encoder(key, ids).symbols(0, 32).hex()}


def _exchange() -> dict[str, object]:
    """Return a comparison by filters: a chain, and two vertices more on each side."""
    shared, ours, theirs = rows(0, 9), rows(9, 11), rows(12, 14)
    random = stream(b"exchange")
    sides = [
        Exchange(Items([*shared, *more]), more[1:], shared[-1:], random, begins, _beyond(more))
        for more, begins in ((ours, True), (theirs, False))
    ]
    messages = [sides[0].start()]
    missing = []
    for turn in (1, 0, 1):
        step = sides[turn].receive(messages[-1])
        missing.append([each.hex() for each in step.missing_there])
        if step.reply is not None:
            messages.append(step.reply)
    return {"messages": [each.hex() for each in messages], "missing_there": missing}


def _beyond(more: list[bytes]) -> Fresh:
    return lambda common: [id_of(each) for each in more if each not in common]


def _bundle() -> dict[str, object]:
    key, topic, seed = (sha256(b"vector: ", use) for use in (b"space", b"topic", b"author"))
    heads = tuple(rows(8, 9))
    vertices = [sha256(b"vector: vertex", bytes([n])) * 100 for n in range(3)]
    about = About(topic=topic, heads=heads, wants=(bytes(32),))
    recipients = Recipients(space_keys=[key])
    author = SigningKey.from_seed(seed)
    [data] = [
        b"".join(part)
        for part in export(about, vertices, [b"snapshot"], recipients, author, stream(b"bundle"))
    ]
    return {
        "space_key": key.hex(),
        "author_seed": seed.hex(),
        "topic": topic.hex(),
        "heads": [each.hex() for each in heads],
        "wants": [bytes(32).hex()],
        "vertices": [each.hex() for each in vertices],
        "snapshots": [b"snapshot".hex()],
        "bundle": b64encode(data).decode(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
