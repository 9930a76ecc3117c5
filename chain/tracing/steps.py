"""structLogs: every instruction with its gas, stack, memory and storage, as it is about to run."""

import re
from dataclasses import dataclass
from typing import Any, Final

from eth import exceptions as evm_errors
from eth.exceptions import VMError

from ..calls import describe
from ..execution import Outcome
from ..watched import stack_word
from .options import TracerOptions
from .recorder import Budget, Recorder

SLOAD: Final = 0x54
SSTORE: Final = 0x55
STEP_SIZE: Final = 400
"""About what a step's dictionary weighs, without what the next three are for."""
WORD_SIZE: Final = 100

# As geth prints them, which differs from py-evm in a few.
_NAMES: Final = {
    0x00: "STOP ADD MUL SUB DIV SDIV MOD SMOD ADDMOD MULMOD EXP SIGNEXTEND",
    0x10: "LT GT SLT SGT EQ ISZERO AND OR XOR NOT BYTE SHL SHR SAR CLZ",
    0x20: "KECCAK256",
    0x30: "ADDRESS BALANCE ORIGIN CALLER CALLVALUE CALLDATALOAD CALLDATASIZE CALLDATACOPY CODESIZE "
    "CODECOPY GASPRICE EXTCODESIZE EXTCODECOPY RETURNDATASIZE RETURNDATACOPY EXTCODEHASH",
    0x40: "BLOCKHASH COINBASE TIMESTAMP NUMBER DIFFICULTY GASLIMIT CHAINID SELFBALANCE BASEFEE "
    "BLOBHASH BLOBBASEFEE",
    0x50: "POP MLOAD MSTORE MSTORE8 SLOAD SSTORE JUMP JUMPI PC MSIZE GAS JUMPDEST TLOAD TSTORE "
    "MCOPY PUSH0",
    0xF0: "CREATE CALL CALLCODE RETURN DELEGATECALL CREATE2",
    0xFA: "STATICCALL",
    0xFD: "REVERT INVALID SELFDESTRUCT",
}


def _opcode_names() -> dict[int, str]:
    names = {
        start + offset: name
        for start, group in _NAMES.items()
        for offset, name in enumerate(group.split())
    }
    names |= {0x5F + n: f"PUSH{n}" for n in range(1, 33)}
    for n in range(1, 17):
        names |= {0x7F + n: f"DUP{n}", 0x8F + n: f"SWAP{n}"}
    return names | {0xA0 + n: f"LOG{n}" for n in range(5)}


OPCODE_NAMES: Final = _opcode_names()


@dataclass(slots=True)
class _Step:
    """A listed instruction while it runs."""

    computation: Any
    gas: int
    shown: dict[str, Any]
    cost: int | None = None

    def spent(self) -> int:
        """Return the gas that it has taken so far."""
        return self.gas - int(self.computation._gas_meter.gas_remaining)


@dataclass(slots=True)
class _Frame:
    creates: bool
    computation: Any = None
    refunded: int = 0
    """By the frames that it called and that kept their effects."""
    step: _Step | None = None


class StructLogs(Recorder):
    """Lists the instructions."""

    wants_steps = True

    def __init__(self, options: TracerOptions, budget: Budget) -> None:
        self._options = options
        self._budget = budget
        self._logs: list[dict[str, Any]] = []
        self._frames: list[_Frame] = []
        self._storage: dict[bytes, dict[str, str]] = {}
        """Slots that each contract read and wrote so far; every step that does so repeats them."""
        self._first_refund = 0

    def enter(self, message: Any, kind: str, target: bytes) -> None:  # noqa: ARG002 - evm.Tracer's
        """A call's price includes the gas that it hands down; a creation's does not."""
        step = self._frames[-1].step if self._frames else None
        if step is not None and step.cost is None:
            step.cost = step.spent() - (message.gas if message.is_create else 0)
        if not self._frames:
            self._first_refund = message.refund
        self._frames.append(_Frame(creates=message.is_create))

    def leave(self, computation: Any, error: VMError | None) -> None:
        """Keep the refunds of a frame that keeps its effects."""
        frame = self._frames.pop()
        if not self._frames:
            return
        caller = self._frames[-1]
        if computation is not None and error is None:
            caller.refunded += computation._gas_meter.gas_refunded + frame.refunded
        collided = isinstance(error, evm_errors.ContractCreationCollision)
        if computation is None and frame.creates and not collided and caller.step is not None:
            caller.step.cost = caller.step.spent()  # It came to nothing before gas was handed down.

    def step(self, computation: Any, pc: int, opcode: int) -> None:
        """Write down what stands before the instruction."""
        frame = self._frames[-1]
        frame.computation = computation
        frame.step = None
        if self._options.limit and len(self._logs) >= self._options.limit:
            return
        gas = computation._gas_meter.gas_remaining
        shown: dict[str, Any] = {
            "pc": pc,
            "op": OPCODE_NAMES.get(opcode) or f"opcode {opcode:#x} not defined",
            "gas": gas,
            "gasCost": 0,
            "depth": computation.msg.depth + 1,
        }
        size = STEP_SIZE
        if refund := self._refund():
            shown["refund"] = refund
        values = computation._stack.values
        if not self._options.disable_stack:
            shown["stack"] = [
                hex(value if isinstance(value, int) else int.from_bytes(value, "big"))
                for value in values
            ]
            size += WORD_SIZE * len(values)
        if self._options.enable_memory and len(computation._memory):
            memory = computation._memory._bytes.hex()
            shown["memory"] = ["0x" + memory[i : i + 64] for i in range(0, len(memory), 64)]
            size += WORD_SIZE * len(shown["memory"])
        if self._options.enable_return_data and computation.return_data:
            shown["returnData"] = "0x" + computation.return_data.hex()
            size += 2 * len(computation.return_data)
        needed = {SLOAD: 1, SSTORE: 2}.get(opcode)
        if not self._options.disable_storage and needed is not None and len(values) >= needed:
            shown["storage"] = self._slots(computation, opcode)
            size += 2 * WORD_SIZE * len(shown["storage"])
        self._budget.spend(size)
        self._logs.append(shown)
        frame.step = _Step(computation, gas, shown)

    def _refund(self) -> int:
        refund = self._first_refund
        for frame in self._frames:
            refund += frame.refunded
            if frame.computation is not None:
                refund += frame.computation._gas_meter.gas_refunded
        return refund

    def _slots(self, computation: Any, opcode: int) -> dict[str, str]:
        address = computation.msg.storage_address
        known = self._storage.setdefault(address, {})
        slot = stack_word(computation._stack.values, 0)
        if opcode == SLOAD:
            value = computation.state.get_storage(address, slot)
        else:
            value = stack_word(computation._stack.values, 1)
        known[f"0x{slot:064x}"] = f"0x{value:064x}"
        return dict(known)

    def stepped(self, computation: Any, error: Exception | None) -> None:  # noqa: ARG002 - evm.Tracer's
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
