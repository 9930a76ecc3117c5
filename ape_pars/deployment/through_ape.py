"""Ape's networks and accounts, as the deployment asks for a node and for somebody who signs."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ape import accounts, networks
from ape.exceptions import ApeException
from eth_utils import to_checksum_address

from chain.errors import ChainError
from chain.remote import Remote
from chain.transactions import Fields
from precompiles.conformance.rpc import RefusedError, SilentError, payload

TEST_PREFIX = "TEST::"
"""Ape's own way to name an account of the development mnemonic by its number."""


@contextmanager
def connected(network: str, account: str) -> Iterator[Remote]:
    """Open a node by Ape's name for its network, with an account of Ape as the sender."""
    try:
        with networks.parse_network_choice(network) as provider:
            signer = loaded(account)
            sender = bytes.fromhex(str(signer.address)[2:])
            yield Remote(client(provider), sender=sender, sign=signing(provider, signer))
    except ApeException as error:
        raise ChainError(f"{network}: {error}") from None


def loaded(account: str) -> Any:
    """Return an account by its alias, or `TEST::0` for the first of the mnemonic."""
    if account.startswith(TEST_PREFIX):
        return accounts.test_accounts[int(account.removeprefix(TEST_PREFIX))]
    return accounts.load(account)


def client(provider: Any) -> Any:
    """Return what asks a provider's node."""

    def ask(method: str, *params: Any) -> Any:
        try:
            answer = provider.web3.provider.make_request(method, params)
        except OSError as error:
            raise SilentError(f"{method}: {error}") from None
        refusal = answer.get("error")
        if refusal is not None:
            raise RefusedError(refusal["code"], refusal["message"], payload(refusal))
        return answer["result"]

    return ask


def signing(provider: Any, account: Any) -> Callable[[Fields], bytes]:
    """Return how an account signs: Ape asks for its password, or a hardware wallet does."""

    def sign(fields: Fields) -> bytes:
        made = provider.network.ecosystem.create_transaction(
            type=fields.type,
            chainId=fields.chain_id,
            nonce=fields.nonce,
            maxPriorityFeePerGas=fields.max_priority_fee_per_gas,
            maxFeePerGas=fields.max_fee_per_gas,
            gas=fields.gas,
            to=to_checksum_address(fields.to),
            value=fields.value,
            data=fields.data,
        )
        signed = account.sign_transaction(made)
        if signed is None:
            raise ChainError("the account did not sign")
        return bytes(signed.serialize_transaction())

    return sign
