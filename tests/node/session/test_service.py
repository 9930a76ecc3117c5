"""Committees at work: members are engines, and the network between them is a list."""

import random
from dataclasses import dataclass, field, replace

import pytest

from chain.dao import anchors
from node.codec import Refused
from node.crypto import SigningKey
from node.session import ids, service
from node.session.attestations import Statement, check
from node.session.epochs import Chain, decode_closed
from node.session.messages import Message, MessageType
from node.session.outcomes import NOTARY, Emission, failure, observation
from node.session.records import StepKind
from node.session.service import PREFIX, TIMEOUT_MS, Engine, Settings
from node.session.shares import Share
from node.session.states import SessionState
from node.session.views import certificate_view, committee_view, epoch_view, sessions_view

CHAIN = Chain(chain_id=6133, anchor=b"\x01" * 20, relay=b"\x02" * 20)
TARGET = b"\x0a" * 20
EPOCH_MS = 60_000
START = 1_000_000


@dataclass
class World:
    """Members, their stores, and the messages on their way."""

    keys: list[SigningKey]
    settings: Settings
    now: int = START
    members: dict[bytes, Engine] = field(default_factory=dict)
    stores: dict[bytes, dict[bytes, bytes]] = field(default_factory=dict)
    flying: list[tuple[bytes, Message]] = field(default_factory=list)
    down: set[bytes] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    notices: list[tuple[bytes, str, bytes]] = field(default_factory=list)
    shuffle: random.Random | None = None

    def __post_init__(self) -> None:
        for key in self.keys:
            self.stores[ids.hash_of(key.public)] = {}
            self.boot(key)

    def boot(self, key: SigningKey) -> Engine:
        node = ids.hash_of(key.public)
        store = self.stores[node]
        stored = [(k, v) for k, v in store.items() if k.startswith(PREFIX)]
        self.members[node] = Engine(self.settings, key, stored, store.get, self.now)
        return self.members[node]

    def member(self, seat: int) -> Engine:
        return self.members[ids.hash_of(self.keys[seat].public)]

    def do(self, engine: Engine, effects) -> None:
        node = engine.nodes[engine.me]
        for key, value in effects.store.items():
            if value is None:
                self.stores[node].pop(key, None)
            else:
                self.stores[node][key] = value
        self.notices += [(node, *notice) for notice in effects.notices]
        for message in effects.send:
            targets = engine.nodes if message.recipient == bytes(32) else [message.recipient]
            self.flying += [(target, message) for target in targets if target != node]

    def run(self) -> None:
        """Deliver until nothing is on its way. Between two members, order is kept."""
        while self.flying:
            at = 0
            if self.shuffle is not None:
                at = self.shuffle.randrange(len(self.flying))
                target, message = self.flying[at]
                way = (target, message.sender)
                at = next(
                    place
                    for place, (other, each) in enumerate(self.flying)
                    if (other, each.sender) == way
                )
            target, message = self.flying.pop(at)
            if target in self.down or message.sender in self.down:
                continue
            engine = self.members[target]
            try:
                effects = engine.receive(message, self.now)
            except Refused as refusal:
                self.refused.append(refusal.reason)
                continue
            self.do(engine, effects)

    def tick(self, milliseconds: int) -> None:
        self.now += milliseconds
        for node, engine in self.members.items():
            if node not in self.down:
                self.do(engine, engine.tick(self.now))
        self.run()

    def up(self) -> list[Engine]:
        return [engine for node, engine in self.members.items() if node not in self.down]

    # --- Whole sessions ---

    def ask(self, leader: Engine, tx: bytes, kind=StepKind.WRITE_EXTERNAL) -> tuple[bytes, bytes]:
        """Create and start a session whose first step asks."""
        session, effects = leader.create(NOTARY, tx, self.now)
        self.do(leader, effects)
        self.do(leader, leader.start(session, self.now))
        self.do(leader, leader.request(session, kind, tx, ids.EMPTY, self.now))
        self.run()
        return session, leader.sessions[session].requests[-1].id

    def answer(self, request: bytes, data: bytes, engines) -> None:
        for engine in engines:
            if any(
                each.requests and each.requests[-1].id == request
                for each in engine.sessions.values()
            ):
                self.do(engine, engine.submit(request, data, self.now))
        self.run()

    def conclude(self, leader: Engine, session: bytes, request: bytes) -> None:
        self.do(leader, leader.commit(request, self.now))
        self.run()
        self.do(leader, leader.complete(session, ids.EMPTY, self.now))
        self.run()
        self.do(leader, leader.finalize(session, self.now))
        self.run()

    def session(self, seat: int = 0, tx: bytes = b"t" * 32, output: bytes = b"seen", events=()):
        leader = self.member(seat)
        session, request = self.ask(leader, tx)
        self.answer(request, observation(output, events), self.up())
        self.conclude(leader, session, request)
        return session


