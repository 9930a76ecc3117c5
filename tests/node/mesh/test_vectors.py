"""The published vectors, by ways that share no code with what made them."""

import hashlib
import hmac
import itertools
import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA87PublicKey
from nacl.bindings import crypto_aead_xchacha20poly1305_ietf_decrypt

from node.mesh.intake import Intake
from node.mesh.messages import read_ids, read_pull, read_push, read_sync, read_topics
from node.mesh.vertex import read_vertex

ROOT = Path(__file__).parents[3]
VECTORS = json.loads((ROOT / "node" / "vectors" / "mesh.json").read_text("utf-8"))
SPACE = {name: bytes.fromhex(value) for name, value in VECTORS["space"].items()}
VERTICES = VECTORS["vertices"]


def hkdf(secret, info):
    extracted = hmac.digest(bytes(32), secret, "sha256")
    return hmac.digest(extracted, info + b"\1", "sha256")


def parts(vertex):
    """Return content, payload, key and signature, cut by the byte table."""
    data = bytes.fromhex(vertex["encoded"])
    at = 3 + 32 * int.from_bytes(data[1:3]) + 48
    size = int.from_bytes(data[at : at + 4])
    end = at + 4 + size
    assert data[0] == 1
    assert data[end] in (0, 1)
    key = data[end + 1 : -4627]
    assert len(key) == 2592 * data[end]
    return data[1:end], data[at + 4 : end], key, data[-4627:]


def test_keys_follow_from_the_secret():
    assert SPACE["carrier"] == hkdf(SPACE["secret"], b"pars/mesh-carrier/v1")
    assert SPACE["payload_key"] == hkdf(SPACE["secret"], b"pars/mesh-payload/v1")
    label = b"pars/mesh-topic/v1"
    assert SPACE["topic"] == hashlib.sha256(label + SPACE["carrier"]).digest()


@pytest.mark.parametrize("vertex", VERTICES)
def test_a_vertex_is_what_it_says(vertex):
    content, payload, key, signature = parts(vertex)
    name, author = bytes.fromhex(vertex["id"]), bytes.fromhex(vertex["author"])

    assert name == hashlib.sha3_256(b"PARS:Vertex:v1" + content).digest()
    written = b"".join(
        [
            len(vertex["parents"]).to_bytes(2),
            *map(bytes.fromhex, vertex["parents"]),
            vertex["lamport"].to_bytes(8) + vertex["time"].to_bytes(8) + author,
            len(payload).to_bytes(4) + payload,
        ]
    )
    assert content == written
    public = next(
        each
        for each in map(bytes.fromhex, VECTORS["keys"])
        if hashlib.sha3_256(each).digest() == author
    )
    assert key in (b"", public)
    MLDSA87PublicKey.from_public_bytes(public).verify(signature, name, b"pars/vertex/v1")
    opened = crypto_aead_xchacha20poly1305_ietf_decrypt(
        payload[24:], b"pars/mesh-payload/v1" + author, payload[:24], SPACE["payload_key"]
    )
    size = int.from_bytes(opened[1:5])
    assert opened[0] == vertex["kind"]
    assert opened[5 : 5 + size].hex() == vertex["content"]
    assert not any(opened[5 + size :])


def test_a_key_comes_where_no_own_vertex_is_named():
    authors = {vertex["id"]: vertex["author"] for vertex in VERTICES}
    for vertex in VERTICES:
        own = [each for each in vertex["parents"] if authors[each] == vertex["author"]]
        assert bool(parts(vertex)[2]) == (not own)


@pytest.mark.parametrize("seed", range(6))
def test_any_order_gives_the_published_history(carried, seed):
    space, intake = carried(), Intake()
    shuffled = random.Random(seed).sample(VERTICES, len(VERTICES))
    for vertex in shuffled:
        intake.take(space, read_vertex(bytes.fromhex(vertex["encoded"])), b"p", 0, eager=True)
    forks = {frozenset((event.first.hex(), event.second.hex())) for event in intake.forks}

    assert [name.hex() for name in space.dag.order()] == VECTORS["order"]
    assert sorted(name.hex() for name in space.dag.heads) == VECTORS["heads"]
    assert space.dag.state_hash.hex() == VECTORS["state_hash"]
    assert forks == {frozenset(pair) for pair in VECTORS["forks"]}


def test_heads_order_and_hash_follow_from_their_definitions():
    named = set(itertools.chain.from_iterable(vertex["parents"] for vertex in VERTICES))
    order = sorted((vertex["lamport"], vertex["id"]) for vertex in VERTICES)
    heads = sorted(vertex["id"] for vertex in VERTICES if vertex["id"] not in named)
    label = b"pars/mesh-state/v1"

    assert [name for _, name in order] == VECTORS["order"]
    assert heads == VECTORS["heads"]
    assert VECTORS["state_hash"] == (
        hashlib.sha256(label + b"".join(map(bytes.fromhex, heads))).hexdigest()
    )


def test_messages_are_read():
    data = {name: bytes.fromhex(value) for name, value in VECTORS["messages"].items()}
    teller, hearer = map(bytes.fromhex, VECTORS["peers"])
    topics = read_topics(data["topics"])
    message = b"pars/mesh-blinded/v1" + teller + hearer + topics.nonce
    tag = hmac.digest(SPACE["carrier"], message, "sha256")

    assert tag.hex() == VECTORS["tag"]
    assert tag in topics.tags
    pushed = read_push(data["push"])
    assert [each.hex() for each in pushed.vertices] == [v["encoded"] for v in VERTICES[:2]]
    for name in ("have", "want", "stored"):
        assert [each.hex() for each in read_ids(data[name], name).ids] == [
            vertex["id"] for vertex in VERTICES[:2]
        ]
    assert read_pull(data["pull"]).step == read_sync(data["sync"]).step == b"step"
    for each in (pushed, read_pull(data["pull"]), read_sync(data["sync"])):
        assert each.topic == SPACE["topic"]


def test_the_maker_makes_the_same_again():
    command = [sys.executable, "-m", "node.vectors.make_mesh"]
    made = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    again = json.loads(made.stdout)
    for vertices in (again["vertices"], VERTICES):
        for vertex in vertices:
            vertex["encoded"] = vertex["encoded"][: -2 * 4627]
    again["messages"].pop("push")

    assert again == {
        **VECTORS,
        "messages": {k: v for k, v in VECTORS["messages"].items() if k != "push"},
    }
