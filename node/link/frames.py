"""Frames: what a finished handshake carries, each way under keys of its own.

A frame is a sealed byte that tells the bucket, and a sealed body that fills it. Nonces are counted,
so a frame that is dropped, repeated or moved does not open. No length but a bucket's is ever seen.
"""

from enum import IntEnum

from .. import codec, crypto
from ..codec import Refused
from ..crypto import TAG

KEY_LABEL = b"pars/link-frame/v1"
REKEY_LABEL = b"pars/link-rekey/v1"

MESSAGE_MAX = 1 << 20
KIND_AND_LENGTH = 5
# What a body has beyond its bucket, so that a payload of a bucket's size fits with its envelope.
SLACK = 128
# The fourth is 16 KiB stretched to a packet of the onion, which is what most frames carry.
BUCKETS: tuple[int, ...] = (256, 1_024, 4_096, 17_920, *range(65_536, MESSAGE_MAX + 1, 65_536))
HEADER = 1 + TAG
FRAME_MAX = HEADER + BUCKETS[-1] + SLACK + TAG

FRAMES_PER_KEY = 1 << 20


class Kind(IntEnum):
    """What a frame is for."""

    COVER = 0  # nothing: it keeps a link alive, or hides when something is said
    MESSAGE = 1
    REKEY = 2  # the last frame under its key
    CLOSE = 3  # the last frame of its sender


class OneWay:
    """The key of one direction. What it was before a rekey cannot be found from what it is."""

    __slots__ = ("_chain", "_key", "frames")

    def __init__(self, chain: bytes) -> None:
        self._chain = chain
        self._key = crypto.hkdf_expand(chain, KEY_LABEL)
        self.frames = 0

    def rekey(self) -> None:
        """Go on to the next key and forget this one."""
        self._chain = crypto.hkdf_expand(self._chain, REKEY_LABEL)
        self._key = crypto.hkdf_expand(self._chain, KEY_LABEL)
        self.frames = 0

    def seal(self, kind: Kind, data: bytes = b"", bucket: int = 0) -> bytes:
        """Return the next frame: in the smallest bucket that holds it, or in a given one."""
        assert self.frames < FRAMES_PER_KEY
        code = max(bucket, bucket_of(len(data)))
        room = BUCKETS[code] + SLACK - KIND_AND_LENGTH - len(data)
        body = codec.u8(kind) + codec.sized(data) + bytes(room)
        header = crypto.aead_seal(self._key, self._nonce(0), codec.u8(code))
        sealed = crypto.aead_seal(self._key, self._nonce(1), body)
        self.frames += 1
        return header + sealed

    def open_header(self, header: bytes) -> int:
        """Return how many bytes follow."""
        if self.frames >= FRAMES_PER_KEY:
            raise Refused("link: key used too often")
        code = opened(self._key, self._nonce(0), header)[0]
        if code >= len(BUCKETS):
            raise Refused("link: no such bucket")
        return BUCKETS[code] + SLACK + TAG

    def open_body(self, sealed: bytes) -> tuple[Kind, bytes]:
        """Return what a frame is, and holds."""
        body = opened(self._key, self._nonce(1), sealed)
        self.frames += 1
        length = int.from_bytes(body[1:KIND_AND_LENGTH])
        end = KIND_AND_LENGTH + length
        if body[0] > max(Kind) or end > len(body) or length > MESSAGE_MAX:
            raise Refused("link: damaged frame")
        if (length and body[0] != Kind.MESSAGE) or body[end:].strip(b"\0"):
            raise Refused("link: frame with more in it than it says")
        return Kind(body[0]), body[KIND_AND_LENGTH:end]

    def _nonce(self, part: int) -> bytes:
        return bytes(4) + codec.u64(2 * self.frames + part)


def bucket_of(length: int) -> int:
    """Return the place of the smallest bucket that holds a message."""
    if length > MESSAGE_MAX:
        raise ValueError(f"a message has at most {MESSAGE_MAX} bytes")
    needed = KIND_AND_LENGTH + length
    return next(code for code, size in enumerate(BUCKETS) if size + SLACK >= needed)


def opened(key: bytes, nonce: bytes, sealed: bytes) -> bytes:
    """Return the content of a part of a frame."""
    try:
        return crypto.aead_open(key, nonce, sealed)
    except Refused:
        raise Refused("link: frame not authentic") from None
