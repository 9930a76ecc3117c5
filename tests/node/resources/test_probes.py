"""What the machine says, and what is made of it where it says nothing."""

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from node import probes
from node.resources import Reading


def test_memory_is_the_process_own() -> None:
    assert 5 << 20 < probes.memory() < psutil.virtual_memory().total


def test_storage_is_what_files_take(tmp_path: Path) -> None:
    before = probes.storage(tmp_path)
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_bytes(os.urandom(1 << 20))
    os.sync()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")

    assert probes.storage(tmp_path) - before >= 1 << 20
    assert probes.storage(tmp_path / "nowhere") == 0


@pytest.mark.parametrize("error", [AttributeError, OSError, RuntimeError])
def test_no_battery(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise error

    monkeypatch.setattr(psutil, "sensors_battery", broken, raising=False)
    assert probes.battery() is None
    monkeypatch.setattr(psutil, "sensors_battery", lambda: None, raising=False)
    assert probes.battery() is None


@pytest.mark.parametrize(
    ("said", "metered"),
    [
        ("u 0\n", None),
        ("u 1\n", True),
        ("u 2\n", False),
        ("u 3\n", True),
        ("u 4\n", False),
        ("u 5", None),
        ("", None),
        ("u x", None),
        ("s 1", None),
    ],
)
def test_network_manager(said: str, metered: bool | None) -> None:
    assert probes.read_metered(said) is metered


def test_a_bus_that_fails_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probes.shutil, "which", lambda tool: None)
    assert probes.metered() is None
    monkeypatch.setattr(probes.shutil, "which", lambda tool: f"/bin/{tool}")
    for error in (OSError(), subprocess.TimeoutExpired("busctl", 2)):

        def run(*_: object, error: Exception = error, **__: object) -> None:
            raise error

        monkeypatch.setattr(probes.subprocess, "run", run)
        assert probes.metered() is None
    done = subprocess.CompletedProcess([], 0, stdout="u 1\n")
    monkeypatch.setattr(probes.subprocess, "run", lambda *_, **__: done)
    assert probes.metered() is True


def test_everything_can_be_handed_in(tmp_path: Path) -> None:
    reading = probes.read(
        tmp_path,
        memory=lambda: 1,
        storage=lambda folder: 2,
        battery=lambda: 3.0,
        metered=lambda: True,
    )

    assert reading == Reading(memory=1, storage=2, battery=3.0, metered=True)
