"""anvil_ and hardhat_: accounts, storage, the pool, dumps, and who this node is."""

import gzip
import zlib
from typing import Any, Final

import orjson

from ..encoding import keccak
from .codec import ADDRESS, BOOL, DATA, HASH, NUMBER, SLOT, Kind, hex_data
from .errors import InvalidParams
from .method import Method, Node, Param
from .results import Json

DUMP_BYTES_MAX: Final = 512 * 2**20


def impersonate(node: Node, address: bytes) -> bool:
    """Take transactions from this account without a signature."""
    node.chain.impersonate(address)
    return True


def stop_impersonating(node: Node, address: bytes) -> bool:
    """Take none any more."""
    node.chain.stop_impersonating(address)
    return True


def auto_impersonate(node: Node, enabled: bool) -> bool:
    """Take transactions from every account without a signature, or not."""
    node.chain.auto_impersonate = enabled
    return True


def set_balance(node: Node, address: bytes, wei: int) -> bool:
    """Set an account's balance."""
    node.chain.set_balance(address, wei)
    return True


def add_balance(node: Node, address: bytes, wei: int) -> bool:
    """Add to an account's balance."""
    balance = node.chain.state("latest").balance(address) + wei
    if balance >= 2**256:
        raise InvalidParams("wei: the balance would not fit 256 bits")
    node.chain.set_balance(address, balance)
    return True


def set_code(node: Node, address: bytes, code: bytes) -> bool:
    """Set an account's code."""
    node.chain.set_code(address, code)
    return True


def set_nonce(node: Node, address: bytes, nonce: int) -> bool:
    """Set an account's nonce."""
    if nonce >= 2**64:
        raise InvalidParams(f"nonce: {nonce} does not fit 64 bits")
    node.chain.set_nonce(address, nonce)
    return True


def set_storage(node: Node, address: bytes, slot: int, value: int) -> bool:
    """Set one word of an account's storage."""
    node.chain.set_storage(address, slot, value)
    return True


def drop_transaction(node: Node, tx_hash: bytes) -> bool:
    """Take a transaction out of the pool; false if it was not there."""
    return node.chain.drop_transaction(tx_hash)


def drop_all(node: Node) -> None:
    """Empty the pool."""
    node.chain.drop_all()


def dump_state(node: Node) -> str:
    """The whole state in anvil's format: gzip of JSON, as hex."""
    packed = orjson.dumps(node.chain.dump_state())
    return hex_data(gzip.compress(packed, mtime=0))


def load_state(node: Node, state: dict[str, Any]) -> bool:
    """Put the accounts of a dump over the present state."""
    return node.chain.load_state(state)


def _read_dump(value: Any, name: str) -> dict[str, Any]:
    data = DATA.read(value, name)
    try:
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
        text = unpacker.decompress(data, DUMP_BYTES_MAX) if data[:2] == b"\x1f\x8b" else data
    except zlib.error as error:
        raise InvalidParams(f"{name}: not gzip data: {error}") from None
    if data[:2] == b"\x1f\x8b" and not unpacker.eof:
        raise InvalidParams(f"{name}: cut short, or larger than {DUMP_BYTES_MAX} bytes")
    try:
        state = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidParams(f"{name}: no JSON in it: {error}") from None
    if not isinstance(state, dict):
        raise InvalidParams(f"{name}: no JSON object in it")
    return state


def set_logging(node: Node, enabled: bool) -> bool:
    """Have the node print the name of every method that is called, or not."""
    node.call_log.enabled = enabled
    return True


def node_info(node: Node) -> Json:
    """Head, fork and fees, in anvil's words."""
    head = node.chain.head
    return {
        "currentBlockNumber": hex(head.number),
        "currentBlockTimestamp": head.header.timestamp,
        "currentBlockHash": hex_data(head.hash),
        "hardFork": node.chain.fork_of(head.header).name,
        "transactionOrder": "fees",
        "environment": {
            "baseFee": hex(node.chain.base_fee()),
            "chainId": node.chain.chain_id,
            "gasLimit": head.header.gas_limit,
            "gasPrice": hex(node.chain.gas_price()),
        },
        "forkConfig": {"forkUrl": None, "forkBlockNumber": None, "forkRetryBackoff": None},
    }


def metadata(node: Node) -> Json:
    """Which node this is: its instance id changes with each start."""
    head = node.chain.head
    instance = keccak(node.instance + node.chain.genesis_hash)
    return {
        "clientVersion": node.chain.client_version,
        "chainId": node.chain.chain_id,
        "instanceId": hex_data(instance),
        "latestBlockNumber": head.number,
        "latestBlockHash": hex_data(head.hash),
        "forkedNetwork": None,
    }


_ADDRESS: Final = Param("address", ADDRESS)
_WEI: Final = Param("wei", NUMBER)

METHODS: Final = (
    Method(
        name="hardhat_impersonateAccount",
        run=impersonate,
        params=(_ADDRESS,),
        aliases=("anvil_impersonateAccount",),
    ),
    Method(
        name="hardhat_stopImpersonatingAccount",
        run=stop_impersonating,
        params=(_ADDRESS,),
        aliases=("anvil_stopImpersonatingAccount",),
    ),
    Method(
        name="anvil_autoImpersonateAccount",
        run=auto_impersonate,
        params=(Param("enabled", BOOL),),
        aliases=("hardhat_autoImpersonateAccount",),
    ),
    Method(
        name="hardhat_setBalance",
        run=set_balance,
        params=(_ADDRESS, _WEI),
        aliases=("anvil_setBalance", "anvil_deal", "evm_setAccountBalance"),
    ),
    Method(
        name="anvil_addBalance",
        run=add_balance,
        params=(_ADDRESS, _WEI),
        aliases=("hardhat_addBalance",),
    ),
    Method(
        name="hardhat_setCode",
        run=set_code,
        params=(_ADDRESS, Param("code", DATA)),
        aliases=("anvil_setCode", "evm_setAccountCode"),
    ),
    Method(
        name="hardhat_setNonce",
        run=set_nonce,
        params=(_ADDRESS, Param("nonce", NUMBER)),
        aliases=("anvil_setNonce", "evm_setAccountNonce"),
    ),
    Method(
        name="hardhat_setStorageAt",
        run=set_storage,
        params=(_ADDRESS, Param("slot", SLOT), Param("value", SLOT)),
        aliases=("anvil_setStorageAt", "evm_setAccountStorageAt"),
    ),
    Method(
        name="hardhat_dropTransaction",
        run=drop_transaction,
        params=(Param("transactionHash", HASH),),
        aliases=("anvil_dropTransaction",),
    ),
    Method(
        name="anvil_dropAllTransactions", run=drop_all, aliases=("hardhat_dropAllTransactions",)
    ),
    Method(name="anvil_dumpState", run=dump_state, aliases=("hardhat_dumpState",)),
    Method(
        name="anvil_loadState",
        run=load_state,
        params=(Param("state", Kind("data", _read_dump)),),
        aliases=("hardhat_loadState",),
    ),
    Method(
        name="hardhat_setLoggingEnabled",
        run=set_logging,
        params=(Param("enabled", BOOL),),
        aliases=("anvil_setLoggingEnabled",),
    ),
    Method(name="anvil_nodeInfo", run=node_info, aliases=("hardhat_nodeInfo",)),
    Method(name="hardhat_metadata", run=metadata, aliases=("anvil_metadata",), inline=True),
)
