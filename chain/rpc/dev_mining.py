"""evm_, anvil_ and hardhat_: snapshots, mining and time.

One row per deed; the names under which Hardhat, anvil and Ganache know it are aliases. Where two
of them differ in units under different names, the names are two rows.
"""

from typing import Any, Final

from .codec import ADDRESS, BOOL, NUMBER, SECONDS, Kind, read_number, read_slot
from .errors import InvalidParams
from .method import Method, Node, Param
from .parameters import member

MILLISECONDS: Final = 1000


def snapshot(node: Node) -> str:
    """Remember the whole chain; return the id to revert to."""
    return hex(node.chain.snapshot())


def revert(node: Node, snapshot_id: int) -> bool:
    """Go back to a snapshot, which uses it up; false if there is none."""
    return node.chain.revert(snapshot_id)


def reset(node: Node, _: dict[str, Any] | None) -> bool:
    """Go back to genesis. Forking another chain is not offered."""
    node.chain.reset()
    return True


def _read_reset(value: Any, name: str) -> None:
    if isinstance(value, dict) and value.get("forking") is None and not value.get("jsonRpcUrl"):
        return
    raise InvalidParams(f"{name}: forking is not offered; call without options")


def _read_mine(value: Any, name: str) -> dict[str, int | None]:
    if not isinstance(value, dict):
        return {"timestamp": read_number(value, name), "blocks": None}
    return {key: member(value, key, read_number, name) for key in ("timestamp", "blocks")}


def evm_mine(node: Node, options: dict[str, int | None]) -> str:
    """Mine a block, at a timestamp if one is given; `{timestamp, blocks}` mines several."""
    blocks = options.get("blocks")
    node.chain.mine(1 if blocks is None else blocks, timestamp=options.get("timestamp"))
    return "0x0"


def mine(node: Node, count: int, interval_seconds: int | None) -> None:
    """Mine blocks, with this many seconds between them if that is given."""
    node.chain.mine(count, interval_seconds=interval_seconds)


def increase_time(node: Node, seconds: int) -> int:
    """Move time forward by seconds; return the total difference to true time."""
    return node.chain.increase_time(seconds)


def set_time(node: Node, timestamp: int) -> int:
    """Make it this time now; return the difference to true time in seconds."""
    return node.chain.set_time(timestamp)


def set_next_timestamp(node: Node, timestamp: int) -> str:
    """Fix the timestamp of the next block; time goes on from there."""
    node.chain.set_next_timestamp(timestamp)
    return str(timestamp)


def set_timestamp_interval(node: Node, seconds: int) -> None:
    """Put this many seconds between the timestamps of blocks."""
    node.chain.set_timestamp_interval(seconds)


def remove_timestamp_interval(node: Node) -> bool:
    """Let timestamps follow the clock again; false if they did."""
    return node.chain.set_timestamp_interval(None)


def get_automine(node: Node) -> bool:
    """Whether each transaction is mined as it comes."""
    return node.chain.automine


def set_automine(node: Node, enabled: bool) -> bool:
    """Mine each transaction as it comes, or not."""
    node.chain.set_automine(enabled)
    return True


def set_interval_milliseconds(node: Node, interval: int) -> bool:
    """Mine a block every so many milliseconds, as Hardhat counts; 0 stops it."""
    node.chain.set_interval(interval / MILLISECONDS)
    return True


def set_interval_seconds(node: Node, interval: float) -> None:
    """Mine a block every so many seconds, as anvil counts; fractions are fine, 0 stops it."""
    node.chain.set_interval(interval)


def get_interval_seconds(node: Node) -> float | None:
    """Seconds between blocks, or null where none are mined by the clock."""
    return node.chain.interval_seconds or None


def set_block_gas_limit(node: Node, gas: int) -> bool:
    """Set the gas limit of the next blocks."""
    node.chain.set_block_gas_limit(gas)
    return True


def set_next_base_fee(node: Node, wei: int) -> bool:
    """Fix the base fee of the next block."""
    node.chain.set_next_base_fee(wei)
    return True


def set_min_gas_price(node: Node, wei: int) -> bool:
    """Refuse transactions that offer less from now on."""
    node.chain.set_min_gas_price(wei)
    return True


