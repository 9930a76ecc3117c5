"""The tray of a desktop: what its menu shows, and what choosing from it does."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

TOOLTIP = "Pars Network Node"


class Action(Enum):
    """What can be chosen."""

    START = "start"
    STOP = "stop"
    STATUS = "status"
    QUIT = "quit"


class State(Enum):
    """What the node does, as far as the tray knows."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"


# What may be chosen in which state; the status and the end always.
_ENABLED = {
    State.STOPPED: {Action.START},
    State.STARTING: {Action.STOP},
    State.RUNNING: {Action.STOP},
    State.STOPPING: set[Action](),
    State.FAILED: {Action.START},
}


@dataclass(frozen=True, slots=True)
class Item:
    """A line of the menu."""

    action: Action
    label: str
    enabled: bool


class Tray:
    """The tray's side of a node. `start` and `stop` begin; `started`, `stopped` and `failed` tell.

    Quitting stops a node that runs, and quits once it has stopped.
    """

    tooltip = TOOLTIP

    def __init__(
        self,
        *,
        start: Callable[[], None],
        stop: Callable[[], None],
        show_status: Callable[[], None],
        quit_: Callable[[], None],
    ) -> None:
        self.state = State.STOPPED
        self._start, self._stop = start, stop
        self._show_status, self._quit = show_status, quit_
        self._quitting = False
        self._reason = ""

    @property
    def status(self) -> str:
        """Return one line for the user."""
        return f"{self.state.value}: {self._reason}" if self._reason else self.state.value

    def menu(self) -> list[Item]:
        """Return the menu as it is now."""
        return [Item(action, action.value.capitalize(), self._may(action)) for action in Action]

    def choose(self, action: Action) -> bool:
        """Do what the user chose; False where that is not enabled."""
        if not self._may(action):
            return False
        if action == Action.STATUS:
            self._show_status()
        elif action == Action.START:
            self.state, self._reason = State.STARTING, ""
            self._start()
        elif action == Action.STOP:
            self._end()
        else:
            self._quitting = True
            if self.state in (State.STARTING, State.RUNNING):
                self._end()
            elif self.state != State.STOPPING:
                self._quit()
        return True

    def started(self) -> None:
        """Take note that the node runs."""
        if self.state == State.STARTING:
            self.state = State.RUNNING

    def stopped(self) -> None:
        """Take note that the node has stopped, asked or not."""
        self.state = State.STOPPED
        if self._quitting:
            self._quit()

    def failed(self, reason: str) -> None:
        """Take note that the node cannot run."""
        self.state, self._reason = State.FAILED, reason
        if self._quitting:
            self._quit()

    def _may(self, action: Action) -> bool:
        if self._quitting:
            return action == Action.STATUS
        return action in (Action.STATUS, Action.QUIT) or action in _ENABLED[self.state]

    def _end(self) -> None:
        self.state = State.STOPPING
        self._stop()
