# pragma version 0.4.3
# SPDX-License-Identifier: MIT
# Calls others: a counter, and two precompiles.

from ape_pars.interfaces import IMLDSA
from ape_pars.interfaces import IPoseidon

interface Counter:
    def set(amount: uint256) -> uint256: nonpayable

ML_DSA: constant(address) = 0x0000000000000000000000000000000000000602
POSEIDON: constant(address) = 0x0000000000000000000000000000000000000901


@external
def set(counter: address, number: uint256) -> uint256:
    return extcall Counter(counter).set(number)


@external
def try_to_set(counter: address, number: uint256):
    done: bool = raw_call(
        counter,
        abi_encode(number, method_id=method_id("set(uint256)")),
        revert_on_failure=False,
    )
    assert done, "caller: it would not"


@external
def hash(left: uint256, right: uint256) -> uint256:
    return staticcall IPoseidon(POSEIDON).hash(1, [left, right])


@external
def sign_badly() -> uint256:
    return len(staticcall IMLDSA(ML_DSA).sign(b"", b""))