def set_coinbase(node: Node, address: bytes) -> bool:
    """Pay the tips of the next blocks to this account."""
    node.chain.set_coinbase(address)
    return True


def set_prev_randao(node: Node, value: bytes) -> bool:
    """Fix what PREVRANDAO gives in the next block."""
    node.chain.set_prev_randao(value)
    return True


def _read_word(value: Any, name: str) -> bytes:
    return read_slot(value, name).to_bytes(32, "big")


_SECONDS: Final = Param("seconds", NUMBER)
_TIMESTAMP: Final = Param("timestamp", NUMBER)
_WEI: Final = Param("wei", NUMBER)

METHODS: Final = (
    Method(name="evm_snapshot", run=snapshot, aliases=("anvil_snapshot", "hardhat_snapshot")),
    Method(
        name="evm_revert",
        run=revert,
        params=(Param("snapshotId", NUMBER),),
        aliases=("anvil_revert", "hardhat_revert"),
    ),
    Method(
        name="hardhat_reset",
        run=reset,
        params=(Param("options", Kind("object", _read_reset), None),),
        aliases=("anvil_reset",),
    ),
    Method(
        name="evm_mine",
        run=evm_mine,
        params=(Param("options", Kind("timestamp or object", _read_mine), {}),),
    ),
    Method(
        name="hardhat_mine",
        run=mine,
        params=(Param("count", NUMBER, 1), Param("intervalSeconds", NUMBER, None)),
        aliases=("anvil_mine",),
    ),
    Method(
        name="evm_increaseTime",
        run=increase_time,
        params=(_SECONDS,),
        aliases=("anvil_increaseTime",),
    ),
    Method(name="evm_setTime", run=set_time, params=(_TIMESTAMP,), aliases=("anvil_setTime",)),
    Method(
        name="evm_setNextBlockTimestamp",
        run=set_next_timestamp,
        params=(_TIMESTAMP,),
        aliases=("anvil_setNextBlockTimestamp",),
    ),
    Method(
        name="anvil_setBlockTimestampInterval",
        run=set_timestamp_interval,
        params=(_SECONDS,),
        aliases=("evm_setBlockTimestampInterval",),
    ),
    Method(
        name="anvil_removeBlockTimestampInterval",
        run=remove_timestamp_interval,
        aliases=("evm_removeBlockTimestampInterval",),
    ),
    Method(
        name="anvil_getAutomine", run=get_automine, aliases=("hardhat_getAutomine",), inline=True
    ),
    Method(
        name="evm_setAutomine",
        run=set_automine,
        params=(Param("enabled", BOOL),),
        aliases=("anvil_setAutomine", "hardhat_setAutomine"),
    ),
    Method(
        name="evm_setIntervalMining",
        run=set_interval_milliseconds,
        params=(Param("milliseconds", NUMBER),),
        aliases=("hardhat_setIntervalMining",),
    ),
    Method(
        name="anvil_setIntervalMining",
        run=set_interval_seconds,
        params=(Param("seconds", SECONDS),),
    ),
    Method(name="anvil_getIntervalMining", run=get_interval_seconds, inline=True),
    Method(
        name="evm_setBlockGasLimit",
        run=set_block_gas_limit,
        params=(Param("gas", NUMBER),),
        aliases=("anvil_setBlockGasLimit", "hardhat_setBlockGasLimit"),
    ),
    Method(
        name="hardhat_setNextBlockBaseFeePerGas",
        run=set_next_base_fee,
        params=(_WEI,),
        aliases=("anvil_setNextBlockBaseFeePerGas",),
    ),
    Method(
        name="hardhat_setMinGasPrice",
        run=set_min_gas_price,
        params=(_WEI,),
        aliases=("anvil_setMinGasPrice",),
    ),
    Method(
        name="hardhat_setCoinbase",
        run=set_coinbase,
        params=(Param("address", ADDRESS),),
        aliases=("anvil_setCoinbase",),
    ),
    Method(
        name="hardhat_setPrevRandao",
        run=set_prev_randao,
        params=(Param("value", Kind("word", _read_word)),),
        aliases=("anvil_setPrevRandao",),
    ),
)
