"""HPKE: every vector of RFC 9180, its wrong keys, and any bytes."""

import json
import random
from hashlib import sha256, shake_128
from pathlib import Path
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from precompiles.backends import aead, diffie_hellman
from precompiles.conformance.embedded import Outcome, World, call_precompile
from precompiles.conformance.vectors import load, path_of
from precompiles.precompile import COMMON_ERRORS
from precompiles.privacy.hpke import schedule, xwing
from precompiles.privacy.hpke.schedule import AUTH_FLAG
from precompiles.privacy.hpke.suites import KDFS, KEMS
from precompiles.registry import find

HPKE = find("hpke")
DECLARED = {each.signature.selector for each in (*HPKE.errors, *COMMON_ERRORS)}
METHODS = {each.signature.name: each for each in HPKE.methods}


def read(name: str) -> Any:
    return json.loads((Path(__file__).parent / "vectors" / name).read_text())


PUBLISHED = read("hpke_rfc9180.json")
INFO, PSK, PSK_ID, PLAINTEXT = (
    bytes.fromhex(PUBLISHED[name]) for name in ("info", "psk", "psk_id", "plaintext")
)
MODES = ("Base", "PSK", "Auth", "AuthPSK")


def ask(name: str, *arguments: Any, **options: Any) -> Outcome:
    signature = METHODS[name].signature
    types = [each.type.name for each in signature.inputs]
    data = signature.selector + eth_abi.encode(types, arguments)
    return call_precompile(World(), HPKE.address, data, context={"mode": "call"}, **options)


def result(name: str, *arguments: Any) -> Any:
    outcome = ask(name, *arguments)
    assert outcome.status == "success", outcome.data.hex()
    values = eth_abi.decode(
        [each.type.name for each in METHODS[name].signature.outputs], outcome.data
    )
    return values[0] if len(values) == 1 else values


def refusal(name: str, *arguments: Any) -> bytes:
    outcome = ask(name, *arguments)
    assert outcome.status == "reverted"
    return outcome.data[:4]


def described(vector: dict[str, Any]) -> str:
    suite = f"{vector['kem_id']:#x}-{vector['kdf_id']}-{vector['aead_id']:#x}"
    return f"{MODES[vector['mode']]}-{suite}"


def check(vector: dict[str, Any]) -> bytes:
    """Both sides, messages and exports of a vector; returns its context."""

    def part(name: str) -> bytes:
        return bytes.fromhex(vector[name])

    mode = MODES[vector["mode"]]
    suite = (vector["kem_id"], vector["kdf_id"], vector["aead_id"])
    psk = (PSK, PSK_ID) if "PSK" in mode else ()
    secret, public = ((part("skSm"),), (part("pkSm"),)) if "Auth" in mode else ((), ())
    enc, context = result(f"setup{mode}S", *suite, part("pkRm"), INFO, *psk, *secret, part("ikmE"))
    assert enc == part("enc")
    numbers = b"".join(number.to_bytes(2, "big") for number in suite)
    assert context == numbers + part("key") + part("base_nonce") + part("exporter_secret")
    received = result(f"setup{mode}R", *suite, enc, part("skRm"), INFO, *psk, *public)
    assert received == context
    for name, value in zip(PUBLISHED["exporter_contexts"], vector["exports"], strict=True):
        assert result("exportSecret", context, bytes.fromhex(name), 32).hex() == value
    for sequence, ciphertext in vector.get("ciphertexts", {}).items():
        message = (context, int(sequence), f"Count-{sequence}".encode())
        assert result("seal", *message, PLAINTEXT).hex() == ciphertext
        assert result("open", *message, bytes.fromhex(ciphertext)) == PLAINTEXT
    if "ciphertexts" not in vector:
        assert refusal("seal", context, 0, b"", b"") == keccak(text="ExportOnly()")[:4]
    return bytes(context)


@pytest.mark.parametrize("published", PUBLISHED["vectors"], ids=described)
def test_published_vector(published: dict[str, Any]) -> None:
    """All 257 messages too, by the hash of their ciphertexts."""
    for letter in "RS" if published["mode"] & AUTH_FLAG else "R":
        material = bytes.fromhex(published[f"ikm{letter}"])
        secret, public = result("deriveKeyPair", published["kem_id"], material)
        assert (secret.hex(), public.hex()) == (
            published[f"sk{letter}m"],
            published[f"pk{letter}m"],
        )
    context = schedule.parse_context(check(published))
    assert context is not None
    if context.cipher is None:
        return
    every = sha256()
    for i in range(257):
        nonce = schedule.nonce_of(context, i)
        every.update(aead.seal(context.cipher, context.key, nonce, b"Count-%d" % i, PLAINTEXT))
    assert every.hexdigest() == published["all_257"]


@pytest.mark.parametrize("made", read("hpke_js.json")["vectors"], ids=described)
def test_vector_of_another_implementation(made: dict[str, Any]) -> None:
    check(made)


def test_there_are_all_the_published_vectors() -> None:
    assert len(PUBLISHED["vectors"]) == 128
    assert len({described(vector) for vector in PUBLISHED["vectors"]}) == 128


# --- X-Wing ---------------------------------------------------------------------------------


@pytest.mark.parametrize("drafted", read("hpke_pq.json")["vectors"], ids=described)
def test_xwing_of_the_draft(drafted: dict[str, Any]) -> None:
    secret, public = xwing.derive_key_pair(bytes.fromhex(drafted["ikmR"]))
    assert (secret.hex(), public.hex()) == (drafted["skRm"], drafted["pkRm"])
    enc, shared = xwing.encapsulate(public, bytes.fromhex(drafted["ikmE"]), None)
    assert (enc.hex(), shared.hex()) == (drafted["enc"], drafted["shared_secret"])
    assert xwing.decapsulate(enc, secret, None) == shared


