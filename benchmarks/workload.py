"""What the chain benchmarks do: the same signed transactions for every contender."""

import subprocess
import sys
from pathlib import Path

from eth_abi import encode
from eth_account import Account

CHAIN_ID = 6133
MNEMONIC = "test test test test test test test test test test test junk"
PRICE = 100 * 10**9
TIP = 10**9
BLOCK_SIZE = 200
TRANSFER_SELECTOR = bytes.fromhex("a9059cbb")
BALANCE_OF_SELECTOR = bytes.fromhex("70a08231")
TOKEN_SUPPLY = 10**27


def sender_key() -> bytes:
    """Return the key of the first development account."""
    Account.enable_unaudited_hdwallet_features()
    return bytes(Account.from_mnemonic(MNEMONIC).key)


def fresh_address(index: int) -> bytes:
    """Return an address that nobody has used."""
    return (2**128 + index).to_bytes(20, "big")


def sign(nonce: int, to: bytes | None, *, data: bytes = b"", value: int = 0, gas: int) -> bytes:
    """Sign one 1559 transaction with an independent library."""
    fields = {
        "type": 2,
        "chainId": CHAIN_ID,
        "nonce": nonce,
        "gas": gas,
        "value": value,
        "data": data,
        "maxFeePerGas": PRICE,
        "maxPriorityFeePerGas": TIP,
    }
    if to is not None:
        fields["to"] = to
    return bytes(Account.sign_transaction(fields, sender_key()).raw_transaction)


def transfers(count: int, first_nonce: int = 0) -> list[bytes]:
    """Return plain transfers to fresh addresses."""
    return [
        sign(first_nonce + i, fresh_address(first_nonce + i), value=1, gas=21_000)
        for i in range(count)
    ]


def token_creation() -> bytes:
    """Compile the token and return its creation code with arguments."""
    source = Path(__file__).with_name("token.vy")
    compiler = [sys.executable, "-m", "vyper.cli.vyper_compile", str(source)]
    code = subprocess.run(compiler, check=True, capture_output=True, text=True).stdout.strip()
    return bytes.fromhex(code.removeprefix("0x")) + encode(["uint256"], [TOKEN_SUPPLY])


def token_transfers(token: bytes, count: int, first_nonce: int) -> list[bytes]:
    """Return token transfers to fresh addresses."""
    return [
        sign(
            first_nonce + i,
            token,
            data=TRANSFER_SELECTOR + encode(["address", "uint256"], [fresh_address(i), 1]),
            gas=100_000,
        )
        for i in range(count)
    ]
