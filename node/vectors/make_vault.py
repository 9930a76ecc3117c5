"""Makes vault.json: `python -m node.vectors.make_vault > node/vectors/vault.json`.

Chance is SHA-256 in counter mode, so only the signatures of the log differ from file to file.
"""

import json
from collections.abc import Callable
from itertools import count

from .. import crypto, did, guardians
from ..identity import AccountKeys, DeviceKeys
from ..vault import keys
from ..vault.contacts import contact_id, seal_card
from ..vault.container import BLOCK, SIZE_MIN, Access, Cost, create, half_offset, read_region_head
from ..vault.duress import set_up

HEADER = {
    "what": "The container, keys at rest, contacts, guardians' shares and DIDs of a Pars node.",
    "made_by": "python -m node.vectors.make_vault",
    "check": "From password, salt and cost follow the slot and all under it; any three blobs give"
    " the seed; the log resolves to the document. docs/vault.md has the byte tables.",
    "encoding": "bytes are hex, but log and document, which are JSON",
}
COST = Cost(memory_kib=8 << 10, passes=3, lanes=4)
PASSWORD = b"correct horse battery staple"
ENTRIES = {b"a/key": b"a value", b"another key": b"", b"long": bytes(range(256)) * 20}


class MemoryDisk:
    """A file in memory."""

    def __init__(self) -> None:
        self.content = bytearray()

    def size(self) -> int:
        """Return how many bytes there are."""
        return len(self.content)

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes from an offset."""
        return bytes(self.content[offset : offset + length])

    def write(self, offset: int, data: bytes) -> None:
        """Put bytes at an offset."""
        self.content[offset : offset + len(data)] = data

    def sync(self) -> None:
        """Do nothing: there is nothing durable here."""


def chance(use: bytes) -> Callable[[int], bytes]:
    """Return a source of bytes that says the same each time."""
    counter = count()

    def draw(length: int) -> bytes:
        key = crypto.sha256(b"vector: ", use, next(counter).to_bytes(8, "big"))
        return crypto.keystream(key, length)

    return draw


def container() -> dict[str, object]:
    """Return the heads of a container and the first blocks of its region."""
    disk, random = MemoryDisk(), chance(b"container")
    create(disk, SIZE_MIN, random)
    session = set_up(disk, PASSWORD, COST, random)
    first = session.store.room()[0]
    session.store.commit(dict(ENTRIES))
    head = read_region_head(disk, session.access)
    start = half_offset(session.access, head.half)
    blocks = [disk.read(start + number * BLOCK, BLOCK) for number in range(8)]
    return {
        "size": SIZE_MIN,
        "cost": COST._asdict(),
        "password": PASSWORD.hex(),
        "heads": [disk.read(copy * BLOCK, BLOCK).hex() for copy in range(2)],
        "slot": session.slot,
        "access": _access(session.access),
        "generation": head.generation,
        "half": head.half,
        "half_offset": start,
        "data_key": head.key.hex(),
        "bytes_before": first,
        "blocks": [block.hex() for block in blocks],
        "entries": {key.hex(): value.hex() for key, value in ENTRIES.items()},
    }


def _access(access: Access) -> dict[str, object]:
    return {
        "region": access.region,
        "master": access.master.hex(),
        "alert_key": access.alert_key.hex(),
        "kills": 0,
    }


def at_rest() -> dict[str, object]:
    """Return keys of all levels, a message, a sealed account and a contact."""
    random = chance(b"keys")
    device, channel_id, account = random(32), random(32), random(32)
    storage = keys.storage_key(device)
    channel = keys.channel_key(storage, channel_id)
    salt, sealed = keys.seal_message(channel, b"a message", random)
    secret = random(32)
    return {
        "device_seed": device.hex(),
        "storage_key": storage.hex(),
        "channel_id": channel_id.hex(),
        "channel_key": channel.hex(),
        "message_salt": salt.hex(),
        "message_key": keys.message_key(channel, salt).hex(),
        "message": b"a message".hex(),
        "message_sealed": sealed.hex(),
        "account_seed": account.hex(),
        "account_cost": COST._asdict(),
        "account_password": PASSWORD.hex(),
        "account_sealed": keys.seal_account(account, PASSWORD, COST, random).hex(),
        "contact_secret": secret.hex(),
        "contact_id": contact_id(secret).hex(),
        "contact_card": b"Mina".hex(),
        "contact_blob": seal_card(secret, b"Mina", random).hex(),
    }


def shares() -> dict[str, object]:
    """Return a seed in five shares, a request, and one guardian's answer to it."""
    random = chance(b"guardians")
    seed, root = random(32), random(32)
    account_id = AccountKeys.from_seed(seed).account_id
    blobs = guardians.appoint(seed, root, random)
    recovery = guardians.Recovery.begin(account_id, random)
    guardian, notice = guardians.Guardianship(blobs[0]).confirm(
        recovery.request, guardians.code(recovery.request), 0
    )
    for looked in range(1, 5):
        guardian = guardian.tick(looked * guardians.STEP_MAX)
    index = guardians.Blob.decode(blobs[0]).index
    return {
        "seed": seed.hex(),
        "account_id": account_id.hex(),
        "threshold": guardians.THRESHOLD_DEFAULT,
        "cancel_root": root.hex(),
        "blobs": [blob.hex() for blob in blobs],
        "request_seed": recovery.seed.hex(),
        "request": recovery.request.hex(),
        "code": guardians.code(recovery.request),
        "notice": notice.hex(),
        "cancel": guardians.cancel(root, index, notice).hex(),
        "answer": guardian.release(random)[1].hex(),
    }


def identifier() -> dict[str, object]:
    """Return a log of four entries and what it resolves to on the way."""
    random = chance(b"did")
    account = AccountKeys.from_seed(random(32))
    phone, laptop = (DeviceKeys.from_seed(random(32)).public for _ in range(2))
    service = did.Service("inbox", "ParsInbox", "pars://inbox/1")
    log = did.create(account, {1: phone}, (), 20_000)
    log = did.update(log, account, {1: phone, 2: laptop}, (service,), 20_001)
    log = did.revoke(log, account, 1, 20_002)
    name = did.did_of(account.account_id)
    before = did.resolve(name, log)
    log = did.deactivate(log, account, 20_003)
    after = did.resolve(name, log)
    return {
        "did": name,
        "signing_public": account.signing.public.hex(),
        "context": did.SIGNING_CONTEXT.hex(),
        "log": log.decode("utf-8").splitlines(),
        "document_after_3": did.document(before),
        "metadata_after_3": did.metadata(before),
        "document_after_4": did.document(after),
        "metadata_after_4": did.metadata(after),
    }


def vectors() -> dict[str, object]:
    """Return all vectors."""
    return {
        "header": HEADER,
        "container": container(),
        "at_rest": at_rest(),
        "guardians": shares(),
        "did": identifier(),
    }


if __name__ == "__main__":
    print(json.dumps(vectors(), indent=1))
