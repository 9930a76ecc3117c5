"""Runs the official state tests: `python -m chain.statetest FILE...`, files or folders.

The format is GeneralStateTest, of ethereum/tests and execution-spec-tests. Each case is one
transaction on a given state; the state root and the logs afterwards must be those that all
clients agree on. Runs through our own rules, execution and state, as plain Ethereum: our
precompiles stay out.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, get_args

from . import signatures
from .blocks import ZERO_HASH, Log
from .encoding import encode, keccak
from .engines import open_state
from .errors import ChainError, InvalidTransaction, RejectedTransaction
from .execution import BlockEnv, apply_transaction, check_in_block
from .forks import BPO1, BPO2, FORKS, LONDON, PARIS, SPURIOUS_DRAGON, BlobSchedule, Fork
from .frames import Engine, Frames
from .history import Nodes
from .state import Reader, World
from .store import MemoryStore
from .system import begin_block
from .transactions import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    Authorization,
    Fields,
    Transaction,
    decode_transaction,
    impersonated,
)
from .trie import EMPTY_ROOT

FORK_NAMES: Final = {
    "Frontier": "frontier",
    "Homestead": "homestead",
    "EIP150": "eip150",
    "EIP158": "eip158",
    "Byzantium": "byzantium",
    "Constantinople": "constantinople",
    "ConstantinopleFix": "petersburg",
    "Istanbul": "istanbul",
    "Berlin": "berlin",
    "London": "london",
    "Merge": "paris",
    "Paris": "paris",
    "Shanghai": "shanghai",
    "Cancun": "cancun",
    "Prague": "prague",
    "Osaka": "osaka",
    "BPO1": "bpo1",
    "BPO2": "bpo2",
}
"""The tests' names of the forks that we execute."""

BY_NAME: Final = {**FORKS, BPO1.name: BPO1, BPO2.name: BPO2}

ANCESTORS: Final = 256
PASSED, FAILED, UNREADABLE = 0, 1, 2


class InvalidFile(ChainError):
    """A file that holds no state tests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One expectation of a test: a fork, and which of its data, gas limits and values."""

    name: str
    fork: str
    data: int
    gas: int
    value: int
    test: Mapping[str, Any]
    expected: Mapping[str, Any]

    def __str__(self) -> str:
        return f"{self.name} [{self.fork} {self.data} {self.gas} {self.value}]"


def read_cases(path: Path) -> Iterator[Case]:
    """Return the cases of a file, or of all JSON files below a folder."""
    files = sorted(path.rglob("*.json")) if path.is_dir() else [path]
    for file in files:
        try:
            tests = json.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise InvalidFile(f"{file}: cannot be read: {reason}") from None
        try:
            yield from _cases(tests)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise InvalidFile(f"{file}: not in the format of state tests") from None


def _cases(tests: Any) -> Iterator[Case]:
    for name, test in tests.items():
        for fork, expectations in test["post"].items():
            for expected in expectations:
                indexes = expected["indexes"]
                yield Case(
                    name=name,
                    fork=fork,
                    data=indexes["data"],
                    gas=indexes["gas"],
                    value=indexes["value"],
                    test=test,
                    expected=expected,
                )


