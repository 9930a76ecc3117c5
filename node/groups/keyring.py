"""A member's own keys for seeds: the present one, and those that seeds under way may need yet."""

from collections.abc import Iterable

from ..codec import Reader, u8, u64
from ..crypto import HYBRID_SEED, HybridKey
from ..mesh.vertex import ID
from .epochs import key_name
from .history import History

DAY = 24 * 3600 * 1000
OLD_KEY_KEPT = DAY
OLD_KEYS_MAX = 16
ACK_AFTER = DAY


class OwnKey:
    """One key; once another took its place, `retired` is when and `replaced_by` in which vertex."""

    __slots__ = ("hybrid", "replaced_by", "retired")

    def __init__(self, seed: bytes, retired: int = 0, replaced_by: bytes = bytes(ID)) -> None:
        self.hybrid = HybridKey.from_seed(seed)
        self.retired = retired
        self.replaced_by = replaced_by


class Keyring:
    """The keys by name, the present one last."""

    def __init__(self, keys: Iterable[OwnKey], first_used: int = 0) -> None:
        self._keys = {key_name(key.hybrid.public): key for key in keys}
        self._first_used = first_used  # when the present key first opened a seed

    def __contains__(self, name: bytes) -> bool:
        """Return whether there is a key of this name."""
        return name in self._keys

    def __len__(self) -> int:
        """Return how many keys there are."""
        return len(self._keys)

    def get(self, name: bytes) -> HybridKey | None:
        """Return the key of this name."""
        key = self._keys.get(name)
        return key.hybrid if key else None

    def replace(self, key: OwnKey, vertex: bytes, now: int) -> None:
        """Put a key in the place of the present one."""
        for old in self._keys.values():
            if not old.retired:
                old.retired, old.replaced_by = max(now, 1), vertex
        self._keys[key_name(key.hybrid.public)] = key
        while len(self._keys) > OLD_KEYS_MAX:
            del self._keys[next(iter(self._keys))]
        self._first_used = 0

    def note_use(self, name: bytes, now: int) -> bool:
        """Note that a key opened a seed; return whether that was news."""
        if self._keys[name].retired or self._first_used:
            return False
        self._first_used = max(now, 1)
        return True

    def due(self, now: int) -> bool:
        """Return whether the present key has opened seeds for long enough."""
        return bool(self._first_used) and now - self._first_used >= ACK_AFTER

    def prune(self, history: History, others: frozenset[bytes], now: int) -> bool:
        """Forget what was retired a day ago or is known to all to be; return whether any was."""
        seen_by_all = history.all
        for member in others:
            seen_by_all &= history.latest(member)
        forgotten = [
            name
            for name, key in self._keys.items()
            if key.retired
            and (
                now - key.retired >= OLD_KEY_KEPT
                or seen_by_all >> history.places.get(key.replaced_by, len(history.places)) & 1
            )
        ]
        for name in forgotten:
            del self._keys[name]
        return bool(forgotten)

    def encode(self) -> bytes:
        """Return the secrets."""
        parts = [u64(self._first_used), u8(len(self._keys))]
        for key in self._keys.values():
            parts += [key.hybrid.seed, u64(key.retired), key.replaced_by]
        return b"".join(parts)

    @classmethod
    def read(cls, reader: Reader) -> "Keyring":
        """Take the secrets off a reader."""
        first_used = reader.u64()
        keys = [
            OwnKey(reader.take(HYBRID_SEED), reader.u64(), reader.take(ID))
            for _ in range(reader.u8())
        ]
        return cls(keys, first_used)
