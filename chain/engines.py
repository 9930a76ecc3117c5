"""Which engine runs the instructions: the compiled core, or py-evm's loop, its slow twin."""

from typing import cast

from .engine.driver import CoreState
from .evm import open_py_state
from .execution import BlockEnv, State
from .forks import BERLIN
from .frames import Frames
from .state import Reader, World


def open_state(env: BlockEnv, reader: Reader, frames: Frames) -> State:
    """Return a state for transactions of this block, on the engine that `frames` names.

    The core knows the forks from Berlin on.
    """
    frames.parent_hash = env.parent_hash
    if frames.engine == "core" and env.fork.since(BERLIN):
        return cast(State, CoreState(env, reader, frames))  # Its world has World's interface.
    return cast(State, open_py_state(env, World(reader), frames))
