"""What somebody on the wire, or at its end, may try. Each test is one attack, and bears its name.

Mallory knows every peer id, and where it is said, every long-term secret of one side.
"""

import gc
import random
from dataclasses import replace

import pytest

from node import crypto
from node.codec import Refused
from node.identity import NodeKey
from node.link import (
    PROMPT,
    Closed,
    Established,
    Link,
    NewTicket,
    Received,
    handshake,
    hello,
    respond,
)
from node.link.frames import HEADER, OneWay
from node.link.handshake import Need, Steps

CLIENT_HELLO = bytes.fromhex("1603010200010001fc0303") + bytes(506)


def is_open(link: Link) -> bool:
    return link.peer_id is not None


def lying(node: NodeKey, peer_id: bytes) -> NodeKey:
    """Return a node that answers to a name that its key does not have."""
    return replace(node, peer_id=peer_id)


class SignedByAnother:
    """Shows the public key of one node, and signs with that of another."""

    def __init__(self, shown: NodeKey, signing: NodeKey) -> None:
        self.public = shown.signing.public
        self.sign = signing.signing.sign


def hello_with(world, public: bytes) -> bytes:
    """Return a hello that is right in everything but its key."""
    return hello.seal_hello(hello.Hello(public=public), world.bob.peer_id, world.random)


# --- Downgrade ------------------------------------------------------------------------------


def test_downgrade_to_classical_only_keys(world) -> None:
    """A hello with an X25519 key alone never becomes a whole one."""
    public = crypto.x25519_public(bytes(32))
    short = hello_with(world, public)
    for wire in (public, short):
        bob = world.answer()
        assert bob.receive(wire, world.now) == []
        assert bob.outgoing() == b""
        assert bob.tick(world.now + 10_000) == [Closed("link: handshake took too long")]
    padded = short + bytes(hello.HELLO - len(short))
    assert world.answer().receive(padded, world.now) == [Closed("link: hello for nobody here")]


def test_downgrade_to_ml_kem_768(world) -> None:
    """A key of 1,184 bytes, short or filled up: no length but that of level 5 is one."""
    public = crypto.x25519_public(bytes(32)) + random.Random(1).randbytes(1_184)
    short = hello_with(world, public)
    bob = world.answer()
    assert bob.receive(short, world.now) == []
    assert bob.end() == [Closed("link: cut off")]
    filled = hello_with(world, public + b"\xff" * (1_568 - 1_184))
    assert len(filled) == hello.HELLO
    bob = world.answer()
    assert bob.receive(filled, world.now) == [Closed("crypto: not a key")]
    assert bob.outgoing() == b""


def test_downgrade_to_half_a_key_exchange(world) -> None:
    """A classical half of low order, whose product is known to everybody."""
    kem = world.bob.onion.public[32:]
    for low in (bytes(32), b"\1" + bytes(31)):
        bob = world.answer()
        assert bob.receive(hello_with(world, low + kem), world.now) == [Closed("crypto: not a key")]
    alice, bob = world.call(), world.answer()
    world.carry(alice, bob)
    response = bytearray(bob.outgoing())
    response[:32] = bytes(32)
    [closed] = alice.receive(bytes(response), world.now)
    assert closed in (Closed("link: handshake not authentic"), Closed("crypto: not a key"))


def test_downgrade_by_null_cipher(world) -> None:
    """The responder's proof in plaintext, with any tag."""
    alice, bob = world.call(), world.answer()
    world.carry(alice, bob)
    hidden = bob.outgoing()[:1_600]
    proof = world.bob.signing.public + world.bob.signing.sign(b"anything")
    for tag in (bytes(16), b"\xff" * 16):
        alice = world.call()
        alice.outgoing()
        events = alice.receive(hidden + proof + tag, world.now)
        assert events == [Closed("link: handshake not authentic")]


def test_downgrade_of_a_level_3_signature(world, mallory) -> None:
    """A proof of another length leaves the wrong length of a response."""
    alice, bob = world.call(), world.answer()
    world.carry(alice, bob)
    response = bob.outgoing()[: 1_600 + 1_952 + 3_309 + 16]
    assert alice.receive(response, world.now) == []
    assert alice.end() == [Closed("link: cut off")]


