"""ML-KEM: the kernel against its twin and against kyber-py, and the entry against any bytes."""

import random
from hashlib import sha3_256, shake_128

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles import abi
from precompiles.conformance.embedded import World, call_precompile
from precompiles.pq.ml_kem import contract, kernel, reference
from precompiles.pq.ml_kem.parameters import BY_K, SETS, Parameters

ADDRESS = contract.PRECOMPILE.address
DECLARED = {each.signature.selector for each in (*contract.PRECOMPILE.errors, *abi.DECODING_ERRORS)}
IN_A_CALL = {"mode": "call", "random": bytes}

ACCUMULATED = {
    2: "81aab31c1672424c6ce4f22cae8c4e0f9e330ec21a908c868adc18f9331fcfc0",
    3: "a54854947119b8812ac7e09d002af27cf9b13639b837121ca120dd25ccc23dc5",
    5: "1b36dd02e9635823558c8b0e11103b423eed7f889c5234d6ca764e09275ec552",
}
"""SHA3-256 of 60 cases as kyber-py 1.2.0 computes them, by parameter set."""


@pytest.mark.parametrize("k", BY_K)
def test_kernel_and_reference_agree(k: int) -> None:
    choose = random.Random(k)
    for _ in range(2):
        d, z, m = (choose.randbytes(32) for _ in range(3))
        ek, dk = kernel.keygen(k, d, z)
        assert (ek, dk) == reference.keygen(k, d, z)
        c, secret = kernel.encapsulate(ek, m)
        assert (c, secret) == reference.encapsulate(ek, m)
        for each in (c, choose.randbytes(len(c)), bytes(len(c)), b"\xff" * len(c)):
            assert kernel.decapsulate(dk, each) == reference.decapsulate(dk, each)
        assert kernel.decapsulate(dk, c) == secret


@pytest.mark.parametrize("k", BY_K)
def test_keys_of_any_bytes(k: int) -> None:
    """Decapsulation does not check the coefficients of its key, so it must stand any."""
    choose = random.Random(k)
    chosen = BY_K[k]
    c = choose.randbytes(chosen.ciphertext_size)
    for dk in (
        choose.randbytes(chosen.secret_key_size),
        b"\xff" * chosen.secret_key_size,
        bytes(chosen.secret_key_size),
    ):
        assert kernel.decapsulate(dk, c) == reference.decapsulate(dk, c)
        assert kernel.is_decapsulation_key(dk) is reference.is_decapsulation_key(dk) is False
    ek = b"\xff" * chosen.public_key_size
    assert kernel.encapsulate(ek, bytes(32)) == reference.encapsulate(ek, bytes(32))


@pytest.mark.parametrize("k", BY_K)
def test_input_checks_agree(k: int) -> None:
    choose = random.Random(k)
    ek, dk = kernel.keygen(k, bytes(32), bytes(32))
    for _ in range(60):
        position = choose.randrange(256 * k)
        value = choose.choice((0, 3328, 3329, 4095))
        packed = int.from_bytes(ek, "little") & ~(0xFFF << 12 * position) | value << 12 * position
        changed = packed.to_bytes(len(ek), "little")
        expected = value < 3329
        assert kernel.is_encapsulation_key(changed) is expected
        assert reference.is_encapsulation_key(changed) is expected
    assert kernel.is_decapsulation_key(dk)
    assert reference.is_decapsulation_key(dk)


@pytest.mark.parametrize("chosen", SETS, ids=lambda each: each.name)
def test_many_cases_as_kyber_py_computes_them(chosen: Parameters) -> None:
    seeds = shake_128(b"ML-KEM accumulated" + bytes([chosen.number])).digest(60 * 160)
    found = sha3_256()
    for start in range(0, len(seeds), 160):
        d, z, m, noise = (seeds[start + i : start + i + 32] for i in (0, 32, 64, 96))
        noise += seeds[start + 128 : start + 160]
        ek, dk = kernel.keygen(chosen.k, d, z)
        c, secret = kernel.encapsulate(ek, m)
        assert kernel.decapsulate(dk, c) == secret
        flipped = bytearray(c)
        flipped[int.from_bytes(noise[:4], "big") % len(c)] ^= 1 << (noise[4] & 7)
        other = shake_128(noise).digest(len(c))
        results = kernel.decapsulate(dk, bytes(flipped)), kernel.decapsulate(dk, other)
        for each in (ek, dk, c, secret, *results):
            found.update(each)

    assert found.hexdigest() == ACCUMULATED[chosen.number]


def test_fresh_keys_differ_in_a_call() -> None:
    """Two equal calls: the randomness is the host's."""
    counter = iter(range(1, 10))
    context = {"mode": "call", "random": lambda size: bytes([next(counter)]) * size}
    method = contract.PRECOMPILE.methods[0]
    data = method.signature.selector + abi.encode(method.signature.inputs, [2])
    first, second = (
        call_precompile(World(), ADDRESS, data, context=context).data for _ in range(2)
    )
    ek, dk = abi.decode(method.signature.outputs, first)
    assert (ek, dk) == reference.keygen(2, b"\1" * 32, b"\1" * 32)
    assert second != first


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_bytes_are_answered_or_refused(data: st.DataObject) -> None:
    method = data.draw(st.sampled_from(contract.PRECOMPILE.methods))
    values: list[object] = []
    for parameter in method.signature.inputs:
        if parameter.type.name == "bytes":
            sizes = (0, 32, 64, 768, 800, 1088, 1184, 1568, 1632, 2400, 3168)
            size = min(data.draw(st.sampled_from(sizes)), parameter.type.bound)
            values.append(random.Random(data.draw(st.integers(0, 9))).randbytes(size))
        elif parameter.type.name == "bytes32":
            values.append(data.draw(st.binary(min_size=32, max_size=32)))
        else:
            values.append(data.draw(st.sampled_from((2, 3, 5, 0, 7))))
    calldata = method.signature.selector + abi.encode(method.signature.inputs, values)
    outcome = call_precompile(World(), ADDRESS, calldata, context=IN_A_CALL)
    assert outcome.status == "success" or outcome.data[:4] in DECLARED
