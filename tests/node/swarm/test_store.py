"""A service node: what it keeps, what it refuses, and what is left on its disk."""

import random
import sqlite3
from dataclasses import replace

import pytest

from node.crypto import SigningKey, sha256
from node.swarm import store as store_module
from node.swarm import work
from node.swarm.mailboxes import (
    BLOB_MAX,
    DAY_MS,
    NO_TOKEN,
    OPENING_CONTEXT,
    Channel,
    Inbox,
    Record,
    channel_mailbox,
    day,
    inbox_address,
    opening,
    unwrap,
    week,
)
from node.swarm.requests import (
    VALUES_MAX,
    Code,
    Done,
    Erase,
    Fetch,
    Lookup,
    Open,
    Page,
    Ping,
    Refusal,
    Terms,
    Token,
    encode_request,
)
from node.swarm.store import MAILBOX_BLOBS_MAX, ROW_COST, SwarmStore

NOW = 1_790_000_000_000
HOUR = 3_600_000
NODE = sha256(b"node")
CHANNEL = Channel(sha256(b"secret"))
TODAY = day(NOW)
OWNER = SigningKey.from_seed(sha256(b"owner"))
INBOX = Inbox(inbox_address(OWNER.public))
RECORD = Record(sha256(b"account"), week(NOW), sha256(b"publisher"))


def fetch(destination: Channel, after: int = 0, limit: int = 65536) -> Fetch:
    token = destination.token(TODAY, NODE)
    return Fetch(destination.name(TODAY, NODE), token, after, limit)


def opened(epoch: int = TODAY, key: SigningKey = OWNER, node_id: bytes = NODE) -> Open:
    return Open(epoch, key.public, key.sign(opening(node_id, epoch), OPENING_CONTEXT))


def test_a_blob_comes_back(new_store, ask, solved):
    store = new_store()

    assert ask(store, solved(CHANNEL, b"hello")) == Done(1)
    page = ask(store, fetch(CHANNEL))

    [(_, blob)] = page.entries
    assert not page.more
    assert unwrap(CHANNEL.blob_key(TODAY, NODE), blob) == b"hello"


def test_a_second_try_is_one_blob(new_store, ask, solved):
    store, request = new_store(), solved(CHANNEL)

    assert [ask(store, request), ask(store, request)] == [Done(1), Done(1)]
    assert len(ask(store, fetch(CHANNEL)).entries) == 1
    assert store.status()["used"] == len(request.blob) + ROW_COST


def test_work_is_shown_once(new_store, ask, solved):
    """Also after the blob has been erased, and after a restart."""
    store, request = new_store(), solved(CHANNEL)
    ask(store, request)
    mailbox, token = request.mailbox, request.token
    ask(store, Erase(mailbox, token, (sha256(request.blob),)))

    assert ask(store, request).code == Code.WORK_SPENT
    store.close()
    store = new_store()
    assert ask(store, request).code == Code.WORK_SPENT
    assert ask(store, request, NOW + HOUR).code == Code.WORK_SPENT
    assert ask(store, fetch(CHANNEL)).entries == ()


def test_spent_work_is_forgotten_only_when_it_is_stale(new_store, ask, solved):
    store, request = new_store(), solved(CHANNEL)
    ask(store, request)
    ask(store, Erase(request.mailbox, request.token, (sha256(request.blob),)))
    last = (request.hour + work.HOURS_APART_MAX + 1) * HOUR - 1
    store.tick(last)

    assert ask(store, request, last).code == Code.WORK_SPENT
    store.tick(last + 1)
    assert ask(store, request, last + 1).code == Code.WORK_TIME


@pytest.mark.parametrize("destination", [CHANNEL, INBOX, RECORD])
def test_too_little_work(new_store, ask, solved, destination):
    store, request = new_store(), solved(destination)
    name = destination.name(destination.epoch(NOW), NODE)
    given = work.challenge(NODE, name, sha256(request.blob), 0, request.hour)
    needed = work.required(len(request.blob), 0, 0, guarded=destination is CHANNEL)
    weak = next(nonce for nonce in range(100) if work.strength(given, nonce) < needed)

    reply = ask(store, replace(request, nonce=weak))

    assert reply == Refusal(Code.WORK_LOW, needed, work.hour(NOW))


