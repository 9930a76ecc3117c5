"""What is not in the past of common heads, beside a walk of everything."""

import random

import pytest

from node.mesh.sync.graph import since
from node.mesh.sync.items import id_of


def past(replica, ids) -> set[bytes]:
    seen, waiting = set(), list(ids)
    while waiting:
        if (identity := waiting.pop()) not in seen:
            seen.add(identity)
            waiting += replica.parents[identity]
    return seen


@pytest.mark.parametrize("seed", range(12))
def test_it_is_all_less_the_past(replica, seed: int) -> None:
    history = replica(150, seed, width=1 + seed % 4)
    made = random.Random(seed)
    for count in (0, 1, 2, 5):
        common = made.sample(sorted(history.parents), count)
        found = since(map(id_of, history.heads), common, history.look, 1000)

        assert set(found) == set(history.parents) - past(history, common)
        assert len(set(found)) == len(found)


def test_it_looks_at_little_where_little_is_new(replica) -> None:
    history = replica(400)
    common = [id_of(each) for each in history.heads]
    for number in range(5):
        history.add(bytes([number]) * 32, (id_of(history.heads[-1]),))
    looked = []

    def look(identity: bytes):
        looked.append(identity)
        return history.look(identity)

    assert len(since(map(id_of, history.heads), common, look, 1000)) == 5
    assert len(looked) < 100


def test_it_gives_up_at_its_limit(replica) -> None:
    history = replica(100)

    assert since(map(id_of, history.heads), [], history.look, 50) is None
    assert len(since(map(id_of, history.heads), [], history.look, 100)) == 100
    assert since([], [], history.look, 0) == []
