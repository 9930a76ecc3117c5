"""Online, offline and back, with the power going at every write."""

import pytest

from node.codec import Refused
from node.crdt.replica import Replica
from node.journal import FLUSH_MS
from node.lifecycle import (
    AGAIN_MS,
    PATIENCE_MS,
    RETRY_MS,
    Changed,
    Phase,
    Reported,
    Resynced,
    Step,
    Submit,
)
from node.mesh.settings import Acknowledged, Arrived, Synced
from node.simulation.store import Moment, PowerCut
from node.submissions import Outcome, Status

TOPIC = b"t" * 32
FAR, NEAR = b"far" * 10, b"near" * 8
SENDER = b"s" * 20
DAY = 86_400_000


def submit(node, nonce: int, raw: bytes, now: int = 0):
    return node.life.submit(chain_id=6133, sender=SENDER, nonce=nonce, raw=raw, now=now)


def kinds(node) -> list[type]:
    return [type(event) for event in node.life.events()]


def test_seven_days_offline(node, grow) -> None:
    """500 vertices, transactions, a restart; then everything, in the order that it has to have."""
    away, home = node(b"away"), node(b"home")
    away.life.tick(1)
    for number in range(500):
        now = number * DAY * 7 // 500
        away.life.write(TOPIC, grow(1), now)
        home.life.write(TOPIC, grow(1_000), now)
        away.life.tick(now + FLUSH_MS)
        home.life.flush(TOPIC, now)
    submit(away, 0, b"pay")
    away.life.write(TOPIC, grow(7), 7 * DAY)
    away.start()
    before = away.life.overview()
    assert (before.pending_vertices, before.pending_operations) == (500, 1)
    assert (before.pending_transactions, before.offline_since) == (1, 1)
    assert away.total == 500

    now = 7 * DAY + 1
    away.life.linked(FAR, now)
    assert away.life.overview().step == Step.PUSH
    away.mesh.deliver(home.mesh)
    away.life.heard(Acknowledged(TOPIC, b"v" * 32, ()), now + 1)
    assert away.life.overview().step == Step.PULL
    away.life.heard(Synced(TOPIC, FAR, 0, 0), now + 2)
    assert away.life.overview().step == Step.SUBMIT
    assert away.total == 500_507
    handed = [event for event in away.life.events() if isinstance(event, Submit)]
    assert [event.transaction.raw for event in handed] == [b"pay"]
    away.life.answered(0, Outcome.ACCEPTED, now + 3)
    after = away.life.overview()

    assert after.phase == Phase.ONLINE
    assert after.last_online_sync == now + 3
    assert (after.offline_since, after.pending_operations) == (0, 0)
    assert kinds(away) == [Changed, Resynced]
    away.mesh.deliver(home.mesh)
    assert home.total == away.total
    assert home.replica.documents.state_hash() == away.replica.documents.state_hash()


def script(node, home, grow, done: dict[str, int]) -> None:
    """A life from where the disk has it; what returned was promised."""
    for number in range(done["promised"], 6):
        node.life.write(TOPIC, grow(10**number), number)
        done["promised"] = number + 1
        if number % 2:
            node.life.flush(TOPIC, number)
    for nonce in range(2):
        submit(node, nonce, b"raw %d" % nonce)
        done["queued"] = max(done["queued"], nonce + 1)
    node.life.linked(FAR, 100)
    node.mesh.deliver(home.mesh)
    node.life.heard(Acknowledged(TOPIC, b"v" * 32, ()), 101)
    node.life.heard(Synced(TOPIC, FAR, 0, 0), 102)
    for event in node.life.events():
        if isinstance(event, Submit):
            done.setdefault(event.transaction.raw.decode(), 0)
            done[event.transaction.raw.decode()] += 1
            node.life.answered(event.transaction.number, Outcome.ACCEPTED, 103)
    assert node.life.phase == Phase.ONLINE
    node.mesh.deliver(home.mesh)


