"""The forks of Ethereum that we execute, and when a chain reaches each.

A fork is py-evm's VM of that name plus what py-evm keeps elsewhere: its blob parameters, and
whether our precompiles answer. Later code asks `fork.since(LONDON)`, never for a name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from eth.vm.forks.arrow_glacier import ArrowGlacierVM
from eth.vm.forks.berlin import BerlinVM
from eth.vm.forks.byzantium import ByzantiumVM
from eth.vm.forks.cancun import CancunVM
from eth.vm.forks.constantinople import ConstantinopleVM
from eth.vm.forks.frontier import FrontierVM
from eth.vm.forks.gray_glacier import GrayGlacierVM
from eth.vm.forks.homestead import HomesteadVM
from eth.vm.forks.istanbul import IstanbulVM
from eth.vm.forks.london import LondonVM
from eth.vm.forks.muir_glacier import MuirGlacierVM
from eth.vm.forks.paris import ParisVM
from eth.vm.forks.petersburg import PetersburgVM
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.shanghai import ShanghaiVM
from eth.vm.forks.spurious_dragon import SpuriousDragonVM
from eth.vm.forks.tangerine_whistle import TangerineWhistleVM

from .osaka import OsakaVM
from .transactions import GAS_PER_BLOB

ETHER: Final = 10**18
BLOB_BASE_COST: Final = 2**13
"""Gas that a blob costs besides its own kind (EIP-7918)."""


@dataclass(frozen=True, kw_only=True)
class BlobSchedule:
    """How many blobs a block aims at and may hold, and how fast their price moves."""

    target: int
    max: int
    base_fee_update_fraction: int


@dataclass(frozen=True, kw_only=True)
class Fork:
    """One set of rules."""

    name: str
    """As genesis files spell it, without "Block" or "Time"."""
    index: int
    vm_class: type[Any]
    block_reward: int = 0
    blobs: BlobSchedule | None = None
    pars: bool = False

    def since(self, other: "Fork") -> bool:
        """Say whether the rules of `other` hold here too."""
        return self.index >= other.index

    @property
    def blob_gas_max(self) -> int:
        """Blob gas that a block may use."""
        return self.blobs.max * GAS_PER_BLOB if self.blobs else 0

    def blob_base_fee(self, excess_blob_gas: int) -> int:
        """Return the price of blob gas (EIP-4844)."""
        if self.blobs is None:
            return 0
        return fake_exponential(1, excess_blob_gas, self.blobs.base_fee_update_fraction)

    def excess_blob_gas(self, parent_excess: int, parent_used: int, parent_base_fee: int) -> int:
        """Return the excess that a block starts with, from its parent's figures (EIP-4844).

        From Osaka on a blob costs at least what the gas that it displaces would: where it is
        cheaper, the excess only rises (EIP-7918).
        """
        blobs = self.blobs
        if blobs is None:
            return 0
        following = parent_excess + parent_used - blobs.target * GAS_PER_BLOB
        if following < 0:
            return 0
        reserve = BLOB_BASE_COST * parent_base_fee
        if self.since(OSAKA) and reserve > GAS_PER_BLOB * self.blob_base_fee(parent_excess):
            rise = parent_used * (blobs.max - blobs.target) // blobs.max if parent_used else 0
            return parent_excess + rise
        return following


def fake_exponential(factor: int, numerator: int, denominator: int) -> int:
    """Return factor * e ** (numerator / denominator), by the sum that EIP-4844 gives."""
    i, output, accumulator = 1, 0, factor * denominator
    while accumulator > 0:
        output += accumulator
        accumulator = accumulator * numerator // (denominator * i)
        i += 1
    return output // denominator


_ORDER: Final = (
    ("frontier", FrontierVM, 5 * ETHER),
    ("homestead", HomesteadVM, 5 * ETHER),
    ("eip150", TangerineWhistleVM, 5 * ETHER),
    ("eip158", SpuriousDragonVM, 5 * ETHER),
    ("byzantium", ByzantiumVM, 3 * ETHER),
    ("constantinople", ConstantinopleVM, 2 * ETHER),
    ("petersburg", PetersburgVM, 2 * ETHER),
    ("istanbul", IstanbulVM, 2 * ETHER),
    ("muirGlacier", MuirGlacierVM, 2 * ETHER),
    ("berlin", BerlinVM, 2 * ETHER),
    ("london", LondonVM, 2 * ETHER),
    ("arrowGlacier", ArrowGlacierVM, 2 * ETHER),
    ("grayGlacier", GrayGlacierVM, 2 * ETHER),
    ("paris", ParisVM, 0),
    ("shanghai", ShanghaiVM, 0),
    ("cancun", CancunVM, 0),
    ("prague", PragueVM, 0),
    ("osaka", OsakaVM, 0),
)
BLOBS: Final = {
    "cancun": BlobSchedule(target=3, max=6, base_fee_update_fraction=3_338_477),
    "prague": BlobSchedule(target=6, max=9, base_fee_update_fraction=5_007_716),
    "osaka": BlobSchedule(target=6, max=9, base_fee_update_fraction=5_007_716),
    "bpo1": BlobSchedule(target=10, max=15, base_fee_update_fraction=8_346_193),
    "bpo2": BlobSchedule(target=14, max=21, base_fee_update_fraction=11_684_671),
}
"""The figures of the main chain's forks."""

FORKS: Final = {
    name: Fork(name=name, index=i, vm_class=vm, block_reward=reward, blobs=BLOBS.get(name))
    for i, (name, vm, reward) in enumerate(_ORDER)
}
FRONTIER: Final = FORKS["frontier"]
HOMESTEAD: Final = FORKS["homestead"]
TANGERINE_WHISTLE: Final = FORKS["eip150"]
SPURIOUS_DRAGON: Final = FORKS["eip158"]
BYZANTIUM: Final = FORKS["byzantium"]
ISTANBUL: Final = FORKS["istanbul"]
BERLIN: Final = FORKS["berlin"]
LONDON: Final = FORKS["london"]
PARIS: Final = FORKS["paris"]
SHANGHAI: Final = FORKS["shanghai"]
CANCUN: Final = FORKS["cancun"]
PRAGUE: Final = FORKS["prague"]
OSAKA: Final = FORKS["osaka"]
BPO1: Final = replace(OSAKA, name="bpo1", blobs=BLOBS["bpo1"])
BPO2: Final = replace(OSAKA, name="bpo2", blobs=BLOBS["bpo2"])
PARS: Final = replace(OSAKA, pars=True)
"""What chains 6133 and 6134 run: Osaka with our precompiles."""

BLOB_FORKS: Final = ("bpo1", "bpo2", "bpo3", "bpo4", "bpo5")
"""Forks that change blob figures alone (EIP-7892): the rules before them with other blobs."""

LATER_FORKS: Final = ("amsterdam",)
"""Forks whose headers we can carry, but whose blocks are executed as the fork before them."""


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """When a chain reaches each fork. Entries are in order; the last that is due holds."""

    by_block: Sequence[tuple[int, Fork]]
    by_time: Sequence[tuple[int, Fork]] = ()
    merge_block: int | None = None
    """First block under proof of stake, where the genesis names it."""
    terminal_total_difficulty: int | None = None

    def at(self, number: int, timestamp: int, *, merged: bool = True) -> Fork:
        """Return the rules of a block. `merged` says whether proof of stake has begun."""
        if merged:
            due = [fork for time, fork in self.by_time if time <= timestamp]
            return due[-1] if due else PARIS if self.by_block else FRONTIER
        return [fork for block, fork in self.by_block if block <= number][-1]
