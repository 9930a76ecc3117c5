"""Records of nodes: who may say what, how many of whom, and who is closest."""

import random
from dataclasses import replace

import pytest

from node.codec import Refused
from node.crypto import HYBRID_PUBLIC, SIGNATURE, SIGNING_PUBLIC, SigningKey, sha256
from node.identity import Multiaddr
from node.swarm import directory as directory_module
from node.swarm import exchange as exchange_module
from node.swarm.directory import (
    LIFE_MAX_MS,
    PER_NETWORK_MAX,
    RELAY,
    SKEW_MS,
    STORE,
    Directory,
    is_signed,
    network_of,
    read_record,
    sign_record,
)
from node.swarm.exchange import HAVE_MAX, PATIENCE_MS, SERVED_MAX, WANT_MAX, Exchange

NOW = 1_790_000_000_000
HOUR = 3_600_000
NETWORK = 6133
KEYS = [SigningKey.from_seed(sha256(b"node %d" % number)) for number in range(40)]


def signed(number: int, **changes) -> bytes:
    fields = {
        "network": NETWORK,
        "sequence": NOW,
        "expires": NOW + 24 * HOUR,
        "services": RELAY | STORE,
        "onion": sha256(b"onion %d" % number) * (HYBRID_PUBLIC // 32),
        "onion_until": NOW + 24 * HOUR,
        "addresses": (Multiaddr.parse(f"/ip4/10.{number}.0.1/tcp/9000"),),
    }
    return sign_record(KEYS[number], **{**fields, **changes})


def peer(number: int) -> bytes:
    return sha256(KEYS[number].public)


def filled(count: int, own: int = 0) -> Directory:
    directory = Directory(peer(own), NETWORK)
    for number in range(count):
        directory.add(signed(number), NOW)
    return directory


def test_a_record_says_what_was_signed() -> None:
    addresses = tuple(
        map(
            Multiaddr.parse,
            ["/ip4/10.1.2.3/tcp/9000", "/ip6/2001:db8::1/tcp/1", "/dns4/a.b.org/tcp/2"],
        )
    )
    record = read_record(signed(1, addresses=addresses, services=5, sequence=7))

    assert (record.peer_id, record.sequence, record.services) == (peer(1), 7, 5)
    assert record.addresses == addresses
    assert record.onion == sha256(b"onion 1") * (HYBRID_PUBLIC // 32)
    assert record.networks == {"0a01", "20010db8", "b.org"}
    assert is_signed(record)


def test_networks() -> None:
    same = ["/ip4/10.1.2.3/tcp/9000", "/ip4/10.1.200.3/tcp/1"]
    assert len({network_of(Multiaddr.parse(text)) for text in same}) == 1
    other = ["/ip4/10.2.2.3/tcp/9000", "/ip4/11.1.2.3/tcp/9000", "/dns4/org/tcp/1"]
    assert len({network_of(Multiaddr.parse(text)) for text in [*same, *other]}) == 4


def test_every_cut_and_flip_of_a_record_is_refused() -> None:
    data = signed(1)
    keys = len(data) - SIGNATURE
    places = [*range(31), *range(31, keys, 97), *range(keys - 40, len(data), 61), len(data) - 1]
    for at in places:
        with pytest.raises(Refused):
            Directory(peer(0), NETWORK).add(data[:at], NOW)
        flipped = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        with pytest.raises(Refused):
            Directory(peer(0), NETWORK).add(flipped, NOW)
    with pytest.raises(Refused, match="trailing"):
        read_record(data + b"\0")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"network": 6134}, "another network"),
        ({"expires": NOW}, "expired"),
        ({"expires": NOW + LIFE_MAX_MS + SKEW_MS + 1}, "lives too long"),
        ({"addresses": ()}, "wrong number of addresses"),
        (
            {"addresses": tuple(Multiaddr("ip4", f"10.0.0.{n}", 1) for n in range(9))},
            "wrong number of addresses",
        ),
        ({"addresses": (Multiaddr("ip4", "10.0.0.1", 1),) * 2}, "address twice"),
        ({"addresses": (Multiaddr("ip4", "10.0.0.1", 1, bytes(32)),)}, "with an id"),
    ],
)
def test_broken_records(changes, reason) -> None:
    with pytest.raises(Refused, match=reason):
        Directory(peer(0), NETWORK).add(signed(1, **changes), NOW)


