"""The journal of operations and the queue of transactions."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.crdt.bodies import (
    Delete,
    Operation,
    Ref,
    Span,
    Splice,
    Write,
)
from node.crdt.operations import decode_operations
from node.journal import FLUSH_MAX, FLUSH_MS, WAITING_MAX
from node.simulation.store import SimulatedStore
from node.submissions import (
    ANSWER_MS,
    RAW_MAX,
    RETRY_MAX_MS,
    Outcome,
    Status,
    Submissions,
    Transaction,
)

TOPIC = b"t" * 32
DOCUMENT = b"d" * 32
SENDER = b"s" * 20


def queued(queue: Submissions, nonce: int, raw: bytes, sender: bytes = SENDER) -> Transaction:
    return queue.queue(chain_id=6133, sender=sender, nonce=nonce, raw=raw, now=1)


# --- journal -------------------------------------------------------------------------------------


def test_own_names_are_moved_behind_what_waits(journal) -> None:
    one = journal(SimulatedStore())
    entry = [
        Operation(DOCUMENT, Splice(None, "abc")),
        Operation(DOCUMENT, Splice(Ref(b"", 1), "x")),
        Operation(DOCUMENT, Delete((Span(b"", 0, 1),))),
    ]
    one.write(TOPIC, entry, 0)
    one.write(TOPIC, entry, 0)

    assert one.waiting(TOPIC)[:3] == entry
    assert one.waiting(TOPIC)[4].body == Splice(Ref(b"", 6), "x")
    assert one.waiting(TOPIC)[5].body == Delete((Span(b"", 5, 1),))
    assert len(one) == 6


def test_a_flush_is_due_by_time_or_size(journal, grow) -> None:
    one = journal(SimulatedStore())
    assert one.due(TOPIC) is None
    one.write(TOPIC, grow(1), 50)
    assert one.due(TOPIC) == 50 + FLUSH_MS
    while one.due(TOPIC):
        one.write(TOPIC, [Operation(DOCUMENT, Write("x" * 5_000))], 60)
    assert sum(len(op.body.value) for op in one.waiting(TOPIC)[1:]) > FLUSH_MAX - 6_000


def test_much_becomes_several_vertices(journal) -> None:
    store = SimulatedStore()
    one = journal(store)
    for number in range(20):
        one.write(TOPIC, [Operation(DOCUMENT, Write(f"{number} " + "x" * 9_000))], 0)
    vertices = one.flush(TOPIC, 0)
    values = [op.body.value for v in vertices for op in decode_operations(v.payload)]

    assert all(len(vertex.payload) <= FLUSH_MAX for vertex in vertices)
    assert [value.split()[0] for value in values] == [str(number) for number in range(20)]
    assert one.flush(TOPIC, 0) == []
    assert (one.topics, len(one), one.due(TOPIC)) == ([], 0, None)
    assert [key for key, _ in store.scan(b"journal/")] == []


def test_equal_operations_are_two_vertices(journal, grow) -> None:
    one = journal(SimulatedStore())
    ids = []
    for _ in range(2):
        one.write(TOPIC, grow(5), 0)
        ids += [vertex.payload for vertex in one.flush(TOPIC, 0)]

    assert len(set(ids)) == 2


@pytest.mark.parametrize(
    "operations",
    [
        [],
        [Operation(DOCUMENT, Write("x" * 30_000))] * 2,
        [Operation(DOCUMENT, Write(1 << 63))],
        [Operation(DOCUMENT, Splice(Ref(b"", 0), "x"))],
    ],
)
def test_what_is_not_accepted_leaves_nothing(journal, operations) -> None:
    store = SimulatedStore()
    one = journal(store)
    with pytest.raises(ValueError, match=r"journal|crdt"):
        one.write(TOPIC, operations, 0)

    assert (len(one), len(store)) == (0, 0)


def test_the_journal_is_bounded(journal, grow) -> None:
    one = journal(SimulatedStore())
    one._size = WAITING_MAX - 60
    with pytest.raises(ValueError, match="too much waits"):
        one.write(TOPIC, grow(1), 0)


def test_a_restart_goes_on_where_it_was(journal, grow) -> None:
    store = SimulatedStore()
    journal(store).write(TOPIC, grow(1), 0)
    again = journal(store)
    again.write(TOPIC, grow(2), 0)

    assert [op.body.amount for op in journal(store).waiting(TOPIC)] == [1, 2]
    assert again.due(TOPIC) <= FLUSH_MS


# --- transactions --------------------------------------------------------------------------------


def test_handed_out_by_sender_and_nonce_each_once() -> None:
    queue = Submissions(SimulatedStore())
    for nonce, sender in ((1, b"b" * 20), (0, b"b" * 20), (5, b"a" * 20)):
        queued(queue, nonce, b"%d" % nonce, sender)

    assert [one.raw for one in queue.due(0)] == [b"5", b"0", b"1"]
    assert queue.due(0) == []
    assert queue.in_flight


def test_without_an_answer_it_is_handed_out_again() -> None:
    queue = Submissions(SimulatedStore())
    one = queued(queue, 0, b"raw")
    assert queue.due(10) == [one]
    assert queue.next_due == 10 + ANSWER_MS
    assert queue.due(9 + ANSWER_MS) == []

    assert queue.due(10 + ANSWER_MS) == [one]


def test_the_same_transaction_is_kept_once() -> None:
    queue = Submissions(SimulatedStore())
    assert queued(queue, 0, b"raw") == queued(queue, 0, b"raw")
    assert len(queue.all()) == 1


def test_a_conflict_is_kept_and_waits_for_the_user() -> None:
    store = SimulatedStore()
    queue = Submissions(store)
    first, second = queued(queue, 0, b"first"), queued(queue, 0, b"second")
    assert second.status == Status.CONFLICT
    assert queue.due(0) == [first]
    assert not queue.retry(second.number)
    queue.discard(first.number)
    assert queue.retry(second.number)

    assert [one.raw for one in Submissions(store).due(0)] == [b"second"]


def test_the_chain_says_no() -> None:
    store = SimulatedStore()
    queue = Submissions(store)
    stale, refused = queued(queue, 0, b"stale"), queued(queue, 1, b"refused")
    queue.due(0)
    queue.answered(stale.number, Outcome.STALE, 0)
    queue.answered(refused.number, Outcome.REFUSED, 0)

    assert [one.status for one in Submissions(store).problems] == [Status.STALE, Status.REFUSED]
    assert queue.due(1 << 60) == []
    assert queue.answered(99, Outcome.ACCEPTED, 0) is None


def test_a_confirmed_one_goes_and_its_rivals_are_stale() -> None:
    store = SimulatedStore()
    queue = Submissions(store)
    first, second = queued(queue, 0, b"first"), queued(queue, 0, b"second")
    queue.due(0)
    queue.answered(first.number, Outcome.ACCEPTED, 0)
    queue.confirmed(first.number)
    assert queue.confirmed(first.number) is None

    assert [(one.raw, one.status) for one in Submissions(store).all()] == [
        (b"second", Status.STALE)
    ]
    assert second.number == 1


def test_unreachable_is_tried_later_and_later() -> None:
    queue = Submissions(SimulatedStore())
    one, now, waits = queued(queue, 0, b"raw"), 0, []
    for _ in range(12):
        assert queue.due(now) == [one]
        queue.answered(one.number, Outcome.UNREACHABLE, now)
        waits.append(queue.next_due - now)
        assert queue.due(queue.next_due - 1) == []
        now = queue.next_due

    assert waits[:3] == [5_000, 10_000, 20_000]
    assert waits[-1] == RETRY_MAX_MS


def test_what_was_submitted_and_not_confirmed_is_handed_out_again() -> None:
    queue = Submissions(SimulatedStore())
    one = queued(queue, 0, b"raw")
    queue.due(0)
    queue.answered(one.number, Outcome.ACCEPTED, 0)
    assert queue.due(0) == []
    queue.again()

    assert [again.raw for again in queue.due(0)] == [b"raw"]


@pytest.mark.parametrize(
    ("sender", "raw"), [(b"short", b"raw"), (SENDER, b""), (SENDER, bytes(RAW_MAX + 1))]
)
def test_no_transaction(sender: bytes, raw: bytes) -> None:
    with pytest.raises(ValueError, match="no transaction"):
        queued(Submissions(SimulatedStore()), 0, raw, sender)


def test_the_queue_is_bounded() -> None:
    queue = Submissions(SimulatedStore())
    for nonce in range(1_024):
        queued(queue, nonce, b"%d" % nonce)
    with pytest.raises(ValueError, match="too many"):
        queued(queue, 5_000, b"more")


u64s = st.integers(0, (1 << 64) - 1)


@given(u64s, u64s, u64s, st.binary(min_size=20, max_size=20), st.binary(max_size=99))
def test_a_transaction_is_read_as_it_was_written(chain_id, nonce, at, sender, raw) -> None:
    one = Transaction(
        number=3, chain_id=chain_id, sender=sender, nonce=nonce, raw=raw, at=at, status=Status.STALE
    )
    data = one.encode()

    assert Transaction.decode(3, data) == one
    with pytest.raises(Refused):
        Transaction.decode(3, data[:-1])
    with pytest.raises(Refused):
        Transaction.decode(3, data + b"\0")
