"""A wallet for PARS: one secp256k1 key, and the transfers that it signs.

What is signed is an EIP-1559 transaction for chain 6133 or 6134. The key never leaves the daemon;
it is made from a seed of the account's, and is no part of the account's id.
"""

from dataclasses import dataclass, field
from typing import Any

import coincurve

from .codec import Refused
from .crypto import hkdf
from .rlp import Item, encode, keccak, number

CHAIN_IDS = (6133, 6134)
ADDRESS_SIZE = 20
TYPE = b"\x02"  # EIP-1559
WEI = 10**18  # of one PARS
DATA_MAX = 4096
LABEL = b"pars/wallet/v1"
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
NUMBERS = ("chainId", "nonce", "maxPriorityFeePerGas", "maxFeePerGas", "gas", "value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A transaction to be signed. All numbers are in wei or gas."""

    chain_id: int
    nonce: int
    max_priority_fee: int
    max_fee: int
    gas: int
    to: bytes
    value: int
    data: bytes = b""

    def fields(self) -> list[Item]:
        """Return the nine fields of the transaction, in their order."""
        return [
            number(self.chain_id),
            number(self.nonce),
            number(self.max_priority_fee),
            number(self.max_fee),
            number(self.gas),
            self.to,
            number(self.value),
            self.data,
            [],
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wallet:
    """A key and its address."""

    secret: bytes = field(repr=False)
    address: bytes

    def sign(self, transfer: Transfer) -> tuple[bytes, bytes]:
        """Return the transaction as a node takes it, and its hash."""
        fields = transfer.fields()
        digest = keccak(TYPE + encode(fields))
        signature = coincurve.PrivateKey(self.secret).sign_recoverable(digest, hasher=None)
        r, s, parity = signature[:32], signature[32:64], signature[64]
        signed = [number(parity), number(int.from_bytes(r, "big"))]
        raw = TYPE + encode([*fields, *signed, number(int.from_bytes(s, "big"))])
        return raw, keccak(raw)


def from_secret(secret: bytes) -> Wallet:
    """Return the wallet of a key."""
    public = coincurve.PrivateKey(secret).public_key.format(compressed=False)
    return Wallet(secret=secret, address=keccak(public[1:])[-ADDRESS_SIZE:])


def from_seed(seed: bytes) -> Wallet:
    """Return the wallet of a seed of 32 bytes."""
    # 48 bytes, so that no key is likelier than another by more than 2^-128.
    wide = int.from_bytes(hkdf(seed, b"", LABEL, 48), "big")
    return from_secret((wide % (ORDER - 1) + 1).to_bytes(32, "big"))


def recover(digest: bytes, parity: int, r: int, s: int) -> bytes:
    """Return the address whose key made a signature over 32 bytes."""
    # Above half of the order a second signature of the same key exists: no chain takes it.
    if parity > 1 or not 0 < r < ORDER or not 0 < s <= ORDER // 2:
        raise Refused("wallet: not a signature")
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([parity])
    try:
        public = coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:  # the library raises nothing narrower for a point that is none
        raise Refused("wallet: not a signature") from None
    return keccak(public.format(compressed=False)[1:])[-ADDRESS_SIZE:]


# --- Text -----------------------------------------------------------------------------------


def address_text(address: bytes) -> str:
    """Return an address with the capitals that check it (EIP-55)."""
    digits = address.hex()
    marks = keccak(digits.encode()).hex()
    pairs = zip(digits, marks, strict=False)
    return "0x" + "".join(digit.upper() if mark >= "8" else digit for digit, mark in pairs)


def parse_address(text: str) -> bytes:
    """Return the address of a text; capitals, where there are some, must be the right ones."""
    try:
        address = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise Refused("wallet: malformed address") from None
    if len(text) != 42 or not text.startswith("0x") or len(address) != ADDRESS_SIZE:
        raise Refused("wallet: malformed address")
    if text[2:] not in (text[2:].lower(), text[2:].upper()) and address_text(address) != text:
        raise Refused("wallet: address is misspelled")
    return address


def parse_amount(text: str) -> int:
    """Return the wei of an amount in PARS, such as 1.25."""
    whole, _, part = text.partition(".")
    if not (whole.isascii() and whole.isdigit()) or len(whole) > 20:
        raise Refused("wallet: malformed amount")
    if text.endswith(".") or (part and not (part.isascii() and part.isdigit())) or len(part) > 18:
        raise Refused("wallet: malformed amount")
    return int(whole) * WEI + int(part.ljust(18, "0") or "0")


def amount_text(wei: int) -> str:
    """Return an amount in PARS, exactly."""
    whole, part = divmod(wei, WEI)
    return f"{whole}.{part:018}".rstrip("0").rstrip(".")


def transfer_from_json(value: Any) -> Transfer:
    """Return what the control interface is asked to sign: numbers, and hex for `to` and `data`."""
    names = {*NUMBERS, "to", "data"}
    if not isinstance(value, dict) or not names - {"data"} <= value.keys() <= names:
        raise Refused("wallet: malformed transaction")
    for name in NUMBERS:
        if type(value[name]) is not int or not 0 <= value[name] < 2**256:
            raise Refused("wallet: malformed transaction")
    data, to = value.get("data", "0x"), value["to"]
    if not isinstance(to, str) or not isinstance(data, str) or not data.startswith("0x"):
        raise Refused("wallet: malformed transaction")
    if value["chainId"] not in CHAIN_IDS:
        raise Refused("wallet: not a chain of Pars")
    if value["nonce"] >= 2**64 or value["gas"] >= 2**64 or len(data) > 2 + 2 * DATA_MAX:
        raise Refused("wallet: malformed transaction")
    try:
        call = bytes.fromhex(data[2:])
    except ValueError:
        raise Refused("wallet: malformed transaction") from None
    return Transfer(
        chain_id=value["chainId"],
        nonce=value["nonce"],
        max_priority_fee=value["maxPriorityFeePerGas"],
        max_fee=value["maxFeePerGas"],
        gas=value["gas"],
        to=parse_address(to),
        value=value["value"],
        data=call,
    )
