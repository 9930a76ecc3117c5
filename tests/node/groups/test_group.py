"""What members of a group can and cannot do, told as what happens among a few of them."""

from contextlib import suppress

import pytest

from node.codec import Refused
from node.groups.events import Ahead, Behind, Dropped, Forked, Membership, Message, NotYet
from node.groups.group import EPOCH_KEPT, EPOCHS_KEPT_MAX, HOUR, ROTATE_AFTER, Group
from node.groups.invite import Candidate, Invite, join_request
from node.groups.keyring import ACK_AFTER, DAY, OLD_KEY_KEPT
from node.groups.message import MESSAGE_MAX
from node.groups.vertex import MEMBERS_MAX


def names(device):
    return {member.name for member in device.group.members()}


def test_everyone_reads_what_a_member_writes(world):
    alice, bob, carol = world.found(3)

    for device, text in [(alice, b"salaam"), (bob, b"doroud"), (carol, b""), (alice, b"again")]:
        world.say(device, text)
    world.settle()

    assert sorted(alice.read) == [b"", b"doroud"]
    assert sorted(bob.read) == [b"", b"again", b"salaam"]
    assert sorted(carol.read) == [b"again", b"doroud", b"salaam"]


def test_a_newcomer_reads_what_follows_and_nothing_before(world):
    alice, bob = world.found(2)
    world.say(alice, b"before")
    world.settle()

    carol = world.add(alice)
    world.say(alice, b"after")
    world.settle()

    assert bob.read == [b"before", b"after"]
    assert carol.read == [b"after"]
    assert carol.group.brought_by == alice.group.me
    assert names(alice) == names(bob) == names(carol)
    for _, post in world.posts[:1]:
        with pytest.raises(NotYet):
            carol.group.receive_post(post, world.now)


def test_one_removed_reads_nothing_later_given_all_there_is(world):
    alice, bob, carol = world.found(3)
    world.say(alice, b"before")
    world.settle()

    out = alice.group.remove([carol.group.me], world.now, world.random)
    world.send(out)
    world.settle([alice, bob])
    world.say(bob, b"after")
    world.say(alice, b"later")
    world.settle([alice, bob])
    world.settle([carol])
    unopened = 0
    for _, post in world.posts:
        try:
            events = carol.group.receive_post(post, world.now)
        except NotYet:
            unopened += 1
        else:
            assert not any(isinstance(event, Message) for event in events)
    for item in [*out.vertices, *(item for _, item in out.direct)]:
        carol.group.receive(item, world.now)

    assert bob.read == [b"before", b"later"]
    assert carol.read == [b"before"]
    assert unopened == 2
    assert not carol.group.is_member
    with pytest.raises(Refused, match="not a member"):
        carol.group.encrypt(b"still here", world.random)


def test_who_left_does_not_read_on(world):
    alice, bob, carol = world.found(3)
    world.send(carol.group.leave(world.now, world.random))
    world.settle()

    assert alice.group.needs_rotation
    world.say(alice, b"among us")
    world.settle()

    assert bob.read == [b"among us"]
    assert carol.read == []
    assert len(alice.group.members()) == 2


def test_a_thief_of_all_secrets_reads_nothing_after_the_victim_rotates(world):
    alice, bob, carol = world.found(3)
    world.say(alice, b"before")
    world.settle()
    thief = type(bob)(Group.decode(bob.group.encode()), fetched=set(bob.fetched))

    world.say(alice, b"stolen")
    world.settle()
    world.fetch(thief)
    assert thief.read == [b"stolen"]

    world.send(bob.group.rotate(world.now, world.random))
    world.settle()
    world.say(alice, b"healed")
    world.say(carol, b"too")
    world.send(alice.group.rotate(world.now, world.random))
    world.settle()
    world.say(alice, b"for good")
    world.settle()
    world.settle([thief])

    assert set(bob.read[-3:]) == {b"healed", b"too", b"for good"}
    assert thief.read == [b"stolen"]


