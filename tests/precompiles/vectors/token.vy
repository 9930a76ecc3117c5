# pragma version 0.4.3
# A token that behaves as `mode` says. Anybody may mint, and set the mode: it is for tests.

GOOD: constant(uint256) = 0
RETURNS_NOTHING: constant(uint256) = 1
RETURNS_FALSE: constant(uint256) = 2
KEEPS_A_FEE: constant(uint256) = 3  # of one percent, from what arrives
CHARGES_THE_SENDER: constant(uint256) = 4  # one percent more than was named
CALLS_BACK: constant(uint256) = 5  # whatever is in `note`, before it moves anything
ANSWERS_SHORTLY: constant(uint256) = 6
REVERTS: constant(uint256) = 7
GIVES_MORE: constant(uint256) = 8  # one percent more than was named
HIDES_BALANCES: constant(uint256) = 9
CALLS_BACK_OR_FAILS: constant(uint256) = 10  # the same, and reverts with what the call does
FAILS_SILENTLY: constant(uint256) = 11

decimals: public(constant(uint8)) = 18

balances: HashMap[address, uint256]
allowance: public(HashMap[address, HashMap[address, uint256]])
mode: public(uint256)
target: public(address)
note: public(Bytes[1024])
reply: public(Bytes[1024])


@external
def mint(to: address, amount: uint256):
    self.balances[to] += amount


@external
def behave(mode: uint256, target: address, note: Bytes[1024]):
    self.mode = mode
    self.target = target
    self.note = note


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@view
@external
@raw_return
def balanceOf(owner: address) -> Bytes[64]:
    if self.mode == HIDES_BALANCES:
        return b"balance"
    return abi_encode(self.balances[owner])


@external
@raw_return
def transfer(to: address, amount: uint256) -> Bytes[64]:
    return self._move(msg.sender, to, amount)


@external
@raw_return
def transferFrom(owner: address, to: address, amount: uint256) -> Bytes[64]:
    self.allowance[owner][msg.sender] -= amount
    return self._move(owner, to, amount)


@internal
def _move(owner: address, to: address, amount: uint256) -> Bytes[64]:
    if self.mode == RETURNS_FALSE:
        return abi_encode(False)
    if self.mode == REVERTS:
        raise "this token says no"
    if self.mode == CALLS_BACK:
        success: bool = False
        success, self.reply = raw_call(
            self.target, self.note, max_outsize=1024, revert_on_failure=False
        )
    if self.mode == CALLS_BACK_OR_FAILS:
        raw_call(self.target, self.note)
    if self.mode == FAILS_SILENTLY:
        raw_revert(b"")
    taken: uint256 = amount
    given: uint256 = amount
    if self.mode == KEEPS_A_FEE:
        given = amount - amount // 100
    if self.mode == CHARGES_THE_SENDER:
        taken = amount + amount // 100
    if self.mode == GIVES_MORE:
        given = amount + amount // 100
    self.balances[owner] -= taken
    self.balances[to] += given
    if self.mode == RETURNS_NOTHING:
        return b""
    if self.mode == ANSWERS_SHORTLY:
        return b"\x01"
    return abi_encode(True)
