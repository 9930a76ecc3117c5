# pragma version 0.4.3
# Counts its calls, and lets a dynamic fee grow with them. Asked "who", it wants to know who asks.

struct PoolKey:
    currency0: address
    currency1: address
    fee: uint24
    tickSpacing: int24
    hooks: address

struct SwapParams:
    zeroForOne: bool
    amountSpecified: int256
    sqrtPriceLimitX96: uint160

interface Asking:
    def msgSender() -> address: view

calls: public(uint256)
expected: public(address)


@external
def beforeSwap(
    sender: address, key: PoolKey, params: SwapParams, data: Bytes[64]
) -> (bytes4, uint256, uint24):
    self.calls += 1
    if data == b"who":
        assert staticcall Asking(sender).msgSender() == self.expected, "somebody else"
    fee: uint24 = convert(self.calls * 1000, uint24)
    return 0x575e24b4, 0, fee | 4194304


@external
def afterSwap(
    sender: address, key: PoolKey, params: SwapParams, delta: int256, data: Bytes[64]
) -> (bytes4, uint256):
    self.calls += 1
    return 0xb47b2fb1, 0
