# pragma version ~=0.4.3
"""
@title What the client tests deploy: state, an event, and every way to fail.
@license MIT
"""

event Noted:
    author: indexed(address)
    number: uint256
    text: String[64]

POSEIDON: constant(address) = 0x0000000000000000000000000000000000000901

notes: public(HashMap[address, uint256])
total: public(uint256)


@external
def note(number: uint256, text: String[64]):
    assert number != 0, "number is zero"
    self.notes[msg.sender] = number
    self.total += number
    log Noted(author=msg.sender, number=number, text=text)


@external
@payable
def deposit():
    pass


@external
@view
def overflow() -> uint256:
    return max_value(uint256) + self.total + 1


@external
@view
def unreachable():
    raise "always"


@external
@view
def call_poseidon(data: Bytes[256]) -> Bytes[32]:
    return raw_call(POSEIDON, data, max_outsize=32, is_static_call=True)