def test_a_thief_of_all_secrets_does_not_read_what_was_written_before(world):
    alice, bob = world.found(2)
    for number in range(3):
        world.say(alice, b"old %d" % number)
    world.settle()
    world.send(bob.group.ack(world.now, world.random))
    world.settle()
    world.now += OLD_KEY_KEPT
    bob.group.prune(world.now)

    thief = type(bob)(Group.decode(bob.group.encode()))
    world.fetch(thief)

    assert len(bob.read) == 3
    assert thief.read == []
    assert "groups: replayed message" in thief.dropped


def test_two_admins_who_remove_each_other(world):
    alice, bob, carol = world.found(3, admins=2)
    first = alice.group.remove([bob.group.me], world.now, world.random)
    second = bob.group.remove([alice.group.me], world.now, world.random)

    world.send(first)
    world.send(second)
    world.settle()

    for device in (alice, bob, carol):
        assert names(device) == {alice.group.me, carol.group.me}
    assert carol.group.needs_rotation
    world.say(carol, b"for the two of us")
    world.settle()
    assert alice.read == [b"for the two of us"]
    assert bob.read == []


def test_a_partition_heals(world):
    alice, bob, carol, dora = devices = world.found(4, admins=2)
    erin = world.add(alice)
    world.settle([alice, carol, erin])
    world.say(carol, b"on our side")
    world.send(bob.group.remove([dora.group.me], world.now, world.random))
    world.say(bob, b"on the other")
    world.settle([bob, dora])
    world.settle()

    assert names(alice) == names(bob) == names(carol) == names(erin)
    assert dora.group.me not in names(alice)
    assert erin.group.me in names(bob)
    assert alice.group.needs_rotation
    world.say(erin, b"together")
    world.settle()
    assert [device.read[-1] for device in (alice, bob, carol)] == [b"together"] * 3
    assert b"together" not in dora.read
    assert b"on the other" in alice.read
    assert devices[0].group.heads() == devices[1].group.heads()


def test_messages_of_two_rotations_at_once_need_no_third(world):
    alice, bob, carol = world.found(3)
    world.send(alice.group.rotate(world.now, world.random))
    world.send(bob.group.rotate(world.now, world.random))
    world.settle()

    assert len(carol.group.history.seeds()) == 2
    assert not carol.group.needs_rotation
    world.say(carol, b"under both")
    world.settle()
    assert alice.read == bob.read == [b"under both"]


def test_what_excludes_one_removed_is_not_passed_over(world):
    """Dora missed the seed that shut out Carol; Bob's seed, which Carol has, is not enough."""
    alice, bob, carol, dora = world.found(4)
    removal = alice.group.remove([carol.group.me], world.now, world.random)
    rotation = bob.group.rotate(world.now, world.random)
    dora.group.receive(removal.vertices[0], world.now)
    dora.group.receive(rotation.vertices[0], world.now)
    dora.group.receive(dict(rotation.direct)[dora.group.me], world.now)

    assert dora.group.needs_rotation
    with pytest.raises(Refused, match="rotate first"):
        dora.group.encrypt(b"without Carol", world.random)
    with pytest.raises(Refused, match="rotate first"):
        dora.group.mailbox()


def test_a_newcomer_hears_of_what_was_done_meanwhile_by_posts_alone(world):
    alice, bob, carol = world.found(3)
    dora = world.add(alice)
    world.send(bob.group.rotate(world.now, world.random))
    world.fetch(alice)

    world.say(alice, b"all four")
    for device in (bob, carol, dora):
        while world.fetch(device):
            pass

    assert bob.read == carol.read == dora.read == [b"all four"]
    assert dora.group.heads() == alice.group.heads()


def test_a_lost_seed_heals_with_the_next_message(world):
    alice, bob, carol = world.found(3)
    for item in alice.group.rotate(world.now, world.random).vertices:
        bob.group.receive(item, world.now)
        carol.group.receive(item, world.now)

    assert bob.group.needs_rotation
    world.say(bob, b"here I am")
    world.settle()

    assert alice.read == carol.read == [b"here I am"]
    world.say(alice, b"welcome back")
    world.settle()
    assert bob.read == [b"welcome back"]


