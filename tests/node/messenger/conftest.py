"""Messengers in one process: a store in memory, and a post office that carries their parcels."""

from collections import Counter
from collections.abc import Callable, Iterator
from random import Random

import pytest

from node.codec import Refused
from node.messaging.content import Type
from node.messaging.prekeys import PublishedKeys
from node.messenger.ledger import Message, Way
from node.messenger.messenger import Event, Messenger
from node.messenger.rooms import Rooms
from node.messenger.trust import Trust
from node.swarm.mailboxes import inbox_address

START = 1_800_000_000_000


class Broken(Exception):
    """The store could not keep something."""


class MemoryStore:
    """A store that can fail, and notes each commit that it kept."""

    def __init__(self) -> None:
        self.records: dict[bytes, bytes] = {}
        self.fail = False
        self.commits = 0

    def get(self, key: bytes) -> bytes | None:
        return self.records.get(key)

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted(each for each in self.records.items() if each[0].startswith(prefix))

    def commit(self, changes: dict[bytes, bytes | None]) -> None:
        if self.fail:
            raise Broken
        self.commits += 1
        for key, data in changes.items():
            if data is None:
                self.records.pop(key, None)
            else:
                self.records[key] = data


class Person:
    """An account with everything of it, as a daemon has it while it is unlocked."""

    def __init__(self, office: "Office", name: str) -> None:
        self.office = office
        self.name = name
        self.store = MemoryStore()
        self.random = Random(name).randbytes
        self.events: list[Event] = []
        self.seen: set[int] = set()
        Messenger.found(self.store, office.now, self.random)
        self.restart()

    def restart(self) -> None:
        """Begin anew with what the store has."""
        self.messenger = Messenger(self.store, self.office.now, self.random)
        self.rooms = Rooms(self.messenger)
        self.trust = Trust(self.messenger)

    @property
    def account(self) -> bytes:
        return self.messenger.account_id

    def keys(self) -> PublishedKeys:
        now = self.office.now
        return PublishedKeys.decode(self.messenger.published(now), self.account, now)

    def begin(self, other: "Person") -> bytes:
        return self.messenger.begin(other.keys(), self.office.now).session_id

    def session(self, other: "Person") -> bytes:
        session = self.messenger.session_with(other.account)
        assert session is not None
        return session.session_id

    def say(self, other: "Person", text: str) -> Message:
        name = self.session(other)
        sent = self.messenger.send(name, Type.TEXT, text.encode(), self.office.now)
        assert sent is not None
        return sent

    def texts(self, chat: bytes) -> list[str]:
        return [
            each.body.decode()
            for each in self.messenger.messages(chat)
            if each.content_type == Type.TEXT
        ]

    def kinds(self) -> list[str]:
        return [event.kind for event in self.events]

    def doors(self) -> Iterator[tuple[tuple[Way, bytes], Callable[[bytes, int], list[Event]]]]:
        """Yield every place that is looked into, and who takes in what lies there."""
        inbox = inbox_address(self.messenger.inbox.public)
        yield (Way.INBOX, inbox), self.messenger.inbox_mail
        for channel, line in list(self.messenger.lines.items()):
            yield (
                (Way.MAILBOX, line.channel.receive_mailbox),
                lambda data, now, channel=channel: self.messenger.channel_mail(channel, data, now),
            )
        for group, secret in self.rooms.mailboxes():
            yield (
                (Way.MAILBOX, secret),
                lambda data, now, group=group: self.rooms.mail(group, data, now),
            )
        for name, secret in self.trust.mailboxes():
            yield (
                (Way.MAILBOX, secret),
                lambda data, now, name=name: self.trust.alert_mail(name, data, now),
            )

    def take(self, handler: Callable[[bytes, int], list[Event]], data: bytes) -> bool:
        """Take something in as the daemon does; tell whether it is done with."""
        try:
            events = handler(data, self.office.now)
        except Refused as refusal:
            self.office.refused[refusal.reason] += 1
            return True
        except Broken:
            return False
        self.events += events
        if any(event.kind == "message" for event in events):
            self.messenger.acknowledge(self.office.now)
        return True


class Office:
    """What the swarm does for the messengers; it keeps everything for ever."""

    def __init__(self) -> None:
        self.now = START
        self.people: list[Person] = []
        self.items: list[tuple[tuple[Way, bytes], bytes]] = []
        self.refused: Counter[str] = Counter()

    def person(self, name: str) -> Person:
        self.people.append(Person(self, name))
        return self.people[-1]

    def pair(self) -> tuple[Person, Person]:
        """Make two people who have found each other."""
        one, other = self.person("alice"), self.person("bob")
        one.begin(other)
        self.settle()
        return one, other

    def collect(self, person: Person) -> int:
        """Take over what somebody has to send."""
        parcels = person.messenger.parcels()
        for parcel in parcels:
            self.items.append(((parcel.way, parcel.secret), parcel.data))
            person.events += person.messenger.carried(parcel, self.now)
        return len(parcels)

    def visit(self, person: Person) -> int:
        """Let somebody look into every mailbox once."""
        taken = 0
        for place, handler in list(person.doors()):
            for number, (where, data) in enumerate(self.items):
                if where == place and number not in person.seen and person.take(handler, data):
                    person.seen.add(number)
                    taken += 1
        return taken

    def settle(self) -> None:
        """Carry until nobody has anything left."""
        for _ in range(100):
            if not sum(self.collect(each) + self.visit(each) for each in self.people):
                return
        raise AssertionError("they do not come to an end")


@pytest.fixture
def office() -> Office:
    """A post office without anybody."""
    return Office()


@pytest.fixture
def new_office() -> type[Office]:
    """Make post offices, for tests that need one per example."""
    return Office


@pytest.fixture
def broken() -> type[Broken]:
    """What a failing store raises."""
    return Broken
