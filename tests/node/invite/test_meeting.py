"""From a code to a link between two people: read, dialled by the plan, paired over a real link."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from node.bootstrap.contact import contacts_of
from node.bootstrap.plan import Dial, Level, Planner
from node.codec import Refused
from node.identity import Multiaddr, NodeKey
from node.invite import codes, nfc
from node.invite.fountain import Receiver, Sender
from node.invite.invite import Invite, Subject, new_invite
from node.invite.pairing import Failed, Paired, Pairing
from node.invite.tag import Tag, read_tag
from node.session.messages import Message, decode_message
from node.transports.links import Links
from node.transports.tcp import Tcp

HOST, GUEST = (NodeKey.from_seed(bytes([seed]) * 32) for seed in (1, 2))
LOOPBACK = Multiaddr.parse("/ip4/127.0.0.1/tcp/0")
GIFT = b"secret of a space, 32 bytes long"


def by_picture(invite: Invite) -> Invite:
    return codes.read_invite(codes.picture(codes.invite_code(invite)))


def by_tag(invite: Invite) -> Invite:
    return nfc.read_invite(read_tag(Tag(nfc.invite_message(invite)).answer))


def by_text(invite: Invite) -> Invite:
    return Invite.parse(invite.text())


def by_frames(invite: Invite) -> Invite:
    sender, receiver = Sender(invite.encode(), 64), Receiver()
    for number in range(2, 100):
        whole = receiver.take(sender.frame(number))
        if whole is not None:
            return Invite.decode(whole)
    raise AssertionError("too many frames")


async def talk(connection, pairing: Pairing, now: int, events: list) -> None:
    """Carry what a pairing says and hears over a link, until something has come of it."""
    while not events:
        for send in pairing.outgoing():
            await connection.send(Message(type=send.type, payload=send.payload).encode())
        events += pairing.events()
        if events:
            return
        message = decode_message(await anext(connection))
        try:
            pairing.receive(connection.peer_id, message.type, message.payload, now)
        except Refused:
            continue


async def meet(carry, make_store, make_random, now, change) -> tuple[list, list]:
    """Return what the host and the guest have heard in the end."""
    hosted, visited = [], []
    host = Pairing(HOST.peer_id, 1, make_store(), make_random(1))

    async def accept(connection) -> None:
        await talk(connection, host, now, hosted)
        for send in host.outgoing():
            await connection.send(Message(type=send.type, payload=send.payload).encode())
        async for _ in connection:
            pass

    hosting, visiting = (Links(key, Counter(), [Tcp()]) for key in (HOST, GUEST))
    try:
        served = await hosting.serve(LOOPBACK, accept)
        made = new_invite(
            make_random(3),
            network=1,
            subject=Subject.NODE,
            identity=HOST.peer_id,
            now=now,
            life_ms=60_000,
        )
        made = replace(made, address=replace(served, peer_id=None))
        host.open(made, GIFT, now=now)

        read = change(carry(made))
        planner = Planner(GUEST.peer_id, make_store(), make_random(4), now)
        planner.name(contacts_of([read.node]), now)
        (dial,) = [each for each in planner.events() if isinstance(each, Dial)]
        assert dial.level is Level.NAMED
        (address,) = dial.contact.addresses
        connection = await visiting.dial(replace(address, peer_id=dial.contact.peer_id))
        guest = Pairing(GUEST.peer_id, 1, make_store(), make_random(2))
        guest.visit(read, dial.contact.peer_id, now)
        await talk(connection, guest, now, visited)
    finally:
        await visiting.close()
        await hosting.close()
    return hosted, visited


@pytest.mark.parametrize("carry", [by_picture, by_tag, by_text, by_frames])
def test_a_code_leads_to_each_other(carry, make_store, make_random, now) -> None:
    """F-219, F-220: over the links that the node has, with its keys."""
    done = meet(carry, make_store, make_random, now, lambda read: read)
    hosted, visited = asyncio.run(asyncio.wait_for(done, 60))
    assert visited == [Paired(HOST.peer_id, visited[0].name, False, hosted[0].number, GIFT)]
    assert hosted[0].peer_id == GUEST.peer_id


def test_a_code_with_another_secret_leads_nowhere(make_store, make_random, now) -> None:
    done = meet(by_text, make_store, make_random, now, lambda read: replace(read, secret=bytes(16)))
    hosted, visited = asyncio.run(asyncio.wait_for(done, 60))
    assert hosted == []
    assert isinstance(visited[0], Failed)


def test_a_code_of_another_node_is_not_answered(make_store, make_random, now) -> None:
    """Whoever answers at the address has to be the one that the code names."""
    done = meet(by_text, make_store, make_random, now, lambda read: replace(read, id=bytes(32)))
    with pytest.raises(OSError, match=r".*"):
        asyncio.run(asyncio.wait_for(done, 60))
