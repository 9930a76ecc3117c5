"""Requests: answered or failed, carried out once, whatever is lost on the way."""

import dataclasses
from itertools import pairwise

import pytest

from node.codec import Refused
from node.onion import packet as onion
from node.onion import requests, service
from node.onion.fragments import (
    ANSWER_SIZE,
    BODY_MAX,
    CALL_MAX,
    PART_SIZE,
    Answer,
    Call,
    Gone,
    Part,
    Partial,
    Pull,
    read_question,
    read_reply,
)
from node.onion.keys import ROTATION_MS
from node.onion.relay import Mine
from node.onion.requests import Answered, Failed
from node.onion.service import Request, Service
from node.onion.surb import make_surb

REQUEST_ID = bytes(range(16))


def surb_of(nodes, random):
    return make_surb([nodes[0].record], [], random)[0]


@pytest.mark.parametrize(
    "size", [0, 1, CALL_MAX - 1, CALL_MAX, CALL_MAX + 1, PART_SIZE, PART_SIZE + 1, 3 * PART_SIZE]
)
def test_a_request_of_any_length_is_answered(world, chance, size):
    net = world(5)
    client, server = net.nodes[0], net.nodes[4]
    body = chance("body")(size)

    number = client.client.request(server.record, body, net.now)
    net.run_until_idle(20_000)

    assert net.events[client.node_id] == [Answered(number=number, body=b"re: " + body)]
    assert list(net.executed.values()) == [1]
    assert client.client.hops == 3
    assert not net.refusals


@pytest.mark.parametrize(
    "size", [0, ANSWER_SIZE - 1, ANSWER_SIZE, ANSWER_SIZE + 1, 40 * ANSWER_SIZE]
)
@pytest.mark.parametrize("guess", [0, 3 * ANSWER_SIZE])
def test_an_answer_of_any_length_arrives(world, chance, size, guess):
    net = world(5)
    client, server = net.nodes[0], net.nodes[4]
    answer = chance("answer")(size)
    net.carry_out = lambda _: answer

    number = client.client.request(server.record, b"give", net.now, answer_size=guess)
    net.run_until_idle(30_000)

    assert net.events[client.node_id] == [Answered(number=number, body=answer)]
    assert list(net.executed.values()) == [1]


@pytest.mark.parametrize("loss", [0.03, 0.1])
def test_the_largest_request_and_answer_survive_loss(world, chance, loss):
    net = world(5, loss=loss)
    client, server = net.nodes[0], net.nodes[4]
    body = chance("body")(200_000)
    answer = chance("answer")(300_000)
    net.carry_out = lambda _: answer

    client.client.request(server.record, body, net.now)
    net.run_until_idle(requests.LIFE_MS)

    (event,) = net.events[client.node_id]
    assert event == Answered(number=1, body=answer)
    assert list(net.executed.values()) == [1]


@pytest.mark.parametrize("others", [0, 1, 2, 3])
def test_few_relays_make_short_paths_and_say_so(world, others):
    """Two daemons alone can talk; with one, two and three more the path grows to three."""
    net = world(2 + others)

    net.nodes[0].client.request(net.nodes[1].record, b"hello", net.now)
    net.run_until_idle(20_000)

    assert [event.body for event in net.events[net.nodes[0].node_id]] == [b"re: hello"]
    assert net.nodes[0].client.hops == others


def test_a_thousand_requests_over_ten_nodes_with_loss(world, chance):
    """About 10,000 packets: every request ends, none is carried out twice, nothing is left."""
    net = world(10, loss=0.03)
    for number in range(1250):
        source, server = net.nodes[number % 10], net.nodes[(number * 7 + 1) % 10]
        if source is not server:
            source.client.request(server.record, b"%d" % number, net.now)
        net.step(20)
    net.run_until_idle(requests.LIFE_MS)

    events = [event for node in net.nodes for event in net.events[node.node_id]]
    answered = [event for event in events if isinstance(event, Answered)]
    assert net.sent >= 10_000
    assert len(events) == 1250 - sum(1 for n in range(1250) if n % 10 == (n * 7 + 1) % 10)
    assert len(answered) == len(events)
    assert set(net.executed.values()) == {1}
    assert set(net.refusals) <= {"onion: unknown reply"}  # one that came after a second one
    for node in net.nodes:
        assert (node.client._bytes, len(node.client._surbs)) == (0, 0)
        assert (node.service._open_bytes, node.service._surbs) == (0, 0)
    net.run(requests.DELAY_MEAN_MS * 40)
    assert not any(len(node.queue) for node in net.nodes)


