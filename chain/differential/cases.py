"""A case: accounts, a block, and the transactions that run in it. Read and written as state tests.

The file is a GeneralStateTest, so `python -m chain.statetest FILE` and other clients' tools replay
it. The format holds one transaction; those that run before it on the same state stand, encoded,
in a field of our own named `before`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from ..transactions import (
    ACCESS_LIST,
    BLOB,
    DYNAMIC_FEE,
    LEGACY,
    SET_CODE,
    Authorization,
    Fields,
    sign_transaction,
)

CHAIN_ID: Final = 1  # The format's own.


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account before the first transaction."""

    balance: int = 0
    nonce: int = 0
    code: bytes = b""
    storage: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What the transactions can tell of their block."""

    number: int = 1
    timestamp: int = 1000
    coinbase: bytes = bytes(20)
    gas_limit: int = 30_000_000
    base_fee: int = 7
    randao: int = 0
    """PREVRANDAO, or the difficulty before the merge."""
    excess_blob_gas: int = 0


@dataclass(frozen=True, kw_only=True)
class Signed:
    """A transaction with the key that signs it, so that a changed one can be signed anew."""

    fields: Fields
    key: bytes

    @cached_property
    def raw(self) -> bytes:
        """The encoding that a block would hold."""
        return sign_transaction(self.fields, self.key).raw

    def but(self, **changes: Any) -> "Signed":
        """Return the transaction with other fields."""
        return Signed(fields=replace(self.fields, **changes), key=self.key)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What an engine runs."""

    name: str
    fork: str
    """As state tests spell it."""
    block: Block
    accounts: Mapping[bytes, Account]
    transactions: tuple[Signed, ...]
    split: bool = False
    """Whether the state is written after each transaction, as if it were a block of its own."""


def to_json(
    case: Case, root: bytes = bytes(32), logs: bytes = bytes(32), refused: str | None = None
) -> dict[str, Any]:
    """Return the case as a state test that expects this root, hash of logs or refusal."""
    last = case.transactions[-1]
    block = case.block
    return {
        case.name: {
            "env": {
                "currentNumber": hex(block.number),
                "currentTimestamp": hex(block.timestamp),
                "currentCoinbase": _hex(block.coinbase),
                "currentGasLimit": hex(block.gas_limit),
                "currentBaseFee": hex(block.base_fee),
                "currentDifficulty": hex(block.randao),
                "currentRandom": f"0x{block.randao:064x}",
                "currentExcessBlobGas": hex(block.excess_blob_gas),
            },
            "pre": {
                _hex(address): {
                    "balance": hex(account.balance),
                    "nonce": hex(account.nonce),
                    "code": _hex(account.code),
                    "storage": {hex(slot): hex(value) for slot, value in account.storage},
                }
                for address, account in case.accounts.items()
            },
            "split": case.split,
            "before": [
                {"transaction": _transaction(tx), "txbytes": _hex(tx.raw)}
                for tx in case.transactions[:-1]
            ],
            "transaction": _transaction(last),
            "post": {
                case.fork: [
                    {
                        "indexes": {"data": 0, "gas": 0, "value": 0},
                        "hash": _hex(root),
                        "logs": _hex(logs),
                        "txbytes": _hex(last.raw),
                        **({"expectException": refused} if refused else {}),
                    }
                ]
            },
        }
    }


def _transaction(tx: Signed) -> dict[str, Any]:
    fields = tx.fields
    made: dict[str, Any] = {
        "nonce": hex(fields.nonce),
        "gasLimit": [hex(fields.gas)],
        "to": _hex(fields.to) if fields.to else "",
        "value": [hex(fields.value)],
        "data": [_hex(fields.data)],
        "secretKey": _hex(tx.key),
    }
    if fields.type in (LEGACY, ACCESS_LIST):
        made["gasPrice"] = hex(fields.gas_price)
    else:
        made["maxFeePerGas"] = hex(fields.max_fee_per_gas)
        made["maxPriorityFeePerGas"] = hex(fields.max_priority_fee_per_gas)
    if fields.chain_id is not None:
        made["chainId"] = hex(fields.chain_id)
    if fields.type != LEGACY:
        made["accessLists"] = [
            [
                {"address": _hex(address), "storageKeys": [f"0x{slot:064x}" for slot in slots]}
                for address, slots in fields.access_list
            ]
        ]
    if fields.type == BLOB:
        made["maxFeePerBlobGas"] = hex(fields.max_fee_per_blob_gas)
        made["blobVersionedHashes"] = [_hex(each) for each in fields.blob_versioned_hashes]
    if fields.type == SET_CODE:
        made["authorizationList"] = [
            {
                "chainId": hex(entry.chain_id),
                "address": _hex(entry.address),
                "nonce": hex(entry.nonce),
                "yParity": hex(entry.y_parity),
                "r": hex(entry.r),
                "s": hex(entry.s),
            }
            for entry in fields.authorization_list
        ]
    return made


