"""secp256k1 against eth_keys' pure Python twin, and every signature that is nobody's."""

import pytest
from eth_keys.backends.native.main import NativeECCBackend
from eth_keys.main import KeyAPI
from hypothesis import given, settings
from hypothesis import strategies as st

from chain import signatures
from chain.encoding import keccak
from chain.signatures import SECP256K1_HALF_N, SECP256K1_N

TWIN = KeyAPI(NativeECCBackend)
keys = st.integers(1, SECP256K1_N - 1).map(lambda number: number.to_bytes(32, "big"))


@settings(max_examples=20)
@given(keys, st.binary(min_size=32, max_size=32))
def test_signing_and_recovery_equal_the_twin(key: bytes, digest: bytes) -> None:
    twin = TWIN.PrivateKey(key)
    address = twin.public_key.to_canonical_address()
    assert signatures.address_of(key) == address
    y_parity, r, s = signatures.sign(digest, key)
    assert twin.sign_msg_hash(digest).vrs == (y_parity, r, s)
    assert s <= SECP256K1_HALF_N
    assert signatures.recover(digest, y_parity, r, s) == address


@settings(max_examples=25)
@given(
    st.binary(min_size=32, max_size=32),
    st.integers(0, 1),
    st.integers(0, 2**256 - 1),
    st.integers(0, 2**256 - 1),
)
def test_arbitrary_signatures_recover_as_the_twin_does(
    digest: bytes, y_parity: int, r: int, s: int
) -> None:
    try:
        expected = (
            TWIN.Signature(vrs=(y_parity, r, s))
            .recover_public_key_from_msg_hash(digest)
            .to_canonical_address()
        )
    except Exception:
        expected = None
    assert signatures.recover(digest, y_parity, r, s) == expected


@pytest.mark.parametrize(
    ("y_parity", "r", "s"),
    [
        (0, 0, 1),
        (0, 1, 0),
        (0, SECP256K1_N, 1),
        (0, 1, SECP256K1_N),
        (2, 1, 1),
        (-1, 1, 1),
        (0, 5, 1),  # No point of the curve has x = 5.
        (0, 2**256, 1),
    ],
)
def test_impossible_signatures_recover_nobody(y_parity: int, r: int, s: int) -> None:
    assert signatures.recover(keccak(b"message"), y_parity, r, s) is None
