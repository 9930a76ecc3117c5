"""A node's protocol: what it answers, what it refuses, what it finds, and what it keeps."""

from random import Random

import pytest

from node.codec import Refused
from node.crypto import SIGNATURE, sha256
from node.dht.answers import PEER_CHECKS_BURST
from node.dht.contacts import Contact
from node.dht.dht import QUESTIONS_BURST, SAVED, Dht, Settings
from node.dht.jobs import CHECKS_MAX, SEARCHES_MAX
from node.dht.messages import Answer, Ask, Kept, Op, decode_answer, encode_answer, encode_ask
from node.dht.records import (
    LIFE_SECONDS,
    Kind,
    Validator,
    content_key,
    make_presence,
    make_provider,
    make_validator,
    owned_key,
    presence_key,
    read_record,
    sign_record,
)
from node.dht.table import MISSES_MAX, TRUSTED_AFTER_MS, K
from node.dht.upkeep import PUBLISHED_MAX, SILENT_MS
from node.identity import Multiaddr, peer_id_of
from node.session.messages import MessageType
from node.simulation.store import SimulatedStore
from node.simulation.world import START_MS

ASK, ANSWER = MessageType.DHT_ASK, MessageType.DHT_ANSWER
OWN, PEER = sha256(b"own"), sha256(b"peer")
PLACE = sha256(b"place")
HERE = Multiaddr.parse("/ip4/203.0.113.7/tcp/9000")
THERE = Contact.at(PEER, "/ip4/198.51.100.7/tcp/9000")
HOUR = 3_600_000


@pytest.fixture
def core() -> Dht:
    return Dht(OWN, SimulatedStore(), Random(1).randbytes, Settings(addresses=(HERE,)))


@pytest.fixture
def mine(keys) -> bytes:
    return sign_record(Kind.OWNED, owned_key(keys[0].public), 7, b"mine", keys[0])


def ask(core: Dht, question: Ask, now: int = 0, peer: bytes = PEER) -> Answer:
    """Ask a node something; it says nothing but its answer."""
    core.receive(peer, ASK, encode_ask(question), now)
    sent = core.outgoing()
    assert [(one.peer_id, one.type) for one in sent] == [(peer, ANSWER)]
    answer = decode_answer(sent[0].payload)
    assert answer.request_id == question.request_id
    assert answer.op is question.op
    return answer


def store(core: Dht, record: bytes, now: int = 0, peer: bytes = PEER, life: int = LIFE_SECONDS):
    return ask(core, Ask(Op.STORE, bytes(16), life=life, record=record), now, peer).kept


def value(core: Dht, key: bytes, now: int = 0, marks: tuple[bytes, ...] = ()) -> Answer:
    return ask(core, Ask(Op.FIND_VALUE, bytes(16), (), key, marks), now)


# --- Answers --------------------------------------------------------------------------------


def test_ping(core: Dht) -> None:
    assert ask(core, Ask(Op.PING, b"\7" * 16)) == Answer(Op.PING, b"\7" * 16)


def test_who_asks_and_says_where_it_is_comes_into_the_table(core: Dht) -> None:
    ask(core, Ask(Op.PING, bytes(16)))
    assert len(core.table) == 0
    ask(core, Ask(Op.PING, bytes(16), THERE.addresses))
    assert PEER in core.table
    assert core.addresses(PEER) == THERE.multiaddrs()
    assert core.addresses(sha256(b"nobody")) == []


def test_a_present_value_is_returned_and_an_absent_one_is_not(core: Dht, mine: bytes) -> None:
    key = read_record(mine).key
    assert value(core, key) == Answer(Op.FIND_VALUE, bytes(16))
    assert store(core, mine) is Kept.STORED
    assert value(core, key).records == (mine,)
    assert value(core, PLACE).records == ()
    mark = read_record(mine).digest[:8]
    assert value(core, key, marks=(mark,)) == Answer(Op.FIND_VALUE, bytes(16), held=1)
    assert value(core, key, now=HOUR).records == ()


