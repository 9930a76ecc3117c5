"""Where the randomness of a secret operation comes from when its caller gives none.

In an eth_call it is the operating system's. In a block there is none: every node must get the same
bytes, so they follow from the chain and the call, and whoever sees the call knows them. A chain
answers such operations in a block only when its genesis says that secrets are public.
"""

from hashlib import shake_256

from ..precompile import Call

DOMAIN = b"PARS-PQ-V1"
COUNTER_SLOT = 0
"""Of the entry's transient storage: how often it was asked in this transaction."""


def draw(call: Call, operation: bytes, size: int) -> bytes:
    """Return `size` bytes for an operation, whose name has at most 255 bytes.

    Writes transient storage in a block, so a method that draws is not a view.
    """
    if call.context.mode == "call":
        return call.context.random(size)
    count = call.host.load_transient(COUNTER_SLOT)
    call.host.store_transient(COUNTER_SLOT, count + 1)
    context = call.context
    known = (
        DOMAIN,
        bytes([len(operation)]) + operation,
        context.chain_id.to_bytes(32, "big"),
        context.parent_hash,
        context.block_number.to_bytes(32, "big"),
        context.origin,
        call.host.nonce(context.origin).to_bytes(32, "big"),
        call.caller,
        count.to_bytes(32, "big"),
        call.data,
    )
    return shake_256(b"".join(known)).digest(size)