def test_another_key_cannot_speak_for_a_node() -> None:
    genuine, forged = signed(1), signed(2)
    spliced = genuine[:-SIGNATURE] + forged[-SIGNATURE:]

    with pytest.raises(Refused, match="wrong signature"):
        Directory(peer(0), NETWORK).add(spliced, NOW)
    with pytest.raises(Refused, match="too long"):
        read_record(bytes(16385))


def test_only_a_later_record_replaces() -> None:
    directory = filled(2)

    assert directory.add(signed(1, sequence=NOW + 1, services=RELAY), NOW)
    assert not directory.add(signed(1), NOW)
    assert not directory.add(signed(1, sequence=NOW + 1, services=STORE), NOW)
    assert directory.record(peer(1)).services == RELAY
    assert len(directory) == 2


def test_a_node_is_not_told_what_it_is() -> None:
    directory = filled(1)

    assert not directory.add(signed(0, sequence=NOW + 9), NOW, source=peer(1))
    assert directory.record(peer(0)).sequence == NOW


def test_updates_are_bounded() -> None:
    directory = filled(2)
    for step in range(1, directory_module.UPDATES_MAX + 1):
        assert directory.add(signed(1, sequence=NOW + step), NOW, peer(2))
    newest = signed(1, sequence=NOW + 99)

    with pytest.raises(Refused, match="too often"):
        directory.add(newest, NOW, peer(2))
    directory.tick(NOW + HOUR)
    assert directory.add(newest, NOW + HOUR, peer(2))


def test_closest_is_by_xor() -> None:
    directory = filled(20)
    for place in (sha256(b"somewhere"), peer(3), bytes(32)):
        expected = sorted(
            (peer(n) for n in range(1, 20)),
            key=lambda k: [a ^ b for a, b in zip(k, place, strict=True)],
        )
        assert [r.peer_id for r in directory.closest(place, 5, NOW)] == expected[:5]


def test_who_is_left_out() -> None:
    directory = filled(1)
    directory.add(signed(1, services=RELAY), NOW)
    directory.add(signed(2, services=STORE), NOW)
    directory.add(signed(3, onion_until=NOW + HOUR), NOW)
    directory.add(signed(4, expires=NOW + 2 * HOUR), NOW)

    def relays(now: int) -> set[bytes]:
        return {record.peer_id for record in directory.relays(now)}

    def stores(now: int) -> set[bytes]:
        return {record.peer_id for record in directory.closest(bytes(32), 99, now)}

    assert relays(NOW) == {peer(1), peer(3), peer(4)}
    assert stores(NOW) == {peer(2), peer(3), peer(4)}
    assert relays(NOW + HOUR) == {peer(1), peer(4)}
    assert stores(NOW + 2 * HOUR) == {peer(2)}
    directory.tick(NOW + 2 * HOUR)
    assert len(directory) == 4


def test_bad_marks_and_their_fading() -> None:
    directory = filled(3)
    for _ in range(20):
        directory.note(peer(1), good=False)
    directory.note(peer(2), good=True)
    directory.note(sha256(b"nobody"), good=False)
    assert [r.peer_id for r in directory.relays(NOW)] == [peer(2)]

    for hours in range(1, 6):
        directory.tick(NOW + hours * HOUR)
    assert {r.peer_id for r in directory.relays(NOW)} == {peer(1), peer(2)}


def test_a_network_has_a_share(monkeypatch) -> None:
    monkeypatch.setattr(directory_module, "PER_NETWORK_MAX", 3)
    directory = Directory(peer(0), NETWORK)
    there = {
        n: (Multiaddr.parse(f"/ip4/10.9.{n}.1/tcp/9000"), Multiaddr.parse(f"/ip4/7.{n}.1.1/tcp/1"))
        for n in range(6)
    }
    for number in (1, 2, 3):
        directory.add(signed(number, addresses=there[number]), NOW)

    with pytest.raises(Refused, match="too many in one network"):
        directory.add(signed(4, addresses=there[4]), NOW)
    assert directory.add(signed(3, addresses=there[3], sequence=NOW + 1), NOW)
    assert directory.add(signed(5), NOW)
    assert directory.add(signed(0, addresses=there[0]), NOW), "one's own always fits"
    assert PER_NETWORK_MAX == 64


def test_a_neighbour_has_a_share(monkeypatch) -> None:
    monkeypatch.setattr(directory_module, "PER_SOURCE_MAX", 2)
    directory = Directory(peer(0), NETWORK)
    for number in (1, 2):
        directory.add(signed(number), NOW, source=peer(9))

    with pytest.raises(Refused, match="too many from one neighbour"):
        directory.add(signed(3), NOW, source=peer(9))
    assert directory.room_for(peer(9)) == 0
    assert directory.add(signed(3), NOW, source=peer(8))


