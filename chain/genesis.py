"""Where a chain begins: allocations, fork schedule, first header. Reads and writes geth's JSON."""

import hashlib
import json
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, Literal, get_args

import orjson

from precompiles.precompile import MARKER_CODE, Start
from precompiles.registry import PRECOMPILES

from .blocks import ZERO_ADDRESS, ZERO_HASH, Block, Header
from .building import BASE_FEE_INITIAL
from .errors import InvalidGenesis
from .forks import (
    BLOB_FORKS,
    BLOBS,
    CANCUN,
    FORKS,
    LATER_FORKS,
    LONDON,
    OSAKA,
    PARIS,
    PRAGUE,
    SHANGHAI,
    BlobSchedule,
    Fork,
    Schedule,
)
from .state import Reader, World
from .system import DEPOSIT_ADDRESS, SYSTEM_CONTRACTS
from .trie import EMPTY_ROOT, Nodes

SecretOps = Literal["call-only", "public-test"]

CHAIN_ID_MAINNET: Final = 6133
CHAIN_ID_TESTNET: Final = 6134
SECRET_OPS: Final[Mapping[int, SecretOps]] = {
    CHAIN_ID_MAINNET: "call-only",
    CHAIN_ID_TESTNET: "public-test",
}
GENESIS_TIME: Final = 1_737_676_800  # 2025-01-24 00:00 UTC, the start of the network.
GAS_LIMIT: Final = 30_000_000
SUPPLY: Final = 10**9 * 10**18
DEV_BALANCE: Final = 10_000 * 10**18
RESERVE: Final = b"pars-genesis-reserve"
"""Holds what the development accounts do not. No key leads to it; impersonate it to spend."""

CREATE2_DEPLOYER: Final = bytes.fromhex("4e59b44847b379578588920ca78fbf26c0b4956c")
CREATE2_DEPLOYER_CODE: Final = bytes.fromhex(
    "7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035"
    "828234f58015156039578182fd5b8082525050506014600cf3"
)
"""The deterministic deployment proxy that Foundry, Hardhat and anvil rely on."""


@dataclass(frozen=True, kw_only=True)
class Allocation:
    """One account at the start."""

    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Genesis:
    """All that nodes must agree on before the first block."""

    chain_id: int
    schedule: Schedule
    alloc: Mapping[bytes, Allocation]
    config: Mapping[str, Any]
    """The `config` object as it was read, for tools that ask."""
    secret_ops: SecretOps = "call-only"
    deposit_address: bytes = DEPOSIT_ADDRESS
    timestamp: int = 0
    gas_limit: int = GAS_LIMIT
    difficulty: int = 0
    extra_data: bytes = b""
    mix_hash: bytes = ZERO_HASH
    nonce: bytes = bytes(8)
    coinbase: bytes = ZERO_ADDRESS
    base_fee_per_gas: int | None = None
    number: int = 0
    gas_used: int = 0
    parent_hash: bytes = ZERO_HASH
    excess_blob_gas: int | None = None
    blob_gas_used: int | None = None

    @property
    def fork(self) -> Fork:
        """The rules at the first header, whose fields geth takes from times and blocks alone."""
        due = [fork for time, fork in self.schedule.by_time if time <= self.timestamp]
        merged = bool(due) or self.difficulty == 0
        return self.schedule.at(self.number, self.timestamp, merged=merged)

    def write_state(self, nodes: Nodes, out: MutableMapping[bytes, bytes]) -> Reader:
        """Put the nodes of the allocations' state into `out`; return its reader over `nodes`."""
        world = World(Reader(nodes, EMPTY_ROOT))
        for address, start in self.alloc.items():
            world.touch_account(address)
            if start.balance:
                world.set_balance(address, start.balance)
            if start.nonce:
                world.set_nonce(address, start.nonce)
            if start.code:
                world.set_code(address, start.code)
            for slot, value in start.storage.items():
                world.set_storage(address, slot, value)
            world.end_transaction()
        return world.commit(out)

    def block(self, state_root: bytes) -> Block:
        """Return the first block."""
        fork = self.fork
        optional: dict[str, Any] = {}
        if fork.since(LONDON):
            given = self.base_fee_per_gas
            optional["base_fee_per_gas"] = BASE_FEE_INITIAL if given is None else given
        if fork.since(SHANGHAI):
            optional["withdrawals_root"] = EMPTY_ROOT
        if fork.since(CANCUN):
            optional["blob_gas_used"] = self.blob_gas_used or 0
            optional["excess_blob_gas"] = self.excess_blob_gas or 0
            optional["parent_beacon_block_root"] = ZERO_HASH
        if fork.since(PRAGUE):
            optional["requests_hash"] = hashlib.sha256(b"").digest()
        header = Header(
            parent_hash=self.parent_hash,
            coinbase=self.coinbase,
            state_root=state_root,
            difficulty=self.difficulty,
            number=self.number,
            gas_limit=self.gas_limit,
            gas_used=self.gas_used,
            timestamp=self.timestamp,
            extra_data=self.extra_data,
            prev_randao=self.mix_hash,
            nonce=self.nonce,
            **optional,
        )
        return Block(header=header, withdrawals=() if fork.since(SHANGHAI) else None)


