"""Full nodes: what they answer, how much of it, and the certificates that their validators make."""

from collections import Counter
from contextlib import suppress
from random import Random

import pytest

from node.codec import Refused
from node.crypto import sha256
from node.light.gateway import CREDIT, Gateway
from node.light.questions import (
    Answer,
    Ask,
    Call,
    Kind,
    Status,
    Target,
    read_answer,
    write_targets,
)
from node.light.validator import Voter
from node.session.messages import MessageType


def test_a_full_node_is_not_asked_more_than_it_gives(net):
    gateway = net.gateways[0]
    asker = sha256(b"asker")
    ask = Ask(bytes(8), Kind.HEAD, b"").encode()
    for _ in range(CREDIT // 2):
        gateway.receive(asker, MessageType.CHAIN_ASK, ask, net.now)
    for _ in range(CREDIT // 2):
        with pytest.raises(Refused, match="too much asked"):
            gateway.receive(asker, MessageType.CHAIN_ASK, ask, net.now)
    statuses = Counter(read_answer(send.payload).status for send in gateway.outgoing())
    assert statuses == {Status.OK: CREDIT // 2, Status.BUSY: CREDIT // 2}
    gateway.receive(asker, MessageType.CHAIN_ASK, ask, net.now + 1_000)
    assert read_answer(gateway.outgoing()[0].payload).status == Status.OK


def test_a_full_node_works_on_few_things_at_a_time(net):
    gateway = net.gateways[0]
    ask = Ask(bytes(8), Kind.HEADERS, (5).to_bytes(8, "big") + b"\0\1").encode()
    for place in range(20):
        gateway.receive(net.peer(9), MessageType.CHAIN_ASK, ask, net.now + place)
    assert len(gateway.requests()) == 8
    for place in range(200):
        gateway.receive(sha256(b"%d" % place), MessageType.CHAIN_ASK, ask, net.now)
    assert len(gateway._tasks) == 64


@pytest.mark.parametrize("kind", list(Kind))
def test_malformed_questions_come_to_nothing(net, kind):
    gateway = net.gateways[0]
    for place, body in enumerate((b"", b"\0" * 7, b"\xff" * 8, b"\xff" * 60)):
        peer = sha256(bytes([kind, place]))
        payload = Ask(bytes(8), kind, body).encode()
        try:
            gateway.receive(peer, MessageType.CHAIN_ASK, payload, net.now)
        except Refused:
            continue
        for _ in range(4):
            for number, calls in gateway.requests():
                results = [net.full.ask(each.method, each.params) for each in calls]
                gateway.replied(number, results)
        answers = [read_answer(send.payload) for send in gateway.outgoing()]
        if kind != Kind.HEAD:
            assert [answer.status for answer in answers] != [Status.OK], (kind, body)
    assert gateway._tasks == {}


def test_a_chain_node_that_does_not_answer_makes_it_busy(net):
    gateway = net.gateways[0]
    ask = Ask(bytes(8), Kind.HEADERS, (5).to_bytes(8, "big") + b"\0\1").encode()
    gateway.receive(net.peer(9), MessageType.CHAIN_ASK, ask, net.now)
    ((number, _),) = gateway.requests()
    gateway.replied(number, None)
    assert read_answer(gateway.outgoing()[0].payload).status == Status.BUSY


def test_an_answer_that_does_not_fit_says_so(net):
    gateway = net.gateways[0]
    gateway._answer(net.peer(9), Answer(bytes(8), Status.OK, bytes(1 << 20)))
    assert read_answer(gateway.outgoing()[0].payload).status == Status.TOO_LARGE


def test_validators_certify_with_one_of_four_down_and_not_with_two(chain, make_net):
    net = make_net(chain)
    net.down = {net.peer(3)}
    net.mine(32)
    net.run(3_000)
    assert [gateway._numbers[-1] for gateway in net.gateways[:3]] == [30] * 3
    net.down = {net.peer(2), net.peer(3)}
    net.mine(20)
    net.run(5_000)
    assert [gateway._numbers[-1] for gateway in net.gateways[:2]] == [30] * 2


def test_votes_that_were_lost_are_sent_again(chain, make_net):
    net = make_net(chain)
    net.down = {net.peer(2), net.peer(3)}
    net.mine(14)  # and then no block more
    net.run(3_000)
    assert net.gateways[0]._numbers == []
    net.down = set()
    net.run(12_000)
    assert [gateway._numbers[-1:] for gateway in net.gateways] == [[10]] * 4


def test_a_stranger_has_no_vote(net):
    gateway = net.gateways[0]
    net.mine(10)
    vote = net.gateways[1]._own
    ask = Ask(bytes(8), Kind.VOTE, vote.encode()).encode()
    with pytest.raises(Refused, match="stranger"):
        gateway.receive(sha256(b"stranger"), MessageType.CHAIN_ASK, ask, net.now)


@pytest.mark.parametrize("seed", range(4))
def test_random_questions_come_to_nothing_worse_than_a_refusal(net, seed):
    random = Random(seed)
    good = [
        (Kind.STATE, (5).to_bytes(8, "big") + write_targets([Target(bytes(20), (1, 2))])),
        (Kind.CALL, (5).to_bytes(8, "big") + Call(to=bytes(20)).encode()),
        (Kind.HEADERS, (5).to_bytes(8, "big") + b"\0\3"),
        (Kind.CODE, (5).to_bytes(8, "big") + bytes(20)),
        (Kind.SUBMIT, b"\2" + random.randbytes(100)),
        (Kind.VOTE, net.gateways[1]._own.encode()),
    ]
    gateway = net.gateways[0]
    for count in range(150):
        kind, body = random.choice(good)
        at = random.randrange(len(body))
        body = body[:at] + random.randbytes(random.randrange(4)) + body[at + 1 :]
        peer = random.choice([net.peer(1), sha256(b"%d" % count)])
        with suppress(Refused):
            ask = Ask(bytes(8), kind, body).encode()
            gateway.receive(peer, MessageType.CHAIN_ASK, ask, net.now + count * 1_000)
        for number, calls in gateway.requests():
            gateway.replied(number, [net.full.ask(each.method, each.params) for each in calls])
    while requests := gateway.requests():
        for number, calls in requests:
            gateway.replied(number, [net.full.ask(each.method, each.params) for each in calls])
    assert gateway._tasks == {}


@pytest.mark.parametrize(
    "wrong", [None, 7, "0x", "0xzz", [], {}, ["0x1"], {"number": 7}, "0x" + "ff" * 40]
)
def test_a_chain_node_that_talks_nonsense_breaks_nothing(net, wrong):
    gateway = net.gateways[0]
    number = (5).to_bytes(8, "big")
    for kind, body in (
        (Kind.STATE, number + write_targets([Target(bytes(20), (1,))])),
        (Kind.CALL, number + Call(to=bytes(20)).encode()),
        (Kind.HEADERS, number + b"\0\1"),
        (Kind.CODE, number + bytes(20)),
        (Kind.TRANSACTION, bytes(32)),
        (Kind.TRANSACTIONS, number),
        (Kind.RECEIPTS, number),
        (Kind.NUMBER, bytes(32)),
        (Kind.SUBMIT, b"\2"),
    ):
        ask = Ask(bytes(8), kind, body).encode()
        gateway.receive(sha256(body + bytes([kind])), MessageType.CHAIN_ASK, ask, net.now)
        for _ in range(4):
            for task, calls in gateway.requests():
                gateway.replied(task, [wrong] * len(calls))
    assert gateway._tasks == {}


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("at", [1, 2, 3, 4])
def test_a_validator_may_crash_in_any_commit(chain, make_net, crashing, at, after):
    net = make_net(chain)
    keys = {key.public: key for key in net.keys}
    inner = net.stores[0]
    inner.table.clear()

    def begin(store):
        voter = Voter(keys[net.set.seats[0].key], store)
        gateway = Gateway(net.set, store, voter=voter)
        gateway.fellows = net.peers[1:]
        net.gateways[0] = net.cores[net.peer(0)] = gateway

    net.down = {net.peer(3)}  # so that this one is needed for a quorum
    net.mine(32)
    try:
        begin(crashing(inner, at, after=after))
        net.run(3_000)
    except crashing.end:
        begin(inner)
    net.run(3_000)
    net.mine(10)
    net.run(12_000)
    assert [gateway._numbers[-1] for gateway in net.gateways[:3]] == [40] * 3
    assert all(gateway._collector.evidence == [] for gateway in net.gateways)
