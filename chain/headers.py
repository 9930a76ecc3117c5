"""Whether a block made elsewhere may follow its parent: all that can be said without running it.

Proof-of-work seals are not checked: no block of a chain that matters to a simulator has one that
costs anything. The difficulty itself, and the blocks' ommers, are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

from .blocks import EMPTY_OMMERS, Block, Header
from .building import BLOCK_SIZE_MAX, next_base_fee
from .encoding import encode_list, keccak
from .errors import InvalidBlock
from .forks import CANCUN, LATER_FORKS, LONDON, OSAKA, PARIS, PRAGUE, SHANGHAI, Fork
from .transactions import GAS_PER_BLOB

EXTRA_DATA_SIZE_MAX: Final = 32
GAS_LIMIT_MIN: Final = 5000
GAS_LIMIT_MAX: Final = 2**63 - 1
GAS_LIMIT_DIVISOR: Final = 1024
OMMERS_MAX: Final = 2
OMMER_DEPTH_MAX: Final = 6


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a header shall stand."""

    parent: Header
    fork: Fork
    parent_fork: Fork
    equal_timestamps: bool = False
    """Whether neighbours may share a second, as blocks of less than one do."""


def fail(header: Header, field: str, reason: str) -> InvalidBlock:
    """Return the error that names block, field and reason."""
    return InvalidBlock(f"block {header.number}: {field}: {reason}")


def check_header(header: Header, place: Place) -> None:
    """Check a header against its parent's; raise InvalidBlock."""
    parent, fork = place.parent, place.fork
    if header.number != parent.number + 1:
        raise fail(header, "number", f"{parent.number + 1} expected")
    if header.parent_hash != parent.hash:
        raise fail(
            header, "parent_hash", f"0x{header.parent_hash.hex()} is not 0x{parent.hash.hex()}"
        )
    if header.timestamp < parent.timestamp + (not place.equal_timestamps):
        raise fail(
            header, "timestamp", f"{header.timestamp} is not after the parent's {parent.timestamp}"
        )
    if len(header.extra_data) > EXTRA_DATA_SIZE_MAX:
        raise fail(header, "extra_data", f"{len(header.extra_data)} bytes, 32 are allowed")
    _check_gas_limit(header, place)
    if header.gas_used > header.gas_limit:
        raise fail(header, "gas_used", f"{header.gas_used} is above the limit {header.gas_limit}")
    base_fee = next_base_fee(parent, fork)
    if header.base_fee_per_gas != base_fee:
        raise fail(header, "base_fee_per_gas", f"{header.base_fee_per_gas} is not {base_fee}")
    _check_presence(header, fork)
    if header.difficulty == 0:
        for field, empty in (("nonce", bytes(8)), ("ommers_hash", EMPTY_OMMERS)):
            if getattr(header, field) != empty:
                raise fail(header, field, "not empty, under proof of stake")
    else:
        _check_difficulty(header, place)
    if fork.since(CANCUN):
        _check_blobs(header, place)


def _check_gas_limit(header: Header, place: Place) -> None:
    # The first block with a base fee doubles the limit, whose half is then the target.
    doubled = place.fork.since(LONDON) and not place.parent_fork.since(LONDON)
    previous = place.parent.gas_limit * (2 if doubled else 1)
    step = previous // GAS_LIMIT_DIVISOR
    if not GAS_LIMIT_MIN <= header.gas_limit <= GAS_LIMIT_MAX:
        raise fail(header, "gas_limit", f"{header.gas_limit} is out of range")
    if abs(header.gas_limit - previous) >= max(step, 1) and header.gas_limit != previous:
        raise fail(
            header, "gas_limit", f"{header.gas_limit} is {step} or more away from {previous}"
        )


def _check_presence(header: Header, fork: Fork) -> None:
    for field, first in (
        ("withdrawals_root", SHANGHAI),
        ("blob_gas_used", CANCUN),
        ("excess_blob_gas", CANCUN),
        ("parent_beacon_block_root", CANCUN),
        ("requests_hash", PRAGUE),
    ):
        present = getattr(header, field) is not None
        if present != fork.since(first):
            raise fail(header, field, f"{'present' if present else 'missing'} in {fork.name}")
    if header.later and fork.name not in LATER_FORKS:
        raise fail(header, "header", f"more fields than {fork.name} knows")


