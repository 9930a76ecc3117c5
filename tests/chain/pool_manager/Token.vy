# pragma version 0.4.3
# A token that may misbehave: it returns nothing, or false, or keeps a fee, or calls its caller
# back, or fails.

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

PLAIN: constant(uint256) = 0
SILENT: constant(uint256) = 1
REFUSING: constant(uint256) = 2
TAXED: constant(uint256) = 3
REENTRANT: constant(uint256) = 4
FAILING: constant(uint256) = 5
TALKATIVE: constant(uint256) = 6

mode: public(uint256)
entered: bool
balanceOf: public(HashMap[address, uint256])


@external
def become(mode: uint256):
    self.mode = mode


@external
def mint(receiver: address, amount: uint256):
    self.balanceOf[receiver] += amount


@external
@raw_return
def transfer(receiver: address, amount: uint256) -> Bytes[64]:
    mode: uint256 = self.mode
    if mode == REFUSING:
        return abi_encode(False)
    if mode == FAILING:
        raise "no"
    if mode == REENTRANT and not self.entered:
        self.entered = True
        # What a hostile token would like: to be credited, or to have the next payment credited.
        raw_call(msg.sender, abi_encode(self, method_id=method_id("sync(address)")))
        success: bool = raw_call(
            msg.sender,
            abi_encode(self, self, amount, method_id=method_id("take(address,address,uint256)")),
            revert_on_failure=False,
        )
        self.entered = False
    self.balanceOf[msg.sender] -= amount
    self.balanceOf[receiver] += amount - (amount // 100 if mode == TAXED else 0)
    log Transfer(sender=msg.sender, receiver=receiver, amount=amount)
    if mode == SILENT:
        return b""
    if mode == TALKATIVE:
        return abi_encode(True, amount)
    return abi_encode(True)
