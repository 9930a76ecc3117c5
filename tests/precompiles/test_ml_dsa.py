"""ML-DSA: the kernel against its twin and against dilithium-py, and the entry against any bytes."""

import random
from hashlib import sha3_256, shake_128

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from precompiles import abi
from precompiles.conformance.embedded import World, call_precompile
from precompiles.pq.ml_dsa import contract, kernel, reference
from precompiles.pq.ml_dsa.parameters import SETS, Parameters, Q, formatted

ADDRESS = contract.PRECOMPILE.address
DECLARED = {each.signature.selector for each in (*contract.PRECOMPILE.errors, *abi.DECODING_ERRORS)}
IN_A_CALL = {"mode": "call", "random": bytes}

ACCUMULATED = {
    2: "836ee0756e7627b13a68915ae5b38e4f6cc46c17cfe866425fab10e4a68c0e90",
    3: "bdc56a8117bce6c4638029ce76d7487662f22aa2f3b583e96d34063015c1fd88",
    5: "9b68c4c4b41202247c9508e2285611b320b3f7ca473bf105f5cef752260ea3b1",
}
"""SHA3-256 of 25 cases as dilithium-py 1.5.1 computes them, by mode."""

ids = {"ids": lambda each: each.name}


@pytest.mark.parametrize("chosen", SETS, **ids)
def test_kernel_and_reference_agree(chosen: Parameters) -> None:
    choose = random.Random(chosen.number)
    xi, rnd, message = choose.randbytes(32), choose.randbytes(32), choose.randbytes(77)
    pk, sk = kernel.keygen(chosen, xi)
    assert (pk, sk) == reference.keygen(chosen, xi)
    signed = kernel.sign(sk, message, rnd, 100)
    assert signed == reference.sign(sk, message, rnd, 100)
    assert kernel.verify(pk, message, signed[0])
    assert reference.verify(pk, message, signed[0])
    for bit in (0, 8 * chosen.challenge_size + 1, 8 * len(signed[0]) - 1):
        forged = bytearray(signed[0])
        forged[bit >> 3] ^= 1 << (bit & 7)
        assert kernel.verify(pk, message, bytes(forged)) is False
        assert reference.verify(pk, message, bytes(forged)) is False


@pytest.mark.parametrize("chosen", SETS, **ids)
def test_secret_keys_of_any_coefficients(chosen: Parameters) -> None:
    """In range, at both its ends and with any t0: the twins still agree, attempt by attempt."""
    choose = random.Random(chosen.number)
    _, sk = kernel.keygen(chosen, bytes(32))
    small = 32 * chosen.eta_bits * (chosen.k + chosen.l)
    for value in (0, 2 * chosen.eta):
        packed = reference.encode([value] * 256, chosen.eta_bits) * (chosen.k + chosen.l)
        extreme = sk[:128] + packed + choose.randbytes(len(sk) - 128 - small)
        assert kernel.is_secret_key(extreme)
        assert kernel.sign(extreme, b"", bytes(32), 4) == reference.sign(extreme, b"", bytes(32), 4)
    for _ in range(20):
        changed = bytearray(sk)
        changed[128 + choose.randrange(small)] = choose.randrange(256)
        assert kernel.is_secret_key(bytes(changed)) is reference.is_secret_key(bytes(changed))


@pytest.mark.parametrize("chosen", SETS, **ids)
def test_many_cases_as_dilithium_py_computes_them(chosen: Parameters) -> None:
    seeds = shake_128(b"ML-DSA accumulated" + bytes([chosen.number])).digest(25 * 128)
    found = sha3_256()
    for start in range(0, len(seeds), 128):
        piece = seeds[start : start + 128]
        message = piece[64 : 64 + piece[127] % 60]
        pk, sk = kernel.keygen(chosen, piece[:32])
        signature, _ = kernel.sign(sk, message, piece[32:64], 814)
        assert kernel.verify(pk, message, signature)
        for each in (pk, sk, signature):
            found.update(each)

    assert found.hexdigest() == ACCUMULATED[chosen.number]


@pytest.mark.parametrize("chosen", SETS[:2], **ids)
def test_every_coefficient_is_decomposed_alike(chosen: Parameters) -> None:
    """At all borders of the high part, and where it wraps."""
    double = 2 * chosen.gamma2
    around = [step * double + chosen.gamma2 for step in range((Q - 1) // double + 1)]
    values = sorted(
        {
            value % Q
            for border in [*around, *(step * double for step in range(45)), 0, Q - 1]
            for value in range(border - 3, border + 4)
        }
    )
    values += [0] * (-len(values) % 256)
    for start in range(0, len(values), 256):
        row = values[start : start + 256]
        high, low = np.empty(256, np.int32), np.empty(256, np.int32)
        kernel.decompose(np.array(row, np.int32), chosen.gamma2, high, low)
        expected = [reference.decompose(value, chosen) for value in row]
        assert [(int(a), int(b)) for a, b in zip(high, low, strict=True)] == expected


def test_transforms_and_products() -> None:
    choose = random.Random(9)
    edges = [0, 1, Q - 1, Q // 2, -1, -(Q - 1)]
    rows = [[edge] * 256 for edge in edges] + [[Q - 1, 1 - Q] * 128]
    rows += [[choose.randrange(-Q + 1, Q) for _ in range(256)] for _ in range(10)]
    for values in rows:
        row = np.array([values], np.int32)
        kernel.transform(row)
        assert np.abs(row).max() < Q
        expected = reference.ntt([value % Q for value in values])
        assert [int(each) % Q for each in row[0]] == [each * 2**32 % Q for each in expected]
        kernel.transform_back(row)
        assert np.abs(row).max() < Q
        assert [int(each) % Q for each in row[0]] == [value * 2**32 % Q for value in values]
    left, right = [[Q - 1] * 256] * 8, [[choose.choice(edges) for _ in range(256)]] * 8
    result, sums = np.empty(256, np.int32), np.empty(256, np.int64)
    kernel.dot(np.array(left, np.int32), 0, np.array(right, np.int32), sums, result)
    assert [int(each) * 2**32 % Q for each in result] == [-8 * each % Q for each in right[0]]


def test_a_message_is_bound_to_its_context() -> None:
    """Length-prefixed, so that no bytes move from one to the other."""
    assert formatted(b"bc", b"a") != formatted(b"c", b"ab")
    assert formatted(b"", b"") == b"\0\0"


@settings(max_examples=120, deadline=None)
@given(st.data())
def test_any_bytes_are_answered_or_refused(data: st.DataObject) -> None:
    method = data.draw(st.sampled_from(contract.PRECOMPILE.methods))
    values: list[object] = []
    for parameter in method.signature.inputs:
        if parameter.type.name == "bytes":
            sizes = (0, 32, 255, 1312, 1952, 2420, 2560, 2592, 3309, 4032, 4627, 4896)
            size = min(data.draw(st.sampled_from(sizes)), parameter.type.bound)
            fill = data.draw(st.integers(0, 5))
            values.append(bytes(size) if not fill else random.Random(fill).randbytes(size))
        elif parameter.type.name == "bytes32":
            values.append(data.draw(st.binary(min_size=32, max_size=32)))
        else:
            values.append(data.draw(st.sampled_from((2, 3, 5, 0, 7))))
    calldata = method.signature.selector + abi.encode(method.signature.inputs, values)
    outcome = call_precompile(World(), ADDRESS, calldata, context=IN_A_CALL)
    assert outcome.status == "success" or outcome.data[:4] in DECLARED
    if method.signature.name == "verify":
        assert outcome.data == bytes(32)
