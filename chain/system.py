"""What a block does by itself: system contracts before its transactions, dues after them."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from eth.vm.forks.cancun.constants import BEACON_ROOTS_CONTRACT_CODE
from eth.vm.forks.prague.constants import HISTORY_STORAGE_CONTRACT_CODE

from .blocks import Header, Log, Withdrawal
from .encoding import keccak
from .errors import InvalidBlock
from .execution import BlockEnv, system_call
from .forks import CANCUN, PRAGUE
from .state import EMPTY_CODE_HASH, Reader, World

BEACON_ROOTS_ADDRESS: Final = bytes.fromhex("000f3df6d732807ef1319fb7b8bb8522d0beac02")
HISTORY_ADDRESS: Final = bytes.fromhex("0000f90827f1c53a10cb7a02335b175320002935")
WITHDRAWALS_ADDRESS: Final = bytes.fromhex("00000961ef480eb55e80d19ad83579a64c007002")
CONSOLIDATIONS_ADDRESS: Final = bytes.fromhex("0000bbddc7ce488642fb579f8b00f3a590007251")
DEPOSIT_ADDRESS: Final = bytes.fromhex("00000000219ab540356cbb839cbe05303d7705fa")
DEPOSIT_EVENT: Final = keccak(b"DepositEvent(bytes,bytes,bytes,bytes,bytes)")
DEPOSIT_EVENT_SIZE: Final = 576
BEACON_ROOTS_LENGTH: Final = 8191
HISTORY_LENGTH: Final = 8191

# Runtime codes as EIP-7002 and EIP-7251 print them.
WITHDRAWALS_CODE: Final = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe1460cb5760115f54807fffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffff146101f457600182026001905f5b5f821115606857810190"
    "83028483029004916001019190604d565b909390049250505036603814608857366101f457346101f4575f52"
    "60205ff35b34106101f457600154600101600155600354806003026004013381556001015f35815560010160"
    "203590553360601b5f5260385f601437604c5fa0600101600355005b6003546002548082038060101160df57"
    "5060105b5f5b8181146101835782810160030260040181604c02815460601b81526014018160010154815260"
    "20019060020154807fffffffffffffffffffffffffffffffff00000000000000000000000000000000168252"
    "906010019060401c908160381c81600701538160301c81600601538160281c81600501538160201c81600401"
    "538160181c81600301538160101c81600201538160081c81600101535360010160e1565b9101809214610195"
    "57906002556101a0565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffff14156101cd57505f5b6001546002828201116101e25750505f6101e8565b01"
    "600290035b5f555f600155604c025ff35b5f5ffd"
)
CONSOLIDATIONS_CODE: Final = bytes.fromhex(
    "3373fffffffffffffffffffffffffffffffffffffffe1460d35760115f54807fffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffffffffffffffff1461019a57600182026001905f5b5f821115606857810190"
    "83028483029004916001019190604d565b9093900492505050366060146088573661019a573461019a575f52"
    "60205ff35b341061019a57600154600101600155600354806004026004013381556001015f35815560010160"
    "2035815560010160403590553360601b5f5260605f60143760745fa0600101600355005b6003546002548082"
    "038060021160e7575060025b5f5b8181146101295782810160040260040181607402815460601b8152601401"
    "81600101548152602001816002015481526020019060030154905260010160e9565b910180921461013b5790"
    "600255610146565b90505f6002555f6003555b5f54807fffffffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffff141561017357505f5b6001546001828201116101885750505f61018e565b016001"
    "90035b5f555f6001556074025ff35b5f5ffd"
)

SYSTEM_CONTRACTS: Final = {
    BEACON_ROOTS_ADDRESS: BEACON_ROOTS_CONTRACT_CODE,
    HISTORY_ADDRESS: HISTORY_STORAGE_CONTRACT_CODE,
    WITHDRAWALS_ADDRESS: WITHDRAWALS_CODE,
    CONSOLIDATIONS_ADDRESS: CONSOLIDATIONS_CODE,
}
"""What a genesis that starts in Prague needs at these addresses."""

_QUEUE_CODES: Final = (keccak(WITHDRAWALS_CODE), keccak(CONSOLIDATIONS_CODE))
_QUEUE_SLOTS: Final = range(4)  # Excess, count, head, tail: zero in an idle queue.


def begin_block(state: Any, beacon_root: bytes | None) -> None:
    """Store the beacon root (EIP-4788) and the parent's hash (EIP-2935)."""
    world: World = state.world
    env: BlockEnv = state.env
    if env.fork.since(CANCUN) and beacon_root is not None:
        code = world.get_code(BEACON_ROOTS_ADDRESS)
        if code == BEACON_ROOTS_CONTRACT_CODE:  # What its code does, without running it.
            slot = env.timestamp % BEACON_ROOTS_LENGTH
            world.set_storage(BEACON_ROOTS_ADDRESS, slot, env.timestamp)
            root = int.from_bytes(beacon_root, "big")
            world.set_storage(BEACON_ROOTS_ADDRESS, slot + BEACON_ROOTS_LENGTH, root)
            world.end_transaction()
        elif code:
            system_call(state, BEACON_ROOTS_ADDRESS, beacon_root)
    if env.fork.since(PRAGUE):
        code = world.get_code(HISTORY_ADDRESS)
        if code == HISTORY_STORAGE_CONTRACT_CODE:
            slot = (env.number - 1) % HISTORY_LENGTH
            world.set_storage(HISTORY_ADDRESS, slot, int.from_bytes(env.parent_hash, "big"))
            world.end_transaction()
        elif code:
            system_call(state, HISTORY_ADDRESS, env.parent_hash)


