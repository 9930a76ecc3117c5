"""The file of a mesh: sealed, durable, and put aside where it is damaged."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from node.mesh.mesh import Mesh
from node.mesh.store import PAGE, DamagedError, MeshStore

KEY = bytes(range(32))
ROOT = Path(__file__).parents[3]
SECRET = b"s" * 32


@pytest.fixture
def path(tmp_path):
    return tmp_path / "mesh.db"


def test_what_is_committed_is_there_again(path):
    store = MeshStore(path, KEY)
    store.commit({b"b": b"2", b"a": b"1", b"": b"0"})
    store.commit({b"a": None, b"c": b"", b"none": None})
    store.close()
    again = MeshStore(path, KEY)

    assert again.damaged is None
    assert again.scan(b"") == [(b"", b"0"), (b"b", b"2"), (b"c", b"")]
    assert again.get(b"c") == b""
    assert again.get(b"a") is None
    again.close()


def test_a_scan_has_what_begins_so_and_nothing_else(path):
    store = MeshStore(path, KEY)
    keys = [b"a", b"a\xff", b"a\xff\xff\xff", b"a" + b"\xff" * 60, b"b", b"\xff", b"\xff\xff"]
    store.commit(dict.fromkeys(keys, b"v"))

    assert [key for key, _ in store.scan(b"a\xff")] == keys[1:4]
    assert [key for key, _ in store.scan(b"\xff")] == keys[5:]
    store.close()


def test_nothing_of_it_is_readable_without_the_key(path):
    store = MeshStore(path, KEY)
    store.commit({b"name of a thing %d" % n: b"plain text " * 300 for n in range(50)})
    files = [path, path.with_name("mesh.db-wal")]
    assert all(b"plain text" not in file.read_bytes() for file in files)
    assert all(b"name of a" not in file.read_bytes() for file in files)
    store.close()
    data = path.read_bytes()

    assert b"SQLite" not in data
    assert b"plain text" not in data
    assert len(data) > 20 * PAGE
    counts = [data.count(bytes([value])) for value in range(256)]
    mean = len(data) / 256
    assert sum((count - mean) ** 2 / mean for count in counts) < 400  # of noise: 255, give or take


def test_a_file_under_another_key_is_put_aside_and_none_is_lost(path):
    store = MeshStore(path, KEY)
    store.commit({b"a": b"1"})
    store.close()
    other = MeshStore(path, bytes(32))
    assert other.damaged == path.with_name("mesh.db.damaged0")
    assert other.get(b"a") is None
    other.close()
    other.damaged.replace(path)
    again = MeshStore(path, KEY)

    assert again.get(b"a") == b"1"
    again.close()


def test_no_error_has_the_key_in_it(path, capfd):
    with pytest.raises(ValueError, match="32 bytes") as short:
        MeshStore(path, KEY[:-1])
    path.write_bytes(b"x" * PAGE)
    store = MeshStore(path, KEY)
    store.close()

    assert KEY.hex() not in str(short.value)
    assert KEY.hex() not in repr(store)
    assert KEY.hex() not in "".join(capfd.readouterr())


@pytest.mark.parametrize("cut", [0, 1, 100, PAGE, 3 * PAGE + 5])
def test_a_file_that_is_cut_off_is_put_aside(path, cut):
    store = MeshStore(path, KEY)
    store.commit({b"%d" % n: bytes(3_000) for n in range(100)})
    store.close()
    path.write_bytes(path.read_bytes()[:cut])
    path.with_name("mesh.db-open").touch()
    again = MeshStore(path, KEY)

    assert (again.damaged is None) == (cut <= 1)  # so little is taken for a new file
    again.commit({b"new": b"1"})
    assert again.get(b"new") == b"1"
    again.close()


def test_a_bit_that_turned_is_found_when_it_is_read_and_then_put_aside(path):
    store = MeshStore(path, KEY)
    store.commit({b"%d" % n: bytes(3_000) for n in range(100)})
    store.close()
    data = bytearray(path.read_bytes())
    data[10 * PAGE + 77] ^= 4
    path.write_bytes(data)
    again = MeshStore(path, KEY)  # it was closed, so it is not read through
    with pytest.raises(DamagedError):
        again.scan(b"")
    again._file.close()  # as the process ends
    last = MeshStore(path, KEY)

    assert last.damaged is not None
    assert last.scan(b"") == []
    last.close()


def test_only_a_few_damaged_files_are_kept(path):
    for _ in range(6):
        path.write_bytes(os.urandom(PAGE))
        MeshStore(path, KEY).close()

    assert len(list(path.parent.glob("mesh.db.damaged?"))) == 3


def test_it_behaves_as_a_table_does(path):
    chance = random.Random(3)
    store, model = MeshStore(path, KEY), {}
    for _ in range(60):
        changes = {
            bytes([chance.randrange(8)]): chance.choice([None, chance.randbytes(9)])
            for _ in range(chance.randrange(5))
        }
        store.commit(changes)
        for key, value in changes.items():
            model.pop(key, None)
            if value is not None:
                model[key] = value
        assert store.scan(b"") == sorted(model.items())
        if chance.random() < 0.2:
            store.close()
            store = MeshStore(path, KEY)
    store.close()


WRITER = """
import sys
sys.path.insert(0, {root!r})
from pathlib import Path
import os
from node.mesh.mesh import Mesh
from node.mesh.store import MeshStore
store = MeshStore(Path({path!r}), bytes(range(32)))
assert store.damaged is None
mesh = Mesh(b"p" * 32, store, os.urandom)
topic = mesh.join(b"s" * 32, b"a" * 32)
print("ready", flush=True)
while True:
    vertex = mesh.append(topic, b"x", 1)
    print(vertex.id.hex(), flush=True)
"""


def kills(path, times, chance):
    """Kill a node that writes, again and again; nothing it said may be lost."""
    said = []
    for _ in range(times):
        code = WRITER.format(root=str(ROOT), path=str(path))
        writer = subprocess.Popen(
            [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, bufsize=1
        )
        with writer:
            assert writer.stdout.readline() == "ready\n"
            said += [writer.stdout.readline() for _ in range(chance.randrange(1, 12))]
            time.sleep(chance.random() / 500)
            writer.send_signal(signal.SIGKILL)
            said += [line for line in writer.stdout.readlines() if line.endswith("\n")]
    return [bytes.fromhex(line) for line in said if len(line) == 65]


def check_kills(path, times):
    names = kills(path, times, random.Random(times))
    store = MeshStore(path, KEY)
    assert store.damaged is None
    mesh = Mesh(b"p" * 32, store, os.urandom)
    topic = mesh.join(SECRET, b"a" * 32)

    assert len(names) >= times
    assert all(mesh.payload(topic, name) == b"x" for name in names)
    assert set(names) <= set(mesh.unacknowledged(topic))
    assert len(mesh.heads(topic)) == 1
    store.close()


def test_a_killed_node_loses_nothing_that_it_said(path):
    check_kills(path, 8)


@pytest.mark.campaign
def test_a_thousand_kills_lose_nothing(path):
    check_kills(path, 1_000)
