"""ML-KEM (FIPS 203), compiled: from bytes to bytes, each operation in one call.

`keygen(k, d, z)`, `encapsulate(ek, m)` and `decapsulate(dk, c)` are the standard's internal,
deterministic algorithms; `is_encapsulation_key` and `is_decapsulation_key` are its input checks,
which nothing here runs by itself. Sizes are the caller's to check. `reference.py` is the twin.

Hashing is most of the work: matrix and noise come from eight Keccak states side by side. Not
constant-time, so not for keys that matter.
"""

from hashlib import sha3_256
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernels.jit import kernel
from ...kernels.keccak import (
    LANES,
    LAST_BIT,
    RATE_SHA3_256,
    RATE_SHA3_512,
    RATE_SHAKE256,
    SHA3,
    SHAKE,
    Bytes,
    State,
    States,
    absorb,
    finish,
    hash_into,
    octets,
    permute_8,
    squeeze,
)
from ...kernels.keccak_f import WORDS
from ...kernels.lattice import (
    Ring,
    backward,
    canonical,
    forward,
    multiply_add,
    plain,
)
from ...kernels.lattice import finish as finish_sum
from ...kernels.vectors import read_word, write_word
from .parameters import BY_K, N, Q

Polynomials = npt.NDArray[np.int16]
Sums = npt.NDArray[np.int32]

RING = Ring(prime=Q, root=17, depth=7, bits=16, lanes=32)

to_transform = forward(RING)
from_transform = backward(RING)
add_product = multiply_add(RING)
end_product = finish_sum(RING)
to_plain = plain(RING)
to_canonical = canonical(RING)