def pars_genesis(
    chain_id: int = CHAIN_ID_MAINNET,
    accounts: Sequence[bytes] = (),
    *,
    secret_ops: SecretOps | None = None,
) -> Genesis:
    """Return the genesis of a local Pars chain: the whole supply, funded accounts, precompiles."""
    ops = secret_ops or SECRET_OPS.get(chain_id, "call-only")
    settings = {"admin": f"0x{accounts[0].hex()}"} if accounts else {}
    chosen = {entry.name: settings for entry in PRECOMPILES if entry.genesis is not None}
    starts = _starts(_Object({"precompiles": chosen}, "config.pars"))
    alloc = {
        entry.address: Allocation(nonce=1, code=MARKER_CODE, balance=_held(starts, entry.address))
        for entry in PRECOMPILES
    }
    alloc |= {at: Allocation(nonce=1, code=code) for at, code in SYSTEM_CONTRACTS.items()}
    alloc[CREATE2_DEPLOYER] = Allocation(nonce=1, code=CREATE2_DEPLOYER_CODE)
    alloc |= {address: Allocation(balance=DEV_BALANCE) for address in accounts}
    granted = sum(each.balance for each in alloc.values())
    alloc[RESERVE] = Allocation(balance=SUPPLY - granted)
    config: dict[str, Any] = {name + "Block": 0 for name in FORKS if name in _BLOCK_FORKS}
    config |= {"terminalTotalDifficulty": 0, "terminalTotalDifficultyPassed": True}
    config |= {"shanghaiTime": 0, "cancunTime": 0, "pragueTime": 0, "osakaTime": 0}
    config |= {"chainId": chain_id, "pars": {"secretOps": ops, "precompiles": chosen}}
    return genesis_from_json(
        {
            "config": config,
            "timestamp": hex(GENESIS_TIME),
            "gasLimit": hex(GAS_LIMIT),
            "alloc": alloc,
        }
    )


