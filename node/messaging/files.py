"""Files as sealed chunks, which swarm nodes hold, and the metadata by which a contact opens them.

    chunk = nonce | sealed plaintext, 256 KiB in all; the last is padded to a bucket
    nonce = the first bytes of HMAC-SHA-256(nonce key, number | plaintext)
    bound to it: number | whether it is the last

The nonce follows from the plaintext, so a chunk that is sealed again, after a restart, is the same,
and a file that has changed in the meantime takes no nonce twice. Each chunk has a mailbox of its
own: who holds one does not learn which others belong to it.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field

from .. import codec, crypto, padding
from ..codec import Reader, Refused
from ..crypto import KEY, LONG_NONCE, TAG

VERSION = 1
CHUNK = 256 * 1024
CHUNK_TEXT = CHUNK - LONG_NONCE - TAG
CHUNKS_MAX = 4096
SIZE_MAX = CHUNKS_MAX * CHUNK_TEXT
NAME_MAX = 200
MIME_MAX = 127
MIME = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")
FORBIDDEN = frozenset('<>:"/\\|?*')
RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
UNSHOWN = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")
JOINERS = "\u200c\u200d"
"""Persian words and many signs are written with them."""
BIDI_CONTROLS = ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")

NONCE_LABEL = b"pars/file-nonce/v1"
CHUNK_LABEL = b"pars/file-chunk/v1"
MAILBOX_LABEL = b"pars/file-mailbox/v1"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What the channel tells of a file. One that exists keeps all bounds."""

    file_id: bytes
    key: bytes = field(repr=False)
    size: int
    name: str
    mime: str

    def __post_init__(self) -> None:
        if len(self.file_id) != 32 or len(self.key) != KEY:
            raise Refused("files: no id, or no key")
        if not 0 <= self.size <= SIZE_MAX:
            raise Refused("files: too large")
        check_name(self.name)
        if len(self.mime) > MIME_MAX or not MIME.fullmatch(self.mime):
            raise Refused("files: not a media type")

    @property
    def count(self) -> int:
        """How many chunks there are."""
        return chunk_count(self.size)

    def encode(self) -> bytes:
        """Return the body of a file message."""
        head = codec.u8(VERSION) + self.file_id + self.key
        sizes = codec.u64(self.size) + codec.u32(self.count)
        return head + sizes + codec.sized(self.name.encode()) + codec.sized(self.mime.encode())

    @classmethod
    def decode(cls, data: bytes) -> "Metadata":
        """Read the body of a file message."""
        reader = Reader(data)
        if reader.u8() != VERSION:
            raise Refused("files: unknown version")
        file_id, key, size, count = reader.take(32), reader.take(KEY), reader.u64(), reader.u32()
        name, mime = reader.sized(NAME_MAX), reader.sized(MIME_MAX)
        reader.end()
        try:
            made = cls(file_id, key, size, name.decode(), mime.decode())
        except UnicodeDecodeError:
            raise Refused("files: not UTF-8") from None
        if made.count != count:
            raise Refused("files: other number of chunks")
        return made


def check_name(name: str) -> None:
    """Refuse a name that means anything but one ordinary file in the folder it is put into."""
    if not name or len(name.encode()) > NAME_MAX:
        raise Refused("files: no name, or too long")
    if name[0] in ". " or name[-1] in ". " or RESERVED.fullmatch(name):
        raise Refused("files: name with a meaning")
    for character in name:
        if character in FORBIDDEN:
            raise Refused("files: name is a path")
        if unicodedata.category(character) in UNSHOWN and character not in JOINERS:
            raise Refused("files: name with control characters")


