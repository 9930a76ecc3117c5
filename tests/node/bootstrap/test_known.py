"""Old contacts: the best first, nobody with too large a share, room for those not met yet."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.bootstrap.contact import Contact, contacts_of, spread
from node.bootstrap.known import (
    CAPACITY,
    PER_NETWORK_MAX,
    PREFIX,
    SCORE_MAX,
    SEQUENCE,
    UNPROVEN_MAX,
    WRITE_AGAIN_MS,
    Entry,
    Known,
)
from node.codec import Reader, Refused
from node.identity import Multiaddr, peer_text

OWN = bytes(32)


def test_good_ones_rise_and_bad_ones_sink(store, contact) -> None:
    known = Known(OWN, store)
    for number in range(3):
        known.good(contact(number), 1_000)
    known.good(contact(2), 2_000)
    known.bad(contact(0).peer_id)

    assert known.candidates() == [contact(2), contact(1), contact(0)]


def test_it_is_there_after_a_restart(store, contact) -> None:
    known = Known(OWN, store)
    for number in range(20):
        known.good(contact(number), 1_000 + number)
    known.used(5)
    known.used(3)

    again = Known(OWN, store)

    assert again.candidates() == known.candidates()
    assert len(again) == 20
    assert again.sequence == 5
    assert again.damaged == 0


def test_one_that_fell_silent_comes_back_at_once(store, contact) -> None:
    known = Known(OWN, store)
    known.good(contact(1), 1)
    for _ in range(20):
        known.bad(contact(1).peer_id)
    known.good(contact(1), 2)
    known.heard(contact(2))
    assert known.candidates() == [contact(1), contact(2)]


def test_all_known_blocked_leaves_room_for_newcomers(store, contact) -> None:
    """F-223: the table is full of nodes that no longer answer."""
    known = Known(OWN, store)
    for number in range(CAPACITY):
        known.good(contact(number), 1_000)
    assert len(known) == CAPACITY
    for number in range(CAPACITY):
        known.bad(contact(number).peer_id)
        known.bad(contact(number).peer_id)

    for number in range(1_000, 1_010):
        known.heard(contact(number))

    newcomers = [contact(number) for number in range(1_000, 1_010)]
    assert set(known.candidates()[:20]) >= set(newcomers)
    assert len(known) == CAPACITY


def test_tales_have_a_share_of_their_own(store, contact) -> None:
    known = Known(OWN, store)
    known.good(contact(0), 1_000)
    for number in range(1, 500):
        known.heard(contact(number))
    assert len(known) == 1 + UNPROVEN_MAX
    assert known.candidates()[0] == contact(0)


def test_a_network_has_a_share_of_its_own(store, contact) -> None:
    known = Known(OWN, store)
    for number in range(100):
        known.good(contact(number, network=7), 1_000)
    known.good(contact(200, network=8), 1_000)
    assert len(known) == PER_NETWORK_MAX + 1
    assert contact(200, network=8) in known.candidates()[:2]


def test_itself_is_never_kept(store, contact) -> None:
    known = Known(contact(1).peer_id, store)
    known.good(contact(1), 1)
    known.heard(contact(1))
    assert len(known) == 0
    assert store.kept == {}


def test_what_could_not_be_read_back_is_not_kept(store, contact) -> None:
    known = Known(OWN, store)
    known.good(contact(1)._replace(addresses=()), 1)
    known.heard(contact(2)._replace(addresses=contact(2).addresses * 9))
    assert store.kept == {}
    store.kept[SEQUENCE] = b"\xff" * 9
    assert Known(OWN, store).sequence == 0


def test_a_new_address_takes_the_place_of_the_old(store, contact) -> None:
    known = Known(OWN, store)
    known.good(contact(1), 1)
    moved = contact(1)._replace(addresses=contact(2).addresses)
    known.good(moved, 2)
    assert Known(OWN, store).candidates() == [moved]


def test_a_steady_link_writes_seldom(store, contact) -> None:
    known = Known(OWN, store)
    for now in range(SCORE_MAX + 50):
        known.good(contact(1), now)
    assert store.commits == SCORE_MAX
    known.good(contact(1), WRITE_AGAIN_MS + SCORE_MAX)
    assert store.commits == SCORE_MAX + 1


def test_damaged_rows_are_dropped_and_counted(store, contact) -> None:
    Known(OWN, store).good(contact(1), 1)
    good = store.kept[PREFIX + contact(1).peer_id]
    store.kept[PREFIX + contact(2).peer_id] = good
    store.kept[PREFIX + b"x"] = b"junk"
    store.kept[PREFIX + b"y"] = b"\2" + good[1:]

    known = Known(OWN, store)

    assert known.damaged == 3
    assert known.candidates() == [contact(1)]
    assert Known(OWN, store).damaged == 0


def test_a_commit_that_failed_leaves_a_table_that_opens(store, contact) -> None:
    known = Known(OWN, store)
    known.good(contact(1), 1)
    store.fails_at = store.commits + 1
    with pytest.raises(OSError, match="power"):
        known.good(contact(2), 2)
    assert Known(OWN, store).candidates() == [contact(1)]


def test_every_truncation_and_changed_field_of_a_row(contact, flipped) -> None:
    entry = Entry(contact(3), -2, 77)
    data = entry.encode()
    assert Entry.decode(data) == entry
    for place in range(len(data)):
        with pytest.raises(Refused):
            Entry.decode(data[:place])
        try:
            assert Entry.decode(flipped(data, place)) != entry
        except Refused:
            continue


@given(st.binary(max_size=200))
def test_any_bytes_are_refused_or_written_the_same(data: bytes) -> None:
    try:
        entry = Entry.decode(data)
    except Refused:
        return
    assert entry.encode() == data


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ghb")), max_size=120))
def test_memory_and_store_stay_one(make_store, steps) -> None:
    store = make_store()
    known = Known(OWN, store)
    for now, (number, step) in enumerate(steps):
        each = Contact(bytes([number]) * 32, (Multiaddr("ip4", f"10.{number % 3}.0.{number}", 1),))
        if step == "g":
            known.good(each, now)
        elif step == "h":
            known.heard(each)
        else:
            known.bad(each.peer_id)
    again = Known(OWN, store)
    assert sorted(again.candidates()) == sorted(known.candidates())
    assert again.damaged == 0


# --- Contacts -------------------------------------------------------------------------------------


def test_spread_gives_every_network_its_turn(contact) -> None:
    crowd = [contact(number, network=1) for number in range(50)]
    others = [contact(number, network=number) for number in (60, 61)]
    assert spread([*crowd, *others])[:3] == [crowd[0], *others]
    assert spread([*crowd, *others])[3:] == crowd[1:]


def test_contacts_of_addresses(contact) -> None:
    one, two = contact(1), contact(2)
    texts = [f"{each.addresses[0]}/p2p/{peer_text(each.peer_id)}" for each in (one, two, one)]
    other = f"/dns4/node.example/tcp/1/p2p/{peer_text(one.peer_id)}"
    named = [Multiaddr.parse(text) for text in [*texts, other, "/ip4/1.2.3.4/tcp/5"]]

    assert contacts_of(named) == [
        one._replace(addresses=(*one.addresses, Multiaddr("dns4", "node.example", 1))),
        two,
    ]


def test_a_contact_by_its_byte_table(contact) -> None:
    one = contact(1)
    address = one.addresses[0].encode()
    data = one.peer_id + b"\1" + len(address).to_bytes(4) + address
    assert one.encode() == data
    reader = Reader(data)
    assert Contact.read(reader) == one
    assert len(reader) == 0
