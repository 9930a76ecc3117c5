"""Account ids, and the bundles of keys that prove them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node import identity
from node.codec import Refused
from node.identity import AccountBundle, account_id_of, account_text, parse_account


def test_the_id_of_all_zero_keys() -> None:
    """network.md 3.8, level 5: computed from the Go reference's rule."""
    digest = account_id_of(bytes(1568), bytes(2592))

    assert account_text(digest) == (
        "07a363da75bb8fde50daff0b8fa3f7ad5404e4319094b9c9fa338a870f45adeda0"
    )


@given(st.binary(min_size=32, max_size=32))
def test_texts_round_trip(digest: bytes) -> None:
    text = account_text(digest)

    assert len(text) == 66
    assert parse_account(text) == digest
    assert parse_account(f"pars://session/{text}") == digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "07",
        "07" + "0" * 63,
        "07" + "0" * 65,
        "07" + "A" * 64,
        "07" + "g" * 64,
        " 07" + "0" * 64,
        "07" + "0" * 64 + "\n",
        "0x" + "07" * 33,
        "pars://session/",
        "pars://session/pars://session/07" + "0" * 64,
        "pars://other/07" + "0" * 64,
        "07" + "٠" * 64,
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_account(text)

    assert refused.value.reason == "identity: not an account id"


@pytest.mark.parametrize("link", ["", "pars://session/"])
def test_classical_ids_are_refused_by_name(link: str) -> None:
    with pytest.raises(Refused) as refused:
        parse_account(f"{link}05" + "0" * 64)

    assert refused.value.reason.startswith("identity: 05 names classical keys")


@pytest.mark.parametrize("prefix", ["00", "06", "08", "70", "ff"])
def test_unknown_kinds_are_refused(prefix: str) -> None:
    with pytest.raises(Refused, match="unknown kind"):
        parse_account(prefix + "0" * 64)


def test_a_bundle_has_the_sizes_of_the_standards(bundle: bytes) -> None:
    """FIPS 203 and 204, and G-05: 4,224 bytes of keys and 4,627 of signature."""
    assert identity.BUNDLE_KEYS == 1568 + 2592 + 32 + 32 == 4_224
    assert len(bundle) == 4_224 + 4_627


def test_a_bundle_proves_itself(account, bundle: bytes, decoded: AccountBundle) -> None:
    assert decoded.account_id == account.account_id
    assert decoded.signing == account.signing.public
    assert decoded.hybrid == account.hybrid.public


def test_no_bit_of_a_bundle_may_change(bundle: bytes) -> None:
    """One bit in each field, and at its edges: first and last byte."""
    edges = [0, 1567, 1568, 4159, 4160, 4191, 4192, 4223, 4224, len(bundle) - 1]
    for place in [*edges, 800, 3000, 4175, 4200, 6000]:
        changed = bytearray(bundle)
        changed[place] ^= 1
        with pytest.raises(Refused, match="not signed by its account"):
            AccountBundle.decode(bytes(changed))


def test_every_other_length_of_a_bundle_is_refused(bundle: bytes) -> None:
    for length in range(len(bundle)):
        with pytest.raises(Refused, match="too short"):
            AccountBundle.decode(bundle[:length])
    with pytest.raises(Refused, match="trailing"):
        AccountBundle.decode(bundle + b"\0")


def test_a_signature_of_another_kind_is_no_bundle(account, bundle: bytes) -> None:
    """What an account signs elsewhere, or without a context, does not speak for its keys."""
    keys = bundle[: identity.BUNDLE_KEYS]
    for context in (b"", b"pars/device-certificate/v1"):
        with pytest.raises(Refused, match="not signed by its account"):
            AccountBundle.decode(keys + account.signing.sign(keys, context))


def test_keys_of_another_account_are_no_bundle(bundle: bytes, other_account) -> None:
    """Who swaps the KEM key has another account id, and cannot sign for it."""
    swapped = other_account.bundle()[:1568] + bundle[1568:]
    with pytest.raises(Refused):
        AccountBundle.decode(swapped)


@given(st.binary(max_size=64))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        AccountBundle.decode(data)


def test_secrets_are_not_shown(account, device, node) -> None:
    for keys, seed in ((account, 1), (device, 3), (node, 4)):
        shown = repr(keys) + str(keys)
        assert bytes([seed]).hex() * 32 not in shown
        for secret in (keys.signing.seed, (keys.onion if keys is node else keys.hybrid).seed):
            assert secret.hex() not in shown
            assert repr(secret) not in shown
    assert repr(account.ed25519_seed) not in repr(account)


def test_one_seed_gives_unlike_keys_for_every_use() -> None:
    """So that even a seed that is reused by mistake links nothing on the wire."""
    seed = bytes([9]) * 32
    account, device = identity.AccountKeys.from_seed(seed), identity.DeviceKeys.from_seed(seed)
    node = identity.NodeKey.from_seed(seed)
    signing = {keys.signing.seed for keys in (account, device, node)}
    hybrid = {account.hybrid.seed, device.hybrid.seed, node.onion.seed}

    assert len(signing) == len(hybrid) == 3
    assert account.ed25519_seed not in signing


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_seed_has_32_bytes(length: int) -> None:
    for kind in (identity.AccountKeys, identity.DeviceKeys, identity.NodeKey):
        with pytest.raises(ValueError, match="32 bytes"):
            kind.from_seed(bytes(length))