def test_seeds_may_come_before_their_vertex(world):
    alice, bob = world.found(2)
    out = alice.group.rotate(world.now, world.random)
    seed = dict(out.direct)[bob.group.me]

    assert bob.group.receive(seed, world.now) == []
    loaded = Group.decode(bob.group.encode())
    loaded.receive(out.vertices[0], world.now)

    assert loaded.mailbox() == alice.group.mailbox()
    assert loaded.records().keys() == Group.decode(loaded.encode()).records().keys()


def test_another_seed_than_promised_is_refused(world):
    alice, bob = world.found(2)
    other = alice.group.rotate(world.now, world.random)
    promised = alice.group.rotate(world.now, world.random)
    vertex = promised.vertices[0]
    wrong = bytearray(dict(other.direct)[bob.group.me])
    right = dict(promised.direct)[bob.group.me]
    wrong[1:33] = right[1:33]
    bob.group.receive(other.vertices[0], world.now)
    bob.group.receive(vertex, world.now)

    with pytest.raises(Refused, match="not authentic"):
        bob.group.receive(bytes(wrong), world.now)
    bob.group.receive(right, world.now)
    assert bob.group.mailbox() == alice.group.mailbox()


def test_what_is_replayed_changes_nothing(world):
    alice, bob = world.found(2)
    post = world.say(alice, b"once")
    out = alice.group.rotate(world.now, world.random)
    bob.group.receive_post(post, world.now)
    for _, again in out.posts:
        bob.group.receive_post(again, world.now)
    kept = bob.group.encode()

    assert [event.reason for event in bob.group.receive_post(post, world.now)] == [
        "groups: replayed message"
    ]
    for _, again in out.posts:
        assert bob.group.receive_post(again, world.now) == []
    assert bob.group.encode() == kept


def test_a_message_of_one_removed_is_refused_by_those_who_know(world):
    alice, bob, carol = world.found(3)
    late = carol.group.encrypt(b"I am still here", world.random)
    world.send(alice.group.remove([carol.group.me], world.now, world.random))

    assert alice.read == []
    assert alice.group.receive_post(late, world.now) == [Dropped("groups: not a member")]
    assert bob.group.receive_post(late, world.now)[0].plaintext == b"I am still here"


def test_who_forks_is_flagged_and_all_agree(world):
    alice, bob, carol = world.found(3)
    twin = Group.decode(bob.group.encode())
    one = bob.group.ack(world.now, world.random)
    two = twin.rotate(world.now, world.random)

    for out in (one, two):
        world.send(out)
    world.settle([alice, carol])

    for device in (alice, carol):
        [fork] = [event for event in device.events if isinstance(event, Forked)]
        assert fork.author == bob.group.me
        assert {fork.first, fork.second} <= set(device.group.history.places)
        assert [m.forked for m in device.group.members() if m.name == bob.group.me] == [True]
    assert alice.group.heads() == carol.group.heads()


def test_admins_come_and_go(world):
    alice, bob, carol = world.found(3)
    with pytest.raises(Refused, match="not an admin"):
        bob.group.remove([carol.group.me], world.now, world.random)
    world.send(alice.group.grant([bob.group.me], world.now, world.random))
    world.settle()
    assert bob.group.is_admin
    world.send(bob.group.revoke([alice.group.me], world.now, world.random))
    world.settle()
    assert not alice.group.is_admin
    world.send(bob.group.revoke([bob.group.me], world.now, world.random))
    world.settle()

    for device in (alice, bob, carol):
        assert [m.admin for m in device.group.members()] == [True, False, False]


