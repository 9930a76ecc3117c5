"""What the chain holds of sessions: opaque ids and roots, in as few transactions as epochs."""

import gzip
import hashlib
from itertools import combinations
from random import Random

import pytest

from node.messaging.content import Type
from node.messaging.prekeys import PublishedKeys
from node.messenger.ledger import Way
from node.messenger.messenger import Messenger

CHATS = 1_000
EPOCHS = 4
MESSAGES = 20
GZIP = b"\x1f\x8b"


def chain_bytes(world) -> bytes:
    """Return everything that the chain keeps or has been sent: blocks, receipts, all state."""
    head = world.client.head().number
    found = []
    for number in range(head + 1):
        block = world.client.ask("eth_getBlockByNumber", hex(number), True)
        found.append(str(block))
        found += [
            str(world.client.ask("eth_getTransactionReceipt", each["hash"]))
            for each in block["transactions"]
        ]
    state = bytes.fromhex(world.client.ask("anvil_dumpState")[2:])
    found.append((gzip.decompress(state) if state[:2] == GZIP else state).decode())
    return "".join(found).lower().encode()


def test_a_thousand_chats_leave_no_trace_of_who_talked(world, bridges, tell, sources) -> None:
    """Ids of people, devices, channels and messages, and what was said, are not on the chain.

    Nor does their number of messages show: an epoch is one transaction whatever happened in it.
    """
    secret = []
    epochs = []
    for number in range(1, EPOCHS + 1):
        leaves = []
        for chat in range(CHATS // EPOCHS):
            name = f"{number} {chat}".encode()
            people = [
                hashlib.blake2b(name + side, digest_size=32).digest() for side in (b"a", b"b")
            ]
            channel = hashlib.sha256(b"channel" + name).digest()
            said = [hashlib.sha256(name + bytes([each])).digest() for each in range(MESSAGES)]
            secret += [*people, channel, *said]
            # A session's id is salted: nobody who knows both people can compute it.
            salt = hashlib.sha256(b"salt" + name).digest()
            held = sources.leaf(0)
            held["sessionId"] = hashlib.sha256(salt + channel + b"".join(people)).hexdigest()
            held["outputHash"] = hashlib.sha256(salt + b"".join(said)).hexdigest()
            leaves.append(held)
        epochs.append(sources.epoch(number, leaves))
    before = world.client.head().number
    made = bridges(tell(*epochs))

    made.once()
    made.once()

    assert world.ask("anchor", "lastEpoch") == EPOCHS
    head = world.client.head().number
    sent = [
        each
        for number in range(before + 1, head + 1)
        for each in world.client.ask("eth_getBlockByNumber", hex(number), True)["transactions"]
    ]
    assert len(sent) == EPOCHS
    assert len({len(each["input"]) for each in sent}) == 1  # nor does their number show by size
    kept = chain_bytes(world)
    assert epochs[0]["leaves"][0]["sessionId"].encode() not in kept
    assert made.address.hex().encode() in kept  # what is there is found
    forbidden = {each.hex().encode() for each in secret}
    forbidden |= {sources.seed(seat).hex().encode() for seat in range(21)}
    assert not [at for at in range(len(kept) - 63) if kept[at : at + 64] in forbidden]


NOW = 1_800_000_000_000
NAME = 32


class MemoryStore(dict[bytes, bytes]):
    """What a messenger keeps."""

    def scan(self, prefix: bytes) -> list[tuple[bytes, bytes]]:
        return sorted(each for each in self.items() if each[0].startswith(prefix))

    def commit(self, changes: dict[bytes, bytes | None]) -> None:
        for key, data in changes.items():
            if data is None:
                self.pop(key, None)
            else:
                self[key] = data


class Talk:
    """Chats of people, each with each, and everything about them that is nobody's business."""

    def __init__(self, people: int) -> None:
        self.people = [self._person(number) for number in range(people)]
        self.pairs = list(combinations(self.people, 2))
        self.names: set[bytes] = set()
        self.texts: list[str] = []
        for person in self.people:
            device = person.device
            keys = (device.signing.public, device.hybrid.public, person.inbox.public)
            self._note(person.account_id, person.me.bundle, person.me.certificate, *keys)

    @staticmethod
    def _person(number: int) -> Messenger:
        return Messenger.found(MemoryStore(), NOW, Random(number).randbytes)

    def chat(self, one: Messenger, other: Messenger) -> bytes:
        """Have one write and the other answer; return the id of the channel."""
        keys = PublishedKeys.decode(other.published(NOW), other.account_id, NOW)
        session = one.begin(keys, NOW)
        for writer, reader in ((one, other), (other, one)):
            text = f"{len(self.texts):06} what they say to each other is their own"
            self.texts.append(text)
            written = writer.send(session.session_id, Type.TEXT, text.encode(), NOW)
            assert written is not None
            for parcel in sorted(writer.parcels(), key=lambda each: -each.way):
                self._note(parcel.secret, parcel.data)
                if parcel.way is Way.INBOX:
                    reader.inbox_mail(parcel.data, NOW)
                else:
                    reader.channel_mail(session.current, parcel.data, NOW)
                writer.carried(parcel, NOW)
            assert text.encode() in [each.body for each in reader.messages(session.session_id)]
        line = one.lines[session.current].channel
        self._note(session.session_id, line.channel_id, line.send_mailbox, line.receive_mailbox)
        other.tend(NOW)
        return line.channel_id

    def traces(self, kept: bytes) -> int:
        """Return at how many places the chain has a name or a text, as it is or in hex."""
        texts = {text.encode()[:NAME] for text in self.texts}
        in_hex = {each.hex().encode() for each in self.names | texts}
        places = range(len(kept) - NAME + 1)
        plain = sum(kept[at : at + NAME] in texts for at in places)
        return plain + sum(kept[at : at + 2 * NAME] in in_hex for at in places)

    def _note(self, *secrets: bytes) -> None:
        for data in secrets:
            pieces = {data[at : at + NAME] for at in range(0, len(data) - NAME + 1, 16)}
            # A signature ends with zeros, as many things do.
            self.names |= {each for each in pieces if len(set(each)) > NAME // 2}


def anchored(world, bridges, tell, sources, epochs: list[dict], folder: str) -> list:
    """Anchor epochs; return what of each transaction does not depend on their content."""
    before = world.client.head().number
    made = bridges(tell(*epochs), folder=folder)
    made.once()
    made.once()
    assert world.ask("anchor", "lastEpoch") == len(epochs)
    blocks = range(before + 1, world.client.head().number + 1)
    return [
        (each["from"], each["to"], len(each["input"]), each["value"])
        for number in blocks
        for each in world.client.ask("eth_getBlockByNumber", hex(number), True)["transactions"]
    ]


@pytest.mark.parametrize("people", [12, pytest.param(46, marks=pytest.mark.campaign)])
def test_real_chats_leave_no_trace(world, bridges, tell, sources, people: int) -> None:
    """F-108: 66 chats, or 1,035, while sessions of the same people are anchored."""
    snapshot = world.snapshot()
    silent = [sources.epoch(number, [sources.leaf(number)]) for number in range(1, EPOCHS + 1)]
    alone = anchored(world, bridges, tell, sources, silent, "silent")
    world.revert(snapshot)

    talk = Talk(people)
    epochs = []
    for number in range(1, EPOCHS + 1):
        leaves = []
        for pair in talk.pairs[number - 1 :: EPOCHS]:
            channel = talk.chat(*pair)
            salt = Random(channel).randbytes(32)
            held = sources.leaf(0)
            everybody = b"".join(each.account_id for each in pair)
            held["sessionId"] = hashlib.sha256(salt + channel + everybody).hexdigest()
            leaves.append(held)
        epochs.append(sources.epoch(number, leaves))
    assert len(talk.texts) == 2 * len(talk.pairs)
    assert anchored(world, bridges, tell, sources, epochs, "talking") == alone

    assert talk.traces(chain_bytes(world)) == 0
    # Had one of them told the chain, it would have been found.
    said = talk.people[0].account_id + talk.texts[0].encode()
    world.send(world.accounts[9].address, bytes(19) + b"\x99", said)
    assert talk.traces(chain_bytes(world)) >= 2