def test_a_full_table_gives_up_the_worst_only() -> None:
    directory = Directory(peer(0), NETWORK, capacity=3)
    for number in (1, 2, 3):
        directory.add(signed(number), NOW)
    with pytest.raises(Refused, match="full"):
        directory.add(signed(4), NOW)

    directory.note(peer(2), good=False)
    assert directory.add(signed(4), NOW)
    assert {r.peer_id for r in directory.relays(NOW)} == {peer(1), peer(3), peer(4)}


def test_the_next_start() -> None:
    directory = filled(6)
    saved = directory.encode()
    again, later, cut = (Directory(peer(0), NETWORK) for _ in range(3))

    assert again.load(saved, NOW) == 6
    assert {r.peer_id for r in again.relays(NOW)} == {peer(n) for n in range(1, 6)}
    assert later.load(saved, NOW + 25 * HOUR) == 0
    assert cut.load(saved[:-1], NOW) == 5
    size = len(saved) // 6
    inside = saved[:4] + b"\2" + saved[5:size] + saved[size : 2 * size]
    assert Directory(peer(0), NETWORK).load(inside, NOW) == 1, "the others are intact"
    choose = random.Random(2)
    for _ in range(200):
        at = choose.randrange(len(saved))
        damaged = saved[:at] + bytes([saved[at] ^ 1 << choose.randrange(8)]) + saved[at + 1 :]
        assert Directory(peer(0), NETWORK).load(damaged[: choose.randrange(30_000)], NOW) <= 3


def talk(first: Exchange, second: Exchange, now: int = NOW, rounds: int = 20) -> int:
    """Carry messages to and fro until nobody has more to say; return the bytes."""
    to_second, to_first, carried = first.poll(now), second.poll(now), 0
    while (to_second or to_first) and rounds:
        rounds -= 1
        carried += sum(map(len, to_second + to_first))
        replies = [reply for message in to_second for reply in second.receive(message, now)]
        to_second = [reply for message in to_first for reply in first.receive(message, now)]
        to_first = replies
    return carried


def test_two_neighbours_come_to_know_the_same() -> None:
    one, two = Directory(peer(0), NETWORK), Directory(peer(1), NETWORK)
    for number in range(0, 40, 2):
        one.add(signed(number), NOW)
    for number in range(1, 40, 2):
        two.add(signed(number), NOW)
    ends = Exchange(one, peer(1), NOW), Exchange(two, peer(0), NOW)
    talk(*ends)

    assert len(one) == len(two) == 40
    assert talk(*ends) < 40 * 60, "what came from there is offered back once, by ids"
    assert talk(*ends) == 0
    one.add(signed(8, sequence=NOW + 1), NOW)
    assert talk(*ends) < 10_000
    assert two.record(peer(8)).sequence == NOW + 1


def test_news_travel_along_a_chain() -> None:
    tables = [Directory(peer(n), NETWORK) for n in range(4)]
    for number, table in enumerate(tables):
        table.add(signed(number), NOW)
    links = [
        (Exchange(tables[n], peer(n + 1), NOW), Exchange(tables[n + 1], peer(n), NOW))
        for n in range(3)
    ]
    for _ in range(3):
        for link in links:
            talk(*link)

    assert [len(table) for table in tables] == [4, 4, 4, 4]


def test_more_than_one_message(monkeypatch) -> None:
    monkeypatch.setattr(exchange_module, "WANT_MAX", 4)
    monkeypatch.setattr(exchange_module, "HAVE_MAX", 7)
    one, two = filled(20), Directory(peer(1), NETWORK)
    ends = Exchange(one, peer(1), NOW), Exchange(two, peer(0), NOW)
    for _ in range(3):
        talk(*ends)

    assert len(two) == 19 + 0  # its own record it makes itself
    assert (WANT_MAX, HAVE_MAX, SERVED_MAX) == (64, 1024, 2048)


