"""Lets failures out of `chain.isolate()`.

In Ape 0.8.52 it swallows whatever is raised inside it, so that a test which asserts there cannot
fail (ape/managers/chain.py, `except Exception: pass`).
"""

from collections.abc import Iterator
from contextlib import contextmanager

from ape.managers.chain import ChainManager

_swallowing = ChainManager.isolate


@contextmanager
def _isolate(chain: ChainManager) -> Iterator[None]:
    failure: Exception | None = None
    with _swallowing(chain):
        try:
            yield
        except Exception as error:
            failure = error
    if failure is not None:
        raise failure


def repair() -> None:
    """Put the right one in place; doing so twice changes nothing."""
    ChainManager.isolate = _isolate  # type: ignore[method-assign, assignment]