def test_work_is_for_one_node_mailbox_and_blob(new_store, ask, solved):
    store, other = new_store(), new_store("other.db", sha256(b"other"))
    request = solved(CHANNEL)
    elsewhere = Channel(sha256(b"another secret"))
    moved = replace(
        request, mailbox=elsewhere.name(TODAY, NODE), token=elsewhere.token(TODAY, NODE)
    )

    assert ask(store, moved).code == Code.WORK_LOW
    assert ask(store, replace(request, blob=request.blob[::-1])).code == Code.WORK_LOW
    assert ask(other, request).code == Code.NO_ACCESS
    assert ask(other, replace(request, token=NO_TOKEN)).code == Code.WORK_LOW


@pytest.mark.parametrize("apart", [-2, -1, 0, 1, 2])
def test_clocks_may_differ(new_store, ask, solved, apart):
    assert ask(new_store(), solved(CHANNEL, at=NOW + apart * HOUR)) == Done(1)


@pytest.mark.parametrize("apart", [-3, 3])
def test_clocks_may_not_differ_much(new_store, ask, solved, apart):
    reply = ask(new_store(), solved(CHANNEL, at=NOW + apart * HOUR))

    assert (reply.code, reply.hour) == (Code.WORK_TIME, work.hour(NOW))


def test_without_the_token_it_costs_what_an_inbox_costs(new_store, ask, solved):
    store = new_store()
    request = solved(CHANNEL)
    needed = work.required(len(request.blob), 0, 0, guarded=False)
    strong = solved(CHANNEL, bits=needed)

    assert ask(store, replace(request, token=NO_TOKEN)) == Refusal(
        Code.WORK_LOW, needed, work.hour(NOW)
    )
    assert ask(store, replace(strong, token=NO_TOKEN)) == Done(1)


@pytest.mark.parametrize("size", [0, 1, 255, 257, 4095, 65537, BLOB_MAX - 1])
def test_only_buckets_are_stored(new_store, ask, solved, size):
    store = new_store()

    assert ask(store, solved(CHANNEL, blob=bytes(size), bits=0)).code == Code.NO_BUCKET
    assert store.refused == {"swarm: no bucket": 1}


def test_pages(new_store, ask, solved):
    store = new_store()
    for number in range(10):
        ask(store, solved(CHANNEL, b"message %d" % number))
    seen, after = [], 0
    while True:
        page = ask(store, fetch(CHANNEL, after, 3 * 256))
        seen += [unwrap(CHANNEL.blob_key(TODAY, NODE), blob) for _, blob in page.entries]
        assert len(page.entries) <= 3
        if not page.more:
            break
        after = page.entries[-1][0]

    assert seen == [b"message %d" % number for number in range(10)]


def test_cursors_rise_though_a_mailbox_was_emptied(new_store, ask, solved):
    store, request = new_store(), solved(CHANNEL)
    ask(store, request)
    [(first, blob)] = ask(store, fetch(CHANNEL)).entries
    ask(store, Erase(request.mailbox, request.token, (sha256(blob),)))
    later = NOW + 300_000
    ask(store, solved(CHANNEL, b"later", at=later), later)

    [(second, _)] = ask(store, fetch(CHANNEL, after=first), later).entries
    assert second > first
    assert second >> 20 == later // 300_000


def test_a_page_has_a_blob_however_small_the_limit(new_store, ask, solved):
    store = new_store()
    for number in range(2):
        ask(store, solved(CHANNEL, b"message %d" % number))

    page = ask(store, fetch(CHANNEL, 0, 1))

    assert (len(page.entries), page.more) == (1, True)
    assert not ask(store, fetch(CHANNEL, page.entries[-1][0], 1)).more


@pytest.mark.parametrize("request_type", [Fetch, Erase])
def test_a_wrong_token(new_store, ask, solved, request_type):
    store, request = new_store(), solved(CHANNEL)
    ask(store, request)
    rest = (0, 65536) if request_type is Fetch else ((sha256(request.blob),),)
    other_day = CHANNEL.token(TODAY + 1, NODE)
    other_node = CHANNEL.token(TODAY, sha256(b"other"))

    for token in (NO_TOKEN, other_day, other_node, request.mailbox):
        assert ask(store, request_type(request.mailbox, token, *rest)).code == Code.NO_ACCESS
    assert len(ask(store, fetch(CHANNEL)).entries) == 1


