"""What leaves a device for a group's mailbox: sealed, of a bucket's size, alike whatever it holds.

Items are sealed together under a key of an epoch, which every member has and nobody else: who
reads a mailbox sees neither senders nor kinds, counts or sizes.
"""

from collections.abc import Iterable, Iterator

from .. import padding
from ..codec import Reader, Refused, sized, u16
from ..crypto import LONG_NONCE, TAG, Random, seal, unseal

POST_MAX = 1 << 20
OVERHEAD = LONG_NONCE + TAG
ITEMS_MAX = 256

_FULL = padding.BUCKETS[-1]
_COUNT = 2
_LENGTH = 4


def seal_posts(key: bytes, items: Iterable[bytes], random: Random) -> list[bytes]:
    """Seal items into as few posts of 64 KiB as hold them; a larger item has a post of its own."""
    return [_seal(key, batch, random) for batch in _batches(items)]


def open_post(key: bytes, post: bytes) -> list[bytes]:
    """Return the items of a post."""
    reader = Reader(unseal(key, post[:LONG_NONCE], post[LONG_NONCE:]))
    count = reader.u16()
    if not 0 < count <= ITEMS_MAX:
        raise Refused("groups: too many items, or none")
    items = [reader.sized(POST_MAX) for _ in range(count)]
    used = len(post) - len(reader)
    if reader.rest().strip(b"\0") or len(post) != bucket(used):
        raise Refused("groups: wrong padding")
    return items


def bucket(size: int) -> int:
    """Return the size that something of this size is padded to."""
    if size > POST_MAX:
        raise Refused("groups: post too long")
    return padding.bucket(size)


def is_post_size(size: int) -> bool:
    """Return whether a post may have this size."""
    return 0 < size <= POST_MAX and bucket(size) == size


def _seal(key: bytes, batch: list[bytes], random: Random) -> bytes:
    plain = u16(len(batch)) + b"".join(sized(item) for item in batch)
    zeros = bytes(bucket(len(plain) + OVERHEAD) - OVERHEAD - len(plain))
    nonce = random(LONG_NONCE)
    return nonce + seal(key, nonce, plain + zeros)


def _batches(items: Iterable[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = OVERHEAD + _COUNT
    for item in items:
        more = _LENGTH + len(item)
        if batch and (size + more > _FULL or len(batch) == ITEMS_MAX):
            yield batch
            batch, size = [], OVERHEAD + _COUNT
        batch.append(item)
        size += more
    if batch:
        yield batch