def _check_difficulty(header: Header, place: Place) -> None:
    parent = SimpleNamespace(
        difficulty=place.parent.difficulty,
        timestamp=place.parent.timestamp,
        block_number=place.parent.number,
        uncles_hash=place.parent.ommers_hash,
    )
    expected = place.fork.vm_class.compute_difficulty(parent, header.timestamp)
    if header.difficulty != expected:
        raise fail(header, "difficulty", f"{header.difficulty} is not {expected}")


def _check_blobs(header: Header, place: Place) -> None:
    used, blobs = header.blob_gas_used or 0, place.fork.blobs
    blob_gas_max = blobs.max * GAS_PER_BLOB if blobs is not None else 0
    if used > blob_gas_max:
        raise fail(header, "blob_gas_used", f"{used} is above {blob_gas_max}")
    if used % GAS_PER_BLOB:
        raise fail(header, "blob_gas_used", f"{used} is not a number of blobs")
    excess = next_excess_blob_gas(place.parent, place.fork)
    if header.excess_blob_gas != excess:
        raise fail(header, "excess_blob_gas", f"{header.excess_blob_gas} is not {excess}")


def next_excess_blob_gas(parent: Header, fork: Fork) -> int:
    """Return the excess of blob gas that follows from the parent."""
    return fork.excess_blob_gas(
        parent.excess_blob_gas or 0, parent.blob_gas_used or 0, parent.base_fee_per_gas or 0
    )


def check_merge(
    header: Header, parent: Header, total_difficulty: int, terminal: int | None
) -> None:
    """Check which consensus made the block. `total_difficulty` includes the parent."""
    if parent.difficulty == 0:
        if header.difficulty:
            raise fail(header, "difficulty", f"{header.difficulty} after the merge, 0 expected")
        return
    reached = terminal is not None and total_difficulty >= terminal
    if reached and header.difficulty:
        raise fail(header, "difficulty", "the terminal total difficulty is reached, 0 expected")
    if not reached and not header.difficulty:
        raise fail(header, "difficulty", "0 before the terminal total difficulty is reached")


def check_body(
    block: Block, fork: Fork, recent: Sequence[Block], forks: Mapping[bytes, Fork]
) -> None:
    """Check a block's parts. `recent` are its ancestors, parent first, with their `forks`.

    They are needed where there are ommers. Roots are compared when the block has been run.
    """
    header = block.header
    if fork.since(OSAKA) and block.size > BLOCK_SIZE_MAX:
        raise fail(header, "size", f"{block.size} bytes, {BLOCK_SIZE_MAX} are allowed")
    if (block.withdrawals is None) != (header.withdrawals_root is None):
        raise fail(header, "withdrawals_root", "the block's withdrawals do not belong to it")
    if header.ommers_hash != keccak(encode_list([ommer.encode() for ommer in block.ommers])):
        raise fail(header, "ommers_hash", "not the hash of the ommers")
    if block.ommers and fork.since(PARIS):
        raise fail(header, "ommers", "there are none under proof of stake")
    if len(block.ommers) > OMMERS_MAX:
        raise fail(header, "ommers", f"{len(block.ommers)} of them, {OMMERS_MAX} are allowed")
    ancestors = {each.hash: each for each in recent}
    known = {ommer.hash for each in recent[:OMMER_DEPTH_MAX] for ommer in each.ommers}
    for ommer in block.ommers:
        if ommer.hash in ancestors:
            raise fail(header, "ommers", f"0x{ommer.hash.hex()} is an ancestor")
        if ommer.hash in known:
            raise fail(header, "ommers", f"0x{ommer.hash.hex()} was named already")
        known.add(ommer.hash)
        above = ancestors.get(ommer.parent_hash)
        if above is None or ommer.parent_hash == header.parent_hash:
            raise fail(header, "ommers", f"0x{ommer.hash.hex()} descends from no recent ancestor")
        parent_fork = forks[above.hash]
        # An ommer stands at the height of an ancestor, whose rules are its own too.
        its_fork = next(forks[each.hash] for each in recent if each.number == above.number + 1)
        check_header(ommer, Place(parent=above.header, fork=its_fork, parent_fork=parent_fork))