def run_case(case: Case, engine: Engine = "core") -> str | None:
    """Run a case; return what is wrong, or None."""
    fork = _fork(case)
    env = _environment(case.test["env"], fork)
    nodes = Nodes(MemoryStore())
    reader = _write_state(case.test["pre"], nodes)
    state = open_state(env, reader, Frames(loud=True, engine=engine))
    # Tests whose state holds the system contracts were made with the call that opens a block.
    begin_block(state, ZERO_HASH)
    world: World = state.world
    wanted = case.expected.get("expectException")
    refusal: str | None = None
    logs: tuple[Log, ...] = ()
    for earlier in case.test.get("before", ()):  # Ours alone: the format has one transaction.
        with suppress(RejectedTransaction, InvalidTransaction):
            _apply(state, decode_transaction(_data(earlier["txbytes"])))
    try:
        logs = _apply(state, _transaction(case))
    except (RejectedTransaction, InvalidTransaction) as error:
        refusal = str(error)
    if not fork.since(SPURIOUS_DRAGON):
        world.touch_account(env.coinbase)  # The block's beneficiary exists, if only as such.
    root = world.commit(nodes.pending).root
    if refusal is not None and not wanted:
        return f"the transaction was refused: {refusal}"
    if refusal is None and wanted:
        return f"the transaction should have been refused: {wanted}"
    if root != _data(case.expected["hash"]):
        return f"state root is 0x{root.hex()}, expected {case.expected['hash']}"
    logs_hash = keccak(encode([log.item() for log in logs]))
    # The oldest files say nothing of logs.
    if "logs" in case.expected and logs_hash != _data(case.expected["logs"]):
        return f"logs hash is 0x{logs_hash.hex()}, expected {case.expected['logs']}"
    return None


def _apply(state: Any, tx: Transaction) -> tuple[Log, ...]:
    """Run the transaction where a block could hold it; return its logs."""
    env: BlockEnv = state.env
    needed = check_in_block(tx, env, state.world, env.gas_limit, env.fork.blob_gas_max)
    return apply_transaction(state, tx, tx.sender, needed).logs


def _fork(case: Case) -> Fork:
    fork = BY_NAME[FORK_NAMES[case.fork]]
    schedule = case.test.get("config", {}).get("blobSchedule", {}).get(case.fork)
    if schedule is None or fork.blobs is None:
        return fork
    return replace(
        fork,
        blobs=BlobSchedule(
            target=_number(schedule["target"]),
            max=_number(schedule["max"]),
            base_fee_update_fraction=_number(schedule["baseFeeUpdateFraction"]),
        ),
    )


def _environment(given: Mapping[str, Any], fork: Fork) -> BlockEnv:
    number = _number(given["currentNumber"])
    merged = fork.since(PARIS)
    excess = None
    if fork.blobs is not None:
        excess = _number(given.get("currentExcessBlobGas", "0x0"))
        if "parentExcessBlobGas" in given:
            excess = fork.excess_blob_gas(
                _number(given["parentExcessBlobGas"]),
                _number(given.get("parentBlobGasUsed", "0x0")),
                _number(given.get("parentBaseFee", "0x0")),
            )
    return BlockEnv(
        fork=fork,
        chain_id=1,
        number=number,
        timestamp=_number(given["currentTimestamp"]),
        coinbase=_data(given["currentCoinbase"]),
        gas_limit=_number(given["currentGasLimit"]),
        base_fee=_number(given.get("currentBaseFee", "0xa")) if fork.since(LONDON) else None,
        difficulty=0 if merged else _number(given["currentDifficulty"]),
        prev_randao=_word(given.get("currentRandom", "0x0")) if merged else ZERO_HASH,
        excess_blob_gas=excess,
        parent_hash=ZERO_HASH,
        ancestors=lambda: ancestors_of(number),
    )


def ancestors_of(number: int) -> Iterator[bytes]:
    """Return the hashes of the blocks before one, by the format's convention: of their numbers."""
    for each in range(number - 1, max(-1, number - 1 - ANCESTORS), -1):
        yield keccak(str(each).encode())


def _write_state(pre: Mapping[str, Any], nodes: Nodes) -> Reader:
    world = World(Reader(nodes, EMPTY_ROOT))
    for key, account in pre.items():
        address = _data(key)
        world.touch_account(address)
        world.set_balance(address, _number(account["balance"]))
        world.set_nonce(address, _number(account["nonce"]))
        if code := _data(account["code"]):
            world.set_code(address, code)
        for slot, value in account["storage"].items():
            world.set_storage(address, _number(slot), _number(value))
        world.end_transaction()
    return world.commit(nodes.pending)