def load_genesis(path: Path) -> Genesis:
    """Read a genesis file."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InvalidGenesis(f"genesis {path}: cannot be read: {reason}") from None
    try:
        # py-evm raises the recursion limit so far that `json` would overflow the stack on deep
        # nesting; orjson has a limit of its own, but reads large numbers as floats.
        orjson.loads(text)
        data = json.loads(text)
    except ValueError as error:
        raise InvalidGenesis(f"genesis {path}: not JSON: {error}") from None
    try:
        return genesis_from_json(data)
    except InvalidGenesis as error:
        raise InvalidGenesis(f"genesis {path}: {error}") from None


_BLOCK_FORKS: Final = tuple(name for name in FORKS if FORKS[name].index < PARIS.index)[1:]
_TIME_FORKS: Final = (
    *(name for name in FORKS if FORKS[name].index > PARIS.index),
    *BLOB_FORKS,
    *LATER_FORKS,
)


def genesis_from_json(data: Any) -> Genesis:
    """Read geth's genesis object; raise InvalidGenesis naming the field that is wrong."""
    top = _Object(data, "")
    config = top.child("config")
    chain_id = config.number("chainId", minimum=1)
    pars = config.child("pars") if "pars" in config.data else None
    alloc = {}
    for key, value in top.child("alloc").data.items():
        address = key if isinstance(key, bytes) else _address(key, f"alloc[{key}]")
        if address in alloc:
            raise InvalidGenesis(f"alloc[{key}]: the address stands there twice")
        allocation = value if isinstance(value, Allocation) else _allocation(value, key)
        alloc[address] = allocation
    for address, start in _starts(pars).items():
        if start.storage:
            held = alloc.get(address, Allocation())
            alloc[address] = replace(held, storage={**start.storage, **held.storage})
    nonce = top.number("nonce", 0)
    if nonce >= 2**64:
        raise InvalidGenesis("nonce: does not fit eight bytes")
    return Genesis(
        chain_id=chain_id,
        schedule=_schedule(config, pars is not None),
        alloc=alloc,
        config=config.data,
        secret_ops=_secret_ops(pars),
        deposit_address=config.bytes("depositContractAddress", 20, DEPOSIT_ADDRESS),
        timestamp=top.number("timestamp", 0),
        gas_limit=top.number("gasLimit", GAS_LIMIT, minimum=5000),
        difficulty=top.number("difficulty", 0),
        extra_data=top.bytes("extraData", None, b""),
        mix_hash=top.bytes("mixHash", 32, ZERO_HASH),
        nonce=nonce.to_bytes(8, "big"),
        coinbase=top.bytes("coinbase", 20, ZERO_ADDRESS),
        base_fee_per_gas=top.optional_number("baseFeePerGas"),
        number=top.number("number", 0),
        gas_used=top.number("gasUsed", 0),
        parent_hash=top.bytes("parentHash", 32, ZERO_HASH),
        excess_blob_gas=top.optional_number("excessBlobGas"),
        blob_gas_used=top.optional_number("blobGasUsed"),
    )


def _secret_ops(pars: "_Object | None") -> SecretOps:
    chosen = "call-only" if pars is None else pars.data.get("secretOps", "call-only")
    for allowed in get_args(SecretOps):
        if chosen == allowed:
            return allowed  # type: ignore[no-any-return]
    raise InvalidGenesis('config.pars.secretOps: neither "call-only" nor "public-test"')


def _starts(pars: "_Object | None") -> dict[bytes, Start]:
    """Return what the settings of precompiles make of their accounts."""
    if pars is None:
        return {}
    chosen = pars.child("precompiles", optional=True)
    entries = {entry.name: entry for entry in PRECOMPILES if entry.genesis is not None}
    for name in chosen.data:
        if name not in entries:
            raise InvalidGenesis(f"{chosen.name(name)}: no precompile of that name has settings")
    starts = {}
    for name, entry in entries.items():
        assert entry.genesis is not None, "chosen above"
        try:
            starts[entry.address] = entry.genesis(chosen.child(name, optional=True).data)
        except ValueError as error:
            raise InvalidGenesis(f"{chosen.name(name)}: {error}") from None
    return starts


def _held(starts: Mapping[bytes, Start], address: bytes) -> int:
    start = starts.get(address)
    return 0 if start is None else start.balance


