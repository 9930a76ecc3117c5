"""Bundles on a stick."""

import os
import tracemalloc

import pytest

from node.codec import Refused
from node.mesh.bundle import UNIT, Recipients
from node.mesh.bundle_content import About, export, take_in
from node.mesh.bundle_file import FileSource, bundles_in, save_bundle


def test_it_goes_there_and_comes_back(make, table, topics, vertices, chance, tmp_path) -> None:
    paths = [save_bundle(tmp_path, [part], chance) for part in make(vertices, size_max=UNIT)]
    out = []
    for path in paths:
        with FileSource(path) as source:
            imported = take_in(source, table, topics)
            for batch in imported.batches():
                out += batch.vertices

    assert out == vertices
    assert bundles_in(tmp_path) == sorted(paths)
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in paths)
    assert all(set(path.name) <= set("0123456789abcdef") for path in paths)


def test_it_is_streamed(table, topics, space, topic, author, chance, tmp_path) -> None:
    """Sixteen MiB go out and in by a few at a time."""
    vertex = bytes(60_000)
    recipients = Recipients(space_keys=[space])
    tracemalloc.start()
    parts = export(About(topic=topic), [vertex] * 270, [], recipients, author, chance)
    [path] = [save_bundle(tmp_path, part, chance) for part in parts]
    with FileSource(path) as source:
        count = sum(len(batch) for batch in take_in(source, table, topics).batches())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert path.stat().st_size == 16 << 20
    assert count == 270
    assert peak < 5 << 20


def test_one_that_fails_midway_leaves_nothing(chance, tmp_path) -> None:
    def pieces():
        yield bytes(UNIT)
        raise OSError("the stick is gone")

    with pytest.raises(OSError, match="gone"):
        save_bundle(tmp_path, pieces(), chance)
    assert list(tmp_path.iterdir()) == []


def test_only_files_of_a_bundles_size_are_found(tmp_path) -> None:
    for name, size in {"a": 0, "b": UNIT - 1, "c": UNIT, "d": 3 * UNIT, ".e": UNIT}.items():
        (tmp_path / name).write_bytes(bytes(size))
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "c")

    assert bundles_in(tmp_path) == [tmp_path / "c"]


def test_what_is_no_file_is_refused(tmp_path, table, topics) -> None:
    (tmp_path / "c").write_bytes(bytes(UNIT))
    (tmp_path / "link").symlink_to(tmp_path / "c")
    for name in ("none", "link"):
        with pytest.raises(Refused, match="cannot be read"):
            FileSource(tmp_path / name)
    with FileSource(tmp_path / "c") as source, pytest.raises(Refused, match="somebody else"):
        take_in(source, table, topics)


def test_a_file_that_shrinks_is_refused(make, table, topics, chance, tmp_path, vertices) -> None:
    path = save_bundle(tmp_path, make(vertices), chance)
    with FileSource(path) as source:
        imported = take_in(source, table, topics)
        os.truncate(path, UNIT)
        with pytest.raises(Refused, match="cannot be read"):
            list(imported.batches())
