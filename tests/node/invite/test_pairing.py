"""First contact: both hold the secret or there is none; once; and the number tells of others."""

import contextlib
import hashlib
import hmac
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.core import Send
from node.crypto import sha256
from node.invite import pairing
from node.invite.invite import new_invite
from node.invite.pairing import Failed, Opened, Paired, Pairing, Transcript, commitment, name_of
from node.session.messages import MessageType

HOST, GUEST, MALLORY = (sha256(name) for name in (b"host", b"guest", b"mallory"))
KIND = MessageType.PAIRING
GIFT = b"\x5a" * 32


@dataclass
class Nodes:
    """Nodes that hear each other by links that have proved their ids."""

    cores: dict[bytes, Pairing]
    now: int
    seen: list[tuple[bytes, Send]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    events: dict[bytes, list] = field(default_factory=dict)

    def run(self) -> "Nodes":
        for _ in range(12):
            for own, core in self.cores.items():
                for send in core.outgoing():
                    self.carry(own, send)
                self.events.setdefault(own, []).extend(core.events())
        return self

    def carry(self, sender: bytes, send: Send) -> None:
        self.seen.append((sender, send))
        if send.peer_id in self.cores:
            try:
                self.cores[send.peer_id].receive(sender, send.type, send.payload, self.now)
            except Refused as refusal:
                self.refused.append(refusal.reason)

    def pass_on(self, sender: bytes, receiver: bytes) -> bytes:
        """Carry the next message of one node to another; return it."""
        (send,) = self.cores[sender].outgoing()
        self.cores[receiver].receive(sender, KIND, send.payload, self.now)
        return send.payload


@pytest.fixture
def make(make_store, make_random, now):
    """Return a function that makes nodes, each with a store of its own unless one is given."""

    def nodes(*ids: bytes, store=None) -> Nodes:
        stores = {ids[0]: store} if store else {}
        cores = {
            each: Pairing(each, 1, stores.get(each) or make_store(), make_random(number))
            for number, each in enumerate(ids)
        }
        return Nodes(cores, now)

    return nodes


@pytest.fixture
def met(make, invite, now) -> Nodes:
    """A host that stands by an invite, and a guest about to use it."""
    nodes = make(HOST, GUEST)
    nodes.cores[HOST].open(invite, GIFT, now=now)
    nodes.cores[GUEST].visit(invite, HOST, now)
    return nodes


def test_both_know_each_other_and_see_one_number(met, invite) -> None:
    met.run()
    name = name_of(invite.secret)
    (hosted,), (visited,) = met.events[HOST], met.events[GUEST]
    assert hosted == Paired(GUEST, name, True, hosted.number, GIFT)
    assert visited == Paired(HOST, name, False, hosted.number, GIFT)
    assert len(hosted.number) == 9
    assert hosted.number.replace(" ", "").isdigit()
    assert met.refused == []
    assert [len(send.payload) for _, send in met.seen] == [50, 50, 82, 86]


def test_the_messages_by_their_byte_table(met, invite) -> None:
    """Another HKDF and HMAC come to the same codes."""
    met.run()
    offer, nonce, proof, welcome = [send.payload for _, send in met.seen]

    def hkdf(secret: bytes, salt: bytes, info: bytes) -> bytes:
        extracted = hmac.digest(salt or bytes(32), secret, "sha256")
        return hmac.digest(extracted, info + b"\1", "sha256")

    name = hkdf(invite.secret, b"", b"pars/pairing-name/v1")[:16]
    guest_nonce, host_nonce = proof[18:50], nonce[18:]
    commit = hashlib.sha256(b"pars/pairing-commit/v1" + guest_nonce).digest()
    said = (1).to_bytes(4) + GUEST + HOST + name + guest_nonce + host_nonce
    transcript = hashlib.sha256(said).digest()
    key = hkdf(invite.secret, transcript, b"pars/pairing-key/v1")
    guest_code = hmac.digest(key, b"pars/pairing-guest/v1", "sha256")
    host_code = hmac.digest(key, b"pars/pairing-host/v1" + GIFT, "sha256")
    number = hashlib.sha256(b"pars/pairing-number/v1" + transcript).digest()

    assert offer == b"\1\1" + name + commit
    assert nonce[:18] == b"\1\2" + name
    assert proof == b"\1\3" + name + guest_nonce + guest_code
    assert welcome == b"\1\4" + name + host_code + (32).to_bytes(4) + GIFT
    digits = met.events[HOST][0].number.replace(" ", "")
    assert digits == f"{int.from_bytes(number) % 10**8:08}"


def test_it_is_used_once(make, make_store, invite, now) -> None:
    store = make_store()
    nodes = make(HOST, GUEST, MALLORY, store=store)
    name = nodes.cores[HOST].open(invite, GIFT, now=now)
    nodes.cores[GUEST].visit(invite, HOST, now)
    nodes.run()
    nodes.cores[MALLORY].visit(invite, HOST, now)
    nodes.run()
    assert nodes.events[MALLORY] == [Failed(HOST, name, "pairing: the host knows no such invite")]
    assert nodes.refused == ["pairing: no such invite"]

    again = make(HOST, GUEST, MALLORY, store=store)
    again.cores[MALLORY].visit(invite, HOST, now)
    again.run()
    assert isinstance(again.events[MALLORY][0], Failed)
    again.cores[GUEST].visit(invite, HOST, now)
    again.run()
    assert again.events[GUEST][0].gift == GIFT, "its guest may have missed the welcome"


def test_of_two_guests_at_once_one_is_welcome(make, invite, now) -> None:
    nodes = make(HOST, GUEST, MALLORY)
    nodes.cores[HOST].open(invite, GIFT, now=now)
    nodes.cores[GUEST].visit(invite, HOST, now)
    nodes.cores[MALLORY].visit(invite, HOST, now)
    nodes.run()
    assert [each.peer_id for each in nodes.events[HOST]] == [GUEST]
    assert isinstance(nodes.events[MALLORY][0], Failed)
    assert nodes.refused == ["pairing: no such invite"]


def test_it_is_stored_before_the_welcome(make, make_store, invite, now) -> None:
    store = make_store()
    nodes = make(HOST, GUEST, store=store)
    nodes.cores[HOST].open(invite, GIFT, now=now)
    nodes.cores[GUEST].visit(invite, HOST, now)
    nodes.pass_on(GUEST, HOST)
    nodes.pass_on(HOST, GUEST)
    store.fails = True
    with pytest.raises(OSError, match="power"):
        nodes.pass_on(GUEST, HOST)
    assert nodes.cores[HOST].outgoing() == []
    assert nodes.cores[HOST].events() == []


def test_another_secret_is_refused(make, invite, now) -> None:
    nodes = make(HOST, GUEST)
    nodes.cores[HOST].open(invite, GIFT, now=now)
    name = nodes.cores[GUEST].visit(replace(invite, secret=bytes(16)), HOST, now)
    nodes.run()
    assert nodes.events[GUEST] == [Failed(HOST, name, "pairing: the host knows no such invite")]


def attempt(host: Pairing, name: bytes, secret: bytes, now: int, nonce: bytes = b"n" * 32) -> str:
    """Attempt as a guest by hand; return why it was refused."""
    try:
        host.receive(MALLORY, KIND, b"\1\1" + name + commitment(b"n" * 32), now)
        answer = host.outgoing()[0].payload
        transcript = Transcript(1, MALLORY, HOST, name, nonce, answer[18:])
        code = transcript.code(secret, pairing.GUEST_LABEL)
        host.receive(MALLORY, KIND, b"\1\3" + name + nonce + code, now)
    except Refused as refusal:
        host.outgoing()
        return refusal.reason
    return ""


def test_attempts_are_bounded_and_counted_for_good(make, make_store, invite, now) -> None:
    store = make_store()
    name = make(HOST, store=store).cores[HOST].open(invite, GIFT, now=now)
    for _ in range(pairing.ATTEMPTS_MAX):
        host = make(HOST, store=store).cores[HOST]
        assert attempt(host, name, bytes(16), now) == "pairing: wrong code"
    assert attempt(host, name, invite.secret, now) == "pairing: no such invite"
    assert store.kept == {}


def test_fewer_wrong_attempts_leave_it_open(make, invite, now) -> None:
    host = make(HOST).cores[HOST]
    name = host.open(invite, GIFT, now=now)
    for _ in range(pairing.ATTEMPTS_MAX - 1):
        assert attempt(host, name, bytes(16), now) == "pairing: wrong code"
    assert attempt(host, name, invite.secret, now) == ""


def test_a_guest_does_not_draw_numbers_until_one_fits(make, invite, now) -> None:
    """Or somebody between could pair again and again until it is the one that he needs."""
    nodes = make(HOST, GUEST)
    nodes.cores[HOST].open(invite, GIFT, now=now)
    for _ in range(20):
        nodes.cores[GUEST].visit(invite, HOST, now)
        nodes.run()
    numbers = {each.number for each in nodes.events[HOST]}
    assert len(numbers) == len(nodes.events[HOST]) == 1 + pairing.ATTEMPTS_MAX
    assert isinstance(nodes.events[GUEST][-1], Failed)


def test_a_nonce_that_was_not_committed_to_is_refused(make, invite, now) -> None:
    host = make(HOST).cores[HOST]
    name = host.open(invite, GIFT, now=now)
    assert attempt(host, name, invite.secret, now, nonce=b"o" * 32) == "pairing: wrong code"


def test_somebody_between_is_seen_in_the_number(met, make, invite, now) -> None:
    """F-230: Mallory put her own code over the host's, and passes on what she can."""
    hers = replace(invite, id=MALLORY, secret=b"m" * 16)
    to_guest, to_host = make(MALLORY, GUEST), make(HOST, MALLORY)
    to_guest.cores[MALLORY].open(hers, now=now)
    to_guest.cores[GUEST].visit(hers, MALLORY, now)
    to_host.cores[HOST].open(invite, GIFT, now=now)
    to_host.cores[MALLORY].visit(invite, HOST, now)
    to_guest.run()
    to_host.run()

    (hosted,), (visited,) = to_host.events[HOST], to_guest.events[GUEST]
    assert hosted.peer_id == visited.peer_id == MALLORY
    assert hosted.number != visited.number


def test_messages_of_one_link_are_worth_nothing_on_another(make, invite, now) -> None:
    """Mallory carries the guest's messages to the host over a link of her own."""
    nodes = make(HOST, GUEST)
    host, guest = nodes.cores[HOST], nodes.cores[GUEST]
    host.open(invite, GIFT, now=now)
    guest.visit(invite, MALLORY, now)
    host.receive(MALLORY, KIND, guest.outgoing()[0].payload, now)
    guest.receive(MALLORY, KIND, host.outgoing()[0].payload, now)
    with pytest.raises(Refused, match="wrong code"):
        host.receive(MALLORY, KIND, guest.outgoing()[0].payload, now)


def test_a_host_without_the_secret_is_noticed(make, invite, now) -> None:
    guest = make(GUEST).cores[GUEST]
    name = guest.visit(invite, HOST, now)
    guest.receive(HOST, KIND, b"\1\2" + name + bytes(32), now)
    with pytest.raises(Refused, match="wrong code"):
        guest.receive(HOST, KIND, b"\1\4" + name + bytes(32) + bytes(4), now)
    assert guest.events() == [Failed(HOST, name, "pairing: wrong code")]


def test_a_changed_gift_is_noticed(met, now) -> None:
    met.pass_on(GUEST, HOST)
    met.pass_on(HOST, GUEST)
    met.pass_on(GUEST, HOST)
    (welcome,) = met.cores[HOST].outgoing()
    with pytest.raises(Refused, match="wrong code"):
        met.cores[GUEST].receive(HOST, KIND, welcome.payload[:-1] + b"\0", now)


# --- Time and bounds ------------------------------------------------------------------------------


def test_it_runs_out(make, make_store, invite, now) -> None:
    store = make_store()
    nodes = make(HOST, GUEST, store=store)
    host = nodes.cores[HOST]
    name = host.open(invite, GIFT, now=now)
    assert host.next_tick == invite.expires
    host.tick(invite.expires)
    assert store.kept == {}
    with pytest.raises(Refused, match="no such invite"):
        host.receive(GUEST, KIND, b"\1\1" + name + bytes(32), invite.expires)
    with pytest.raises(Refused, match="has run out"):
        nodes.cores[GUEST].visit(invite, HOST, invite.expires)
    with pytest.raises(Refused, match="has run out"):
        host.open(invite, now=invite.expires)


def test_a_visit_that_is_not_answered_ends(make, invite, now) -> None:
    guest = make(GUEST).cores[GUEST]
    name = guest.visit(invite, HOST, now)
    assert guest.next_tick == now + pairing.RUN_MS
    guest.tick(now + pairing.RUN_MS)
    assert guest.events() == [Failed(HOST, name, "pairing: no answer")]
    guest.visit(invite, HOST, now)
    guest.unlinked(HOST, now)
    guest.unreachable(HOST, now)
    assert guest.events() == [Failed(HOST, name, "pairing: link ended")]


def test_a_run_does_not_outlive_its_link(make, invite, now) -> None:
    host = make(HOST).cores[HOST]
    name = host.open(invite, now=now)
    host.receive(MALLORY, KIND, b"\1\1" + name + bytes(32), now)
    host.unlinked(MALLORY, now)
    with pytest.raises(Refused, match="proof of nothing"):
        host.receive(MALLORY, KIND, b"\1\3" + name + bytes(64), now)


def test_bounds(make, make_random, invite, now) -> None:
    nodes = make(HOST, GUEST)
    host, guest, chance = nodes.cores[HOST], nodes.cores[GUEST], make_random(9)

    def fresh():
        return new_invite(
            chance, network=1, subject=invite.subject, identity=HOST, now=now, life_ms=3_600_000
        )

    names = [host.open(fresh(), now=now) for _ in range(pairing.INVITES_MAX)]
    with pytest.raises(Refused, match="too many invites"):
        host.open(invite, now=now)
    host.withdraw(names[0])
    host.open(invite, now=now)
    host.withdraw(names[2])
    with pytest.raises(ValueError, match="at most 512"):
        host.open(fresh(), bytes(513), now=now)
    for number in range(pairing.RUNNING_MAX):
        host.receive(bytes([number]) * 32, KIND, b"\1\1" + names[1] + bytes(32), now)
    with pytest.raises(Refused, match="too many at a time"):
        host.receive(GUEST, KIND, b"\1\1" + names[1] + bytes(32), now)
    host.tick(now + pairing.RUN_MS)
    host.receive(GUEST, KIND, b"\1\1" + names[1] + bytes(32), now + pairing.RUN_MS)
    for _ in range(pairing.RUNNING_MAX):
        guest.visit(fresh(), HOST, now)
    with pytest.raises(Refused, match="too many at a time"):
        guest.visit(invite, HOST, now)


def test_another_network_is_refused(make, invite, now) -> None:
    with pytest.raises(Refused, match="another network"):
        make(HOST).cores[HOST].open(replace(invite, network=2), now=now)


# --- Bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", range(4))
def test_every_truncation_and_every_changed_bit(make, invite, now, flipped, step: int) -> None:
    """Nothing that was changed on its way makes a guest believe that he has met the host."""

    def begun() -> tuple[Nodes, bytes, bytes, bytes]:
        nodes = make(HOST, GUEST)
        nodes.cores[HOST].open(invite, GIFT, now=now)
        nodes.cores[GUEST].visit(invite, HOST, now)
        ways = [(GUEST, HOST), (HOST, GUEST)] * 2
        for way in ways[:step]:
            nodes.pass_on(*way)
        sender, receiver = ways[step]
        return nodes, sender, receiver, nodes.cores[sender].outgoing()[0].payload

    _, _, _, payload = begun()
    changed = [payload[:size] for size in range(len(payload))]
    changed += [payload + b"\0", *(flipped(payload, place) for place in range(len(payload)))]
    for wrong in changed:
        nodes, sender, receiver, _ = begun()
        with contextlib.suppress(Refused):
            nodes.cores[receiver].receive(sender, KIND, wrong, now)
        nodes.run()
        assert not any(isinstance(each, Paired) for each in nodes.events[GUEST]), wrong


@given(st.binary(max_size=120))
def test_any_bytes_are_refused(make_store, data: bytes) -> None:
    core = Pairing(HOST, 1, make_store(), lambda size: bytes(size))
    for payload in (data, b"\1" + data):
        with pytest.raises(Refused):
            core.receive(GUEST, KIND, payload, 0)
    with pytest.raises(Refused):
        core.receive(GUEST, MessageType.PING, data, 0)


@settings(max_examples=50)
@given(st.binary(max_size=100))
def test_rows_of_the_store(data: bytes) -> None:
    try:
        opened = Opened.decode(data)
    except Refused:
        return
    assert opened.encode() == data


def test_damaged_rows_are_dropped(make, make_store, invite, now) -> None:
    store = make_store()
    name = make(HOST, store=store).cores[HOST].open(invite, GIFT, now=now)
    good = store.kept[pairing.OPEN + name]
    for size in range(len(good)):
        store.kept[pairing.OPEN + size.to_bytes(2)] = good[:size]
    store.kept[pairing.OPEN + b"x"] = good[:26] + b"\0\0\0\1x" + good[30:]
    nodes = make(HOST, GUEST, store=store)
    assert list(store.kept) == [pairing.OPEN + name]
    nodes.cores[GUEST].visit(invite, HOST, now)
    assert nodes.run().events[GUEST][0].gift == GIFT


def test_no_secret_is_shown(met, invite, now) -> None:
    met.run()
    assert "ZZ" not in repr(met.events)
    shown = repr(Opened(invite.secret, now, 0, b"", GIFT))
    assert "ZZ" not in shown
    assert repr(invite.secret) not in shown