@pytest.mark.parametrize("keep", [0, 1])
def test_a_failed_change_leaves_all_as_it_was(world, keep):
    alice, bob, _ = world.found(3)
    device = (alice, bob)[keep]
    before = device.group.encode()
    device.group.changes()

    for attempt in (
        lambda: device.group.remove([bytes(32)], world.now, world.random),
        lambda: device.group.remove([device.group.me], world.now, world.random),
        lambda: device.group.add([alice.group.history[alice.group.id].change.cards[0]], 1, bytes),
        lambda: device.group.grant([bytes(32)], world.now, world.random),
        lambda: device.group.revoke([bytes(32)], world.now, world.random),
        lambda: device.group.encrypt(bytes(MESSAGE_MAX + 1), world.random),
        lambda: device.group.redeem(bytes(89 + 4192), world.now, world.random),
    ):
        with pytest.raises(Refused):
            attempt()

    assert device.group.encode() == before
    assert device.group.changes() == {}


def test_changes_are_what_a_store_needs(world):
    alice, bob = world.found(2)
    store = {}

    def commit(group):
        for key, record in group.changes().items():
            if record is None:
                store.pop(key, None)
            else:
                store[key] = record

    commit(bob.group)
    for number in range(4):
        world.say(alice, b"%d" % number)
        world.send(alice.group.rotate(world.now, world.random))
        world.settle()
        commit(bob.group)
        world.now += EPOCH_KEPT // 2
        bob.group.prune(world.now)
        bob.group.ack(world.now, world.random)
        commit(bob.group)

        assert store == bob.group.records()
    loaded = Group.load(store)
    assert loaded.encode() == bob.group.encode()
    assert len(loaded.epochs) < 5


def test_keys_are_replaced_in_time(world):
    alice, bob = world.found(2)
    assert not alice.group.ack_due(world.now)
    assert not bob.group.ack_due(world.now + ACK_AFTER - 1)
    assert bob.group.ack_due(world.now + ACK_AFTER)

    world.send(bob.group.ack(world.now, world.random))

    assert not bob.group.ack_due(world.now + 10 * DAY)
    assert len(bob.group._keys) == 2
    bob.group.prune(world.now)
    assert len(bob.group._keys) == 2
    world.settle()
    world.send(alice.group.ack(world.now, world.random))
    world.settle()
    bob.group.prune(world.now)
    assert len(bob.group._keys) == 1


def test_a_long_history_is_short_for_a_newcomer(world):
    alice, bob = world.found(2)
    for _ in range(20):
        for device in (alice, bob):
            world.send(device.group.rotate(world.now, world.random))
            world.settle()
    whole = sum(map(len, alice.group.missing_for(())))
    alice.group.prune(world.now)
    bob.group = Group.decode(bob.group.encode())
    bob.group.prune(world.now)
    slim = sum(map(len, alice.group.missing_for(())))

    carol = world.add(alice)
    world.say(carol, b"all of it")
    world.settle()

    assert slim < whole / 8
    assert alice.read == bob.read == [b"all of it"]
    assert Group.decode(carol.group.encode()).heads() == alice.group.heads()
    early = alice.group.missing_for(())[5]
    with pytest.raises(Refused, match="without its signature"):
        Group.create("", 0, world.random)[0].receive(early, world.now)


def test_three_members_a_day_answer_heads_in_a_mailbox(world):
    devices = world.found(8)
    heads = devices[0].group.posts([devices[0].group.heads_item()], world.random)[0][1]
    news = devices[0].group.ack(world.now, world.random).vertices[0]
    for device in devices[1:]:
        device.group.receive(news, world.now)

    days = [
        [
            n
            for n, device in enumerate(devices)
            if device.group.receive_post(heads, world.now + day * DAY) == [Ahead((news,))]
        ]
        for day in range(12)
    ]

    assert {len(answering) for answering in days} == {3}
    assert len({n for answering in days for n in answering}) > 5


def test_an_epoch_that_is_over_does_not_come_back(world):
    alice, bob = world.found(2)
    out = alice.group.rotate(world.now, world.random)
    for item in (out.vertices[0], dict(out.direct)[bob.group.me]):
        bob.group.receive(item, world.now)
    post = alice.group.encrypt(b"once", world.random)
    assert bob.group.receive_post(post, world.now) == [Message(alice.group.me, b"once")]
    for _ in range(EPOCHS_KEPT_MAX + 1):
        world.send(alice.group.rotate(world.now, world.random))
        world.settle()
    bob.group = Group.decode(bob.group.encode())

    with pytest.raises(Refused, match="epoch is over"):
        bob.group.receive(dict(out.direct)[bob.group.me], world.now)
    with pytest.raises(NotYet):
        bob.group.receive_post(post, world.now)


