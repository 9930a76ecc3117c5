"""The zero-knowledge proofs of CGGMP21: each holds, and each kind of lie about it does not.

Small parameters, which prove nothing to anybody; the standard ones run in `test_cggmp21_protocol`.
"""

import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import pytest

from precompiles.backends import secp256k1_group as curve
from precompiles.backends.secp256k1_group import ORDER
from precompiles.threshold.cggmp21.protocol import paillier, parameters, randomness, ring_pedersen
from precompiles.threshold.cggmp21.protocol.faults import MisuseError
from precompiles.threshold.cggmp21.protocol.paillier import Encrypted, PaillierSecret
from precompiles.threshold.cggmp21.protocol.parameters import SMALL, STANDARD
from precompiles.threshold.cggmp21.protocol.proofs import (
    affine,
    decryption,
    encryption,
    factors,
    modulus,
    schnorr,
)
from precompiles.threshold.cggmp21.protocol.proofs import ring_pedersen as power_proof
from precompiles.threshold.cggmp21.protocol.transcript import Binding, challenge, encode

HERE = Path(__file__).parent
PRIMES = json.loads((HERE / "vectors" / "safe_primes.json").read_text())
KEYS = [PaillierSecret(p=int(p, 16), q=int(q, 16)) for p, q in PRIMES["small"]]
PROVER, RECEIVER = KEYS[0], KEYS[1]
draw = random.Random(21).randbytes
VERIFIER, EXPONENT = ring_pedersen.generate(KEYS[2], draw)
OTHER_VERIFIER, _ = ring_pedersen.generate(KEYS[3], draw)
BINDING = Binding(session=b"session", prover=1, purpose="test")


def point(factor: int) -> bytes:
    found = curve.base(factor % ORDER)
    assert found is not None
    return curve.encode(found)


@dataclass(frozen=True, kw_only=True)
class Claim:
    """A proof with all that it is checked against."""

    statement: Any
    proof: Any
    check: Callable[[Binding, Any, Any], bool]
    lies: list[tuple[str, Any]]
    """Statements that are false."""
    unproven: list[tuple[str, Any]]
    """Proofs that a cheater makes for a false statement by the honest algorithm."""


def encryption_claim(base: bytes) -> Claim:
    secret = paillier.encrypt_fresh(PROVER.modulus, 123456789, draw)
    of_point = curve.multiply(curve.parse(base), secret.plaintext)

    def statement(found: Encrypted, factor: int) -> encryption.EncryptionStatement:
        made = curve.multiply(curve.parse(base), factor % ORDER)
        return encryption.EncryptionStatement(
            verifier=VERIFIER,
            modulus=PROVER.modulus,
            ciphertext=found.ciphertext,
            base=base,
            point=curve.encode(made) if made else b"",
        )

    right = statement(secret, secret.plaintext)
    assert bool(of_point) is bool(base)
    too_large = paillier.encrypt_fresh(PROVER.modulus, 1 << SMALL.ell + SMALL.epsilon + 8, draw)
    negative = paillier.encrypt_fresh(PROVER.modulus, -(1 << SMALL.ell + SMALL.epsilon + 8), draw)
    other = paillier.encrypt_fresh(PROVER.modulus, 5, draw)
    unproven = [
        (name, (statement(each, each.plaintext), each))
        for name, each in (("too-large", too_large), ("too-negative", negative))
    ]
    if base:
        unproven.append(("another-point", (statement(secret, secret.plaintext + 1), secret)))
    unproven.append(("another-plaintext", (right, replace(secret, plaintext=5))))
    unproven.append(("another-randomness", (right, replace(secret, randomness=5))))
    lies = [
        ("ciphertext", replace(right, ciphertext=other.ciphertext)),
        ("no-ciphertext", replace(right, ciphertext=PROVER.modulus)),
        ("zero", replace(right, ciphertext=0)),
        ("modulus", replace(right, modulus=RECEIVER.modulus)),
        ("verifier", replace(right, verifier=OTHER_VERIFIER)),
    ]
    lies += [
        ("point", replace(right, point=point(7))),
        ("base", replace(right, base=point(9))),
        ("no-point", replace(right, base=point(9), point=b"")),
        ("bad-point", replace(right, base=point(9), point=b"\2" * 33)),
    ]
    return Claim(
        statement=right,
        proof=encryption.prove(SMALL, BINDING, right, secret, draw),
        check=lambda bound, stated, proof: encryption.verify(SMALL, bound, stated, proof),
        lies=lies,
        unproven=[
            (name, (stated, encryption.prove(SMALL, BINDING, stated, each, draw)))
            for name, (stated, each) in unproven
        ],
    )