@pytest.fixture
def make_world(signing_keys):
    def make(size, epoch_ms=EPOCH_MS, **changes):
        keys = signing_keys[:size]
        settings = Settings(
            chain=CHAIN,
            members=tuple(key.public for key in keys),
            epoch_ms=epoch_ms,
            **changes,
        )
        return World(keys=keys, settings=settings)

    return make


@pytest.fixture
def world(make_world):
    return make_world(4)


def test_a_session_is_the_same_at_every_member(world):
    session = world.session()

    for engine in world.up():
        result, certificate = engine.results[session]
        check(certificate, engine.keys)
        assert result.leaf().state is SessionState.FINALIZED
        assert result.outcome.digest == ids.hash_of(b"seen")
        assert engine.sessions == {}
    leaves = {engine.results[session][0].leaf().hash() for engine in world.up()}
    assert len(leaves) == 1
    assert world.refused == []


def test_fifteen_of_21_finalize_and_14_do_not(make_world):
    world = make_world(21)
    nodes = list(world.members)
    world.down = set(nodes[15:])
    done = world.session()
    assert all(done in engine.results for engine in world.up())

    world.down.add(nodes[14])
    leader = world.member(0)
    session, request = world.ask(leader, b"u" * 32)
    world.answer(request, observation(b"seen"), world.up())
    world.do(leader, leader.commit(request, world.now))
    world.run()
    with pytest.raises(Refused, match="step is not attested"):
        leader.complete(session, ids.EMPTY, world.now)
    with pytest.raises(Refused, match="step is not done"):
        leader.finalize(session, world.now)
    assert not any(session in engine.results for engine in world.up())


def test_an_epoch_closes_alike_everywhere_and_follows_the_contracts(world):
    emitted = Emission(kind=3, target=TARGET, payload=b"payload")
    sessions = [
        world.session(seat, bytes([seat]) * 32, b"%d" % seat, [emitted] * seat) for seat in range(3)
    ]
    world.tick(EPOCH_MS)
    for _ in range(3):
        world.tick(1000)
    views = [epoch_view(engine, 1) for engine in world.up()]

    assert all(view == views[0] for view in views)
    view = views[0]
    assert (view["closed"], view["count"], view["previousRoot"]) == (True, 3, "00" * 32)
    assert [leaf["sessionId"] for leaf in view["leaves"]] == sorted(s.hex() for s in sessions)
    assert [event["number"] for event in view["events"]] == [0, 1, 2]
    hashes = [
        anchors.SessionLeaf(
            session_id=bytes.fromhex(leaf["sessionId"]),
            state=leaf["state"],
            output_hash=bytes.fromhex(leaf["outputHash"]),
            oracle_root=bytes.fromhex(leaf["oracleRoot"]),
        ).hash()
        for leaf in view["leaves"]
    ]
    root = anchors.session_root(CHAIN.chain_id, 1, hashes)
    assert view["root"] == root.hex()
    engine = world.member(0)
    anchored = certificate_view(engine, "anchor", CHAIN.chain_id, CHAIN.anchor, 1)
    signed = anchors.anchor_attestation(CHAIN.chain_id, CHAIN.anchor, 1, root, 3, bytes(32))
    assert signed[37:69].hex() == anchored["subject"]
    assert signed[69:101].hex() == anchored["commitment"]
    assert len(anchored["signatures"]) >= 3
    events = certificate_view(engine, "events", CHAIN.chain_id, CHAIN.relay, 1)
    assert events["commitment"] == view["eventsRoot"]
    check(engine.closed(1).certificates[1], engine.keys)


