"""Members of a group around mailboxes that lose nothing, keep everything and know nothing."""

import random
from dataclasses import dataclass, field

import pytest

from node.codec import Refused
from node.groups.events import Ahead, Dropped, Event, Message, NotYet, Outgoing
from node.groups.group import Group
from node.groups.invite import Candidate


@dataclass
class Device:
    """A member's replica, what it was told, and what it has fetched already."""

    group: Group
    events: list[Event] = field(default_factory=list)
    fetched: set[int] = field(default_factory=set)

    @property
    def read(self) -> list[bytes]:
        return [event.plaintext for event in self.events if isinstance(event, Message)]

    @property
    def dropped(self) -> list[str]:
        return [event.reason for event in self.events if isinstance(event, Dropped)]


class World:
    """Mailboxes, and the devices that look into them."""

    def __init__(self, seed: int = 0) -> None:
        self.chance = random.Random(seed)
        self.random = self.chance.randbytes
        self.now = 1_000_000
        self.posts: list[tuple[bytes, bytes]] = []
        self.devices: list[Device] = []

    def found(self, size: int, admins: int = 1) -> list[Device]:
        """Found a group of this many, the first of whom are admins."""
        candidates = [Candidate.make(self.random) for _ in range(size - 1)]
        group, out = Group.create(
            "friends", self.now, self.random, [candidate.card for candidate in candidates]
        )
        self.devices = [Device(group)]
        for candidate in candidates:
            self.enter(candidate, out)
        if admins > 1:
            names = [device.group.me for device in self.devices[1:admins]]
            self.send(group.grant(names, self.now, self.random))
            self.settle()
        return self.devices

    def enter(self, candidate: Candidate, out: Outgoing) -> Device:
        """Let a newcomer in by his welcome."""
        welcome = dict(out.welcome)[candidate.card.pseudonym]
        group_id = self.devices[0].group.id
        device = Device(*Group.join(candidate, group_id, welcome, self.now))
        self.devices.append(device)
        return device

    def add(self, admin: Device) -> Device:
        """Let an admin add a newcomer."""
        candidate = Candidate.make(self.random)
        out = admin.group.add([candidate.card], self.now, self.random)
        self.send(out)
        return self.enter(candidate, out)

    def send(self, out: Outgoing) -> None:
        """Post a change."""
        self.posts += out.posts

    def say(self, device: Device, text: bytes) -> bytes:
        """Post a message, after a rotation where it needs one; return the post."""
        if device.group.needs_rotation:
            self.send(device.group.rotate(self.now, self.random))
        post = device.group.encrypt(text, self.random)
        self.posts.append((device.group.mailbox(), post))
        return post

    def fetch(self, device: Device, lost: float = 0.0) -> bool:
        """Take in all a device finds, in any order; return whether there was something."""
        mailboxes = set(device.group.mailboxes())
        found = [
            number
            for number, (mailbox, _) in enumerate(self.posts)
            if mailbox in mailboxes and number not in device.fetched
        ]
        self.chance.shuffle(found)
        news = False
        for number in found:
            if self.chance.random() < lost:
                device.fetched.add(number)
                continue
            try:
                device.events += device.group.receive_post(self.posts[number][1], self.now)
            except NotYet:
                continue
            device.fetched.add(number)
            news = True
        return news

    def settle(self, devices: list[Device] | None = None) -> None:
        """Let devices fetch until there is nothing new, then make up for what was lost."""
        some = self.devices if devices is None else devices
        while sum(self.fetch(device) for device in some):
            pass
        if self.catch_up(some):
            self.settle(some)

    def catch_up(self, some: list[Device]) -> bool:
        """Let each tell the others what it has, over pairwise channels."""
        news = False
        for one in some:
            for other in some:
                for event in other.group.receive(one.group.heads_item(), self.now):
                    if isinstance(event, Ahead):
                        for item in event.items:
                            news |= self.hand(one, item)
        return news

    def hand(self, device: Device, item: bytes) -> bool:
        """Give an item over a pairwise channel; return whether it was news."""
        known = len(device.group.history.vertices)
        try:
            device.events += device.group.receive(item, self.now)
        except Refused as refused:
            device.events.append(Dropped(refused.reason))
        return len(device.group.history.vertices) > known


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture(scope="session")
def new_world() -> type[World]:
    return World