def test_heads_tell_who_lacks_what(world):
    alice, bob = world.found(2)
    for _ in range(10):
        world.send(alice.group.rotate(world.now, world.random))
        world.settle()
    mine = alice.group.ack(world.now, world.random).vertices[0]

    assert alice.group.receive(bob.group.heads_item(), world.now) == [Ahead((mine,))]
    assert bob.group.receive(alice.group.heads_item(), world.now) == [Behind(alice.group.heads())]
    his = bob.group.ack(world.now, world.random).vertices[0]
    behind, ahead = alice.group.receive(bob.group.heads_item(), world.now)
    assert behind == Behind(bob.group.heads())
    assert ahead.items[-1] == mine
    assert len(ahead.items) <= 3
    behind, ahead = bob.group.receive(alice.group.heads_item(), world.now)
    assert ahead.items[-1] == his
    stranger, _ = Group.create("", world.now, world.random)
    with pytest.raises(Refused, match="heads of another group"):
        stranger.receive(alice.group.heads_item(), world.now)
    for body in (b"\0\0", b"\0\x21" + bytes(33 * 32), b"\0\1" + bytes(31), b"\0\1" + bytes(33)):
        with pytest.raises(Refused):
            alice.group.receive(b"\4" + body, world.now)


def test_damaged_records_are_refused(world):
    alice, bob = world.found(2)
    world.send(alice.group.rotate(world.now, world.random))
    world.settle()
    kept = bob.group.records()
    encoded = bob.group.encode()

    for key in kept:
        if key[:1] != b"e":
            with pytest.raises(Refused):
                Group.load({one: record for one, record in kept.items() if one != key})
    for cut in [*range(0, len(encoded), 499), len(encoded) - 1]:
        with pytest.raises(Refused):
            Group.decode(encoded[:cut])
    for place in range(0, len(encoded), 499):
        flipped = bytearray(encoded)
        flipped[place] ^= 1 << world.chance.randrange(8)
        with suppress(Refused):
            Group.decode(bytes(flipped)).prune(world.now)


def test_an_epoch_lasts_a_week_and_the_most_senior_ends_it(world):
    alice, bob, carol = world.found(3)
    week = world.now + ROTATE_AFTER

    assert not any(one.group.rotation_due(week - 1) for one in (alice, bob, carol))
    assert [one.group.rotation_due(week) for one in (alice, bob, carol)] == [True, False, False]
    assert [one.group.rotation_due(week + 2 * HOUR) for one in (alice, bob, carol)] == [True] * 3
    world.now = week
    world.send(alice.group.rotate(world.now, world.random))
    world.settle()
    assert not any(one.group.rotation_due(week + DAY) for one in (alice, bob, carol))
    world.send(carol.group.leave(world.now, world.random))
    assert not carol.group.rotation_due(week + 10 * DAY)


def test_a_restored_backup_goes_on(world):
    alice, bob = world.found(2)
    backup = bob.group.encode()
    world.send(bob.group.rotate(world.now, world.random))
    world.settle()
    bob.group = Group.decode(backup)
    bob.fetched.clear()
    world.settle()

    assert bob.group.ack_due(world.now)
    world.say(bob, b"I lost a day")
    world.settle()

    assert alice.read == [b"I lost a day"]
    assert not alice.group.history.forks