def withdraw(world: World, withdrawals: Sequence[Withdrawal]) -> None:
    """Pay out the withdrawals of the beacon chain (EIP-4895)."""
    for withdrawal in withdrawals:
        balance = world.get_balance(withdrawal.address)
        world.set_balance(withdrawal.address, balance + withdrawal.amount * 10**9)
        if world.account_is_empty(withdrawal.address):
            world.delete_account(withdrawal.address)
    world.end_transaction()


def requests(state: Any, logs: Sequence[Log], deposit_address: bytes) -> list[bytes]:
    """Return the requests to the beacon chain that the block made, with their types (EIP-7685)."""
    found = [b"\x00" + b"".join(_deposits(logs, deposit_address))]
    for kind, address in ((b"\x01", WITHDRAWALS_ADDRESS), (b"\x02", CONSOLIDATIONS_ADDRESS)):
        found.append(kind + _dequeue(state, address))
    return [request for request in found if len(request) > 1]


def _dequeue(state: Any, address: bytes) -> bytes:
    world: World = state.world
    if world.is_untouched(address) and _is_idle(world.reader, address):
        return b""  # As below, without bringing anything up for it: so is almost every block.
    code_hash = world.get_code_hash(address)
    if not world.get_code(address):
        return b""
    idle = not any(world.get_storage(address, slot) for slot in _QUEUE_SLOTS)
    if idle and code_hash in _QUEUE_CODES:
        return b""  # Running the code would read these four slots and change none.
    output = system_call(state, address, b"")
    if output is None:
        raise InvalidBlock(f"the system contract 0x{address.hex()} failed")
    return output


def _is_idle(reader: Reader, address: bytes) -> bool:
    """Say whether nobody had asked anything of a queue when this block began."""
    account = reader.account(address)
    if account is None or account.code_hash == EMPTY_CODE_HASH:
        return True
    waiting = any(reader.storage(address, slot) for slot in _QUEUE_SLOTS)
    return account.code_hash in _QUEUE_CODES and not waiting


_DEPOSIT_LAYOUT: Final = ((160, 48), (256, 32), (320, 8), (384, 96), (512, 8))
"""Where the event's five byte strings stand (offset of the length word), and their sizes."""


def _deposits(logs: Sequence[Log], deposit_address: bytes) -> list[bytes]:
    found = []
    for log in logs:
        if log.address != deposit_address or log.topics[:1] != (DEPOSIT_EVENT,):
            continue
        if len(log.data) != DEPOSIT_EVENT_SIZE:
            raise InvalidBlock("a deposit event has the wrong length")
        parts = []
        for index, (offset, size) in enumerate(_DEPOSIT_LAYOUT):
            pointer = int.from_bytes(log.data[32 * index : 32 * index + 32], "big")
            length = int.from_bytes(log.data[offset : offset + 32], "big")
            if pointer != offset or length != size:
                raise InvalidBlock("a deposit event has the wrong layout")
            parts.append(log.data[offset + 32 : offset + 32 + size])
        found.append(b"".join(parts))
    return found


def requests_hash(found: Sequence[bytes]) -> bytes:
    """Return what the header commits to."""
    return hashlib.sha256(b"".join(hashlib.sha256(request).digest() for request in found)).digest()


def reward(world: World, header: Header, ommers: Sequence[Header], amount: int) -> None:
    """Pay the miner and the ommers' miners (before the merge)."""
    due = {header.coinbase: amount + len(ommers) * amount // 32}
    for ommer in ommers:
        share = amount * (8 + ommer.number - header.number) // 8
        due[ommer.coinbase] = due.get(ommer.coinbase, 0) + share
    for address, wei in due.items():
        world.set_balance(address, world.get_balance(address) + wei)
    world.end_transaction()
