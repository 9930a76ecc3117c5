"""Conversations of two: everything that is said, stores that fail, restarts anywhere."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.messaging.content import Type, encode_ids
from node.messenger.ledger import Me, Message, Parcel, Session, State, Way
from node.messenger.messenger import CHANNEL, PREKEYS, Messenger

HOUR = 3_600_000


def state(person, chat: bytes, message: Message) -> State:
    return person.messenger.message(chat, message.message_id).state


def memory(person) -> tuple[object, ...]:
    """Return what a messenger remembers beside its store."""
    me = person.messenger
    return (
        me.me,
        dict(me.sessions),
        {name: line.encode() for name, line in me.lines.items()},
        me.prekeys.encode(),
        dict(me._keys),
        dict(person.rooms.rooms),
        {name: group.records() for name, group in person.rooms.groups.items()},
    )


def remembered(person) -> tuple[object, ...]:
    """Return what one that begins with the store remembers."""
    person.restart()
    return memory(person)


# --- Sessions -------------------------------------------------------------------------------


def test_first_contact(office) -> None:
    alice, bob = office.person("alice"), office.person("bob")
    here = alice.begin(bob)
    alice.say(bob, "hello")
    office.settle()
    assert bob.session(alice) == here
    assert bob.texts(here) == ["hello"]
    assert bob.messenger.sessions[here].peer == alice.account
    bob.say(alice, "hello yourself")
    office.settle()
    assert alice.texts(here) == ["hello", "hello yourself"]
    assert alice.messenger.lines[here].channel.confirmed
    assert not office.refused


def test_who_begins_with_himself_or_with_too_many_is_refused(office, monkeypatch) -> None:
    alice, bob = office.person("alice"), office.person("bob")
    with pytest.raises(Refused, match="this account"):
        alice.begin(alice)
    monkeypatch.setattr("node.messenger.messenger.SESSIONS_MAX", 0)
    with pytest.raises(Refused, match="too many sessions"):
        alice.begin(bob)
    assert alice.messenger.parcels() == []


@pytest.mark.parametrize("both_write", [False, True])
def test_both_begin_at_the_same_time(office, both_write: bool) -> None:
    alice, bob = office.person("alice"), office.person("bob")
    alice.begin(bob)
    bob.begin(alice)
    wanted = set()
    if both_write:
        alice.say(bob, "from alice, early")
        bob.say(alice, "from bob, early")
        wanted = {"from alice, early", "from bob, early"}
    office.settle()
    for round_number in range(3):
        for person, other in ((alice, bob), (bob, alice)):
            text = f"{person.name} {round_number}"
            person.say(other, text)
            wanted.add(text)
            office.settle()
    for person in (alice, bob):
        assert len(person.messenger.sessions) == 1
        assert len(person.messenger.lines) == 2
        texts = person.texts(next(iter(person.messenger.sessions)))
        assert sorted(texts) == sorted(wanted)
    assert alice.messenger.session_with(bob.account).current == (
        bob.messenger.session_with(alice.account).current
    )
    assert not office.refused


def test_close_ends_it_on_both_sides(office) -> None:
    alice, bob = office.pair()
    here = alice.session(bob)
    alice.messenger.close(here, office.now)
    with pytest.raises(Refused, match="closed"):
        alice.messenger.send(here, Type.TEXT, b"more", office.now)
    with pytest.raises(Refused, match="closed"):
        alice.messenger.close(here, office.now)
    office.settle()
    assert "closed" in bob.kinds()
    with pytest.raises(Refused, match="closed"):
        bob.messenger.send(here, Type.TEXT, b"more", office.now)
    again = alice.begin(bob)
    office.settle()
    assert again != here
    assert bob.session(alice) == again


def test_names_of_nothing_are_refused(office) -> None:
    alice, _ = office.pair()
    with pytest.raises(Refused, match="no such session"):
        alice.messenger.send(bytes(32), Type.TEXT, b"x", office.now)
    with pytest.raises(Refused, match="no such message"):
        alice.messenger.mark_read(bytes(32), bytes(16), office.now)
    empty = type(alice.store)()
    with pytest.raises(Refused, match="no account"):
        Messenger(empty, office.now, alice.random)


# --- Messages -------------------------------------------------------------------------------


def test_marks_go_all_the_way_and_never_back(office) -> None:
    alice, bob = office.pair()
    here = alice.session(bob)
    message = alice.say(bob, "read this")
    assert state(alice, here, message) is State.QUEUED
    office.collect(alice)
    assert state(alice, here, message) is State.STORED
    office.settle()
    assert state(alice, here, message) is State.DELIVERED
    assert state(bob, here, message) is State.UNREAD
    bob.messenger.mark_read(here, message.message_id, office.now)
    bob.messenger.mark_read(here, message.message_id, office.now)
    assert len(bob.messenger.parcels()) == 1  # the second time says nothing
    office.settle()
    assert state(alice, here, message) is State.READ
    bob.messenger.send(here, Type.DELIVERED, encode_ids([message.message_id]), office.now)
    office.settle()
    assert state(alice, here, message) is State.READ


def test_what_has_arrived_has_not_failed(office) -> None:
    """A parcel may be given up though a copy of it was read; and may be read after that."""
    alice, bob = office.pair()
    here = alice.session(bob)
    message = alice.say(bob, "there after all")
    (parcel,) = alice.messenger.parcels()
    alice.messenger.given_up(parcel, office.now)
    assert state(alice, here, message) is State.FAILED
    office.items.append(((parcel.way, parcel.secret), parcel.data))
    office.settle()
    assert state(alice, here, message) is State.DELIVERED

    second = alice.say(bob, "and this")
    (parcel,) = alice.messenger.parcels()
    office.items.append(((parcel.way, parcel.secret), parcel.data))
    office.visit(bob)
    office.collect(bob)
    office.visit(alice)
    alice.messenger.given_up(parcel, office.now)
    assert state(alice, here, second) is State.DELIVERED


def test_a_mark_about_others_messages_does_nothing(office) -> None:
    alice, bob = office.pair()
    here = alice.session(bob)
    message = alice.say(bob, "mine")
    office.settle()
    alice.messenger.send(here, Type.READ, encode_ids([message.message_id]), office.now)
    office.settle()
    assert state(bob, here, message) is State.UNREAD


def test_delete_takes_back_ones_own_only(office) -> None:
    alice, bob = office.pair()
    here = alice.session(bob)
    mine, his = alice.say(bob, "a slip of the pen"), bob.say(alice, "what bob said")
    office.settle()
    ids = encode_ids([mine.message_id, his.message_id])
    alice.messenger.send(here, Type.DELETE, ids, office.now)
    office.settle()
    assert bob.texts(here) == ["what bob said"]
    assert "deleted" in bob.kinds()
    assert not bob.messenger.knows(here, mine.message_id)
    bob.restart()
    assert bob.texts(here) == ["what bob said"]


def test_messages_expire_after_an_hour_and_a_day(office) -> None:
    alice, bob = office.pair()
    here = alice.session(bob)
    alice.say(bob, "short-lived")
    office.settle()
    office.now += HOUR - 1
    alice.messenger.expire(office.now)
    bob.messenger.expire(office.now)
    assert alice.texts(here) == bob.texts(here) == ["short-lived"]
    office.now += 1
    alice.messenger.expire(office.now)
    assert alice.texts(here) == []
    (unread,) = bob.messenger.messages(here)
    office.now += 48 * HOUR
    bob.messenger.expire(office.now)
    assert bob.texts(here) == ["short-lived"]  # nobody has seen it
    bob.messenger.mark_read(here, unread.message_id, office.now)
    due = bob.messenger.expire(office.now)
    assert due == office.now + 24 * HOUR
    bob.messenger.expire(due - 1)
    assert bob.texts(here) == ["short-lived"]
    bob.messenger.expire(due)
    assert bob.texts(here) == []
    assert not [key for key, _ in bob.store.scan(Message.PREFIX)]


def test_who_has_forgotten_what_he_wrote_goes_on_counting(office) -> None:
    """The other side keeps messages for longer, and shows them in their writer's order."""
    alice, bob = office.pair()
    wanted = ["first", "second", "third"]
    for text in wanted:
        alice.say(bob, text)
        office.settle()
        office.now += 2 * HOUR
        alice.messenger.expire(office.now)
        alice.restart()
    assert alice.texts(alice.session(bob)) == []
    assert bob.texts(bob.session(alice)) == wanted
    assert len({each.sequence for each in bob.messenger.messages(bob.session(alice))}) == 3


