"""The file of a container, with real processes that die."""

import errno
import os
import random
import stat
import subprocess
import sys
import time

import pytest

from node.codec import Refused
from node.vault import disk as disk_module
from node.vault.container import SIZE_MIN, create
from node.vault.disk import FileDisk
from node.vault.duress import set_duress, set_up, unlock

WRITER = """
import os, sys
from pathlib import Path
from node.vault.container import Cost
from node.vault.disk import FileDisk
from node.vault.duress import unlock
session = unlock(FileDisk(Path(sys.argv[1])), b"real", Cost(8, 1, 1), os.urandom)
number = int((session.store.get(b"number") or b"0"))
while True:
    number += 1
    session.store.commit({b"number": b"%d" % number, b"k%d" % (number % 9): bytes(number % 5000)})
    os.write(1, b"%d\\n" % number)
    if number % 40 == 0:
        session.store.shred()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "container"


def filled(path, seed=1):
    chance = random.Random(seed).randbytes
    return FileDisk.create(path, lambda disk: create(disk, SIZE_MIN, chance))


def test_a_new_file_is_private_and_whole(path):
    disk = filled(path)

    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.stat().st_size == disk.size() == SIZE_MIN
    assert [entry.name for entry in path.parent.iterdir()] == ["container"]
    disk.close()


def test_a_start_that_was_cut_short_begins_again(path):
    path.with_name("container.new").write_bytes(b"half")

    def fails(disk):
        disk.write(0, b"some")
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        FileDisk.create(path, fails)
    assert not path.exists()
    filled(path).close()
    assert [entry.name for entry in path.parent.iterdir()] == ["container"]


def test_reads_end_with_the_file(path):
    disk = filled(path)

    assert len(disk.read(SIZE_MIN - 5, 100)) == 5
    assert disk.read(SIZE_MIN, 1) == b""
    disk.write(SIZE_MIN - 2, b"abc")
    assert disk.read(SIZE_MIN - 2, 9) == b"abc"
    disk.close()


def test_a_broken_sector_takes_no_other_with_it(path, monkeypatch):
    disk = filled(path)
    whole = disk.read(0, SIZE_MIN)
    read = os.pread
    broken = 5 * 4096 + 17

    def fails(descriptor, length, offset):
        if offset <= broken < offset + length:
            raise OSError(errno.EIO, "broken")
        return read(descriptor, length, offset)

    monkeypatch.setattr(os, "pread", fails)
    expected = whole[: 5 * 4096] + bytes(4096) + whole[6 * 4096 :]
    assert disk.read(0, SIZE_MIN + 9) == expected
    assert disk.read(4096 * 7, 100) == whole[4096 * 7 :][:100]
    disk.close()


def test_what_is_synchronised_reaches_the_operating_system(path, monkeypatch):
    """The file before its name appears, then the folder with the name; then every `sync`."""
    synced = []
    for place, name in ((os, "fsync"), (disk_module, "write_out")):
        monkeypatch.setattr(place, name, lambda of: synced.append(os.fstat(of).st_mode))
    disk = FileDisk.create(path, lambda made: made.write(0, b"content"))
    assert [stat.S_ISDIR(mode) for mode in synced] == [False, True]
    disk.sync()
    disk.close()

    assert [stat.S_ISDIR(mode) for mode in synced] == [False, True, False]


def test_another_process_is_refused(path, root):
    filled(path).close()
    held = FileDisk(path)
    script = "import sys; from pathlib import Path; from node.vault.disk import FileDisk\n"
    script += "FileDisk(Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], cwd=root, capture_output=True, text=True
    )
    held.close()

    assert done.returncode == 1
    assert "Refused: vault: another process has the container" in done.stderr


def killed_writers(path, root, rounds, cost):
    """Kill a process that commits, at any moment, and return the last number it acknowledged."""
    delays = random.Random(7)
    for _ in range(rounds):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], cwd=root, stdout=subprocess.PIPE
        )
        first = writer.stdout.readline()
        time.sleep(delays.random() * 0.15)
        writer.kill()
        acknowledged = [line for line in (first + writer.stdout.read()).split(b"\n") if line]
        writer.wait()
        writer.stdout.close()
        disk = FileDisk(path)
        session = unlock(disk, b"real", cost, random.Random(1).randbytes)
        yield int(acknowledged[-1]), int(session.store.get(b"number")), session
        disk.close()


@pytest.mark.parametrize(
    "rounds", [5, pytest.param(60, marks=pytest.mark.campaign)], ids=["few", "many"]
)
def test_what_was_acknowledged_survives_kill_9(path, root, cost, rounds):
    disk = filled(path)
    set_up(disk, b"real", cost, random.Random(2).randbytes).store.close()
    disk.close()
    for acknowledged, found, session in killed_writers(path, root, rounds, cost):
        assert found in (acknowledged, acknowledged + 1)
        assert session.damage == ()
        last = [session.store.get(b"k%d" % (number % 9)) for number in range(found - 8, found + 1)]
        assert [len(value) for value in last if value is not None] == [
            number % 5000 for number in range(max(1, found - 8), found + 1)
        ]


def test_nothing_of_the_content_is_on_the_disk(path, cost):
    """Neither values nor keys nor passwords nor the secrets that open them."""
    chance = random.Random(3).randbytes
    disk = filled(path)
    session = set_up(disk, b"a long real password", cost, chance)
    session.store.commit({b"contact/of the owner": b"PLAINTEXT-MARKER" * 500})
    set_duress(session, b"a long duress password", b"a long decoy password", cost, chance)
    session.store.commit({b"contact/of the owner": None})
    session.store.shred()
    session.store.commit({b"contact/another": b"PLAINTEXT-MARKER" * 500})
    raw = path.read_bytes()
    secrets = [session.access.master, session.access.alert_key, session.store._head.key]
    words = [b"PLAINTEXT-MARKER", b"contact/", b"vault/", b"password"]
    disk.close()

    assert [word for word in words if word in raw] == []
    assert not any(secret[:8] in raw for secret in secrets)


def test_any_password_file_combination_fails_closed(path, cost):
    disk = filled(path)
    for word in (b"", b"real"):
        with pytest.raises(Refused):
            unlock(disk, word, cost, random.Random(4).randbytes)
    disk.close()