def _schedule(config: "_Object", pars: bool) -> Schedule:
    by_block = [(0, FORKS["frontier"])]
    for name in _BLOCK_FORKS:
        block = config.optional_number(name + "Block")
        if block is not None:
            by_block.append((block, FORKS[name]))
    by_time: list[tuple[int, Fork]] = []
    blobs = _blob_schedules(config)
    for name in _TIME_FORKS:
        time = config.optional_number(name + "Time")
        if time is not None:
            by_time.append((time, _time_fork(name, by_time[-1][1] if by_time else PARIS, blobs)))
    for entries, kind in ((by_block, "Block"), (by_time, "Time")):
        for (earlier, before), (later, after) in pairwise(entries):
            if later < earlier:
                raise InvalidGenesis(
                    f"config.{after.name}{kind}: {later} comes before {before.name}'s {earlier}"
                )
    if pars:
        if not by_time or not by_time[-1][1].since(PRAGUE):
            raise InvalidGenesis("config.pragueTime: missing, and config.pars needs it")
        by_time = [
            (time, replace(fork, pars=True) if fork.since(PRAGUE) else fork)
            for time, fork in by_time
        ]
    return Schedule(
        by_block=by_block,
        by_time=by_time,
        merge_block=config.optional_number("mergeNetsplitBlock"),
        terminal_total_difficulty=config.optional_number("terminalTotalDifficulty"),
    )


def _time_fork(name: str, previous: Fork, blobs: Mapping[str, BlobSchedule]) -> Fork:
    """Return the rules of a fork that comes after `previous`."""
    if name in FORKS:
        # Osaka itself leaves blobs as they were, which the genesis may have chosen.
        kept = previous.blobs if name == OSAKA.name else None
        return replace(FORKS[name], blobs=blobs.get(name) or kept or FORKS[name].blobs)
    figures = blobs.get(name) or BLOBS.get(name)
    if name in BLOB_FORKS and figures is None:
        raise InvalidGenesis(f"config.blobSchedule.{name}: missing, and {name} has no other rules")
    return replace(previous, name=name, blobs=figures or previous.blobs)


def _blob_schedules(config: "_Object") -> dict[str, BlobSchedule]:
    """Read the blob figures that the genesis gives to forks (EIP-7840)."""
    entries = config.child("blobSchedule", optional=True)
    return {
        name: _blob_schedule(entries.child(name))
        for name in _TIME_FORKS
        if entries.data.get(name) is not None
    }


def _blob_schedule(entry: "_Object") -> BlobSchedule:
    schedule = BlobSchedule(
        target=entry.number("target", bits=64),
        max=entry.number("max", bits=64),
        base_fee_update_fraction=entry.number("baseFeeUpdateFraction", minimum=1, bits=64),
    )
    if schedule.target > schedule.max:
        raise InvalidGenesis(f"{entry.path}: target {schedule.target} is above max {schedule.max}")
    return schedule


def _allocation(value: Any, key: str) -> Allocation:
    entry = _Object(value, f"alloc[{key}]")
    storage = {}
    for slot, word in entry.child("storage", optional=True).data.items():
        where = f"alloc[{key}].storage[{slot}]"
        storage[_word(slot, where)] = _word(word, where)
    return Allocation(
        balance=entry.number("balance", 0, bits=256),
        nonce=entry.number("nonce", 0, bits=64),
        code=entry.bytes("code", None, b""),
        storage=storage,
    )


class _Object:
    """A JSON object whose fields are read with their path in every error."""

    def __init__(self, data: Any, path: str) -> None:
        if not isinstance(data, Mapping):
            raise InvalidGenesis(f"{path or 'the file'}: not a JSON object")
        self.data = data
        self.path = path

    def name(self, key: str) -> str:
        return f"{self.path}.{key}" if self.path else key

    def child(self, key: str, *, optional: bool = False) -> "_Object":
        if key not in self.data and not optional:
            raise InvalidGenesis(f"{self.name(key)}: missing")
        value = self.data.get(key)
        return _Object({} if value is None else value, self.name(key))

    def optional_number(self, key: str, *, bits: int = 256) -> int | None:
        value = self.data.get(key)
        return None if value is None else _number(value, self.name(key), bits=bits)

    def number(
        self, key: str, default: int | None = None, *, minimum: int = 0, bits: int = 256
    ) -> int:
        value = self.optional_number(key, bits=bits)
        value = default if value is None else value
        if value is None:
            raise InvalidGenesis(f"{self.name(key)}: missing")
        if value < minimum:
            raise InvalidGenesis(f"{self.name(key)}: {value} is below {minimum}")
        return value

    def bytes(self, key: str, size: int | None, default: bytes) -> bytes:
        value = self.data.get(key)
        return default if value is None else _bytes(value, size, self.name(key))