@pytest.mark.campaign
def test_a_day_of_requests(world, chance):
    net = world(10, loss=0.1)
    for number in range(20_000):
        source, server = net.nodes[number % 10], net.nodes[(number // 10 + number + 1) % 10]
        if source is not server:
            source.client.request(server.record, chance(f"{number}")(number % 9000), net.now)
        net.step(200)
    net.run_until_idle(requests.LIFE_MS)

    events = [event for node in net.nodes for event in net.events[node.node_id]]
    assert sum(isinstance(event, Answered) for event in events) > 0.999 * len(events)
    assert set(net.executed.values()) == {1}


def test_a_dead_service_fails_in_bounded_time(world):
    net = world(5, loss=1.0)
    client = net.nodes[0]
    number = client.client.request(net.nodes[1].record, b"anybody?", net.now)

    net.run_until_idle(120_000)

    assert net.events[client.node_id] == [Failed(number=number, reason="onion: no answer")]
    assert net.sent == 1 + sum(range(requests.TRIES_MAX + 1))
    times = sorted({at for at, _, _ in net.log})
    assert [round((after - before) / 1000) for before, after in pairwise(times)] == [5, 9, 17, 33]
    assert (client.client._bytes, client.client._surbs, client.client.waiting) == (0, {}, 0)
    assert client.client.next_at is None


def test_a_request_ends_even_if_the_service_only_stalls(world, chance):
    """It says for ever that parts are missing."""
    net = world(3)
    client, server = net.nodes[0], net.nodes[1]
    server.service._add = lambda *_: None
    client.client.request(server.record, bytes(CALL_MAX + 1), net.now)

    net.run(requests.LIFE_MS + 1000, step=100)

    assert [type(event) for event in net.events[client.node_id]] == [Failed]
    assert not net.executed


def test_missing_parts_are_sent_once_for_each_try(world):
    """However many probes of that try are answered."""
    net = world(2)
    client, server = net.nodes
    client.client.request(server.record, bytes(3 * PART_SIZE), 0)
    client.client.poll(0)  # and all of it is lost
    for now in (10_000, 30_000):
        probes = client.client.poll(now)
        for probe in probes:
            delivered = server.relay.process(probe.packet, now)
            _, (partial,) = server.service.receive(delivered.payload, now)
            client.client.receive(client.relay.process(partial.packet, now), now)
        assert client.client.waiting == 3 + 1
        client.client.poll(now)


def test_reply_blocks_under_way_are_bounded(world):
    """Of an answer of 94 parts a third is asked for at a time."""
    net = world(4)
    net.carry_out = lambda _: bytes(BODY_MAX)
    client = net.nodes[0].client
    client.request(net.nodes[1].record, b"give", net.now)
    most = 0
    while len(client):
        net.step(20)
        most = max(most, len(client._surbs))

    assert requests.PULLS_MAX // 2 < most <= requests.PULLS_MAX + 1
    assert len(net.events[net.nodes[0].node_id][0].body) == BODY_MAX


def test_reply_blocks_beyond_the_bound_are_forgotten(world, monkeypatch):
    """The oldest first; what they were for is asked for again."""
    monkeypatch.setattr(requests, "SURBS_MAX", 8)
    net = world(4)
    net.carry_out = lambda _: bytes(30 * ANSWER_SIZE)
    client = net.nodes[0].client
    client.request(net.nodes[1].record, b"give", net.now)
    while len(client):
        assert net.now < requests.LIFE_MS
        net.step(20)
        assert len(client._surbs) <= 8

    assert len(net.events[net.nodes[0].node_id][0].body) == 30 * ANSWER_SIZE


def test_the_newest_key_of_a_service_is_used(world):
    net = world(2)
    client, server = net.nodes
    old = server.record
    net.now = 4 * ROTATION_MS
    for node in net.nodes:
        assert node.keys.tick(net.now, node.random)
    net.meet()

    client.client.request(old, b"hello", net.now)
    net.run_until_idle(20_000)

    assert net.sent == 2
    assert not net.refusals


def test_requests_take_turns(world):
    """A short request does not wait until a long one is through."""
    net = world(5)
    client = net.nodes[0].client
    client.request(net.nodes[1].record, bytes(BODY_MAX), net.now)
    client.request(net.nodes[2].record, b"short", net.now)

    packets = client.waiting
    assert len(client.poll(net.now, 2)) == 2
    assert packets - client.waiting == 2
    assert [len(client._open[number].queue) for number in (1, 2)] == [packets - 2, 0]


def test_every_packet_takes_a_path_of_its_own(world):
    net = world(10)
    client = net.nodes[0]
    client.client.request(net.nodes[9].record, bytes(10 * PART_SIZE), net.now)
    net.run_until_idle(60_000)

    firsts = {to for _, source, to in net.log if source == client.node_id}
    seconds = {to for _, source, to in net.log if source in firsts}
    assert len(firsts) == 1  # the guard
    assert len(seconds) > 4


def test_the_client_is_bounded(world):
    net = world(3)
    client = net.nodes[0].client
    with pytest.raises(ValueError, match="at most"):
        client.request(net.nodes[1].record, bytes(BODY_MAX + 1), 0)
    with pytest.raises(ValueError, match="another node"):
        client.request(net.nodes[0].record, b"", 0)
    for _ in range(requests.OPEN_MAX):
        client.request(net.nodes[1].record, b"", 0)
    with pytest.raises(Refused, match="too many requests"):
        client.request(net.nodes[1].record, b"", 0)


def test_a_service_without_a_key_is_refused(world):
    net = world(3)
    service = dataclasses.replace(net.nodes[1].record, public=bytes(1600))

    with pytest.raises(Refused, match="no key of a node"):
        net.nodes[0].client.request(service, b"", 0)
    assert len(net.nodes[0].client) == 0


def test_a_new_record_without_a_key_does_not_stop_a_request(world):
    """While it was under way, somebody announced another record of the service."""
    net = world(3)
    client, server = net.nodes[0], net.nodes[1]
    client.client.request(server.record, b"hello", net.now)
    client.paths.update(
        [dataclasses.replace(server.record, public=bytes(1600)), net.nodes[2].record]
    )
    net.run_until_idle(20_000)

    assert [event.body for event in net.events[client.node_id]] == [b"re: hello"]


def test_the_client_bounds_bytes(world):
    net = world(3)
    client = net.nodes[0].client
    for _ in range(requests.OPEN_BYTES_MAX // BODY_MAX):
        client.request(net.nodes[1].record, bytes(BODY_MAX), 0)
    with pytest.raises(Refused, match="too many requests"):
        client.request(net.nodes[1].record, b"x", 0)


def test_answers_that_grow_over_all_bounds_fail(world, monkeypatch):
    monkeypatch.setattr(requests, "OPEN_BYTES_MAX", 3 * ANSWER_SIZE)
    net = world(3)
    net.carry_out = lambda _: bytes(8 * ANSWER_SIZE)
    net.nodes[0].client.request(net.nodes[1].record, b"", net.now)

    net.run_until_idle(60_000)

    assert net.events[net.nodes[0].node_id] == [Failed(number=1, reason="onion: too many answers")]
    assert net.nodes[0].client._bytes == 0


def test_an_unknown_or_second_reply_is_refused(world):
    net = world(2)
    client, server = net.nodes
    client.client.request(server.record, b"hello", 0)
    (send,) = client.client.poll(0)
    delivered = server.relay.process(send.packet, 0)
    request, _ = server.service.receive(delivered.payload, 0)
    (reply,) = server.service.answer(request, b"world", 0)
    mine = client.relay.process(reply.packet, 0)

    with pytest.raises(Refused, match="unknown reply"):
        client.client.receive(Mine(reply_id=bytes(32), body=mine.body), 0)
    assert client.client.receive(mine, 0) == [Answered(number=1, body=b"world")]
    with pytest.raises(Refused, match="unknown reply"):
        client.client.receive(mine, 0)


def test_a_marked_reply_is_refused_and_asked_for_again(world):
    net = world(2)
    client, server = net.nodes
    client.client.request(server.record, b"hello", 0)
    (send,) = client.client.poll(0)
    delivered = server.relay.process(send.packet, 0)
    request, _ = server.service.receive(delivered.payload, 0)
    (reply,) = server.service.answer(request, b"world", 0)
    mine = client.relay.process(reply.packet[:-1] + bytes([reply.packet[-1] ^ 1]), 0)
    with pytest.raises(Refused, match="body was changed"):
        client.client.receive(mine, 0)

    net.now = 10_000
    net.run_until_idle(60_000)

    assert net.events[client.node_id] == [Answered(number=1, body=b"world")]
    assert not net.executed  # the answer was kept


def test_parts_of_two_answers_are_never_mixed(world, chance):
    """A service that lost its memory half-way answers again; the client takes one of them."""
    net = world(4)
    client, server = net.nodes[0], net.nodes[1]
    answers = [bytes([number]) * (60 * ANSWER_SIZE) for number in range(1, 9)]
    pending = iter(answers)
    net.carry_out = lambda _: next(pending)
    client.client.request(server.record, b"hello", net.now)
    while not (client.client._open and len(client.client._open[1].parts) > 5):
        net.step(20)
    server.service = Service(server.random)
    net.run_until_idle(requests.LIFE_MS)

    (event,) = net.events[client.node_id]
    assert event.body in answers[1:]
    assert client.client._bytes == 0


def test_an_answer_that_does_not_fit_its_hash_fails(world):
    net = world(2)
    client, server = net.nodes
    client.client.request(server.record, b"hello", 0)
    (send,) = client.client.poll(0)
    request, _ = server.service.receive(server.relay.process(send.packet, 0).payload, 0)
    surb = server.service._open[request.request_id].surbs[0]
    forged = Answer(total=5, index=0, digest=bytes(16), data=b"world")
    reply = server.service._send(surb, forged, 0)

    (event,) = client.client.receive(client.relay.process(reply.packet, 0), 0)

    assert event == Failed(number=1, reason="onion: parts of the answer do not fit")


def question(nodes, random, kind, **fields):
    surb = surb_of(nodes, random)
    if kind is Call:
        return Call(**{"request_id": REQUEST_ID, "body": b"hello", "surb": surb, **fields})
    if kind is Part:
        return Part(request_id=REQUEST_ID, **fields)
    return Pull(**{"request_id": REQUEST_ID, "want": 0, "probe": False, "surb": surb, **fields})


def test_a_request_is_handed_out_once(nodes, chance):
    server = Service(chance("service"))
    call = question(nodes, chance("a"), Call).encode()

    request, replies = server.receive(call, 0)
    assert (request.body, replies) == (b"hello", [])
    assert server.receive(call, 1) == (None, [])
    assert len(server.answer(request, b"world", 2)) == 1
    repeated, replies = server.receive(call, 3)
    assert repeated is None
    assert len(replies) == 1
    assert server.answer(request, b"world", 4) == []
    again, _ = server.receive(call, 2 + service.LIFE_MS)
    assert again == request  # its id is forgotten, and so are the keys it came under


def test_a_call_that_comes_again_while_it_runs_leaves_nothing(nodes, chance):
    server = Service(chance("service"))
    call = question(nodes, chance("a"), Call).encode()
    request, _ = server.receive(call, 0)
    server.receive(call, 0)

    assert server._open_bytes == 0
    assert len(server.answer(request, b"world", 0)) == 1
    assert (server._open_bytes, server._surbs) == (0, 0)


def test_answers_wait_as_packets_do_at_a_relay(nodes, chance):
    server = Service(chance("service"))
    waits = []
    for number in range(200):
        call = question(nodes, chance("a"), Call, request_id=number.to_bytes(16, "big"))
        request, _ = server.receive(call.encode(), 1000)
        waits += [send.at - 1000 for send in server.answer(request, b"", 1000)]

    assert min(waits) >= 0
    assert 70 < sum(waits) / 200 < 130


def test_a_request_does_not_push_itself_out(nodes, chance, monkeypatch):
    monkeypatch.setattr(service, "SURBS_MAX", 1)
    server = Service(chance("service"))
    server.receive(question(nodes, chance("a"), Pull, total=9000).encode(), 0)
    with pytest.raises(Refused, match="too many requests"):
        server.receive(question(nodes, chance("a"), Pull, total=9000, want=1).encode(), 0)

    assert (len(server._open), server._surbs) == (1, 1)


def test_the_answer_may_be_gone_but_the_request_is_not_repeated(nodes, chance, monkeypatch):
    monkeypatch.setattr(service, "ANSWER_BYTES_MAX", 10)
    server = Service(chance("service"))
    request, _ = server.receive(question(nodes, chance("a"), Call).encode(), 0)
    server.answer(request, bytes(11), 0)
    assert server._answer_bytes == 0

    repeated, (reply,) = server.receive(question(nodes, chance("b"), Call).encode(), 1)

    assert repeated is None
    mine = nodes[0].relay.process(reply.packet, 1)
    assert isinstance(mine, Mine)


def test_a_client_fails_when_the_answer_is_gone(world, monkeypatch):
    monkeypatch.setattr(service, "ANSWER_BYTES_MAX", 10)
    net = world(2)
    net.carry_out = lambda _: bytes(2 * ANSWER_SIZE)
    net.nodes[0].client.request(net.nodes[1].record, b"hello", net.now)

    net.run_until_idle(60_000)

    (event,) = net.events[net.nodes[0].node_id]
    assert event == Failed(number=1, reason="onion: the answer is gone")


def test_a_request_that_runs_too_long_is_never_run_again(nodes, chance):
    server = Service(chance("service"))
    call = question(nodes, chance("a"), Call)
    request, _ = server.receive(call.encode(), 0)
    repeated, replies = server.receive(call.encode(), service.STALL_MS)

    assert repeated is None
    assert len(replies) == 1  # gone
    assert server.answer(request, b"late", service.STALL_MS + 1) == []


def test_parts_come_in_any_order_and_twice(nodes, chance):
    server = Service(chance("service"))
    body = chance("body")(4 * PART_SIZE + 5)
    parts = [
        question(
            nodes,
            chance("a"),
            Part,
            total=len(body),
            index=index,
            data=body[index * PART_SIZE : (index + 1) * PART_SIZE],
        ).encode()
        for index in range(5)
    ]

    for index in (3, 3, 0, 4, 2, 0):
        assert server.receive(parts[index], 0) == (None, [])
    probe = question(nodes, chance("a"), Pull, total=len(body), probe=True).encode()
    _, replies = server.receive(probe, 0)
    assert len(replies) == 1
    assert server._open_bytes == len(body) - PART_SIZE
    request, _ = server.receive(parts[1], 0)
    assert request == Request(request_id=REQUEST_ID, body=body)
    assert server._open_bytes == 0


def test_lengths_of_one_request_must_agree(nodes, chance):
    server = Service(chance("service"))
    server.receive(question(nodes, chance("a"), Pull, total=9000).encode(), 0)

    with pytest.raises(Refused, match="lengths of a request differ"):
        server.receive(question(nodes, chance("a"), Pull, total=9001).encode(), 0)
    with pytest.raises(Refused, match="lengths of a request differ"):
        server.receive(question(nodes, chance("a"), Call).encode(), 0)
    assert len(server._open) == 1


def part(number, total=BODY_MAX, index=0):
    data = bytes(min(PART_SIZE, total - index * PART_SIZE))
    return Part(request_id=number.to_bytes(16, "big"), total=total, index=index, data=data).encode()


def test_a_flood_of_first_parts_is_bounded(chance):
    server = Service(chance("service"))
    for number in range(3 * service.OPEN_MAX):
        server.receive(part(number), 0)
        assert server._open_bytes <= service.OPEN_BYTES_MAX
        assert len(server._open) <= service.OPEN_MAX
    # The newest are there still: a flood cannot keep others out.
    assert (3 * service.OPEN_MAX - 1).to_bytes(16, "big") in server._open

    server.receive(part(0), service.STALL_MS)
    assert len(server._open) == 1
    assert server._open_bytes == PART_SIZE


def test_parts_are_bounded_in_bytes(chance, monkeypatch):
    monkeypatch.setattr(service, "OPEN_BYTES_MAX", 10 * PART_SIZE)
    server = Service(chance("service"))
    for number in range(30):
        server.receive(part(number), 0)
    assert server._open_bytes == 10 * PART_SIZE
    assert len(server._open) == 10


def test_reply_blocks_are_bounded(nodes, chance, monkeypatch):
    monkeypatch.setattr(service, "SURBS_MAX", 4)
    server = Service(chance("service"))
    for number in range(20):
        pull = question(nodes, chance("a"), Pull, total=9000, request_id=number.to_bytes(16, "big"))
        server.receive(pull.encode(), 0)
        assert server._surbs <= 4
    assert len(server._open) == 4


def test_a_table_full_of_running_requests_turns_new_ones_away(nodes, chance, monkeypatch):
    monkeypatch.setattr(service, "OPEN_MAX", 2)
    server = Service(chance("service"))
    for number in range(2):
        call = Call(request_id=bytes([number]) * 16, surb=surb_of(nodes, chance("a")), body=b"x")
        assert server.receive(call.encode(), 0)[0] is not None

    with pytest.raises(Refused, match="too many requests"):
        server.receive(part(7), 0)


def test_remembered_ids_are_bounded(nodes, chance, monkeypatch):
    monkeypatch.setattr(service, "DONE_MAX", 1)
    server = Service(chance("service"))
    request, _ = server.receive(question(nodes, chance("a"), Call).encode(), 0)
    server.answer(request, b"", 0)

    with pytest.raises(Refused, match="too many requests"):
        server.receive(part(7), 1)
    assert server.receive(part(7), service.LIFE_MS) == (None, [])


def test_an_answer_has_a_limit(nodes, chance):
    server = Service(chance("service"))
    request, _ = server.receive(question(nodes, chance("a"), Call).encode(), 0)
    with pytest.raises(ValueError, match="at most"):
        server.answer(request, bytes(BODY_MAX + 1), 0)


def samples(nodes, random):
    yield read_question, question(nodes, random, Call)
    yield read_question, question(nodes, random, Part, total=5000, index=0, data=bytes(5000))
    yield read_question, question(nodes, random, Pull, total=5000, want=3, probe=True)
    yield read_reply, Answer(total=5, index=0, digest=bytes(16), data=b"world")
    yield read_reply, Answer(total=0, index=0, digest=bytes(16), data=b"")
    yield read_reply, Partial(total=10 * PART_SIZE, arrived=frozenset({0, 9}))
    yield read_reply, Gone()


def test_messages_are_read_as_they_were_written(nodes, chance):
    for read, message in samples(nodes, chance("a")):
        assert read(message.encode()) == message
        assert read(message.encode()).encode() == message.encode()


def test_messages_are_read_strictly(nodes, chance):
    """Cuts and additions. What follows a call's reply block is its body, whatever it is."""
    for read, message in samples(nodes, chance("a")):
        data = message.encode()
        sizes = range(len(data)) if len(data) < 100 else [*range(60), *range(60, len(data), 97)]
        for size in sizes:
            if isinstance(message, Call) and size >= len(data) - len(message.body):
                continue
            with pytest.raises(Refused):
                read(data[:size])
        if not isinstance(message, Call):
            with pytest.raises(Refused):
                read(data + b"\0")


@pytest.mark.parametrize(
    ("read", "data", "reason"),
    [
        (read_question, b"\0" + bytes(16), "too short"),
        (read_question, b"\4" + bytes(20), "unknown message"),
        (read_question, b"\2" + bytes(16) + b"\0\x10\0\1" + bytes(2), "body too long"),
        (read_question, b"\2" + bytes(16) + b"\0\0\0\1" + bytes(3), "parts of a short request"),
        (read_question, b"\2" + bytes(16) + b"\0\0\x20\0" + b"\0\1", "no such part"),
        (read_question, b"\3" + bytes(16) + bytes(4) + b"\1\0\0", "wrong field"),
        (read_question, b"\3" + bytes(16) + bytes(4) + b"\0\0\2", "wrong field"),
        (read_reply, b"\0" + bytes(4), "unknown message"),
        (read_reply, b"\4" + bytes(4), "unknown message"),
        (read_reply, b"\1\0\x10\0\1" + bytes(18), "body too long"),
        (read_reply, b"\1\0\0\0\1" + b"\0\1" + bytes(17), "no such part"),
        (read_reply, b"\2\0\0\0\1" + b"\2", "wrong field"),
        (read_reply, b"\3\0", "trailing"),
        (read_reply, b"", "too short"),
    ],
)
def test_wrong_messages_are_refused(read, data, reason):
    with pytest.raises(Refused, match=reason):
        read(data)


def test_a_call_takes_a_message_of_four_kibibytes(world):
    """With 512 bytes to say what to do with it: one packet out, one back."""
    net = world(2)
    assert CALL_MAX >= 4096 + 480
    net.nodes[0].client.request(net.nodes[1].record, bytes(CALL_MAX), net.now)
    net.run_until_idle(10_000)

    assert net.sent == 2


def test_an_answer_is_not_linked_to_its_request(world):
    """Every packet that any two nodes exchange for one request differs from all others."""
    net = world(8)
    packets = []
    deliver = net.arrive
    net.arrive = lambda node, packet: (packets.append(packet), deliver(node, packet))
    net.nodes[0].client.request(net.nodes[7].record, b"hello", net.now)
    net.run_until_idle(10_000)

    assert len(packets) == 8
    assert not any(net.nodes[0].node_id in packet for packet in packets)
    for first, second in pairwise(sorted(packets)):
        equal = sum(x == y for x, y in zip(first, second, strict=True))
        assert equal < len(first) / 256 * 1.6


def test_nobody_but_its_guard_ever_sees_the_client(world):
    """A trace of all that every node has in hand while a request and its answer pass."""
    net = world(9)
    client, server = net.nodes[0], net.nodes[8]
    guard = net.by_id[client.paths.guards(0)[0].node_id]
    visible = {node.node_id: set() for node in net.nodes}
    deliver = net.arrive

    def arrive(node, packet):
        header, body = onion.split(packet)
        opened = onion.open_header(node.keys.current.key, header)
        inner = onion.unwrap(opened.body_key, body)
        view = packet + opened.routing.encode() + opened.header + inner
        visible[node.node_id] |= {other for other in net.by_id if other in view}
        deliver(node, packet)

    net.arrive = arrive
    for number in range(10):
        client.client.request(server.record, b"%d" % number, net.now)
    net.run_until_idle(20_000)

    assert len(net.events[client.node_id]) == 10
    for node in net.nodes:
        seen = visible[node.node_id]
        assert (client.node_id in seen) == (node is guard)
        assert node.node_id not in seen
    assert sum(len(seen) for seen in visible.values()) > 10  # the search finds what is there
