"""What a code holds, in bytes and as text: one encoding each, small, and noticed when mistyped."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from node.codec import Refused
from node.identity import Multiaddr
from node.invite.invite import (
    ALPHABET,
    INVITE_MAX,
    LIFE_MAX_MS,
    TEXT_MAX,
    Invite,
    Space,
    Subject,
    new_invite,
)

HOUR = 3_600_000
ids = st.binary(min_size=32, max_size=32)
hosts = st.one_of(
    st.ip_addresses(v=4).map(lambda host: ("ip4", str(host))),
    st.ip_addresses(v=6)
    .filter(lambda host: host.ipv4_mapped is None)
    .map(lambda host: ("ip6", str(host))),
    st.from_regex(r"[a-z0-9]{1,10}\.[a-z]{2,8}", fullmatch=True).map(lambda host: ("dns4", host)),
)
addresses = st.builds(
    lambda place, port, protocol: Multiaddr(*place, port, protocol=protocol),
    hosts,
    st.integers(0, 65_535),
    st.sampled_from(["tcp", "quic"]),
)


@st.composite
def invites(draw) -> Invite:
    subject = draw(st.sampled_from(Subject))
    where = draw(st.sampled_from(["none", "address", "rendezvous"]))
    address = draw(addresses) if where == "address" else None
    if address and subject is Subject.ACCOUNT:
        address = replace(address, peer_id=draw(ids))
    space = draw(st.sampled_from(Space)) if subject is Subject.NODE else Space.NONE
    size = {Space.NONE: 0, Space.CARRIER: 32, Space.HANDLE: 16}[space]
    return Invite(
        network=draw(st.integers(0, 2**32 - 1)),
        subject=subject,
        id=draw(ids),
        secret=draw(st.binary(min_size=16, max_size=16)),
        expires=draw(st.integers(0, 2**32 - 1)) * 1_000,
        address=address,
        rendezvous=draw(ids) if where == "rendezvous" else None,
        space=space,
        space_data=draw(st.binary(min_size=size, max_size=size)),
    )


@given(invites())
def test_bytes_and_text_come_back(made: Invite) -> None:
    data = made.encode()
    assert len(data) <= INVITE_MAX < 150
    assert Invite.decode(data) == made
    assert Invite.parse(made.text()) == made
    assert Invite.parse(made.text().upper()) == made
    assert len(made.text()) <= TEXT_MAX


def test_an_invite_by_its_byte_table(invite) -> None:
    head = b"\1" + (1).to_bytes(4) + b"\0" + invite.id + bytes(range(16))
    seconds = (invite.expires // 1000).to_bytes(4)
    place = b"\1\xcb\0\x71\7" + (9000).to_bytes(2)
    assert invite.encode() == head + seconds + place
    assert len(invite.encode()) == 65


def test_the_largest_is_149_bytes(invite) -> None:
    host = "a" * 23
    largest = replace(
        invite,
        subject=Subject.ACCOUNT,
        address=Multiaddr("dns4", host, 9000, bytes(32)),
        space=Space.CARRIER,
        space_data=bytes(32),
    )
    assert len(largest.encode()) == INVITE_MAX
    assert Invite.decode(largest.encode()) == largest
    with pytest.raises(ValueError, match="at most 149"):
        replace(largest, address=Multiaddr("dns4", host + "a", 9000, bytes(32))).encode()


def test_whom_to_dial(invite) -> None:
    assert invite.node == replace(invite.address, peer_id=invite.id)
    named = replace(invite.address, peer_id=bytes(32))
    assert replace(invite, subject=Subject.ACCOUNT, address=named).node == named
    assert replace(invite, address=None).node is None


@pytest.mark.parametrize(
    "change",
    [
        {"expires": 1},
        {"rendezvous": bytes(32)},
        {"space": Space.HANDLE, "space_data": bytes(15)},
        {"space_data": b"x"},
        {"subject": Subject.ACCOUNT},
        {"address": Multiaddr("ip4", "1.2.3.4", 1, bytes(32))},
        {"address": Multiaddr("dns4", "a" * 60 + ".example", 1)},
    ],
)
def test_what_cannot_be_written(invite, change: dict) -> None:
    with pytest.raises(ValueError, match=r".+"):
        replace(invite, **change).encode()


def test_a_secret_is_never_shown(invite) -> None:
    shown = repr(replace(invite, space=Space.CARRIER, space_data=b"\x5a" * 32))
    assert "secret" not in shown
    assert "ZZ" not in shown


def test_it_counts_in_its_network_until_it_runs_out(invite, now) -> None:
    invite.check(1, now)
    invite.check(1, invite.expires - 1)
    with pytest.raises(Refused, match="another network"):
        invite.check(2, now)
    with pytest.raises(Refused, match="has run out"):
        invite.check(1, invite.expires)


def test_a_new_invite(make_random, now) -> None:
    common = {"network": 1, "subject": Subject.NODE, "identity": bytes(32)}
    made = new_invite(make_random(1), **common, now=now + 7, life_ms=HOUR)
    assert made.expires == now + HOUR
    assert made.secret == make_random(1)(16)
    for life in (0, LIFE_MAX_MS + 1):
        with pytest.raises(ValueError, match="30 days"):
            new_invite(make_random(1), **common, now=0, life_ms=life)


# --- Bad input ------------------------------------------------------------------------------------


@settings(max_examples=30)
@given(invites())
def test_every_truncation_is_refused(made: Invite) -> None:
    data = made.encode()
    for size in range(len(data)):
        with pytest.raises(Refused):
            Invite.decode(data[:size])
    with pytest.raises(Refused, match=r"trailing|too long"):
        Invite.decode(data + b"\0")


@settings(max_examples=30)
@given(invites())
def test_a_changed_bit_is_refused_or_another_invite(flipped, made: Invite) -> None:
    data = made.encode()
    for place in range(len(data)):
        changed = flipped(data, place)
        try:
            read = Invite.decode(changed)
        except Refused:
            continue
        assert read != made
        assert read.encode() == changed


@given(st.binary(max_size=160))
def test_any_bytes_are_refused_or_written_the_same(data: bytes) -> None:
    for given_data in (data, b"\1" + bytes(4) + b"\0" + data):
        try:
            made = Invite.decode(given_data)
        except Refused:
            continue
        assert made.encode() == given_data


@pytest.mark.parametrize(
    ("at", "byte", "reason"),
    [
        (0, 2, "unknown version"),
        (5, 0x20, "unknown kind"),
        (5, 0x03, "unknown kind"),
        (58, 0x40, "unknown kind"),
        (58, 0x81, "unknown kind"),
    ],
)
def test_unknown_kinds(invite, at: int, byte: int, reason: str) -> None:
    data = bytearray(invite.encode())
    data[at] = byte
    with pytest.raises(Refused, match=reason):
        Invite.decode(bytes(data))


@pytest.mark.parametrize(
    "place",
    [
        b"\2" + bytes(10) + b"\xff\xff\1\2\3\4" + b"\0\1",  # IPv4 inside IPv6
        b"\3\0" + b"\0\1",
        b"\3\4a..b" + b"\0\1",
        b"\3\3A.b" + b"\0\1",
        b"\3\2\xc3\xa9" + b"\0\1",
        b"\3\x40" + b"a" * 64 + b"\0\1",
    ],
)
def test_hosts_that_are_none(invite, place: bytes) -> None:
    with pytest.raises(Refused, match="no such host"):
        Invite.decode(invite.encode()[:58] + place)


# --- Text -----------------------------------------------------------------------------------------


def test_every_slip_of_one_letter_is_noticed(invite) -> None:
    text = invite.text()
    for place in range(5, len(text)):
        for letter in ALPHABET.lower():
            if letter == text[place]:
                continue
            with pytest.raises(Refused):
                Invite.parse(text[:place] + letter + text[place + 1 :])


def test_letters_that_changed_places_are_noticed(invite) -> None:
    text = invite.text()
    for place in range(5, len(text) - 1):
        if text[place] != text[place + 1]:
            swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
            with pytest.raises(Refused, match=r"mistyped|not an invite"):
                Invite.parse(swapped)


def test_texts_that_are_none(invite) -> None:
    text = invite.text()
    for wrong in (
        "",
        "pars:",
        text[5:],
        text + " ",
        text + "=",
        text[:5] + text[5:].upper(),
        text.replace("pars:", "pars://"),
        text.replace(text[9], "1"),
        text + "aa",
        text[:-1],
        "parſ:" + text[5:],
        text[:-1] + "ſ",
        text.upper()[:-1] + "ı",
    ):
        with pytest.raises(Refused):
            Invite.parse(wrong)
    with pytest.raises(Refused, match="too long"):
        Invite.parse("pars:" + "a" * TEXT_MAX)


@given(st.text(max_size=80))
def test_any_text_is_refused(text: str) -> None:
    for given_text in (text, "pars:" + text):
        with pytest.raises(Refused):
            Invite.parse(given_text)
