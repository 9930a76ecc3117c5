"""The handshake of a link: X25519 with ML-KEM-1024 for secrecy, ML-DSA-87 for who it is.

    hello      ->  X25519 and ML-KEM-1024 keys, for this link alone
    response   <-  X25519 key and ML-KEM-1024 ciphertext, {responder's key, signature}
    finish     ->  {initiator's key, signature}

There is one suite, no version on the wire and nothing to negotiate: all of it is hashed into the
transcript, which is signed and from which every key is made. With a ticket of an earlier link both
braces are empty, and its secret goes into the keys.

Both sides are generators: they say what to send and how many bytes they need, and are sent those
bytes and the time. They return what the link goes on with, or raise `Refused`.
"""

from collections.abc import Generator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from .. import crypto
from ..codec import Refused
from ..crypto import (
    HYBRID_CIPHERTEXT,
    HYBRID_SEED,
    SIGNATURE,
    SIGNING_PUBLIC,
    TAG,
    HybridKey,
    Random,
)
from ..identity import NodeKey, peer_id_of
from .gate import Gate
from .hello import (
    HELLO,
    NAMELESS,
    RETRY,
    Hello,
    exclusive_or,
    open_hello,
    open_retry,
    seal_hello,
    seal_retry,
    solve,
)
from .tickets import LIFETIME_MS, Ticket, TicketBook

PROTOCOL = b"pars/link/v1"
KEM_LABEL = b"pars/link-kem/v1"
VEIL_LABEL = b"pars/link-response-veil/v1"
FULL_LABEL = b"pars/link-full/v1"
RESUME_LABEL = b"pars/link-resume/v1"
TRAFFIC_LABEL = b"pars/link-traffic/v1"
INITIATOR_CONTEXT = b"pars/link-initiator/v1"
RESPONDER_CONTEXT = b"pars/link-responder/v1"

NONCE = bytes(12)  # Each key of the handshake seals one message.
PROOF = SIGNING_PUBLIC + SIGNATURE
RESPONSE = HYBRID_CIPHERTEXT + PROOF + TAG
FINISH = PROOF + TAG
RESUMED_RESPONSE = HYBRID_CIPHERTEXT + TAG
RESUMED_FINISH = TAG


class Need(NamedTuple):
    """What a side of the handshake waits for."""

    size: int
    most: int | None  # No more bytes than this can have come by now; None if frames may follow.
    send: bytes = b""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What both sides share in the end, and who the other one is."""

    peer_id: bytes
    send_chain: bytes = field(repr=False)
    receive_chain: bytes = field(repr=False)
    ticket: Ticket
    send: bytes = b""


Steps = Generator[Need, tuple[bytes, int], Outcome]


# --- Keys -----------------------------------------------------------------------------------


class StageKeys(NamedTuple):
    """The keys of one handshake."""

    responder: bytes
    initiator: bytes
    master: bytes


def begin_transcript(named: bytes, hello_wire: bytes) -> bytes:
    """Return the hash of protocol, called name and first message."""
    return crypto.sha256(PROTOCOL, named, hello_wire)


def extend(transcript: bytes, data: bytes) -> bytes:
    """Return the hash of a transcript and what was said next."""
    return crypto.sha256(transcript, data)


def veil_of(named: bytes, transcript: bytes) -> bytes:
    """Return what hides a ciphertext from those who do not know the called name."""
    return crypto.keystream(crypto.hkdf(named, transcript, VEIL_LABEL), HYBRID_CIPHERTEXT)


def stage_keys(secret: bytes, ticket: Ticket | None, transcript: bytes) -> StageKeys:
    """Return the keys of a handshake; a ticket's secret is added to the fresh one."""
    if ticket is None:
        keys = crypto.hkdf(secret, transcript, FULL_LABEL, 96)
    else:
        keys = crypto.hkdf(secret + ticket.psk, transcript, RESUME_LABEL, 96)
    return StageKeys(keys[:32], keys[32:64], keys[64:])


class TrafficKeys(NamedTuple):
    """What a finished handshake leaves behind."""

    initiator_chain: bytes
    responder_chain: bytes
    ticket_name: bytes
    psk: bytes


def traffic_keys(
    master: bytes, transcript: bytes, initiator: bytes, responder: bytes
) -> TrafficKeys:
    """Return what follows from the whole transcript and both peer ids."""
    keys = crypto.hkdf(master, transcript, TRAFFIC_LABEL + initiator + responder, 112)
    return TrafficKeys(keys[:32], keys[32:64], keys[64:80], keys[80:])


# --- Proofs ---------------------------------------------------------------------------------


def prove(node: NodeKey, key: bytes, transcript: bytes, context: bytes, ids: bytes) -> bytes:
    """Return who this is, with its signature over the transcript and both ids, sealed."""
    signature = node.signing.sign(transcript + ids, context)
    return crypto.aead_seal(key, NONCE, node.signing.public + signature, transcript)


def opened(key: bytes, sealed: bytes, transcript: bytes) -> bytes:
    """Return what is sealed in a message of the handshake."""
    try:
        return crypto.aead_open(key, NONCE, sealed, transcript)
    except Refused:
        raise Refused("link: handshake not authentic") from None


def check_signature(
    public: bytes, proof: bytes, transcript: bytes, context: bytes, ids: bytes
) -> None:
    """Refuse a proof whose signature is not over this transcript and these ids."""
    if not crypto.verify(public, transcript + ids, proof[SIGNING_PUBLIC:], context):
        raise Refused("link: wrong signature")


# --- The two sides --------------------------------------------------------------------------