def test_epochs_follow_each_other_and_events_have_no_gap(world):
    emitted = Emission(kind=1, target=TARGET, payload=b"p")
    for number in range(3):
        world.session(number, bytes([number]) * 32, b"x", [emitted] * (number % 2 + 1))
        world.tick(EPOCH_MS)
        for _ in range(3):
            world.tick(1000)
    engine = world.member(1)
    views = [epoch_view(engine, number) for number in (1, 2, 3)]

    assert [view["previousRoot"] for view in views[1:]] == [view["root"] for view in views[:2]]
    numbers = [event["number"] for view in views for event in view["events"]]
    assert numbers == list(range(4))
    assert epoch_view(engine, 0)["epoch"] == 4
    assert epoch_view(engine, 0)["closed"] is False


def test_an_epoch_without_sessions_closes_too(world):
    world.tick(EPOCH_MS)
    for _ in range(3):
        world.tick(1000)
    view = epoch_view(world.member(0), 1)

    assert (view["count"], view["eventsRoot"]) == (0, "00" * 32)
    with pytest.raises(Refused, match="no events"):
        certificate_view(world.member(0), "events", CHAIN.chain_id, CHAIN.relay, 1)


def test_epochs_close_without_a_member_whose_turn_it_is(world):
    order = world.member(0)._committee(ids.EMPTY, 1)
    world.down = {order[0]}
    seat = next(seat for seat in range(4) if world.member(seat) in world.up())
    session = world.session(seat)
    world.tick(EPOCH_MS)
    assert all(engine.epoch == 1 for engine in world.up())
    for _ in range(25):
        world.tick(1000)

    assert {engine.epoch for engine in world.up()} == {2}
    assert epoch_view(world.up()[0], 1)["leaves"][0]["sessionId"] == session.hex()


def test_a_member_that_was_away_catches_up(world):
    away = world.keys[3]
    world.down = {ids.hash_of(away.public)}
    sessions = []
    for number in range(3):
        sessions.append(world.session(number, bytes([number]) * 32))
        world.tick(EPOCH_MS)
        for _ in range(25):
            world.tick(1000)
    assert world.member(0).epoch > 3
    world.down = set()
    for _ in range(40):
        world.tick(1000)

    engine = world.member(3)
    assert engine.epoch == world.member(0).epoch
    assert [epoch_view(engine, n) for n in (1, 2, 3)] == [
        epoch_view(world.member(0), n) for n in (1, 2, 3)
    ]


