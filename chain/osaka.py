"""Osaka's instruction, on top of py-evm, which ends at Prague.

The rest of the fork is elsewhere: what a transaction may be (`rules`), what a block may be
(`headers`, `building`), how blobs are priced (`forks`), and the precompiles.
"""

from typing import Any, Final

from eth.constants import GAS_LOW
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState
from eth.vm.opcode import as_opcode

CLZ: Final = 0x1E


def count_leading_zeros(computation: Any) -> None:
    """Replace a word by the number of zero bits above its highest one (EIP-7939)."""
    computation.stack_push_int(256 - computation.stack_pop1_int().bit_length())


class OsakaComputation(PragueComputation):
    """Prague's instructions, and CLZ."""

    opcodes = {  # noqa: RUF012 - py-evm's way
        **PragueComputation.opcodes,
        CLZ: as_opcode(logic_fn=count_leading_zeros, mnemonic="CLZ", gas_cost=GAS_LOW),
    }


class OsakaState(PragueState):
    """A state whose frames know CLZ."""

    computation_class = OsakaComputation


class OsakaVM(PragueVM):
    """What names the above, as py-evm wants it."""

    fork = "osaka"
    _state_class = OsakaState
