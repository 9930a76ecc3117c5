"""Reads a revert's payload: Solidity's two standard errors, and those of our precompiles."""

from functools import cache
from typing import Any, Final

from eth_abi.abi import decode
from eth_abi.exceptions import DecodingError

from precompiles import abi, precompile
from precompiles.registry import PRECOMPILES

ERROR_SELECTOR: Final = bytes.fromhex("08c379a0")  # Error(string)
PANIC_SELECTOR: Final = bytes.fromhex("4e487b71")  # Panic(uint256)

# Solidity's documentation, "Panic via assert and error via require"; the words are geth's.
PANICS: Final = {
    0x00: "generic panic",
    0x01: "assert(false)",
    0x11: "arithmetic underflow or overflow",
    0x12: "division or modulo by zero",
    0x21: "enum overflow",
    0x22: "invalid encoded storage byte array accessed",
    0x31: "out-of-bounds array access; popping on an empty array",
    0x32: "out-of-bounds access of an array or bytesN",
    0x41: "out of memory",
    0x51: "uninitialized function",
}


@cache
def precompile_errors() -> dict[bytes, abi.Signature]:
    """Return every error that a precompile may raise, by selector."""
    standard = [
        value
        for module in (abi, precompile)
        for value in vars(module).values()
        if isinstance(value, abi.Error)
    ]
    declared = [error for entry in PRECOMPILES for error in entry.errors]
    return {error.signature.selector: error.signature for error in (*standard, *declared)}


def reason_of(payload: bytes) -> str:
    """Return what a payload says, or nothing where it follows no convention."""
    selector, arguments = payload[:4], payload[4:]
    if selector == ERROR_SELECTOR:
        # Hand-written contracts leave the padding out, and other nodes read them all the same.
        padded = arguments + bytes(-len(arguments) % 32)
        try:
            return str(decode(["string"], padded)[0])
        except (DecodingError, UnicodeDecodeError):
            return ""
    if selector == PANIC_SELECTOR and len(arguments) == 32:
        code = int.from_bytes(arguments, "big")
        return PANICS.get(code, f"unknown panic code: {code:#x}")
    if len(selector) < 4 or len(arguments) % 32:
        return ""
    known = precompile_errors().get(selector)
    named = f": {_spell(known, arguments)}" if known is not None else ""
    return f"custom error 0x{selector.hex()}{named}"


def _spell(signature: abi.Signature, arguments: bytes) -> str:
    try:
        values = abi.decode(signature.inputs, arguments)
    except abi.Revert:  # Somebody else's error with the same selector.
        return signature.canonical
    return f"{signature.name}({', '.join(map(_spell_value, values))})"


def _spell_value(value: Any) -> str:
    return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)
