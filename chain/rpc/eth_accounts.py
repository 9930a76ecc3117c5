"""eth_: transactions in, and signatures by the accounts of this node."""

from dataclasses import replace
from typing import Any, Final

import orjson
from eth_account.messages import SignableMessage, encode_defunct, encode_typed_data

from .. import signatures
from ..calls import CallRequest
from ..encoding import keccak
from ..transactions import ACCESS_LIST, BLOB, DYNAMIC_FEE, LEGACY, SET_CODE
from .codec import ADDRESS, DATA, Kind, hex_data, read_object
from .errors import InvalidParams
from .method import Method, Node, Param
from .parameters import TRANSACTION, TransactionObject
from .results import Json, fields_json, signed_json

NEEDED: Final = {
    BLOB: ("blob_versioned_hashes", "blobVersionedHashes"),
    SET_CODE: ("authorization_list", "authorizationList"),
}


def typed_request(node: Node, given: TransactionObject) -> CallRequest:
    """Return a request of the type that the client named, or of the one that its fields imply."""
    request, kind = given.request, given.type
    if request.sender is None:
        raise InvalidParams("transaction.from: missing")
    if kind is None or kind == request.type:
        return request
    if kind > SET_CODE:
        raise InvalidParams(f"transaction.type: {kind:#x} is no transaction type")
    if kind in NEEDED:
        attribute, name = NEEDED[kind]
        if getattr(request, attribute) is None:
            raise InvalidParams(f"transaction.{name}: missing, and type {kind:#x} needs it")
    if kind in (LEGACY, ACCESS_LIST) and request.type in (DYNAMIC_FEE, LEGACY, ACCESS_LIST):
        if request.max_fee_per_gas is not None or request.max_priority_fee_per_gas is not None:
            raise InvalidParams(f"transaction.maxFeePerGas: not in type {kind:#x}; use gasPrice")
        if kind == LEGACY and request.access_list:
            raise InvalidParams("transaction.accessList: not in type 0x0")
        price = node.chain.gas_price() if request.gas_price is None else request.gas_price
        access_list = None if kind == LEGACY else request.access_list or ()
        return replace(request, gas_price=price, access_list=access_list)
    raise InvalidParams(
        f"transaction.type: {kind:#x} does not fit the fields, which make it {request.type:#x}"
    )


def send_raw_transaction(node: Node, raw: bytes) -> str:
    """Take a signed transaction; return its hash. Blob transactions come in network form."""
    return hex_data(node.chain.send_raw(raw))


def send_transaction(node: Node, given: TransactionObject) -> str:
    """Sign a transaction as an account of this node, and take it; return its hash."""
    return hex_data(node.chain.send(typed_request(node, given)))


def sign_transaction(node: Node, given: TransactionObject) -> Json:
    """Sign a transaction as an account of this node; return it encoded and as an object."""
    tx = node.chain.sign_transaction(typed_request(node, given))
    return {"raw": hex_data(tx.raw), "tx": {"hash": hex_data(tx.hash)} | signed_json(tx)}


def fill_transaction(node: Node, given: TransactionObject) -> Json:
    """Fill in nonce, gas and fees; return the transaction unsigned."""
    fields, _ = node.chain.fill(typed_request(node, given))
    return {"tx": fields_json(fields)}


def _signature(node: Node, address: bytes, message: SignableMessage) -> str:
    digest = keccak(b"\x19" + message.version + message.header + message.body)
    y_parity, r, s = signatures.sign(digest, node.chain.key_of(address))
    return hex_data(r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes((27 + y_parity,)))


def sign(node: Node, address: bytes, message: bytes) -> str:
    """Sign a message with Ethereum's prefix (EIP-191)."""
    return _signature(node, address, encode_defunct(message))


def personal_sign(node: Node, message: bytes, address: bytes) -> str:
    """Sign a message with Ethereum's prefix: `eth_sign` with its parameters exchanged."""
    return sign(node, address, message)


def read_typed_data(value: Any, name: str) -> SignableMessage:
    """Read an EIP-712 message: an object, or, as most wallets send it, its JSON text."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError as error:
            raise InvalidParams(f"{name}: the text is no JSON: {error}") from None
    data = read_object(value, name)
    for key in ("types", "primaryType", "domain", "message"):
        if key not in data:
            raise InvalidParams(f"{name}.{key}: missing")
    try:
        return encode_typed_data(full_message=data)
    except Exception as error:  # The library raises whatever its look-ups raise.
        raise InvalidParams(f"{name}: not EIP-712 data: {error}") from None


def sign_typed_data(node: Node, address: bytes, message: SignableMessage) -> str:
    """Sign structured data (EIP-712)."""
    return _signature(node, address, message)


_TRANSACTION: Final = Param("transaction", TRANSACTION)
_ADDRESS: Final = Param("address", ADDRESS)
_MESSAGE: Final = Param("message", DATA)
_TYPED_DATA: Final = Param("typedData", Kind("typed data", read_typed_data))

METHODS: Final = (
    Method(
        name="eth_sendRawTransaction",
        run=send_raw_transaction,
        quick=True,
        params=(Param("transaction", DATA),),
    ),
    Method(name="eth_sendTransaction", run=send_transaction, params=(_TRANSACTION,)),
    Method(name="eth_signTransaction", run=sign_transaction, params=(_TRANSACTION,)),
    Method(name="eth_fillTransaction", run=fill_transaction, params=(_TRANSACTION,)),
    Method(name="eth_sign", run=sign, params=(_ADDRESS, _MESSAGE)),
    Method(name="personal_sign", run=personal_sign, params=(_MESSAGE, _ADDRESS)),
    Method(
        name="eth_signTypedData_v4",
        run=sign_typed_data,
        params=(_ADDRESS, _TYPED_DATA),
        aliases=("eth_signTypedData",),
    ),
)
