"""Deposits, collections and lookups over nodes that live, die, fill up and lie."""

import random
from dataclasses import replace

import pytest

from node.codec import Refused
from node.crypto import SigningKey, sha256
from node.swarm import collect as collect_module
from node.swarm import work
from node.swarm.collect import ChannelDoor, Collect, InboxDoor
from node.swarm.deposit import (
    AGAIN_MS,
    COPIES,
    COPIES_MIN,
    EXTRA_MS,
    SWARM,
    TIMEOUT_MS,
    Deposit,
    State,
    publish,
)
from node.swarm.lookup import Lookup
from node.swarm.mailboxes import (
    DATA_MAX,
    DAY_MS,
    WEEK_MS,
    Channel,
    Inbox,
    Record,
    day,
    days_to_read,
    inbox_address,
    is_bucket,
    week,
    wrap,
)
from node.swarm.requests import (
    Code,
    Done,
    Erase,
    Page,
    Refusal,
    Store,
    Token,
    decode_request,
    encode_reply,
)

NOW = 1_790_000_000_000
HOUR = 3_600_000
SECRET = sha256(b"secret")
CHANNEL = Channel(SECRET)
OWNER = SigningKey.from_seed(sha256(b"owner"))
INBOX = Inbox(inbox_address(OWNER.public))
ACCOUNT = sha256(b"account")
TODAY = day(NOW)


def visit(door=None, now: int = NOW, since: int | None = NOW) -> Collect:
    return Collect(door or ChannelDoor(SECRET), days_to_read(since, now))


def texts(items) -> list[bytes]:
    return sorted(item.data for item in items)


def put(nodes, data: bytes, now: int = NOW, priority: int = 0, target=CHANNEL) -> Deposit:
    deposit = Deposit(target, data, priority, now)
    nodes.run(deposit, now)
    return deposit


@pytest.mark.parametrize("priority", [0, 1, 2])
def test_as_many_copies_as_were_wanted(new_nodes, priority) -> None:
    nodes = new_nodes(12)
    deposit = put(nodes, b"hello", priority=priority)

    assert deposit.state == State.STORED
    assert deposit.done
    assert deposit.copies == COPIES[priority]
    closest = nodes.closest(CHANNEL.place(TODAY), COPIES[priority])
    assert deposit.holders == sorted(closest)
    held = {k for k, store in nodes.stores.items() if store.status()["used"]}
    assert held == set(closest)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_nodes(new_nodes, count) -> None:
    """Two daemons alone can chat: what is stored once can be read, and the state says how thin."""
    nodes = new_nodes(count)
    deposit = put(nodes, b"hello")

    expected = {1: State.INSUFFICIENT, 2: State.ENOUGH, 3: State.STORED}
    assert (deposit.copies, deposit.state) == (count, expected[count])
    assert texts(nodes.run(visit())) == [b"hello"]


def test_no_nodes(new_nodes) -> None:
    nodes = new_nodes(0)
    deposit, collect = put(nodes, b"hello"), visit()
    lookup = Lookup(ACCOUNT, len, NOW)
    nodes.run(collect)
    nodes.run(lookup)

    assert deposit.state == State.INSUFFICIENT
    assert deposit.next_at(NOW) == NOW + AGAIN_MS
    assert collect.done
    assert not collect.complete, "nobody was asked, so the next visit begins where this one did"
    assert lookup.done
    assert lookup.best is None


def test_dead_nodes_are_passed_over(new_nodes) -> None:
    nodes = new_nodes(12)
    nodes.dead = set(nodes.closest(CHANNEL.place(TODAY), 4))
    deposit = put(nodes, b"hello", priority=1)

    assert deposit.state == State.STORED
    assert not nodes.dead & set(deposit.holders)
    assert len(set(deposit.holders)) == 5


@pytest.mark.parametrize("priority", [0, 1, 2])
def test_all_holders_but_one_may_die(new_nodes, priority) -> None:
    nodes = new_nodes(12)
    deposit = put(nodes, b"hello", priority=priority)
    for survivor in deposit.holders:
        nodes.dead = set(deposit.holders) - {survivor}
        collect = visit()
        items = nodes.run(collect)
        assert texts(items) == [b"hello"]
        assert not collect.complete


