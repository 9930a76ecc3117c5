"""What transactions paid, and what the next one should offer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from .blocks import Block, Receipt
from .building import next_base_fee
from .errors import InvalidRequest
from .forks import Fork
from .headers import next_excess_blob_gas

TIP_DEFAULT: Final = 10**9
HISTORY_BLOCKS_MAX: Final = 1024
PERCENTILES_MAX: Final = 100


@dataclass(frozen=True, kw_only=True)
class FeeHistory:
    """The answer of eth_feeHistory."""

    oldest: int
    base_fees: list[int]
    gas_used_ratios: list[float]
    blob_base_fees: list[int]
    blob_gas_used_ratios: list[float]
    rewards: list[list[int]] | None


def next_fees(block: Block, fork: Fork, following: Fork) -> tuple[int, int]:
    """Return the base fee and the blob base fee of the block after this one."""
    header = block.header
    excess = next_excess_blob_gas(header, following)
    return next_base_fee(header, fork) or 0, following.blob_base_fee(excess)


def fee_history(
    blocks: Sequence[tuple[Block, tuple[Receipt, ...]]],
    percentiles: Sequence[float] | None,
    fork_of: Callable[[Block], Fork],
    following: Fork,
) -> FeeHistory:
    """Summarise neighbouring blocks, oldest first."""
    if percentiles is not None:
        check_percentiles(percentiles)
    newest = blocks[-1][0]
    base_fee_after, blob_fee_after = next_fees(newest, following, following)
    base_fees, blob_fees, ratios, blob_ratios = [], [], [], []
    for block, _ in blocks:
        header, fork = block.header, fork_of(block)
        base_fees.append(header.base_fee_per_gas or 0)
        blob_fees.append(fork.blob_base_fee(header.excess_blob_gas or 0))
        ratios.append(header.gas_used / header.gas_limit)
        blob_gas_max = fork.blob_gas_max
        blob_ratios.append((header.blob_gas_used or 0) / blob_gas_max if blob_gas_max else 0.0)
    return FeeHistory(
        oldest=blocks[0][0].number,
        base_fees=[*base_fees, base_fee_after],
        gas_used_ratios=ratios,
        blob_base_fees=[*blob_fees, blob_fee_after],
        blob_gas_used_ratios=blob_ratios,
        rewards=(
            None
            if percentiles is None
            else [_rewards(block, receipts, percentiles) for block, receipts in blocks]
        ),
    )


def check_percentiles(percentiles: Sequence[float]) -> None:
    """Refuse percentiles out of range or out of order."""
    if len(percentiles) > PERCENTILES_MAX:
        raise InvalidRequest(f"rewardPercentiles: over the query limit {PERCENTILES_MAX}")
    for index, value in enumerate(percentiles):
        if not 0 <= value <= 100:
            raise InvalidRequest(f"invalid reward percentile: {value}")
        if index and value <= percentiles[index - 1]:
            raise InvalidRequest(
                f"invalid reward percentile: #{index - 1}:{percentiles[index - 1]} >= "
                f"#{index}:{value}"
            )


def _rewards(block: Block, receipts: Sequence[Receipt], percentiles: Sequence[float]) -> list[int]:
    """Return the tips at percentiles of the block's gas, cheapest first."""
    if not receipts:
        return [0] * len(percentiles)
    base_fee = block.header.base_fee_per_gas or 0
    tips = sorted(
        (receipt.effective_gas_price - base_fee, receipt.gas_used) for receipt in receipts
    )
    result = []
    index, spent = 0, tips[0][1]
    for percentile in percentiles:
        threshold = int(block.header.gas_used * percentile / 100)
        while spent < threshold and index < len(tips) - 1:
            index += 1
            spent += tips[index][1]
        result.append(tips[index][0])
    return result
