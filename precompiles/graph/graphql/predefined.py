"""Documents known by a number, so that a contract need not carry their text."""

DOCUMENTS = {
    0x0001: "{block{number timestamp parentHash gasLimit baseFeePerGas coinbase chainId}}",
    0x0002: "query($address:Address!)"
    "{account(address:$address){address balance transactionCount codeHash codeSize}}",
    0x0003: "query($first:Int!,$skip:Int=0)"
    "{registry{version count precompiles(first:$first skip:$skip){address name version family}}}",
    0x0004: "query($id:Bytes32!)"
    "{entityType(id:$id){id namespace name count columns{name kind indexed}}}",
    0x0005: "query($namespace:Address!,$id:Bytes32!)"
    "{session(namespace:$namespace id:$id){id latestEpoch}}",
    0x0006: "query($id:Bytes32!)"
    "{model(id:$id){id owner status kind adopted weightsRoot inputSize outputSize}}",
    0x1001: "query($id:Bytes32!)"
    "{feed(id:$id){id kind decimals latest{roundId answer observedAt updatedAt}}}",
    0x2001: "query($id:Bytes32!){pool(id:$id){id sqrtPriceX96 tick protocolFee lpFee liquidity}}",
}
"""From 1 of the chain and its precompiles, 0x1001 of oracles, 0x2001 of pools.

A number keeps its document for ever.
"""