@pytest.mark.parametrize("moment", list(Moment))
def test_the_power_goes_at_every_write(node, grow, moment: Moment) -> None:
    """And once more at each write of the life after it. Nothing is lost, nothing counts twice."""
    for first in range(1, 40):
        away, home = node(b"away"), node(b"home")
        home.life.write(TOPIC, grow(10**9), 0)
        home.life.flush(TOPIC, 0)
        done = {"promised": 0, "queued": 0}
        crashes = 0
        for cut in (first, 2, first // 3 + 1, 10**9):
            away.store.cut_power(cut, moment)
            try:
                script(away, home, grow, done)
                break
            except PowerCut:
                crashes += 1
                away.start()
                # Where the write went through and nobody was told, the user sees it afterwards.
                amounts = away.total + sum(
                    one.body.amount for one in away.life.journal.waiting(TOPIC)
                )
                done["promised"] = max(
                    done["promised"], len(str(amounts % 10**9)) * bool(amounts % 10**9)
                )
        away.life.flush(TOPIC, 0)

        assert away.total == 1_000_111_111 == home.total
        assert {one.raw for one in away.life.submissions.all()} == {b"raw 0", b"raw 1"}
        assert all(one.status == Status.SUBMITTED for one in away.life.submissions.all())
        assert all(done[f"raw {nonce}"] >= 1 for nonce in range(2))
        if crashes == 0:
            assert first > 20
            return
    raise AssertionError("the script never came to its end")


def test_offline_it_is_told_to_whoever_is_near(node, grow) -> None:
    one, other = node(b"one"), node(b"other")
    one.life.write(TOPIC, grow(1), 0)
    one.life.tick(FLUSH_MS)
    one.life.linked(NEAR, FLUSH_MS)

    assert one.mesh.asked == [NEAR]
    assert one.life.phase == Phase.OFFLINE
    assert one.life.overview().local_peers == (NEAR,)
    one.mesh.deliver(other.mesh)
    assert other.total == 1
    one.life.unlinked(NEAR, FLUSH_MS)
    assert one.life.overview().local_peers == ()
    assert kinds(one) == []


def test_transactions_wait_for_their_step(node) -> None:
    one = node(b"one")
    submit(one, 0, b"early")
    assert kinds(one) == []
    one.life.linked(FAR, 10)
    assert kinds(one) == [Changed]
    one.life.heard(Synced(TOPIC, FAR, 0, 0), 11)
    assert kinds(one) == [Submit]
    one.life.tick(12)
    assert kinds(one) == []
    one.life.answered(0, Outcome.UNREACHABLE, 13)
    assert one.life.phase == Phase.ONLINE
    assert kinds(one) == [Changed, Resynced]
    one.life.tick(13 + 5_000)
    assert kinds(one) == [Submit]
    submit(one, 1, b"late", 6_000)
    assert kinds(one) == [Submit]


def test_what_cannot_be_done_is_left_for_the_next_time(node, grow) -> None:
    """Nobody who is linked carries the space: transactions do not wait for it for ever."""
    one = node(b"one")
    one.life.write(TOPIC, grow(1), 0)
    one.life.flush(TOPIC, 0)
    submit(one, 0, b"pay")
    one.life.linked(FAR, 0)
    now = 0
    while one.life.phase != Phase.ONLINE:
        now = max(now + 1, min(one.life.next_tick, now + RETRY_MS))
        one.life.tick(now)
        for event in one.life.events():
            if isinstance(event, Submit):
                one.life.answered(event.transaction.number, Outcome.ACCEPTED, now)
            if isinstance(event, Resynced):
                assert not event.complete
        assert now < 4 * PATIENCE_MS

    assert one.life.overview().pending_vertices == 1
    assert one.life.last_online_sync == 0
    assert one.mesh.asked.count(FAR) > 2 * PATIENCE_MS // RETRY_MS - 3
    one.life.tick(now + AGAIN_MS)
    assert one.life.overview().step == Step.PUSH


def test_a_link_that_ends_on_the_way_back(node, grow) -> None:
    one, home = node(b"one"), node(b"home")
    one.life.write(TOPIC, grow(1), 0)
    one.life.flush(TOPIC, 0)
    one.life.linked(FAR, 5)
    one.life.unlinked(FAR, 6)
    assert one.life.overview().step is None
    assert one.life.overview().offline_since == 6
    one.mesh.deliver(home.mesh)
    one.life.linked(FAR, 7)
    one.life.heard(Synced(TOPIC, FAR, 0, 0), 8)

    assert one.life.phase == Phase.ONLINE
    assert [e.phase for e in one.life.events() if isinstance(e, Changed)] == [
        Phase.RECONNECTING,
        Phase.OFFLINE,
        Phase.RECONNECTING,
        Phase.ONLINE,
    ]


def test_problems_are_told_once_and_again_after_a_restart(node) -> None:
    one = node(b"one")
    submit(one, 0, b"first")
    submit(one, 0, b"second")
    assert kinds(one) == [Reported]
    assert kinds(one) == []
    one.start()
    [event] = one.life.events()

    assert isinstance(event, Reported)
    assert event.transaction.raw == b"second"
    assert event.transaction.status == Status.CONFLICT
    assert one.life.overview().problems == (event.transaction,)


def test_documents_are_kept_and_gone_on_with(history_of, grow, node) -> None:
    mesh = history_of(b"author", [grow(1), grow(2)])
    replica, store = Replica(mesh, TOPIC), node(b"x").store
    replica.save(store)
    again = Replica(mesh, TOPIC)
    again.load(store)
    assert again.documents.state_hash() == replica.documents.state_hash()
    mesh.append(TOPIC, b"no payload", 0)
    later = Replica(mesh, TOPIC)
    later.load(store)

    assert later.documents.state_hash() == replica.documents.state_hash()
    assert later.documents.refused.total() == 1
    store.commit({b"documents/" + TOPIC: b"damaged" * 9})
    with pytest.raises(Refused):
        Replica(mesh, TOPIC).load(store)


def test_a_comparison_that_finds_something_is_not_the_end(node) -> None:
    """What is missing has to come, and another comparison to find nothing."""
    one = node(b"one")
    one.life.linked(FAR, 0)
    one.life.heard(Synced(TOPIC, FAR, 3, 0), 10)
    one.life.heard(Arrived(TOPIC, (b"1" * 32, b"2" * 32)), 20)
    assert one.mesh.asked == [FAR]
    one.life.heard(Arrived(TOPIC, (b"3" * 32,)), 30)
    assert one.mesh.asked == [FAR, FAR]
    assert one.life.overview().step == Step.PULL
    one.life.heard(Synced(TOPIC, FAR, 0, 0), 40)

    assert one.life.phase == Phase.ONLINE


def test_a_driver_is_not_woken_while_there_is_nothing_to_do(node) -> None:
    """In the step submit only an answer, or the end of patience, goes on."""
    one = node(b"one")
    submit(one, 0, b"pay")
    one.life.linked(FAR, 10)
    assert one.life.next_tick == 10 + RETRY_MS
    one.life.heard(Synced(TOPIC, FAR, 0, 0), 11)
    assert one.life.overview().step == Step.SUBMIT
    assert one.life.next_tick == 11 + PATIENCE_MS
    one.life.tick(11 + PATIENCE_MS)

    assert one.life.phase == Phase.ONLINE
    assert [event.complete for event in one.life.events() if isinstance(event, Resynced)] == [False]


def test_a_neighbour_that_is_only_near_by_now(node, monkeypatch) -> None:
    one = node(b"one")
    one.life.linked(FAR, 10)
    monkeypatch.setattr(one.life, "_is_local", lambda peer_id: True)
    one.life.linked(FAR, 20)

    assert one.life.phase == Phase.OFFLINE
    assert one.life.overview().local_peers == (FAR,)


def test_a_conflict_that_becomes_stale_is_told_again(node) -> None:
    one = node(b"one")
    first, second = submit(one, 0, b"first"), submit(one, 0, b"second")
    one.life.confirmed(first.number)
    told = [event.transaction for event in one.life.events() if isinstance(event, Reported)]

    assert [(t.number, t.status) for t in told] == [
        (second.number, Status.CONFLICT),
        (second.number, Status.STALE),
    ]


def test_what_is_compared_anyway_is_no_progress(node) -> None:
    """One space finds nothing missing again and again, another is carried by nobody."""
    one = node(b"one")
    one.mesh.topics = [TOPIC, b"lonely" * 5]
    one.life.linked(FAR, 0)
    for now in range(1, 3 * PATIENCE_MS, 1_000):
        one.life.heard(Synced(TOPIC, FAR, 0, 0), now)
        one.life.tick(now)
        if one.life.phase == Phase.ONLINE:
            break

    assert now < PATIENCE_MS + 2_000
    assert one.life.next_tick == now + AGAIN_MS


def test_what_nobody_carries_is_asked_for_less_and_less(node) -> None:
    one, gaps = node(b"one"), []
    one.life.linked(FAR, 0)
    now = 0
    for _ in range(9):
        while one.life.phase != Phase.ONLINE:
            now = max(one.life.next_tick, now + 1)
            one.life.tick(now)
        gaps.append(one.life.next_tick - now)
        now = one.life.next_tick
        one.life.tick(now)
    assert gaps[:3] == [AGAIN_MS, 2 * AGAIN_MS, 4 * AGAIN_MS]
    assert gaps[-1] == 3_600_000
    while one.life.phase != Phase.ONLINE:
        now = max(one.life.next_tick, now + 1)
        one.life.tick(now)
    one.life.linked(b"new" * 10, now)

    assert one.life.next_tick == now + AGAIN_MS


def test_a_space_that_is_left_takes_what_waits_with_it(node, grow) -> None:
    one = node(b"one")
    one.life.write(TOPIC, grow(1), 0)
    one.life.close(TOPIC)
    one.life.close(TOPIC)
    one.life.tick(FLUSH_MS)

    assert one.mesh.vertices == {}
    assert one.life.overview().pending_operations == 0
    one.start()
    assert one.life.overview().pending_operations == 0
