"""Where the randomness of a secret operation comes from when its caller gives none.

Under `call-only` the operation answers in an eth_call alone, and draws from the operating system.
Under `public-test` every node must get the same bytes, so they follow from the chain and the call,
in an eth_call too: whoever sees the call can compute them, and nothing made of them is a secret.
"""

from hashlib import shake_256

from .. import abi
from ..backends.keccak import keccak256
from ..precompile import Call

DOMAIN = b"PARS-PQ-V1"
COUNTER_SLOT = 0
"""Of the entry's transient storage: how often it was asked in this transaction."""

PUBLIC_RANDOMNESS = abi.event("PublicRandomness(bytes4 indexed operation, bytes32 indexed digest)")
"""Something was made of randomness that everybody can compute. The digest is the Keccak-256 of the
public key or of the ciphertext: a wallet must refuse it."""


def draw(call: Call, operation: bytes, size: int, end: int | None = None) -> bytes:
    """Return `size` bytes for an operation, whose name has at most 255 bytes.

    `end` is where the arguments end: words that Vyper leaves behind them must change nothing.
    A static frame reads the counter and leaves it, so two draws in static frames are equal.
    """
    context = call.context
    if context.secret_ops == "call-only":
        return context.random(size)
    count = call.host.load_transient(COUNTER_SLOT)
    if not call.static:
        call.host.store_transient(COUNTER_SLOT, count + 1)
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
        call.data[:end],
    )
    return shake_256(b"".join(known)).digest(size)


def flag(call: Call, made: bytes) -> None:
    """Log that this public key or ciphertext was made in public. A static frame has no logs."""
    if call.context.secret_ops == "public-test" and not call.static:
        call.host.emit(*PUBLIC_RANDOMNESS.log(call.data[:4], keccak256(made)))
