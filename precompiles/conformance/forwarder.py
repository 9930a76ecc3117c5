"""A contract of a few bytes that makes the call of a vector on a chain and says how it went.

It stands, by a state override or by a developer's method, at the address of the vector's caller.
Input: kind of call, address, gas, value, one word each, then the data. Output, and the data of a
log without topics: whether the call succeeded, the gas between just before and just after, then
what the call returned.

Called back as `f(bytes script)`, by any selector but zero, it makes the calls of the script in
order: address, value and size, one word each, then the data. It reverts with what the first that
fails reverts with, and returns what the last returned, as `bytes`.
"""

from dataclasses import dataclass

CALL, STATICCALL, DELEGATECALL = range(3)

OPCODES = {
    "ADD": 0x01,
    "SUB": 0x03,
    "LT": 0x10,
    "EQ": 0x14,
    "ISZERO": 0x15,
    "AND": 0x16,
    "NOT": 0x19,
    "SHR": 0x1C,
    "CALLDATALOAD": 0x35,
    "CALLDATASIZE": 0x36,
    "CALLDATACOPY": 0x37,
    "RETURNDATASIZE": 0x3D,
    "RETURNDATACOPY": 0x3E,
    "MSTORE": 0x52,
    "JUMP": 0x56,
    "JUMPI": 0x57,
    "GAS": 0x5A,
    "JUMPDEST": 0x5B,
    "DUP1": 0x80,
    "DUP2": 0x81,
    "DUP3": 0x82,
    "DUP4": 0x83,
    "DUP6": 0x85,
    "DUP7": 0x86,
    "SWAP1": 0x90,
    "LOG0": 0xA0,
    "CALL": 0xF1,
    "RETURN": 0xF3,
    "DELEGATECALL": 0xF4,
    "STATICCALL": 0xFA,
    "REVERT": 0xFD,
}

# A number is pushed; `name:` is a place to jump to, `@name` pushes it.
PROGRAM = """
0x00 CALLDATALOAD 0xe0 SHR @script JUMPI
0x80 CALLDATASIZE SUB
DUP1 0x80 0x00 CALLDATACOPY
0x00 CALLDATALOAD 0x01 EQ @static JUMPI
0x00 CALLDATALOAD 0x02 EQ @delegate JUMPI
GAS 0x00 0x00 DUP4 0x00 0x60 CALLDATALOAD 0x20 CALLDATALOAD 0x40 CALLDATALOAD CALL
GAS @done JUMP
static:
GAS 0x00 0x00 DUP4 0x00 0x20 CALLDATALOAD 0x40 CALLDATALOAD STATICCALL
GAS @done JUMP
delegate:
GAS 0x00 0x00 DUP4 0x00 0x20 CALLDATALOAD 0x40 CALLDATALOAD DELEGATECALL
GAS
done:
SWAP1 0x00 MSTORE
SWAP1 SUB 0x20 MSTORE
RETURNDATASIZE 0x00 0x40 RETURNDATACOPY
RETURNDATASIZE 0x40 ADD
DUP1 0x00 LOG0
0x00 RETURN

script:
0x44
step:
0x24 CALLDATALOAD 0x44 ADD DUP2 LT ISZERO @end JUMPI
DUP1 0x40 ADD CALLDATALOAD
DUP1 DUP3 0x60 ADD 0x00 CALLDATACOPY
0x00 0x00 DUP3 0x00 DUP6 0x20 ADD CALLDATALOAD DUP7 CALLDATALOAD GAS CALL
ISZERO @failed JUMPI
ADD 0x60 ADD @step JUMP
end:
0x20 0x00 MSTORE
RETURNDATASIZE 0x20 MSTORE
RETURNDATASIZE 0x00 0x40 RETURNDATACOPY
0x00 RETURNDATASIZE 0x40 ADD MSTORE
0x1f NOT RETURNDATASIZE 0x1f ADD AND 0x40 ADD 0x00 RETURN
failed:
RETURNDATASIZE 0x00 0x00 RETURNDATACOPY
RETURNDATASIZE 0x00 REVERT
"""

# What lies between the two readings of the gas beside the frame: three gas for each push, copy and
# load of an argument, a warm account, and the second reading itself.
OVERHEAD = {CALL: 100 + 3 * 10 + 2, STATICCALL: 100 + 3 * 8 + 2, DELEGATECALL: 100 + 3 * 8 + 2}
VALUE_OVERHEAD = 9_000 - 2_300
"""More for a call with value: its surcharge, less the stipend that the frame gets and returns."""
HEADER = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How a forwarded call went. `gas` is what its frame used."""

    success: bool
    gas: int
    data: bytes


def assembled(program: str) -> bytes:
    """Return the byte-code of a program; every push is of one byte."""
    code = bytearray()
    places: dict[str, int] = {}
    jumps: dict[int, str] = {}
    for word in program.split():
        if word.endswith(":"):
            places[word[:-1]] = len(code)
            code.append(OPCODES["JUMPDEST"])
        elif word in OPCODES:
            code.append(OPCODES[word])
        else:
            if word.startswith("@"):
                jumps[len(code) + 1] = word[1:]
            number = 0 if word.startswith("@") else int(word, 16)
            code += bytes([0x60, number])
    for position, name in jumps.items():
        code[position] = places[name]
    return bytes(code)


CODE = assembled(PROGRAM)


def script(*calls: tuple[bytes, int, bytes]) -> bytes:
    """Return the calls to make when called back: address, value and data of each."""
    parts = []
    for to, value, data in calls:
        words = (int.from_bytes(to, "big"), value, len(data))
        parts.append(b"".join(word.to_bytes(32, "big") for word in words) + data)
    return b"".join(parts)


def request(kind: int, to: bytes, gas: int, value: int, data: bytes) -> bytes:
    """Return the input that has a call forwarded."""
    words = (kind, int.from_bytes(to, "big"), gas, value)
    return b"".join(word.to_bytes(32, "big") for word in words) + data


def read(output: bytes, kind: int, value: int) -> Report | None:
    """Read what the forwarder answered; None when it is no such answer."""
    if len(output) < HEADER or int.from_bytes(output[:32], "big") > 1:
        return None
    spent = int.from_bytes(output[32:HEADER], "big")
    overhead = OVERHEAD[kind] + (VALUE_OVERHEAD if value else 0)
    return Report(success=output[31] == 1, gas=spent - overhead, data=output[HEADER:])