def affine_claim() -> Claim:
    base = paillier.encrypt_fresh(RECEIVER.modulus, 987654321, draw)

    def made(x: int, y: int, claimed_x: int, claimed_y: int) -> tuple[Any, Any]:
        hidden = paillier.encrypt_fresh(RECEIVER.modulus, y, draw)
        own = paillier.encrypt_fresh(PROVER.modulus, claimed_y, draw)
        square = RECEIVER.modulus**2
        stated = affine.AffineStatement(
            verifier=VERIFIER,
            modulus=RECEIVER.modulus,
            own_modulus=PROVER.modulus,
            base_ciphertext=base.ciphertext,
            result=pow(base.ciphertext, x, square) * hidden.ciphertext % square,
            addend=own.ciphertext,
            point=point(claimed_x),
        )
        return stated, affine.AffineSecret(x=x, y=own, randomness=hidden.randomness)

    right, secret = made(5555, 77777, 5555, 77777)
    decrypted = paillier.decrypt(RECEIVER, right.result)
    assert decrypted == 5555 * 987654321 + 77777
    wide, wider = 1 << SMALL.ell + SMALL.epsilon + 8, 1 << SMALL.ell_prime + SMALL.epsilon + 8
    return Claim(
        statement=right,
        proof=affine.prove(SMALL, BINDING, right, secret, draw),
        check=lambda bound, stated, proof: affine.verify(SMALL, bound, stated, proof),
        lies=[
            ("base", replace(right, base_ciphertext=base.ciphertext + 1)),
            ("result", replace(right, result=right.result * 2 % RECEIVER.modulus**2)),
            ("addend", replace(right, addend=right.addend * 2 % PROVER.modulus**2)),
            ("point", replace(right, point=point(5556))),
            ("no-point", replace(right, point=b"")),
            ("modulus", replace(right, modulus=KEYS[3].modulus)),
            ("own-modulus", replace(right, own_modulus=KEYS[3].modulus)),
            ("verifier", replace(right, verifier=OTHER_VERIFIER)),
            ("no-ciphertext", replace(right, result=0)),
        ],
        unproven=[
            (name, (stated, affine.prove(SMALL, BINDING, stated, each, draw)))
            for name, (stated, each) in (
                ("x-too-large", made(wide, 5, wide, 5)),
                ("y-too-large", made(5, wider, 5, wider)),
                ("y-too-negative", made(5, -wider, 5, -wider)),
                ("another-x", made(5, 6, 7, 6)),
                ("another-y", made(5, 6, 5, 7)),
            )
        ],
    )


def decryption_claim() -> Claim:
    factor = paillier.encrypt_fresh(PROVER.modulus, 424242, draw)
    base = point(31337)

    def made(x: int, added: int, claimed_x: int, claimed_y: int) -> tuple[Any, Any]:
        total = paillier.encrypt_fresh(PROVER.modulus, added, draw)
        y = 424242 * x + added
        result = curve.multiply(curve.parse(base), claimed_y % ORDER)
        assert result is not None
        stated = decryption.DecryptionStatement(
            verifier=VERIFIER,
            modulus=PROVER.modulus,
            factor_ciphertext=factor.ciphertext,
            sum_ciphertext=total.ciphertext,
            factor_point=point(claimed_x),
            base=base,
            result_point=curve.encode(result),
        )
        square = PROVER.modulus**2
        whole = pow(factor.ciphertext, x, square) * total.ciphertext % square
        return stated, decryption.DecryptionSecret(
            x=x, y=y, randomness=paillier.randomness_of(PROVER, whole, y)
        )

    right, secret = made(99, 1 << 300, 99, 424242 * 99 + (1 << 300))
    beyond = 1 << SMALL.ell_decrypted + SMALL.epsilon + 4
    shifted, shifted_secret = made(99, 5, 99, 424242 * 99 + 5 + PROVER.modulus)
    shifted_secret = replace(shifted_secret, y=shifted_secret.y + PROVER.modulus)
    return Claim(
        statement=right,
        proof=decryption.prove(SMALL, BINDING, right, secret, draw),
        check=lambda bound, stated, proof: decryption.verify(SMALL, bound, stated, proof),
        lies=[
            ("factor", replace(right, factor_ciphertext=right.sum_ciphertext)),
            ("sum", replace(right, sum_ciphertext=factor.ciphertext)),
            ("factor-point", replace(right, factor_point=point(98))),
            ("base", replace(right, base=point(2))),
            ("no-base", replace(right, base=b"")),
            ("result", replace(right, result_point=point(98))),
            ("no-result", replace(right, result_point=b"")),
            ("modulus", replace(right, modulus=RECEIVER.modulus)),
            ("verifier", replace(right, verifier=OTHER_VERIFIER)),
        ],
        unproven=[
            (name, (stated, decryption.prove(SMALL, BINDING, stated, each, draw)))
            for name, (stated, each) in (
                ("another-result", made(99, 5, 99, 424242 * 99 + 6)),
                ("another-x", made(99, 5, 98, 424242 * 99 + 5)),
                ("y-too-large", made(99, beyond, 99, 424242 * 99 + beyond)),
                # The same plaintext modulo N, with another remainder modulo the order.
                ("plus-the-modulus", (shifted, shifted_secret)),
            )
        ],
    )


