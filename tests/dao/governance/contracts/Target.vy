# pragma version 0.4.3
# What proposals call: counts, takes money, fails, or calls something else in the middle of it.
count: public(uint256)
caller: public(address)
running: public(bool)
runningClass: public(uint256)

interface ITimelock:
    def executingClass() -> (bool, uint256): view


@external
@payable
def __default__():
    pass


@external
@payable
def add(amount: uint256):
    self.count += amount
    self.caller = msg.sender


@external
def fail(reason: String[64]):
    raise reason


@external
def note(timelock: address):
    self.running, self.runningClass = staticcall ITimelock(timelock).executingClass()


@external
def forward(to: address, data: Bytes[1024]):
    raw_call(to, data)
    self.count += 1


@external
def long() -> Bytes[2048]:
    self.count += 1
    return abi_encode(empty(uint256[64]))
