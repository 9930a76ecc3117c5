"""Two people with a device each, and channels between them."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from node.identity import AccountKeys, DeviceKeys, certify
from node.messaging.prekeys import DAY, Prekeys, PublishedKeys
from node.messaging.ratchet import Channel
from node.messaging.start import Party, accept, begin
from node.messaging.turns import FULL, SPARSE

NOW = 1_800_000_000_000


@dataclass(frozen=True)
class Person:
    account: AccountKeys
    device: DeviceKeys
    party: Party
    inbox: bytes

    def prekeys(self) -> Prekeys:
        return Prekeys.create(NOW, random.Random(7).randbytes)

    def record(self, prekeys: Prekeys, now: int = NOW) -> bytes:
        party = self.party
        return prekeys.record(party.bundle, party.certificate, self.device, self.inbox, now)

    def published(self, prekeys: Prekeys, now: int = NOW) -> PublishedKeys:
        return PublishedKeys.decode(self.record(prekeys, now), self.account.account_id, now)


def person(number: int) -> Person:
    account = AccountKeys.from_seed(bytes([number]) * 32)
    device = DeviceKeys.from_seed(bytes([100 + number]) * 32)
    certificate = certify(account, device.public, 1, NOW // DAY)
    party = Party(account.bundle(), certificate, device.hybrid)
    return Person(account, device, party, bytes([number]) * 2592)


@pytest.fixture(scope="session")
def now() -> int:
    return NOW


@pytest.fixture(scope="session")
def alice() -> Person:
    return person(1)


@pytest.fixture(scope="session")
def bob() -> Person:
    return person(2)


@pytest.fixture(scope="session")
def carol() -> Person:
    return person(3)


@pytest.fixture
def draw() -> Callable[[int], bytes]:
    return random.Random(11).randbytes


@pytest.fixture(params=[FULL, SPARSE], ids=["full", "sparse"])
def mode(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture(scope="session")
def begun(alice: Person, bob: Person) -> Callable[[int], tuple[Channel, Channel]]:
    """Channels that have only just begun, by mode: Alice has written first."""
    prekeys = bob.prekeys()
    published = bob.published(prekeys)

    def start(mode: int, seed: int = 1) -> tuple[Channel, Channel]:
        draw = random.Random(seed).randbytes
        own, first = begin(alice.party, published, b"", draw, mode=mode, last_resort=True)
        return own, accept(bob.party, prekeys, first, NOW, draw).channel

    return start


@pytest.fixture(scope="session")
def settled(
    begun: Callable[[int], tuple[Channel, Channel]],
) -> Callable[[int], tuple[Channel, Channel]]:
    """Channels on which both have proved who they are, by mode."""

    def settle(mode: int) -> tuple[Channel, Channel]:
        draw = random.Random(5).randbytes
        one, other = begun(mode)
        for _ in range(2):
            other.decrypt(one.encrypt(b"", NOW, draw), NOW, draw)
            one.decrypt(other.encrypt(b"", NOW, draw), NOW, draw)
        return one, other

    return settle


@pytest.fixture
def pair(settled: Callable[[int], tuple[Channel, Channel]], mode: int) -> tuple[Channel, Channel]:
    return settled(mode)


@pytest.fixture(scope="session")
def reloaded() -> Callable[[Channel, Person], Channel]:
    """What the store would give back."""

    def reload(channel: Channel, owner: Person) -> Channel:
        return Channel.decode(channel.encode(), owner.device.hybrid)

    return reload
