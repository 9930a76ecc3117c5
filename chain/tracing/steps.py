"""structLogs: every instruction with its gas, stack, memory and storage, as it is about to run."""

import re
from dataclasses import dataclass
from typing import Any, Final

from eth import exceptions as evm_errors
from eth.exceptions import VMError

from ..calls import describe
from ..execution import Outcome
from ..frames import Begun, Left, View
from ..opcodes import OPCODE_NAMES
from .options import TracerOptions
from .recorder import Budget, Recorder

SLOAD: Final = 0x54
SSTORE: Final = 0x55
_SLOT_WORDS: Final = {SLOAD: 1, SSTORE: 2}
"""How many words each needs to tell of a slot."""

STEP_SIZE: Final = 400
"""About what a step's dictionary weighs, without what the next three are for."""
WORD_SIZE: Final = 100


@dataclass(slots=True)
class _Step:
    """A listed instruction while it runs."""

    view: View
    gas: int
    shown: dict[str, Any]
    cost: int | None = None

    def spent(self) -> int:
        """Return the gas that it has taken so far."""
        return self.gas - self.view.gas


@dataclass(slots=True)
class _Frame:
    creates: bool
    step: _Step | None = None


class StructLogs(Recorder):
    """Lists the instructions."""

    wants_frames = True
    wants_steps = True

    def __init__(self, options: TracerOptions, budget: Budget) -> None:
        self._options = options
        self._budget = budget
        self._logs: list[dict[str, Any]] = []
        self._frames: list[_Frame] = []
        self._storage: dict[bytes, dict[str, str]] = {}
        """Slots that each contract read and wrote so far; every step that does so repeats them."""

    def enter(self, begun: Begun) -> None:
        """A call's price includes the gas that it hands down; a creation's does not."""
        step = self._frames[-1].step if self._frames else None
        if step is not None and step.cost is None:
            step.cost = step.spent() - (begun.gas if begun.is_create else 0)
        self._frames.append(_Frame(creates=begun.is_create))

    def leave(self, left: Left | None, error: VMError | None) -> None:
        """A creation that came to nothing has not handed its gas down."""
        frame = self._frames.pop()
        if not self._frames:
            return
        caller = self._frames[-1]
        collided = isinstance(error, evm_errors.ContractCreationCollision)
        if left is None and frame.creates and not collided and caller.step is not None:
            caller.step.cost = caller.step.spent()

    def step(self, view: View, pc: int, opcode: int) -> None:
        """Write down what stands before the instruction."""
        frame = self._frames[-1]
        frame.step = None
        if self._options.limit and len(self._logs) >= self._options.limit:
            return
        gas = view.gas
        shown: dict[str, Any] = {
            "pc": pc,
            "op": OPCODE_NAMES.get(opcode) or f"opcode {opcode:#x} not defined",
            "gas": gas,
            "gasCost": 0,
            "depth": view.depth + 1,
        }
        size = STEP_SIZE
        if refund := view.refund:
            shown["refund"] = refund
        needed = None if self._options.disable_storage else _SLOT_WORDS.get(opcode)
        words: list[int] = []
        if needed is not None or not self._options.disable_stack:
            words = view.stack()
        if not self._options.disable_stack:
            shown["stack"] = [hex(word) for word in words]
            size += WORD_SIZE * len(words)
        if self._options.enable_memory and (memory := view.memory().hex()):
            shown["memory"] = ["0x" + memory[i : i + 64] for i in range(0, len(memory), 64)]
            size += WORD_SIZE * len(shown["memory"])
        if self._options.enable_return_data and (returned := view.return_data()):
            shown["returnData"] = "0x" + returned.hex()
            size += 2 * len(returned)
        if needed is not None and len(words) >= needed:
            shown["storage"] = self._slots(view, opcode, words)
            size += 2 * WORD_SIZE * len(shown["storage"])
        self._budget.spend(size)
        self._logs.append(shown)
        frame.step = _Step(view, gas, shown)

    def _slots(self, view: View, opcode: int, words: list[int]) -> dict[str, str]:
        known = self._storage.setdefault(view.address, {})
        slot = words[-1]
        value = view.slot(slot) if opcode == SLOAD else words[-2]
        known[f"0x{slot:064x}"] = f"0x{value:064x}"
        return dict(known)

    def stepped(self, view: View, error: Exception | None) -> None:  # noqa: ARG002 - one for all
        """Add the price, which is only known now, and what kept the instruction from running."""
        step = self._frames[-1].step
        if step is None:
            return
        step.shown["gasCost"] = step.spent() if step.cost is None else step.cost
        if isinstance(error, _NEVER_RAN):
            step.shown["error"] = describe(error)
        if isinstance(error, evm_errors.OutOfGas):
            needed = _NEEDED.match(str(error))
            step.shown["gasCost"] += int(needed[1]) if needed else 0

    def result(self, outcome: Outcome, world: Any) -> Any:  # noqa: ARG002 - one signature for all
        """Return the list, and how the transaction ended."""
        output = outcome.output
        if outcome.error is not None and not isinstance(outcome.error, evm_errors.Revert):
            output = b""
        return {
            "gas": outcome.gas_used,
            "failed": not outcome.success,
            "returnValue": "0x" + output.hex(),
            "structLogs": self._logs,
        }


_NEVER_RAN: Final = (evm_errors.OutOfGas, evm_errors.InsufficientStack, evm_errors.FullStack)
"""What geth finds out before an instruction runs: only then it puts the error into the list."""

_NEEDED: Final = re.compile(r"Out of gas: Needed (\d+)")