def test_a_token_opens_no_other_mailbox(new_store, ask, solved):
    store = new_store()
    mailbox = channel_mailbox(NODE, CHANNEL.token(TODAY, NODE))
    thief = Channel(sha256(b"thief")).token(TODAY, NODE)

    assert ask(store, Fetch(mailbox, thief, 0, 1)).code == Code.NO_ACCESS


def test_an_inbox_is_opened_by_its_key(new_store, ask, solved):
    store, request = new_store(), solved(INBOX, b"may we talk")
    assert ask(store, request) == Done(1)

    token = ask(store, opened()).token
    page = ask(store, Fetch(request.mailbox, token, 0, 65536))

    [(_, blob)] = page.entries
    assert unwrap(INBOX.blob_key(TODAY, NODE), blob) == b"may we talk"
    assert ask(store, Erase(request.mailbox, token, (sha256(blob),))) == Done(1)
    assert ask(store, Fetch(request.mailbox, token, 0, 65536)) == Page(False, ())


def test_an_inbox_stays_closed(new_store, ask):
    store = new_store()
    mallory = SigningKey.from_seed(sha256(b"mallory"))
    own = ask(store, opened(key=mallory)).token
    genuine = opened()

    assert ask(store, Fetch(INBOX.name(TODAY, NODE), own, 0, 1)).code == Code.NO_ACCESS
    assert ask(store, opened(node_id=sha256(b"other"))).code == Code.NO_ACCESS
    assert ask(store, replace(genuine, epoch=TODAY - 1)).code == Code.NO_ACCESS
    assert ask(store, replace(genuine, public=mallory.public)).code == Code.NO_ACCESS


@pytest.mark.parametrize("epoch", [TODAY - 32, TODAY + 1, 0, 2**64 - 1])
def test_an_inbox_has_no_key_for_other_times(new_store, ask, epoch):
    assert ask(new_store(), opened(epoch)).code == Code.EPOCH


def test_the_token_of_an_inbox_expires(new_store, ask):
    store = new_store()
    mailbox, token = INBOX.name(TODAY, NODE), ask(store, opened()).token
    fetching = Fetch(mailbox, token, 0, 1)
    last = (TODAY + 2) * DAY_MS - 1

    assert ask(store, fetching, last) == Page(False, ())
    assert ask(store, fetching, last + 1).code == Code.NO_ACCESS
    assert isinstance(ask(store, opened(), last + 1), Token)
    store.close()
    assert ask(new_store(), fetching).code == Code.NO_ACCESS


