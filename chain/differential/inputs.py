"""Input for Ethereum's own precompiles: some that they take, and some spoilt a little.

Group elements are the generators of the standards (EIP-196, EIP-197, EIP-2537), their negatives
and the points at infinity: sums and pairings of these are valid, and need no arithmetic here.
"""

import hashlib
from collections.abc import Callable
from random import Random
from typing import Final

from ..signatures import sign

P256VERIFY: Final = 0x100
BN254_P: Final = 21888242871839275222246405745257275088696311157297823662689037894645226208583
BLS_P: Final = int(
    "1a0111ea397fe69a4b1ba7b6434bacd764774b84f38512bf6730d2a0f6b0f624"
    "1eabfffeb153ffffb9feffffffffaaab",
    16,
)
"""Modulus of the base field (EIP-2537)."""


def _words(*numbers: int, size: int = 32) -> bytes:
    return b"".join(number.to_bytes(size, "big") for number in numbers)


BN254_G1: Final = _words(1, 2)
BN254_MINUS_G1: Final = _words(1, BN254_P - 2)
# EIP-197: imaginary parts stand first.
BN254_G2: Final = _words(
    11559732032986387107991004021392285783925812861821192530917403151452391805634,
    10857046999023057135944570762232829481370756359578518086990519993285655852781,
    4082367875863433681332203403145435568316851327593401208105741076214120093531,
    8495653923123431417604973247489272438418190587263600148770280649306958101930,
)
_BLS_X: Final = int(
    "17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac58"
    "6c55e83ff97a1aeffb3af00adb22c6bb",
    16,
)
_BLS_Y: Final = int(
    "08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3ed"
    "d03cc744a2888ae40caa232946c5e7e1",
    16,
)
BLS_G1: Final = _words(_BLS_X, _BLS_Y, size=64)
BLS_MINUS_G1: Final = _words(_BLS_X, BLS_P - _BLS_Y, size=64)
BLS_G2: Final = b"".join(
    bytes(16) + bytes.fromhex(part)
    for part in (
        "024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770"
        "bac0326a805bbefd48056c8c121bdb8",
        "13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049"
        "334cf11213945d57e5ac7d055d042b7e",
        "0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c"
        "923ac9cc3baca289e193548608b82801",
        "0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab"
        "3f370d275cec1da1aaa9075ff05f79be",
    )
)


def _ecrecover(choose: Random) -> bytes:
    digest = choose.randbytes(32)
    y_parity, r, s = sign(digest, choose.randrange(1, 2**128).to_bytes(32, "big"))
    return digest + _words(27 + y_parity, r, s)


def _modexp(choose: Random) -> bytes:
    sizes = [choose.choice((0, 1, 2, 8, 31, 32, 33, 64, 100)) for _ in range(3)]
    if choose.random() < 0.05:
        sizes[choose.randrange(3)] = choose.choice((1024, 1025, 2**32, 2**64, 2**256 - 1))
    return _words(*sizes) + choose.randbytes(sum(size for size in sizes if size <= 1025))


def _bn254_point(choose: Random) -> bytes:
    return choose.choice((BN254_G1, BN254_MINUS_G1, bytes(64)))


def _bn254_pairing(choose: Random) -> bytes:
    pair = BN254_G1 + BN254_G2
    opposite = BN254_MINUS_G1 + BN254_G2
    empty = bytes(64) + BN254_G2
    kinds = (b"", empty, bytes(192), pair, pair + opposite, empty + opposite)
    return choose.choice(kinds[:3] if choose.random() < 0.8 else kinds)


def _blake2(choose: Random) -> bytes:
    rounds = choose.choice((0, 1, 2, 12, 100, 2**32 - 1))
    return rounds.to_bytes(4, "big") + choose.randbytes(208) + bytes([choose.choice((0, 1, 1, 2))])


def _point_evaluation(choose: Random) -> bytes:
    infinity = b"\xc0" + bytes(47)  # Commitment and proof of the polynomial zero.
    versioned = b"\x01" + hashlib.sha256(infinity).digest()[1:]
    return versioned + bytes(31) + choose.randbytes(1) + bytes(32) + infinity + infinity


def _bls_g1(choose: Random) -> bytes:
    return choose.choice((BLS_G1, BLS_MINUS_G1, bytes(128)))


def _bls_g2(choose: Random) -> bytes:
    return choose.choice((BLS_G2, bytes(256)))


def _repeated(choose: Random, part: Callable[[Random], bytes]) -> bytes:
    return b"".join(part(choose) for _ in range(choose.choice((0, 1, 1, 2))))


def _bls_pairing(choose: Random) -> bytes:
    if choose.random() < 0.7:
        return choose.choice((b"", bytes(384), bytes(128) + BLS_G2, BLS_G1 + bytes(256)))
    return BLS_G1 + BLS_G2 + BLS_MINUS_G1 + BLS_G2


# The first vector of geth's set for EIP-7951.
P256_GOOD: Final = bytes.fromhex(
    "4cee90eb86eaa050036147a12d49004b6b9c72bd725d39d4785011fe190f0b4d"
    "a73bd4903f0ce3b639bbbf6e8e80d16931ff4bcf5993d58468e8fb19086e8cac"
    "36dbcd03009df8c59286b162af3bd7fcc0450c9aa81be5d10d312af6c66b1d60"
    "4aebd3099c618202fcfe16ae7770b0c49ab5eadf74b754204a3bb6060e44eff3"
    "7618b065f9832de4ca6ca971a7a1adc826d0f7c00181a5fb2ddf79ae00b4e10e"
)


_GOOD: Final[dict[int, Callable[[Random], bytes]]] = {
    1: _ecrecover,
    2: lambda choose: choose.randbytes(choose.randrange(200)),
    3: lambda choose: choose.randbytes(choose.randrange(200)),
    4: lambda choose: choose.randbytes(choose.randrange(200)),
    5: _modexp,
    6: lambda choose: _bn254_point(choose) + _bn254_point(choose),
    7: lambda choose: _bn254_point(choose) + choose.randbytes(32),
    8: _bn254_pairing,
    9: _blake2,
    10: _point_evaluation,
    11: lambda choose: _bls_g1(choose) + _bls_g1(choose),
    12: lambda choose: _repeated(choose, lambda each: _bls_g1(each) + each.randbytes(32)),
    13: lambda choose: _bls_g2(choose) + _bls_g2(choose),
    14: lambda choose: _repeated(choose, lambda each: _bls_g2(each) + each.randbytes(32)),
    15: _bls_pairing,
    16: lambda choose: _words(choose.randrange(BLS_P), size=64),
    17: lambda choose: _words(choose.randrange(BLS_P), choose.randrange(BLS_P), size=64),
    P256VERIFY: lambda _: P256_GOOD,
}


def precompile_input(choose: Random, number: int) -> bytes:
    """Return input for the precompile at this address: mostly good, else spoilt."""
    data = _GOOD[number](choose)
    roll = choose.random()
    if roll < 0.7 or not data:
        return data
    if roll < 0.8:
        return data[: choose.randrange(len(data))]
    if roll < 0.85:
        return data + choose.randbytes(choose.choice((1, 32, 64)))
    if roll < 0.9:
        return choose.randbytes(choose.choice((1, 64, 128, 192, 213)))
    position = choose.randrange(len(data))
    return data[:position] + choose.randbytes(1) + data[position + 1 :]