def from_json(tests: Mapping[str, Any]) -> Case:
    """Read what `to_json` made."""
    ((name, test),) = tests.items()
    (fork,) = test["post"]
    env = test["env"]
    given = [each["transaction"] for each in test.get("before", ())] + [test["transaction"]]
    return Case(
        name=name,
        fork=fork,
        block=Block(
            number=_number(env["currentNumber"]),
            timestamp=_number(env["currentTimestamp"]),
            coinbase=_data(env["currentCoinbase"]),
            gas_limit=_number(env["currentGasLimit"]),
            base_fee=_number(env["currentBaseFee"]),
            randao=_number(env["currentRandom"]),
            excess_blob_gas=_number(env["currentExcessBlobGas"]),
        ),
        accounts={
            _data(address): Account(
                balance=_number(account["balance"]),
                nonce=_number(account["nonce"]),
                code=_data(account["code"]),
                storage=tuple(
                    (_number(slot), _number(value)) for slot, value in account["storage"].items()
                ),
            )
            for address, account in test["pre"].items()
        },
        transactions=tuple(_signed(each) for each in given),
        split=test.get("split", False),
    )


def _signed(given: Mapping[str, Any]) -> Signed:
    kind = LEGACY
    for name, later in (
        ("accessLists", ACCESS_LIST),
        ("maxFeePerGas", DYNAMIC_FEE),
        ("maxFeePerBlobGas", BLOB),
        ("authorizationList", SET_CODE),
    ):
        kind = later if name in given else kind
    price = _number(given.get("gasPrice", given.get("maxFeePerGas")))
    fields = Fields(
        type=kind,
        chain_id=_number(given["chainId"]) if "chainId" in given else None,
        nonce=_number(given["nonce"]),
        gas=_number(given["gasLimit"][0]),
        to=_data(given["to"]),
        value=_number(given["value"][0]),
        data=_data(given["data"][0]),
        gas_price=price,
        max_fee_per_gas=price,
        max_priority_fee_per_gas=_number(given.get("maxPriorityFeePerGas", hex(price))),
        access_list=tuple(
            (_data(entry["address"]), tuple(_number(slot) for slot in entry["storageKeys"]))
            for entry in given.get("accessLists", [[]])[0]
        ),
        max_fee_per_blob_gas=_number(given.get("maxFeePerBlobGas", "0x0")),
        blob_versioned_hashes=tuple(_data(each) for each in given.get("blobVersionedHashes", ())),
        authorization_list=_authorizations(given.get("authorizationList", ())),
    )
    return Signed(fields=fields, key=_data(given["secretKey"]))


def _authorizations(given: Sequence[Mapping[str, str]]) -> tuple[Authorization, ...]:
    return tuple(
        Authorization(
            chain_id=_number(entry["chainId"]),
            address=_data(entry["address"]),
            nonce=_number(entry["nonce"]),
            y_parity=_number(entry["yParity"]),
            r=_number(entry["r"]),
            s=_number(entry["s"]),
        )
        for entry in given
    )


def write(
    path: Path,
    case: Case,
    root: bytes = bytes(32),
    logs: bytes = bytes(32),
    refused: str | None = None,
) -> None:
    """Write the case, and what it should come to, to a file of its own."""
    path.write_text(json.dumps(to_json(case, root, logs, refused), indent=1) + "\n", "utf-8")


def read(path: Path) -> Case:
    """Read a case that `write` wrote."""
    return from_json(json.loads(path.read_text("utf-8")))


def _hex(value: bytes) -> str:
    return "0x" + value.hex()


def _number(text: str) -> int:
    return int(text, 16)


def _data(text: str) -> bytes:
    return bytes.fromhex(text[2:])
