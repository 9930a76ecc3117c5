"""What the machine says of memory, disk, battery and line. What cannot be read is not known."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil  # type: ignore[import-untyped]

from .resources import Reading

FILES_MAX = 100_000  # of the data directory: beyond, what was counted is enough to know
BUSCTL_SECONDS = 2
_BUS = "org.freedesktop.NetworkManager"
_METERED = {1: True, 2: False, 3: True, 4: False}  # NetworkManager: yes, no, and its guesses


def memory() -> int:
    """Return the bytes of memory that the process holds."""
    return int(psutil.Process().memory_info().rss)


def storage(folder: Path) -> int:
    """Return the bytes on the disk that a folder takes; files that vanish meanwhile are none."""
    total = 0
    for number, path in enumerate(folder.rglob("*")):
        if number >= FILES_MAX:
            break
        try:
            stat = path.lstat()
        except OSError:
            continue
        total += stat.st_blocks * 512
    return total


def battery() -> float | None:
    """Return how full the battery is, in percent; None where there is none."""
    try:
        found = psutil.sensors_battery()
    except (AttributeError, OSError, RuntimeError):  # as systems without such a thing say it
        return None
    return None if found is None else float(found.percent)


def metered() -> bool | None:
    """Return what NetworkManager says of the line, where there is one to ask."""
    tool = shutil.which("busctl")
    if tool is None:
        return None
    path = "/" + _BUS.replace(".", "/")
    try:
        command = [tool, "--system", "get-property", _BUS, path, _BUS, "Metered"]
        said = subprocess.run(  # noqa: S603 - fixed words, no shell
            command, capture_output=True, text=True, timeout=BUSCTL_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return read_metered(said)


def read_metered(said: str) -> bool | None:
    """Return what `busctl` printed: "u 1" for a metered line."""
    kind, _, number = said.strip().partition(" ")
    return _METERED.get(int(number)) if kind == "u" and number.isdecimal() else None


def read(
    folder: Path,
    *,
    memory: Callable[[], int] = memory,
    storage: Callable[[Path], int] = storage,
    battery: Callable[[], float | None] = battery,
    metered: Callable[[], bool | None] = metered,
) -> Reading:
    """Read everything. It touches the disk: not from a loop that others wait for."""
    return Reading(memory=memory(), storage=storage(folder), battery=battery(), metered=metered())
