"""What a run did, as one number: two runs that differ anywhere have different ones."""

import struct
from enum import IntEnum

from ..crypto import sha256

PART = 4_096  # steps that are hashed at a time
LABEL = b"pars/world-trace/v1"

_STEP = struct.Struct(">QHHBI")


class What(IntEnum):
    """What happened beside messages, which have numbers of their own from 0x20."""

    START = 0x01
    CRASH = 0x02
    LINK = 0x03
    CUT = 0x04


class Trace:
    """The digest of all steps so far.

    Of a message it holds the length alone: signatures are random bytes, and nothing may hang on
    them.
    """

    __slots__ = ("_digest", "_steps")

    def __init__(self) -> None:
        self._steps: list[bytes] = []
        self._digest = sha256(LABEL)

    def note(self, now: int, low: int, high: int, kind: int, size: int) -> None:
        """Take a step into it."""
        self._steps.append(_STEP.pack(now, low, high, kind, size))
        if len(self._steps) >= PART:
            self._digest = self.digest()
            self._steps.clear()

    def digest(self) -> bytes:
        """Return the digest up to here."""
        return sha256(self._digest, *self._steps)
