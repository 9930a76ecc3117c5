"""The table as it is kept for the next start: whom it held, and since when."""

from collections.abc import Iterable

from ..codec import Reader, Refused, u8, u16, u64
from .contacts import Contact, read_contacts, write_contacts
from .table import Entry

VERSION = 1
SAVED_MAX = 256


def encode_saved(entries: Iterable[Entry]) -> bytes:
    """Return the oldest nodes of a table."""
    oldest = sorted(entries, key=lambda entry: (entry.since, entry.number))[:SAVED_MAX]
    parts = [u64(entry.since) + write_contacts([entry.contact]) for entry in oldest]
    return u8(VERSION) + u16(len(parts)) + b"".join(parts)


def decode_saved(data: bytes) -> list[tuple[int, Contact]]:
    """Take back what `encode_saved` returned."""
    reader = Reader(data)
    if reader.u8() != VERSION:
        raise Refused("dht: unknown version of a saved table")
    saved = []
    for _ in range(reader.u16()):
        since, contacts = reader.u64(), read_contacts(reader)
        saved += [(since, contact) for contact in contacts]
    reader.end()
    return saved