def modulus_claim() -> Claim:
    return Claim(
        statement=PROVER.modulus,
        proof=modulus.prove(SMALL, BINDING, PROVER, draw),
        check=lambda bound, stated, proof: modulus.verify(SMALL, bound, stated, proof),
        lies=[
            ("another", RECEIVER.modulus),
            ("even", PROVER.modulus + 1),
            ("prime", next(n for n in range(2**1023 + 1, 2**1024, 2) if randomness.is_prime(n, 5))),
            ("short", PROVER.p),
            ("long", PROVER.modulus << 8 | 1),
        ],
        unproven=[("three-primes", three_primes())],
    )


def three_primes() -> tuple[int, modulus.ModulusProof]:
    """The best a cheater can do for a product of three primes: half the challenges have roots."""
    primes = [PROVER.p, *(next(primes_of(bits)) for bits in (256, 256))]
    number = primes[0] * primes[1] * primes[2]
    totient = (primes[0] - 1) * (primes[1] - 1) * (primes[2] - 1)
    while modulus.jacobi(w := randomness.unit(number, draw), number) != -1:
        continue
    rounds = []
    for y in modulus.challenge_units(SMALL, BINDING, number, w):
        options = [
            (negated, multiplied, (-y if negated else y) * (w if multiplied else 1) % number)
            for negated in (False, True)
            for multiplied in (False, True)
        ]
        roots = [
            (fourth_root(value, primes), negated, multiplied)
            for negated, multiplied, value in options
            if all(modulus.is_square(value, prime) for prime in primes)
        ]
        x, negated, multiplied = roots[0] if roots else (1, False, False)
        z = pow(y, pow(number, -1, totient), number)
        rounds.append((x, negated, multiplied, z))
    return number, modulus.ModulusProof(w=w, rounds=tuple(rounds))


def primes_of(bits: int) -> Iterator[int]:
    """Primes that are 3 modulo 4."""
    while True:
        number = 3 << bits - 2 | randomness.below(1 << bits - 2, draw) | 3
        if randomness.is_prime(number, 5):
            yield number