def _transaction(case: Case) -> Transaction:
    """Return the case's transaction: the bytes as they are, or made from the parts."""
    if raw := case.expected.get("txbytes"):
        return decode_transaction(_data(raw))
    given = case.test["transaction"]
    access_lists = given.get("accessLists")
    access_list = (access_lists[case.data] or []) if access_lists else []
    price = _number(given.get("gasPrice", given.get("maxFeePerGas", "0x0")))
    kind = LEGACY if access_lists is None else ACCESS_LIST
    for field, later in (
        ("maxFeePerGas", DYNAMIC_FEE),
        ("maxFeePerBlobGas", BLOB),
        ("authorizationList", SET_CODE),
    ):
        kind = later if given.get(field) is not None else kind
    fields = Fields(
        type=kind,
        chain_id=None if kind == LEGACY else 1,
        nonce=_number(given["nonce"]),
        gas=_number(given["gasLimit"][case.gas]),
        to=_data(given.get("to") or ""),
        value=_number(given["value"][case.value]),
        data=_data(given["data"][case.data]),
        gas_price=price,
        max_fee_per_gas=price,
        max_priority_fee_per_gas=_number(given.get("maxPriorityFeePerGas", hex(price))),
        access_list=tuple(
            (_data(entry["address"]), tuple(_number(slot) for slot in entry["storageKeys"]))
            for entry in access_list
        ),
        max_fee_per_blob_gas=_number(given.get("maxFeePerBlobGas", "0x0")),
        blob_versioned_hashes=tuple(_data(each) for each in given.get("blobVersionedHashes", ())),
        authorization_list=tuple(
            Authorization(
                chain_id=_number(entry["chainId"]),
                address=_data(entry["address"]),
                nonce=_number(entry["nonce"]),
                y_parity=_number(entry.get("yParity", entry.get("v"))),
                r=_number(entry["r"]),
                s=_number(entry["s"]),
            )
            for entry in given.get("authorizationList") or ()
        ),
    )
    key = given.get("secretKey")
    sender = _data(given["sender"]) if "sender" in given else signatures.address_of(_data(key))
    return impersonated(fields, sender)


def _number(text: str | int) -> int:
    if isinstance(text, int):
        return text
    # Some files write numbers that are too large for any field, marked so.
    text = text.removeprefix("0x:bigint ")
    return int(text, 16) if text.startswith("0x") else int(text or "0")


def _data(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def _word(text: str) -> bytes:
    return _number(text).to_bytes(32, "big")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the tests named on the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m chain.statetest",
        description="Run official state tests and compare state roots and logs.",
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="FILE", help="a file or a folder")
    parser.add_argument("--fork", action="append", choices=FORK_NAMES, help="only this fork")
    parser.add_argument(
        "--engine", choices=get_args(Engine), default="core", help="what runs it (default core)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    started = time.perf_counter()
    results: list[dict[str, Any]] = []
    skipped = 0
    try:
        for path in options.paths:
            for case in read_cases(path):
                if case.fork not in FORK_NAMES or (options.fork and case.fork not in options.fork):
                    skipped += 1
                    continue
                reason = _reason(case, options.engine)
                results.append({"case": str(case), "ok": reason is None, "reason": reason})
                if not options.json:
                    print(f"ok {case}" if reason is None else f"FAIL {case} {reason}")
    except InvalidFile as error:
        print(f"error: {error}", file=sys.stderr)
        return UNREADABLE
    failed = sum(not result["ok"] for result in results)
    if options.json:
        print(json.dumps({"results": results, "failed": failed, "skipped": skipped}))
    seconds = time.perf_counter() - started
    passed = len(results) - failed
    print(
        f"{passed} passed, {failed} failed, {skipped} skipped in {seconds:.1f} s", file=sys.stderr
    )
    return FAILED if failed else PASSED


def _reason(case: Case, engine: Engine) -> str | None:
    try:
        return run_case(case, engine)
    except Exception as bug:  # One case that we trip over must not hide the others.
        return f"{type(bug).__name__}: {bug}"


if __name__ == "__main__":
    sys.exit(main())