def test_answers_are_the_closest_without_the_asker(core: Dht) -> None:
    others = [Contact.at(sha256(bytes([n])), f"/ip4/{n}.1.1.1/tcp/1") for n in range(11, 71)]
    for other in others:
        ask(core, Ask(Op.PING, bytes(16), other.addresses), peer=other.peer_id)
    known = [entry.contact for entry in core.table.entries()]
    near = sorted(
        known, key=lambda one: int.from_bytes(one.peer_id, "big") ^ int.from_bytes(PLACE, "big")
    )
    told = ask(core, Ask(Op.FIND_NODE, bytes(16), (), PLACE), peer=near[0].peer_id)
    assert list(told.contacts) == near[1 : K + 1]


def test_private_addresses_are_not_told_to_those_outside(core: Dht) -> None:
    near = Contact.at(sha256(b"near"), "/ip4/192.168.1.7/tcp/1")
    core.met(near.peer_id, near.multiaddrs(), Multiaddr.parse("/ip4/192.168.1.7/tcp/5"), 0)
    question = Ask(Op.FIND_NODE, bytes(16), (), PLACE)
    assert ask(core, question).contacts == (near,)
    core.met(PEER, (), Multiaddr.parse("/ip4/8.8.8.8/tcp/5"), 0)
    assert ask(core, question).contacts == ()
    core.unlinked(PEER, 0)
    core.met(PEER, (), Multiaddr.parse("/ip4/192.168.1.8/tcp/5"), 0)
    assert ask(core, question).contacts == (near,)


def test_a_forged_record_is_refused_and_its_bringer_shunned(core: Dht, mine: bytes) -> None:
    forged = mine[:-1] + bytes([mine[-1] ^ 1])
    with pytest.raises(Refused, match="forged record"):
        core.receive(PEER, ASK, encode_ask(Ask(Op.STORE, bytes(16), life=60, record=forged)), 0)
    assert core.outgoing() == []
    assert len(core.values) == 0
    with pytest.raises(Refused, match="node that lied"):
        core.receive(PEER, ASK, encode_ask(Ask(Op.PING, bytes(16))), 1)
    ask(core, Ask(Op.PING, bytes(16)), now=HOUR)


def test_a_record_of_another_owner_is_refused(core: Dht, keys) -> None:
    forged = sign_record(Kind.OWNED, owned_key(keys[0].public), 8, b"", keys[1])
    with pytest.raises(Refused, match="another's key"):
        core.receive(PEER, ASK, encode_ask(Ask(Op.STORE, bytes(16), life=60, record=forged)), 0)


def test_an_old_record_does_not_replace_a_new_one(core: Dht, keys) -> None:
    old, new = (
        sign_record(Kind.OWNED, owned_key(keys[0].public), number, b"", keys[0])
        for number in (1, 2)
    )
    assert store(core, new) is Kept.STORED
    assert store(core, old) is Kept.OUTDATED
    assert value(core, owned_key(keys[0].public)).records == (new,)


def test_a_record_is_kept_no_longer_than_an_hour_whatever_is_asked(core: Dht, mine: bytes) -> None:
    store(core, mine, life=0xFFFF)
    key = read_record(mine).key
    assert value(core, key, now=HOUR - 1).held == 1
    assert value(core, key, now=HOUR).held == 0
    assert store(core, mine, now=HOUR, life=0) is Kept.NO_ROOM


def test_far_from_the_closest_a_copy_lives_shorter(keys) -> None:
    """The node is at distance 2^255; twenty others are close."""
    key = read_record(make_provider(b"x", (), keys[0], 1)).key
    far = bytes([key[0] ^ 0x80]) + key[1:]
    core = Dht(far, SimulatedStore(), Random(1).randbytes, Settings(addresses=(HERE,)))
    for number in range(K):
        near = key[:-1] + bytes([key[-1] ^ number])
        near = bytes([key[0], key[1] ^ 1 << number % 8, *near[2:]])
        core.met(near, Contact.at(near, f"/ip4/{11 + number}.1.1.1/tcp/1").multiaddrs(), None, 0)
    assert store(core, make_provider(b"x", (), keys[0], 1)) is Kept.STORED
    lives = [now for now in range(0, HOUR, 1000) if core.values.get(key, now)]
    assert 0 < lives[-1] < 60_000