def test_an_invite_brings_one(world):
    alice, bob = world.found(2)
    token = alice.group.invite(world.now + DAY, world.random)
    carol = Candidate.make(world.random)
    request = join_request(Invite.decode(token), carol.card)
    loaded = Group.decode(alice.group.encode())
    alice.group = loaded

    out = alice.group.redeem(request, world.now, world.random)
    world.send(out)
    entered = world.enter(carol, out)
    world.say(entered, b"thanks")
    world.settle()

    assert alice.read == bob.read == [b"thanks"]
    again = join_request(Invite.decode(token), Candidate.make(world.random).card)
    with pytest.raises(Refused, match="used already"):
        alice.group.redeem(again, world.now, world.random)
    with pytest.raises(Refused, match="not an invite of ours"):
        bob.group.redeem(again, world.now, world.random)
    with pytest.raises(Refused, match="not an admin"):
        bob.group.invite(world.now + DAY, world.random)


def test_an_invite_expires(world):
    alice, _ = world.found(2)
    token = alice.group.invite(world.now + DAY, world.random)
    request = join_request(Invite.decode(token), Candidate.make(world.random).card)

    with pytest.raises(Refused, match="expired"):
        alice.group.redeem(request, world.now + DAY, world.random)
    alice.group.prune(world.now + DAY)
    with pytest.raises(Refused, match="used already"):
        alice.group.redeem(request, world.now, world.random)


def test_a_member_proves_who_he_is_to_one_alone(world):
    alice, bob, carol = world.found(3)
    challenge, expected = alice.group.ask_who(bob.group.me, b"bob to alice", world.random)

    assert bob.group.answer_who(challenge, b"bob to alice") == expected
    assert bob.group.answer_who(challenge, b"bob to carol") != expected
    with pytest.raises(Refused, match="no such key"):
        carol.group.answer_who(challenge, b"bob to alice")
    alice.group.note_account(bob.group.me, b"b" * 32)
    assert [m.account for m in Group.decode(alice.group.encode()).members()].count(b"b" * 32) == 1
    with pytest.raises(Refused, match="not a member"):
        alice.group.ask_who(bytes(32), b"", world.random)
    with pytest.raises(Refused, match="not a member"):
        alice.group.note_account(bytes(32), bytes(32))


def test_a_welcome_of_another_group_is_refused(world):
    alice, _ = world.found(2)
    carol = Candidate.make(world.random)
    out = alice.group.add([carol.card], world.now, world.random)
    welcome = dict(out.welcome)[carol.card.pseudonym]

    with pytest.raises(Refused, match="of another group"):
        Group.join(carol, bytes(32), welcome, world.now)
    with pytest.raises(Refused, match="of another group"):
        Group.join(carol, alice.group.id, welcome[1:], world.now)
    with pytest.raises(Refused, match="not a member"):
        Group.join(Candidate.make(world.random), alice.group.id, welcome, world.now)


def test_a_hundred_members_are_rekeyed_in_200_kb(world):
    alice, *_ = world.found(100)

    out = alice.group.rotate(world.now, world.random)

    assert len(out.direct) == 99
    assert sum(len(post) for _, post in out.posts) <= 200_000
    assert sum(len(item) for _, item in out.direct) + len(out.vertices[0]) <= 180_000


def test_a_group_stays_a_group(world):
    cards = [Candidate.make(world.random).card for _ in range(MEMBERS_MAX)]

    with pytest.raises(Refused, match="too many members"):
        Group.create("all", world.now, world.random, cards)
    group, _ = Group.create("all", world.now, world.random, cards[1:])
    with pytest.raises(Refused, match="too many members"):
        group.add(cards[:1], world.now, world.random)


def test_who_gives_no_key_bars_himself_alone(world):
    candidate = Candidate.make(world.random)
    card = candidate.card
    bad = type(card)(card.signing, bytes(32) + card.hybrid[32:])
    alice, bob = world.found(2)

    out = alice.group.add([bad], world.now, world.random)
    world.send(out)
    world.settle()

    assert dict(out.direct).keys() == {bob.group.me}
    world.say(bob, b"as before")
    world.settle()
    assert alice.read == [b"as before"]


def test_membership_is_told(world):
    alice, bob, carol = world.found(3)
    world.send(alice.group.remove([carol.group.me], world.now, world.random))
    world.settle([bob])

    told = [event for event in bob.events if isinstance(event, Membership)]
    assert told[-1] == Membership((), (carol.group.me,))
    assert len(told[0].joined) == 3
