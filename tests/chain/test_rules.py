"""What a block may hold: intrinsic gas from the EIPs' figures, and each validity rule refused."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from chain.errors import NotNow, RejectedTransaction
from chain.forks import (
    BERLIN,
    BPO2,
    CANCUN,
    FORKS,
    FRONTIER,
    HOMESTEAD,
    ISTANBUL,
    LONDON,
    OSAKA,
    PARIS,
    PARS,
    PRAGUE,
    SHANGHAI,
    BlobSchedule,
    Fork,
)
from chain.rules import check_fees, check_form, check_nonce, check_sender, intrinsic
from chain.signatures import SECP256K1_N
from chain.state import Reader, World
from chain.transactions import Authorization, Fields, Transaction, impersonated, sign_transaction
from chain.trie import EMPTY_ROOT

KEY = b"\7" * 32
TO = b"\x35" * 20
ENTRY = Authorization(chain_id=6133, address=TO, nonce=0, y_parity=0, r=1, s=1)
HASH = b"\1" + bytes(31)


def fields(kind: int = 2, **changes: object) -> Fields:
    given: dict[str, object] = {"chain_id": 6133, "nonce": 0, "gas": 1_000_000, "to": TO}
    given |= {"max_fee_per_gas": 10, "max_priority_fee_per_gas": 10, "gas_price": 10}
    if kind == 3:
        given |= {"blob_versioned_hashes": (HASH,), "max_fee_per_blob_gas": 1}
    if kind == 4:
        given["authorization_list"] = (ENTRY,)
    return Fields(type=kind, **{**given, **changes})  # type: ignore[arg-type]


def tx(kind: int = 2, **changes: object) -> Transaction:
    return sign_transaction(fields(kind, **changes), KEY)


def world() -> World:
    return World(Reader({}, EMPTY_ROOT))


@pytest.mark.parametrize(
    ("fork", "changes", "gas", "floor"),
    [
        (FRONTIER, {}, 21_000, 0),
        (FRONTIER, {"to": b""}, 21_000, 0),
        (HOMESTEAD, {"to": b""}, 53_000, 0),
        (HOMESTEAD, {"data": b"\0\1\0"}, 21_000 + 4 + 68 + 4, 0),
        (ISTANBUL, {"data": b"\0\1\0"}, 21_000 + 4 + 16 + 4, 0),
        # EIP-2930: 2,400 an address and 1,900 a slot.
        (BERLIN, {"access_list": ((TO, (1, 2)), (TO, ()))}, 21_000 + 2 * 2400 + 2 * 1900, 0),
        # EIP-3860: 2 a word of initcode.
        (PARIS, {"to": b"", "data": b"\1" * 33}, 53_000 + 33 * 16, 0),
        (SHANGHAI, {"to": b"", "data": b"\1" * 33}, 53_000 + 33 * 16 + 4, 0),
        (SHANGHAI, {"data": b"\1" * 33}, 21_000 + 33 * 16, 0),
        # EIP-7623: 10 a token, a token for a zero byte, four for any other.
        (PRAGUE, {}, 21_000, 21_000),
        (PRAGUE, {"data": b"\0" * 100 + b"\1" * 10}, 21_000 + 400 + 160, 21_000 + 1000 + 400),
        (PRAGUE, {"to": b"", "data": b"\1" * 32}, 53_000 + 512 + 2, 21_000 + 1280),
    ],
)
def test_intrinsic_gas(fork: Fork, changes: dict[str, object], gas: int, floor: int) -> None:
    needed = intrinsic(fields(0, **changes), fork)
    assert (needed.gas, needed.floor) == (gas, floor)


def test_authorizations_cost_25_000_each() -> None:
    assert intrinsic(fields(4, authorization_list=(ENTRY, ENTRY)), PRAGUE).gas == 21_000 + 50_000


@pytest.mark.parametrize("kind", range(5))
def test_every_type_passes_in_the_newest_fork(kind: int) -> None:
    check_form(tx(kind), PARS, 6133)


@pytest.mark.parametrize(("kind", "since"), [(1, BERLIN), (2, LONDON), (3, CANCUN), (4, PRAGUE)])
def test_a_type_is_unknown_before_its_fork(kind: int, since: Fork) -> None:
    check_form(tx(kind), since, 6133)
    (before,) = [fork for fork in FORKS.values() if fork.index == since.index - 1]
    with pytest.raises(RejectedTransaction, match=f"not supported: type {kind} is not known in"):
        check_form(tx(kind), before, 6133)


@pytest.mark.parametrize("kind", range(5))
def test_another_chains_transaction_is_refused(kind: int) -> None:
    with pytest.raises(
        RejectedTransaction, match=r"^invalid chain id for signer: have 1 want 6133"
    ):
        check_form(tx(kind, chain_id=1), PARS, 6133)


def test_an_unprotected_legacy_transaction_passes() -> None:
    check_form(tx(0, chain_id=None), PARS, 6133)


def test_a_typed_transaction_for_chain_zero_is_refused() -> None:
    with pytest.raises(RejectedTransaction, match="invalid chain id"):
        check_form(tx(2, chain_id=0), PARS, 6133)


@pytest.mark.parametrize("kind", range(5))
def test_a_high_s_is_refused(kind: int) -> None:
    """EIP-2: else anyone could give a transaction a second hash."""
    mirrored = replace(tx(kind), s=SECP256K1_N - tx(kind).s)
    with pytest.raises(RejectedTransaction, match=r"^invalid transaction v, r, s values"):
        check_form(mirrored, PARS, 6133)


def test_frontier_knew_no_low_s() -> None:
    mirrored = replace(tx(0, chain_id=None), s=SECP256K1_N - tx(0, chain_id=None).s)
    check_form(mirrored, FRONTIER, 6133)
    with pytest.raises(RejectedTransaction):
        check_form(mirrored, HOMESTEAD, 6133)


@pytest.mark.parametrize("kind", [2, 3, 4])
def test_a_tip_above_the_cap_is_refused(kind: int) -> None:
    with pytest.raises(RejectedTransaction, match=r"^max priority fee per gas higher than max fee"):
        check_form(tx(kind, max_priority_fee_per_gas=11), PARS, 6133)


def test_the_highest_nonce_is_refused() -> None:
    check_form(tx(nonce=2**64 - 2), PARS, 6133)
    with pytest.raises(RejectedTransaction, match="nonce has max value"):
        check_form(tx(nonce=2**64 - 1), PARS, 6133)


def test_oversize_initcode_is_refused() -> None:
    check_form(tx(to=b"", data=bytes(49_152), gas=3_000_000), PARS, 6133)
    check_form(tx(to=b"", data=bytes(49_153), gas=3_000_000), PARIS, 6133)
    check_form(tx(data=bytes(49_153), gas=3_000_000), PARS, 6133)
    with pytest.raises(RejectedTransaction, match="max initcode size exceeded: code size 49153"):
        check_form(tx(to=b"", data=bytes(49_153), gas=3_000_000), PARS, 6133)


def test_blob_rules() -> None:
    with pytest.raises(RejectedTransaction, match="missing blob hashes"):
        check_form(tx(3, blob_versioned_hashes=()), PARS, 6133)
    check_form(tx(3, blob_versioned_hashes=(HASH,) * 9), PRAGUE, 6133)
    check_form(tx(3, blob_versioned_hashes=(HASH,) * 6), CANCUN, 6133)
    with pytest.raises(RejectedTransaction, match="too many blobs: have 10, max 9"):
        check_form(tx(3, blob_versioned_hashes=(HASH,) * 10), PRAGUE, 6133)
    with pytest.raises(RejectedTransaction, match="too many blobs: have 7, max 6"):
        check_form(tx(3, blob_versioned_hashes=(HASH,) * 7), CANCUN, 6133)
    with pytest.raises(
        RejectedTransaction, match="blob 1 has invalid hash version: have 0, want 1"
    ):
        check_form(tx(3, blob_versioned_hashes=(HASH, bytes(32))), PRAGUE, 6133)


@pytest.mark.parametrize("fork", [OSAKA, BPO2])
def test_a_transaction_carries_six_blobs_whatever_a_block_may_hold(fork: Fork) -> None:
    """EIP-7594."""
    check_form(tx(3, blob_versioned_hashes=(HASH,) * 6), fork, 6133)
    check_form(tx(3, blob_versioned_hashes=(HASH,) * 7), PRAGUE, 6133)
    with pytest.raises(RejectedTransaction, match="too many blobs: have 7, max 6"):
        check_form(tx(3, blob_versioned_hashes=(HASH,) * 7), fork, 6133)
    few = BlobSchedule(target=1, max=2, base_fee_update_fraction=1)
    with pytest.raises(RejectedTransaction, match="too many blobs: have 3, max 2"):
        check_form(tx(3, blob_versioned_hashes=(HASH,) * 3), replace(fork, blobs=few), 6133)


@pytest.mark.parametrize("kind", range(5))
def test_the_gas_of_a_transaction_is_capped_from_osaka_on(kind: int) -> None:
    """EIP-7825."""
    for fork in (OSAKA, BPO2):
        check_form(tx(kind, gas=2**24), fork, 6133)
        with pytest.raises(RejectedTransaction, match=r"\(cap: 16777216, tx: 16777217\)$"):
            check_form(tx(kind, gas=2**24 + 1), fork, 6133)
    check_form(tx(kind, gas=2**24 + 1), PRAGUE, 6133)


def test_a_set_code_transaction_needs_an_authorization() -> None:
    with pytest.raises(RejectedTransaction, match="empty auth list"):
        check_form(tx(4, authorization_list=()), PARS, 6133)


@pytest.mark.parametrize(
    ("kind", "changes", "least"),
    [
        (0, {}, 21_000),
        (1, {"access_list": ((TO, (1,)),)}, 25_300),
        (2, {"to": b"", "data": b"\1" * 33}, 53_000 + 33 * 16 + 4),
        (4, {}, 46_000),
    ],
)
def test_the_intrinsic_gas_is_needed_to_the_unit(
    kind: int, changes: dict[str, object], least: int
) -> None:
    check_form(tx(kind, gas=least, **changes), PARS, 6133)
    with pytest.raises(RejectedTransaction, match=f"gas {least - 1}, minimum needed {least}"):
        check_form(tx(kind, gas=least - 1, **changes), PARS, 6133)


def test_the_calldata_floor_is_needed_to_the_unit() -> None:
    data = b"\1" * 100
    check_form(tx(data=data, gas=25_000), PARS, 6133)
    check_form(tx(data=data, gas=24_999), CANCUN, 6133)
    with pytest.raises(RejectedTransaction, match="floor data gas cost: gas 24999"):
        check_form(tx(data=data, gas=24_999), PARS, 6133)


def funded(balance: int, code: bytes = b"") -> World:
    state = world()
    state.set_balance(tx().sender, balance)
    state.set_code(tx().sender, code)
    return state


@pytest.mark.parametrize(
    ("make", "cost"),
    [
        (lambda: tx(value=7), 1_000_000 * 10 + 7),
        (lambda: tx(0, value=7), 1_000_000 * 10 + 7),
        # The whole cap is needed, not only what will be paid; the blobs' too (EIP-4844).
        (lambda: tx(3, max_fee_per_blob_gas=5), 1_000_000 * 10 + 131_072 * 5),
    ],
)
def test_the_sender_must_be_able_to_pay(make: Callable[[], Transaction], cost: int) -> None:
    check_sender(make(), PARS, funded(cost))
    with pytest.raises(RejectedTransaction, match=f"have {cost - 1} want {cost}"):
        check_sender(make(), PARS, funded(cost - 1))
    with pytest.raises(RejectedTransaction, match=f"have 0 want {cost}"):
        check_sender(make(), PARS, world())


def test_a_contract_sends_nothing() -> None:
    """EIP-3607."""
    with pytest.raises(RejectedTransaction, match=r"^sender not an eoa"):
        check_sender(tx(), PARS, funded(10**9, b"\x5b"))
    delegated = b"\xef\x01\x00" + TO
    check_sender(tx(), PARS, funded(10**9, delegated))
    for code in (delegated[:-1], delegated + b"\0", b"\xef\x01\x01" + TO):
        with pytest.raises(RejectedTransaction, match="sender not an eoa"):
            check_sender(tx(), PARS, funded(10**9, code))
    with pytest.raises(RejectedTransaction, match="sender not an eoa"):
        check_sender(tx(), CANCUN, funded(10**9, delegated))


def test_an_impersonated_contract_sends() -> None:
    """The point of impersonation is to act as a contract, which has no key."""
    check_sender(impersonated(fields(), tx().sender), PARS, funded(10**9, b"\x5b"))


def test_nonces() -> None:
    state = world()
    state.set_nonce(tx().sender, 5)
    check_nonce(tx(nonce=5), state)
    with pytest.raises(RejectedTransaction, match="nonce too low") as low:
        check_nonce(tx(nonce=4), state)
    assert not isinstance(low.value, NotNow)
    with pytest.raises(NotNow, match="nonce too high"):
        check_nonce(tx(nonce=6), state)


def test_fees_may_do_later() -> None:
    check_fees(tx(3), 10, 1)
    with pytest.raises(NotNow, match="maxFeePerGas: 10, baseFee: 11"):
        check_fees(tx(3), 11, 1)
    with pytest.raises(NotNow, match="blobGasFeeCap: 1, blobBaseFee: 2"):
        check_fees(tx(3), 10, 2)
    check_fees(tx(2), 10, 2)


def test_signatures_name_no_chain_before_eip155() -> None:
    with pytest.raises(RejectedTransaction, match="EIP-155"):
        check_form(tx(0), HOMESTEAD, 6133)
    check_form(tx(0, chain_id=None), HOMESTEAD, 6133)