@pytest.mark.parametrize(
    "start",
    [
        CLIENT_HELLO * 4,
        b"GET /chat HTTP/1.1\r\nUpgrade: websocket\r\n\r\n" * 50,
        b"\x13/multistream/1.0.0\n\x07/noise\n" * 70,
        b"/plaintext/2.0.0\n" * 110,
        bytes(1_704),
        b"\xff" * 1_704,
    ],
    ids=["tls", "websocket", "noise", "plaintext", "zeros", "ones"],
)
def test_another_protocol_is_not_answered(world, start: bytes) -> None:
    bob = world.answer()
    events = bob.receive(start, world.now)

    assert events[0].reason in ("link: hello for nobody here", "link: bytes before their turn")
    assert bob.outgoing() == b""
    alice = world.call()
    alice.outgoing()
    alice.receive(start, world.now)
    assert not is_open(alice)


def test_ten_thousand_random_starts(world) -> None:
    """None is accepted, none is answered, and the node keeps nothing of any."""
    chance = random.Random(7)
    for number in range(10_000):
        length = hello.HELLO if number % 2 else chance.randrange(3 * hello.HELLO)
        bob = world.answer()
        events = bob.receive(chance.randbytes(length), world.now)
        assert not is_open(bob)
        assert bob.outgoing() == b""
        assert all(isinstance(event, Closed) for event in events)

    assert world.gate.half_open == 0
    assert world.gate._seen == {}
    assert len(world.book) == 0


# --- Replay and reflection ------------------------------------------------------------------


def test_replay_of_the_first_message(world) -> None:
    alice, bob = world.call(), world.answer()
    first = alice.outgoing()
    bob.receive(first, world.now)
    again = world.answer(source=b"elsewhere")

    assert again.receive(first, world.now) == [Closed("link: hello again")]
    assert again.outgoing() == b""


def test_replay_of_the_first_message_to_a_node_that_forgot_it(make_world) -> None:
    """After a restart it is answered; whoever replays it can read nothing of the answer."""
    world, later = make_world(), make_world(seed=5)
    world.shake(world.call(), world.answer())
    first, _, last = (data for _, data in world.recorded)
    bob = later.answer()
    bob.receive(first, later.now)

    assert len(bob.outgoing()) == handshake.RESPONSE
    assert bob.receive(last, later.now) == [Closed("link: handshake not authentic")]
    assert later.gate.half_open == 0


def test_replay_of_the_response(make_world) -> None:
    world = make_world()
    world.shake(world.call(), world.answer())
    response = world.recorded[1][1]
    alice = world.call()
    alice.outgoing()

    assert alice.receive(response, world.now) == [Closed("link: handshake not authentic")]


def test_replay_of_the_last_message(world) -> None:
    world.shake(world.call(), world.answer())
    last = world.recorded[2][1]
    alice, bob = world.call(), world.answer()
    world.carry(alice, bob)

    assert bob.receive(last, world.now) == [Closed("link: handshake not authentic")]


def test_replay_of_a_frame(world) -> None:
    alice, bob = world.linked()
    alice.send(b"pay", world.now)
    frame = alice.outgoing()

    assert bob.receive(frame, world.now) == [Received(b"pay")]
    assert bob.receive(frame, world.now) == [Closed("link: frame not authentic")]


def test_replay_of_a_frame_of_another_link(world) -> None:
    alice, _ = world.linked()
    alice.send(b"pay", world.now)
    _, bob = world.linked()

    assert bob.receive(alice.outgoing(), world.now) == [Closed("link: frame not authentic")]


def test_replay_of_a_ticket(world) -> None:
    """The recorded start of a resumed link, played again."""
    ticket = world.ticket()
    world.recorded.clear()
    world.shake(world.call(ticket=ticket), world.answer())
    first = world.recorded[0][1]

    assert world.answer().receive(first, world.now) == [Closed("link: hello again")]
    world.gate._seen.clear()
    bob = world.answer()
    assert bob.receive(first, world.now) == [Closed("link: unknown ticket")]
    assert bob.outgoing() == b""


def test_reflection_of_the_hello(world) -> None:
    """What Alice says first comes back to her, as an answer and as a call."""
    alice = world.call()
    first = alice.outgoing()
    herself = world.answer(node=world.alice)

    assert herself.receive(first, world.now) == [Closed("link: hello for nobody here")]
    alice.receive(first, world.now)
    alice.receive(random.Random(1).randbytes(handshake.RESPONSE - len(first)), world.now)
    assert alice.closed == "link: handshake not authentic"


def test_reflection_of_frames(world) -> None:
    for of_alice in (True, False):
        alice, bob = world.linked()
        speaker = alice if of_alice else bob
        speaker.send(b"echo", world.now)
        said = speaker.outgoing()
        assert speaker.receive(said, world.now) == [Closed("link: frame not authentic")]


# --- Impersonation --------------------------------------------------------------------------