def initiator_steps(
    node: NodeKey, expected: bytes | None, random: Random, ticket: Ticket | None
) -> Steps:
    """Call a node: the one that is expected, or whoever answers."""
    if ticket is not None and ticket.peer_id != expected:
        raise ValueError("a ticket is good for the node it came from")
    named = NAMELESS if expected is None else expected
    ephemeral = HybridKey.from_seed(random(HYBRID_SEED))
    hello = Hello(public=ephemeral.public)
    if ticket is not None:
        binder = ticket.binder(ephemeral.public)
        hello = replace(hello, ticket=ticket.name, binder=binder)
    size = RESPONSE if ticket is None else RESUMED_RESPONSE

    wire = seal_hello(hello, named, random)
    head, now = yield Need(RETRY, size, wire)
    retry = open_retry(head, named, wire)
    if retry is not None:
        cookie, difficulty = retry
        hello = replace(hello, cookie=cookie, solution=solve(cookie, difficulty))
        wire = seal_hello(hello, named, random)
        head, now = yield Need(RETRY, size, wire)
    rest, now = yield Need(size - RETRY, size - RETRY)
    response = head + rest

    begun = begin_transcript(named, wire)
    hidden, sealed = response[:HYBRID_CIPHERTEXT], response[HYBRID_CIPHERTEXT:]
    ciphertext = exclusive_or(hidden, veil_of(named, begun))
    secret = crypto.decapsulate(ephemeral, ciphertext, KEM_LABEL, begun)
    answered = extend(begun, hidden)
    keys = stage_keys(secret, ticket, answered)
    proof = opened(keys.responder, sealed, answered)
    finishing = extend(answered, sealed)
    if ticket is None:
        public = proof[:SIGNING_PUBLIC]
        peer_id = peer_id_of(public)
        if expected is not None and peer_id != expected:
            raise Refused("link: another peer than was called")
        if peer_id == node.peer_id:
            raise Refused("link: this node itself")
        check_signature(public, proof, answered, RESPONDER_CONTEXT, peer_id)
        ids = node.peer_id + peer_id
        finish = prove(node, keys.initiator, finishing, INITIATOR_CONTEXT, ids)
        expires = now + LIFETIME_MS
    else:
        peer_id, expires = ticket.peer_id, ticket.expires
        finish = crypto.aead_seal(keys.initiator, NONCE, b"", finishing)
    traffic = traffic_keys(keys.master, extend(finishing, finish), node.peer_id, peer_id)
    new_ticket = Ticket(peer_id, traffic.ticket_name, traffic.psk, expires)
    return Outcome(
        peer_id, traffic.initiator_chain, traffic.responder_chain, new_ticket, send=finish
    )


def responder_steps(
    node: NodeKey, gate: Gate, tickets: TicketBook, source: bytes, random: Random
) -> Steps:
    """Answer whoever calls this node, or calls nobody by name."""
    wire, now = yield Need(HELLO, HELLO)
    named, hello = named_hello(wire, node)
    asked = gate.admit(hello, wire, source, now)
    if asked is not None:
        wire, now = yield Need(HELLO, HELLO, seal_retry(*asked, named, wire, random))
        named, hello = named_hello(wire, node)
        if gate.admit(hello, wire, source, now) is not None:
            raise Refused("link: no cookie")
    try:
        return (yield from _answer(node, tickets, random, named, wire, hello, now))
    finally:
        gate.leave()


def named_hello(wire: bytes, node: NodeKey) -> tuple[bytes, Hello]:
    """Return which name a hello calls, and its fields; refuse one that is for nobody here."""
    for named in (node.peer_id, NAMELESS):
        hello = open_hello(wire, named)
        if hello is not None:
            return named, hello
    raise Refused("link: hello for nobody here")


def _answer(
    node: NodeKey,
    tickets: TicketBook,
    random: Random,
    named: bytes,
    wire: bytes,
    hello: Hello,
    now: int,
) -> Steps:
    ticket = None
    if hello.resumes:
        ticket = tickets.take(hello.ticket, hello.public, hello.binder, now)
        if ticket is None:
            raise Refused("link: unknown ticket")
    begun = begin_transcript(named, wire)
    secret, ciphertext = crypto.encapsulate(hello.public, KEM_LABEL, begun, random)
    hidden = exclusive_or(ciphertext, veil_of(named, begun))
    answered = extend(begun, hidden)
    keys = stage_keys(secret, ticket, answered)
    if ticket is None:
        sealed = prove(node, keys.responder, answered, RESPONDER_CONTEXT, node.peer_id)
    else:
        sealed = crypto.aead_seal(keys.responder, NONCE, b"", answered)
    finishing = extend(answered, sealed)

    size = FINISH if ticket is None else RESUMED_FINISH
    finish, now = yield Need(size, None, hidden + sealed)
    proof = opened(keys.initiator, finish, finishing)
    if ticket is None:
        public = proof[:SIGNING_PUBLIC]
        peer_id = peer_id_of(public)
        if peer_id == node.peer_id:
            raise Refused("link: this node itself")
        check_signature(public, proof, finishing, INITIATOR_CONTEXT, peer_id + node.peer_id)
        expires = now + LIFETIME_MS
    else:
        peer_id, expires = ticket.peer_id, ticket.expires
    traffic = traffic_keys(keys.master, extend(finishing, finish), peer_id, node.peer_id)
    new_ticket = Ticket(peer_id, traffic.ticket_name, traffic.psk, expires)
    tickets.put(new_ticket)
    return Outcome(peer_id, traffic.responder_chain, traffic.initiator_chain, new_ticket)