@pytest.mark.parametrize(("term", "days"), [(0, 7), (1, 14), (2, 30)])
def test_a_blob_lies_its_term_and_no_longer(new_store, ask, solved, term, days):
    """To the end of the five minutes in which it was due, to the second."""
    store = new_store()
    ask(store, solved(CHANNEL, term=term))
    due = -(-(NOW + days * DAY_MS) // 300_000) * 300_000

    store.tick(due - 1000)
    assert len(ask(store, fetch(CHANNEL), due - 1000).entries) == 1
    assert ask(store, fetch(CHANNEL), due).entries == ()
    assert store.status()["used"] > 0
    store.tick(due)
    assert store.status()["used"] == 0


def test_forgetting_takes_several_turns(new_store, ask, solved, monkeypatch):
    monkeypatch.setattr(store_module, "PURGED_AT_ONCE", 2)
    store = new_store()
    for number in range(3):
        ask(store, solved(CHANNEL, b"message %d" % number))
    later = NOW + 8 * DAY_MS

    assert [store.tick(later), store.tick(later)] == [True, False]
    assert store.status()["used"] == 0


def test_a_full_store_refuses_and_asks_more_before(new_store, ask, solved):
    row = 300 + ROW_COST
    store = new_store(capacity=4 * row)
    for number in range(2):
        assert ask(store, solved(CHANNEL, b"message %d" % number)) == Done(1)
    assert ask(store, Ping()) == Terms(work.hour(NOW), 0)
    assert ask(store, solved(CHANNEL, b"message 2")) == Done(1)
    assert ask(store, Ping()) == Terms(work.hour(NOW), 4)
    # Below 2^-24 it would pass by chance.
    assert ask(store, solved(CHANNEL, b"cheap", bits=1)).bits == work.BITS + 4
    assert ask(store, solved(CHANNEL, b"message 3", bits=14)) == Done(1)

    full = solved(CHANNEL, b"message 4", bits=18)
    assert ask(store, full).code == Code.FULL
    ask(store, Erase(full.mailbox, full.token, (sha256(solved(CHANNEL, b"message 0").blob),)))
    assert ask(store, full) == Done(1), "work that was refused is not spent"


def test_a_mailbox_has_a_limit(new_store, ask, solved, monkeypatch):
    monkeypatch.setattr(store_module, "MAILBOX_BYTES_MAX", 3 * 300)
    store = new_store()
    for number in range(3):
        assert ask(store, solved(CHANNEL, b"message %d" % number)) == Done(1)

    assert ask(store, solved(CHANNEL, b"one more")).code == Code.MAILBOX_FULL
    assert ask(store, solved(Channel(sha256(b"other")))) == Done(1)
    monkeypatch.setattr(store_module, "MAILBOX_BYTES_MAX", 64 << 20)
    monkeypatch.setattr(store_module, "MAILBOX_BLOBS_MAX", 3)
    assert ask(store, solved(CHANNEL, b"one more")).code == Code.MAILBOX_FULL
    assert MAILBOX_BLOBS_MAX == 1024


def test_published_keys(new_store, ask, solved):
    store, request = new_store(), solved(RECORD, b"keys")
    assert ask(store, request) == Done(1)

    [(_, blob)] = ask(store, Lookup(request.name, 0, 65536)).entries

    assert unwrap(RECORD.blob_key(RECORD.week, NODE), blob) == b"keys"
    assert ask(store, Lookup(sha256(b"other"), 0, 65536)).entries == ()


def test_a_publisher_replaces_its_own_value(new_store, ask, solved):
    store, first, second = new_store(), solved(RECORD, b"keys"), solved(RECORD, b"newer keys")
    stranger = solved(replace(RECORD, secret=sha256(b"stranger")), b"forged")
    for request in (first, first, stranger, second):
        assert ask(store, request) == Done(1)

    values = [blob for _, blob in ask(store, Lookup(first.name, 0, 65536)).entries]

    assert sorted(values) == sorted([second.blob, stranger.blob])
    assert ask(store, first).code == Code.WORK_SPENT
    assert store.status()["records"] == 2 * (300 + ROW_COST)


def test_a_name_is_taken_only_by_more_work(new_store, ask, solved, monkeypatch):
    monkeypatch.setattr(store_module, "VALUES_MAX", 3)
    store = new_store()
    squatters = [
        solved(replace(RECORD, secret=sha256(b"squatter %d" % number)), b"%d" % number)
        for number in range(3)
    ]
    for request in squatters:
        assert ask(store, request) == Done(1)

    def shown(request) -> int:
        given = work.challenge(NODE, request.name, sha256(request.blob), 0, request.hour)
        return work.strength(given, request.nonce)

    weakest = min(shown(request) for request in squatters)
    keys = next(
        request
        for request in (solved(RECORD, b"keys %d" % number) for number in range(100))
        if shown(request) <= weakest
    )
    refusal = ask(store, keys)
    assert (refusal.code, refusal.bits) == (Code.RECORD_FULL, weakest + 1)

    raised = solved(RECORD, b"keys", bits=refusal.bits)
    assert ask(store, raised) == Done(1)
    values = [blob for _, blob in ask(store, Lookup(raised.name, 0, 65536)).entries]
    assert raised.blob in values
    assert len(values) == 3
    assert VALUES_MAX == 64


def test_values_come_in_pages_the_costliest_first(new_store, ask, solved):
    store = new_store()
    sent = {}
    for bits in (16, 20, 18):
        request = solved(replace(RECORD, secret=sha256(b"%d" % bits)), b"%d" % bits, bits=bits)
        given = work.challenge(NODE, request.name, sha256(request.blob), 0, request.hour)
        sent[request.blob] = work.strength(given, request.nonce)
        ask(store, request)
    name = RECORD.place(RECORD.week)

    pages = [ask(store, Lookup(name, after, 256)) for after in range(4)]

    assert [page.more for page in pages] == [True, True, False, False]
    assert [cursor for page in pages for cursor, _ in page.entries] == [1, 2, 3]
    got = [sent[blob] for page in pages for _, blob in page.entries]
    assert got == sorted(sent.values(), reverse=True)


def test_published_keys_have_their_share(new_store, ask, solved):
    store = new_store(capacity=8 * 2 * (300 + ROW_COST))
    for number in range(2):
        request = solved(replace(RECORD, week=number), b"%d" % number)
        assert ask(store, request) == Done(1)

    assert ask(store, solved(replace(RECORD, week=2), b"2")).code == Code.FULL
    assert ask(store, solved(CHANNEL)) == Done(1)


def test_published_keys_are_forgotten(new_store, ask, solved):
    store, request = new_store(), solved(RECORD)
    ask(store, request)
    due = -(-(NOW + 14 * DAY_MS) // 300_000) * 300_000

    assert len(ask(store, Lookup(request.name, 0, 1), due - 1000).entries) == 1
    assert ask(store, Lookup(request.name, 0, 1), due).entries == ()
    store.tick(due)
    assert store.status() == {"used": 0, "capacity": 10 << 30, "records": 0}


@pytest.mark.parametrize("after", [2**63 - 1, 2**63, 2**64 - 1])
def test_cursors_beyond_all_blobs(new_store, ask, solved, after):
    store = new_store()
    ask(store, solved(CHANNEL))
    ask(store, solved(RECORD))

    assert ask(store, fetch(CHANNEL, after)) == Page(False, ())
    assert ask(store, Lookup(RECORD.place(RECORD.week), after, 65536)) == Page(False, ())


def test_hostile_bytes(new_store, solved):
    """Every cut, a flip in every field, and noise: an answer, and nothing stored or raised."""
    store, choose = new_store(), random.Random(3)
    request = encode_request(solved(INBOX))
    cuts = [request[:size] for size in range(len(request))]
    flips = [
        request[:at] + bytes([request[at] ^ 1 << choose.randrange(8)]) + request[at + 1 :]
        for at in range(len(request))
    ]
    noise = [choose.randbytes(choose.randrange(300)) for _ in range(500)]
    kinds = [bytes([1, kind]) + choose.randbytes(200) for kind in range(256)]

    replies = store.handle_all([*cuts, *flips, *noise, *kinds, request + b"\0"], NOW)

    kinds_of_reply = [reply[1] for reply in replies]
    assert {kind for kind in kinds_of_reply if kind < 0x80} <= {2, 3}  # empty pages and terms
    assert store.status()["used"] == 0
    assert sum(store.refused.values()) == sum(kind >= 0x80 for kind in kinds_of_reply)


def test_a_damaged_file_is_moved_aside(new_store, ask, solved, tmp_path):
    store = new_store()
    ask(store, solved(CHANNEL))
    store.close()
    path = tmp_path / "swarm.db"
    path.write_bytes(b"garbage" + path.read_bytes()[7:])

    store = new_store()

    assert store.damaged == ["swarm.db.damaged-1"]
    assert (tmp_path / "swarm.db.damaged-1").read_bytes()[:7] == b"garbage"
    assert ask(store, fetch(CHANNEL)).entries == ()
    assert ask(store, solved(CHANNEL)) == Done(1)


def test_damage_found_later_is_moved_aside(new_store, ask, solved, tmp_path):
    store = new_store()
    for number in range(40):
        ask(store, solved(CHANNEL, b"message %d" % number))
    store.close()
    path = tmp_path / "swarm.db"
    data = path.read_bytes()
    path.write_bytes(data[:8192] + random.Random(1).randbytes(len(data) - 8192))

    store = new_store()
    replies = [ask(store, fetch(CHANNEL)), ask(store, solved(CHANNEL)), ask(store, fetch(CHANNEL))]

    assert store.damaged == ["swarm.db.damaged-1"]
    assert len(replies[2].entries) == 1


def test_few_damaged_files_are_kept(new_store, tmp_path):
    for _ in range(5):
        (tmp_path / "swarm.db").write_bytes(b"garbage" * 1000)
        new_store().close()

    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "swarm.db",
        *(f"swarm.db.damaged-{number}" for number in (1, 2, 3)),
    ]


def test_another_programs_database_is_left_alone(new_store, tmp_path):
    other = sqlite3.connect(tmp_path / "swarm.db")
    other.execute("CREATE TABLE precious (data)")
    other.commit()
    other.close()

    store = new_store()

    assert store.damaged == ["swarm.db.damaged-1"]
    kept = sqlite3.connect(tmp_path / "swarm.db.damaged-1")
    assert kept.execute("SELECT name FROM sqlite_schema").fetchall() == [("precious",)]
    kept.close()


def test_a_rotten_blob_is_not_served(new_store, ask, solved, tmp_path):
    store = new_store()
    requests = [solved(CHANNEL, b"message %d" % number) for number in range(3)]
    for request in requests:
        ask(store, request)
    store.close()
    path = tmp_path / "swarm.db"
    data = bytearray(path.read_bytes())
    data[data.index(requests[1].blob[100:140])] ^= 1
    path.write_bytes(data)

    store = new_store()
    page = ask(store, fetch(CHANNEL))

    assert [blob for _, blob in page.entries] == [requests[0].blob, requests[2].blob]
    assert store.refused == {"swarm: blob damaged": 1}


def test_two_processes_never_share_a_file(new_store):
    new_store()

    with pytest.raises(OSError, match=r"swarm\.db: database is locked"):
        new_store()


def test_a_disk_that_fails_loses_nothing_acknowledged(new_store, ask, solved):
    """The file may not grow: what does not fit fails alone, and the store goes on."""
    store = new_store()
    ask(store, solved(CHANNEL, b"before"))
    pages = store._database.execute("PRAGMA page_count").fetchone()[0]
    store._database.execute(f"PRAGMA max_page_count = {pages}")
    big = solved(Channel(sha256(b"big")), bytes(60_000))
    small = Fetch(*(fetch(CHANNEL).mailbox, fetch(CHANNEL).token), 0, 65536)
    used = store.status()["used"]

    replies = store.handle_all([encode_request(big), encode_request(small)], NOW)

    assert [reply[1] for reply in replies] == [Code.FAILED, 2]
    assert store.status()["used"] == used
    assert store.damaged == []
    store._database.execute("PRAGMA max_page_count = 1000000")
    assert ask(store, big) == Done(1)


def test_what_is_erased_leaves_the_disk(new_store, ask, solved, tmp_path):
    store = new_store()
    requests = [solved(CHANNEL, b"message %d" % number) for number in range(20)]
    for request in requests:
        ask(store, request)

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))

    assert all(request.blob[:200] in on_disk() for request in requests)
    gone, kept = requests[:10], requests[10:]
    ids = tuple(sorted(sha256(request.blob) for request in gone))
    assert ask(store, Erase(gone[0].mailbox, gone[0].token, ids)) == Done(10)
    store.tick(NOW)

    disk = on_disk()
    for request in gone:
        assert not any(request.blob[at : at + 16] in disk for at in range(0, 256, 16))
        assert sha256(request.blob) not in disk
    assert all(request.blob in disk for request in kept)


