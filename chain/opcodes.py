"""What the instructions are called, as geth prints them. Some differ from py-evm's names."""

from typing import Final

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
