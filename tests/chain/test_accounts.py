"""Development accounts against eth_account and the addresses that everybody knows."""

import pytest
from eth_account import Account

from chain.accounts import ACCOUNTS_MAX, TEST_MNEMONIC, dev_accounts
from chain.errors import InvalidMnemonic

# What anvil and Hardhat print for the test mnemonic.
KNOWN = [
    (
        "f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    ),
    (
        "70997970c51812dc3a010c7d01b50e0d17dc79c8",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    ),
    (
        "3c44cdddb6a900fa2b585dd299e03d12fa4293bc",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
    ),
]
# The 24-word vector of zeros in BIP-39.
LONG = " ".join(["abandon"] * 23 + ["art"])


def test_the_test_mnemonic_gives_the_known_accounts() -> None:
    found = [(each.address.hex(), each.private_key.hex()) for each in dev_accounts(count=3)]
    assert found == KNOWN


@pytest.mark.parametrize("words", [TEST_MNEMONIC, LONG])
def test_accounts_equal_eth_account(words: str) -> None:
    Account.enable_unaudited_hdwallet_features()
    for index, account in enumerate(dev_accounts(words, 2)):
        twin = Account.from_mnemonic(words, account_path=f"m/44'/60'/0'/0/{index}")
        assert account.address.hex() == twin.address[2:].lower()
        assert account.private_key == bytes(twin.key)


def test_white_space_between_words_does_not_matter() -> None:
    assert dev_accounts("  " + TEST_MNEMONIC.replace(" ", "\n\t "), 1) == dev_accounts(count=1)


def test_a_key_is_not_printed() -> None:
    (account,) = dev_accounts(count=1)
    assert account.private_key.hex() not in repr(account)
    assert str(account.private_key) not in repr(account)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "test",
        " ".join(["test"] * 12),  # The last word checks the others.
        " ".join(["test"] * 11),
        TEST_MNEMONIC.replace("junk", "pars"),
        TEST_MNEMONIC.upper(),
        TEST_MNEMONIC + " junk",
    ],
)
def test_words_that_are_no_mnemonic_are_refused(words: str) -> None:
    with pytest.raises(InvalidMnemonic, match="not a BIP-39 mnemonic"):
        dev_accounts(words, 1)


@pytest.mark.parametrize("count", [-1, ACCOUNTS_MAX + 1])
def test_too_many_accounts_are_refused(count: int) -> None:
    with pytest.raises(InvalidMnemonic, match=f"cannot derive {count} accounts"):
        dev_accounts(count=count)


def test_no_accounts_are_possible() -> None:
    assert dev_accounts(count=0) == ()
