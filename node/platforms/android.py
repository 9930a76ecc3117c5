"""A node on Android: a service in the foreground, periodic work, and others nearby.

The service shows a notification as long as the node runs. Where the user does not want one that
runs all the time, the work wakes it each quarter of an hour, and only where there is a network.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

SERVICE_ID = "network.pars"
CHANNEL_ID = "network.pars.node"
WORK_NAME = "network.pars.sync"
PERIOD_MS = 15 * 60_000  # the shortest that WorkManager knows
GAP_MIN_MS = PERIOD_MS // 2  # the system may run two of them close together, within its flex
SYNC_MAX_MS = 30_000
ENDPOINT_NAME_MAX = 131  # bytes that Nearby Connections advertises
ENDPOINTS_MAX = 64


@dataclass(frozen=True, slots=True)
class Notification:
    """What the user sees as long as the service runs."""

    channel_id: str
    title: str
    text: str


class ForegroundService:
    """The service. `show` makes it one in the foreground, with its notification; `remove` ends it.

    Android ends an app that starts such a service and does not show a notification at once: so it
    is shown before the node is started.
    """

    def __init__(
        self,
        *,
        show: Callable[[Notification], None],
        remove: Callable[[], None],
        start: Callable[[], None],
        stop: Callable[[], None],
    ) -> None:
        self._show, self._remove, self._start, self._stop = show, remove, start, stop
        self.running = False
        self.status = "stopped"

    def started(self) -> None:
        """Start the node; once, however often the system calls."""
        if not self.running:
            self.running = True
            self.update("starting")
            self._start()

    def update(self, status: str) -> None:
        """Show what the node does."""
        if self.running:
            self.status = status
            self._show(Notification(CHANNEL_ID, "Pars Network Node", status))

    def destroyed(self) -> None:
        """Stop the node: the user said so, or the system needs the memory."""
        if self.running:
            self.running, self.status = False, "stopped"
            self._stop()
            self._remove()


class Network(Enum):
    """WorkManager's constraint."""

    CONNECTED = "CONNECTED"


class Result(Enum):
    """What a worker tells WorkManager."""

    SUCCESS = "success"
    RETRY = "retry"


@dataclass(frozen=True, slots=True)
class PeriodicWork:
    """What WorkManager is asked for, under a name that makes it one however often it is asked."""

    name: str = WORK_NAME
    period_ms: int = PERIOD_MS
    network: Network = Network.CONNECTED


class Worker:
    """The periodic work. `enqueue` keeps what is there already; `do_work` is the worker's body.

    The constraint is the system's to keep. It is looked at again here, because a network may be
    gone by the time that a worker runs.
    """

    def __init__(
        self,
        *,
        enqueue: Callable[[PeriodicWork], None],
        cancel: Callable[[str], None],
        is_connected: Callable[[], bool],
        start_sync: Callable[[int], None],
        stop_sync: Callable[[], None],
    ) -> None:
        self._enqueue, self._cancel = enqueue, cancel
        self._is_connected = is_connected
        self._start_sync, self._stop_sync = start_sync, stop_sync
        self.active = False
        self.until: int | None = None
        self.last_run: int | None = None

    def set_active(self, active: bool) -> None:
        """Follow the user."""
        if active and not self.active:
            self._enqueue(PeriodicWork())
        elif self.active and not active:
            self._cancel(WORK_NAME)
            self.stopped()
        self.active = active

    def do_work(self, now: int) -> Result | None:
        """Begin a sync; None while it runs, and then `finished` has the result."""
        if not self.active:
            return Result.SUCCESS
        if not self._is_connected():
            return Result.RETRY
        if self.last_run is not None and now - self.last_run < GAP_MIN_MS:
            return Result.SUCCESS  # a worker that is restarted is not work to be done again
        self.last_run = now
        self.until = now + SYNC_MAX_MS
        self._start_sync(self.until)
        return None

    def finished(self, success: bool) -> Result:
        """Return what a sync that is done tells the system."""
        self.until = None
        return Result.SUCCESS if success else Result.RETRY

    def tick(self, now: int) -> Result | None:
        """End a sync whose time is up; what it received is kept."""
        if self.until is None or now < self.until:
            return None
        self.stopped()
        return Result.SUCCESS

    def stopped(self) -> None:
        """End a sync, because the system takes the worker's time away."""
        if self.until is not None:
            self.until = None
            self._stop_sync()


class Nearby:
    """Others nearby, by Nearby Connections under `SERVICE_ID`.

    `advertise(name, service_id)` and `discover(service_id)` begin, `end()` ends both. The name is
    the node's peer id, new for each time that the user turns it on if the shell hands in another
    one. Who asks for a connection is accepted: what counts is what the link proves then.
    """

    def __init__(
        self,
        *,
        advertise: Callable[[str, str], None],
        discover: Callable[[str], None],
        end: Callable[[], None],
        request: Callable[[str], None],
        accept: Callable[[str], None],
    ) -> None:
        self._advertise, self._discover, self._end = advertise, discover, end
        self._request, self._accept = request, accept
        self._name = ""
        self.endpoints: dict[str, None] = {}

    @property
    def active(self) -> bool:
        """Return whether others can find this node."""
        return bool(self._name)

    def start(self, name: str) -> None:
        """Let others find this node under a name, and look for them."""
        if not 0 < len(name.encode()) <= ENDPOINT_NAME_MAX:
            raise ValueError("nearby: no name, or too long")
        if not self.active:
            self._name = name
            self._advertise(name, SERVICE_ID)
            self._discover(SERVICE_ID)

    def stop(self) -> None:
        """Be found no longer."""
        if self.active:
            self._name = ""
            self.endpoints.clear()
            self._end()

    def found(self, endpoint: str, name: str, service_id: str) -> None:
        """Connect to a node; of two that find each other the one with the lower name asks."""
        known = endpoint in self.endpoints or len(self.endpoints) >= ENDPOINTS_MAX
        if self.active and not known and service_id == SERVICE_ID and name != self._name:
            self.endpoints[endpoint] = None
            if self._name < name:
                self._request(endpoint)

    def initiated(self, endpoint: str) -> None:
        """Accept who asks, as long as there is room."""
        if self.active and (endpoint in self.endpoints or len(self.endpoints) < ENDPOINTS_MAX):
            self.endpoints[endpoint] = None
            self._accept(endpoint)

    def lost(self, endpoint: str) -> None:
        """Forget a node that is gone."""
        self.endpoints.pop(endpoint, None)
