"""One member of four lies, and any member may die between storing and sending."""

import random
from functools import partial

import pytest

from node.codec import Refused
from node.crypto import SigningKey
from node.session import ids
from node.session.epochs import Chain, Proposal, Vote, decode_closed, epoch_key
from node.session.messages import Message, MessageType
from node.session.outcomes import NOTARY, observation
from node.session.records import StepKind
from node.session.service import PREFIX, Engine, Settings
from node.session.shares import Share, decode_share

CHAIN = Chain(chain_id=6133, anchor=b"\x01" * 20, relay=b"\x02" * 20)
EPOCH_MS = 30_000


class Net:
    """Honest members over a network that delays, and a liar who sees and sends what it likes."""

    def __init__(self, keys: list[SigningKey], liars: int, chance: random.Random) -> None:
        members = tuple(key.public for key in keys)
        self.settings = Settings(chain=CHAIN, members=members, epoch_ms=EPOCH_MS)
        self.keys, self.chance = keys, chance
        self.honest = len(keys) - liars
        self.stores: list[dict[bytes, bytes]] = [{} for _ in range(self.honest)]
        self.now = 1_000_000
        self.engines = [self.boot(seat) for seat in range(self.honest)]
        self.flying: list[tuple[int, Message]] = []
        self.seen: list[Message] = []
        self.signed: dict[tuple[bytes, bytes], set[bytes]] = {}

    def boot(self, seat: int) -> Engine:
        store = self.stores[seat]
        stored = [(k, v) for k, v in store.items() if k.startswith(PREFIX)]
        return Engine(self.settings, self.keys[seat], stored, store.get, self.now)

    def do(self, seat: int, effects, *, dies: bool = False) -> None:
        for key, value in effects.store.items():
            if value is None:
                self.stores[seat].pop(key, None)
            else:
                self.stores[seat][key] = value
        if dies:
            self.engines[seat] = self.boot(seat)
            return
        for message in effects.send:
            self.note(message)
            self.seen = [*self.seen[-200:], message]
            for target in range(self.honest):
                node = ids.hash_of(self.keys[target].public)
                if target != seat and message.recipient in (ids.EMPTY, node):
                    self.flying.append((target, message))

    def note(self, message: Message) -> None:
        """Remember what honest members sign."""
        if message.type is MessageType.SHARE:
            statement = decode_share(message.payload).statement
            place = ids.hash_multi(
                statement.domain.separator, statement.subject, statement.epoch.to_bytes(8, "big")
            )
            self.signed.setdefault((message.sender, place), set()).add(statement.commitment)

    def deliver(self, dying: float) -> None:
        waiting, self.flying = self.flying, []
        for target, message in waiting:
            try:
                effects = self.engines[target].receive(message, self.now)
            except Refused:
                continue
            self.do(target, effects, dies=self.chance.random() < dying)

    def lie(self) -> None:
        """Send what could do harm: own words of all kinds, and others' as one's own."""
        chance, engine = self.chance, self.engines[0]
        key = self.keys[-1]
        forms = [
            (
                MessageType.VOTE,
                Vote(epoch=engine.epoch, round=chance.randrange(4), digest=_id(chance)),
            ),
            (
                MessageType.PROPOSAL,
                Proposal(epoch=engine.epoch, round=chance.randrange(9), sessions=()),
            ),
            (
                MessageType.PROPOSAL,
                Proposal(
                    epoch=engine.epoch,
                    round=chance.randrange(9),
                    sessions=tuple(
                        sorted(name for name in engine.results if chance.random() < 0.5)
                    ),
                ),
            ),
        ]
        kind, payload = chance.choice(forms)
        data = payload.encode()
        shares = [each for each in self.seen if each.type is MessageType.SHARE]
        if shares and chance.random() < 0.4:
            statement = decode_share(chance.choice(shares).payload).statement
            data = Share(statement=statement, signature=key.sign(statement.payload())).encode()
            kind = MessageType.SHARE
        elif self.seen and chance.random() < 0.4:
            copied = chance.choice(self.seen)
            kind, flipped = copied.type, bytearray(copied.payload)
            if flipped and chance.random() < 0.7:
                flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            data = bytes(flipped)
        message = Message(type=kind, payload=data, sender=ids.hash_of(key.public)).signed(key)
        targets = chance.sample(range(self.honest), chance.randint(1, self.honest))
        self.flying += [(target, message) for target in targets]

    def step(self, *, dying: float = 0.0, lies: bool = True) -> None:
        self.now += self.chance.choice([100, 1000, 3000])
        for seat in range(self.honest):
            effects = self.engines[seat].tick(self.now)
            self.do(seat, effects, dies=self.chance.random() < dying)
        for _ in range(2 if lies else 0):
            self.lie()
        self.deliver(dying)

    def work(self) -> None:
        """Let some member go on with what it leads, or begin something."""
        seat = self.chance.randrange(self.honest)
        engine = self.engines[seat]
        if not engine.sessions:
            name, effects = engine.create(NOTARY, _id(self.chance), self.now)
            self.do(seat, effects)
            self.do(seat, engine.start(name, self.now))
            self.do(
                seat,
                engine.request(name, StepKind.READ_EXTERNAL, _id(self.chance), ids.EMPTY, self.now),
            )
            return
        for entry in list(engine.sessions.values()):
            if not entry.requests:
                continue
            asked = entry.requests[-1].id
            actions = [partial(engine.submit, asked, observation(b"seen"), self.now)]
            if entry.creator == engine.nodes[engine.me]:
                name = entry.session.id
                if len(entry.requests[-1].records) >= engine.quorum:
                    actions.append(partial(engine.commit, asked, self.now))
                actions.append(partial(engine.complete, name, ids.EMPTY, self.now))
                actions.append(partial(engine.finalize, name, self.now))
            for action in actions:
                try:
                    self.do(seat, action())
                except Refused:
                    continue

    def check(self) -> int:
        """Assert that nothing was split; return how many sessions are anchored everywhere."""
        for (node, _), commitments in self.signed.items():
            assert len(commitments) == 1, f"{node.hex()} signed two"
        epochs = min(engine.epoch for engine in self.engines) - 1
        anchored: list[bytes] = []
        numbers: list[int] = []
        for number in range(1, epochs + 1):
            contents = {decode_closed(store[epoch_key(number)]).content for store in self.stores}
            assert len(contents) == 1
            (content,) = contents
            anchored += [leaf.session_id for leaf in content.leaves]
            numbers += [event.number for event in content.events]
        assert len(anchored) == len(set(anchored))
        assert numbers == list(range(len(numbers)))
        return len(anchored)


def _id(chance: random.Random) -> bytes:
    return chance.randbytes(32)


@pytest.fixture
def make_net(signing_keys):
    return lambda seed, size=4, liars=1: Net(signing_keys[:size], liars, random.Random(seed))


@pytest.mark.parametrize("seed", range(2))
def test_a_liar_splits_nothing(make_net, seed):
    net = make_net(seed)
    for _ in range(150):
        net.work()
        net.step()

    assert net.check() >= 1


@pytest.mark.parametrize("seed", range(2))
def test_members_that_die_before_they_send_double_nothing(make_net, seed):
    net = make_net(seed, liars=0)
    for _ in range(100):
        net.work()
        net.step(dying=0.03, lies=False)
    for _ in range(100):
        net.step(lies=False)

    assert net.check() >= 1


@pytest.mark.campaign
@pytest.mark.parametrize("seed", range(200))
def test_liars_and_deaths_for_long(make_net, seed):
    net = make_net(seed, *random.Random(seed).choice([(4, 1), (7, 2), (5, 1)]))
    for _ in range(300):
        net.work()
        net.step(dying=0.01)
    net.check()
