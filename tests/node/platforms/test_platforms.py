"""The adapters for the systems' shells, driven by the events that a shell tells them."""

import asyncio
import uuid
from typing import Any

import pytest

from node import platforms
from node.platforms import android, ios, tray
from node.platforms.android import ForegroundService, Nearby, Network, Result, Worker
from node.platforms.desktop import Desktop, RefusedError, Validator
from node.platforms.ios import BackgroundSync, NearbyScan
from node.platforms.tray import Action, State, Tray

MINUTE = 60_000


class Shell:
    """Writes down every call, in order."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []

    def __getattr__(self, name: str) -> Any:
        return lambda *arguments: self.calls.append((name, *arguments))

    def take(self) -> list[tuple[Any, ...]]:
        calls, self.calls = self.calls, []
        return calls


@pytest.fixture
def shell() -> Shell:
    return Shell()


def test_what_nodes_advertise_follows_from_the_name() -> None:
    assert str(uuid.uuid5(uuid.NAMESPACE_DNS, "pars.network")) == platforms.SERVICE_UUID


# --- tray ----------------------------------------------------------------------------------------


@pytest.fixture
def tray_(shell: Shell) -> Tray:
    return Tray(
        start=shell.start, stop=shell.stop, show_status=shell.show_status, quit_=shell.quit_
    )


def enabled(one: Tray) -> set[Action]:
    return {item.action for item in one.menu() if item.enabled}


def test_the_tray_from_start_to_end(tray_: Tray, shell: Shell) -> None:
    assert tray_.tooltip == tray.TOOLTIP == "Pars Network Node"
    assert [item.label for item in tray_.menu()] == ["Start", "Stop", "Status", "Quit"]
    assert enabled(tray_) == {Action.START, Action.STATUS, Action.QUIT}
    assert not tray_.choose(Action.STOP)
    assert tray_.choose(Action.START)
    assert tray_.status == "starting"
    tray_.started()
    assert enabled(tray_) == {Action.STOP, Action.STATUS, Action.QUIT}
    assert tray_.choose(Action.STATUS)
    assert tray_.choose(Action.STOP)
    assert not tray_.choose(Action.STOP)
    tray_.started()  # too late
    assert tray_.state == State.STOPPING
    tray_.stopped()
    assert tray_.choose(Action.QUIT)
    assert not tray_.choose(Action.QUIT)

    assert [name for name, *_ in shell.take()] == ["start", "show_status", "stop", "quit_"]


def test_quitting_stops_first(tray_: Tray, shell: Shell) -> None:
    tray_.choose(Action.START)
    tray_.started()
    tray_.choose(Action.QUIT)
    assert [name for name, *_ in shell.take()] == ["start", "stop"]
    assert enabled(tray_) == {Action.STATUS}
    tray_.stopped()

    assert shell.take() == [("quit_",)]


def test_a_node_that_fails_can_be_started_again(tray_: Tray, shell: Shell) -> None:
    tray_.choose(Action.START)
    tray_.failed("the port is taken")
    assert tray_.status == "failed: the port is taken"
    assert tray_.choose(Action.START)
    assert tray_.status == "starting"
    tray_.choose(Action.QUIT)
    tray_.failed("again")

    assert shell.take()[-1] == ("quit_",)


# --- ios -----------------------------------------------------------------------------------------


@pytest.fixture
def sync(shell: Shell) -> BackgroundSync:
    return BackgroundSync(
        submit=shell.submit,
        cancel=shell.cancel,
        start_sync=shell.start_sync,
        stop_sync=shell.stop_sync,
        complete=shell.complete,
    )


def test_each_wake_syncs_for_half_a_minute_at_most(sync: BackgroundSync, shell: Shell) -> None:
    sync.set_active(True, 0)
    assert shell.take() == [("submit", "network.pars.sync", 15 * MINUTE)]
    sync.woken(20 * MINUTE)
    until = 20 * MINUTE + 30_000
    assert shell.take() == [("submit", ios.TASK_ID, 35 * MINUTE), ("start_sync", until)]
    sync.woken(20 * MINUTE + 1)
    sync.tick(until - 1)
    assert shell.take() == []
    sync.tick(until)
    sync.tick(until + 1)
    sync.expired()
    sync.finished(True)

    assert shell.take() == [("stop_sync",), ("complete", False)]


@pytest.mark.parametrize("success", [True, False])
def test_a_sync_that_ends_early_says_so_once(
    sync: BackgroundSync, shell: Shell, success: bool
) -> None:
    sync.set_active(True, 0)
    sync.woken(1)
    shell.take()
    sync.finished(success)
    sync.finished(success)
    sync.tick(1 << 40)

    assert shell.take() == [("complete", success)]


def test_inactive_means_that_nothing_is_sent(sync: BackgroundSync, shell: Shell) -> None:
    sync.woken(0)
    assert shell.take() == [("complete", True)]
    sync.set_active(True, 0)
    sync.woken(1)
    shell.take()
    sync.set_active(False, 2)
    sync.set_active(False, 3)

    assert shell.take() == [("cancel", ios.TASK_ID), ("stop_sync",), ("complete", False)]


def test_the_scan_is_for_our_service(shell: Shell) -> None:
    scan = NearbyScan(scan=shell.scan, end=shell.end, found=shell.found)
    scan.set_active(True)
    assert shell.take() == []
    scan.radio(True)
    scan.radio(True)
    assert shell.take() == [("scan", platforms.SERVICE_UUID)]
    scan.discovered("watch", ("180d",))
    scan.discovered("node", ("180d", platforms.SERVICE_UUID.upper()))
    assert shell.take() == [("found", "node")]
    scan.radio(False)
    scan.discovered("late", (platforms.SERVICE_UUID,))
    scan.set_active(False)

    assert shell.take() == [("end",)]


# --- android -------------------------------------------------------------------------------------


def test_the_service_shows_itself_before_the_node_starts(shell: Shell) -> None:
    service = ForegroundService(
        show=shell.show, remove=shell.remove, start=shell.start, stop=shell.stop
    )
    service.update("not yet")
    service.started()
    service.started()
    assert [name for name, *_ in shell.take()] == ["show", "start"]
    service.update("12 links")
    assert service.status == "12 links"
    [(_, notification)] = shell.take()
    assert (notification.title, notification.text) == ("Pars Network Node", "12 links")
    service.destroyed()
    service.destroyed()

    assert shell.take() == [("stop",), ("remove",)]
    assert service.status == "stopped"


class WorkManager:
    """Runs a periodic work where its constraint holds, as Android does."""

    def __init__(self) -> None:
        self.work: dict[str, android.PeriodicWork] = {}
        self.connected = True

    def enqueue(self, work: android.PeriodicWork) -> None:
        self.work.setdefault(work.name, work)

    def cancel(self, name: str) -> None:
        self.work.pop(name, None)

    def run(self, worker: Worker, until: int) -> list[int]:
        """Return when the worker began to sync."""
        ran, due = [], 0
        for now in range(0, until, MINUTE):
            [work] = self.work.values()
            allowed = self.connected or work.network != Network.CONNECTED
            if now >= due and allowed:
                if worker.do_work(now) is None:
                    ran.append(now)
                    worker.finished(True)
                due = now + work.period_ms
        return ran


def test_the_work_runs_each_quarter_of_an_hour_where_there_is_a_network(shell: Shell) -> None:
    manager = WorkManager()
    worker = Worker(
        enqueue=manager.enqueue,
        cancel=manager.cancel,
        is_connected=lambda: manager.connected,
        start_sync=shell.start_sync,
        stop_sync=shell.stop_sync,
    )
    worker.set_active(True)
    worker.set_active(True)
    [work] = manager.work.values()
    assert (work.period_ms, work.network) == (15 * MINUTE, Network.CONNECTED)
    assert manager.run(worker, 60 * MINUTE) == [0, 15 * MINUTE, 30 * MINUTE, 45 * MINUTE]
    assert shell.take()[0] == ("start_sync", 30_000)
    manager.connected = False
    assert manager.run(worker, 60 * MINUTE) == []
    assert worker.do_work(100 * MINUTE) == Result.RETRY
    worker.set_active(False)

    assert manager.work == {}
    assert worker.do_work(200 * MINUTE) == Result.SUCCESS
    assert shell.take() == []


def test_a_work_is_bounded(shell: Shell) -> None:
    worker = Worker(
        enqueue=shell.enqueue,
        cancel=shell.cancel,
        is_connected=lambda: True,
        start_sync=shell.start_sync,
        stop_sync=shell.stop_sync,
    )
    worker.set_active(True)
    assert worker.do_work(0) is None
    assert worker.tick(29_999) is None
    assert worker.tick(30_000) == Result.SUCCESS
    assert worker.tick(30_001) is None
    assert worker.do_work(60_000) == Result.SUCCESS  # so soon again
    assert worker.do_work(15 * MINUTE) is None
    worker.stopped()
    assert worker.finished(False) == Result.RETRY

    assert [name for name, *_ in shell.take()] == [
        *("enqueue", "start_sync", "stop_sync", "start_sync", "stop_sync")
    ]


def nearby(shell: Shell) -> Nearby:
    return Nearby(
        advertise=shell.advertise,
        discover=shell.discover,
        end=shell.end,
        request=shell.request,
        accept=shell.accept,
    )


def test_two_that_find_each_other_make_one_connection() -> None:
    shells = Shell(), Shell()
    one, two = (nearby(shell) for shell in shells)
    one.start("aaa")
    two.start("bbb")
    assert shells[0].take() == [
        ("advertise", "aaa", android.SERVICE_ID),
        ("discover", android.SERVICE_ID),
    ]
    shells[1].take()
    one.found("endpoint of two", "bbb", android.SERVICE_ID)
    one.found("endpoint of two", "bbb", android.SERVICE_ID)
    two.found("endpoint of one", "aaa", android.SERVICE_ID)
    two.initiated("endpoint of one")

    assert shells[0].take() == [("request", "endpoint of two")]
    assert shells[1].take() == [("accept", "endpoint of one")]


def test_nearby_is_bounded_and_ends(shell: Shell) -> None:
    one = nearby(shell)
    one.found("early", "zzz", android.SERVICE_ID)
    one.start("aaa")
    one.found("other app", "zzz", "com.example")
    one.found("itself", "aaa", android.SERVICE_ID)
    assert one.endpoints == {}
    for number in range(200):
        one.found(str(number), "zzz", android.SERVICE_ID)
        one.initiated(f"asks {number}")
    assert len(one.endpoints) == android.ENDPOINTS_MAX
    one.lost("0")
    assert len(one.endpoints) == android.ENDPOINTS_MAX - 1
    one.stop()
    one.stop()

    assert shell.take()[-1] == ("end",)
    assert not one.active
    assert one.endpoints == {}
    for name in ("", "x" * 132):
        with pytest.raises(ValueError, match="nearby"):
            one.start(name)


# --- desktop -------------------------------------------------------------------------------------


class Parts:
    """What the switch turns; each may be told to fail."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.failing: set[str] = set()

    def __getattr__(self, name: str) -> Any:
        async def part(*_: Any) -> None:
            if name in self.failing:
                raise ConnectionError(name)
            self.done.append(name)

        return part


