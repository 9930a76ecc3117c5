"""Which engine runs the instructions: the compiled core, py-evm's loop, or both."""

from typing import cast

from .engine.checking import CheckedState
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
    if frames.engine != "py" and env.fork.since(BERLIN):
        opened = CoreState if frames.engine == "core" else CheckedState
        return cast(State, opened(env, reader, frames))  # Their worlds have World's interface.
    return cast(State, open_py_state(env, World(reader), frames))