# draft-connolly-cfrg-xwing-kem, appendix C: its inputs are the output of SHAKE128 for nothing.
XWING_SECRETS = (
    "d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384",
    "f2e86241c64d60f6649fbc6c5b7d17180b780a3f34355e64a85749949c45f150",
    "953f7f4e8c5b5049bdc771d1dffada0dd961477d1a2ae0988baa7ea6898d893f",
)
# SHA-256 of the first ciphertext.
XWING_CIPHERTEXT = "17cd532d657e44c897ca6583e548a5424fc70bf54f99515a4d2bcf99e3469f33"


def test_xwing_known_answers() -> None:
    stream = shake_128(b"").digest(3 * 96)
    for i, expected in enumerate(XWING_SECRETS):
        seed, randomness = stream[96 * i : 96 * i + 32], stream[96 * i + 32 : 96 * i + 96]
        lattice, _, point = xwing.expand(seed)
        public = lattice + diffie_hellman.X25519.public(point)
        enc, shared = xwing.encapsulate(public, randomness, None)
        assert shared.hex() == expected
        assert xwing.decapsulate(enc, seed, None) == shared
        if i == 0:
            assert sha256(enc).hexdigest() == XWING_CIPHERTEXT


# --- Our own conditions ---------------------------------------------------------------------


@pytest.mark.parametrize("kem", sorted(KEMS))
@pytest.mark.parametrize("mode", MODES)
def test_both_sides_agree_at_random(kem: int, mode: str) -> None:
    if mode.startswith("Auth") and not KEMS[kem].authenticates:
        return
    choose = random.Random(f"{kem} {mode}")
    size = KEMS[kem].secret_size
    (secret, public), (own, own_public) = (
        result("deriveKeyPair", kem, choose.randbytes(size)) for _ in range(2)
    )
    suite = (kem, choose.choice(list(KDFS)), 3)
    info = choose.randbytes(choose.randrange(1025))
    psk = (choose.randbytes(32), b"n") if "PSK" in mode else ()
    senders = ((own,), (own_public,)) if "Auth" in mode else ((), ())
    ikm = choose.randbytes(KEMS[kem].randomness_size)
    enc, context = result(f"setup{mode}S", *suite, public, info, *psk, *senders[0], ikm)
    assert result(f"setup{mode}R", *suite, enc, secret, info, *psk, *senders[1]) == context
    plaintext = choose.randbytes(4096)
    sealed = result("seal", context, 2**64 - 1, b"", plaintext)
    assert result("open", context, 2**64 - 1, b"", sealed) == plaintext
    assert len(result("exportSecret", context, b"x", 1024)) == 1024


def test_modes_do_not_mix() -> None:
    """A receiver in another mode gets another context, whatever else is equal."""
    secret, public = result("deriveKeyPair", 0x20, b"\1" * 32)
    _, own_public = result("deriveKeyPair", 0x20, b"\2" * 32)
    enc, _ = result("setupBaseS", 0x20, 1, 1, public, b"", bytes(32))
    contexts = {
        result("setupBaseR", 0x20, 1, 1, enc, secret, b""),
        result("setupPSKR", 0x20, 1, 1, enc, secret, b"", PSK, PSK_ID),
        result("setupAuthR", 0x20, 1, 1, enc, secret, b"", own_public),
        result("setupAuthPSKR", 0x20, 1, 1, enc, secret, b"", PSK, PSK_ID, own_public),
        result("setupBaseR", 0x20, 2, 1, enc, secret, b""),
        result("setupBaseR", 0x20, 1, 2, enc, secret, b""),
    }
    assert len(contexts) == 6


@pytest.mark.parametrize(
    ("group", "order"),
    [
        (diffie_hellman.P256, diffie_hellman.P256_ORDER),
        (diffie_hellman.P521, diffie_hellman.P521_ORDER),
    ],
)
def test_the_orders_of_the_nist_curves(group: diffie_hellman.Group, order: int) -> None:
    """order - 1 times the base point is its negative; the next scalar is none."""
    size = group.secret_size
    one, last = (group.load(scalar.to_bytes(size, "big")) for scalar in (1, order - 1))
    assert group.public(one)[: 1 + size] == group.public(last)[: 1 + size]
    assert group.public(one) != group.public(last)
    assert group.load(order.to_bytes(size, "big")) is None
    assert group.load(bytes(size)) is None


@pytest.fixture(scope="module")
def good_calls() -> list[bytes]:
    """A call of each method."""
    vectors = load(path_of(HPKE))
    calls: dict[bytes, bytes] = {}
    for vector in vectors:
        if vector.expected.output is not None and vector.mode == "call":
            calls[vector.input[:4]] = vector.input
    assert len(calls) == len(HPKE.methods)
    return list(calls.values())


@given(data=st.data())
def test_no_bytes_do_anything_but_answer_or_revert(
    good_calls: list[bytes], data: st.DataObject
) -> None:
    call = bytearray(data.draw(st.sampled_from(good_calls)))
    for _ in range(data.draw(st.integers(0, 3))):
        call[data.draw(st.integers(4, len(call) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.sampled_from([len(call), len(call), data.draw(st.integers(0, len(call)))]))
    outcome = call_precompile(World(), HPKE.address, bytes(call[:cut]), context={"mode": "call"})
    if outcome.status == "reverted":
        assert outcome.data[:4] in DECLARED
    else:
        assert outcome.status == "success"
