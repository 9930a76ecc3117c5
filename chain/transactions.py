"""Transactions of every type: decode, encode, hash, sign.

One flat value serves all five types; a field that a type lacks holds its neutral value. The
attribute names are those that py-evm's executors read, so a value goes straight into them.
Knows no state and no fork: whether a block may hold a transaction is `rules.py`'s question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from . import signatures
from .encoding import (
    DecodingError,
    Encodable,
    Item,
    any_bytes,
    any_list,
    bytes_to_int,
    decode,
    encode,
    fixed_bytes,
    int_to_bytes,
    item_size,
    keccak,
    list_payload,
    list_prefix,
)
from .errors import InvalidTransaction

LEGACY: Final = 0
ACCESS_LIST: Final = 1
DYNAMIC_FEE: Final = 2
BLOB: Final = 3
SET_CODE: Final = 4

GAS_PER_BLOB: Final = 2**17
SET_CODE_MAGIC: Final = b"\x05"
RAW_SIZE_MAX: Final = 128 * 1024
"""geth's pool limit for one transaction without its blobs."""

AccessList = tuple[tuple[bytes, tuple[int, ...]], ...]


@dataclass(frozen=True, kw_only=True)
class Authorization:
    """One EIP-7702 entry: `authority` lets the code at `address` run as its own."""

    chain_id: int
    address: bytes
    nonce: int
    y_parity: int
    r: int
    s: int

    @cached_property
    def authority(self) -> bytes | None:
        """The account that signed, or None where the signature is nobody's."""
        if self.s > signatures.SECP256K1_HALF_N:
            return None
        return signatures.recover(
            authorization_digest(self.chain_id, self.address, self.nonce),
            self.y_parity,
            self.r,
            self.s,
        )


def authorization_digest(chain_id: int, address: bytes, nonce: int) -> bytes:
    """Return what the authority of an EIP-7702 entry signs."""
    return keccak(SET_CODE_MAGIC + encode([int_to_bytes(chain_id), address, int_to_bytes(nonce)]))


@dataclass(frozen=True, kw_only=True)
class Fields:
    """What a sender decides: a transaction without its signature."""

    type: int
    chain_id: int | None
    nonce: int
    gas: int
    to: bytes
    """Twenty bytes, or none to create a contract."""
    value: int = 0
    data: bytes = b""
    gas_price: int = 0
    """Types 0 and 1. For the others it is the fee cap, as py-evm expects."""
    max_fee_per_gas: int = 0
    max_priority_fee_per_gas: int = 0
    access_list: AccessList = ()
    max_fee_per_blob_gas: int = 0
    blob_versioned_hashes: tuple[bytes, ...] = ()
    authorization_list: tuple[Authorization, ...] = ()

    @property
    def type_id(self) -> int:
        """The type, by py-evm's name for it."""
        return self.type

    @property
    def blob_gas(self) -> int:
        """Blob gas that a block spends on this transaction."""
        return GAS_PER_BLOB * len(self.blob_versioned_hashes)


@dataclass(frozen=True, kw_only=True)
class Transaction(Fields):
    """A transaction as it stands in a block."""

    v: int
    """The signature's first field as it is encoded: 27, 28 or EIP-155 for type 0."""
    y_parity: int
    r: int
    s: int
    sender: bytes
    raw: bytes
    """The encoding that the block commits to."""
    hash: bytes

    @property
    def is_impersonated(self) -> bool:
        """Whether a simulator made this up, for a sender whose key nobody here holds."""
        return self.s == 1 and self.r == int.from_bytes(self.sender, "big")

    def validate(self) -> None:
        """Satisfy py-evm's executors, which ask: everything was checked when we decoded."""


def _access_list(item: Item) -> AccessList:
    entries = []
    for index, entry in enumerate(any_list(item, "accessList")):
        address, slots = any_list(entry, f"accessList[{index}]", 2)
        entries.append(
            (
                fixed_bytes(address, 20, f"accessList[{index}].address"),
                tuple(
                    int.from_bytes(fixed_bytes(slot, 32, f"accessList[{index}].storageKeys"), "big")
                    for slot in any_list(slots, f"accessList[{index}].storageKeys")
                ),
            )
        )
    return tuple(entries)


def _authorizations(item: Item) -> tuple[Authorization, ...]:
    entries = []
    for index, entry in enumerate(any_list(item, "authorizationList")):
        name = f"authorizationList[{index}]"
        chain_id, address, nonce, y_parity, r, s = any_list(entry, name, 6)
        entries.append(
            Authorization(
                chain_id=bytes_to_int(chain_id, name=f"{name}.chainId"),
                address=fixed_bytes(address, 20, f"{name}.address"),
                nonce=bytes_to_int(nonce, size_max=8, name=f"{name}.nonce"),
                y_parity=bytes_to_int(y_parity, size_max=1, name=f"{name}.yParity"),
                r=bytes_to_int(r, name=f"{name}.r"),
                s=bytes_to_int(s, name=f"{name}.s"),
            )
        )
    return tuple(entries)