def test_wrong_peer(world, mallory) -> None:
    """Mallory answers in Bob's place: with her own key, or with Bob's and her own signature."""
    alice = world.call()
    liar = world.answer(node=lying(mallory, world.bob.peer_id))
    heard, _ = world.shake(alice, liar)
    assert heard == [Closed("link: another peer than was called")]

    forged = replace(
        mallory, signing=SignedByAnother(world.bob, mallory), peer_id=world.bob.peer_id
    )
    heard, _ = world.shake(world.call(), world.answer(node=forged))
    assert heard == [Closed("link: wrong signature")]


def test_wrong_caller(world, mallory) -> None:
    """Mallory calls as Alice, with Alice's public key and her own signature."""
    plain = world.alice
    world.alice = replace(mallory, signing=SignedByAnother(plain, mallory), peer_id=plain.peer_id)
    _, heard = world.shake(world.call(), world.answer())

    assert heard == [Closed("link: wrong signature")]


def test_key_compromise_impersonation(world, mallory) -> None:
    """Who has all keys of Alice can pose as Alice, but to Alice as nobody else."""
    stolen = lying(world.alice, world.bob.peer_id)
    heard, _ = world.shake(world.call(), world.answer(node=stolen))
    assert heard == [Closed("link: another peer than was called")]

    with_bobs_name = replace(
        world.alice, signing=SignedByAnother(world.bob, world.alice), peer_id=world.bob.peer_id
    )
    heard, _ = world.shake(world.call(), world.answer(node=with_bobs_name))
    assert heard == [Closed("link: wrong signature")]

    # Nor does a caller get to Bob as Alice by Bob's stolen keys.
    caller = replace(
        world.bob, signing=SignedByAnother(world.alice, world.bob), peer_id=world.alice.peer_id
    )
    alice, world.alice = world.alice, caller
    _, heard = world.shake(world.call(), world.answer())
    world.alice = alice
    assert heard == [Closed("link: wrong signature")]


def test_man_in_the_middle_who_signs_again(world, mallory) -> None:
    """Two links with Mallory's own keys: Alice asked for Bob, and Bob hears that it is Mallory."""
    towards_alice = world.answer(node=lying(mallory, world.bob.peer_id))
    heard, _ = world.shake(world.call(), towards_alice)
    assert heard == [Closed("link: another peer than was called")]

    world.alice = mallory
    _, heard = world.shake(world.call(), world.answer())
    assert heard == [Established(mallory.peer_id)]


def test_unknown_key_share_by_another_name(world, mallory) -> None:
    """Alice calls Mallory, who passes the same key on to Bob: Bob's answer is no good to Alice."""
    alice = world.call(expected=mallory.peer_id)
    fields = hello.open_hello(alice.outgoing(), mallory.peer_id)
    bob = world.answer()
    bob.receive(hello.seal_hello(fields, world.bob.peer_id, world.random), world.now)
    response = bob.outgoing()

    assert len(response) == handshake.RESPONSE
    assert alice.receive(response, world.now) == [Closed("link: handshake not authentic")]


@pytest.mark.parametrize("guess", [bytes(32), b"\xff" * 32], ids=["zeros", "ones"])
def test_unknown_key_share_by_another_finish(world, mallory, guess: bytes) -> None:
    """Alice and Bob begin; Mallory puts her own proof in the place of Alice's.

    Her signature is right, but she has no key to seal it with.
    """
    alice, bob = world.call(), world.answer()
    first = alice.outgoing()
    bob.receive(first, world.now)
    response = bob.outgoing()
    alice.receive(response, world.now)
    begun = handshake.begin_transcript(world.bob.peer_id, first)
    answered = handshake.extend(begun, response[:1_600])
    finishing = handshake.extend(answered, response[1_600:])
    ids = mallory.peer_id + world.bob.peer_id
    forged = handshake.prove(mallory, guess, finishing, handshake.INITIATOR_CONTEXT, ids)

    assert len(forged) == handshake.FINISH
    assert bob.receive(forged, world.now) == [Closed("link: handshake not authentic")]


def test_a_signature_of_one_role_is_none_of_the_other(world) -> None:
    signed = world.alice.signing.sign(b"transcript" + b"ids", handshake.INITIATOR_CONTEXT)
    proof = world.alice.signing.public + signed
    public = world.alice.signing.public
    handshake.check_signature(public, proof, b"transcript", handshake.INITIATOR_CONTEXT, b"ids")
    for transcript, context, ids in (
        (b"transcript", handshake.RESPONDER_CONTEXT, b"ids"),
        (b"transcript", b"", b"ids"),
        (b"transcript", handshake.INITIATOR_CONTEXT, b"idz"),
        (b"transcripu", handshake.INITIATOR_CONTEXT, b"ids"),
    ):
        with pytest.raises(Refused, match="wrong signature"):
            handshake.check_signature(public, proof, transcript, context, ids)


