"""Parameters of the light node's JSON-RPC, read strictly."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .errors import INVALID_PARAMS, RpcError

NEWEST = ("latest", "pending", "safe", "finalized")
DATA_MAX = 1 << 18
ADDRESSES_MAX = 64
CHOICES_MAX = 64
PERCENTILES_MAX = 100
_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})")
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")
_WORD = re.compile(r"0x[0-9a-fA-F]{0,64}")

Params = Sequence[Any]


def _bad(place: int | str, expected: str) -> RpcError:
    name = f"parameter {place}" if isinstance(place, int) else place
    return RpcError(INVALID_PARAMS, f"{name}: expected {expected}")


def _given(params: Params, place: int) -> Any:
    return params[place] if place < len(params) else None


def read_data(value: Any, name: int | str, size: int | None) -> bytes:
    """Return bytes, of this many where that is given."""
    if not isinstance(value, str) or len(value) > 2 + 2 * DATA_MAX or not _HEX.fullmatch(value):
        raise _bad(name, "hex data")
    found = bytes.fromhex(value[2:])
    if size is not None and len(found) != size:
        raise _bad(name, f"{size} bytes")
    return found


def data(params: Params, place: int, size: int | None) -> bytes:
    """Return bytes."""
    return read_data(_given(params, place), place, size)


def quantity(value: Any, name: int | str) -> int:
    """Return a number."""
    if not isinstance(value, str) or not _QUANTITY.fullmatch(value):
        raise _bad(name, "a hex quantity")
    return int(value, 16)


def boolean(params: Params, place: int) -> bool:
    """Return true or false; false where nothing is given."""
    value = _given(params, place)
    if value is not None and not isinstance(value, bool):
        raise _bad(place, "true or false")
    return bool(value)


def block(params: Params, place: int) -> int | bytes | None:
    """Return a block's number or hash; None for the newest."""
    return read_block(_given(params, place), place)


def read_block(value: Any, name: int | str) -> int | bytes | None:
    """Return a block's number or hash; None for the newest."""
    if isinstance(value, dict):
        value = value.get("blockHash", value.get("blockNumber"))
        if value is None:
            raise _bad(name, "blockHash or blockNumber")
    if value is None or value in NEWEST:
        return None
    if value == "earliest":
        return 0
    if isinstance(value, str) and len(value) == 66:
        return read_data(value, name, 32)
    number = quantity(value, name)
    if number >= 2**64:
        raise _bad(name, "a block")
    return number


def slot(params: Params, place: int) -> int:
    """Return a place in storage; short forms are allowed."""
    return _slot(_given(params, place), place)


def _slot(value: Any, place: int) -> int:
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise _bad(place, "a storage key")
    return int(value[2:] or "0", 16)


def slots(params: Params, place: int, most: int) -> list[int]:
    """Return places in storage, each once."""
    value = _given(params, place)
    if not isinstance(value, list) or len(value) > most:
        raise _bad(place, f"at most {most} storage keys")
    return list(dict.fromkeys(_slot(each, place) for each in value))


def call(params: Params) -> dict[str, Any]:
    """Return a transaction object; the machine reads its members."""
    value = _given(params, 0)
    if not isinstance(value, dict):
        raise _bad(0, "a transaction")
    return value


def fee_history(params: Params, most: int) -> tuple[int, list[float] | None]:
    """Return how many blocks, and which percentiles of their tips."""
    count = _given(params, 0)
    count = count if type(count) is int else quantity(count, 0)
    percentiles = _given(params, 2)
    if not 0 < count <= most * 4:
        raise _bad(0, f"1 to {most * 4} blocks")
    if percentiles is None or percentiles == []:
        return count, None
    if not isinstance(percentiles, list) or len(percentiles) > PERCENTILES_MAX:
        raise _bad(2, "percentiles")
    if any(type(each) not in (int, float) or not 0 <= each <= 100 for each in percentiles):
        raise _bad(2, "percentiles from 0 to 100")
    if percentiles != sorted(percentiles):
        raise _bad(2, "percentiles in their order")
    return count, percentiles


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which logs are wanted; None for a block is the newest."""

    first: int | None
    last: int | None
    block_hash: bytes | None
    addresses: tuple[bytes, ...]
    topics: tuple[tuple[bytes, ...], ...]
    """The choices for each place; none means any."""


def log_filter(params: Params) -> LogFilter:
    """Return which logs are wanted."""
    value = _given(params, 0)
    if not isinstance(value, dict):
        raise _bad(0, "a filter")
    block_hash = value.get("blockHash")
    ends = [read_block(value.get(name), name) for name in ("fromBlock", "toBlock")]
    if any(isinstance(each, bytes) for each in ends):
        raise _bad("fromBlock", "a number or a tag")
    if block_hash is not None and (value.get("fromBlock") or value.get("toBlock")):
        raise _bad("blockHash", "no fromBlock or toBlock beside it")
    topics = value.get("topics") or []
    if not isinstance(topics, list) or len(topics) > 4:
        raise _bad("topics", "at most 4 places")
    return LogFilter(
        first=ends[0],  # type: ignore[arg-type]  # bytes are refused above
        last=ends[1],  # type: ignore[arg-type]
        block_hash=None if block_hash is None else read_data(block_hash, "blockHash", 32),
        addresses=_choices(value.get("address"), "address", 20, ADDRESSES_MAX),
        topics=tuple(_choices(each, "topics", 32, CHOICES_MAX) for each in topics),
    )


def _choices(value: Any, name: str, size: int, most: int) -> tuple[bytes, ...]:
    """Return what may stand in a place; nothing means anything."""
    if value is None:
        return ()
    listed = value if isinstance(value, list) else [value]
    if len(listed) > most:
        raise _bad(name, f"at most {most} choices")
    return () if None in listed else tuple(read_data(each, name, size) for each in listed)