def test_a_member_that_missed_a_session_signs_its_epoch(world):
    """It asks the proposer for what it lacks, and believes the certificate."""
    late = ids.hash_of(world.keys[3].public)
    world.down = {late}
    session = world.session(0)
    world.down = set()
    world.tick(EPOCH_MS)
    for _ in range(EPOCH_MS // 1000 + 20):
        world.tick(1000)

    anchored = [
        leaf["sessionId"]
        for number in (1, 2)
        for leaf in epoch_view(world.member(3), number)["leaves"]
    ]
    assert anchored == [session.hex()]


@pytest.mark.parametrize("seed", range(6))
def test_members_that_crash_lose_nothing_and_sign_nothing_twice(make_world, seed):
    """Any member is restarted from its store at any time; messages of one are in order."""
    chance = random.Random(seed)
    world = make_world(4)
    world.shuffle = chance
    done = []
    for number in range(3):
        leader = chance.randrange(4)
        session, request = world.ask(world.member(leader), bytes([number]) * 32)
        world.answer(request, observation(b"seen"), world.up())
        engine = world.member(leader)
        world.do(engine, engine.commit(request, world.now))
        world.boot(world.keys[chance.randrange(4)])
        world.run()
        for _ in range(20):
            world.tick(1000)
        engine = world.member(leader)
        if session in engine.sessions:
            step = engine.sessions[session].session.steps[-1]
            if step.attestation_id != ids.EMPTY:
                world.do(engine, engine.complete(session, ids.EMPTY, world.now))
                world.do(engine, engine.finalize(session, world.now))
        world.boot(world.keys[chance.randrange(4)])
        world.run()
        done.append(session)
    for _ in range(90):
        world.tick(5000)
        if chance.random() < 0.05:
            world.boot(world.keys[chance.randrange(4)])

    assert [name for _, name, _ in world.notices if name == "equivocation"] == []
    epochs = min(engine.epoch for engine in world.up()) - 1
    assert epochs >= 1
    for number in range(1, epochs + 1):
        contents = {
            decode_closed(store[b"epoch/" + number.to_bytes(8, "big")]).content
            for store in world.stores.values()
        }
        assert len(contents) == 1
    anchored = [
        leaf["sessionId"]
        for number in range(1, epochs + 1)
        for leaf in epoch_view(world.member(0), number)["leaves"]
    ]
    assert len(anchored) == len(set(anchored))
    assert set(anchored) == {session.hex() for session in done}


def test_a_session_whose_time_is_over_fails_and_frees_its_slot(make_world):
    world = make_world(4, sessions_max=4, epoch_ms=10 * TIMEOUT_MS)
    leader = world.member(0)
    session, effects = leader.create(NOTARY, b"t" * 32, world.now)
    world.do(leader, effects)
    with pytest.raises(Refused, match="no free slot"):
        leader.create(NOTARY, b"u" * 32, world.now)
    world.tick(TIMEOUT_MS)

    for engine in world.up():
        assert engine.results[session][0].leaf().state is SessionState.FAILED
        assert session not in engine.sessions
    leader.create(NOTARY, b"u" * 32, world.now)
    with pytest.raises(Refused, match="is known"):
        leader.create(NOTARY, b"t" * 32, world.now)


def test_a_session_without_a_quorum_is_dropped_in_the_end(world):
    world.down = set(list(world.members)[2:])
    leader = world.member(0)
    session, effects = leader.create(NOTARY, b"t" * 32, world.now)
    world.do(leader, effects)
    world.tick(TIMEOUT_MS)
    assert session in leader.sessions
    world.tick(TIMEOUT_MS)

    assert session not in leader.sessions
    assert session not in leader.results
    with pytest.raises(Refused, match="is known"):
        leader.create(NOTARY, b"t" * 32, world.now)


def test_a_leader_can_withdraw(world):
    leader = world.member(0)
    session, _ = world.ask(leader, b"t" * 32)
    world.do(leader, leader.fail(session, world.now))
    world.run()

    assert all(engine.results[session][0] == failure(session, 1) for engine in world.up())
    with pytest.raises(Refused, match="unknown"):
        leader.finalize(session, world.now)


def test_a_request_without_a_quorum_is_asked_anew(world):
    nodes = list(world.members)
    leader = world.member(0)
    session, request = world.ask(leader, b"t" * 32)
    world.answer(request, observation(b"seen"), world.up())
    world.down = set(nodes) - {leader.nodes[leader.me]}
    world.do(leader, leader.commit(request, world.now))
    world.run()
    world.down = set()
    world.tick(service.ATTEST_MS)
    again = leader.sessions[session].requests[-1]

    assert again.id == ids.request_id(NOTARY, session, b"t" * 32, 0, 1)
    assert again.retry_index == 1
    world.answer(again.id, observation(b"seen"), world.up())
    world.conclude(leader, session, again.id)
    assert all(session in engine.results for engine in world.up())


def test_members_that_saw_different_things_sign_nothing(world):
    leader = world.member(0)
    session, request = world.ask(leader, b"t" * 32)
    for number, engine in enumerate(world.up()):
        world.do(engine, engine.submit(request, observation(b"%d" % (number % 2)), world.now))
    world.run()
    world.do(leader, leader.commit(request, world.now))
    world.run()
    world.do(leader, leader.complete(session, ids.EMPTY, world.now))
    with pytest.raises(Refused, match="saw different things"):
        leader.finalize(session, world.now)


def test_several_steps_of_all_kinds(world):
    leader = world.member(2)
    session, request = world.ask(leader, b"t" * 32)
    world.answer(request, observation(b"first"), world.up())
    world.do(leader, leader.commit(request, world.now))
    world.run()
    world.do(leader, leader.complete(session, ids.EMPTY, world.now))
    world.do(leader, leader.request(session, StepKind.COMPUTE, b"c" * 32, ids.EMPTY, world.now))
    world.do(leader, leader.complete(session, b"o" * 32, world.now))
    world.do(
        leader, leader.request(session, StepKind.READ_EXTERNAL, b"r" * 32, ids.EMPTY, world.now)
    )
    world.run()
    request = leader.sessions[session].requests[-1].id
    world.answer(request, observation(b"second"), world.up())
    world.do(leader, leader.commit(request, world.now))
    world.run()
    # The last step is attested: waiting_io -> finalized.
    assert leader.sessions[session].session.state is SessionState.WAITING_IO
    world.do(leader, leader.finalize(session, world.now))
    world.run()

    assert world.refused == []
    for engine in world.up():
        result = engine.results[session][0]
        assert result.outcome.digest == ids.hash_of(b"second")
        assert result.oracle_root != ids.EMPTY


def test_who_signs_two_commitments_is_shown(world, signing_keys):
    bad = signing_keys[3]
    leader = world.member(0)
    session, _ = world.ask(leader, b"t" * 32)
    for text in (b"one", b"other"):
        statement = Statement(
            domain=ids.Domain.SESSION_COMPLETE,
            subject=session,
            commitment=ids.hash_of(text),
            epoch=1,
        )
        share = Share(statement=statement, signature=bad.sign(statement.payload()))
        message = Message(
            type=MessageType.SHARE, payload=share.encode(), sender=ids.hash_of(bad.public)
        ).signed(bad)
        world.do(leader, leader.receive(message, world.now))

    assert ("equivocation", ids.hash_of(bad.public)) in [
        (name, what) for _, name, what in world.notices
    ]
    assert ids.hash_of(bad.public) in leader.accused
    assert committee_view(leader, world.now)["members"][3]["accused"]
    rebooted = world.boot(world.keys[0])
    assert rebooted.accused == {ids.hash_of(bad.public)}
    assert session in rebooted.sessions


def test_messages_that_are_refused(world, signing_keys, h):
    leader, other = world.member(0), world.member(1)
    stranger = signing_keys[20]
    node = ids.hash_of

    def sent(key, kind, payload, **changes):
        fields = {"type": kind, "payload": payload, "sender": node(key.public), **changes}
        return Message(**fields).signed(key)

    key = world.keys[1]
    session, request = world.ask(leader, b"t" * 32)
    cases = [
        (sent(stranger, MessageType.HEARTBEAT, b""), "not of the committee"),
        (sent(world.keys[0], MessageType.HEARTBEAT, b""), "not of the committee"),
        (sent(key, MessageType.HEARTBEAT, b"", recipient=h("x")), "somebody else"),
        (sent(key, MessageType.HEARTBEAT, bytes(9)), "trailing"),
        (sent(key, MessageType.PING, b""), "not for a committee"),
        (sent(stranger, MessageType.HEARTBEAT, b"", sender=node(key.public)), "not signed"),
        (sent(key, MessageType.SESSION_START, session), "led by another"),
        (sent(key, MessageType.SESSION_START, h("x")), "unknown"),
        (sent(key, MessageType.ORACLE_COMMIT, request), "led by another"),
        (sent(key, MessageType.ORACLE_COMMIT, h("x")), "no such request"),
        (sent(key, MessageType.SHARE, bytes(73 + 4627)), "unknown"),
        (sent(key, MessageType.SHARE, bytes(100)), "too short"),
        (sent(key, MessageType.CERTIFICATE, b""), "too short"),
        (sent(key, MessageType.PROPOSAL, b""), "too short"),
        (sent(key, MessageType.EPOCH, b""), "too short"),
    ]
    for message, reason in cases:
        before = dict(leader.sessions)
        with pytest.raises(Refused, match=reason):
            leader.receive(message, world.now)
        assert leader.sessions == before
    wrong = [other._committee(NOTARY, 1)[::-1], ()]
    for committee in wrong:
        create = service.messages.SessionCreate(
            service_id=NOTARY, epoch=1, tx_id=h("y"), committee=committee
        )
        message = sent(key, MessageType.SESSION_CREATE, create.encode())
        with pytest.raises(Refused, match="other committee"):
            leader.receive(message, world.now)


def test_what_a_user_may_not_ask(world, h):
    leader, other = world.member(0), world.member(1)
    with pytest.raises(Refused, match="unknown service"):
        leader.create(h("nothing"), h("t"), world.now)
    session, effects = leader.create(NOTARY, h("t"), world.now)
    world.do(leader, effects)
    world.run()
    with pytest.raises(Refused, match="is known"):
        leader.create(NOTARY, h("t"), world.now)
    with pytest.raises(Refused, match="led by another"):
        other.start(session, world.now)
    with pytest.raises(Refused, match="not in this state"):
        leader.request(session, StepKind.WRITE_EXTERNAL, h("x"), ids.EMPTY, world.now)
    with pytest.raises(Refused, match="no such request"):
        leader.submit(h("x"), b"", world.now)
    assert sessions_view(leader)[0]["state"] == 0
    with pytest.raises(Refused, match="unknown"):
        epoch_view(leader, 9)
    for kind, chain_id, contract in (
        ("anchor", 1, CHAIN.anchor),
        ("anchor", CHAIN.chain_id, CHAIN.relay),
        ("other", CHAIN.chain_id, CHAIN.anchor),
    ):
        with pytest.raises(Refused, match="not signed for"):
            certificate_view(leader, kind, chain_id, contract, 1)
    with pytest.raises(Refused, match="not closed"):
        certificate_view(leader, "anchor", CHAIN.chain_id, CHAIN.anchor, 1)


def test_a_committee_has_bounds(signing_keys):
    keys = [key.public for key in signing_keys]
    for members in (keys[:2], [*keys[:3], keys[0]], [*keys[:3], b"short"], keys[1:]):
        with pytest.raises(ValueError, match="committee"):
            Engine(Settings(chain=CHAIN, members=tuple(members)), signing_keys[0], [], {}.get, 0)


def test_a_second_root_for_an_epoch_that_is_over_is_shown_too(world):
    world.tick(EPOCH_MS)
    for _ in range(3):
        world.tick(1000)
    engine = world.member(0)
    certificate = engine.closed(1).certificates[0]
    seat = next(seat for seat in certificate.by_seat() if seat != engine.me)
    bad = next(key for key in world.keys if key.public == engine.keys[seat])

    def share(commitment, epoch=1):
        statement = replace(certificate.statement, commitment=commitment, epoch=epoch)
        payload = Share(statement=statement, signature=bad.sign(statement.payload())).encode()
        message = Message(type=MessageType.SHARE, payload=payload, sender=ids.hash_of(bad.public))
        return message.signed(bad)

    world.do(engine, engine.receive(share(certificate.statement.commitment), world.now))
    assert engine.accused == set()
    with pytest.raises(Refused, match="unknown"):
        engine.receive(share(b"x" * 32, epoch=2), world.now)
    world.do(engine, engine.receive(share(b"x" * 32), world.now))
    assert engine.accused == {ids.hash_of(bad.public)}
