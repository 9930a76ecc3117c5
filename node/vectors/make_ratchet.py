"""Makes ratchet.json: `python -m node.vectors.make_ratchet > node/vectors/ratchet.json`.

Encapsulation takes the system's randomness, so a new file differs from the last in all that
follows from it. What is in there is for the receiving side: given the seeds and what travelled,
these secrets, keys and texts follow.
"""

import hashlib
import json

from .. import crypto
from ..identity import AccountKeys, DeviceKeys, account_text, certify
from ..messaging import content, erasure, files, start
from ..messaging.prekeys import DAY, Prekeys, PublishedKeys
from ..messaging.ratchet import Channel
from ..messaging.turns import FULL, SPARSE

NOW = 1_800_000_000_000
HEADER = {
    "what": "Published keys, starts and turns of channels in both modes, contents and files.",
    "made_by": "python -m node.vectors.make_ratchet, with OpenSSL's ML-KEM-1024 and ML-DSA-87"
    " and libsodium's XChaCha20-Poly1305",
    "check": "docs/messaging.md says how each value follows from those before it. A state's keys"
    " are those before the message is read.",
    "encoding": "bytes are hex; times are milliseconds",
}


class Stream:
    """Bytes that follow from a name: SHAKE-256, read from its beginning."""

    def __init__(self, name: str) -> None:
        self._name, self._at = name.encode(), 0

    def __call__(self, size: int) -> bytes:
        """Return the next bytes."""
        self._at += size
        return hashlib.shake_256(b"vector: " + self._name).digest(self._at)[-size:]


class Person:
    """An account with a device, whose seeds follow from a name."""

    def __init__(self, name: str) -> None:
        self.account = AccountKeys.from_seed(crypto.sha256(b"vector: account ", name.encode()))
        self.device = DeviceKeys.from_seed(crypto.sha256(b"vector: device ", name.encode()))
        certificate = certify(self.account, self.device.public, 1, NOW // DAY)
        self.party = start.Party(self.account.bundle(), certificate, self.device.hybrid)


def published(bob: Person, prekeys: Prekeys) -> tuple[PublishedKeys, dict[str, object]]:
    """Return a record, verified and as a vector."""
    data = prekeys.record(bob.party.bundle, bob.party.certificate, bob.device, bytes(2592), NOW)
    record = PublishedKeys.decode(data, bob.account.account_id, NOW)
    return record, {
        "account": account_text(bob.account.account_id),
        "now": NOW,
        "made": record.made,
        "record": data.hex(),
        "signed_prekey_id": record.signed.id.hex(),
        "last_resort_id": record.last_resort.id.hex(),
        "one_time_ids": [one.id.hex() for one in record.one_time],
    }


def channel(mode: int, name: str) -> tuple[dict[str, object], dict[str, object]]:
    """Return a published record, and a channel that begins from it."""
    draw, alice, bob = Stream(name), Person("alice"), Person("bob")
    prekeys = Prekeys.create(NOW, draw)
    record, shown = published(bob, prekeys)
    text = f"hello, {name}".encode()
    one, first = start.begin(alice.party, record, text, draw, mode=mode)
    signed, other_key = prekeys.find(first[:16], first[16:32], NOW)
    other = start.accept(bob.party, prekeys, first, NOW, draw).channel
    begun = {
        "mode": mode,
        "responder_account": bob.account.account_id.hex(),
        "responder_signing": bob.device.signing.public.hex(),
        "device_seed": bob.device.hybrid.seed.hex(),
        "signed_prekey_seed": signed.seed.hex(),
        "other_prekey_seed": other_key.seed.hex(),
        "first_message": first.hex(),
        "text": text.hex(),
        "channel_id": one.channel_id.hex(),
        "to_responder": one.send_mailbox.hex(),
        "to_initiator": one.receive_mailbox.hex(),
    }
    messages = []
    for number in range(5):
        writer, reader = (one, other) if number % 2 == 0 else (other, one)
        owner = bob if number % 2 == 0 else alice
        before = reader.encode()
        plain = f"message {number}".encode()
        message = writer.encrypt(plain, NOW, draw)
        # Read by what the store has, so that the state alone is enough.
        assert Channel.decode(before, owner.device.hybrid).decrypt(message, NOW, draw) == plain
        assert reader.decrypt(message, NOW, draw) == plain
        messages.append(
            {
                "device_seed": owner.device.hybrid.seed.hex(),
                "state": before.hex(),
                "message": message.hex(),
                "text": plain.hex(),
            }
        )
    return shown, {**begun, "messages": messages}


def a_file() -> dict[str, object]:
    """Return a file of two chunks."""
    key, text = crypto.sha256(b"vector: file"), Stream("file")(files.CHUNK_TEXT + 5)
    sealer = files.Sealer(key, len(text))
    chunks = [sealer.seal(text[: files.CHUNK_TEXT]), sealer.seal(text[files.CHUNK_TEXT :])]
    metadata = sealer.metadata("نامه.txt", "text/plain")
    return {
        "key": key.hex(),
        "size": len(text),
        "text_sha256": crypto.sha256(text).hex(),
        "text_is": "SHAKE-256 of 'vector: file', this many bytes",
        "chunk_sha256": [crypto.sha256(chunk).hex() for chunk in chunks],
        "last_chunk": chunks[1].hex(),
        "file_id": metadata.file_id.hex(),
        "mailboxes": [files.chunk_mailbox(key, number).hex() for number in range(2)],
        "metadata": metadata.encode().hex(),
    }


def contents() -> list[dict[str, object]]:
    """Return messages of some types."""
    draw = Stream("contents")
    bodies = (
        (content.Type.TEXT, "سلام".encode()),
        (content.Type.READ, content.encode_ids([draw(16), draw(16)])),
        (content.Type.CONTACT, content.Card(draw(32), "Carol").encode()),
        (content.Type.CLOSE, b""),
    )
    made = []
    for number, (kind, body) in enumerate(bodies):
        one = content.Content(draw(16), NOW, number, kind, body, content.Flag.DELIVERY_MARK)
        made.append(
            {
                "message_id": one.message_id.hex(),
                "time": one.time,
                "sequence": one.sequence,
                "type": int(one.type),
                "flags": int(one.flags),
                "body": one.body.hex(),
                "encoded": one.encode().hex(),
            }
        )
    return made


def vectors() -> dict[str, object]:
    """Return all vectors."""
    record, full = channel(FULL, "full")
    _, sparse = channel(SPARSE, "sparse")
    block = Stream("block")(erasure.BLOCK)
    points = (0, 49, 50, 128, 255)
    return {
        "header": HEADER,
        "published": record,
        "full": full,
        "sparse": sparse,
        "erasure": {
            "block": block.hex(),
            "parts": {str(point): erasure.part(block, point).hex() for point in points},
        },
        "contents": contents(),
        "file": a_file(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
