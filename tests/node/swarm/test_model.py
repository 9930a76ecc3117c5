"""The store against a model of a few dictionaries: any order of requests, days and restarts."""

import tempfile
from pathlib import Path
from unittest.mock import patch

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from node.crypto import sha256
from node.swarm import work
from node.swarm.mailboxes import DAY_MS, Channel, Record, day, wrap
from node.swarm.requests import (
    Code,
    Done,
    Erase,
    Fetch,
    Lookup,
    Page,
    Publish,
    Refusal,
    Store,
    decode_reply,
    encode_request,
)
from node.swarm.store import ROW_COST, SwarmStore

START = 1_790_000_000_000
NODE = sha256(b"node")
ROW = len(wrap(bytes(32), b"0")) + ROW_COST
CAPACITY = 16 * ROW
RECORDS = 2  # an eighth of it
LOAD_MAX = 2  # the price of a full store would take a second of work
CHANNELS = [Channel(sha256(b"channel %d" % n)) for n in range(2)]
channels = st.sampled_from(CHANNELS)
numbers = st.integers(0, 5)


def due(moment: int) -> int:
    return -(-moment // 300_000) * 300_000


class StoreModel(RuleBasedStateMachine):
    @initialize()
    def begin(self) -> None:
        self.price = patch.object(work, "LOAD_MAX", LOAD_MAX)
        self.price.start()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "swarm.db"
        self.store = SwarmStore(self.path, NODE, bytes, capacity=CAPACITY)
        self.now = START
        self.blobs: dict[tuple[bytes, bytes], int] = {}  # mailbox, blob -> expiry
        self.values: dict[tuple[bytes, bytes], tuple[bytes, int]] = {}
        self.spent: dict[bytes, int] = {}
        self.kept = 0  # rows not forgotten yet

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.store.close()
            self.folder.cleanup()
            self.price.stop()

    def ask(self, request):
        return decode_reply(self.store.handle(encode_request(request), self.now))

    def solve(self, name: bytes, blob: bytes, term: int, bits: int) -> tuple[int, int, bytes]:
        at = work.hour(self.now)
        given = work.challenge(NODE, name, sha256(blob), term, at)
        return at, work.search(given, bits, 0, 1 << 24), given

    @rule(channel=channels, number=numbers, term=st.integers(0, 2))
    def store_blob(self, channel: Channel, number: int, term: int) -> None:
        today = day(START)
        name, token = channel.name(today, NODE), channel.token(today, NODE)
        blob = wrap(channel.blob_key(today, NODE), b"%d" % number)
        at, nonce, given = self.solve(name, blob, term, work.BITS + term + self.load)
        reply = self.ask(Store(name, token, term, at, nonce, blob))
        if (name, blob) in self.blobs:
            assert reply == Done(1)
        elif given in self.spent:
            assert reply.code == Code.WORK_SPENT
        elif self.kept == CAPACITY // ROW:
            assert reply.code == Code.FULL
        else:
            assert reply == Done(1)
            self.spent[given] = (at + 3) * work.HOUR_MS
            self.blobs[(name, blob)] = due(self.now + (7, 14, 30)[term] * DAY_MS)
            self.kept += 1

    @rule(channel=channels, number=numbers)
    def erase_blob(self, channel: Channel, number: int) -> None:
        today = day(START)
        name, token = channel.name(today, NODE), channel.token(today, NODE)
        blob = wrap(channel.blob_key(today, NODE), b"%d" % number)
        reply = self.ask(Erase(name, token, (sha256(blob),)))

        found = self.blobs.pop((name, blob), None)
        assert reply == Done(int(found is not None))
        self.kept -= reply.count

    @rule(channel=channels, limit=st.sampled_from([1, 512, 65536]))
    def fetch_blobs(self, channel: Channel, limit: int) -> None:
        today = day(START)
        name, token = channel.name(today, NODE), channel.token(today, NODE)
        found, after, more = [], 0, True
        while more:
            page = self.ask(Fetch(name, token, after, limit))
            assert isinstance(page, Page)
            found += [blob for _, blob in page.entries]
            after, more = page.entries[-1][0] if page.entries else after, page.more
        alive = [
            b for (box, b), expires in self.blobs.items() if box == name and expires > self.now
        ]
        assert sorted(found) == sorted(alive)

    @rule(publisher=numbers, number=numbers)
    def publish_value(self, publisher: int, number: int) -> None:
        record = Record(sha256(b"account"), 1, sha256(b"publisher %d" % publisher))
        name, token = record.place(1), record.token(1, NODE)
        blob = wrap(record.blob_key(1, NODE), b"%d" % number)
        bits = work.BITS + work.BITS_OPEN + self.load
        at, nonce, given = self.solve(name, blob, 0, bits)
        reply = self.ask(Publish(name, token, at, nonce, blob))
        before = self.values.get((name, token))
        if given in self.spent:
            if before and before[0] == blob:
                assert reply == Done(1)
            else:
                assert reply.code == Code.WORK_SPENT
            return
        full = self.kept == CAPACITY // ROW or len(self.values) == RECORDS
        if full and before is None:
            assert reply.code == Code.FULL
            return
        assert reply == Done(1)
        self.spent[given] = (at + 3) * work.HOUR_MS
        self.values[(name, token)] = (blob, due(self.now + 14 * DAY_MS))
        self.kept += before is None

    @rule()
    def look_up(self) -> None:
        page = self.ask(Lookup(Record(sha256(b"account"), 1).place(1), 0, 65536))

        alive = [blob for blob, expires in self.values.values() if expires > self.now]
        assert sorted(blob for _, blob in page.entries) == sorted(alive)

    @rule(channel=channels)
    def come_with_a_wrong_token(self, channel: Channel) -> None:
        request = Fetch(channel.name(day(START), NODE), channel.token(day(START) + 1, NODE), 0, 1)
        reply = self.ask(request)
        assert isinstance(reply, Refusal)
        assert reply.code == Code.NO_ACCESS

    @rule(later=st.sampled_from([1, 150_000, work.HOUR_MS, DAY_MS, 7 * DAY_MS]))
    def wait_and_tick(self, later: int) -> None:
        self.now += later
        assert not self.store.tick(self.now)
        self.blobs = {key: end for key, end in self.blobs.items() if end > self.now}
        self.values = {key: pair for key, pair in self.values.items() if pair[1] > self.now}
        self.spent = {key: end for key, end in self.spent.items() if end > self.now}
        self.kept = len(self.blobs) + len(self.values)

    @rule()
    def restart(self) -> None:
        self.store.close()
        self.store = SwarmStore(self.path, NODE, bytes, capacity=CAPACITY)

    @property
    def load(self) -> int:
        return work.load_of(self.kept * ROW, CAPACITY)

    @invariant()
    def the_totals_are_right(self) -> None:
        if hasattr(self, "store"):
            status = self.store.status()
            assert status["used"] == self.kept * ROW
            assert status["records"] == len(self.values) * ROW


TestStoreModel = StoreModel.TestCase
TestStoreModel.settings = settings(max_examples=10, stateful_step_count=25, deadline=None)