def test_what_is_not_sent_does_not_expire(office) -> None:
    alice, bob = office.pair()
    alice.say(bob, "waits for a line")
    office.now += 30 * 24 * HOUR
    alice.messenger.expire(office.now)
    office.settle()
    assert bob.texts(bob.session(alice)) == ["waits for a line"]


def test_a_session_has_a_life_of_its_own(office) -> None:
    alice, bob = office.pair()
    here = alice.session(bob)
    session = replace(alice.messenger.sessions[here], expires_after=5 * HOUR)
    alice.messenger.commit({session.key: session.encode()})
    alice.say(bob, "for five hours")
    office.settle()
    office.now += 5 * HOUR - 1
    alice.messenger.expire(office.now)
    assert alice.texts(here) == ["for five hours"]
    alice.messenger.expire(office.now + 1)
    assert alice.texts(here) == []


# --- The store ------------------------------------------------------------------------------


def test_a_restart_at_every_point_changes_nothing(office) -> None:
    alice, bob = office.person("alice"), office.person("bob")

    def again() -> None:
        for person in (alice, bob):
            before = memory(person)
            assert remembered(person) == before

    again()
    alice.begin(bob)
    again()
    alice.say(bob, "one")
    for number in range(12):
        again()
        for person in (alice, bob):
            office.collect(person)
            again()
            office.visit(person)
            again()
        if number == 3:
            bob.say(alice, "two")
    for person in (alice, bob):
        assert person.texts(alice.session(bob)) == ["one", "two"]
    assert not office.refused