def test_insufficient_storage_is_told_and_tried_again(new_nodes) -> None:
    nodes = new_nodes(5)
    nodes.dead = set(nodes.closest(CHANNEL.place(TODAY), 4))
    deposit = put(nodes, b"hello")
    assert deposit.state == State.INSUFFICIENT
    assert deposit.state.value == "insufficient storage"
    assert (deposit.copies, deposit.done) == (1, False)
    assert deposit.copies < COPIES_MIN[0]

    nodes.dead.clear()
    nodes.run(deposit, NOW + AGAIN_MS - 1)
    assert deposit.copies == 1
    nodes.run(deposit, NOW + AGAIN_MS)
    assert deposit.state == State.STORED


def test_copies_beyond_the_least_are_sought_for_a_while(new_nodes) -> None:
    nodes = new_nodes(4)
    nodes.dead = set(nodes.closest(CHANNEL.place(TODAY), 2))
    deposit = put(nodes, b"hello")
    assert (deposit.state, deposit.done) == (State.ENOUGH, False)

    nodes.run(deposit, NOW + EXTRA_MS)
    assert (deposit.state, deposit.copies) == (State.STORED, 2)
    assert deposit.next_at(NOW + EXTRA_MS) is None


def test_a_deposit_gives_up_when_its_time_has_passed(new_nodes) -> None:
    nodes = new_nodes(1)
    deposit = put(nodes, b"hello")
    nodes.run(deposit, NOW + 7 * DAY_MS - 1)
    assert deposit.state == State.INSUFFICIENT
    nodes.run(deposit, NOW + 7 * DAY_MS)
    assert (deposit.state, deposit.done) == (State.EXPIRED, True)


