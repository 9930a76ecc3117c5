"""A node on iOS: a task of the system's scheduler, and a scan for others nearby.

The system wakes the app when it sees fit, and ends it when it uses its time badly. So each wake
syncs for 30 seconds at most, says that it is done exactly once, and asks for the next one first.
"""

from collections.abc import Callable

from . import SERVICE_UUID

TASK_ID = "network.pars.sync"
INTERVAL_MS = 15 * 60_000  # at the earliest; the system decides
SYNC_MAX_MS = 30_000


class BackgroundSync:
    """One background task. Register it under `TASK_ID`; call `woken` from its handler.

    `submit(task_id, earliest_ms)` asks the scheduler for the next wake, `cancel(task_id)` takes
    that back. `start_sync(until_ms)` begins, `stop_sync()` ends early, `complete(success)` tells
    the system. `SYNC_MAX_MS` after a wake the shell calls `tick`.
    """

    def __init__(
        self,
        *,
        submit: Callable[[str, int], None],
        cancel: Callable[[str], None],
        start_sync: Callable[[int], None],
        stop_sync: Callable[[], None],
        complete: Callable[[bool], None],
    ) -> None:
        self.active = False
        self.until: int | None = None  # while a sync runs
        self._submit, self._cancel, self._complete = submit, cancel, complete
        self._start_sync, self._stop_sync = start_sync, stop_sync

    def set_active(self, active: bool, now: int) -> None:
        """Follow the user: inactive means that nothing is sent, and nobody is woken."""
        if active == self.active:
            return
        self.active = active
        if active:
            self._submit(TASK_ID, now + INTERVAL_MS)
            return
        self._cancel(TASK_ID)
        if self.until is not None:
            self._stop_sync()
            self._finish(success=False)

    def woken(self, now: int) -> None:
        """Sync, because the system gives time to."""
        if not self.active:
            self._complete(True)
            return
        if self.until is not None:
            return
        self._submit(TASK_ID, now + INTERVAL_MS)
        self.until = now + SYNC_MAX_MS
        self._start_sync(self.until)

    def finished(self, success: bool) -> None:
        """Take note that the sync is done before its time."""
        if self.until is not None:
            self._finish(success=success)

    def tick(self, now: int) -> None:
        """End a sync whose time is up."""
        if self.until is not None and now >= self.until:
            self.expired()

    def expired(self) -> None:
        """End at once, because the system says so. What was received is kept."""
        if self.until is not None:
            self._stop_sync()
            self._finish(success=False)

    def _finish(self, *, success: bool) -> None:
        self.until = None
        self._complete(success)


class NearbyScan:
    """The search for nodes nearby. `scan` and `end` drive the system's central.

    In the background the system only finds what is looked for by its service, which it is here.
    """

    def __init__(
        self,
        *,
        scan: Callable[[str], None],
        end: Callable[[], None],
        found: Callable[[str], None],
    ) -> None:
        self._scan, self._end, self._found = scan, end, found
        self._wanted = self._powered = False
        self.scanning = False

    def set_active(self, active: bool) -> None:
        """Follow the user."""
        self._wanted = active
        self._settle()

    def radio(self, powered: bool) -> None:
        """Take note that Bluetooth was turned on or off, or that the user allows it no more."""
        self._powered = powered
        self._settle()

    def discovered(self, device: str, services: tuple[str, ...]) -> None:
        """Hand on a device that offers our service; the link proves who it is."""
        if self.scanning and SERVICE_UUID in (service.lower() for service in services):
            self._found(device)

    def _settle(self) -> None:
        scanning = self._wanted and self._powered
        if scanning and not self.scanning:
            self._scan(SERVICE_UUID)
        elif self.scanning and not scanning:
            self._end()
        self.scanning = scanning
