"""The journal: whatever byte a process ends at, what was written whole is what is read."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from session_bridge import ledger as led
from session_bridge.errors import JournalError
from session_bridge.journal import ASIDE, FILE, NEW, Journal, read, replay
from session_bridge.ledger import Attempt, DamagedError, Ledger, Scope, Slot

SCOPE = Scope(6134, bytes(20), bytes(32))
COUNTS = st.integers(0, 3)
WORDS = st.integers(0, 2**256 - 1)


def attempt(purpose: str = "anchor/1", fee: int = 5, tip: int = 1, byte: int = 7) -> Attempt:
    return Attempt(purpose, fee, tip, bytes([byte]) * 32)


def slot(nonce: int, data: bytes = b"data") -> Slot:
    return Slot(nonce, "anchor/1", bytes(20), data, 1, 21_000, 9)


def intent(nonce: int, data: bytes = b"data", tried: Attempt | None = None) -> bytes:
    return led.intent_record(slot(nonce, data), tried or attempt())


@st.composite
def operations(draw: st.DrawFn) -> list[bytes]:
    """Records in an order in which a bridge may write them."""
    made: list[bytes] = []
    live: set[int] = set()
    for _ in range(draw(st.integers(1, 12))):
        kind = draw(st.sampled_from(("intent", "attempt", "void", "closed", "cursor")))
        tried = Attempt(
            "anchor/1", draw(WORDS), draw(WORDS), draw(st.binary(min_size=32, max_size=32))
        )
        if kind == "intent":
            nonce = draw(COUNTS)
            live.add(nonce)
            made.append(intent(nonce, draw(st.binary(max_size=40)), tried))
        elif kind == "cursor":
            name = draw(st.sampled_from(("events", "requests")))
            made.append(led.cursor_record(name, draw(st.integers(0, 2**64 - 1))))
        elif live:
            nonce = draw(st.sampled_from(sorted(live)))
            if kind == "attempt":
                made.append(led.attempt_record(nonce, tried))
            elif kind == "void":
                made.append(led.void_record(nonce))
            else:
                live.discard(nonce)
                made.append(led.closed_record(nonce, draw(st.integers(0, 2)), draw(WORDS) >> 8))
    return made


def applied(records: list[bytes]) -> Ledger:
    made = Ledger()
    made.apply(led.scope_record(SCOPE))
    for record in records:
        made.apply(record)
    return made


@settings(max_examples=25)
@given(operations())
def test_a_stop_at_any_byte_keeps_all_whole_records(
    tmp_path_factory: pytest.TempPathFactory, records: list[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("journal")
    with Journal(folder, SCOPE) as journal:
        sizes = [(folder / FILE).stat().st_size]
        for record in records:
            journal.write(record)
            sizes.append((folder / FILE).stat().st_size)
        assert journal.ledger == applied(records)

    whole = (folder / FILE).read_bytes()

    for end in range(len(whole) + 1):
        kept = sum(size <= end for size in sizes)
        found, used = replay(whole[:end])
        if kept:
            assert found == applied(records[: kept - 1])
            assert used == sizes[kept - 1]
        else:
            assert found.slots == {}
            assert found.cursors == {}


@settings(max_examples=25)
@given(operations())
def test_the_records_of_a_state_make_that_state(records: list[bytes]) -> None:
    before = applied(records)

    after = Ledger()
    for record in before.records():
        after.apply(record)

    assert after == before


def test_a_torn_end_is_put_aside_and_named(tmp_path: Path) -> None:
    with Journal(tmp_path, SCOPE) as journal:
        journal.write(led.cursor_record("events", 3))
        journal.write(led.cursor_record("events", 4))
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-3])

    with Journal(tmp_path, SCOPE) as journal:
        assert journal.ledger.cursors == {"events": 3}
        assert "were not whole" in journal.note
        journal.write(led.cursor_record("events", 5))

    assert whole.endswith((tmp_path / ASIDE).read_bytes() + whole[-3:])
    assert read(tmp_path).cursors == {"events": 5}


def test_a_bit_flip_anywhere_loses_what_follows_and_nothing_before(tmp_path: Path) -> None:
    with Journal(tmp_path, SCOPE) as journal:
        states = [applied([])]
        for number in range(4):
            journal.write(intent(number))
            states.append(applied([intent(each) for each in range(number + 1)]))
    whole = (tmp_path / FILE).read_bytes()

    for at in range(len(whole)):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        found, used = replay(bytes(damaged))
        assert used <= at
        assert found in states or found == Ledger()


def test_two_processes_never_share_a_journal(tmp_path: Path) -> None:
    with Journal(tmp_path, SCOPE), pytest.raises(JournalError, match="another bridge runs"):
        Journal(tmp_path, SCOPE)
    with Journal(tmp_path, SCOPE):
        pass


@pytest.mark.parametrize(
    "other",
    [
        Scope(6133, bytes(20), bytes(32)),
        Scope(6134, bytes(19) + b"1", bytes(32)),
        Scope(6134, bytes(20), bytes(31) + b"1"),
    ],
)
def test_a_journal_is_of_one_chain_account_and_deployment(tmp_path: Path, other: Scope) -> None:
    with Journal(tmp_path, SCOPE):
        pass

    with pytest.raises(JournalError, match="of another chain, account or deployment"):
        Journal(tmp_path, other)
    with Journal(tmp_path, SCOPE):  # The refused one has let go of it.
        pass


def test_it_is_compacted_and_stays_bounded(tmp_path: Path) -> None:
    with Journal(tmp_path, SCOPE, compact_bytes=5_000) as journal:
        for number in range(300):
            journal.write(intent(number, bytes(100)))
            journal.write(led.closed_record(number, led.SUCCEEDED, 7))
            assert (tmp_path / FILE).stat().st_size < 6_000
        assert journal.ledger.tally.succeeded == 300
        assert journal.ledger.tally.spent == 2_100

    assert read(tmp_path).tally.succeeded == 300


def test_what_an_unfinished_compaction_left_is_not_read(tmp_path: Path) -> None:
    with Journal(tmp_path, SCOPE) as journal:
        journal.write(led.cursor_record("events", 3))
    (tmp_path / NEW).write_bytes(b"half of a file")

    with Journal(tmp_path, SCOPE) as journal:
        assert journal.ledger.cursors == {"events": 3}


def test_a_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Journal(tmp_path, SCOPE) as journal:
        journal.write(led.cursor_record("events", 3))
        before = (tmp_path / FILE).read_bytes()
        write = os.write

        def half(file: int, data: memoryview) -> int:
            if len(data) > 10:
                return write(file, bytes(data[:10]))
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as patched:
            patched.setattr(os, "write", half)
            with pytest.raises(JournalError, match="No space left"):
                journal.write(led.cursor_record("events", 4))
        assert journal.ledger.cursors == {"events": 3}
        assert (tmp_path / FILE).read_bytes() == before
        journal.write(led.cursor_record("events", 5))

    assert read(tmp_path).cursors == {"events": 5}


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(JournalError, match="file"):
        Journal(tmp_path / "file", SCOPE)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (b"", "too short"),
        (b"\x09", "no record has the kind 9"),
        (led.scope_record(SCOPE), "begins with its scope"),
        (led.void_record(5), "nothing was sent with"),
        (led.attempt_record(5, attempt()), "nothing was sent with"),
        (led.closed_record(5, led.FAILED, 0), "nothing was sent with"),
        (led.closed_record(0, 3, 0), "no slot ends so"),
        (led.void_record(0) + b"\0", "too long"),
        (intent(1)[:-1], "too short"),
        (intent(1, bytes(led.DATA_MAX + 1)), "too long"),
        (led.cursor_record("x" * 65, 0), "too long"),
        (led.cursor_record("\N{EURO SIGN}", 0).replace(b"\x82", b"\xff"), "no text"),
    ],
)
def test_a_record_that_no_bridge_writes_changes_nothing(record: bytes, reason: str) -> None:
    state = applied([intent(0)])

    with pytest.raises(DamagedError, match=reason):
        state.apply(record)

    assert state == applied([intent(0)])


def test_another_version_is_not_read() -> None:
    record = bytearray(led.scope_record(SCOPE))
    record[1] += 1

    with pytest.raises(DamagedError, match="version 2"):
        Ledger().apply(bytes(record))


def test_attempts_of_a_nonce_are_bounded() -> None:
    state = applied([intent(0)])
    for fee in range(2 * led.ATTEMPTS_MAX):
        state.apply(led.attempt_record(0, attempt(fee=fee)))

    assert len(state.slots[0].attempts) == led.ATTEMPTS_MAX
