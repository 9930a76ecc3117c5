"""What a run shows on a terminal while it goes on. It reads what happened, and decides nothing."""

import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Table

from .outcome import Snapshot, Watch, unseen

SPARKS = " ▁▂▃▄▅▆▇█"
KEPT = 40
PER_SECOND = 8


class _View:
    """The last moments of a run."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.started = time.monotonic()
        self.last: Snapshot | None = None
        self.shares: deque[float] = deque(maxlen=KEPT)
        self.rates: deque[int] = deque(maxlen=KEPT)

    def take(self, snapshot: Snapshot) -> None:
        """Take a moment in."""
        if self.last is not None and snapshot.now > self.last.now:
            passed = snapshot.now - self.last.now
            self.rates.append((snapshot.bytes - self.last.bytes) * 1000 // passed)
        self.last = snapshot
        self.shares.append(snapshot.share)

    def __rich__(self) -> Table:
        table = Table(title=self.title, title_justify="left", show_header=False, box=None)
        table.add_column(style="dim", no_wrap=True)
        table.add_column()
        if self.last is None:
            return table
        moment = self.last
        wall = max(time.monotonic() - self.started, 1e-3)
        table.add_row("now", f"{_time(moment.now)} of {_time(moment.end)}   {moment.what}")
        table.add_row("", f"{moment.now / 1000 / wall:,.0f} times as fast as the clock")
        bar = ProgressBar(total=1.0, completed=moment.share, width=KEPT)
        table.add_row("have all", bar)
        table.add_row("", f"{moment.share:.2%}  {_sparks([round(s * 1000) for s in self.shares])}")
        rate = self.rates[-1] if self.rates else 0
        table.add_row("bytes/s", f"{rate:,}  {_sparks(list(self.rates))}")
        table.add_row(
            "nodes", f"{moment.up} of {moment.nodes} up, {moment.crashes:,} crashes so far"
        )
        parts = "one part" if moment.sides == 1 else f"{moment.sides} parts"
        table.add_row("links", f"{moment.links:,}; the world is in {parts}")
        table.add_row("messages", f"{moment.messages:,}, {moment.bytes / 1e6:,.1f} MB")
        return table


@contextmanager
def shown(title: str) -> Iterator[Watch]:
    """Show moments as they come, if there is a terminal to show them on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield unseen
        return
    view = _View(title)
    with Live(view, console=console, refresh_per_second=PER_SECOND, transient=True):
        yield view.take


@contextmanager
def counted(total: int, done: int) -> Iterator[Progress]:
    """Show how many seeds are done; its only task is number 0."""
    progress = Progress(
        TextColumn("seeds"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
        console=Console(stderr=True),
    )
    progress.add_task("seeds", total=total, completed=done, note="")
    with progress:
        yield progress


def _time(milliseconds: int) -> str:
    minutes, seconds = divmod(milliseconds // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return (f"{days} d " if days else "") + f"{hours:02}:{minutes:02}:{seconds:02}"


def _sparks(values: list[int]) -> str:
    top = max(values, default=0) or 1
    return "".join(SPARKS[value * (len(SPARKS) - 1) // top] for value in values)
