"""Alerts, the dead man's switch and guardians, with a clock that the test moves."""

import pytest

from node import guardians
from node.codec import Refused, u8
from node.guardians import WAIT, Stage
from node.messaging.content import Type
from node.messenger.ledger import Way
from node.messenger.trust import DEFAULT_ALERT, KEPT, SWITCH, open_alert, unpack_alert

HOUR = 3_600_000


def pass_time(office, person, span: int, step: int = HOUR) -> bool:
    """Let a person's daemon look at the clock for a while; tell whether it is to wipe."""
    for _ in range(span // step):
        office.now += step
        events, wipe = person.trust.tick(office.now)
        person.events += events
        if wipe:
            return True
    return False


def trusted(office) -> tuple:
    """Make two people, the second of whom the first one trusts."""
    alice, bob = office.pair()
    alice.trust.trust(alice.messenger.session_with(bob.account), office.now)
    office.settle()
    return alice, bob


def alerts(person) -> list[str]:
    return [
        each.body.decode()
        for chat in person.messenger.sessions
        for each in person.messenger.messages(chat)
        if each.content_type == Type.ALERT
    ]


# --- Alerts ---------------------------------------------------------------------------------


def test_an_alert_reaches_the_trusted_and_nobody_else(office) -> None:
    alice, bob = trusted(office)
    carol = office.person("carol")
    alice.begin(carol)
    office.settle()
    alice.trust.alert(office.now)
    office.settle()
    assert alerts(bob) == [DEFAULT_ALERT]
    assert alerts(carol) == []
    alice.trust.set_alert("come at once")
    alice.restart()
    alice.trust.alert(office.now)
    office.settle()
    assert alerts(bob) == [DEFAULT_ALERT, "come at once"]


def test_a_prepared_alert_is_delivered_by_another_account(office) -> None:
    """What a duress password hands out: the decoy has never heard of who is alerted."""
    alice, bob = trusted(office)
    decoy = office.person("decoy")
    decoy.trust.deliver(alice.trust.prepared(), office.now)
    (parcel,) = decoy.messenger.parcels()
    assert parcel.way is Way.MAILBOX
    assert parcel.priority == 2
    assert DEFAULT_ALERT.encode() not in parcel.data
    office.settle()
    assert alerts(bob) == [DEFAULT_ALERT]


def test_a_forged_alert_is_refused(office) -> None:
    alice, bob = trusted(office)
    (secret,) = unpack_alert(alice.trust.prepared())[1]
    ((session, got),) = bob.trust.mailboxes()
    assert got == secret
    for data in (b"", bytes(24), bytes(80)):
        with pytest.raises(Refused):
            bob.trust.alert_mail(session, data, office.now)
        with pytest.raises(Refused):
            open_alert(secret, data)
    with pytest.raises(Refused, match="of nobody"):
        bob.trust.alert_mail(bytes(32), bytes(80), office.now)
    assert alerts(bob) == []


# --- The dead man's switch --------------------------------------------------------------------


def test_a_silent_owner_is_warned_and_then_acted_for(office) -> None:
    alice, bob = trusted(office)
    release = (alice.session(bob), "the key is under the stone")
    alice.trust.set_switch(office.now, 72 * HOUR, 24 * HOUR, release, wipe=True)
    assert not pass_time(office, alice, 71 * HOUR)
    assert alice.trust.switch.phase.name == "WATCHING"
    assert not pass_time(office, alice, 24 * HOUR)
    assert "switch warned" in alice.kinds()
    office.settle()
    assert alerts(bob) == []
    alice.restart()
    assert pass_time(office, alice, 3 * HOUR)
    office.settle()
    assert alerts(bob) == [DEFAULT_ALERT]
    assert bob.texts(bob.session(alice)) == ["the key is under the stone"]


def test_an_owner_who_checks_in_is_left_alone(office) -> None:
    alice, bob = trusted(office)
    with pytest.raises(Refused, match="no switch"):
        alice.trust.check_in(office.now)
    alice.trust.set_switch(office.now, 72 * HOUR, 24 * HOUR, None, wipe=True)
    for _ in range(3):
        assert not pass_time(office, alice, 90 * HOUR)
        alice.trust.check_in(office.now)
    alice.trust.disable_switch()
    assert not pass_time(office, alice, 500 * HOUR, 10 * HOUR)
    office.settle()
    assert alerts(bob) == []


def test_a_clock_that_jumps_warns_and_no_more(office) -> None:
    alice, _ = trusted(office)
    alice.trust.set_switch(office.now, 72 * HOUR, 24 * HOUR, None, wipe=True)
    assert not pass_time(office, alice, 10_000 * HOUR, 10_000 * HOUR)
    assert alice.trust.switch.phase.name == "WARNED"
    office.now -= 9_000 * HOUR
    assert alice.trust.tick(office.now) == ([], False)


@pytest.mark.parametrize("closed_by", ["alice", "bob"])
def test_a_closed_session_does_not_stop_the_switch(office, closed_by: str) -> None:
    alice, bob = trusted(office)
    here = alice.session(bob)
    alice.trust.set_switch(office.now, HOUR, HOUR, (here, "too late"), wipe=True)
    {"alice": alice, "bob": bob}[closed_by].messenger.close(here, office.now)
    office.settle()
    assert pass_time(office, alice, 4 * HOUR)
    office.settle()
    assert alerts(bob) == [DEFAULT_ALERT]


def test_a_damaged_switch_is_named_and_upkeep_goes_on(office) -> None:
    alice, _ = trusted(office)
    alice.trust.set_switch(office.now, HOUR, HOUR, None, wipe=True)
    alice.store.records[SWITCH] = b"\xff" * 8
    alice.restart()
    assert alice.trust.tick(office.now) == ([], False)
    assert alice.messenger.unreadable == [SWITCH]


# --- Guardians ------------------------------------------------------------------------------


def guarded(office) -> tuple:
    """Make an owner with five guardians, three of whom are enough, and somebody who asks."""
    owner = office.person("owner")
    keepers = [office.person(f"keeper {number}") for number in range(5)]
    for keeper in keepers:
        owner.begin(keeper)
    office.settle()
    sessions = [owner.messenger.session_with(keeper.account) for keeper in keepers]
    owner.trust.appoint(sessions, 3, office.now)
    office.settle()
    asker = office.person("owner anew")
    for keeper in keepers:
        asker.begin(keeper)
    office.settle()
    return owner, keepers, asker


def ask(office, owner, keepers, asker) -> str:
    sessions = [asker.messenger.session_with(keeper.account) for keeper in keepers]
    code = asker.trust.recover(owner.account, sessions, office.now)
    office.settle()
    return code


def confirm(office, owner, keepers, asker, code: str) -> None:
    for keeper in keepers:
        own, theirs = keeper.session(owner), keeper.session(asker)
        assert keeper.trust.requests() == [theirs]
        keeper.trust.confirm(own, theirs, code, office.now)
    office.settle()


def test_three_of_five_give_an_account_back(office) -> None:
    owner, keepers, asker = guarded(office)
    code = ask(office, owner, keepers, asker)
    with pytest.raises(Refused, match="code of another"):
        confirm(office, owner, keepers[:1], asker, guardians.code(bytes(guardians.REQUEST)))
    confirm(office, owner, keepers[:3], asker, code)
    for number, keeper in enumerate(keepers[:3]):
        assert asker.trust.recovered is None
        pass_time(office, keeper, WAIT - 12 * HOUR, 12 * HOUR)
        assert keeper.messenger.parcels() == []
        keeper.restart()
        pass_time(office, keeper, 24 * HOUR, 12 * HOUR)
        office.settle()
        assert asker.kinds().count("recovery answer") == min(number + 1, 2)
    assert "recovered" in asker.kinds()
    assert asker.trust.recovered == owner.messenger.me.account_seed

    before = asker.account
    asker.messenger.take_over(asker.trust.recovered, office.now)
    asker.restart()
    assert asker.account == owner.account != before
    assert all(session.closed for session in asker.messenger.sessions.values())
    friend = office.person("friend")
    asker.begin(friend)
    asker.say(friend, "it is me again")
    office.people.remove(owner)
    office.settle()
    assert friend.messenger.session_with(owner.account) is not None
    assert friend.texts(friend.session(asker)) == ["it is me again"]


def test_two_of_five_are_not_enough(office) -> None:
    owner, keepers, asker = guarded(office)
    code = ask(office, owner, keepers, asker)
    confirm(office, owner, keepers[:2], asker, code)
    for keeper in keepers[:2]:
        pass_time(office, keeper, 2 * WAIT, 12 * HOUR)
    office.settle()
    assert asker.kinds().count("recovery answer") == 2
    assert asker.trust.recovered is None


def test_the_owner_stops_a_theft(office) -> None:
    owner, keepers, thief = guarded(office)
    code = ask(office, owner, keepers, thief)
    confirm(office, owner, keepers[:3], thief, code)
    assert owner.kinds().count("recovery notice") == 3
    pass_time(office, keepers[0], 36 * HOUR, 12 * HOUR)
    owner.restart()
    for keeper in keepers[:3]:
        owner.trust.cancel(owner.session(keeper), office.now)
    with pytest.raises(Refused, match="no notice"):
        owner.trust.cancel(owner.session(keepers[0]), office.now)
    office.settle()
    for keeper in keepers[:3]:
        assert "recovery cancelled" in keeper.kinds()
        ((_, kept),) = keeper.trust.kept()
        assert kept.stage is Stage.CANCELLED
        pass_time(office, keeper, 2 * WAIT, 12 * HOUR)
    office.settle()
    assert thief.trust.recovered is None
    assert "recovery answer" not in thief.kinds()
    with pytest.raises(Refused, match="cancelled within seven days"):
        confirm(office, owner, keepers[:1], thief, code)


def test_nobody_but_the_owner_cancels_and_nobody_confirms_nothing(office) -> None:
    owner, keepers, asker = guarded(office)
    keeper = keepers[0]
    with pytest.raises(Refused, match="nobody asks"):
        keeper.trust.confirm(keeper.session(owner), keeper.session(asker), "x", office.now)
    code = ask(office, owner, keepers, asker)
    confirm(office, owner, [keeper], asker, code)
    for body in (u8(5) + bytes(32), u8(5), u8(6) + bytes(99), u8(3) + b"short", u8(77), u8(2)):
        for person in (owner, asker):
            name = person.session(keeper)
            person.messenger.send(name, Type.GUARDIAN_SHARE, body, office.now)
    office.settle()
    assert sum(office.refused.values()) == 12
    ((_, kept),) = keeper.trust.kept()
    assert kept.stage is Stage.WAITING


def test_a_damaged_share_is_named_and_the_others_kept(office) -> None:
    owner, keepers, _ = guarded(office)
    keeper = keepers[0]
    keeper.store.records[KEPT + bytes(32)] = b"\xff" * 9
    assert [name for name, _ in keeper.trust.kept()] == [keeper.session(owner)]
    assert keeper.messenger.unreadable == [KEPT + bytes(32)]
    assert keeper.trust.tick(office.now) == ([], False)
