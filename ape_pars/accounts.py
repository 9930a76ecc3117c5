"""The mnemonic's accounts, which sign with the chain's own code: a tenth of the time."""

from typing import Any

from ape.api.transactions import TransactionAPI
from ape.types.signatures import TransactionSignature
from ape_test.accounts import TestAccount

from chain.transactions import BLOB, sign_transaction

from .answers import fields_of


class ParsAccount(TestAccount):
    """One of them."""

    def sign_transaction(self, txn: TransactionAPI, **signer_options: Any) -> TransactionAPI | None:
        """Sign, as any account does; what lacks a field is left to say so to Ape's own code."""
        if txn.nonce is None or not isinstance(txn.gas_limit, int) or txn.type == BLOB:
            return super().sign_transaction(txn, **signer_options)
        signed = sign_transaction(fields_of(txn), bytes.fromhex(str(self.private_key)[2:]))
        txn.signature = TransactionSignature(
            v=signed.v, r=signed.r.to_bytes(32, "big"), s=signed.s.to_bytes(32, "big")
        )
        return txn