def _recipient(item: Item, *, may_create: bool) -> bytes:
    to = any_bytes(item, "to")
    if to == b"" and may_create:
        return to
    return fixed_bytes(to, 20, "to")


def decode_transaction(raw: bytes, sender: bytes | None = None) -> Transaction:
    """Read the block form of a transaction of any type.

    The sender is recovered from the signature, unless the caller has it from its own store.
    """
    try:
        if not raw:
            raise DecodingError("empty transaction")
        if raw[0] >= 0xC0:
            return _decode_legacy(raw, sender)
        if raw[0] > SET_CODE or raw[0] == 0:
            raise DecodingError(f"transaction type {raw[0]:#04x} not supported")
        return _decode_typed(raw, sender)
    except DecodingError as error:
        raise InvalidTransaction(str(error)) from None


def _decode_legacy(raw: bytes, sender: bytes | None) -> Transaction:
    fields = any_list(decode(raw), "transaction", 9)
    v = bytes_to_int(fields[6], name="v")
    if v in (27, 28):
        chain_id, y_parity = None, v - 27
    elif v >= 35:
        chain_id, y_parity = (v - 35) // 2, (v - 35) % 2
    else:
        raise DecodingError(f"v: {v} is no legacy signature")
    gas_price = bytes_to_int(fields[1], name="gasPrice")
    unsigned = Fields(
        type=LEGACY,
        chain_id=chain_id,
        nonce=bytes_to_int(fields[0], size_max=8, name="nonce"),
        gas=bytes_to_int(fields[2], size_max=8, name="gas"),
        to=_recipient(fields[3], may_create=True),
        value=bytes_to_int(fields[4], name="value"),
        data=any_bytes(fields[5], "data"),
        gas_price=gas_price,
        max_fee_per_gas=gas_price,
        max_priority_fee_per_gas=gas_price,
    )
    r, s = bytes_to_int(fields[7], name="r"), bytes_to_int(fields[8], name="s")
    if sender is None:
        sender = signatures.recover(_digest_of(raw, LEGACY, chain_id, fields), y_parity, r, s)
    return _signed_by(sender, unsigned, v, (y_parity, r, s), raw)


_FIELD_COUNTS: Final = {ACCESS_LIST: 11, DYNAMIC_FEE: 12, BLOB: 14, SET_CODE: 13}


def _decode_typed(raw: bytes, sender: bytes | None) -> Transaction:
    kind = raw[0]
    item = any_list(decode(raw[1:]), "transaction", _FIELD_COUNTS[kind])
    fields = iter(item[:-3])
    chain_id = bytes_to_int(next(fields), name="chainId")
    nonce = bytes_to_int(next(fields), size_max=8, name="nonce")
    priority_fee = bytes_to_int(
        next(fields), name="gasPrice" if kind == ACCESS_LIST else "maxPriorityFeePerGas"
    )
    fee_cap = (
        priority_fee if kind == ACCESS_LIST else bytes_to_int(next(fields), name="maxFeePerGas")
    )
    unsigned = Fields(
        type=kind,
        chain_id=chain_id,
        nonce=nonce,
        gas_price=fee_cap,
        max_fee_per_gas=fee_cap,
        max_priority_fee_per_gas=priority_fee,
        gas=bytes_to_int(next(fields), size_max=8, name="gas"),
        to=_recipient(next(fields), may_create=kind < BLOB),
        value=bytes_to_int(next(fields), name="value"),
        data=any_bytes(next(fields), "data"),
        access_list=_access_list(next(fields)),
        max_fee_per_blob_gas=(
            bytes_to_int(next(fields), name="maxFeePerBlobGas") if kind == BLOB else 0
        ),
        blob_versioned_hashes=(
            tuple(
                fixed_bytes(part, 32, "blobVersionedHashes")
                for part in any_list(next(fields), "blobVersionedHashes")
            )
            if kind == BLOB
            else ()
        ),
        authorization_list=_authorizations(next(fields)) if kind == SET_CODE else (),
    )
    y_parity = bytes_to_int(item[-3], size_max=1, name="yParity")
    if y_parity > 1:
        raise DecodingError(f"yParity: {y_parity} is neither 0 nor 1")
    r, s = bytes_to_int(item[-2], name="r"), bytes_to_int(item[-1], name="s")
    if sender is None:
        sender = signatures.recover(_digest_of(raw, kind, chain_id, item), y_parity, r, s)
    return _signed_by(sender, unsigned, y_parity, (y_parity, r, s), raw)