def test_a_node_that_can_ask_the_chain_keeps_registered_validators_only(keys) -> None:
    settings = Settings(addresses=(HERE,), prove=lambda one: one.proof == b"good")
    core = Dht(OWN, SimulatedStore(), Random(1).randbytes, settings)
    kept = []
    for number, proof in enumerate((b"good", b"bad")):
        said = Validator(6133, bytes(20), THERE, proof)
        kept.append(store(core, make_validator(said, keys[number], 1)))
    assert kept == [Kept.STORED, Kept.NOT_PROVED]


# --- Floods ---------------------------------------------------------------------------------


def test_a_flood_of_questions_is_refused_and_honest_peers_are_answered(core: Dht) -> None:
    question = encode_ask(Ask(Op.FIND_NODE, bytes(16), (), PLACE))
    for _ in range(QUESTIONS_BURST):
        core.receive(PEER, ASK, question, 0)
    assert len(core.outgoing()) == QUESTIONS_BURST
    for _ in range(100):
        with pytest.raises(Refused, match="too many questions"):
            core.receive(PEER, ASK, question, 0)
    assert core.outgoing() == []
    ask(core, Ask(Op.PING, bytes(16)), peer=sha256(b"honest"))
    ask(core, Ask(Op.PING, bytes(16)), now=1000)


