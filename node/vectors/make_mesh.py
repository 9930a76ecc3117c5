"""Makes mesh.json: `python -m node.vectors.make_mesh > node/vectors/mesh.json`.

A signature is another one each time it is made; what is signed, and all ids, are always the same.
"""

import json
from hashlib import shake_256

from ..crypto import Random, SigningKey, sha256
from ..mesh.messages import Compare, Flag, Ids, Push, Topics
from ..mesh.space import Keys, Kind, blinded, topic_of
from ..mesh.vertex import Vertex, make_vertex

HEADER = {
    "what": "The mesh: keys of a space, sealed payloads, a small history with a fork and a merge,"
    " blinded topics, and one of each message.",
    "made_by": "python -m node.vectors.make_mesh",
    "check": "Derive the keys from the secret. Hash the content of each vertex, verify its"
    " signature, open its payload. Put the history together from the vertices in any order: heads,"
    " order and state hash must be these. docs/mesh.md has the byte tables.",
    "encoding": "bytes are hex",
}
SECRET = bytes(range(32))
SEEDS = (b"\1" * 32, b"\2" * 32)
PEERS = (b"\xaa" * 32, b"\xbb" * 32)


def stream(use: bytes) -> Random:
    """Return random bytes that are the same in each run."""
    count = 0

    def random(size: int) -> bytes:
        nonlocal count
        count += 1
        return shake_256(b"vector: %s %d" % (use, count)).digest(size)

    return random


def history(keys: Keys) -> tuple[list[Vertex], list[tuple[Kind, bytes]]]:
    """Return vertices in causal order, and what is in them."""
    random = stream(b"payloads")
    authors = [SigningKey.from_seed(seed) for seed in SEEDS]
    vertices: list[Vertex] = []
    contents: list[tuple[Kind, bytes]] = []

    def write(author: int, parents: list[int], kind: Kind, content: bytes, wall: int = 0) -> None:
        named = [vertices[place] for place in parents]
        first = not any(each.author == names[author] for each in named)
        lamport = 1 + max((each.lamport for each in named), default=-1)
        payload = keys.seal(kind, content, names[author], random)
        ids = tuple(each.id for each in named)
        vertices.append(make_vertex(authors[author], ids, lamport, payload, first=first, wall=wall))
        contents.append((kind, content))

    names = [make_vertex(key, (), 0, b"", first=True).author for key in authors]
    write(0, [], Kind.CONTENT, "سلام".encode(), 1_790_000_123_456)
    write(1, [0], Kind.CONTENT, b"a first vertex brings the key")
    write(0, [0], Kind.CONTENT, b"one side of a fork")
    write(0, [0, 1], Kind.CONTENT, b"the other side")
    write(1, [1, 2, 3], Kind.MERGE, b"")
    write(0, [2, 3, 4], Kind.CHECKPOINT, b"\x11" * 32)
    return vertices, contents


def heads_and_order(vertices: list[Vertex]) -> tuple[list[str], list[str]]:
    """Return heads and order, by their definitions."""
    named = {parent for vertex in vertices for parent in vertex.parents}
    heads = sorted(vertex.id.hex() for vertex in vertices if vertex.id not in named)
    order = sorted(vertices, key=lambda vertex: (vertex.lamport, vertex.id))
    return heads, [vertex.id.hex() for vertex in order]


def messages(topic: bytes, carrier: bytes, vertices: list[Vertex]) -> dict[str, str]:
    """Return one message of each type."""
    random = stream(b"tags")
    nonce = b"\xcc" * 16
    own = blinded(carrier, *PEERS, nonce)
    tags = tuple(sorted([own, *(random(32) for _ in range(15))]))
    ids = tuple(vertex.id for vertex in vertices[:2])
    pushed = tuple(vertex.encode() for vertex in vertices[:2])
    return {
        "topics": Topics(nonce, tags).encode().hex(),
        "push": Push(topic, pushed, Flag.ANSWER | Flag.LAST).encode().hex(),
        "have": Ids(topic, ids, Flag.LACK).encode().hex(),
        "want": Ids(topic, ids, Flag.GRAFT).encode().hex(),
        "stored": Ids(topic, ids).encode().hex(),
        "pull": Compare(topic, b"step").encode_pull().hex(),
        "sync": Compare(topic, b"step", Flag.RESPONDER).encode_sync().hex(),
    }


def main() -> None:
    """Print the vectors."""
    keys = Keys(SECRET)
    topic = topic_of(keys.carrier)
    vertices, contents = history(keys)
    heads, order = heads_and_order(vertices)
    made = {
        **HEADER,
        "space": {
            "secret": SECRET.hex(),
            "carrier": keys.carrier.hex(),
            "payload_key": keys.payload.hex(),
            "topic": topic.hex(),
        },
        "vertices": [
            {
                "encoded": vertex.encode().hex(),
                "id": vertex.id.hex(),
                "parents": [parent.hex() for parent in vertex.parents],
                "lamport": vertex.lamport,
                "time": vertex.content.time,
                "author": vertex.author.hex(),
                "kind": int(kind),
                "content": content.hex(),
            }
            for vertex, (kind, content) in zip(vertices, contents, strict=True)
        ],
        "keys": [SigningKey.from_seed(seed).public.hex() for seed in SEEDS],
        "heads": heads,
        "state_hash": sha256(b"pars/mesh-state/v1", *map(bytes.fromhex, heads)).hex(),
        "order": order,
        "forks": [[vertices[2].id.hex(), vertices[3].id.hex()]],
        "peers": [peer.hex() for peer in PEERS],
        "tag": blinded(keys.carrier, *PEERS, b"\xcc" * 16).hex(),
        "messages": messages(topic, keys.carrier, vertices),
    }
    print(json.dumps(made, indent=1))


if __name__ == "__main__":
    main()
