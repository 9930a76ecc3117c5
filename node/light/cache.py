"""What was proved, kept: the light node's memory, from which it answers where nobody else does.

Slots are kept by the root of their account's storage and code by its hash, so both stay true for
ever; accounts and headers by their block. The oldest entries go first, under a limit in bytes.
"""

from collections import OrderedDict
from collections.abc import Iterable

from ..codec import u64
from ..core import Store
from .header import Header, read_header
from .state import Account, read_account

BYTES_MAX = 32 << 20
ENTRIES_MAX = 1 << 16
PREFIX = b"light/c/"
_HEADER, _NUMBER, _ACCOUNT = PREFIX + b"h", PREFIX + b"n", PREFIX + b"a"
_SLOT, _CODE, _LIST = PREFIX + b"s", PREFIX + b"k", PREFIX + b"l"


class Cache:
    """Proved headers, accounts, slots, code and lists of blocks."""

    def __init__(
        self, store: Store, *, bytes_max: int = BYTES_MAX, entries_max: int = ENTRIES_MAX
    ) -> None:
        self._store = store
        self._bytes_max = bytes_max
        self._entries_max = entries_max
        self._sizes: OrderedDict[bytes, int] = OrderedDict()
        found = sorted(
            (int.from_bytes(value[:8], "big"), key, len(key) + len(value))
            for key, value in store.scan(PREFIX)
        )
        self._sizes.update((key, size) for _, key, size in found)
        self._next = found[-1][0] + 1 if found else 0
        self.size = sum(self._sizes.values())

    def header(self, number: int) -> Header | None:
        """Return the header of a height."""
        raw = self._get(_HEADER + u64(number))
        return None if raw is None else read_header(raw)

    def number(self, block_hash: bytes) -> int | None:
        """Return the height of a block."""
        raw = self._get(_NUMBER + block_hash)
        return None if raw is None else int.from_bytes(raw, "big")

    def account(self, address: bytes, number: int) -> Account | None:
        """Return an account after a block."""
        raw = self._get(_ACCOUNT + address + u64(number))
        return None if raw is None else read_account(raw)

    def numbers(self, address: bytes) -> list[int]:
        """Return the blocks after which an account is known, newest first."""
        prefix = _ACCOUNT + address
        return [int.from_bytes(key[-8:], "big") for key, _ in self._store.scan(prefix)][::-1]

    def slot(self, storage_root: bytes, slot: int) -> int | None:
        """Return a word of a storage."""
        raw = self._get(_SLOT + storage_root + slot.to_bytes(32, "big"))
        return None if raw is None else int.from_bytes(raw, "big")

    def code(self, code_hash: bytes) -> bytes | None:
        """Return code."""
        return self._get(_CODE + code_hash)

    def entries(self, root: bytes) -> bytes | None:
        """Return the transactions or receipts under a root, as they travel."""
        return self._get(_LIST + root)

    def _get(self, key: bytes) -> bytes | None:
        value = self._store.get(key)
        return None if value is None else value[8:]

    def keep(self, *changes: tuple[bytes, bytes]) -> None:
        """Keep what was proved, by one commit; see the functions below."""
        wanted: dict[bytes, bytes | None] = {}
        for key, value in changes:
            wanted[key] = u64(self._next) + value
            self._next += 1
            self.size += len(key) + 8 + len(value) - self._sizes.pop(key, 0)
            self._sizes[key] = len(key) + 8 + len(value)
        while self.size > self._bytes_max or len(self._sizes) > self._entries_max:
            key, size = self._sizes.popitem(last=False)
            self.size -= size
            wanted[key] = None
        if wanted:
            self._store.commit(wanted)


def of_headers(headers: Iterable[Header]) -> list[tuple[bytes, bytes]]:
    """Return what keeps headers."""
    kept = []
    for header in headers:
        kept.append((_HEADER + u64(header.number), header.raw))
        kept.append((_NUMBER + header.hash, u64(header.number)))
    return kept


def of_account(address: bytes, number: int, account: Account) -> tuple[bytes, bytes]:
    """Return what keeps an account after a block."""
    return _ACCOUNT + address + u64(number), account.encode()


def of_slot(storage_root: bytes, slot: int, value: int) -> tuple[bytes, bytes]:
    """Return what keeps a word of a storage."""
    return _SLOT + storage_root + slot.to_bytes(32, "big"), value.to_bytes(32, "big")


def of_code(code_hash: bytes, code: bytes) -> tuple[bytes, bytes]:
    """Return what keeps code."""
    return _CODE + code_hash, code


def of_entries(root: bytes, entries: bytes) -> tuple[bytes, bytes]:
    """Return what keeps the transactions or receipts under a root."""
    return _LIST + root, entries
