"""Makes link.json: `python -m node.vectors.make_link > node/vectors/link.json`.

What a responder encapsulates and what anybody signs is another each time, so a new file has other
bytes on the wire. A receiver is checked by it: of these seeds and these bytes follow these keys.
"""

import json
from collections.abc import Iterator

from .. import crypto
from ..identity import NodeKey
from ..link import Gate, Link, NewTicket, Ticket, TicketBook, handshake, hello, initiate, respond
from ..link.frames import Kind, OneWay

HEADER = {
    "what": "Links between nodes of the Pars session layer, version pars/link/v1.",
    "made_by": "python -m node.vectors.make_link, with OpenSSL's ML-KEM-1024 and ML-DSA-87",
    "check": "Derive the nodes' signing keys from their seeds as in identity.json. Open the hello"
    " with the responder's peer id; decapsulate the response's ciphertext with the ephemeral seed"
    " (X25519 32, ML-KEM d 32, z 32); the keys, proofs, chains, tickets and frames follow."
    " docs/link.md has the byte tables.",
    "encoding": "bytes are hex",
}
NOW = 1_000


def chance(label: bytes) -> Iterator[bytes]:
    """Return blocks that look random, the same each time."""
    number = 0
    while True:
        yield crypto.sha256(b"vector: ", label, number.to_bytes(8))
        number += 1


def drawing(label: bytes) -> crypto.Random:
    """Return a source of such bytes."""
    blocks = chance(label)

    def draw(size: int) -> bytes:
        return b"".join(next(blocks) for _ in range(-(-size // 32)))[:size]

    return draw


def told(
    initiator: NodeKey, responder: NodeKey, ticket: Ticket | None, book: TicketBook
) -> tuple[dict[str, str], Ticket]:
    """Return what was said in a handshake and what follows of it, and the next ticket."""
    label = b"full" if ticket is None else b"resumed"
    caller = initiate(initiator, responder.peer_id, NOW, drawing(label), ticket)
    gate = Gate(drawing(b"gate"))
    answerer = respond(responder, gate, book, b"source", NOW, drawing(b"answer"))
    first = caller.outgoing()
    answerer.receive(first, NOW)
    response = answerer.outgoing()
    events = caller.receive(response, NOW)
    finish = caller.outgoing()
    answerer.receive(finish, NOW)
    new_ticket = next(event.ticket for event in events if isinstance(event, NewTicket))

    ephemeral = crypto.HybridKey.from_seed(drawing(label)(crypto.HYBRID_SEED))
    begun = handshake.begin_transcript(responder.peer_id, first)
    hidden, sealed = response[:1_600], response[1_600:]
    ciphertext = hello.exclusive_or(hidden, handshake.veil_of(responder.peer_id, begun))
    answered = handshake.extend(begun, hidden)
    secret = crypto.decapsulate(ephemeral, ciphertext, handshake.KEM_LABEL, begun)
    keys = handshake.stage_keys(secret, ticket, answered)
    finishing = handshake.extend(answered, sealed)
    done = handshake.extend(finishing, finish)
    traffic = handshake.traffic_keys(keys.master, done, initiator.peer_id, responder.peer_id)
    values = {
        "ephemeral_seed": ephemeral.seed,
        "hello": first,
        "response": response,
        "finish": finish,
        "transcript_after_hello": begun,
        "transcript_after_ciphertext": answered,
        "transcript_after_response": finishing,
        "transcript_after_finish": done,
        "secret": secret,
        "responder_key": keys.responder,
        "initiator_key": keys.initiator,
        "master": keys.master,
        "initiator_chain": traffic.initiator_chain,
        "responder_chain": traffic.responder_chain,
        "ticket_name": traffic.ticket_name,
        "ticket_psk": traffic.psk,
    } | frames(caller, answerer)
    return {name: value.hex() for name, value in values.items()}, new_ticket


def frames(caller: Link, answerer: Link) -> dict[str, bytes]:
    """Return a frame each way."""
    caller.send(b"from the initiator", NOW)
    answerer.send(b"", NOW)
    return {
        "frame_of_initiator": caller.outgoing(),
        "frame_of_responder_that_is_empty": answerer.outgoing(),
    }


def one_way() -> dict[str, str]:
    """Return the frames of one direction, across a rekey."""
    chain = crypto.sha256(b"vector: chain")
    way = OneWay(chain)
    said = [way.seal(Kind.MESSAGE, bytes(range(256)) * 2), way.seal(Kind.COVER, bucket=1)]
    said.append(way.seal(Kind.REKEY))
    way.rekey()
    said += [way.seal(Kind.MESSAGE, b"under the next key"), way.seal(Kind.CLOSE)]
    names = ("message_of_512", "cover_of_1024", "rekey", "message_after_rekey", "close")
    return {"chain": chain.hex()} | {
        name: data.hex() for name, data in zip(names, said, strict=True)
    }


def retry(named: bytes) -> dict[str, str | int]:
    """Return a hello, the retry that answers it, and the hello that answers that."""
    draw = drawing(b"retry")
    public = crypto.HybridKey.from_seed(draw(crypto.HYBRID_SEED)).public
    cookie, difficulty = draw(hello.COOKIE), 12
    first = hello.seal_hello(hello.Hello(public=public), named, draw)
    solution = hello.solve(cookie, difficulty)
    second = hello.Hello(public=public, cookie=cookie, solution=solution)
    return {
        "hello": first.hex(),
        "cookie": cookie.hex(),
        "difficulty": difficulty,
        "retry": hello.seal_retry(cookie, difficulty, named, first, draw).hex(),
        "solution": solution,
        "second_hello": hello.seal_hello(second, named, draw).hex(),
    }


def vectors() -> dict[str, object]:
    """Return all vectors."""
    seeds = [crypto.sha256(b"vector: ", role) for role in (b"initiator", b"responder")]
    initiator, responder = (NodeKey.from_seed(seed) for seed in seeds)
    book = TicketBook()
    full, ticket = told(initiator, responder, None, book)
    resumed, _ = told(initiator, responder, ticket, book)
    return {
        "header": HEADER,
        "initiator": {"seed": seeds[0].hex(), "peer_id": initiator.peer_id.hex()},
        "responder": {"seed": seeds[1].hex(), "peer_id": responder.peer_id.hex()},
        "full": full,
        "resumed": resumed,
        "frames": one_way(),
        "retry": retry(responder.peer_id),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