# --- Bits, one by one -----------------------------------------------------------------------


def test_a_bit_of_any_byte_of_a_hello(world, flipped) -> None:
    first = world.call().outgoing()
    for place in range(len(first)):
        bob = world.answer()
        spoilt = flipped(first, place)
        assert bob.receive(spoilt, world.now) == [Closed("link: hello for nobody here")]
        assert bob.outgoing() == b""


EDGES = [0, 31, 32, 1_599, 1_600, 4_191, 4_192, 8_818, 8_819, 8_834]


def test_a_bit_of_any_field_of_a_response(make_world, flipped) -> None:
    """X25519 key, ciphertext, public key, signature, tag; and 120 places between."""
    world = make_world()
    bob = world.answer()
    bob.receive(world.call().outgoing(), world.now)
    response = bob.outgoing()
    for place in [*EDGES, *range(5, len(response), 73)]:
        alice = make_world().call()  # The same chance: an Alice who has sent the same hello.
        [closed] = alice.receive(flipped(response, place), world.now)
        assert closed.reason in ("link: handshake not authentic", "crypto: not a key")
        assert alice.peer_id is None
    alice = make_world().call()
    assert alice.receive(response, world.now)[0] == Established(world.bob.peer_id)


@pytest.mark.parametrize("place", [0, 2_591, 2_592, 7_218, 7_219, 7_234, *range(100, 7_200, 700)])
def test_a_bit_of_any_field_of_a_finish(world, flipped, place: int) -> None:
    alice, bob = world.call(), world.answer()
    world.carry(alice, bob)
    world.carry(bob, alice)
    finish = alice.outgoing()
    assert len(finish) == handshake.FINISH

    events = bob.receive(flipped(finish, place), world.now)
    assert events == [Closed("link: handshake not authentic")]


@pytest.mark.parametrize("turn", [1, 2])
def test_a_bit_of_a_resumed_handshake(world, flipped, turn: int) -> None:
    sizes = {1: handshake.RESUMED_RESPONSE, 2: handshake.RESUMED_FINISH}
    for place in (0, 7, sizes[turn] - 1):
        alice, bob = world.call(ticket=world.ticket()), world.answer()
        world.carry(alice, bob)
        if turn == 1:
            sender, receiver = bob, alice
        else:
            world.carry(bob, alice)
            sender, receiver = alice, bob
        events = receiver.receive(flipped(sender.outgoing(), place), world.now)
        assert events[0].reason in ("link: handshake not authentic", "crypto: not a key")


def test_garbage_after_a_handshake(world) -> None:
    chance = random.Random(3)
    for length in (HEADER, 417, 60_000):
        _, bob = world.linked()
        assert bob.receive(chance.randbytes(length), world.now) == [
            Closed("link: frame not authentic")
        ]


# --- What a recording is worth --------------------------------------------------------------


def responder_key(key: crypto.HybridKey, first: bytes, response: bytes, named: bytes) -> bytes:
    """Return with which key a response would be sealed, had the hello carried this key."""
    begun = handshake.begin_transcript(named, first)
    hidden = response[:1_600]
    ciphertext = hello.exclusive_or(hidden, handshake.veil_of(named, begun))
    secret = crypto.decapsulate(key, ciphertext, handshake.KEM_LABEL, begun)
    return handshake.stage_keys(secret, None, handshake.extend(begun, hidden)).responder


def test_forward_secrecy_when_all_long_term_keys_leak(make_world) -> None:
    """A recording opens with the key that was thrown away, and with none that was kept."""
    world = make_world(seed=11)
    world.shake(world.call(), world.answer())
    first, response = (data for _, data in world.recorded[:2])
    chance = random.Random(11)
    chance.randbytes(32)  # What the gate drew, before Alice drew her key.
    ephemeral = crypto.HybridKey.from_seed(chance.randbytes(crypto.HYBRID_SEED))
    answered = handshake.extend(
        handshake.begin_transcript(world.bob.peer_id, first), response[:1_600]
    )

    key = responder_key(ephemeral, first, response, world.bob.peer_id)
    assert handshake.opened(key, response[1_600:], answered)
    halves = ephemeral.seed[:32] + world.bob.onion.seed[32:]  # A quantum computer has the first.
    for kept in (world.alice.onion, world.bob.onion, crypto.HybridKey.from_seed(halves)):
        key = responder_key(kept, first, response, world.bob.peer_id)
        with pytest.raises(Refused, match="not authentic"):
            handshake.opened(key, response[1_600:], answered)


