"""Is there a hidden layer? A classifier that has the decoy's password, too, does not see it."""

import random
import zlib

import numpy as np
import pytest

from node.vault.container import BLOCK, SIZE_MIN, create, half_blocks
from node.vault.duress import open_decoy, set_duress, set_up

CONTAINERS = 200
FOLDS = 10
REGION = 2 * half_blocks(SIZE_MIN) * BLOCK


def used(store, draw, steps):
    """Write as somebody does who uses the program."""
    for _ in range(steps):
        store.commit({b"k%d" % draw.randrange(20): draw.randbytes(draw.randrange(1500))})


def container(disk, cost, seed, hidden):
    """Return a file and the region that its decoy password opens."""
    draw = random.Random(seed)
    chance = random.Random(seed + 10_000).randbytes
    create(disk, SIZE_MIN, chance)
    session = set_up(disk, b"first", cost, chance)
    if not hidden:
        used(session.store, draw, 10)
        return bytes(disk.content), session.access.region
    used(session.store, draw, 10)
    set_duress(session, b"duress", b"decoy", cost, chance)
    decoy = open_decoy(session, chance)
    used(decoy, draw, 10)
    return bytes(disk.content), decoy._access.region


def statistics(raw, opened):
    """Return what a statistician would look at: the head, and the regions that stay closed."""
    closed = [2 * BLOCK + number * REGION for number in range(4) if number != opened]
    parts = [raw[: 2 * BLOCK], *(raw[start : start + REGION] for start in closed)]
    rows = sorted(part_statistics(np.frombuffer(part, np.uint8)) for part in parts[1:])
    return [*part_statistics(np.frombuffer(parts[0], np.uint8)), *np.ravel(rows)]


def part_statistics(data):
    counts = np.bincount(data, minlength=256)
    expected = len(data) / 256
    share = counts[counts > 0] / len(data)
    bits = np.unpackbits(data)
    centred = data.astype(np.float64) - data.mean()
    return [
        float(((counts - expected) ** 2 / expected).sum()),
        float(-(share * np.log2(share)).sum()),
        float(np.count_nonzero(np.diff(bits)) / len(bits)),
        len(zlib.compress(data.tobytes()[: 1 << 16], 1)),
        *(float((centred[:-lag] * centred[lag:]).mean()) for lag in (1, 16, BLOCK)),
    ]


def accuracy(rows, labels):
    """Return how often a regularised linear classifier is right about what it was not shown."""
    features = np.array(rows)
    features = (features - features.mean(axis=0)) / (features.std(axis=0) + 1e-12)
    features = np.hstack([features, np.ones((len(rows), 1))])
    sign = np.where(labels, 1.0, -1.0)
    right = 0
    for fold in range(FOLDS):
        test = np.arange(len(rows)) % FOLDS == fold
        seen, answers = features[~test], sign[~test]
        weights = np.linalg.solve(seen.T @ seen + 10 * np.eye(seen.shape[1]), seen.T @ answers)
        right += int((np.sign(features[test] @ weights) == sign[test]).sum())
    return right / len(rows)


@pytest.fixture(scope="module")
def samples(empty_disk_type, cost):
    order = list(range(CONTAINERS))
    random.Random(5).shuffle(order)
    labels = np.array([number % 2 == 0 for number in order])
    files = [
        container(empty_disk_type(), cost, number, bool(hidden))
        for number, hidden in zip(order, labels, strict=True)
    ]
    return files, labels


def test_a_classifier_does_no_better_than_a_coin(samples):
    files, labels = samples

    assert abs(accuracy([statistics(*file) for file in files], labels) - 0.5) <= 0.05


def test_the_classifier_would_see_a_layer_that_is_written_plainly(samples):
    """One closed region with one percent of text: so little is found every time."""
    files, labels = samples
    rows = []
    for (raw, opened), hidden in zip(files, labels, strict=True):
        marked = bytearray(raw)
        start = 2 * BLOCK + (opened + 1) % 4 * REGION
        if hidden:
            marked[start : start + REGION // 100] = b"e" * (REGION // 100)
        rows.append(statistics(bytes(marked), opened))

    assert accuracy(rows, labels) > 0.95