def test_the_file_is_the_operators_alone(new_store, tmp_path):
    new_store()

    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}


def test_stored_blobs_are_counted_again_at_the_start(new_store, ask, solved):
    store = new_store()
    ask(store, solved(CHANNEL))
    ask(store, solved(RECORD))
    before = store.status()
    store.close()

    assert new_store().status() == before


def test_stores_have_no_name_of_an_account(new_store, ask, solved, tmp_path):
    """F-098: nothing on the disk tells whose it is, or opens it."""
    store = new_store()
    ask(store, solved(CHANNEL, b"hello " * 20))
    ask(store, solved(INBOX, b"may we talk"))
    ask(store, solved(RECORD, b"keys"))
    ask(store, opened())
    store.tick(NOW)

    disk = b"".join(path.read_bytes() for path in sorted(tmp_path.iterdir()))
    secrets = [
        *(CHANNEL.secret, CHANNEL.token(TODAY, NODE), CHANNEL.blob_key(TODAY, NODE)),
        *(INBOX.address, INBOX.blob_key(TODAY, NODE), OWNER.public[:64], OWNER.seed),
        *(RECORD.account, RECORD.account.hex().encode(), RECORD.secret, NODE),
        *(CHANNEL.place(TODAY), INBOX.place(TODAY), RECORD.blob_key(RECORD.week, NODE)),
        *(RECORD.token(RECORD.week, NODE), store._secret, b"hello hello", b"may we talk"),
    ]
    assert not any(secret in disk for secret in secrets)
    assert isinstance(store, SwarmStore)
