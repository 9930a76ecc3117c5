"""Models kept ready between calls. Knows no gas: who asks has paid for reading all of it.
Importing this loads the kernels.

A model's id is the hash of its whole content, so what is kept can never be another answer; and it
is only looked at after the state has said that the model is there.
"""

from collections.abc import Callable

from ..models.model import Model

SIZE_MAX = 64 << 20
"""Bytes of all models kept: four of the largest."""
OVERHEAD = 1 << 16
"""What a model counts beside its numbers, so that small ones cannot be kept without number."""

Kept = dict[bytes, tuple[Model, int]]
"""A model and its size, by id; the one asked for last is the last."""


def get(kept: Kept, model_id: bytes, load: Callable[[], Model]) -> Model:
    """Return a model, loading it when it is not kept."""
    found = kept.pop(model_id, None)
    if found is None:
        model = load()
        found = model, model.size + OVERHEAD
        make_room(kept, found[1])
    kept[model_id] = found
    return found[0]


def make_room(kept: Kept, size: int) -> None:
    """Let go of what was not asked for the longest, until so many bytes more may be kept."""
    total = size + sum(each for _, each in list(kept.values()))
    for oldest in list(kept):
        if total <= SIZE_MAX:
            break
        total -= kept.pop(oldest, (None, 0))[1]
