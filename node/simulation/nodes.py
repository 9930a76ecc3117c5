"""A node as the world knows it: its cores and its disk, its lines, and what it has cost."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ..core import Core, Send
from ..crypto import Random as Chance
from ..session.messages import MessageType
from .links import Line
from .store import SimulatedStore

Factory = Callable[[bytes, SimulatedStore, Chance], Sequence[Core]]
Wire = Callable[["Node", Send], Iterable[Send]]
Listener = Callable[["Node", Any], None]


class Node:
    """A node as the world knows it. `cores` are new objects after each start."""

    __slots__ = (
        *(
            "boots",
            "by_type",
            "cores",
            "crashes",
            "dialling",
            "events",
            "factory",
            "failed",
            "fell",
        ),
        *(
            "index",
            "keeps",
            "lines",
            "listener",
            "met",
            "peer_id",
            "received",
            "refused",
            "sent",
            "skew",
            "store",
        ),
        *("timer", "up", "wire"),
    )

    def __init__(self, index: int, peer_id: bytes, factory: Factory) -> None:
        self.index = index
        self.peer_id = peer_id
        self.factory = factory
        self.store = SimulatedStore()
        self.cores: Sequence[Core] = ()
        self.by_type: dict[MessageType, Core] = {}
        self.events: list[Callable[[], list[Any]]] = []
        self.listener: Listener | None = None
        self.wire: Wire | None = None  # what a Byzantine node does to what it sends
        self.up = False
        self.boots = self.crashes = 0
        self.skew = 0
        self.timer = 0  # when its next tick is, in the world's time; 0 for never
        self.lines: dict[int, Line] = {}
        self.dialling: dict[int, list[Send]] = {}
        self.failed: dict[int, int] = {}  # whom it could not reach, and until when it believes so
        self.keeps: dict[int, int] = {}  # whom it dials again, and how often in vain
        self.met: dict[int, int] = {}  # for tickets: they are gone with the process
        self.sent = self.received = 0
        self.refused: Counter[str] = Counter()
        self.fell: Counter[str] = Counter()
