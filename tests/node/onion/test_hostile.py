"""Anything on the wire: refused with a reason, and the books still balance."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from node.codec import Refused
from node.onion import packet as onion
from node.onion.fragments import (
    ANSWER_SIZE,
    ANSWERS_MAX,
    BODY_MAX,
    CALL_MAX,
    PART_SIZE,
    Call,
    Part,
    Pull,
    read_question,
    read_reply,
)
from node.onion.keys import KeyRing
from node.onion.packet import HEADER_SIZE, PACKET_SIZE, PAYLOAD_MAX
from node.onion.paths import Paths
from node.onion.relay import RelayNode
from node.onion.service import LIFE_MS, STALL_MS, Service
from node.onion.surb import SURB_SIZE, Surb


def zeros(size):
    return bytes(size)


SURB = Surb(first=bytes(32), header=b"\1" + bytes(HEADER_SIZE - 1), key=bytes(32))
RELAY = RelayNode(bytes(32), KeyRing(0, lambda size: hashlib.shake_256(b"key").digest(size)))


def refused_or_read(read, data):
    try:
        message = read(data)
    except Refused:
        return
    assert message.encode() == data


@given(st.integers(0, 5), st.binary(max_size=200), st.integers(0, 2))
def test_any_payload_is_read_or_refused(kind, front, fill):
    """Short ones, and ones as long as they come."""
    data = bytes([kind]) + front
    refused_or_read(read_question, data)
    refused_or_read(read_reply, data)
    refused_or_read(read_question, data.ljust(PAYLOAD_MAX, bytes([fill])))
    refused_or_read(read_reply, data.ljust(PAYLOAD_MAX, bytes([fill])))


@settings(deadline=None)
@given(st.binary(max_size=100), st.sampled_from([0, SURB_SIZE, HEADER_SIZE, PACKET_SIZE]))
def test_any_bytes_are_refused_by_a_relay(front, size):
    for data in (front, front.ljust(size, b"\1"), b"\1" + front.ljust(max(size - 1, 0), b"\0")):
        try:
            RELAY.process(data, 0)
        except Refused:
            continue
        raise AssertionError("noise was taken for a packet")


@given(st.binary(max_size=400))
def test_any_stored_state_is_read_or_refused(data):
    for state in (data, b"\1" + data):
        refused_or_read(KeyRing.decode, state)
        refused_or_read(lambda stored: Paths.decode(stored, bytes(32), zeros), state)


class Books(RuleBasedStateMachine):
    """A service under a hostile client: what it counts is what it holds, and nothing runs twice."""

    def __init__(self) -> None:
        super().__init__()
        self.service = Service(zeros)
        self.now = 0
        self.running = []
        self.ran = {}  # when each id was last handed out

    def receive(self, question):
        payload = question.encode()
        assert len(payload) <= PAYLOAD_MAX
        try:
            request, sends = self.service.receive(payload, self.now)
        except Refused:
            return
        assert len(sends) <= 1
        if request is not None:
            since = self.now - self.ran.get(request.request_id, -LIFE_MS)
            assert since >= LIFE_MS
            self.ran[request.request_id] = self.now
            self.running.append(request)

    @rule(number=st.integers(0, 3), size=st.sampled_from([0, 1, CALL_MAX]))
    def call(self, number, size):
        self.receive(Call(request_id=bytes([number]) * 16, surb=SURB, body=bytes(size)))

    @rule(number=st.integers(0, 3), index=st.integers(0, 2))
    def part(self, number, index):
        total = 2 * PART_SIZE + 5
        data = bytes(min(PART_SIZE, total - index * PART_SIZE))
        self.receive(Part(request_id=bytes([number]) * 16, total=total, index=index, data=data))

    @rule(
        number=st.integers(0, 3),
        total=st.sampled_from([0, 1, 2 * PART_SIZE + 5, BODY_MAX]),
        want=st.sampled_from([0, 1, ANSWERS_MAX - 1]),
        probe=st.booleans(),
    )
    def pull(self, number, total, want, probe):
        request_id = bytes([number]) * 16
        self.receive(Pull(request_id=request_id, total=total, want=want, probe=probe, surb=SURB))

    @precondition(lambda self: self.running)
    @rule(size=st.sampled_from([0, ANSWER_SIZE + 1]))
    def answer(self, size):
        request = self.running.pop()
        for send in self.service.answer(request, bytes(size), self.now):
            assert len(send.packet) == PACKET_SIZE

    @rule(milliseconds=st.sampled_from([1, STALL_MS, LIFE_MS]))
    def wait(self, milliseconds):
        self.now += milliseconds

    @invariant()
    def books_balance(self):
        service = self.service
        entries = service._open.values()
        assert service._open_bytes == sum(len(d) for e in entries for d in e.parts.values())
        assert service._surbs == sum(len(each.surbs) for each in entries)
        assert service._answer_bytes == sum(len(each.body) for each in service._answers.values())
        assert service._answers.keys() <= service._done.keys()
        assert not service._open.keys() & service._done.keys()
        assert [e.touched_ms for e in entries] == sorted(e.touched_ms for e in entries)


Books.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
TestBooks = Books.TestCase


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 8 * PACKET_SIZE - 1))
def test_one_bit_anywhere_is_noticed(bit):
    """In the header by the hop, in the body at the end; there is no third place."""
    ring = KeyRing(0, lambda size: hashlib.shake_256(b"key").digest(size))
    record = onion.Relay(node_id=bytes(32), public=ring.current.key.public)
    packet = bytearray(onion.build([record], [], b"payload", zeros_but_a_key))
    packet[bit // 8] ^= 1 << bit % 8
    try:
        RelayNode(bytes(32), ring).process(bytes(packet), 0)
    except Refused:
        return
    raise AssertionError("a change went unnoticed")


def zeros_but_a_key(size):
    return b"\7" * size
