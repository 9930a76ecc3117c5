"""Links that are made because there is something to say."""

import asyncio
from collections import Counter
from collections.abc import Callable

from node.daemon.cores import Clock
from node.daemon.network import Network
from node.daemon.pacing import Pacing
from node.identity import Multiaddr, NodeKey
from node.profiles import SESSION
from node.session.messages import Message, MessageType
from node.transports.pipes import Address
from node.transports.tcp import Tcp

ONE, OTHER = (NodeKey.from_seed(bytes([number]) * 32) for number in (1, 2))


def made(
    node: NodeKey, refused: Counter[str], hear: Callable[..., None], place: list[Address]
) -> Network:
    return Network(
        *(node, "devnet", refused, lambda: b"", lambda *_: None, hear),
        *(lambda _: list(place), [Tcp()], Pacing(None, Clock()), SESSION),
    )


def test_what_waits_for_a_link_is_said_after_the_greeting() -> None:
    said = [Message(type=MessageType.PING, payload=bytes([number])).encode() for number in range(3)]

    async def run() -> tuple[list[bytes], Counter[str]]:
        heard: list[bytes] = []
        refused: Counter[str] = Counter()
        place: list[Address] = []
        done = asyncio.Event()

        def hear(_: bytes, message: Message) -> None:
            heard.append(message.encode())
            if len(heard) == len(said):
                done.set()

        other = made(OTHER, refused, hear, [])
        found = await other.serve(Multiaddr.parse("/ip4/127.0.0.1/tcp/0"))
        place.append(Multiaddr(found.kind, found.host, found.port, OTHER.peer_id))
        one = made(ONE, refused, lambda *_: None, place)
        try:
            for message in said:
                assert one.send(OTHER.peer_id, message)
            async with asyncio.timeout(20):
                await done.wait()
        finally:
            counted = Counter(refused)
            await one.close()
            await other.close()
        return heard, counted

    heard, refused = asyncio.run(run())

    assert heard == said
    assert refused == Counter()
