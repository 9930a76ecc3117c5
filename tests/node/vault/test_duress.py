"""Every kind of log-in looks the same from outside, and one of them destroys."""

import random

import pytest

from node.codec import Refused
from node.vault.container import (
    BLOCK,
    REGION_HEAD_SIZE,
    SALT_FIELD,
    SIZE_MIN,
    SLOT_SIZE,
    SLOTS,
    half_blocks,
)
from node.vault.duress import (
    ALERT_MAX,
    ROSTER_KEY,
    Roster,
    change_password,
    open_decoy,
    prepare_alert,
    set_duress,
    set_up,
    unlock,
)
from node.vault.store import Store

WORDS = (b"real", b"decoy", b"duress")


def refusal(work):
    with pytest.raises(Refused) as refused:
        work()
    return refused.value.reason


@pytest.fixture
def hidden(session, cost, chance):
    """The owner's session, with a secret in it, behind a decoy with something harmless."""
    session.store.commit({b"secret": b"the source"})
    set_duress(session, b"duress", b"decoy", cost, chance(3))
    prepare_alert(session, b"help me", chance(4))
    decoy = open_decoy(session, chance(5))
    decoy.commit({b"recipe": b"flour"})
    decoy.close()
    return session


def test_each_password_opens_its_view(hidden, cost, chance):
    real = unlock(hidden.disk, b"real", cost, chance(1))
    decoy = unlock(hidden.disk, b"decoy", cost, chance(1))

    assert (real.store.get(b"secret"), real.store.get(b"recipe")) == (b"the source", None)
    assert (decoy.store.get(b"secret"), decoy.store.get(b"recipe")) == (None, b"flour")
    assert real.alert is None
    assert decoy.alert is None
    assert {real.access.region} & {decoy.access.region} == set()


def test_duress_opens_the_decoy_hands_out_the_alert_and_destroys(hidden, cost, chance):
    under_duress = unlock(hidden.disk, b"duress", cost, chance(1))

    assert under_duress.store.get(b"recipe") == b"flour"
    assert under_duress.alert == b"help me"
    assert refusal(lambda: unlock(hidden.disk, b"real", cost, chance(1))) == "vault: wrong password"
    # Even the master key, known from a memory or an earlier copy of the file, opens no data now.
    assert (
        refusal(lambda: Store.open(hidden.disk, hidden.access, chance(1)))
        == "vault: head of the region is damaged"
    )


def test_after_duress_there_is_no_trace_of_it(hidden, cost, chance):
    """The passwords of the decoy open what they opened before; the alert waits for no other."""
    unlock(hidden.disk, b"duress", cost, chance(1))
    decoy = unlock(hidden.disk, b"decoy", cost, chance(1))
    again = unlock(hidden.disk, b"duress", cost, chance(1))

    assert (decoy.store.get(b"recipe"), decoy.alert) == (b"flour", None)
    assert (again.store.get(b"recipe"), again.alert) == (b"flour", b"help me")
    assert decoy.store.scan(b"") == again.store.scan(b"")
    assert b"help me" not in b"".join(value for _, value in decoy.store.scan(b""))
    assert [key for key, _ in decoy.store.scan(b"vault/")] == [b"vault/alert"]


def test_a_decoy_has_what_an_owner_without_decoy_has(hidden, disk, cost, chance):
    """Keys and sizes of the vault's own records tell the two apart in no direction."""
    alone = set_up(disk.copy(), b"alone", cost, chance(8))
    decoy = unlock(hidden.disk, b"decoy", cost, chance(1))
    mine = [(key, len(value)) for key, value in alone.store.scan(b"vault/")]

    assert [(key, len(value)) for key, value in decoy.store.scan(b"vault/")] == mine


def shape(calls, access):
    """Return what the disk saw, with places counted from where the half begins."""
    half = half_blocks(SIZE_MIN) * BLOCK
    return [
        (kind, (offset - 2 * BLOCK) % half if offset >= 2 * BLOCK else offset, length)
        for kind, offset, length in calls
    ]


def test_all_log_ins_have_one_disk_pattern(hidden, cost, chance):
    seen = []
    for word in WORDS:
        disk = hidden.disk.copy()
        opened = unlock(disk, word, cost, chance(1))
        seen.append(shape(disk.calls, opened.access))

    assert seen[0] == seen[1] == seen[2]
    assert [call for call in seen[0] if call[0] != "read"] == [
        ("write", 0, BLOCK),
        ("sync", 0, 0),
        ("write", BLOCK, BLOCK),
        ("sync", 0, 0),
    ]


def test_a_wrong_password_writes_as_any_other(hidden, cost, chance):
    right, wrong = hidden.disk.copy(), hidden.disk.copy()
    unlock(right, b"real", cost, chance(1))
    assert refusal(lambda: unlock(wrong, b"nope", cost, chance(1))) == "vault: wrong password"

    def changes(disk):
        return [call for call in disk.calls if call[0] != "read"]

    assert changes(right) == changes(wrong)
    assert bytes(wrong.content) == bytes(hidden.disk.content)


def test_only_what_is_to_be_destroyed_changes(hidden, cost, chance):
    """A real log-in changes no byte, a duress log-in one slot and one head, in both copies."""
    before = bytes(hidden.disk.content)
    disk = hidden.disk.copy()
    unlock(disk, b"real", cost, chance(1))
    assert bytes(disk.content) == before

    unlock(disk, b"duress", cost, chance(1))
    changed = {place for place in range(len(before)) if disk.content[place] != before[place]}
    slot = SALT_FIELD + hidden.slot * SLOT_SIZE
    head = SALT_FIELD + SLOTS * SLOT_SIZE + hidden.access.region * REGION_HEAD_SIZE
    allowed = {
        copy * BLOCK + place
        for copy in range(2)
        for place in (*range(slot, slot + SLOT_SIZE), *range(head, head + REGION_HEAD_SIZE))
    }
    assert changed <= allowed
    assert len(changed) > 0.97 * len(allowed)