def _digest_of(raw: bytes, kind: int, chain_id: int | None, item: Sequence[Item]) -> bytes:
    """Return what the sender of a decoded transaction signed.

    That is `signing_digest`, but of the bytes at hand: an encoding is the only one of its fields.
    """
    signature = sum(item_size(any_bytes(part, "signature")) for part in item[-3:])
    payload = list_payload(raw, 0 if kind == LEGACY else 1)[:-signature]
    if kind != LEGACY:
        return keccak(raw[:1] + list_prefix(len(payload)) + payload)
    if chain_id is not None:  # EIP-155
        payload += encode(int_to_bytes(chain_id)) + b"\x80\x80"
    return keccak(list_prefix(len(payload)) + payload)


def _signed_by(
    sender: bytes | None, unsigned: Fields, v: int, signature: tuple[int, int, int], raw: bytes
) -> Transaction:
    if sender is None:
        raise InvalidTransaction("invalid sender: the signature recovers to no account")
    y_parity, r, s = signature
    tx = object.__new__(Transaction)
    # As `Transaction(...)`, which sets its 21 fields one by one through a check that it is frozen.
    tx.__dict__.update(unsigned.__dict__)
    tx.__dict__.update(v=v, y_parity=y_parity, r=r, s=s, sender=sender, raw=raw, hash=keccak(raw))
    return tx


def _payload(fields: Fields) -> list[Encodable]:
    """Return the signed fields in their order on the wire."""
    common: list[Encodable] = [
        int_to_bytes(fields.gas),
        fields.to,
        int_to_bytes(fields.value),
        fields.data,
    ]
    nonce = int_to_bytes(fields.nonce)
    if fields.type == LEGACY:
        return [nonce, int_to_bytes(fields.gas_price), *common]
    access_list: Encodable = [
        [address, [slot.to_bytes(32, "big") for slot in slots]]
        for address, slots in fields.access_list
    ]
    fees = (
        [int_to_bytes(fields.gas_price)]
        if fields.type == ACCESS_LIST
        else [int_to_bytes(fields.max_priority_fee_per_gas), int_to_bytes(fields.max_fee_per_gas)]
    )
    payload: list[Encodable] = [
        int_to_bytes(fields.chain_id or 0),
        nonce,
        *fees,
        *common,
        access_list,
    ]
    if fields.type == BLOB:
        payload += [int_to_bytes(fields.max_fee_per_blob_gas), list(fields.blob_versioned_hashes)]
    elif fields.type == SET_CODE:
        payload.append(
            [
                [
                    int_to_bytes(entry.chain_id),
                    entry.address,
                    int_to_bytes(entry.nonce),
                    int_to_bytes(entry.y_parity),
                    int_to_bytes(entry.r),
                    int_to_bytes(entry.s),
                ]
                for entry in fields.authorization_list
            ]
        )
    return payload


def signing_digest(fields: Fields) -> bytes:
    """Return the 32 bytes that the sender signs."""
    payload = _payload(fields)
    if fields.type == LEGACY:
        if fields.chain_id is not None:  # EIP-155
            payload += [int_to_bytes(fields.chain_id), b"", b""]
        return keccak(encode(payload))
    return keccak(bytes((fields.type,)) + encode(payload))


def encode_signed(fields: Fields, v: int, r: int, s: int) -> bytes:
    """Return the block form."""
    encoded = encode([*_payload(fields), int_to_bytes(v), int_to_bytes(r), int_to_bytes(s)])
    return encoded if fields.type == LEGACY else bytes((fields.type,)) + encoded


def sign_transaction(fields: Fields, private_key: bytes) -> Transaction:
    """Sign the fields with a key that this process holds."""
    y_parity, r, s = signatures.sign(signing_digest(fields), private_key)
    return _signed(fields, y_parity, r, s, signatures.address_of(private_key))


def impersonated(fields: Fields, sender: bytes) -> Transaction:
    """Make a transaction of an account whose key nobody here holds.

    The signature names the sender in place of a proof (r = the address, s = 1), so the hashes
    of two impersonated senders differ. No other node accepts it, and `decode_transaction`
    recovers somebody else: the store keeps the sender beside it.
    """
    return _signed(fields, 0, int.from_bytes(sender, "big"), 1, sender)


def _signed(fields: Fields, y_parity: int, r: int, s: int, sender: bytes) -> Transaction:
    v = y_parity
    if fields.type == LEGACY:
        v += 27 if fields.chain_id is None else 35 + 2 * fields.chain_id
    raw = encode_signed(fields, v, r, s)
    known: dict[str, Any] = {name: getattr(fields, name) for name in Fields.__dataclass_fields__}
    return Transaction(
        **known, v=v, y_parity=y_parity, r=r, s=s, sender=sender, raw=raw, hash=keccak(raw)
    )