def test_records_in_answers_count_as_questions(core: Dht, keys) -> None:
    for key in keys[:8]:
        store(core, make_provider(b"x", (), key, 1), peer=sha256(b"honest"))
    for _ in range(-(-QUESTIONS_BURST // 9)):
        assert len(value(core, content_key(b"x")).records) == 8
    with pytest.raises(Refused, match="too many questions"):
        value(core, content_key(b"x"))


def test_signatures_are_checked_within_a_budget(core: Dht, mine: bytes, keys) -> None:
    """Of one peer so many a second; what is known already costs none."""
    outcomes = []
    for number in range(PEER_CHECKS_BURST + 5):
        record = sign_record(Kind.PROVIDER, content_key(bytes([number])), 1, b"\0", keys[1])
        outcomes.append(store(core, record))
    assert outcomes == [Kept.STORED] * PEER_CHECKS_BURST + [Kept.BUSY] * 5
    known = sign_record(Kind.PROVIDER, content_key(b"\0"), 1, b"\0", keys[1])
    assert store(core, known) is Kept.STORED
    assert store(core, mine, peer=sha256(b"honest")) is Kept.STORED


def test_answers_that_nobody_waits_for_are_refused_unread(core: Dht) -> None:
    for payload in (b"", b"\1\0", encode_answer(Answer(Op.PING, bytes(16)))):
        with pytest.raises(Refused, match="answer to no question"):
            core.receive(PEER, ANSWER, payload, 0)


def test_another_nodes_answer_is_none(core: Dht) -> None:
    core.bootstrap([THERE], 0)
    (sent,) = core.outgoing()
    answer = encode_answer(Answer(Op.PING, sent.payload[2:18]))
    with pytest.raises(Refused, match="answer to no question"):
        core.receive(sha256(b"mallory"), ANSWER, answer, 0)
    core.receive(PEER, ANSWER, answer, 0)
    with pytest.raises(Refused, match="answer to no question"):
        core.receive(PEER, ANSWER, answer, 0)


@pytest.mark.parametrize(
    "bad",
    [
        encode_answer(Answer(Op.STORE, b"%" * 16)),
        encode_answer(Answer(Op.PING, b"%" * 16)) + b"\0",
    ],
)
def test_a_broken_answer_is_as_good_as_none(core: Dht, bad: bytes) -> None:
    token = core.bootstrap([THERE], 0)
    (sent,) = core.outgoing()
    with pytest.raises(Refused):
        core.receive(PEER, ANSWER, bad.replace(b"%" * 16, sent.payload[2:18]), 0)
    (event,) = core.events()
    assert (event.token, event.alive) == (token, 0)


def test_a_late_answer_is_no_fault_and_shows_that_somebody_is_there(core: Dht) -> None:
    core.bootstrap([THERE], 0)
    (sent,) = core.outgoing()
    core.tick(2000)
    assert len(core.events()) == 1
    answer = encode_answer(Answer(Op.PING, sent.payload[2:18]))
    with pytest.raises(Refused, match="answer to no question"):
        core.receive(sha256(b"mallory"), ANSWER, answer, 2001)
    core.receive(PEER, ANSWER, answer, 2001)
    assert PEER in core.table
    assert core.events() == []
    with pytest.raises(Refused, match="answer to no question"):
        core.receive(PEER, ANSWER, answer, 2002)


def test_forged_values_shun_the_teller_and_the_search_goes_on(core: Dht, mine: bytes) -> None:
    core.met(PEER, THERE.multiaddrs(), None, 0)
    token = core.find_value(read_record(mine).key, 0)
    (sent,) = core.outgoing()
    forged = mine[:-SIGNATURE] + bytes(SIGNATURE)
    answer = Answer(Op.FIND_VALUE, sent.payload[2:18], (), 1, 1, (forged,))
    with pytest.raises(Refused, match="forged record"):
        core.receive(PEER, ANSWER, encode_answer(answer), 0)
    (event,) = core.events()
    assert (event.token, event.records, event.contacts) == (token, (), ())
    assert PEER not in core.table


def test_values_of_another_key_are_a_lie(core: Dht, mine: bytes) -> None:
    core.met(PEER, THERE.multiaddrs(), None, 0)
    core.find_value(PLACE, 0)
    (sent,) = core.outgoing()
    answer = Answer(Op.FIND_VALUE, sent.payload[2:18], (), 1, 1, (mine,))
    with pytest.raises(Refused, match="record of another key"):
        core.receive(PEER, ANSWER, encode_answer(answer), 0)


def test_junk_under_a_sessions_key_is_not_even_checked(core: Dht, keys) -> None:
    """It has no signature at all, and is no lie: the holder cannot know."""
    core.met(PEER, THERE.multiaddrs(), None, 0)
    session = sha256(b"a session")
    core.find_session_peers(session, 2 * HOUR)
    (sent,) = core.outgoing()
    genuine = make_presence(session, sha256(b"inbox"), keys[0], 2 * HOUR, Random(1).randbytes)
    at = 46 + 10
    junk = genuine[:at] + bytes([genuine[at] ^ 1]) + genuine[at + 1 :]
    answer = Answer(Op.FIND_VALUE, sent.payload[2:18], (), 2, 2, (junk, genuine))
    core.receive(PEER, ANSWER, encode_answer(answer), 2 * HOUR)
    (event,) = core.events()
    assert [one.public for one in event.participants] == [keys[0].public]


def test_junk_of_some_holders_leaves_room_for_the_records_of_others(core: Dht, keys) -> None:
    """All but one hand out genuine records without end that nobody wants; it answers last."""
    key = content_key(b"x")
    for number in range(11, 31):
        holder = Contact.at(sha256(bytes([number])), f"/ip4/{number}.1.1.1/tcp/1")
        core.met(holder.peer_id, holder.multiaddrs(), None, 0)
    core.providers(b"x", 0)
    honest, *others = core.outgoing()
    wanted = make_provider(b"x", (), keys[1], 1)
    sequences, answered = iter(range(1, 10_000)), 0
    while others:
        for one in others:
            records = tuple(
                sign_record(Kind.PROVIDER, key, next(sequences), b"\0", keys[0]) for _ in range(8)
            )
            answer = Answer(Op.FIND_VALUE, one.payload[2:18], (), 64, 64, records)
            core.receive(one.peer_id, ANSWER, encode_answer(answer), 0)
            answered += 8
        others = core.outgoing()
    assert answered > CHECKS_MAX
    answer = Answer(Op.FIND_VALUE, honest.payload[2:18], (), 1, 1, (wanted,))
    core.receive(honest.peer_id, ANSWER, encode_answer(answer), 0)
    while sent := core.outgoing():
        for one in sent:
            core.unreachable(one.peer_id, 0)
    (event,) = core.events()
    assert peer_id_of(keys[1].public) in {one.peer_id for one in event.contacts}


def test_addresses_that_cannot_be_told_are_left_out(core: Dht) -> None:
    nowhere, here = Multiaddr("ip4", "198.51.100.7", 0), Multiaddr("ip4", "198.51.100.7", 9)
    core.met(PEER, (nowhere, here, here), None, 0)
    assert core.addresses(PEER) == [here]
    assert ask(core, Ask(Op.FIND_NODE, bytes(16), (), PLACE), peer=sha256(b"x")).contacts


def test_searches_and_publications_are_bounded(core: Dht, mine: bytes) -> None:
    core.met(PEER, THERE.multiaddrs(), None, 0)
    for _ in range(SEARCHES_MAX):
        core.find_node(PLACE, 0)
    with pytest.raises(Refused, match="too many searches"):
        core.find_node(PLACE, 0)
    lonely = Dht(OWN, SimulatedStore(), Random(1).randbytes)
    for _ in range(PUBLISHED_MAX):
        lonely.put(mine, 0)
    with pytest.raises(Refused, match="too much published"):
        lonely.put(mine, 0)


def test_what_is_put_must_be_a_record(core: Dht, mine: bytes) -> None:
    with pytest.raises(Refused):
        core.put(mine[:-1], 0)


# --- Time -----------------------------------------------------------------------------------


def test_a_question_is_given_up_after_two_seconds(core: Dht) -> None:
    token = core.bootstrap([THERE], 0)
    assert core.next_tick <= 2000
    core.tick(1999)
    assert core.events() == []
    core.tick(2000)
    (event,) = core.events()
    assert (event.token, event.alive, event.known) == (token, 0, 0)


def test_a_dead_node_is_out_after_three_misses(core: Dht) -> None:
    core.met(PEER, THERE.multiaddrs(), None, 0)
    for missed in range(MISSES_MAX):
        assert PEER in core.table
        now = (missed + 1) * (SILENT_MS + 60_000)
        core.tick(now)
        assert any(send.peer_id == PEER for send in core.outgoing())
        core.unreachable(PEER, now)
    assert PEER not in core.table


def test_alone_it_asks_again_whom_it_was_given(core: Dht) -> None:
    core.bootstrap([THERE], 0)
    core.outgoing()
    core.unreachable(PEER, 10)
    core.tick(30_000)
    assert core.outgoing() == []
    core.tick(61_000)
    assert [send.peer_id for send in core.outgoing()] == [PEER]


def test_the_table_is_there_after_a_restart_and_keeps_its_age(core: Dht) -> None:
    store_of = SimulatedStore()
    core = Dht(OWN, store_of, Random(1).randbytes, Settings(addresses=(HERE,)))
    core.met(PEER, THERE.multiaddrs(), None, 5)
    for minute in range(30):
        core.tick(minute * 60_000)
        core.outgoing()
        core.met(PEER, THERE.multiaddrs(), None, minute * 60_000)
    assert store_of.get(SAVED)
    again = Dht(OWN, store_of, Random(2).randbytes, Settings(addresses=(HERE,)))
    assert len(again.table) == 0, "nobody is believed to be there before he has answered"
    now = TRUSTED_AFTER_MS + 5
    again.bootstrap([], now)
    (sent,) = again.outgoing()
    assert sent.peer_id == PEER
    again.receive(PEER, ANSWER, encode_answer(Answer(Op.PING, sent.payload[2:18])), now)
    assert again.table.is_trusted(PEER, now)


@pytest.mark.parametrize("damage", [b"\2", b"\1\0\1", b"\1\0\0\0", b"noise" * 9])
def test_a_damaged_table_is_as_good_as_none(damage: bytes) -> None:
    kept = SimulatedStore()
    kept.commit({SAVED: damage})
    core = Dht(OWN, kept, Random(1).randbytes, Settings(addresses=(HERE,)))
    core.bootstrap([THERE], 0)
    assert [send.peer_id for send in core.outgoing()] == [PEER]


def test_an_idle_node_wakes_once_a_minute(core: Dht) -> None:
    now, wakes = 0, 0
    core.tick(now)
    while now < HOUR:
        now = core.next_tick
        core.tick(now)
        wakes += 1
    assert wakes <= 61


def test_a_client_says_nowhere_and_comes_back_in_nobodys_table() -> None:
    client = Dht(OWN, SimulatedStore(), Random(1).randbytes)
    client.met(PEER, THERE.multiaddrs(), None, 0)
    client.find_node(PLACE, 0)
    (sent,) = client.outgoing()
    other = Dht(PEER, SimulatedStore(), Random(2).randbytes)
    other.receive(OWN, ASK, sent.payload, 0)
    assert len(other.table) == 0


# --- Worlds ---------------------------------------------------------------------------------


def test_bootstrap_takes_the_living_and_looks_around(nodes, small) -> None:
    """Three of five are dead: two are added, and the table knows more than them."""
    here = nodes(12, terms=small.terms)
    here.join_all()
    for dead in (1, 2, 3):
        here.world.crash(here.world.nodes[dead])
    newcomer = here.add().index
    event = here.join(newcomer, 1, 2, 3, 4, 5)
    assert event.alive == 2
    here.world.run_for(5_000)
    assert len(here[newcomer].table) >= 8
    assert newcomer in here.up
    assert here.world.nodes[newcomer].peer_id in here[4].table


def test_a_value_is_found_and_survives_the_death_of_all_holders_but_one(nodes, small, mine) -> None:
    here = nodes(40, terms=small.terms, seed=3)
    here.fill()
    key = read_record(mine).key
    stored = here.act(0, "put", mine)
    assert stored.copies >= K
    holders = [index for index in here.up if here[index].values.get(key, START_MS + here.world.now)]
    assert {here.world.nodes[index].peer_id for index in holders} >= set(here.closest(key))
    here[0].withdraw(stored.token)
    for index in holders[1:]:
        here.world.crash(here.world.nodes[index])
    asker = next(index for index in here.up if index not in holders)
    found = here.act(asker, "find_value", key)
    assert [record.raw for record in found.records] == [mine]
    assert found.hops >= 1
    here.world.run_for(25 * 60_000)
    here.world.crash(here.world.nodes[holders[0]])
    found = here.act(asker, "find_value", key)
    assert [record.raw for record in found.records] == [mine], "the last holder has handed it on"
    here.world.run_for(HOUR)
    assert here.act(asker, "find_value", key).records == ()


def test_a_published_record_stays_until_it_is_withdrawn(nodes, small, mine) -> None:
    here = nodes(10, terms=small.terms, seed=4)
    here.fill()
    key = read_record(mine).key
    token = here.act(0, "put", mine).token
    here.world.run_for(2 * HOUR)
    assert here.act(5, "find_value", key).records
    here[0].withdraw(token)
    here.world.run_for(HOUR + 60_000)
    assert not here.act(5, "find_value", key).records


def test_what_was_published_alone_is_stored_as_soon_as_somebody_is_there(
    nodes, small, mine
) -> None:
    here = nodes(6, terms=small.terms, seed=12)
    assert here.act(0, "put", mine).copies <= 1
    here.join_all()
    here.world.run_for(3 * 60_000)
    assert here.act(5, "find_value", read_record(mine).key).records
    assert sum(bool(len(here[index].values)) for index in here.up) == 6


def test_a_newer_record_of_an_owner_wins(nodes, small, keys) -> None:
    here = nodes(40, terms=small.terms, seed=5)
    here.fill()
    key = owned_key(keys[0].public)
    old, new = (sign_record(Kind.OWNED, key, number, bytes([number]), keys[0]) for number in (1, 2))
    here[3].withdraw(here.act(3, "put", old).token)
    here.act(7, "put", new)
    assert here.act(11, "find_value", key).records[0].payload == b"\2"


def test_five_take_part_and_all_five_are_found(nodes, small, keys) -> None:
    """Presence: found by who knows the session, gone within the hour, and no address inside."""
    here = nodes(24, terms=small.terms, seed=6)
    here.fill()
    session = sha256(b"a session")
    destinations = [sha256(b"inbox", bytes([n])) for n in range(5)]
    tokens = [
        here.act(n, "announce_presence", session, destinations[n], keys[n]).token for n in range(5)
    ]
    found = here.act(20, "find_session_peers", session).participants
    assert {(one.destination, one.public) for one in found} == {
        (destinations[n], keys[n].public) for n in range(5)
    }
    assert here.act(20, "find_session_peers", sha256(b"another")).participants == ()
    key = presence_key(session, (START_MS + here.world.now) // 21_600_000)
    raw = b"".join(held.record.raw for index in here.up for held in here[index].values.get(key, 0))
    assert raw
    for node in here.world.nodes:
        place = here.contact(node.index).addresses[0]
        assert place[1:5] not in raw
        assert node.peer_id not in raw
    for number, token in enumerate(tokens):
        here[number].withdraw(token)
    here.world.run_for(HOUR + 60_000)
    assert here.act(20, "find_session_peers", session).participants == ()


def test_presence_is_found_across_the_change_of_its_key(nodes, small, keys) -> None:
    here = nodes(10, terms=small.terms, seed=7)
    here.fill()
    epoch = 6 * HOUR
    here.world.run_until(-START_MS % epoch - 60_000)
    session, destination = sha256(b"a session"), sha256(b"inbox")
    here.act(0, "announce_presence", session, destination, keys[0])
    for _ in range(4):
        here.world.run_for(25 * 60_000)
        found = here.act(9, "find_session_peers", session).participants
        assert [one.destination for one in found] == [destination]


def test_more_records_than_fit_into_an_answer(nodes, small, keys) -> None:
    here = nodes(24, terms=small.terms, seed=8)
    here.fill()
    for number, key in enumerate(keys):
        here.act(number, "provide", b"content", key)
    found = here.act(20, "providers", b"content")
    assert {one.peer_id for one in found.contacts} == {peer_id_of(key.public) for key in keys}


def test_live_registered_validators_are_found(nodes, small, keys) -> None:
    """Six announce; one is not registered, one is down, and one is of another chain."""
    registered = {bytes([n]) * 20: keys[n].public for n in range(6) if n != 4}

    def prove(one: Validator) -> bool:
        return registered.get(one.address) == one.public

    here = nodes(
        40,
        terms=small.terms,
        seed=9,
        settings=lambda index: {"prove": prove} if index == 30 else {},
    )
    here.fill()
    for number in range(6):
        chain = 6134 if number == 3 else 6133
        said = Validator(chain, bytes([number]) * 20, here.contact(number), b"proof")
        here.act(number, "announce_validator", said, keys[number])
    here.world.crash(here.world.nodes[5])
    found = here.act(30, "find_validators", 6133).validators
    assert [one.address[0] for one in found] == [0, 1, 2]
    assert [one.contact for one in found] == [here.contact(n) for n in range(3)]
    assert here.act(31, "find_validators", 6133).validators == (), "nothing to prove them by"


def test_the_same_seed_gives_the_same_bytes(nodes, small, mine) -> None:
    def trace() -> tuple:
        here = nodes(30, terms=small.terms, seed=10)
        here.join_all()
        here.act(3, "put", mine)
        here.act(9, "find_value", read_record(mine).key)
        here.world.run_for(20 * 60_000)
        return here.world.messages, here.world.trace.digest()

    assert trace() == trace()


def test_a_full_disk_stops_a_node_and_it_comes_back(nodes, small) -> None:
    here = nodes(8, terms=small.terms, seed=11)
    here.join_all()
    here.world.run_for(15 * 60_000)
    saved = here.world.nodes[2].store.get(SAVED)
    assert saved
    here.world.crash(here.world.nodes[2])
    here.world.start(here.world.nodes[2])
    assert here.join(2).alive >= 3
