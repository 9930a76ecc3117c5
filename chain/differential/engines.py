"""The engines by name, each opened when it is asked for."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Final

from .embedded import run_core, run_py
from .results import Engine
from .specification import open_specification

ENGINES: Final[dict[str, Callable[[], AbstractContextManager[Engine]]]] = {
    "py": lambda: nullcontext(run_py),
    "core": lambda: nullcontext(run_core),
    "eels": open_specification,
}
