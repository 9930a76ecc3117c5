"""Makes swarm.json: `python -m node.vectors.make_swarm > node/vectors/swarm.json`.

Signatures are another one each time, so a new file differs from the last in those alone.
"""

import json

from ..crypto import SigningKey, sha256
from ..identity import Multiaddr, NodeKey
from ..swarm import work
from ..swarm.directory import RELAY, STORE, sign_record
from ..swarm.mailboxes import (
    OPENING_CONTEXT,
    Channel,
    Destination,
    Inbox,
    Record,
    inbox_address,
    opening,
    wrap,
)
from ..swarm.requests import (
    Code,
    Done,
    Erase,
    Fetch,
    Lookup,
    Open,
    Page,
    Ping,
    Publish,
    Refusal,
    Reply,
    Request,
    Store,
    Terms,
    Token,
    encode_reply,
    encode_request,
)

HEADER = {
    "what": "Names, seals, work, requests, replies and node records of the Pars swarm.",
    "made_by": "python -m node.vectors.make_swarm, with OpenSSL's ML-DSA-87, libsodium's XChaCha20",
    "check": "docs/swarm.md has the labels and byte tables. Names, tokens and keys are SHA-256 or"
    " HMAC-SHA-256; blobs open under their key by XChaCha20-Poly1305; work is SHA3-256. Openings"
    " and node records carry ML-DSA-87 signatures with the context beside them.",
    "encoding": "bytes are hex; times are in milliseconds",
}
NOW = 1_790_000_000_000


def vectors() -> dict[str, object]:
    """Return all vectors; secrets and ids are SHA-256 of what they are for."""
    secret, node_id, account, publisher, owner_seed = (
        sha256(b"vector: ", use)
        for use in (b"mailbox", b"node", b"account", b"publisher", b"inbox")
    )
    owner = SigningKey.from_seed(owner_seed)
    channel, inbox = Channel(secret), Inbox(inbox_address(owner.public))
    record = Record(account, 2959, publisher)
    return {
        "header": HEADER,
        "node_id": node_id.hex(),
        "channel": {"secret": secret.hex(), **_names(channel, 20717, node_id)},
        "inbox": {
            "seed": owner_seed.hex(),
            "address": inbox.address.hex(),
            "opening_context": OPENING_CONTEXT.decode(),
            "opening": encode_request(
                Open(20717, owner.public, owner.sign(opening(node_id, 20717), OPENING_CONTEXT))
            ).hex(),
            **_names(inbox, 20717, node_id),
        },
        "record": {
            "account": account.hex(),
            "secret": publisher.hex(),
            **_names(record, record.week, node_id),
        },
        "work": _work(channel, node_id),
        "requests": _requests(),
        "replies": _replies(),
        "node_record": _node_record(),
    }


def _names(destination: Destination, epoch: int, node_id: bytes) -> dict[str, object]:
    key = destination.blob_key(epoch, node_id)
    return {
        "epoch": epoch,
        "place": destination.place(epoch).hex(),
        "token": destination.token(epoch, node_id).hex(),
        "name": destination.name(epoch, node_id).hex(),
        "blob_key": key.hex(),
        "data": b"salam".hex(),
        "blob": wrap(key, b"salam").hex(),
    }


def _work(channel: Channel, node_id: bytes) -> dict[str, object]:
    blob = wrap(channel.blob_key(20717, node_id), b"salam")
    name = channel.name(20717, node_id)
    given = work.challenge(node_id, name, sha256(blob), 0, work.hour(NOW))
    return {
        "term": 0,
        "hour": work.hour(NOW),
        "challenge": given.hex(),
        "first_nonces": {
            str(bits): work.search(given, bits, 0, 1 << 22) for bits in (1, 8, 10, 16)
        },
        "required": [
            {"size": size, "term": term, "load": load, "guarded": guarded, "bits": bits}
            for size, term, load, guarded in (
                *((256, 0, 0, True), (4096, 1, 0, True), (16384, 0, 0, True)),
                *((65536, 2, 3, True), (524288, 0, 0, True), (1024, 0, 8, False)),
            )
            for bits in [work.required(size, term, load, guarded=guarded)]
        ],
    }


def _requests() -> dict[str, str]:
    name, token, first, second = (bytes([fill]) * 32 for fill in (0x11, 0x22, 0x33, 0x44))
    made: dict[str, Request] = {
        "ping": Ping(),
        "store": Store(name, token, 1, 497222, 77, b"blob"),
        "fetch": Fetch(name, token, 5, 65536),
        "erase": Erase(name, token, (first, second)),
        "publish": Publish(name, token, 497222, 77, b"blob"),
        "lookup": Lookup(name, 1, 65536),
    }
    return {kind: encode_request(request).hex() for kind, request in made.items()}


def _replies() -> dict[str, str]:
    made: dict[str, Reply] = {
        "done": Done(2),
        "page": Page(True, ((1, b"one"), (9, b"two"))),
        "terms": Terms(497222, 3),
        "token": Token(b"\x22" * 32),
        **{code.name.lower(): Refusal(code, 12, 497222) for code in Code},
    }
    return {kind: encode_reply(reply).hex() for kind, reply in made.items()}


def _node_record() -> dict[str, object]:
    node = NodeKey.from_seed(sha256(b"vector: node record"))
    addresses = ("/ip4/203.0.113.7/tcp/9000", "/dns4/node.example/tcp/9000")
    fields = {
        "network": 6133,
        "sequence": NOW,
        "expires": NOW + 48 * work.HOUR_MS,
        "services": RELAY | STORE,
        "onion_until": NOW + 30 * work.HOUR_MS,
    }
    record = sign_record(
        node.signing,
        onion=node.onion.public,
        addresses=tuple(map(Multiaddr.parse, addresses)),
        **fields,
    )
    return {
        "peer_id": node.peer_id.hex(),
        "context": "pars/node-record/v1",
        "addresses": addresses,
        **fields,
        "record": record.hex(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
