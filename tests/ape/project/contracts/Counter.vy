# pragma version 0.4.3
# SPDX-License-Identifier: MIT
# Everything that tests of a provider ask of a contract.

import limits

event Set:
    by: indexed(address)
    number: uint256

OWNER: public(immutable(address))
number: public(uint256)
values: DynArray[uint256, 4]


@deploy
def __init__(owner: address):
    assert owner != empty(address), "counter: no owner"
    OWNER = owner


@payable
@external
def __default__():
    pass


@external
def set(number: uint256) -> uint256:
    limits._check(number)
    before: uint256 = self.number
    self.number = number
    log Set(by=msg.sender, number=number)
    return before


@external
def set_as_owner(number: uint256):
    assert msg.sender == OWNER  # dev: not the owner
    self.number = number


@external
def subtract(number: uint256):
    self.number -= number


@external
def divide(number: uint256):
    self.number = 1000 // number


@external
def remainder(number: uint256):
    self.number = 1000 % number


@external
def multiply(number: uint256):
    self.number = 2 * number


@external
def narrow(number: uint256):
    self.number = convert(convert(number, uint8), uint256)


@external
def pick(number: uint256):
    self.number = self.values[number]


@external
def never(number: uint256):
    assert number < 5, UNREACHABLE


@external
def burn_gas():
    for index: uint256 in range(1_000_000):
        self.number = index


@view
@external
def now() -> uint256:
    return block.timestamp
