"""What waits to leave a core: bounded, so that nobody's silence fills the memory."""

from ..core import Send
from ..session.messages import MessageType

COUNT_MAX = 4_096
BYTES_MAX = 64 << 20


class Outgoing:
    """Messages in the order in which they are to be sent."""

    def __init__(self) -> None:
        self._waiting: list[Send] = []
        self._size = 0
        self.dropped = 0

    def add(self, peer_id: bytes, kind: MessageType, payload: bytes) -> bool:
        """Queue a message; False where there is no room, and whoever needs it asks again."""
        if len(self._waiting) >= COUNT_MAX or self._size + len(payload) > BYTES_MAX:
            self.dropped += 1
            return False
        self._waiting.append(Send(peer_id, kind, payload))
        self._size += len(payload)
        return True

    def take(self) -> list[Send]:
        """Return what waits, once."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        return waiting