def fourth_root(value: int, primes: list[int]) -> int:
    """By the Chinese remainder theorem, each root being a square."""
    number = primes[0] * primes[1] * primes[2]
    total = 0
    for prime in primes:
        root = pow(pow(value, (prime + 1) // 4, prime), (prime + 1) // 4, prime)
        rest = number // prime
        total += root * rest * pow(rest, -1, prime)
    return total % number


def power_claim() -> Claim:
    right = VERIFIER
    secret = KEYS[2]
    not_a_power = replace(right, s=right.modulus - right.s)

    def proven(stated: Any, exponent: int) -> Any:
        return power_proof.prove(SMALL, BINDING, stated, secret, exponent, draw)

    return Claim(
        statement=right,
        proof=proven(right, EXPONENT),
        check=lambda bound, stated, proof: power_proof.verify(SMALL, bound, stated, proof),
        lies=[
            ("s", replace(right, s=right.s + 1)),
            ("t", replace(right, t=right.t + 1)),
            ("s-one", replace(right, s=1)),
            ("t-zero", replace(right, t=0)),
            ("t-of-factor", replace(right, t=secret.p)),
            ("modulus", replace(right, modulus=PROVER.modulus)),
        ],
        unproven=[
            ("not-a-power", (not_a_power, proven(not_a_power, EXPONENT))),
            ("another-exponent", (right, proven(right, EXPONENT + 1))),
        ],
    )


def factor_claim() -> Claim:
    small = 2**61 - 1
    large = next(n for n in range(2**963 + 1, 2**964, 2) if randomness.is_prime(n, 5))
    unbalanced = PaillierSecret(p=small, q=large)
    wrong = PaillierSecret(p=PROVER.p, q=PROVER.q + 2)

    def check(bound: Binding, stated: Any, proof: Any) -> bool:
        verifier, number = stated
        return factors.verify(SMALL, bound, verifier, number, proof)

    return Claim(
        statement=(VERIFIER, PROVER.modulus),
        proof=factors.prove(SMALL, BINDING, VERIFIER, PROVER, draw),
        check=check,
        lies=[
            ("modulus", (VERIFIER, RECEIVER.modulus)),
            ("verifier", (OTHER_VERIFIER, PROVER.modulus)),
        ],
        unproven=[
            (
                "a-small-factor",
                (
                    (VERIFIER, unbalanced.modulus),
                    factors.prove(SMALL, BINDING, VERIFIER, unbalanced, draw),
                ),
            ),
            (
                "another-product",
                ((VERIFIER, PROVER.modulus), factors.prove(SMALL, BINDING, VERIFIER, wrong, draw)),
            ),
        ],
    )


CLAIMS: dict[str, Callable[[], Claim]] = {
    "enc": lambda: encryption_claim(b""),
    "log*": lambda: encryption_claim(point(1234)),
    "aff-g": affine_claim,
    "dec": decryption_claim,
    "mod": modulus_claim,
    "prm": power_claim,
    "fac": factor_claim,
}


@pytest.fixture(scope="module", params=list(CLAIMS))
def claim(request: pytest.FixtureRequest) -> Claim:
    return CLAIMS[request.param]()


def tampered(proof: Any) -> Iterator[tuple[str, Any]]:
    """The proof with one field changed at a time, by one and to extremes."""
    for field in fields(proof):
        value = getattr(proof, field.name)
        if isinstance(value, bytes):
            yield field.name, replace(proof, **{field.name: point(3)})
            yield field.name, replace(proof, **{field.name: b"\2" * 33 if value else b"\1"})
        elif isinstance(value, tuple):
            yield field.name, replace(proof, **{field.name: value[:-1]})
            yield field.name, replace(proof, **{field.name: (value[1], *value[1:])})
            yield field.name, replace(proof, **{field.name: ()})
        else:
            yield field.name, replace(proof, **{field.name: value + 1})
            yield field.name, replace(proof, **{field.name: -value})
            yield field.name, replace(proof, **{field.name: 0})


def test_a_proof_holds(claim: Claim) -> None:
    assert claim.check(BINDING, claim.statement, claim.proof)


def test_no_field_can_be_changed(claim: Claim) -> None:
    for name, changed in tampered(claim.proof):
        assert not claim.check(BINDING, claim.statement, changed), name


def test_another_statement_is_not_proven(claim: Claim) -> None:
    for name, stated in claim.lies:
        assert not claim.check(BINDING, stated, claim.proof), name


def test_a_false_statement_cannot_be_proven(claim: Claim) -> None:
    """Out of range, or unequal: the honest algorithm does not help a cheater."""
    for name, (stated, proof) in claim.unproven:
        assert not claim.check(BINDING, stated, proof), name


def test_a_proof_is_bound_to_its_place(claim: Claim) -> None:
    for elsewhere in (
        replace(BINDING, session=b"another session"),
        replace(BINDING, prover=2),
        replace(BINDING, purpose="another purpose"),
    ):
        assert not claim.check(elsewhere, claim.statement, claim.proof)


def test_out_of_range_answers_are_refused(claim: Claim) -> None:
    """By size alone: to compute with such numbers would take hours."""
    huge = 1 << 10_000_000
    for field in fields(claim.proof):
        if isinstance(getattr(claim.proof, field.name), int):
            for bad in (huge, -huge):
                changed = replace(claim.proof, **{field.name: bad})
                assert not claim.check(BINDING, claim.statement, changed), field.name


def test_schnorr() -> None:
    secret, nonce = 777, 888
    key, announced = curve.base(secret), curve.base(nonce)
    assert key is not None
    assert announced is not None
    encoded = curve.encode(key), curve.encode(announced)
    answer = schnorr.prove(SMALL, BINDING, secret, encoded[0], nonce, encoded[1])

    assert schnorr.verify(SMALL, BINDING, key, announced, answer)
    for bad in (answer + 1, answer + ORDER, -answer, 0):
        assert not schnorr.verify(SMALL, BINDING, key, announced, bad)
    assert not schnorr.verify(SMALL, BINDING, announced, announced, answer)
    assert not schnorr.verify(SMALL, BINDING, key, key, answer)
    for elsewhere in (replace(BINDING, session=b"x"), replace(BINDING, prover=9)):
        assert not schnorr.verify(SMALL, elsewhere, key, announced, answer)
    assert not schnorr.verify(STANDARD, BINDING, key, announced, answer)


@pytest.mark.parametrize("plaintext", [0, 1, -1, 12345, -(10**60), PROVER.modulus // 2])
def test_paillier_round_trip(plaintext: int) -> None:
    found = paillier.encrypt_fresh(PROVER.modulus, plaintext, draw)
    assert paillier.decrypt(PROVER, found.ciphertext) == plaintext
    assert paillier.randomness_of(PROVER, found.ciphertext, plaintext) == found.randomness


def test_paillier_adds_and_multiplies() -> None:
    a, b = (paillier.encrypt_fresh(PROVER.modulus, each, draw) for each in (1000, -7))
    square = PROVER.modulus**2
    assert paillier.decrypt(PROVER, a.ciphertext * b.ciphertext % square) == 993
    assert paillier.decrypt(PROVER, pow(a.ciphertext, -3, square)) == -3000
    for bad in (0, PROVER.p, PROVER.modulus, square, square + 1, -1):
        assert not paillier.is_ciphertext(PROVER.modulus, bad)


def test_jacobi_equals_legendre_products() -> None:
    choose = random.Random(4)
    for _ in range(200):
        number = choose.randrange(1, 10_000)
        legendre = {p: {0: 0, 1: 1, p - 1: -1}[pow(number, (p - 1) // 2, p)] for p in (103, 211)}
        assert modulus.jacobi(number, 103 * 211) == legendre[103] * legendre[211]


def test_safe_primes_are_found_and_checked() -> None:
    p, q = (next(randomness.safe_primes(64, draw)) for _ in range(2))
    randomness.check_safe_primes(p, q, 128)
    for bad in ((p, p, 128), (p, q, 127), (p, q + 2, 128), (p, 7, 128)):
        with pytest.raises(MisuseError):
            randomness.check_safe_primes(*bad)
    # 2**64 - 59 is prime, but half of it is not.
    with pytest.raises(MisuseError):
        randomness.check_safe_primes(2**64 - 59, p, 128)


def test_primes_below_a_thousand() -> None:
    listed = [n for n in range(-3, 1000) if randomness.is_prime(n)]
    assert listed == [n for n in range(2, 1000) if all(n % d for d in range(2, n))]
    # Carmichael numbers and a strong pseudoprime to base 2.
    assert not any(randomness.is_prime(n) for n in (561, 41041, 2047, 3215031751))


def test_encodings_differ() -> None:
    items: list[Any] = [
        b"", b"\0", "", 0, 1, True, False, -1, 255, 256, [], [0], [[0]], [b""], {}, {1: 2},
        {2: 1}, [1, 2], "1", b"1", [b"1", b"2"], [b"12"], BINDING, replace(BINDING, prover=2),
        SMALL, STANDARD,
    ]  # fmt: skip
    assert len({encode(item) for item in items}) == len(items)
    for bad in (None, 1.5):
        with pytest.raises(TypeError):
            encode(bad)


def test_challenges_depend_on_everything() -> None:
    found = {
        challenge(sizes, binding, *items)
        for sizes in (SMALL, STANDARD)
        for binding in (BINDING, replace(BINDING, prover=2), replace(BINDING, purpose="x"))
        for items in ((), (0,), (1,), (0, 0), ([0],))
    }
    assert len(found) == 30
    assert max(found) >= 1 << 200
    assert max(found) < ORDER


def test_small_parameters_are_refused_by_default() -> None:
    with pytest.raises(MisuseError):
        parameters.check(SMALL, allow_insecure=False)
    parameters.check(SMALL, allow_insecure=True)
    parameters.check(STANDARD, allow_insecure=False)


@pytest.mark.parametrize("sizes", [SMALL, STANDARD])
def test_sizes_fit_together(sizes: parameters.Parameters) -> None:
    """Masks hide what they must, and nothing that is encrypted wraps around the modulus."""
    half = sizes.modulus_bits - 2
    hidden = 64 if not sizes.secure else 128
    assert sizes.epsilon >= sizes.challenge_bits + hidden - 1
    assert sizes.ell_prime >= 2 * sizes.ell + sizes.epsilon + (0 if not sizes.secure else hidden)
    assert 2 * (sizes.ell + sizes.epsilon) < half
    assert sizes.ell_prime + sizes.epsilon + 1 < half
    assert sizes.ell_decrypted + sizes.epsilon < half
    # A sum of two numbers for each party, each of one bit more than its range.
    assert 4 * parameters.PARTIES_MAX < 2**16
