"""Groups over messengers: asked in, welcomed in pieces, talking, put out, leaving."""

import pytest

from node.codec import Refused, u8
from node.messaging.content import Type
from node.messenger import rooms
from node.messenger.ledger import Room
from node.messenger.rooms import EARLY, GROUP, WELCOME

DAY = 86_400_000


def enter(office, admin, group: bytes, *guests) -> None:
    """Have people asked into a group, and come."""
    for guest in guests:
        if admin.messenger.session_with(guest.account) is None:
            admin.begin(guest)
            office.settle()
        admin.rooms.invite(group, admin.session(guest), office.now)
        office.settle()
        guest.rooms.join(group, b"", office.now)
        office.settle()


def found(office, *names: str) -> tuple[bytes, list]:
    """Make a group of people, the first of whom is its admin."""
    people = [office.person(name) for name in names]
    group = people[0].rooms.create("gardeners", office.now).group
    enter(office, people[0], group, *people[1:])
    return group, people


def say(office, person, group: bytes, text: str) -> None:
    person.rooms.send(group, text.encode(), office.now)
    office.settle()


def test_a_group_of_three_talks(office) -> None:
    group, people = found(office, "alice", "bob", "carol")
    for person in people:
        assert len(person.rooms.groups[group].members()) == 3
        assert person.rooms.rooms[group].name == "gardeners"
        say(office, person, group, f"{person.name} speaks")
    wanted = ["alice speaks", "bob speaks", "carol speaks"]
    for person in people:
        assert person.texts(group) == wanted
        person.restart()
        assert person.texts(group) == wanted
    say(office, people[1], group, "after a restart")
    assert all(person.texts(group)[-1] == "after a restart" for person in people)
    # Who spoke is told by a pseudonym of this group, never by an account.
    senders = {each.sender for each in people[2].messenger.messages(group) if not each.own}
    assert not senders & {person.account for person in people}


def test_what_was_said_before_one_came_is_not_shown(office) -> None:
    group, (alice, bob) = found(office, "alice", "bob")
    say(office, alice, group, "before carol")
    carol = office.person("carol")
    enter(office, alice, group, carol)
    say(office, bob, group, "welcome")
    assert carol.texts(group) == ["welcome"]


def test_a_welcome_comes_in_pieces_in_any_order(office, monkeypatch) -> None:
    monkeypatch.setattr(rooms, "PIECE", 2_000)
    alice, bob = office.person("alice"), office.person("bob")
    group = alice.rooms.create("gardeners", office.now).group
    alice.begin(bob)
    office.settle()
    alice.rooms.invite(group, alice.session(bob), office.now)
    office.settle()
    bob.rooms.join(group, b"", office.now)
    office.collect(bob)
    office.visit(alice)
    before = len(office.items)
    office.collect(alice)
    assert len(office.items) - before > 3
    office.items[before:] = reversed(office.items[before:])
    half = office.items[before + 2 :]
    del office.items[before + 2 :]
    office.visit(bob)
    assert bob.store.scan(WELCOME + group)
    assert group not in bob.rooms.groups
    bob.restart()
    office.items += half
    office.settle()
    assert len(bob.rooms.groups[group].members()) == 2
    assert not bob.store.scan(WELCOME)
    say(office, bob, group, "here at last")
    assert alice.texts(group) == ["here at last"]


def test_who_is_removed_hears_no_more_and_knows_it(office) -> None:
    group, (alice, bob, carol) = found(office, "alice", "bob", "carol")
    alice.rooms.remove(group, alice.rooms.pseudonym_of(group, bob.account), office.now)
    office.settle()
    assert "left" in bob.kinds()
    assert bob.rooms.rooms[group].left
    assert not bob.store.scan(GROUP + group)
    say(office, alice, group, "without bob")
    assert carol.texts(group) == ["without bob"]
    assert bob.texts(group) == []
    for act in (
        lambda: bob.rooms.send(group, b"let me in", office.now),
        lambda: bob.rooms.leave(group, office.now),
        lambda: bob.rooms.join(group, b"", office.now),
        lambda: carol.rooms.remove(group, carol.rooms.groups[group].members()[0].name, office.now),
    ):
        with pytest.raises(Refused):
            act()
    bob.restart()
    assert bob.rooms.rooms[group].left
    enter(office, alice, group, bob)  # and may come again
    say(office, bob, group, "back")
    assert carol.texts(group) == ["without bob", "back"]


def test_who_leaves_is_gone_for_the_others(office) -> None:
    group, (alice, bob, carol) = found(office, "alice", "bob", "carol")
    bob.rooms.leave(group, office.now)
    assert not bob.store.scan(GROUP + group)
    office.settle()
    assert len(alice.rooms.groups[group].members()) == 2
    say(office, carol, group, "bob has left")
    assert alice.texts(group) == ["bob has left"]
    assert bob.texts(group) == []