def test_nothing_is_taken_unasked() -> None:
    directory = filled(2)
    ours = Exchange(directory, peer(9), NOW)
    record = signed(5)
    unasked = b"\1\3\0\1" + len(record).to_bytes(4, "big") + record
    with pytest.raises(Refused, match="not asked for"):
        ours.receive(unasked, NOW)

    [want] = ours.receive(b"\1\1\0\1" + peer(6) + NOW.to_bytes(8, "big"), NOW)
    assert want == b"\1\2\0\1" + peer(6)
    with pytest.raises(Refused, match="not asked for"):
        ours.receive(unasked, NOW)
    assert directory.record(peer(5)) is None


def test_an_offer_of_what_is_known_asks_nothing() -> None:
    ours = Exchange(filled(3), peer(9), NOW)

    assert ours.receive(b"\1\1\0\1" + peer(2) + NOW.to_bytes(8, "big"), NOW) == []
    [want] = ours.receive(b"\1\1\0\1" + peer(2) + (NOW + 1).to_bytes(8, "big"), NOW)
    assert ours.receive(b"\1\1\0\1" + peer(7) + NOW.to_bytes(8, "big"), NOW) == []
    assert ours.receive(b"\1\3\0\0", NOW) == [b"\1\2\0\1" + peer(7)]
    assert want == b"\1\2\0\1" + peer(2)


def test_a_silent_neighbour_is_asked_again() -> None:
    ours = Exchange(filled(1), peer(9), NOW)
    ours.receive(b"\1\1\0\1" + peer(2) + NOW.to_bytes(8, "big"), NOW)
    later = ours.receive(b"\1\1\0\1" + peer(3) + NOW.to_bytes(8, "big"), NOW + PATIENCE_MS - 1)

    assert later == []
    assert ours.poll(NOW + PATIENCE_MS)[-1] == b"\1\2\0\1" + peer(3)


def test_a_neighbour_is_not_served_without_end(monkeypatch) -> None:
    monkeypatch.setattr(exchange_module, "SERVED_MAX", 2)
    ours = Exchange(filled(3), peer(9), NOW)
    want = b"\1\2\0\1" + peer(2)
    assert all(ours.receive(want, NOW) for _ in range(2))

    with pytest.raises(Refused, match="asks too much"):
        ours.receive(want, NOW)
    assert len(ours.receive(want, NOW + 1000)) == 1


def test_where_there_is_no_room_nothing_is_asked(monkeypatch) -> None:
    monkeypatch.setattr(directory_module, "PER_SOURCE_MAX", 3)
    one, two = filled(10), Directory(peer(30), NETWORK)
    talk(Exchange(one, peer(30), NOW), Exchange(two, peer(0), NOW))

    assert len(two) == 3


def test_a_record_without_room_is_counted(monkeypatch) -> None:
    one, two = filled(6), Directory(peer(30), NETWORK, capacity=3)
    ours = Exchange(two, peer(0), NOW)
    talk(Exchange(one, peer(30), NOW), ours)

    assert len(two) == 3
    assert ours.refused == {"directory: full": 3}


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "too short"),
        (b"\2\1\0\1", "unknown version"),
        (b"\1\0\0\1", "unknown message"),
        (b"\1\4\0\1", "unknown message"),
        (b"\1\1\0\0", "unknown message"),
        (b"\1\1\4\1", "unknown message"),
        (b"\1\2\0\0", "unknown message"),
        (b"\1\2\0\x41", "unknown message"),
        (b"\1\3\0\x41", "unknown message"),
        (b"\1\1\0\1" + bytes(39), "too short"),
        (b"\1\1\0\1" + bytes(41), "trailing"),
        (b"\1\1\0\2" + bytes(80), "out of order"),
        (b"\1\2\0\2" + bytes(64), "out of order"),
        (b"\1\3\0\1" + (16385).to_bytes(4, "big"), "too long"),
        (b"\1\3\0\1" + bytes(4), "too short"),
    ],
)
def test_broken_messages(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        Exchange(filled(1), peer(9), NOW).receive(data, NOW)


def test_every_cut_of_a_message_is_refused() -> None:
    ours = Exchange(filled(2), peer(9), NOW)
    [have] = ours.poll(NOW)
    [records] = ours.receive(b"\1\2\0\1" + peer(1), NOW)
    for message in (have, records):
        for size in [*range(min(len(message), 120)), len(message) - 1]:
            with pytest.raises(Refused):
                Exchange(filled(1), peer(9), NOW).receive(message[:size], NOW)


def test_an_entry_takes_little_memory() -> None:
    record = read_record(signed(1))

    assert len(record.raw) < SIGNING_PUBLIC + HYBRID_PUBLIC + SIGNATURE + 100
    assert replace(record, services=0).raw is record.raw
