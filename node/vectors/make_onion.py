"""Makes onion.json: `python -m node.vectors.make_onion > node/vectors/onion.json`.

Encapsulation draws from the operating system, so each run gives other packets; what follows from
the seeds and the bytes in the file is always the same.
"""

import json
from hashlib import shake_256

from ..crypto import HybridKey, Random, sha256
from ..onion import packet as onion
from ..onion import surb as reply_blocks
from ..onion import wide_block
from ..onion.fragments import Answer, Partial, digest_of, parts_of
from ..onion.packet import Relay, Routing

HEADER = {
    "what": "Onion packets of the Pars session layer: what each hop makes of one, a reply block"
    " with its reply, the wide-block cipher, and messages of the request layer.",
    "made_by": "python -m node.vectors.make_onion, with OpenSSL's ML-KEM-1024",
    "check": "Open the packet with each key in turn: routing, tag and the SHA-256 of the packet"
    " that goes on must be these, and the payload at the end. Make the reply from reply block and"
    " payload: it has no randomness. docs/onion.md has the byte tables.",
    "encoding": "bytes are hex; a seed is X25519's 32 bytes, then d and z of ML-KEM",
}
NAMES = ("first", "second", "third", "end")
DELAYS = (150, 0, 60_000)
PAYLOAD = b"a payload"
REPLY = b"a reply"


def stream(use: bytes) -> Random:
    """Return random bytes that are the same in each run."""
    count = 0

    def random(size: int) -> bytes:
        nonlocal count
        count += 1
        return shake_256(b"vector: %s %d" % (use, count)).digest(size)

    return random


def hops(keys: list[HybridKey], packet: bytes) -> tuple[list[dict[str, object]], bytes]:
    """Return what each hop learns and sends on, and the body that is left."""
    steps: list[dict[str, object]] = []
    body = b""
    for key in keys:
        header, body = onion.split(packet)
        opened = onion.open_header(key, header)
        body = onion.unwrap(opened.body_key, body)
        packet = opened.header + body
        steps.append(
            {
                "seed": key.seed.hex(),
                "command": opened.routing.command,
                "target": opened.routing.target.hex(),
                "delay_ms": opened.routing.delay_ms,
                "tag": opened.tag.hex(),
                "body_key": opened.body_key.hex(),
                "next_sha256": sha256(packet).hex(),
            }
        )
    return steps, body


def vectors() -> dict[str, object]:
    """Return all vectors."""
    keys = [HybridKey.from_seed(stream(name.encode())(96)) for name in NAMES]
    path = [
        Relay(node_id=sha256(name.encode()), public=key.public)
        for name, key in zip(NAMES, keys, strict=True)
    ]
    header, body_keys = onion.build_header(path, DELAYS, Routing(onion.DELIVER), stream(b"packet"))
    packet = header + onion.wrap(body_keys, onion.seal_payload(PAYLOAD))
    block, secret = reply_blocks.make_surb(path, DELAYS, stream(b"reply block"))
    _, reply = reply_blocks.reply(block, REPLY)
    wide_key, wide = sha256(b"key"), shake_256(b"block").digest(100)
    answer = Answer(total=5, index=0, digest=digest_of(b"hello"), data=b"hello")
    partial = Partial(total=100_000, arrived=frozenset({0, 2, 8}))
    return {
        "header": HEADER,
        "packet": {
            "bytes": packet.hex(),
            "hops": hops(keys, packet)[0],
            "payload": PAYLOAD.hex(),
        },
        "reply_block": {
            "bytes": block.encode().hex(),
            "reply_id": secret.surb_id.hex(),
            "payload": REPLY.hex(),
            "first": block.first.hex(),
            "reply_sha256": sha256(reply).hex(),
            "hops": hops(keys, reply)[0],
        },
        "wide_block": {
            "key": wide_key.hex(),
            "plaintext": wide.hex(),
            "ciphertext": wide_block.encrypt(wide_key, wide).hex(),
        },
        "messages": {
            "answer": answer.encode().hex(),
            "partial": partial.encode().hex(),
            "partial_parts": parts_of(100_000, onion.PAYLOAD_MAX - 23),
        },
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