def _number(value: Any, where: str, *, bits: int) -> int:
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        number = int(value, 0) if isinstance(value, str) else value
    except ValueError:
        raise InvalidGenesis(f"{where}: not a number: {_shown(value)}") from None
    if not 0 <= number < 2**bits:
        raise InvalidGenesis(f"{where}: {_shown(value)} does not fit {bits} bits")
    return number


def _word(value: Any, where: str) -> int:
    """Read a storage key or value: hexadecimal with or without a prefix, as geth takes it."""
    try:
        number = int(value.removeprefix("0x"), 16)
    except (ValueError, AttributeError):
        raise InvalidGenesis(f"{where}: not a hexadecimal word: {_shown(value)}") from None
    if not 0 <= number < 2**256:
        raise InvalidGenesis(f"{where}: {_shown(value)} does not fit 256 bits")
    return number


def _bytes(value: Any, size: int | None, where: str) -> bytes:
    try:
        data = bytes.fromhex(value.removeprefix("0x"))
    except (ValueError, AttributeError):
        raise InvalidGenesis(f"{where}: not hexadecimal bytes: {_shown(value)}") from None
    if size is not None and len(data) != size:
        raise InvalidGenesis(f"{where}: {len(data)} bytes, expected {size}")
    return data


def _address(value: str, where: str) -> bytes:
    return _bytes(value, 20, where)


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def genesis_to_json(genesis: Genesis) -> dict[str, Any]:
    """Return geth's genesis object, from which the same genesis can be read."""
    quantities: dict[str, Callable[[Genesis], int | None]] = {
        "timestamp": lambda g: g.timestamp,
        "gasLimit": lambda g: g.gas_limit,
        "difficulty": lambda g: g.difficulty,
        "number": lambda g: g.number,
        "gasUsed": lambda g: g.gas_used,
        "baseFeePerGas": lambda g: g.base_fee_per_gas,
        "excessBlobGas": lambda g: g.excess_blob_gas,
        "blobGasUsed": lambda g: g.blob_gas_used,
    }
    numbers = {name: read(genesis) for name, read in quantities.items()}
    return {
        "config": dict(genesis.config),
        "nonce": "0x" + genesis.nonce.hex(),
        "extraData": "0x" + genesis.extra_data.hex(),
        "mixHash": "0x" + genesis.mix_hash.hex(),
        "coinbase": "0x" + genesis.coinbase.hex(),
        "parentHash": "0x" + genesis.parent_hash.hex(),
        **{name: None if value is None else hex(value) for name, value in numbers.items()},
        "alloc": {
            "0x" + address.hex(): _allocation_to_json(start)
            for address, start in sorted(genesis.alloc.items())
        },
    }


def _allocation_to_json(start: Allocation) -> dict[str, Any]:
    entry: dict[str, Any] = {"balance": hex(start.balance)}
    if start.nonce:
        entry["nonce"] = hex(start.nonce)
    if start.code:
        entry["code"] = "0x" + start.code.hex()
    if start.storage:
        entry["storage"] = {
            f"0x{slot:064x}": f"0x{value:064x}" for slot, value in sorted(start.storage.items())
        }
    return entry


__all__ = [
    "CHAIN_ID_MAINNET",
    "CHAIN_ID_TESTNET",
    "Allocation",
    "Genesis",
    "SecretOps",
    "genesis_from_json",
    "genesis_to_json",
    "load_genesis",
    "pars_genesis",
]
