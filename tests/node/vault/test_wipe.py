"""After a panic, the folder is one in which a node has just started for the first time."""

import os
import random
import socket
import sqlite3
import stat

import pytest

from node.identity import NodeKey
from node.vault.container import SIZE_MIN, create
from node.vault.disk import FileDisk
from node.vault.duress import set_duress, set_up
from node.vault.wipe import Trigger, is_order, order_digest, panic_wipe

SECRETS = (b"THE-SOURCE-IS-MINA", b"NODE-SEED-OF-BEFORE", b"SWARM-BLOB-OF-BEFORE")


def first_start(folder):
    """What a node makes when there is nothing."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o700)
    FileDisk.create(folder / "container", lambda disk: create(disk, SIZE_MIN, os.urandom)).close()
    key = folder / "node.key"
    key.write_bytes(NodeKey.from_seed(os.urandom(32)).peer_id)
    key.chmod(0o600)
    (folder / "swarm").mkdir(mode=0o700, exist_ok=True)
    database = sqlite3.connect(folder / "swarm" / "blobs.db")
    database.execute("CREATE TABLE blobs (id BLOB PRIMARY KEY, data BLOB)")
    database.commit()
    database.close()


def tree(folder):
    """Return every name under a folder with its kind, size and mode."""
    return {
        path.relative_to(folder).as_posix(): (
            stat.S_IFMT(found.st_mode),
            stat.S_IMODE(found.st_mode),
            found.st_size if stat.S_ISREG(found.st_mode) else None,
        )
        for path in [folder, *folder.rglob("*")]
        for found in [path.lstat()]
    }


@pytest.fixture
def used(tmp_path, cost):
    """A folder after months, and its open container."""
    folder = tmp_path / "used"
    first_start(folder)
    disk = FileDisk(folder / "container")
    draw = random.Random(1).randbytes
    session = set_up(disk, b"real", cost, draw)
    session.store.commit({b"secret": SECRETS[0]})
    set_duress(session, b"duress", b"decoy", cost, draw)
    session.store.close()
    (folder / "node.key").write_bytes(SECRETS[1])
    database = sqlite3.connect(folder / "swarm" / "blobs.db")
    database.execute("INSERT INTO blobs VALUES (x'01', ?)", (SECRETS[2] * 1000,))
    database.commit()
    database.close()
    (folder / "swarm" / "blobs.damaged").write_bytes(SECRETS[2])
    (folder / "control.token").write_text("token")
    (folder / "cache" / "deep").mkdir(parents=True)
    (folder / "cache" / "deep" / "file").write_bytes(SECRETS[0])
    (folder / "cache" / "deep" / "file").chmod(0o400)
    (folder / "empty").touch()
    return folder, disk


def test_the_folder_is_that_of_a_fresh_start(used, tmp_path):
    folder, disk = used
    panic_wipe(folder, disk, first_start, os.urandom)
    fresh = tmp_path / "fresh"
    first_start(fresh)

    assert tree(folder) == tree(fresh)
    raw = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert [secret for secret in SECRETS if secret in raw] == []


def test_bytes_are_overwritten_before_names_go(used, tmp_path):
    """A second name for each file keeps what the first one pointed at."""
    folder, disk = used
    kept = tmp_path / "kept"
    kept.mkdir()
    for number, path in enumerate(path for path in folder.rglob("*") if path.is_file()):
        os.link(path, kept / str(number))
    before = {path.name: (path.stat().st_size, path.read_bytes()) for path in kept.iterdir()}
    panic_wipe(folder, disk, first_start, os.urandom)

    for path in kept.iterdir():
        size, content = before[path.name]
        after = path.read_bytes()
        assert len(after) == size
        assert not any(secret in after for secret in SECRETS)
        assert size == 0 or after != content


def test_links_and_sockets_are_removed_and_not_followed(used, tmp_path):
    folder, disk = used
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("not ours")
    (folder / "link").symlink_to(outside / "file")
    (folder / "folder").symlink_to(outside)
    (folder / "broken").symlink_to(outside / "missing")
    place = socket.socket(socket.AF_UNIX)
    here = os.getcwd()
    os.chdir(folder)  # the name of a socket is short
    try:
        place.bind("control.sock")
    finally:
        os.chdir(here)
        place.close()
    panic_wipe(folder, disk, first_start, os.urandom)
    fresh = tmp_path / "fresh"
    first_start(fresh)

    assert tree(folder) == tree(fresh)
    assert (outside / "file").read_text() == "not ours"


def test_the_heads_go_first(used):
    """Should power fail right after, no password opens anything."""
    folder, disk = used
    raw = (folder / "container").read_bytes()

    class Stopped(Exception):
        pass

    drawn = []

    def fails_at_the_second_draw(size):
        if drawn:
            raise Stopped
        drawn.append(size)
        return os.urandom(size)

    with pytest.raises(Stopped):
        panic_wipe(folder, disk, first_start, fails_at_the_second_draw)
    disk.close()
    after = (folder / "container").read_bytes()
    assert after[8192:] == raw[8192:]
    assert after[:8192] != raw[:8192]
    assert all(after[at : at + 16] != raw[at : at + 16] for at in range(0, 8192, 16))

    panic_wipe(folder, FileDisk(folder / "container"), first_start, os.urandom)
    assert not any(
        secret in path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
        for secret in SECRETS
    )


def test_an_order_counts_when_it_is_the_one_that_was_given():
    digest = order_digest(b"o" * 32)

    assert is_order(digest, b"o" * 32)
    for wrong in (b"", b"o" * 31, b"o" * 33, b"p" * 32, digest):
        assert not is_order(digest, wrong)


def test_triggers_are_those_of_the_specification_without_duress():
    assert {trigger.name for trigger in Trigger} == {"BUTTON", "KEYS", "CONTACT", "SILENCE"}
