"""Peer ids and addresses: one spelling for each."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.codec import Refused
from node.identity import Multiaddr, parse_peer, peer_id_of, peer_text

PEER = "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG"


def test_a_published_peer_id() -> None:
    """The README of IPFS since 2014: the multihash of a SHA-256."""
    digest = parse_peer(PEER)

    assert len(digest) == 32
    assert peer_text(digest) == PEER


def test_a_peer_id_is_the_hash_of_a_key(node) -> None:
    assert node.peer_id == hashlib.sha256(node.signing.public).digest()
    assert node.peer_id == peer_id_of(node.signing.public)
    assert parse_peer(node.text) == node.peer_id


@given(st.binary(min_size=32, max_size=32))
def test_peer_ids_round_trip(digest: bytes) -> None:
    text = peer_text(digest)

    assert text.startswith("Qm")
    assert len(text) == 46
    assert parse_peer(text) == digest


@pytest.mark.parametrize("digest", [bytes(32), b"\xff" * 32])
def test_peer_ids_at_the_ends(digest: bytes) -> None:
    assert parse_peer(peer_text(digest)) == digest


@pytest.mark.parametrize(
    "text",
    [
        *("", "Qm", PEER[:-1], PEER + "1", "Qm" + "0" * 44, "Qm" + "l" * 44, "Qn" + PEER[2:]),
        *(PEER + "\n", " " + PEER, "12D3KooW" + PEER[8:], "Qm" + "z" * 44, "Qm" + "1" * 44),
    ],
)
def test_other_texts_are_no_peer_ids(text: str) -> None:
    with pytest.raises(Refused, match="not a peer id"):
        parse_peer(text)


ADDRESSES = [
    "/ip4/127.0.0.1/tcp/0",
    f"/ip4/1.2.3.4/tcp/9000/p2p/{PEER}",
    f"/ip6/::1/tcp/65535/p2p/{PEER}",
    "/ip6/2001:db8::1/tcp/443",
    f"/dns4/a.example-1.org/tcp/9000/p2p/{PEER}",
    "/dns4/localhost/tcp/1",
    "/dns4/" + ".".join(["a" * 63] * 3 + ["b" * 61]) + "/tcp/1",
    "/ip4/1.2.3.4/udp/9000/quic-v1",
    f"/ip6/2001:db8::1/udp/443/quic-v1/p2p/{PEER}",
    f"/dns4/a.example-1.org/udp/1/quic-v1/p2p/{PEER}",
]


@pytest.mark.parametrize("text", ADDRESSES)
def test_addresses_round_trip(text: str) -> None:
    address = Multiaddr.parse(text)

    assert str(address) == text
    assert Multiaddr.decode(address.encode()) == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "/",
        "1.2.3.4:9000",
        "/ip4/1.2.3.4/tcp",
        "/ip4/1.2.3.4/tcp/",
        "/ip4/1.2.3.4/tcp/9000/",
        "/ip4/1.2.3.4/tcp/09000",
        "/ip4/1.2.3.4/tcp/65536",
        "/ip4/1.2.3.4/tcp/99999",
        "/ip4/1.2.3.4/tcp/-1",
        "/ip4/1.2.3.4/udp/9000",
        f"/ip4/1.2.3.4/udp/9000/p2p/{PEER}",
        "/ip4/1.2.3.4/udp/9000/quic",
        "/ip4/1.2.3.4/udp/9000/quic-v2",
        "/ip4/1.2.3.4/tcp/9000/quic-v1",
        "/ip4/1.2.3.4/udp/65536/quic-v1",
        "/ip4/1.2.3.4/udp/09000/quic-v1",
        f"/ip4/1.2.3.4/p2p/{PEER}/udp/9000/quic-v1",
        "/ip4/1.2.3.4/tcp/9000/p2p",
        "/ip4/1.2.3.4/tcp/9000/p2p/",
        "/ip4/1.2.3.4/tcp/9000/p2p/QmPeerId",
        f"/ip4/1.2.3.4/tcp/9000/p2p/{PEER}/p2p/{PEER}",
        f"/ip4/1.2.3.4/tcp/9000/ws/p2p/{PEER}",
        "/ip4/1.2.3/tcp/9000",
        "/ip4/01.2.3.4/tcp/9000",
        "/ip4/256.2.3.4/tcp/9000",
        "/ip4/x.x.x.x/tcp/9000",
        "/ip4/::1/tcp/9000",
        "/ip6/1.2.3.4/tcp/9000",
        "/ip6/2001:DB8::1/tcp/9000",
        "/ip6/2001:0db8::1/tcp/9000",
        "/ip6/0:0:0:0:0:0:0:1/tcp/9000",
        "/ip6/fe80::1%eth0/tcp/9000",
        "/ip6/::ffff:102:304/tcp/9000",
        "/ip6/::ffff:1.2.3.4/tcp/9000",
        "/dns4/Example.org/tcp/9000",
        "/dns4/-a.org/tcp/9000",
        "/dns4/a-.org/tcp/9000",
        "/dns4/a..org/tcp/9000",
        "/dns4/a.org./tcp/9000",
        "/dns4/a_b.org/tcp/9000",
        "/dns4/" + "a" * 64 + "/tcp/9000",
        "/dns4/" + ".".join(["a" * 63] * 4) + "/tcp/9000",
        "/dns4/бобр.org/tcp/9000",
        "/dns6/a.org/tcp/9000",
        "/ip4/1.2.3.4/tcp/9000\n",
        "/ip4/1.2.3.4/tcp/9000" * 100,
    ],
)
def test_other_texts_are_no_addresses(text: str) -> None:
    with pytest.raises(Refused) as refused:
        Multiaddr.parse(text)

    assert refused.value.reason.startswith("identity: ")


def test_addresses_of_tcp_are_written_as_before_there_was_quic() -> None:
    tcp, quic = map(Multiaddr.parse, ("/ip4/1.2.3.4/tcp/9000", "/ip4/1.2.3.4/udp/9000/quic-v1"))

    assert tcp.encode() == b"\0\0\0\0\x071.2.3.4\x23\x28\0\0\0\0"
    assert quic.encode() == b"\3" + tcp.encode()[1:]
    assert [address.protocol for address in (tcp, quic)] == ["tcp", "quic"]
    with pytest.raises(Refused, match="damaged address"):
        Multiaddr.decode(b"\6" + tcp.encode()[1:])


@given(st.text(alphabet="/ip46dnst0123456789.:ceQm", max_size=80) | st.text(max_size=80))
def test_a_text_is_refused_or_is_the_one_spelling(text: str) -> None:
    try:
        address = Multiaddr.parse(text)
    except Refused:
        return
    assert str(address) == text


@pytest.mark.parametrize("text", ADDRESSES)
def test_no_byte_of_an_encoding_is_free(text: str) -> None:
    """Shortened, lengthened or with a bit flipped, it is refused or is another address."""
    address = Multiaddr.parse(text)
    data = address.encode()
    for length in range(len(data)):
        with pytest.raises(Refused):
            Multiaddr.decode(data[:length])
    with pytest.raises(Refused):
        Multiaddr.decode(data + b"\0")
    for place in range(len(data)):
        for bit in range(8):
            changed = bytearray(data)
            changed[place] ^= 1 << bit
            try:
                other = Multiaddr.decode(bytes(changed))
            except Refused:
                continue
            assert other != address
            assert other.encode() == bytes(changed)


@given(st.binary(max_size=120))
def test_garbage_is_refused_or_canonical(data: bytes) -> None:
    try:
        address = Multiaddr.decode(data)
    except Refused:
        return
    assert address.encode() == data