def chunk_count(size: int) -> int:
    """Return the number of chunks of a file; an empty one has a chunk too."""
    return max(1, -(-size // CHUNK_TEXT))


def text_size(size: int, number: int) -> int:
    """Return how much of a file of this size is in one of its chunks."""
    if not 0 <= number < chunk_count(size):
        raise Refused("files: no such chunk")
    return min(CHUNK_TEXT, size - number * CHUNK_TEXT)


def chunk_mailbox(key: bytes, number: int) -> bytes:
    """Return the secret of the mailbox in which a chunk is left."""
    return crypto.hkdf_expand(key, MAILBOX_LABEL + codec.u32(number))


def seal_chunk(key: bytes, size: int, number: int, text: bytes) -> bytes:
    """Seal one chunk of a file of this size."""
    if len(text) != text_size(size, number):
        raise Refused("files: not the size of this chunk")
    bound = _bound(size, number)
    room = padding.bucket(LONG_NONCE + len(text) + TAG) - LONG_NONCE - TAG
    nonce = crypto.mac(crypto.hkdf_expand(key, NONCE_LABEL), bound + text)[:LONG_NONCE]
    sealed = crypto.seal(
        crypto.hkdf_expand(key, CHUNK_LABEL), nonce, text.ljust(room, b"\0"), bound
    )
    return nonce + sealed


def open_chunk(metadata: Metadata, number: int, sealed: bytes) -> bytes:
    """Return a chunk's part of the file."""
    size = text_size(metadata.size, number)
    if len(sealed) != padding.bucket(LONG_NONCE + size + TAG):
        raise Refused("files: not the size of this chunk")
    key = crypto.hkdf_expand(metadata.key, CHUNK_LABEL)
    bound = _bound(metadata.size, number)
    text = crypto.unseal(key, sealed[:LONG_NONCE], sealed[LONG_NONCE:], bound)
    padding.check_zeros(text[size:])
    return text[:size]


def _bound(size: int, number: int) -> bytes:
    return codec.u32(number) + codec.u8(number + 1 == chunk_count(size))


class Sealer:
    """Seals a file from its beginning to its end, a chunk at a time."""

    __slots__ = ("_hash", "_key", "_next", "_size")

    def __init__(self, key: bytes, size: int) -> None:
        if not 0 <= size <= SIZE_MAX:
            raise Refused("files: too large")
        self._key, self._size, self._next = key, size, 0
        self._hash = hashlib.sha3_256()

    def wanted(self) -> int:
        """Return how many bytes of the file the next chunk takes."""
        return text_size(self._size, self._next)

    def seal(self, text: bytes) -> bytes:
        """Return the next chunk."""
        sealed = seal_chunk(self._key, self._size, self._next, text)
        self._hash.update(sealed)
        self._next += 1
        return sealed

    def metadata(self, name: str, mime: str) -> Metadata:
        """Return what to tell the contact, once all chunks have been sealed."""
        if self._next != chunk_count(self._size):
            raise Refused("files: not all chunks are sealed")
        return Metadata(self._hash.digest(), self._key, self._size, name, mime)


class Opener:
    """Opens chunks in any order, and knows which are missing. Its state survives a restart."""

    __slots__ = ("_missing", "metadata")

    def __init__(self, metadata: Metadata) -> None:
        self.metadata = metadata
        self._missing = set(range(metadata.count))

    def missing(self) -> list[int]:
        """Return the numbers of the chunks that have not been opened."""
        return sorted(self._missing)

    def open(self, number: int, sealed: bytes) -> tuple[int, bytes]:
        """Return where a chunk belongs in the file, and what to put there."""
        text = open_chunk(self.metadata, number, sealed)
        self._missing.discard(number)
        return number * CHUNK_TEXT, text

    def check(self, chunks: Iterable[bytes]) -> None:
        """Refuse sealed chunks that are not, in a row, the file of this id."""
        whole = hashlib.sha3_256()
        for chunk in chunks:
            whole.update(chunk)
        if self._missing or not crypto.equal(whole.digest(), self.metadata.file_id):
            raise Refused("files: not the file of this id")

    def encode(self) -> bytes:
        """Return the state for the store."""
        bits = sum(1 << number for number in self._missing)
        return codec.sized(self.metadata.encode()) + bits.to_bytes(CHUNKS_MAX // 8, "big")

    @classmethod
    def decode(cls, data: bytes) -> "Opener":
        """Take back what `encode` returned."""
        reader = Reader(data)
        opener = cls(Metadata.decode(reader.sized(1024)))
        bits = int.from_bytes(reader.take(CHUNKS_MAX // 8), "big")
        reader.end()
        if bits >> opener.metadata.count:
            raise Refused("files: damaged state")
        opener._missing = {number for number in opener._missing if bits >> number & 1}
        return opener
