"""The routing table: where nodes belong, who stays, who goes, and how much one network gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.dht.contacts import Contact, networks
from node.dht.table import (
    BUCKETS,
    LIE,
    MISSES_APART_MS,
    PER_BUCKET_NETWORK_MAX,
    PER_TABLE_NETWORK_MAX,
    PROBE_MS,
    SHUNNED_MAX,
    SHUNNED_MS,
    TRUSTED_AFTER_MS,
    TRUSTED_SHARE,
    K,
    Table,
    bucket_index,
)
from node.identity import Multiaddr

OWN = bytes(32)
FAR = 255


def at(distance: int, network: int | None = None) -> tuple[Contact, frozenset[str]]:
    """Return a node at a distance from zero, in a network of its own if none is given."""
    contact = Contact(distance.to_bytes(32, "big"), (b"\0\x0b\0\0\1\x23\x28",))
    return contact, frozenset({f"{distance if network is None else network}"})


def new_table(*staked: int) -> Table:
    ids = {distance.to_bytes(32, "big") for distance in staked}
    return Table(OWN, lambda peer_id: int(peer_id in ids))


def full(table: Table, bit: int = FAR) -> list[Contact]:
    """Fill a bucket; return who is in it, the first to come first."""
    for number in range(K):
        table.heard(*at((1 << bit) + number), now=number)
    return [entry.contact for entry in table.entries()]


@pytest.mark.parametrize("bit", range(BUCKETS))
def test_bucket_holds_its_range_and_nothing_else(bit: int) -> None:
    low, high = 1 << bit, (1 << bit + 1) - 1
    assert bucket_index(OWN, low.to_bytes(32, "big")) == bit
    assert bucket_index(OWN, high.to_bytes(32, "big")) == bit
    assert bucket_index(OWN, (low - 1).to_bytes(32, "big")) == bit - 1
    table = new_table()
    table.heard(*at(low), now=0)
    table.heard(*at(high), now=0)
    assert list(table.bucket_of(at(low)[0].peer_id).entries) == list(
        dict.fromkeys([at(low)[0].peer_id, at(high)[0].peer_id])
    )


def test_distance_is_taken_from_the_own_id() -> None:
    own, other = b"\xf0" + bytes(31), b"\x0f" + bytes(31)
    assert bucket_index(own, other) == 255
    assert bucket_index(own, b"\xf1" + bytes(31)) == 248
    assert bucket_index(own, own) == -1


def test_a_node_is_never_in_its_own_table() -> None:
    table = new_table()
    table.heard(*at(0), now=0)
    assert len(table) == 0


def test_a_client_without_an_address_is_in_nobodys_table() -> None:
    table = new_table()
    table.heard(Contact(b"\1" * 32, ()), frozenset(), now=0)
    assert len(table) == 0


def test_who_was_heard_last_is_last() -> None:
    table = new_table()
    first, second = full(table)[:2]
    table.heard(*at(1 << FAR), now=100)
    order = list(table.bucket_of(first.peer_id).entries)
    assert order[0] == second.peer_id
    assert order[-1] == first.peer_id


def test_a_newcomer_waits_and_the_longest_silent_is_probed() -> None:
    table = new_table()
    held = full(table)
    probed = table.heard(*at((1 << FAR) + K), now=PROBE_MS)
    assert probed == held[0]
    assert [entry.contact for entry in table.entries()] == held
    assert table.heard(*at((1 << FAR) + K + 1), now=PROBE_MS + 1) is None, "probed a moment ago"


def test_out_after_three_misses_and_who_waited_longest_comes_in() -> None:
    table = new_table()
    held = full(table)
    for number in (K, K + 1):
        table.heard(*at((1 << FAR) + number), now=100 + number)
    table.heard(*at((1 << FAR) + K), now=200)
    gone = held[3].peer_id
    times = (0, MISSES_APART_MS - 1, MISSES_APART_MS, 3 * MISSES_APART_MS)
    assert [table.missed(gone, now) for now in times] == [False, False, False, True]
    assert gone not in table
    assert at((1 << FAR) + K)[0].peer_id in table
    assert at((1 << FAR) + K + 1)[0].peer_id not in table


def test_an_answer_clears_the_misses() -> None:
    table = new_table()
    full(table)
    node = at(1 << FAR)
    for turn in range(5):
        assert not table.missed(node[0].peer_id, 2 * turn * MISSES_APART_MS)
        assert not table.missed(node[0].peer_id, (2 * turn + 1) * MISSES_APART_MS)
        table.heard(*node, now=50)
    assert node[0].peer_id in table


def test_those_who_wait_are_bounded() -> None:
    table = new_table()
    full(table)
    for number in range(K, 10 * K):
        table.heard(*at((1 << FAR) + number), now=number)
    assert len(table.bucket_of(at(1 << FAR)[0].peer_id).waiting) == K


def test_a_network_gets_few_places_of_a_bucket() -> None:
    table = new_table()
    for number in range(K):
        table.heard(*at((1 << FAR) + number, network=7), now=0)
    assert len(table) == PER_BUCKET_NETWORK_MAX
    assert not table.bucket_of(at(1 << FAR)[0].peer_id).waiting


def test_a_network_gets_few_places_of_the_table() -> None:
    table = new_table()
    for bit in range(200, 256):
        table.heard(*at(1 << bit, network=7), now=0)
        table.heard(*at((1 << bit) + 1, network=7), now=0)
    assert len(table) == PER_TABLE_NETWORK_MAX
    gone = table.entries()[0].contact.peer_id
    for turn in range(3):
        table.missed(gone, turn * MISSES_APART_MS)
    table.heard(*at(1 << 199, network=7), now=0)
    assert len(table) == PER_TABLE_NETWORK_MAX, "a place that is left can be taken again"


@pytest.mark.parametrize("taken", [6, 10])
def test_a_bucket_is_eclipsed_only_from_more_than_six_tenths_of_its_networks(taken: int) -> None:
    """Nodes come from sixteen networks. The attacker comes first, with any number of ids."""
    table = new_table()
    for number in range(1000):
        table.heard(*at((1 << FAR) + number, network=number % taken), now=0)
    for number in range(1000, 1032):
        table.heard(*at((1 << FAR) + number, network=taken + number % (16 - taken)), now=1)
    honest = sum(
        int.from_bytes(e.contact.peer_id, "big") >= (1 << FAR) + 1000 for e in table.entries()
    )
    assert honest == K - 2 * taken if taken < 10 else honest == 0


def test_who_moves_into_a_full_network_keeps_the_old_address() -> None:
    table = new_table()
    for number in range(PER_BUCKET_NETWORK_MAX):
        table.heard(*at((1 << FAR) + number, network=7), now=0)
    contact, own = at((1 << FAR) + 9)
    table.heard(contact, own, now=0)
    moved = Contact(contact.peer_id, (b"\0\x0c\0\0\1\x23\x28",))
    table.heard(moved, frozenset({"7"}), now=1)
    assert table.entry(contact.peer_id).contact == contact
    table.heard(moved, frozenset({"8"}), now=1)
    assert table.entry(contact.peer_id).contact == moved


def test_a_stake_takes_the_place_of_the_newest_without() -> None:
    staked = (1 << FAR) + 99
    table = new_table(staked)
    held = full(table)
    table.heard(*at(staked), now=1000)
    assert staked.to_bytes(32, "big") in table
    assert held[0].peer_id in table
    assert held[-1].peer_id not in table


def test_a_stake_takes_no_place_of_a_stake() -> None:
    ids = [(1 << FAR) + number for number in range(K + 1)]
    table = new_table(*ids)
    held = full(table)
    table.heard(*at(ids[-1]), now=1000)
    assert [entry.contact for entry in table.entries()] == held


def test_a_liar_is_shunned_for_an_hour() -> None:
    table = new_table()
    held = full(table)
    table.rate(held[0].peer_id, 8, 0)
    table.rate(held[0].peer_id, LIE, 0)
    assert held[0].peer_id not in table
    table.heard(*at(1 << FAR), now=SHUNNED_MS - 1)
    assert held[0].peer_id not in table
    table.heard(*at(1 << FAR), now=SHUNNED_MS)
    assert held[0].peer_id in table


def test_liars_that_are_remembered_are_bounded() -> None:
    table = new_table()
    for number in range(2 * SHUNNED_MAX):
        table.rate(number.to_bytes(32, "big"), LIE, 0)
    assert sum(table.is_shunned(n.to_bytes(32, "big"), 1) for n in range(2 * SHUNNED_MAX)) == (
        SHUNNED_MAX
    )


def test_trust_is_a_stake_or_a_day_without_a_lie() -> None:
    table = new_table(1)
    table.heard(*at(1), now=0)
    table.heard(*at(2), now=0)
    table.heard(*at(4), now=0)
    table.rate(at(4)[0].peer_id, -1, 0)
    day = TRUSTED_AFTER_MS
    trusted = [[table.is_trusted(at(n)[0].peer_id, now) for n in (1, 2, 4, 8)] for now in (0, day)]
    assert trusted == [[True, False, False, False], [True, True, False, False]]


def test_answers_keep_a_share_for_the_trusted() -> None:
    """Twenty nodes without a stake are closest; ten with one are farther away."""
    far = [1 << bit for bit in range(200, 210)]
    table = new_table(*far)
    for number in range(1, K + 1):
        table.heard(*at(number), now=0)
    for distance in far:
        table.heard(*at(distance), now=0)
    told = [int.from_bytes(contact.peer_id, "big") for contact in table.told(OWN, 0)]
    assert told == [*range(1, K + 1 - TRUSTED_SHARE), *far[:TRUSTED_SHARE]]
    plain = new_table()
    for number in range(1, 2 * K):
        plain.heard(*at(number), now=0)
    assert plain.told(OWN, 0) == plain.closest(OWN)


@given(
    st.sets(st.binary(min_size=32, max_size=32), max_size=60), st.binary(min_size=32, max_size=32)
)
def test_closest_is_what_sorting_gives(ids: set[bytes], place: bytes) -> None:
    table = Table(b"\x55" * 32, lambda peer_id: 0)
    for peer_id in sorted(ids):
        table.heard(Contact(peer_id, (b"\0\x0b\0\0\1\x23\x28",)), frozenset(), now=0)

    def distance(contact: Contact) -> int:
        return int.from_bytes(contact.peer_id, "big") ^ int.from_bytes(place, "big")

    everyone = sorted((entry.contact for entry in table.entries()), key=distance)
    assert table.closest(place) == everyone[:K]
    if everyone:
        assert table.closest(place, but=everyone[0].peer_id) == everyone[1 : K + 1]


def test_networks_are_those_where_a_node_was_seen() -> None:
    def counted(seen: str | None, *claimed: str) -> list[str]:
        contact = Contact.at(bytes(32), *claimed)
        return sorted(networks(contact, Multiaddr.parse(seen) if seen else None))

    assert counted(None, "/ip4/8.8.1.1/tcp/1") == ["0808"]
    assert counted(None, "/ip4/8.8.1.1/tcp/1", "/ip6/2a00:1450::1/tcp/1") == ["0808", "2a001450"]
    assert counted("/ip4/9.9.9.9/tcp/5", "/ip4/8.8.1.1/udp/1/quic-v1") == ["0808", "0909"]
    assert counted("/ip4/127.0.0.1/tcp/5", "/ip4/127.0.0.1/tcp/1") == []
    assert counted("/ip4/192.168.1.7/tcp/5", "/ip4/8.8.1.1/tcp/1") == ["192.168.1.7"]