@pytest.fixture
def parts() -> Parts:
    return Parts()


@pytest.fixture
def desktop(parts: Parts) -> Desktop:
    return Desktop(
        register=parts.register,
        unregister=parts.unregister,
        enable=parts.enable,
        disable=parts.disable,
        stake_min=15_000,
    )


def test_a_validator_is_registered_and_then_enabled(desktop: Desktop, parts: Parts) -> None:
    asyncio.run(desktop.enable_validator(15_000))
    assert (desktop.state, parts.done) == (Validator.ON, ["register", "enable"])
    with pytest.raises(RefusedError, match="is on"):
        asyncio.run(desktop.enable_validator(15_000))
    asyncio.run(desktop.disable_validator())

    assert (desktop.state, parts.done[2:]) == (Validator.OFF, ["disable", "unregister"])


def test_what_fails_is_rolled_back(desktop: Desktop, parts: Parts) -> None:
    with pytest.raises(RefusedError, match="at least"):
        asyncio.run(desktop.enable_validator(14_999))
    parts.failing = {"register"}
    with pytest.raises(ConnectionError):
        asyncio.run(desktop.enable_validator(15_000))
    assert (desktop.state, parts.done) == (Validator.OFF, [])
    parts.failing = {"enable"}
    with pytest.raises(ConnectionError):
        asyncio.run(desktop.enable_validator(15_000))

    assert (desktop.state, parts.done) == (Validator.OFF, ["register", "unregister"])


def test_a_way_back_that_fails_is_shown_and_taken_again(desktop: Desktop, parts: Parts) -> None:
    parts.failing = {"enable", "unregister"}
    with pytest.raises(ConnectionError):
        asyncio.run(desktop.enable_validator(15_000))
    assert desktop.state == Validator.STUCK
    with pytest.raises(RefusedError, match="stuck"):
        asyncio.run(desktop.enable_validator(15_000))
    parts.failing = set()
    asyncio.run(desktop.disable_validator())

    assert (desktop.state, parts.done) == (Validator.OFF, ["register", "unregister"])