def test_posts_that_come_too_early_wait(office) -> None:
    group, (alice, bob, carol) = found(office, "alice", "bob", "carol")
    dave = office.person("dave")
    enter(office, alice, group, dave)
    before = len(office.items)
    alice.rooms.remove(group, alice.rooms.pseudonym_of(group, dave.account), office.now)
    office.collect(alice)
    change = office.items[before:]
    del office.items[before:]
    alice.rooms.send(group, b"under the new keys", office.now)
    office.collect(alice)
    office.visit(bob)
    assert bob.texts(group) == []
    bob.restart()
    office.items += change
    office.settle()
    assert bob.texts(group) == ["under the new keys"]
    assert carol.texts(group) == ["under the new keys"]
    assert not bob.store.scan(EARLY)


def test_one_bad_early_post_does_not_hide_the_good_news(office) -> None:
    group, (alice, bob) = found(office, "alice", "bob")
    bob.messenger.commit({EARLY + group + bytes(8): b"\xff" * 40})
    carol = office.person("carol")
    enter(office, alice, group, carol)
    assert "members" in bob.kinds()
    assert len(bob.rooms.groups[group].members()) == 3


def test_invites_that_are_of_no_use_are_refused(office) -> None:
    group, (alice, bob) = found(office, "alice", "bob")
    with pytest.raises(Refused, match="member already"):
        bob.rooms.join(group, b"", office.now)
    with pytest.raises(Refused, match="no invite"):
        bob.rooms.join(bytes(32), b"", office.now)
    here = alice.session(bob)
    for body in (u8(9), u8(1), u8(2) + bytes(32), u8(3) + bytes(36), u8(3) + bytes(10)):
        alice.messenger.send(here, Type.GROUP_CONTROL, body, office.now)
        office.settle()
    assert sum(office.refused.values()) >= 5
    say(office, bob, group, "all is well")
    assert alice.texts(group) == ["all is well"]


@pytest.mark.parametrize("name", ["create", "invite", "send", "leave", "remove", "mail", "invited"])
def test_a_failed_commit_leaves_a_group_as_it_is_stored(office, broken, name: str) -> None:
    group, (alice, bob) = found(office, "alice", "bob")
    here = alice.session(bob)
    pseudonym = alice.rooms.pseudonym_of(group, bob.account)
    if name == "invited":
        other = bob.rooms.create("cooks", office.now).group
        bob.rooms.invite(other, here, office.now)
    else:
        bob.rooms.send(group, b"mail", office.now)
    office.collect(bob)
    act = {
        "create": lambda: alice.rooms.create("second", office.now),
        "invite": lambda: alice.rooms.invite(group, here, office.now),
        "send": lambda: alice.rooms.send(group, b"text", office.now),
        "leave": lambda: alice.rooms.leave(group, office.now),
        "remove": lambda: alice.rooms.remove(group, pseudonym, office.now),
    }.get(name, lambda: office.visit(alice))

    def memory() -> tuple[object, ...]:
        groups = {key: each.records() for key, each in alice.rooms.groups.items()}
        return groups, dict(alice.rooms.rooms), alice.messenger.parcels(), alice.kinds()

    before = memory()
    alice.store.fail = True
    if name in ("mail", "invited"):
        act()
    else:
        with pytest.raises(broken):
            act()
    assert memory() == before
    alice.store.fail = False
    act()
    assert memory() != before
    office.settle()
    done = memory()[:2]
    alice.restart()
    assert memory()[:2] == done


@pytest.mark.parametrize("prefix", [Room.PREFIX, GROUP], ids=["room", "group"])
def test_a_damaged_group_is_named_and_the_other_opened(office, prefix: bytes) -> None:
    group, (alice, bob) = found(office, "alice", "bob")
    other = alice.rooms.create("cooks", office.now).group
    enter(office, alice, other, bob)
    for key, _ in alice.store.scan(prefix + group):
        alice.store.records[key] = b"\xff" * 9
    alice.restart()
    assert [key for key in alice.messenger.unreadable if key.startswith(prefix + group)]
    assert group not in alice.rooms.groups
    say(office, alice, other, "the kitchen is open")
    assert bob.texts(other) == ["the kitchen is open"]


def test_upkeep_keeps_a_group_going_for_months(office) -> None:
    group, people = found(office, "alice", "bob", "carol")
    for _ in range(12):
        office.now += 10 * DAY
        for person in people:
            person.rooms.tend(office.now)
            person.restart()
        office.settle()
    say(office, people[1], group, "still here")
    assert all(person.texts(group) == ["still here"] for person in people)
