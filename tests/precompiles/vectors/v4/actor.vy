# pragma version 0.4.3
# Makes any calls to a pool manager in one unlock, and pays or takes what they come to.

interface Manager:
    def unlock(data: Bytes[16384]) -> Bytes[16384]: nonpayable
    def sync(currency: address): nonpayable
    def settle() -> uint256: payable
    def take(currency: address, to: address, amount: uint256): nonpayable
    def exttload(slot: bytes32) -> bytes32: view

interface Token:
    def transfer(to: address, amount: uint256) -> bool: nonpayable


@external
@payable
def __default__():
    pass


@external
@payable
def act(manager: Manager, calls: DynArray[Bytes[1024], 8], currencies: DynArray[address, 4]):
    extcall manager.unlock(abi_encode(calls, currencies))


@external
def unlockCallback(data: Bytes[16384]) -> Bytes[32]:
    calls: DynArray[Bytes[1024], 8] = []
    currencies: DynArray[address, 4] = []
    calls, currencies = abi_decode(data, (DynArray[Bytes[1024], 8], DynArray[address, 4]))
    for each: Bytes[1024] in calls:
        raw_call(msg.sender, each)
    manager: Manager = Manager(msg.sender)
    for currency: address in currencies:
        slot: bytes32 = keccak256(abi_encode(self, currency))
        delta: int256 = convert(staticcall manager.exttload(slot), int256)
        if delta > 0:
            extcall manager.take(currency, self, convert(delta, uint256))
        if delta < 0:
            owed: uint256 = convert(-delta, uint256)
            extcall manager.sync(currency)
            if currency == empty(address):
                extcall manager.settle(value=owed)
            else:
                extcall Token(currency).transfer(msg.sender, owed)
                extcall manager.settle()
    return b""