def actions(alice, bob, office) -> dict[str, object]:
    """Everything that stores something of a session, ready to be done."""
    here = alice.session(bob)
    bob.say(alice, "for the mailbox")
    office.settle()
    (unread, *_) = alice.messenger.messages(here)
    bob.say(alice, "on its way")
    office.collect(bob)
    waiting = [
        (place, handler, data)
        for place, handler in alice.doors()
        for number, (where, data) in enumerate(office.items)
        if where == place and number not in alice.seen
    ]
    (_, handler, data) = waiting[-1]
    carol = office.person("carol")
    return {
        "send": lambda: alice.say(bob, "once"),
        "mark": lambda: alice.messenger.mark_read(here, unread.message_id, office.now),
        "begin": lambda: alice.begin(carol),
        "mail": lambda: handler(data, office.now),
        "close": lambda: alice.messenger.close(here, office.now),
    }


@pytest.mark.parametrize("name", ["send", "mark", "begin", "mail", "close"])
def test_a_failed_commit_changes_nothing_and_sends_nothing(office, broken, name: str) -> None:
    alice, bob = office.pair()
    do = actions(alice, bob, office)[name]
    before, kept = memory(alice), dict(alice.store.records)
    alice.store.fail = True
    for _ in range(2):
        with pytest.raises(broken):
            do()
        assert memory(alice) == before
        assert alice.store.records == kept
        assert alice.messenger._undelivered == {}
    alice.store.fail = False
    do()
    done = memory(alice)
    assert done != before
    assert remembered(alice) == done
    office.settle()
    assert bob.texts(bob.session(alice) if name != "close" else next(iter(bob.messenger.sessions)))


def test_first_mail_that_cannot_be_kept_is_taken_in_later(office, broken) -> None:
    alice, bob = office.person("alice"), office.person("bob")
    alice.begin(bob)
    alice.say(bob, "patience")
    office.collect(alice)
    before = memory(bob)
    bob.store.fail = True
    office.visit(bob)
    assert memory(bob) == before
    assert bob.events == []
    bob.store.fail = False
    office.settle()
    assert bob.texts(bob.session(alice)) == ["patience"]


def test_upkeep_that_cannot_be_kept_is_done_later(office, broken) -> None:
    alice = office.person("alice")
    office.now += 400 * 24 * HOUR
    before = memory(alice)
    alice.store.fail = True
    with pytest.raises(broken):
        alice.messenger.tend(office.now)
    assert memory(alice) == before
    alice.store.fail = False
    assert alice.messenger.tend(office.now)
    assert not alice.messenger.tend(office.now)
    assert remembered(alice) == memory(alice) != before


