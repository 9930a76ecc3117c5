"""The whole state as one JSON object, in anvil's format; read back from ours or anvil's."""

from collections.abc import Mapping
from typing import Any, Final

from . import trie
from .blocks import Block
from .encoding import bytes_to_int, decode
from .errors import InvalidRequest
from .state import EMPTY_CODE_HASH, World, decode_account

ACCOUNTS_MAX: Final = 1_000_000


def dump_state(nodes: trie.Nodes, root: bytes, head: Block) -> dict[str, Any]:
    """Return every account of a state."""
    accounts = {}
    for key, data in trie.items(nodes, root):
        account = decode_account(data)
        code = b"" if account.code_hash == EMPTY_CODE_HASH else nodes[account.code_hash]
        accounts["0x" + nodes[key].hex()] = {
            "nonce": account.nonce,
            "balance": hex(account.balance),
            "code": "0x" + code.hex(),
            "storage": {
                "0x" + nodes[slot].hex(): f"0x{bytes_to_int(decode(word)):064x}"
                for slot, word in trie.items(nodes, account.storage_root)
            },
        }
    header = head.header
    return {
        "block": {
            "number": hex(header.number),
            "beneficiary": "0x" + header.coinbase.hex(),
            "timestamp": hex(header.timestamp),
            "gas_limit": header.gas_limit,
            "basefee": header.base_fee_per_gas or 0,
            "difficulty": hex(header.difficulty),
            "prevrandao": "0x" + header.prev_randao.hex(),
        },
        "accounts": accounts,
        "best_block_number": hex(header.number),
    }


Accounts = dict[bytes, tuple[int, int, bytes, dict[int, int]]]
"""By address: nonce, balance, code, storage."""


def read_accounts(state: Mapping[str, Any]) -> Accounts:
    """Read the accounts of a dump; raise InvalidRequest naming what is wrong."""
    accounts = state.get("accounts") if isinstance(state, Mapping) else None
    if not isinstance(accounts, Mapping):
        raise InvalidRequest("state: no 'accounts' object in it")
    if len(accounts) > ACCOUNTS_MAX:
        raise InvalidRequest(f"state: more than {ACCOUNTS_MAX} accounts")
    found: Accounts = {}
    for key, entry in accounts.items():
        try:
            address = bytes.fromhex(key.removeprefix("0x"))
            if len(address) != 20:
                raise ValueError("not twenty bytes")
            storage = {_number(slot): _number(word) for slot, word in entry["storage"].items()}
            found[address] = (
                _number(entry["nonce"], bits=64),
                _number(entry["balance"]),
                bytes.fromhex(entry["code"].removeprefix("0x")),
                storage,
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise InvalidRequest(f"state: account {key}: {error!r}") from None
    return found


def _number(value: int | str, *, bits: int = 256) -> int:
    number = int(value, 16) if isinstance(value, str) else int(value)
    if not 0 <= number < 2**bits:
        raise ValueError(f"{value} does not fit {bits} bits")
    return number


def write_accounts(world: World, accounts: Accounts) -> None:
    """Put the accounts of a dump over those of a state."""
    for address, (nonce, balance, code, storage) in accounts.items():
        world.set_nonce(address, nonce)
        world.set_balance(address, balance)
        world.set_code(address, code)
        for slot, value in storage.items():
            world.set_storage(address, slot, value)
        world.end_transaction()
