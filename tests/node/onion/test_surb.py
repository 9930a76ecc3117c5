"""Reply blocks: they come back, once, and nobody can tell what they answer."""

import pytest

from node.codec import Refused
from node.onion import packet as onion
from node.onion import surb as reply_blocks
from node.onion.packet import PACKET_SIZE, PAYLOAD_MAX, SLOTS
from node.onion.relay import Forward, Mine
from node.onion.surb import SURB_SIZE, Surb


def answer(block, payload, nodes):
    """Send a reply; return every packet on its way and what came of it."""
    by_id = {node.node_id: node for node in nodes}
    node_id, packet = reply_blocks.reply(block, payload)
    seen = [packet]
    while isinstance(outcome := by_id[node_id].relay.process(packet, 0), Forward):
        node_id, packet = outcome.node_id, outcome.packet
        seen.append(packet)
    return seen, outcome, by_id[node_id]


def made(nodes, random):
    path = [node.record for node in nodes]
    return reply_blocks.make_surb(path, [0] * (len(path) - 1), random)


@pytest.mark.parametrize("length", range(1, SLOTS + 1))
@pytest.mark.parametrize("size", [0, 100, PAYLOAD_MAX])
def test_a_reply_comes_back(nodes, chance, length, size):
    block, secret = made(nodes[:length], chance("a"))
    payload = chance("payload")(size)

    seen, outcome, last = answer(Surb.decode(block.encode()), payload, nodes)

    assert last is nodes[length - 1]
    assert outcome == Mine(reply_id=secret.surb_id, body=outcome.body)
    assert secret.open(outcome.body) == payload
    assert {len(each) for each in seen} == {PACKET_SIZE}


def test_a_reply_block_has_one_size(nodes, chance):
    sizes = {len(made(nodes[:length], chance("a"))[0].encode()) for length in range(1, SLOTS + 1)}

    assert sizes == {SURB_SIZE}


def test_a_block_used_twice_is_caught_by_the_first_relay(nodes, chance):
    block, _ = made(nodes[:4], chance("a"))
    answer(block, b"first", nodes)

    with pytest.raises(Refused, match="replay"):
        answer(block, b"second", nodes)


def test_a_reply_shares_nothing_with_its_request(nodes, chance):
    """The request carries the block sealed; no run of its bytes comes by again on the way back."""
    block, _ = made(nodes[1:5], chance("a"))
    packet = onion.build([node.record for node in nodes[:4]], [0] * 3, block.encode(), chance("b"))
    request = []
    for node in nodes[:3]:
        request.append(packet)
        packet = node.relay.process(packet, 0).packet
    request.append(packet)
    replies, _, _ = answer(block, b"answer", nodes)

    windows = {each[at : at + 8] for each in request for at in range(1, PACKET_SIZE - 7)}

    for each in replies:
        assert not any(each[at : at + 8] in windows for at in range(1, PACKET_SIZE - 7))


def test_who_answers_sees_only_the_first_relay(nodes, chance):
    block, secret = made(nodes[:4], chance("a"))

    visible = {node.node_id for node in nodes if node.node_id in block.encode()}

    assert visible == {nodes[0].node_id}
    assert secret.surb_id not in block.encode()


def test_a_marked_reply_is_noticed(nodes, chance):
    block, secret = made(nodes[:4], chance("a"))
    node_id, packet = reply_blocks.reply(block, b"answer")
    assert node_id == nodes[0].node_id
    marked = packet[:-1] + bytes([packet[-1] ^ 1])
    for node in nodes[:3]:
        marked = node.relay.process(marked, 0).packet

    with pytest.raises(Refused, match="body was changed"):
        secret.open(nodes[3].relay.process(marked, 0).body)


def test_another_blocks_secret_opens_nothing(nodes, chance):
    block, _ = made(nodes[:4], chance("a"))
    _, other = made(nodes[:4], chance("b"))
    _, outcome, _ = answer(block, b"answer", nodes)

    with pytest.raises(Refused, match="body was changed"):
        other.open(outcome.body)


def test_who_answers_cannot_lengthen_the_way(nodes, chance):
    """A header that was changed is refused by the first relay, whatever the key says."""
    block, _ = made(nodes[:4], chance("a"))
    data = bytearray(block.encode())
    for at in (33, 32 + 1 + 1600, 32 + 1700, 32 + onion.HEADER_SIZE - 1):
        data[at] ^= 1
        with pytest.raises(Refused):
            answer(Surb.decode(bytes(data)), b"answer", nodes)
        data[at] ^= 1


def test_a_block_is_read_strictly(nodes, chance):
    data = made(nodes[:1], chance("a"))[0].encode()

    for size in range(0, SURB_SIZE, 61):
        with pytest.raises(Refused, match="too short"):
            Surb.decode(data[:size])
    with pytest.raises(Refused, match="trailing"):
        Surb.decode(data + b"\0")
    with pytest.raises(Refused, match="version"):
        Surb.decode(data[:32] + b"\2" + data[33:])


def test_secrets_are_in_no_text(nodes, chance):
    block, secret = made(nodes[:4], chance("a"))

    assert "key" not in repr(block)
    assert "key" not in repr(secret)
