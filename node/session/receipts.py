"""Receipts: that a message of a session arrived, signed by who got it and by the relay."""

from collections.abc import Sequence

from ..crypto import SigningKey, verify
from .ids import receipt_id
from .merkle import merkle_root
from .records import Receipt, ReceiptCommit, SignedReceipt

RECEIPT_LABEL = b"pars/receipt/v1"
RELAY_LABEL = b"pars/receipt-relay/v1"


def make_receipt(
    key: SigningKey,
    *,
    session_id: bytes,
    step_index: int,
    message_hash: bytes,
    sender_id: bytes,
    receiver_id: bytes,
    now: int,
) -> Receipt:
    """Return a receipt that its receiver signs."""
    name = receipt_id(session_id, step_index, message_hash, sender_id, receiver_id)
    return Receipt(
        id=name,
        session_id=session_id,
        step_index=step_index,
        message_hash=message_hash,
        sender_id=sender_id,
        receiver_id=receiver_id,
        timestamp=now,
        signature=key.sign(_signed(name, now), RECEIPT_LABEL),
    )


def relay_receipt(key: SigningKey, receipt: Receipt, relay_node_id: bytes) -> SignedReceipt:
    """Return a receipt that a relay signs too."""
    signature = key.sign(receipt.id + relay_node_id, RELAY_LABEL)
    return SignedReceipt(receipt=receipt, relay_node_id=relay_node_id, relay_signature=signature)


def is_valid(receipt: Receipt, receiver_key: bytes) -> bool:
    """Tell whether the id is that of the fields and the receiver has signed."""
    name = receipt_id(
        receipt.session_id,
        receipt.step_index,
        receipt.message_hash,
        receipt.sender_id,
        receipt.receiver_id,
    )
    signed = _signed(name, receipt.timestamp)
    return name == receipt.id and verify(receiver_key, signed, receipt.signature, RECEIPT_LABEL)


def is_relayed(receipt: SignedReceipt, receiver_key: bytes, relay_key: bytes) -> bool:
    """Tell whether receiver and relay have signed."""
    signed = receipt.receipt.id + receipt.relay_node_id
    return is_valid(receipt.receipt, receiver_key) and verify(
        relay_key, signed, receipt.relay_signature, RELAY_LABEL
    )


def commit(receipts: Sequence[Receipt], session_id: bytes, epoch: int, now: int) -> ReceiptCommit:
    """Return the commit of a session's receipts, in their order."""
    if any(receipt.session_id != session_id for receipt in receipts):
        raise ValueError("receipt: of another session")
    return ReceiptCommit(
        session_id=session_id,
        merkle_root=merkle_root([receipt.id for receipt in receipts]),
        receipt_count=len(receipts),
        epoch=epoch,
        committed_at=now,
    )


def _signed(name: bytes, time: int) -> bytes:
    return name + time.to_bytes(8, "big", signed=True)