RATE_WORDS_SHAKE128 = 21
PRIME = np.uint64(Q)
TWO_BITS = np.uint64(3)
THREE_BITS = np.uint64(7)
TWELVE_BITS = np.uint64(0xFFF)
SCALE = np.uint64(-(-(1 << 44) // Q))
"""x * SCALE >> 44 is x // Q for every x below 2^32."""
HALF = np.uint64(Q // 2)

SHA3_BYTE = np.uint64(SHA3)
SHAKE_BYTE = np.uint64(SHAKE)

ROW = N + 16
"""A row of the matrix has room for the candidates that come after its last coefficient."""

PIECE_MAX = 200
"""Bytes of noise for one polynomial, 64 eta at most, and a word to read beyond."""

KNOWN_ANSWER = bytes.fromhex("24157f820de742926014017e3b9492a69324a6f48a336ad014eac162c840362d")
"""SHA3-256 of all that the self-test computes, as kyber-py computes it."""


@kernel("int64(uint64[:, ::1], int64, int16[::1], int64)")
def take_candidates(states: States, lane: int, row: Any, count: int) -> int:
    """Append the 12-bit numbers below Q of one block; return how many the row has, N at most."""
    for i in range(0, RATE_WORDS_SHAKE128, 3):
        low, middle, high = states[i, lane], states[i + 1, lane], states[i + 2, lane]
        middle_rest = low >> np.uint64(60) | middle << np.uint64(4)
        high_rest = middle >> np.uint64(56) | high << np.uint64(8)
        for j in range(5):
            candidate = low >> np.uint64(12 * j) & TWELVE_BITS
            row[count] = np.int16(candidate)
            count += candidate < PRIME
        for j in range(5):
            candidate = middle_rest >> np.uint64(12 * j) & TWELVE_BITS
            row[count] = np.int16(candidate)
            count += candidate < PRIME
        for j in range(5):
            candidate = high_rest >> np.uint64(12 * j) & TWELVE_BITS
            row[count] = np.int16(candidate)
            count += candidate < PRIME
        candidate = high >> np.uint64(52)
        row[count] = np.int16(candidate)
        count += candidate < PRIME
        if count >= N:
            return N
    return count


@kernel("void(uint8[::1], int64, int16[:, ::1], uint64[:, ::1])")
def expand_matrix(rho: Bytes, k: int, matrix: Polynomials, states: States) -> None:
    """Sample k * k polynomials by rejection, eight at a time (algorithms 7 and 13, line 5)."""
    taken = np.empty(LANES, np.int64)
    for first in range(0, k * k, LANES):
        used = min(LANES, k * k - first)
        states[:] = np.uint64(0)
        for lane in range(used):
            row, column = divmod(first + lane, k)
            for i in range(4):
                states[i, lane] = read_word(rho, 8 * i)
            states[4, lane] = np.uint64(column | row << 8) | SHAKE_BYTE << np.uint64(16)
            states[RATE_WORDS_SHAKE128 - 1, lane] = LAST_BIT
        taken[:] = 0
        missing = used
        while missing > 0:
            permute_8(states)
            missing = 0
            for lane in range(used):
                if taken[lane] < N:
                    taken[lane] = take_candidates(states, lane, matrix[first + lane], taken[lane])
                    if taken[lane] < N:
                        missing += 1


@kernel("void(uint8[::1], int16[::1])")
def add_pairs(data: Bytes, row: Any) -> None:
    """Make a coefficient of each 4 bits: the first two less the last two."""
    odd = np.uint64(0x5555555555555555)
    for i in range(N // 16):
        word = read_word(data, 8 * i)
        sums = (word & odd) + (word >> np.uint64(1) & odd)
        for j in range(16):
            pair = sums >> np.uint64(4 * j)
            row[16 * i + j] = np.int16(pair & TWO_BITS) - np.int16(pair >> np.uint64(2) & TWO_BITS)


@kernel("void(uint8[::1], int16[::1])")
def add_triples(data: Bytes, row: Any) -> None:
    """Make a coefficient of each 6 bits: the first three less the last three."""
    third = np.uint64(0x249249)
    for i in range(N // 4):
        word = read_word(data, 3 * i)
        sums = (word & third) + (word >> np.uint64(1) & third) + (word >> np.uint64(2) & third)
        for j in range(4):
            pair = sums >> np.uint64(6 * j)
            row[4 * i + j] = np.int16(pair & THREE_BITS) - np.int16(
                pair >> np.uint64(3) & THREE_BITS
            )


@kernel("void(uint8[::1], int64, int64, int16[:, ::1], uint64[:, ::1])")
def sample_noise(seed: Bytes, number: int, eta: int, rows: Polynomials, states: States) -> None:
    """Sample small polynomials, eight at most, numbered from `number` (algorithm 8)."""
    count = rows.shape[0]
    pieces = np.empty((LANES, PIECE_MAX), np.uint8)
    states[:] = np.uint64(0)
    for lane in range(count):
        for i in range(4):
            states[i, lane] = read_word(seed, 8 * i)
        states[4, lane] = np.uint64(number + lane) | SHAKE_BYTE << np.uint64(8)
        states[RATE_SHAKE256 // 8 - 1, lane] = LAST_BIT
    for start in range(0, 8 * eta, RATE_SHAKE256 // 8):
        permute_8(states)
        for lane in range(count):
            for i in range(start, min(8 * eta, start + RATE_SHAKE256 // 8)):
                write_word(pieces[lane], 8 * i, states[i - start, lane])
    for lane in range(count):
        if eta == 2:
            add_pairs(pieces[lane], rows[lane])
        else:
            add_triples(pieces[lane], rows[lane])


@kernel("void(int16[:, ::1])")
def transform(rows: Polynomials) -> None:
    """Transform polynomials, and multiply them by 2^16 (algorithm 9)."""
    for i in range(rows.shape[0]):
        to_transform(rows[i])


@kernel("void(int16[:, ::1])")
def transform_back(rows: Polynomials) -> None:
    """Undo a transform (algorithm 10)."""
    for i in range(rows.shape[0]):
        from_transform(rows[i])


@kernel("void(int16[:, ::1], int64, int64, int16[:, ::1], int32[::1], int16[::1])")
def dot(
    left: Polynomials, start: int, step: int, right: Polynomials, sums: Sums, result: Any
) -> None:
    """Sum the products of every `step`th row from `start` with the rows of `right`."""
    sums[:] = np.int32(0)
    for i in range(right.shape[0]):
        add_product(left[start + i * step], right[i], sums)
    end_product(sums, result)


@kernel("void(int16[::1], int64, uint8[::1], int64)")
def pack(row: Any, d: int, data: Bytes, position: int) -> None:
    """Write d bits a coefficient; each is below 2^d (algorithm 5)."""
    word = np.uint64(0)
    used = 0
    for i in range(N):
        value = np.uint64(row[i])
        word |= value << np.uint64(used)
        used += d
        if used >= 64:
            write_word(data, position, word)
            position += 8
            used -= 64
            word = value >> np.uint64(d - used)


@kernel("void(uint8[::1], int64, int64, int16[::1])")
def unpack(data: Bytes, position: int, d: int, row: Any) -> None:
    """Read d bits a coefficient (algorithm 6, without its reduction at 12 bits).

    Four are read at once, as a word: one must be readable behind the last.
    """
    mask = np.uint64((1 << d) - 1)
    for i in range(N // 4):
        bit = 4 * d * i
        word = read_word(data, position + (bit >> 3)) >> np.uint64(bit & 4)
        for j in range(4):
            row[4 * i + j] = np.int16(word >> np.uint64(d * j) & mask)


@kernel("void(int16[::1], int64)")
def compress(row: Any, d: int) -> None:
    """Put coefficients from 0 up to Q on a scale of 2^d, rounded."""
    mask = np.uint64((1 << d) - 1)
    for i in range(N):
        scaled = (np.uint64(row[i]) << np.uint64(d)) + HALF
        row[i] = np.int16(scaled * SCALE >> np.uint64(44) & mask)


@kernel("void(int16[::1], int64)")
def decompress(row: Any, d: int) -> None:
    """Undo that, as far as it goes."""
    half = 1 << (d - 1)
    for i in range(N):
        row[i] = np.int16((np.int64(row[i]) * Q + half) >> d)


@kernel("void(int64, uint8[::1], uint8[::1], uint8[::1], uint8[::1], uint64[::1])")
def keygen_into(k: int, d: Bytes, z: Bytes, ek: Bytes, dk: Bytes, state: State) -> None:
    """Algorithms 13 and 16."""
    states = np.empty((WORDS, LANES), np.uint64)
    seeds = np.empty(64, np.uint8)
    level = np.empty(1, np.uint8)
    level[0] = k
    state[:] = np.uint64(0)
    position = absorb(state, RATE_SHA3_512, absorb(state, RATE_SHA3_512, 0, d), level)
    finish(state, RATE_SHA3_512, position, SHA3_BYTE)
    squeeze(state, RATE_SHA3_512, seeds)
    matrix = np.empty((k * k, ROW), np.int16)
    expand_matrix(seeds[:32], k, matrix, states)
    small = np.empty((2 * k, N), np.int16)
    sample_noise(seeds[32:], 0, 3 if k == 2 else 2, small, states)
    sums = np.empty(N, np.int32)
    row = np.empty(N, np.int16)
    transform(small)
    for i in range(k):
        dot(matrix, i * k, 1, small[:k], sums, row)
        error = small[k + i]
        to_plain(error)
        for j in range(N):
            row[j] += error[j]
        to_canonical(row)
        pack(row, 12, ek, 384 * i)
    for i in range(k):
        to_plain(small[i])
        pack(small[i], 12, dk, 384 * i)
    ek[384 * k :] = seeds[:32]
    end = 768 * k + 32
    dk[384 * k : end] = ek
    hash_into(state, RATE_SHA3_256, SHA3_BYTE, ek, dk[end : end + 32])
    dk[end + 32 :] = z


@kernel("void(int64, uint8[::1], uint8[::1], uint8[::1], uint8[::1])")
def encrypt(k: int, ek: Bytes, m: Bytes, r: Bytes, c: Bytes) -> None:
    """Algorithm 14."""
    states = np.empty((WORDS, LANES), np.uint64)
    matrix = np.empty((k * k, ROW), np.int16)
    expand_matrix(ek[384 * k :], k, matrix, states)
    small = np.empty((2 * k + 1, N), np.int16)
    if k == 2:
        sample_noise(r, 0, 3, small[:2], states)
        sample_noise(r, 2, 2, small[2:], states)
    else:
        sample_noise(r, 0, 2, small[:7], states)
        if k == 4:
            sample_noise(r, 7, 2, small[7:], states)
    y = small[:k]
    transform(y)
    t = np.empty((k, N), np.int16)
    for i in range(k):
        unpack(ek, 384 * i, 12, t[i])
    sums = np.empty(N, np.int32)
    du = 11 if k == 4 else 10
    u = np.empty((k, N), np.int16)
    for i in range(k):
        dot(matrix, i, k, y, sums, u[i])
    v = np.empty((1, N), np.int16)
    row = v[0]
    dot(t, 0, 1, y, sums, row)
    transform_back(u)
    transform_back(v)
    for i in range(k):
        error = small[k + i]
        for j in range(N):
            u[i, j] += error[j]
        to_canonical(u[i])
        compress(u[i], du)
        pack(u[i], du, c, 32 * du * i)
    error = small[2 * k]
    for j in range(N):
        bit = np.int16(m[j >> 3] >> (j & 7) & 1)
        row[j] += error[j] + bit * np.int16((Q + 1) // 2)
    to_canonical(row)
    dv = 5 if k == 4 else 4
    compress(row, dv)
    pack(row, dv, c, 32 * du * k)


@kernel("void(int64, uint8[::1], uint8[::1], uint8[::1])")
def decrypt(k: int, s: Bytes, c: Bytes, m: Bytes) -> None:
    """Algorithm 15."""
    du = 11 if k == 4 else 10
    dv = 5 if k == 4 else 4
    u = np.empty((k, N), np.int16)
    key = np.empty((k, N), np.int16)
    for i in range(k):
        unpack(c, 32 * du * i, du, u[i])
        decompress(u[i], du)
        unpack(s, 384 * i, 12, key[i])
    transform(u)
    difference = np.empty((1, N), np.int16)
    row = difference[0]
    v = np.empty(N, np.int16)
    dot(key, 0, 1, u, np.empty(N, np.int32), row)
    transform_back(difference)
    end = np.empty(32 * dv + 8, np.uint8)
    end[: 32 * dv] = c[32 * du * k :]
    unpack(end, 0, dv, v)
    decompress(v, dv)
    for i in range(N):
        row[i] = v[i] - row[i]
    to_canonical(row)
    compress(row, 1)
    pack(row, 1, m, 0)


@kernel("void(int64, uint8[::1], uint8[::1], uint8[::1], uint8[::1], uint64[::1])")
def encapsulate_into(k: int, ek: Bytes, m: Bytes, c: Bytes, secret: Bytes, state: State) -> None:
    """Algorithm 17."""
    seeds = np.empty(64, np.uint8)
    hash_into(state, RATE_SHA3_256, SHA3_BYTE, ek, seeds[:32])
    state[:] = np.uint64(0)
    position = absorb(state, RATE_SHA3_512, absorb(state, RATE_SHA3_512, 0, m), seeds[:32])
    finish(state, RATE_SHA3_512, position, SHA3_BYTE)
    squeeze(state, RATE_SHA3_512, seeds)
    encrypt(k, ek, m, seeds[32:], c)
    secret[:] = seeds[:32]


@kernel("void(int64, uint8[::1], uint8[::1], uint8[::1], uint64[::1])")
def decapsulate_into(k: int, dk: Bytes, c: Bytes, secret: Bytes, state: State) -> None:
    """Algorithm 18."""
    ek, h, z = dk[384 * k : 768 * k + 32], dk[768 * k + 32 : 768 * k + 64], dk[768 * k + 64 :]
    seeds = np.empty(64, np.uint8)
    m = np.empty(32, np.uint8)
    decrypt(k, dk, c, m)
    state[:] = np.uint64(0)
    position = absorb(state, RATE_SHA3_512, absorb(state, RATE_SHA3_512, 0, m), h)
    finish(state, RATE_SHA3_512, position, SHA3_BYTE)
    squeeze(state, RATE_SHA3_512, seeds)
    state[:] = np.uint64(0)
    position = absorb(state, RATE_SHAKE256, absorb(state, RATE_SHAKE256, 0, z), c)
    finish(state, RATE_SHAKE256, position, SHAKE_BYTE)
    squeeze(state, RATE_SHAKE256, secret)
    again = np.empty_like(c)
    encrypt(k, ek, m, seeds[32:], again)
    if (again == c).all():
        secret[:] = seeds[:32]


@kernel("boolean(int64, uint8[::1])")
def all_below_prime(k: int, ek: Bytes) -> bool:
    """Return whether the key's coefficients are canonical."""
    row = np.empty(N, np.int16)
    fine = True
    for i in range(k):
        unpack(ek, 384 * i, 12, row)
        for j in range(N):
            fine &= row[j] < Q
    return fine


def keygen(k: int, d: bytes, z: bytes) -> tuple[bytes, bytes]:
    """Return the encapsulation and the decapsulation key of two 32-byte seeds. k is 2, 3 or 4."""
    chosen = BY_K[k]
    ek = np.empty(chosen.public_key_size, np.uint8)
    dk = np.empty(chosen.secret_key_size, np.uint8)
    keygen_into(k, octets(d), octets(z), ek, dk, np.empty(WORDS, np.uint64))
    return ek.tobytes(), dk.tobytes()


def encapsulate(ek: bytes, m: bytes) -> tuple[bytes, bytes]:
    """Return ciphertext and shared secret for a key and 32 bytes of randomness."""
    k = (len(ek) - 32) // 384
    c = np.empty(BY_K[k].ciphertext_size, np.uint8)
    secret = np.empty(32, np.uint8)
    encapsulate_into(k, octets(ek), octets(m), c, secret, np.empty(WORDS, np.uint64))
    return c.tobytes(), secret.tobytes()


def decapsulate(dk: bytes, c: bytes) -> bytes:
    """Return the shared secret; of a wrong ciphertext, one that nobody else can know."""
    secret = np.empty(32, np.uint8)
    k = (len(dk) - 96) // 768
    decapsulate_into(k, octets(dk), octets(c), secret, np.empty(WORDS, np.uint64))
    return secret.tobytes()


def is_encapsulation_key(ek: bytes) -> bool:
    """Return whether every coefficient is below Q (section 7.2)."""
    return all_below_prime((len(ek) - 32) // 384, octets(ek))


def is_decapsulation_key(dk: bytes) -> bool:
    """Return whether the hash in the key is that of the encapsulation key in it (section 7.3)."""
    k = (len(dk) - 96) // 768
    return sha3_256(dk[384 * k : -64]).digest() == dk[-64:-32]


def self_test() -> bool:
    """Return whether all sets give the known keys, ciphertexts and secrets."""
    found = sha3_256()
    for k in BY_K:
        ek, dk = keygen(k, bytes(range(32)), bytes(range(32, 64)))
        c, secret = encapsulate(ek, bytes(range(64, 96)))
        wrong = bytes([c[0] ^ 1]) + c[1:]
        for each in (ek, dk, c, secret, decapsulate(dk, c), decapsulate(dk, wrong)):
            found.update(each)
    return found.digest() == KNOWN_ANSWER