def test_forward_secrecy_after_a_rekey(world) -> None:
    """Who has all that both ends know now cannot read what was said before, but what comes."""
    alice, bob = world.linked()
    alice.send(b"before", world.now)
    before = alice.outgoing()
    bob.receive(before, world.now)
    world.now += 3_600_000
    for end in (alice, bob):
        end._heard = world.now
    alice.send(b"the hour is over", world.now)
    world.carry(alice, bob)
    known = [way for end in (alice, bob) for way in (end._send, end._receive)]
    chains = {way._chain for way in known} | {way._key for way in known}
    alice.send(b"after", world.now)
    after = alice.outgoing()

    opened = []
    for chain in chains:
        for frames in range(4):
            for frame in (before, after):
                way = OneWay(chain)
                way.frames = frames
                try:
                    way.open_header(frame[:HEADER])
                except Refused:
                    continue
                opened.append(frame)
    assert opened == [after]


def secrets_within(link: Link) -> set[bytes]:
    """Return every string of 32 bytes and more that can be reached from a link."""
    found, waiting, seen = set(), [link], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | NodeKey):
            continue
        seen.add(id(each))
        if isinstance(each, bytes) and len(each) >= 32:
            found.add(each)
        if type(each).__module__.startswith("node.link") or isinstance(each, dict | list | tuple):
            waiting += gc.get_referents(each)
    return found


def test_a_link_that_is_closed_knows_nothing(world) -> None:
    alice, bob = world.linked()
    keys = {alice._send._key, alice._send._chain, alice._receive._key}
    assert keys <= secrets_within(alice)
    alice.close(world.now)
    world.carry(alice, bob)

    assert secrets_within(alice) == {world.bob.peer_id}
    assert secrets_within(bob) == {world.alice.peer_id}


def test_a_handshake_that_fails_leaves_nothing_half_open(world, flipped) -> None:
    for turn in range(3):
        alice, bob = world.call(), world.answer()
        world.carry(alice, bob)
        if turn == 0:
            assert world.gate.half_open == 1
            bob.end()
        elif turn == 1:
            bob.tick(world.now + 10_000)
        else:
            world.carry(bob, alice)
            bob.receive(flipped(alice.outgoing(), 1), world.now)
        assert world.gate.half_open == 0


def test_what_is_seen_of_two_calls_has_nothing_in_common(world) -> None:
    """No id, no key and no constant stands on the wire: not even from one call to the next."""
    world.linked()
    world.linked()
    for turn in range(3):
        first, second = world.recorded[turn][1], world.recorded[turn + 3][1]
        blocks = [{data[i : i + 6] for i in range(len(data) - 5)} for data in (first, second)]
        assert not blocks[0] & blocks[1]
    said = b"".join(data for _, data in world.recorded)
    for node in (world.alice, world.bob):
        assert node.peer_id not in said
        assert node.signing.public[:32] not in said
        assert node.signing.public[-32:] not in said


def test_a_responder_that_never_ends(world) -> None:
    """A peer that asks for the hello again and again is left after the first time."""

    def endless() -> Steps:
        wire, _ = yield Need(hello.HELLO, hello.HELLO)
        while True:
            retry = hello.seal_retry(b"c" * 16, 0, world.bob.peer_id, wire, world.random)
            wire, _ = yield Need(hello.HELLO, hello.HELLO, retry)

    alice = world.call()
    liar = Link(endless(), world.now, world.random, None, PROMPT, keeps_ticket=False)
    world.shake(alice, liar)
    world.carry(liar, alice)
    rubbish = random.Random(2).randbytes(handshake.RESPONSE)
    alice.receive(rubbish[: handshake.RESPONSE - hello.RETRY], world.now)

    assert alice.closed == "link: handshake not authentic"


def test_a_puzzle_that_would_take_for_ever(world) -> None:
    for bits in (17, 255):
        alice = world.call()
        retry = hello.seal_retry(b"c" * 16, bits, world.bob.peer_id, alice.outgoing(), world.random)
        assert alice.receive(retry, world.now) == [Closed("link: puzzle too hard")]


def test_only_the_called_node_is_asked_for_tickets(world, mallory) -> None:
    """A ticket for Bob tells nothing to Mallory, who is called by Bob's old address."""
    ticket = world.ticket()
    elsewhere = respond(mallory, world.gate, world.book, b"src", world.now, world.random)
    assert world.carry(world.call(ticket=ticket), elsewhere) == [
        Closed("link: hello for nobody here")
    ]
    heard, _ = world.shake(world.call(ticket=ticket), world.answer())
    assert any(isinstance(event, NewTicket) for event in heard)