def test_one_message_is_accepted_once_whatever_the_store_did(office, broken) -> None:
    """What a failed commit had sealed never left; the same key then seals what does leave."""
    alice, bob = office.pair()
    alice.store.fail = True
    with pytest.raises(broken):
        alice.say(bob, "never said")
    assert alice.messenger.parcels() == []
    alice.store.fail = False
    alice.say(bob, "said")
    (parcel,) = alice.messenger.parcels()
    alice.restart()
    assert alice.messenger.parcels() == [parcel]  # the same bytes again, not sealed anew
    for _ in range(3):
        office.items.append(((parcel.way, parcel.secret), parcel.data))
    office.settle()
    assert bob.texts(bob.session(alice)) == ["said"]
    assert sum(office.refused.values()) == 3


@pytest.mark.parametrize("damage", [b"", b"\xff" * 40], ids=["empty", "ones"])
@pytest.mark.parametrize(
    "prefix", [Message.PREFIX, Parcel.PREFIX, CHANNEL, Session.PREFIX, PREKEYS]
)
def test_a_damaged_record_is_named_and_the_rest_opened(office, prefix: bytes, damage) -> None:
    alice, bob = office.pair()
    carol = office.person("carol")
    there = alice.begin(carol)
    alice.say(carol, "to carol")
    office.settle()
    alice.say(bob, "to bob")
    here = alice.session(bob)
    kept = {
        Message.PREFIX: Message.PREFIX + here,
        CHANNEL: CHANNEL + here,
        Session.PREFIX: Session.PREFIX + here,
    }.get(prefix, prefix)
    ((key, _), *_) = alice.store.scan(kept)
    alice.store.records[key] = damage
    alice.restart()
    for _ in range(3):
        alice.messenger.parcels()
        alice.messenger.messages(here)
    named = {Session.PREFIX + here if prefix == CHANNEL else key} | {key}
    assert set(alice.messenger.unreadable) == named
    assert len(alice.messenger.unreadable) == len(named)
    assert alice.texts(there) == ["to carol"]
    alice.say(carol, "still here")
    office.settle()
    assert carol.texts(there) == ["to carol", "still here"]


def test_records_of_the_ledger_are_strict(office) -> None:
    alice, bob = office.pair()
    alice.say(bob, "x")
    stored = {Me.KEY: Me.decode}
    stored |= {key: Message.decode for key, _ in alice.store.scan(Message.PREFIX)}
    stored |= {key: Session.decode for key, _ in alice.store.scan(Session.PREFIX)}
    stored |= {key: Parcel.decode for key, _ in alice.store.scan(Parcel.PREFIX)}
    assert len(stored) == 4
    for key, decode in stored.items():
        data = alice.store.records[key]
        assert decode(data).encode() == data
        for wrong in (
            data + b"\0",
            b"\2" + data[1:],
            *(data[:at] for at in range(0, len(data), 7)),
        ):
            with pytest.raises(Refused):
                decode(wrong)


# --- Loss, disorder and duplicates ----------------------------------------------------------


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_every_text_is_shown_once_whatever_the_post_does(new_office, data) -> None:
    office = new_office()
    alice, bob = office.pair()
    people = {"a": (alice, bob), "b": (bob, alice)}
    here, said = alice.session(bob), {"a": [], "b": []}
    held: list[tuple[tuple[Way, bytes], bytes]] = []
    steps = st.lists(st.sampled_from(["say", "carry", "twice", "late", "restart"]), max_size=25)
    for number, step in enumerate(data.draw(steps)):
        who = data.draw(st.sampled_from("ab"))
        person, other = people[who]
        before = len(office.items)
        if step == "say":
            said[who].append(f"{who}{number}")
            person.say(other, said[who][-1])
        elif step == "restart":
            person.restart()
        elif step in ("carry", "twice"):
            office.collect(person)
            new = office.items[before:]
            office.items[before:] = data.draw(st.permutations(new + new * (step == "twice")))
            office.visit(other)
        else:  # nobody finds it for now
            office.collect(person)
            held += office.items[before:]
            del office.items[before:]
    office.items += data.draw(st.permutations(held))
    office.settle()
    for person, other, mine in ((alice, "b", "a"), (bob, "a", "b")):
        person.restart()
        shown = person.messenger.messages(here)
        assert sorted(each.body.decode() for each in shown if not each.own) == sorted(said[other])
        assert [each.body.decode() for each in shown if each.own] == said[mine]
        assert {each.state for each in shown if each.own} <= {State.DELIVERED}
        assert sorted(each.number for each in shown) == list(range(1, len(shown) + 1))
