"""How the core's frames fail, in py-evm's errors, which all others know."""

from collections.abc import Callable
from typing import Final

from eth import exceptions as evm_errors
from eth.exceptions import VMError

from . import records
from .machine import Machine

_ERRORS: Final[dict[int, Callable[[bytes], VMError]]] = {
    records.REVERTED: evm_errors.Revert,
    records.UNDERFLOW: lambda _: evm_errors.InsufficientStack("Stack underflow"),
    records.OVERFLOW: lambda _: evm_errors.FullStack("Stack overflow"),
    records.BAD_JUMP: lambda _: evm_errors.InvalidJumpDestination("Invalid jump destination"),
    records.WRITE_PROTECTED: lambda _: evm_errors.WriteProtection("Write in a static frame"),
    records.OUT_OF_BOUNDS: lambda _: evm_errors.OutOfBoundsRead("Return data out of bounds"),
    records.RESERVED_CODE: lambda _: evm_errors.ReservedBytesInCode("Code begins with 0xEF"),
    records.CODE_TOO_LARGE: lambda _: evm_errors.OutOfGas("EIP170: code too large"),
    records.DEPOSIT_UNPAID: lambda _: evm_errors.OutOfGas("Write contract code for CREATE"),
    records.NO_SENTRY: lambda _: evm_errors.OutOfGas("EIP-2200: no more than the stipend left"),
    records.INITCODE_TOO_LARGE: lambda _: evm_errors.OutOfGas("EIP-3860: code too large"),
    records.TOO_DEEP: lambda _: evm_errors.StackDepthLimit("Stack depth limit reached"),
    records.NO_FUNDS: lambda _: evm_errors.InsufficientFunds("Insufficient funds"),
    records.COLLISION: lambda _: evm_errors.ContractCreationCollision("Address taken"),
}


def error_of(machine: Machine, output: bytes, failure: str = "") -> VMError | None:
    """Return the error for how a frame ended; `failure` is what a precompile said of its own."""
    status = machine.get("status")
    if status == records.SUCCESS:
        return None
    if status == records.UNDEFINED:
        return evm_errors.InvalidInstruction(f"Invalid opcode {machine.get('need_size'):#x}")
    if status == records.OUT_OF_GAS:
        return evm_errors.OutOfGas(f"Out of gas: Needed {machine.get('need_size')}")
    if status == records.PRECOMPILE_FAILED:
        return VMError(failure)
    return _ERRORS[status](output)