def test_power_that_fails_under_duress_leaves_every_other_view(hidden, cost, chance, power_loss):
    for fuse in range(2):
        for seed in range(8):
            torn = random.Random(seed)
            disk = hidden.disk.copy()
            disk.fuse = fuse
            with pytest.raises(power_loss):
                unlock(disk, b"duress", cost, chance(1))
            disk = disk.after_crash(lambda torn=torn: torn.random() < 0.5)
            assert unlock(disk, b"decoy", cost, chance(1)).store.get(b"recipe") == b"flour"
            assert unlock(disk, b"duress", cost, chance(1)).alert == b"help me"
            assert (
                refusal(lambda disk=disk: unlock(disk, b"real", cost, chance(1)))
                == "vault: wrong password"
            )


def test_passwords_differ(session, cost, chance):
    taken = "vault: password is taken"
    for duress, decoy in ((b"real", None), (b"duress", b"real"), (b"same", b"same")):
        assert (
            refusal(lambda d=duress, e=decoy: set_duress(session, d, e, cost, chance(1))) == taken
        )
    set_duress(session, b"duress", b"decoy", cost, chance(3))
    assert refusal(lambda: change_password(session, b"duress", cost, chance(1))) == taken
    assert unlock(session.disk, b"real", cost, chance(1)).slot == session.slot


def test_a_decoy_may_open_under_duress_only(session, cost, chance):
    set_duress(session, b"duress", None, cost, chance(3))

    assert (
        refusal(lambda: unlock(session.disk, b"decoy", cost, chance(1))) == "vault: wrong password"
    )
    assert unlock(session.disk, b"duress", cost, chance(1)).alert == b""


def test_passwords_of_the_decoy_are_exchanged_and_it_stays(hidden, cost, chance):
    set_duress(hidden, b"duress2", b"decoy2", cost, chance(6))

    for word in (b"duress", b"decoy"):
        assert (
            refusal(lambda word=word: unlock(hidden.disk, word, cost, chance(1)))
            == "vault: wrong password"
        )
    assert unlock(hidden.disk, b"decoy2", cost, chance(1)).store.get(b"recipe") == b"flour"
    assert unlock(hidden.disk, b"duress2", cost, chance(1)).alert == b"help me"


def test_the_owner_changes_the_password(hidden, cost, chance):
    change_password(hidden, b"other", cost, chance(6))

    assert refusal(lambda: unlock(hidden.disk, b"real", cost, chance(1))) == "vault: wrong password"
    assert unlock(hidden.disk, b"other", cost, chance(1)).store.get(b"secret") == b"the source"
    unlock(hidden.disk, b"duress", cost, chance(1))
    assert (
        refusal(lambda: unlock(hidden.disk, b"other", cost, chance(1))) == "vault: wrong password"
    )


def test_setting_up_again_forgets_everything(hidden, cost, chance):
    fresh = set_up(hidden.disk, b"fresh", cost, chance(7))

    assert [key for key, _ in fresh.store.scan(b"")] == [b"vault/alert"]
    for word in WORDS:
        assert (
            refusal(lambda word=word: unlock(hidden.disk, word, cost, chance(1)))
            == "vault: wrong password"
        )


def test_alerts_have_bounds_and_need_a_decoy(session, hidden, cost, chance, disk):
    prepare_alert(hidden, bytes(ALERT_MAX), chance(1))
    assert unlock(hidden.disk, b"duress", cost, chance(1)).alert == bytes(ALERT_MAX)
    assert (
        refusal(lambda: prepare_alert(hidden, bytes(ALERT_MAX + 1), chance(1)))
        == "vault: alert is too long"
    )
    alone = set_up(disk.copy(), b"alone", cost, chance(8))
    assert refusal(lambda: prepare_alert(alone, b"", chance(1))) == "vault: no decoy"
    assert refusal(lambda: open_decoy(alone, chance(1))) == "vault: no decoy"


def test_a_roster_has_one_encoding(hidden):
    data = hidden.store.get(ROSTER_KEY)
    roster = Roster.decode(data)

    assert roster.encode() == data
    assert len({roster.decoy_slot, roster.duress_slot, hidden.slot}) == 3
    for place, value in ((0, 2), (1, SLOTS), (2, SLOTS)):
        wrong = data[:place] + bytes([value]) + data[place + 1 :]
        assert refusal(lambda w=wrong: Roster.decode(w)) == "vault: roster of another version"
    assert refusal(lambda: Roster.decode(data + b"\0")) == "codec: trailing bytes"
    assert repr(roster.alert_key)[2:-1] not in repr(roster)


def test_slots_and_regions_are_drawn(disk, cost, chance):
    """Every one of the four is taken by somebody, for each of the three parts."""
    parts = []
    for seed in range(40):
        session = set_up(disk.copy(), b"real", cost, chance(seed))
        set_duress(session, b"duress", None, cost, chance(seed + 100))
        roster = Roster.decode(session.store.get(ROSTER_KEY))
        parts.append((session.slot, roster.decoy_slot, roster.duress_slot))
        assert session.access.region != roster.decoy.region

    assert [set(part) for part in zip(*parts, strict=True)] == [set(range(SLOTS))] * 3