def test_a_node_that_failed_waits_longer_each_time(new_nodes) -> None:
    nodes = new_nodes(1)
    nodes.dead = set(nodes.stores)
    deposit = Deposit(CHANNEL, b"hello", 0, NOW)
    moments, now = [], NOW
    while now < NOW + 3 * HOUR:
        before = len(nodes.asked)
        nodes.run(deposit, now)
        if len(nodes.asked) > before:
            moments.append((now - NOW) // AGAIN_MS)
        now += AGAIN_MS

    assert moments == [0, 1, 3, 7, 15, 31, 63, 123]


def test_a_request_without_an_answer_times_out(new_nodes) -> None:
    nodes = new_nodes(12)
    deposit = Deposit(CHANNEL, b"hello", 0, NOW)
    sends = []
    while deposit.next_at(NOW) == NOW:
        sends += deposit.poll(NOW, nodes.closest)
    assert len(sends) == 3
    assert deposit.next_at(NOW) == NOW + TIMEOUT_MS
    assert deposit.poll(NOW + TIMEOUT_MS - 1, nodes.closest) == []

    nodes.run(deposit, NOW + TIMEOUT_MS)
    late = [nodes.stores[send.node_id].handle(send.request, NOW) for send in sends]
    for send, reply in zip(sends, late, strict=True):
        deposit.receive(send.tag, reply, NOW + TIMEOUT_MS)
    assert deposit.copies == 3
    assert not {send.node_id for send in sends} & set(deposit.holders)


def test_a_lost_answer_makes_no_second_copy(new_nodes) -> None:
    """The node knows the blob, or that the work was taken with it, when it is asked again."""
    nodes = new_nodes(3)
    for erased in (False, True):
        message = b"erased %d" % erased
        deposit = Deposit(CHANNEL, message, 0, NOW)
        while deposit.next_at(NOW) == NOW:
            for send in deposit.poll(NOW, nodes.closest):
                nodes.answer(send, NOW)
                deposit.lost(send.tag, NOW)
        if erased:
            first = visit()
            items = nodes.run(first)
            first.durable(item.item_id for item in items)
            nodes.run(first)
        nodes.run(deposit, NOW + AGAIN_MS)
        assert deposit.state == State.STORED
        assert texts(nodes.run(visit())) == ([] if erased else [message])


def test_the_outbox_survives_a_restart(new_nodes) -> None:
    nodes = new_nodes(5)
    nodes.dead = set(nodes.closest(CHANNEL.place(TODAY), 4))
    for target in (CHANNEL, INBOX, Record(ACCOUNT, week(NOW), SECRET)):
        deposit = put(nodes, b"hello", target=target)
        again = Deposit.decode(deposit.encode())

        assert again.encode() == deposit.encode()
        assert (again.copies, again.holders) == (deposit.copies, deposit.holders)
        assert again.state == State.OPEN
        asked = len(nodes.asked)
        nodes.run(again)
        assert not {n for n, _ in nodes.asked[asked:]} & set(deposit.holders)


def test_a_damaged_outbox_is_refused(new_nodes) -> None:
    data = put(new_nodes(3), b"hello").encode()
    for size in range(len(data)):
        with pytest.raises(Refused):
            Deposit.decode(data[:size])
    head = 1 + 1 + 32
    for broken in (
        data + b"\0",
        b"\2" + data[1:],
        data[:1] + b"\3" + data[2:],
        data[:head] + b"\3" + data[head + 1 :],
        data[: head + 9] + b"\0\x41" + data[head + 11 :],
        data[: head + 11] + b"\xff" * 32 + data[head + 43 :],
    ):
        with pytest.raises(Refused):
            Deposit.decode(broken)


def test_what_fits_no_blob_is_no_deposit() -> None:
    with pytest.raises(ValueError, match="at most"):
        Deposit(CHANNEL, bytes(DATA_MAX + 1), 0, NOW)


def test_secrets_are_not_shown(new_nodes) -> None:
    deposit = Deposit(Channel(b"S" * 32), b"TTTT", 0, NOW)
    [send] = deposit.poll(NOW, lambda *_: [sha256(b"n")], tries=1 << 20)

    assert not any(word in repr([send, deposit]) for word in ("SSS", "TTT"))


def test_work_is_done_in_slices(new_nodes) -> None:
    nodes = new_nodes(1)
    deposit = Deposit(INBOX, b"hello", 0, NOW)
    turns = 0
    while not deposit.poll(NOW, nodes.closest, tries=64):
        turns += 1
        assert deposit.next_at(NOW) == NOW

    assert turns > 64


def raised(code: Code, bits: int, at: int = NOW):
    return lambda _: encode_reply(Refusal(code, bits, work.hour(at)))


def test_more_work_where_a_node_is_loaded(new_nodes) -> None:
    nodes = new_nodes(3)
    for store in nodes.stores.values():
        store._capacity = 8000
        store._used = 5000
    assert put(nodes, b"hello").state == State.STORED
    strengths = []
    for node_id, data in nodes.asked:
        request = decode_request(data)
        given = work.challenge(node_id, request.mailbox, sha256(request.blob), 0, request.hour)
        strengths.append(work.strength(given, request.nonce))
    assert 3 < len(strengths) <= 6, "asked for more, most have to be sent again"
    assert sum(strength >= 12 for strength in strengths) == 3


@pytest.mark.parametrize("bits", [0, 9, 10, work.BITS_MAX + 1, 255])
def test_a_node_that_asks_for_nonsense_gets_nothing(new_nodes, bits) -> None:
    nodes = new_nodes(1)
    nodes.lies = dict.fromkeys(nodes.stores, raised(Code.WORK_LOW, bits))
    deposit = put(nodes, b"hello")

    assert (deposit.state, len(nodes.asked)) == (State.INSUFFICIENT, 1)


def test_a_node_that_asks_for_ever_more_gets_nothing(new_nodes) -> None:
    nodes = new_nodes(1)
    [node_id] = nodes.stores
    asked = iter(range(11, 30))
    nodes.lies[node_id] = lambda data: raised(Code.WORK_LOW, next(asked))(data)
    put(nodes, b"hello")

    assert len(nodes.asked) == 5


@pytest.mark.parametrize("apart", [-5, 5])
def test_a_wrong_clock_is_no_hindrance(new_nodes, apart) -> None:
    """The sender takes over the node's hour for the work; its days are still its own."""
    nodes = new_nodes(3)
    sender = (TODAY * DAY_MS + 12 * HOUR) + apart * HOUR
    noon = TODAY * DAY_MS + 12 * HOUR
    deposit = Deposit(CHANNEL, b"hello", 0, sender)
    for _ in range(1000):
        for send in deposit.poll(sender, nodes.closest):
            deposit.receive(send.tag, nodes.answer(send, noon), sender)
    assert deposit.state == State.STORED
    assert texts(nodes.run(visit(now=noon, since=noon), noon)) == [b"hello"]


@pytest.mark.parametrize("skew", [-HOUR, -1, 0, 1, HOUR])
def test_messages_around_midnight(new_nodes, skew) -> None:
    """The sender's clock may be an hour off; whoever reads at once and later misses nothing."""
    nodes = new_nodes(4)
    midnight = (TODAY + 1) * DAY_MS
    since = midnight - 2 * HOUR
    for offset in (-HOUR, -1, 0, 1, HOUR):
        put(nodes, b"%d" % offset, midnight + offset + skew)
    seen = nodes.run(visit(now=midnight + HOUR, since=since), midnight + HOUR)

    assert texts(seen) == sorted(b"%d" % offset for offset in (-HOUR, -1, 0, 1, HOUR))


def test_duplicates_are_handed_out_once(new_nodes) -> None:
    nodes = new_nodes(12)
    for number in range(20):
        put(nodes, b"message %d" % number, priority=number % 3)
    collect = visit()

    assert texts(nodes.run(collect)) == sorted(b"message %d" % n for n in range(20))


def test_a_message_of_every_size(new_nodes) -> None:
    nodes = new_nodes(3)
    data = [bytes([n]) * size for n, size in enumerate((0, 1, 212, 213, 5000, 300_000, DATA_MAX))]
    for message in data:
        put(nodes, message)

    assert texts(nodes.run(visit())) == sorted(data)
    sizes = {len(r.blob) for _, q in nodes.asked if isinstance(r := decode_request(q), Store)}
    assert all(map(is_bucket, sizes))


def test_nothing_is_erased_before_it_is_durable(new_nodes) -> None:
    nodes = new_nodes(4)
    for number in range(3):
        put(nodes, b"message %d" % number)
    for _ in range(2):
        assert len(nodes.run(visit())) == 3
    collect = visit()
    items = nodes.run(collect)
    assert collect.done
    assert not collect.complete
    collect.durable([items[0].item_id])
    assert not collect.done
    assert collect.next_at(NOW) == NOW
    nodes.run(collect)
    assert not collect.complete

    assert texts(nodes.run(visit())) == texts(items[1:])
    collect.durable(item.item_id for item in items)
    nodes.run(collect)
    assert collect.complete
    assert nodes.run(visit()) == []
    assert all(store.status()["used"] == 0 for store in nodes.stores.values())


def test_a_copy_that_shows_up_later_is_erased_too(new_nodes) -> None:
    nodes = new_nodes(4)
    deposit = put(nodes, b"hello")
    collect = visit()
    sends = collect.poll(NOW, nodes.closest)
    late = [send for send in sends if send.node_id in deposit.holders[1:]]
    for send in sends:
        if send not in late:
            for item in collect.receive(send.tag, nodes.answer(send, NOW), NOW):
                collect.durable([item.item_id])
    for send in late:
        assert collect.receive(send.tag, nodes.answer(send, NOW), NOW) == []
    nodes.run(collect)

    assert collect.complete
    assert all(store.status()["used"] == 0 for store in nodes.stores.values())


def test_mail_that_others_read_too_stays(new_nodes) -> None:
    """A group's mailbox: nobody erases, and who was here goes on behind the cursors."""
    nodes = new_nodes(4)
    put(nodes, b"to all")
    first = visit()
    sends = first.poll(NOW, nodes.closest)
    for send in sends:  # one by one, so that later copies meet an item that is durable already
        for item in first.receive(send.tag, nodes.answer(send, NOW), NOW):
            first.durable([item.item_id], erase=False)
    nodes.run(first)
    assert first.complete
    assert not [data for _, data in nodes.asked if isinstance(decode_request(data), Erase)]

    put(nodes, b"to all again")
    again = Collect(ChannelDoor(SECRET), days_to_read(NOW, NOW), cursors=first.cursors())
    assert texts(nodes.run(again)) == [b"to all again"]
    assert texts(nodes.run(visit())) == [b"to all", b"to all again"]
    assert again.cursors() == first.cursors(), "what is not durable is fetched again"


def test_cursors_stop_before_what_is_not_durable(new_nodes) -> None:
    nodes = new_nodes(3)
    for number in range(3):
        put(nodes, b"message %d" % number)
    collect = visit()
    items = nodes.run(collect)
    kept = [item for item in items if item.data != b"message 1"]
    collect.durable([item.item_id for item in kept], erase=False)
    next_visit = Collect(ChannelDoor(SECRET), days_to_read(NOW, NOW), cursors=collect.cursors())

    assert texts(nodes.run(next_visit)) == [b"message 1", b"message 2"]
    ancient = {(TODAY - 40, sha256(b"n")): 5, (TODAY - 1, sha256(b"n")): 6}
    resumed = Collect(ChannelDoor(SECRET), [TODAY], cursors=ancient)
    assert resumed.cursors() == {(TODAY - 1, sha256(b"n")): 6}


def test_who_was_away_reads_every_day(new_nodes) -> None:
    nodes = new_nodes(12)
    for days in range(7):
        put(nodes, b"day %d" % days, NOW + days * DAY_MS)
    back = NOW + 7 * DAY_MS - HOUR
    for store in nodes.stores.values():
        store.tick(back)

    short, whole = visit(now=back, since=back), visit(now=back)
    assert texts(nodes.run(short, back)) == [b"day 6"]
    items = nodes.run(whole, back)
    assert texts(items) == [b"day %d" % days for days in range(7)]
    whole.durable(item.item_id for item in items)
    nodes.run(whole, back)
    assert whole.complete


def test_an_inbox(new_nodes) -> None:
    nodes = new_nodes(12)
    for number in range(3):
        put(nodes, b"may we talk %d" % number, target=INBOX)
    door = InboxDoor(OWNER)
    collect = visit(door)
    items = nodes.run(collect)
    collect.durable(item.item_id for item in items)
    nodes.run(collect)

    assert len(items) == 3
    assert collect.complete
    asked = len(nodes.asked)
    assert nodes.run(visit(door)) == []
    openings = [data for _, data in nodes.asked[asked:] if data[1] == 5]
    assert openings == [], "tokens are kept from visit to visit"
    assert nodes.run(visit(InboxDoor(SigningKey.from_seed(sha256(b"mallory"))))) == []


def test_an_expired_token_is_asked_for_anew(new_nodes) -> None:
    nodes = new_nodes(3)
    door = InboxDoor(OWNER)
    nodes.run(visit(door))
    later = NOW + 2 * DAY_MS
    put(nodes, b"may we talk", target=INBOX)
    collect = visit(door, later)

    items = nodes.run(collect, later)
    assert texts(items) == [b"may we talk"]
    collect.durable([items[0].item_id])
    nodes.run(collect, later)
    assert collect.complete


def test_a_node_that_takes_no_token_is_given_up(new_nodes) -> None:
    nodes = new_nodes(1)
    [node_id] = nodes.stores
    nodes.lies[node_id] = lambda data: encode_reply(
        Token(bytes(32)) if data[1] == 5 else Refusal(Code.NO_ACCESS, 0, 0)
    )
    collect = visit(InboxDoor(OWNER))
    nodes.run(collect)

    assert collect.done
    assert not collect.complete
    assert len(nodes.asked) <= 2 * 4


def test_junk_in_an_inbox_is_counted_and_erased(new_nodes, ask, solved) -> None:
    nodes = new_nodes(3)
    put(nodes, b"may we talk", target=INBOX)
    for node_id, store in nodes.stores.items():
        ask(store, solved(INBOX, node_id=node_id, blob=random.Random(1).randbytes(300)))
    collect = visit(InboxDoor(OWNER))
    items = nodes.run(collect)

    assert texts(items) == [b"may we talk"]
    assert collect.junk == 3
    assert all(len(nodes.stores) and s.status()["used"] == 300 + 512 for s in nodes.stores.values())


def page(*blobs: bytes, more: bool = False, first: int = 1) -> bytes:
    return encode_reply(Page(more, tuple(enumerate(blobs, start=first))))


@pytest.mark.parametrize(
    "lie",
    [
        b"",
        b"garbage",
        encode_reply(Done(0)),
        encode_reply(Token(bytes(32))),
        encode_reply(Refusal(Code.FULL, 0, 0)),
        encode_reply(Refusal(Code.WORK_LOW, 12, 0)),
        encode_reply(Page(True, ((1, bytes(300)),))),  # again and again the first page
    ],
)
def test_liars_do_no_harm(new_nodes, lie) -> None:
    nodes = new_nodes(6)
    liars = nodes.closest(CHANNEL.place(TODAY), 2)
    nodes.lies = dict.fromkeys(liars, lambda _: lie)
    deposit, collect = put(nodes, b"hello"), visit()

    assert deposit.state == State.STORED
    assert not set(liars) & set(deposit.holders)
    assert texts(nodes.run(collect)) == [b"hello"]
    assert collect.done
    lookup = Lookup(ACCOUNT, len, NOW)
    nodes.run(lookup)
    assert lookup.best is None


def test_endless_pages_end(new_nodes, monkeypatch) -> None:
    monkeypatch.setattr(collect_module, "PAGES_MAX", 5)
    nodes = new_nodes(1)
    [node_id] = nodes.stores

    def endless(data: bytes) -> bytes:
        request = decode_request(data)
        return (
            encode_reply(Done(1))
            if data[1] == 4
            else page(bytes(300), more=True, first=request.after + 1)
        )

    nodes.lies[node_id] = endless
    collect = Collect(ChannelDoor(SECRET), [TODAY])
    nodes.run(collect)

    assert collect.junk == 5
    assert collect.done


def test_no_more_is_fetched_than_is_kept(new_nodes, monkeypatch) -> None:
    monkeypatch.setattr(collect_module, "ITEMS_MAX", 4)
    monkeypatch.setattr(collect_module, "PAGE_MAX", 512)
    nodes = new_nodes(3)
    for number in range(20):
        put(nodes, b"message %d" % number)
    collect, seen, most = visit(), [], 0
    while items := nodes.run(collect):
        assert not collect.complete
        most = max(most, len(items))
        seen += items
        collect.durable(item.item_id for item in items)

    assert texts(seen) == sorted(b"message %d" % n for n in range(20))
    assert most < 4 + 2 * 2 * 3
    assert collect.complete


def keys_of(version: int) -> bytes:
    return b"keys" + bytes([version])


def judge(value: bytes) -> int | None:
    return value[4] if value[:4] == b"keys" and len(value) == 5 else None


def published(nodes, version: int, now: int = NOW, priority: int = 0) -> list[Deposit]:
    deposits = publish(ACCOUNT, SECRET, keys_of(version), priority, now)
    for deposit in deposits:
        nodes.run(deposit, now)
    return deposits


def looked_up(nodes, now: int = NOW) -> Lookup:
    lookup = Lookup(ACCOUNT, judge, now)
    nodes.run(lookup, now)
    assert lookup.done
    assert lookup.next_at(now) is None
    return lookup


def test_published_keys_are_found(new_nodes) -> None:
    nodes = new_nodes(12)
    assert [deposit.copies for deposit in published(nodes, 1)] == [3, 3]

    assert looked_up(nodes).best == keys_of(1)
    other = Lookup(sha256(b"other account"), judge, NOW)
    nodes.run(other)
    assert other.best is None


@pytest.mark.parametrize("days", [0, 6, 7, 13])
def test_published_keys_outlast_an_absence(new_nodes, days) -> None:
    nodes = new_nodes(8)
    published(nodes, 1)
    later = NOW + days * DAY_MS
    for store in nodes.stores.values():
        store.tick(later)

    assert looked_up(nodes, later).best == keys_of(1)


def test_the_newest_genuine_keys_win(new_nodes) -> None:
    nodes = new_nodes(8)
    published(nodes, 2)
    nodes.dead = set(nodes.closest(Record(ACCOUNT, week(NOW)).place(week(NOW)), 1))
    published(nodes, 3)
    nodes.dead.clear()

    assert looked_up(nodes).best == keys_of(3)


def test_forged_and_old_keys_are_outdone(new_nodes) -> None:
    """Liars show garbage, values sealed for nobody, and an old value that was genuine."""
    nodes = new_nodes(10)
    published(nodes, 9, priority=1)
    place = Record(ACCOUNT, week(NOW)).place(week(NOW))
    key = Record(ACCOUNT, week(NOW)).blob_key(week(NOW), b"")
    lies = [
        page(wrap(key, b"forged")),
        page(bytes(300), random.Random(4).randbytes(300)),
        page(wrap(key, keys_of(1))),
        page(wrap(key, keys_of(1)), more=True),
    ]
    liars = nodes.closest(place, 4)
    for liar, lie in zip(liars, lies, strict=True):
        nodes.lies[liar] = lambda _, lie=lie: lie
    lookup = looked_up(nodes)

    assert lookup.best == keys_of(9)
    assert lookup.junk == 3


def test_squatters_are_outbid(new_nodes, ask, solved, monkeypatch) -> None:
    """Where a name is full, the owner's keys take the place of what cost less."""
    monkeypatch.setattr("node.swarm.store.VALUES_MAX", 3)
    nodes = new_nodes(1)
    [(node_id, store)] = nodes.stores.items()
    for number in range(3):
        squatter = Record(ACCOUNT, week(NOW), sha256(b"squatter %d" % number))
        ask(store, solved(squatter, b"junk %d" % number, node_id=node_id))
    for deposit in published(nodes, 1):
        assert deposit.copies == 1

    assert looked_up(nodes).best == keys_of(1)


def test_a_node_sees_nothing_that_it_could_compare(new_nodes) -> None:
    """F-032: no two nodes, and no two days, are asked for the same name, token or blob."""
    nodes = new_nodes(12)
    for days in (0, 1):
        put(nodes, b"hello", NOW + days * DAY_MS)
        put(nodes, b"hello", NOW + days * DAY_MS, target=INBOX)
    nodes.run(visit(now=NOW + DAY_MS), NOW + DAY_MS)
    seen: dict[bytes, set[bytes]] = {}
    for node_id, data in nodes.asked:
        assert not any(s in data for s in (SECRET, INBOX.address, ACCOUNT, b"hello"))
        request = decode_request(data)
        for value in (request.mailbox, request.token, getattr(request, "blob", b"")):
            if any(value):
                seen.setdefault(value, set()).add(node_id)
    assert all(len(nodes_) == 1 for nodes_ in seen.values())
    assert SWARM == 10
    assert WEEK_MS == 7 * DAY_MS
    assert replace(CHANNEL).secret == SECRET


def test_many_messages_among_failing_nodes(new_nodes) -> None:
    """Twenty nodes, of which each is dead a quarter of the time: nothing is lost or doubled."""
    nodes, choose = new_nodes(20), random.Random(11)
    channels = [Channel(sha256(b"channel %d" % n)) for n in range(4)]
    open_deposits, sent, got = [], {c: set() for c in channels}, {c: [] for c in channels}
    visits = {}
    for step in range(60):
        now = NOW + step * HOUR
        nodes.dead = {node for node in nodes.stores if choose.random() < 0.25}
        channel = choose.choice(channels)
        message = b"message %d" % step
        sent[channel].add(message)
        open_deposits.append(Deposit(channel, message, choose.randrange(2), now))
        for deposit in open_deposits:
            nodes.run(deposit, now)
        open_deposits = [
            Deposit.decode(deposit.encode()) if choose.random() < 0.2 else deposit
            for deposit in open_deposits
            if not deposit.done
        ]
        reader = choose.choice(channels)
        since = visits.get(reader, NOW)
        collect = Collect(ChannelDoor(reader.secret), days_to_read(since, now))
        for item in nodes.run(collect, now):
            if item.data not in got[reader]:
                got[reader].append(item.data)
            if choose.random() < 0.9:
                collect.durable([item.item_id])
        nodes.run(collect, now)
        if collect.complete:
            visits[reader] = now
    nodes.dead = set()
    end = NOW + 64 * HOUR
    for deposit in open_deposits:
        nodes.run(deposit, end)
        assert deposit.copies >= 2
    for channel in channels:
        collect = Collect(ChannelDoor(channel.secret), days_to_read(NOW, end))
        got[channel] += [i.data for i in nodes.run(collect, end) if i.data not in got[channel]]
        assert sorted(got[channel]) == sorted(sent[channel])
