"""A committee's file, and to whom what members say goes."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from node.crypto import SigningKey
from node.daemon.committee import Committee
from node.daemon.folder import Unusable
from node.identity import NodeKey
from node.plain_store import PlainStore
from node.session.attestations import Statement
from node.session.ids import EMPTY, Domain, hash_of
from node.session.messages import Message, MessageType
from node.session.outcomes import NOTARY
from node.session.shares import Effects, Share

KEYS = [SigningKey.from_seed(bytes([number]) * 32) for number in range(4)]
NODES = [NodeKey.from_seed(bytes([number]) * 32) for number in range(4)]


def told() -> dict[str, Any]:
    return {
        "chainId": 6134,
        "anchor": "0x" + "aa" * 20,
        "relay": "0x" + "bb" * 20,
        "epochSeconds": 600,
        "members": [
            {
                "publicKey": key.public.hex(),
                "address": f"/ip4/127.0.0.1/tcp/{9000 + number}/p2p/{node.text}",
            }
            for number, (key, node) in enumerate(zip(KEYS, NODES, strict=True))
        ],
    }


class Seat:
    """A member whose links and store are written down."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "committee.json"
        self.sent: list[tuple[bytes, bytes]] = []
        self.kept: list[Any] = []
        self.store = PlainStore(folder / "node.db")
        network = SimpleNamespace(
            keep=self.kept.append, send=lambda peer_id, data: self.sent.append((peer_id, data))
        )
        node = SimpleNamespace(
            kept=self.store, network=network, peer_id=NODES[0].peer_id, hear_service=None
        )
        self.committee = Committee(node, KEYS[0], Counter())

    def join(self, held: Any) -> None:
        self.path.write_text(json.dumps(held))
        self.committee.join(self.path, 100)


@pytest.fixture
def seat(tmp_path: Path) -> Iterator[Seat]:
    made = Seat(tmp_path)
    yield made
    made.store.close()


def message(recipient: bytes) -> Message:
    made = Message(
        type=MessageType.HEARTBEAT,
        payload=bytes(8),
        sender=hash_of(KEYS[0].public),
        recipient=recipient,
        time=1,
    )
    return made.signed(KEYS[0])


def test_what_is_for_one_member_goes_to_its_node_alone(seat: Seat) -> None:
    seat.join(told())
    said = message(hash_of(KEYS[2].public))

    seat.committee._do(Effects(now=1, send=[said]))

    assert seat.sent == [(NODES[2].peer_id, said.encode())]


def test_what_is_for_all_goes_to_every_other_node(seat: Seat) -> None:
    seat.join(told())

    seat.committee._do(Effects(now=1, send=[message(EMPTY)]))

    assert sorted(peer_id for peer_id, _ in seat.sent) == sorted(n.peer_id for n in NODES[1:])


def test_of_two_members_one_keeps_the_link(seat: Seat) -> None:
    seat.join(told())

    lower = {node.peer_id for node in NODES if node.peer_id < NODES[0].peer_id}
    assert {address.peer_id for address in seat.kept} == lower


def change(**fields: Any) -> dict[str, Any]:
    return told() | fields


def member(number: int, **fields: Any) -> dict[str, Any]:
    members = told()["members"]
    members[number] |= fields
    return change(members=members)


@pytest.mark.parametrize(
    ("held", "reason"),
    [
        (change(members=told()["members"][:2]), "3 to 21 members"),
        (change(members=told()["members"][1:]), "one of them ours"),
        (change(epochSeconds=0), "a number of seconds"),
        (change(epochSeconds=1.5), "epochSeconds is no whole number"),
        (change(anchor="0xaa"), "20 bytes of hex"),
        (change(relay="no"), "not hex"),
        (change(anchor=5), "anchor is no text"),
        (change(chainId="x"), "chainId is no whole number"),
        (change(chainId=True), "chainId is no whole number"),
        (change(members=5), "members is no list"),
        (change(members=["a", "b", "c"]), "publicKey is missing"),
        (member(1, publicKey="00"), "2592 bytes of hex"),
        (member(1, publicKey=KEYS[2].public.hex()), "different members"),
        (member(1, address=5), "address is no text"),
        (member(1, address="/ip4/127.0.0.1/tcp/9001"), "ends in /p2p/Qm"),
        (member(1, address=told()["members"][2]["address"]), "two members have one node"),
        ({}, "members is missing"),
        ([], "members is missing"),
    ],
)
def test_a_wrong_file_is_named(seat: Seat, held: Any, reason: str) -> None:
    with pytest.raises(Unusable, match=reason):
        seat.join(held)


@pytest.mark.parametrize("text", ["", "{", "\x00", "[" * 10_000])
def test_a_file_that_is_no_json_is_named(seat: Seat, text: str) -> None:
    seat.path.write_text(text)

    with pytest.raises(Unusable, match=r"committee\.json"):
        seat.committee.join(seat.path, 100)


def test_a_member_that_forgot_what_it_signed_has_no_seat(tmp_path: Path) -> None:
    (tmp_path / "node.db").write_bytes(b"no database" * 1000)
    for _ in range(2):  # A start later it is forgotten too.
        seat = Seat(tmp_path)
        with pytest.raises(Unusable, match="held what this member has signed"):
            seat.join(told())
        seat.store.close()


def test_who_signed_two_commitments_is_told_with_both(seat: Seat) -> None:
    seat.join(told())
    engine, bad = seat.committee.engine, KEYS[2]
    name, effects = engine.create(NOTARY, bytes(32), 1)
    seat.committee._do(effects)
    roots = [hash_of(text) for text in (b"one", b"other")]
    for root in roots:
        statement = Statement(
            domain=Domain.SESSION_COMPLETE, subject=name, commitment=root, epoch=engine.epoch
        )
        share = Share(statement=statement, signature=bad.sign(statement.payload()))
        said = Message(type=MessageType.SHARE, payload=share.encode(), sender=hash_of(bad.public))
        seat.committee._hear(NODES[2].peer_id, said.signed(bad))

    (found,) = asyncio.run(seat.committee.evidence())

    assert found["node"] == hash_of(bad.public).hex()
    assert [found[each]["commitRoot"] for each in ("first", "second")] == [r.hex() for r in roots]
    assert {found[each]["subjectId"] for each in ("first", "second")} == {name.hex()}
