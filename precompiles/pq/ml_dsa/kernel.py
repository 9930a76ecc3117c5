"""ML-DSA (FIPS 204), compiled: from bytes to bytes, each operation in one call.

`keygen`, `sign` and `verify` are the standard's internal, deterministic algorithms on the formatted
message (M' of the standard; `parameters.formatted` makes it). Sizes are the caller's to check, and
that a secret key is in range (`is_secret_key`). `reference.py` is the twin.

Matrix, secrets and masks come from eight Keccak states side by side. Not constant-time, so not for
keys that matter.
"""

from hashlib import sha3_256
from typing import Any

import numpy as np
import numpy.typing as npt

from ...kernels.jit import kernel
from ...kernels.keccak import (
    LANES,
    LAST_BIT,
    RATE_SHAKE256,
    SHAKE,
    Bytes,
    State,
    States,
    absorb,
    finish,
    hash_into,
    octets,
    permute,
    permute_8,
    squeeze,
)
from ...kernels.keccak_f import WORDS
from ...kernels.lattice import Ring, backward, canonical, centred, forward, multiply_add, plain
from ...kernels.lattice import finish as finish_sum
from ...kernels.vectors import read_word, write_word
from .parameters import (
    BY_PUBLIC_KEY_SIZE,
    BY_SECRET_KEY_SIZE,
    SETS,
    D,
    N,
    Parameters,
    Q,
)

Polynomials = npt.NDArray[np.int32]
Sums = npt.NDArray[np.int64]
Sizes = npt.NDArray[np.int64]

RING = Ring(prime=Q, root=1753, depth=8, bits=32, lanes=16)

to_transform = forward(RING)
from_transform = backward(RING)
add_product = multiply_add(RING)
end_product = finish_sum(RING)
to_plain = plain(RING)
to_canonical = canonical(RING)
to_centred = centred(RING)

K, L, ETA, ETA_BITS, TAU, BETA, GAMMA1_BITS, GAMMA2, OMEGA, CHALLENGE_SIZE, W1_BITS = range(11)
"""Where a number stands in the array that tells a kernel the parameter set."""

RATE_WORDS_SHAKE128 = 21
RATE_WORDS_SHAKE256 = RATE_SHAKE256 // 8
PRIME = np.uint64(Q)
LOW_23_BITS = np.uint64(0x7FFFFF)
FOUR_BITS = np.uint64(15)
SHAKE_BYTE = np.uint64(SHAKE)

ROW = N + 16
"""A sampled row has room for the candidates that come after its last coefficient."""

STREAM_SIZE = 5 * RATE_SHAKE256 + 8
"""Bytes of a mask, and a word to read beyond."""

QUOTIENT_BITS = 43
"""x * (2^43 / d rounded up) >> 43 is x // d for x below 2^24 and d the double of either gamma2."""

KNOWN_ANSWER = bytes.fromhex("e6fdbec6bdd7d7601c296ca145b565cc16f3eb994d5f9854c4146f3d664211e3")
"""SHA3-256 of all that the self-test computes, as dilithium-py computes it."""


@kernel("int64(uint64[:, ::1], int64, int32[::1], int64)")
def take_uniform(states: States, lane: int, row: Any, count: int) -> int:
    """Append the 23-bit numbers below Q of one block; return how many the row has, N at most."""
    for i in range(0, RATE_WORDS_SHAKE128, 3):
        a, b, c = states[i, lane], states[i + 1, lane], states[i + 2, lane]
        for word in (
            a,
            a >> np.uint64(24),
            a >> np.uint64(48) | b << np.uint64(16),
            b >> np.uint64(8),
            b >> np.uint64(32),
            b >> np.uint64(56) | c << np.uint64(8),
            c >> np.uint64(16),
            c >> np.uint64(40),
        ):
            candidate = word & LOW_23_BITS
            row[count] = np.int32(candidate)
            count += candidate < PRIME
        if count >= N:
            return N
    return count


@kernel("void(uint8[::1], int64, int64, int32[:, ::1], uint64[:, ::1])")
def expand_matrix(rho: Bytes, k: int, l: int, matrix: Polynomials, states: States) -> None:  # noqa: E741 - the standard's letter
    """Sample k * l polynomials by rejection, eight at a time (algorithms 30 and 32)."""
    taken = np.empty(LANES, np.int64)
    for first in range(0, k * l, LANES):
        used = min(LANES, k * l - first)
        states[:] = np.uint64(0)
        for lane in range(used):
            row, column = divmod(first + lane, l)
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
                    taken[lane] = take_uniform(states, lane, matrix[first + lane], taken[lane])
                    if taken[lane] < N:
                        missing += 1


@kernel("int64(uint64, int64, int32[::1], int64)")
def take_small(word: np.uint64, eta: int, row: Any, count: int) -> int:
    """Append the numbers from -eta to eta that 16 half bytes give; return how many there are."""
    for j in range(16):
        half = np.int64(word >> np.uint64(4 * j) & FOUR_BITS)
        if eta == 2:
            row[count] = np.int32(2 - half + 5 * (half * 13 >> 6))
            count += int(half < 15)
        else:
            row[count] = np.int32(4 - half)
            count += int(half < 9)
    return count


@kernel("void(uint8[::1], int64, int64, uint64[:, ::1])")
def start_numbered(seed: Bytes, number: int, used: int, states: States) -> None:
    """Fill states with 64 bytes of seed, numbered from `number` in two bytes, for SHAKE256."""
    states[:] = np.uint64(0)
    for lane in range(used):
        for i in range(8):
            states[i, lane] = read_word(seed, 8 * i)
        states[8, lane] = np.uint64(number + lane) | SHAKE_BYTE << np.uint64(16)
        states[RATE_WORDS_SHAKE256 - 1, lane] = LAST_BIT


@kernel("void(uint8[::1], int64, int64, int32[:, ::1], uint64[:, ::1])")
def expand_small(seed: Bytes, eta: int, count: int, rows: Polynomials, states: States) -> None:
    """Sample the secret vectors by rejection, eight polynomials at a time (algorithms 31, 33)."""
    taken = np.empty(LANES, np.int64)
    for first in range(0, count, LANES):
        used = min(LANES, count - first)
        start_numbered(seed, first, used, states)
        taken[:] = 0
        missing = used
        while missing > 0:
            permute_8(states)
            missing = 0
            for lane in range(used):
                row = rows[first + lane]
                for i in range(RATE_WORDS_SHAKE256):
                    if taken[lane] < N:
                        taken[lane] = take_small(states[i, lane], eta, row, taken[lane])
                if taken[lane] < N:
                    missing += 1


@kernel("void(uint8[::1], int64, int64, int64, int32[::1])")
def unpack(data: Bytes, position: int, d: int, top: int, row: Any) -> None:
    """Read `top` less each number of d bits. A word behind the last number must be readable."""
    mask = np.uint64((1 << d) - 1)
    for i in range(N):
        bit = i * d
        number = read_word(data, position + (bit >> 3)) >> np.uint64(bit & 7) & mask
        row[i] = np.int32(top - np.int64(number))


@kernel("void(uint8[::1], int64, int64, int32[:, ::1], uint8[:, ::1], uint64[:, ::1])")
def expand_mask(
    seed: Bytes, number: int, bits: int, rows: Polynomials, streams: Any, states: States
) -> None:
    """Sample y, at most eight polynomials (algorithm 34)."""
    used = rows.shape[0]
    start_numbered(seed, number, used, states)
    for block in range(5):
        permute_8(states)
        for lane in range(used):
            for i in range(RATE_WORDS_SHAKE256):
                write_word(streams[lane], RATE_SHAKE256 * block + 8 * i, states[i, lane])
    for lane in range(used):
        unpack(streams[lane], 0, bits + 1, 1 << bits, rows[lane])


@kernel("void(int32[::1], int64, int64, uint8[::1], int64)")
def pack(row: Any, d: int, top: int, data: Bytes, position: int) -> None:
    """Write `top` less each coefficient in d bits."""
    word = np.uint64(0)
    used = 0
    for i in range(N):
        value = np.uint64(top - row[i])
        word |= value << np.uint64(used)
        used += d
        if used >= 64:
            write_word(data, position, word)
            position += 8
            used -= 64
            word = value >> np.uint64(d - used)


@kernel("void(int32[:, ::1])")
def transform(rows: Polynomials) -> None:
    """Transform polynomials, and multiply them by 2^32 (algorithm 41)."""
    for i in range(rows.shape[0]):
        to_transform(rows[i])


@kernel("void(int32[:, ::1])")
def transform_back(rows: Polynomials) -> None:
    """Undo a transform (algorithm 42)."""
    for i in range(rows.shape[0]):
        from_transform(rows[i])


@kernel("void(int32[:, ::1], int64, int32[:, ::1], int64[::1], int32[::1])")
def dot(left: Polynomials, start: int, right: Polynomials, sums: Sums, result: Any) -> None:
    """Sum the products of the rows from `start` with those of `right`."""
    sums[:] = 0
    for i in range(right.shape[0]):
        add_product(left[start + i], right[i], sums)
    end_product(sums, result)


@kernel("void(int32[::1], int32[:, ::1], int64[::1], int32[:, ::1])")
def scale(c: Any, rows: Polynomials, sums: Sums, results: Polynomials) -> None:
    """Multiply transformed polynomials by a plain transformed one, and transform back."""
    for i in range(rows.shape[0]):
        sums[:] = 0
        add_product(c, rows[i], sums)
        end_product(sums, results[i])
        from_transform(results[i])
        to_centred(results[i])


@kernel("boolean(int32[::1], int64)")
def is_within(row: Any, bound: int) -> bool:
    """Return whether all coefficients are nearer to zero than the bound."""
    largest = np.int32(0)
    for i in range(N):
        largest = max(largest, abs(row[i]))
    return bool(largest < bound)


@kernel("void(int32[::1], int64, int32[::1], int32[::1])")
def decompose(row: Any, gamma2: int, high: Any, low: Any) -> None:
    """Split coefficients from 0 up to Q into high and low parts (algorithm 36)."""
    double = 2 * gamma2
    steps = (Q - 1) // double
    reciprocal = -(-(1 << QUOTIENT_BITS) // double)
    for i in range(N):
        r = np.int64(row[i])
        top = (r + gamma2 - 1) * reciprocal >> QUOTIENT_BITS
        rest = r - top * double
        wraps = top == steps
        high[i] = np.int32(0 if wraps else top)
        low[i] = np.int32(rest - wraps)


@kernel("void(uint8[::1], int64, int32[::1], uint64[::1])")
def sample_challenge(seed: Bytes, tau: int, c: Any, state: State) -> None:
    """Make a polynomial with tau coefficients 1 or -1 (algorithm 29)."""
    state[:] = np.uint64(0)
    finish(state, RATE_SHAKE256, absorb(state, RATE_SHAKE256, 0, seed), SHAKE_BYTE)
    signs = state[0]
    position = 8
    c[:] = np.int32(0)
    for i in range(N - tau, N):
        while True:
            if position == RATE_SHAKE256:
                permute(state)
                position = 0
            j = np.int64(state[position >> 3] >> np.uint64(8 * (position & 7)) & np.uint64(0xFF))
            position += 1
            if j <= i:
                break
        c[i] = c[j]
        c[j] = np.int32(1 - 2 * np.int64(signs & np.uint64(1)))
        signs >>= np.uint64(1)


@kernel("void(uint64[::1], uint8[::1], uint8[::1], uint8[::1])")
def absorb_two(state: State, first: Bytes, second: Bytes, output: Bytes) -> None:
    """Hash two pieces with SHAKE256."""
    state[:] = np.uint64(0)
    position = absorb(state, RATE_SHAKE256, 0, first)
    finish(state, RATE_SHAKE256, absorb(state, RATE_SHAKE256, position, second), SHAKE_BYTE)
    squeeze(state, RATE_SHAKE256, output)


@kernel("void(int64[::1], uint8[::1], uint8[::1], uint8[::1])")
def keygen_into(sizes: Sizes, xi: Bytes, pk: Bytes, sk: Bytes) -> None:
    """Algorithm 6."""
    k, l, eta, eta_bits = sizes[K], sizes[L], sizes[ETA], sizes[ETA_BITS]  # noqa: E741 - as above
    state, states = np.empty(WORDS, np.uint64), np.empty((WORDS, LANES), np.uint64)
    seeds, start = np.empty(128, np.uint8), np.empty(34, np.uint8)
    start[:32], start[32], start[33] = xi, k, l
    hash_into(state, RATE_SHAKE256, SHAKE_BYTE, start, seeds)
    pk[:32] = seeds[:32]
    sk[:32], sk[32:64] = seeds[:32], seeds[96:]
    matrix = np.empty((k * l, ROW), np.int32)
    expand_matrix(seeds[:32], k, l, matrix, states)
    sampled = np.empty((l + k, ROW), np.int32)
    expand_small(seeds[32:96], eta, l + k, sampled, states)
    s1 = np.empty((l, N), np.int32)
    for i in range(l + k):
        pack(sampled[i], eta_bits, eta, sk, 128 + 32 * eta_bits * i)
        if i < l:
            s1[i] = sampled[i, :N]
    transform(s1)
    sums, t = np.empty(N, np.int64), np.empty((k, N), np.int32)
    for i in range(k):
        dot(matrix, i * l, s1, sums, t[i])
    transform_back(t)
    border = 128 + 32 * eta_bits * (l + k)
    low = np.empty(N, np.int32)
    for i in range(k):
        row = t[i]
        for j in range(N):
            row[j] += sampled[l + i, j]
        to_canonical(row)
        for j in range(N):
            high = (np.int64(row[j]) + (1 << (D - 1)) - 1) >> D
            low[j] = np.int32(np.int64(row[j]) - (high << D))
            row[j] = np.int32(-high)
        pack(row, 10, 0, pk, 32 + 320 * i)
        pack(low, D, 1 << (D - 1), sk, border + 416 * i)
    hash_into(state, RATE_SHAKE256, SHAKE_BYTE, pk, sk[64:128])


@kernel("boolean(int64[::1], uint8[::1])")
def is_in_range(sizes: Sizes, sk: Bytes) -> bool:
    """Return whether the coefficients of s1 and s2 are (algorithm 25)."""
    row = np.empty(N, np.int32)
    fine = True
    for i in range(sizes[L] + sizes[K]):
        unpack(sk, 128 + 32 * sizes[ETA_BITS] * i, sizes[ETA_BITS], sizes[ETA], row)
        fine &= is_within(row, sizes[ETA] + 1)
    return fine


@kernel("boolean(int64[::1], int32[:, ::1], int32[:, ::1], int32[:, ::1], uint8[::1])")
def pack_hint(
    sizes: Sizes, low: Polynomials, error: Polynomials, high: Polynomials, data: Bytes
) -> bool:
    """Write where adding the error changes the high part; return whether it all fits."""
    omega, gamma2 = sizes[OMEGA], sizes[GAMMA2]
    count = 0
    data[:] = np.uint8(0)
    for i in range(low.shape[0]):
        for j in range(N):
            rest = np.int64(low[i, j]) + np.int64(error[i, j])
            # At -gamma2 the high part is one less, but for 0, which stays 0.
            if rest > gamma2 or rest < -gamma2 or (rest == -gamma2 and high[i, j] != 0):
                if count == omega:
                    return False
                data[count] = j
                count += 1
        data[omega + i] = count
    return True


@kernel(
    "boolean(int64[::1], int32[:, ::1], int32[:, ::1], uint8[::1], uint8[::1], int64, uint8[::1],"
    " uint8[:, ::1], uint64[:, ::1])"
)
def try_to_sign(
    sizes: Sizes,
    matrix: Polynomials,
    secrets: Polynomials,
    mu: Bytes,
    seed: Bytes,
    attempt: int,
    signature: Bytes,
    streams: Any,
    states: States,
) -> bool:
    """Make one signature; return whether it may be shown (algorithm 7, lines 10 to 32)."""
    k, l, gamma2 = sizes[K], sizes[L], sizes[GAMMA2]  # noqa: E741 - the standard's letter
    gamma1_bits, w1_bits, beta = sizes[GAMMA1_BITS], sizes[W1_BITS], sizes[BETA]
    y, z = np.empty((l, N), np.int32), np.empty((l, N), np.int32)
    expand_mask(seed, attempt * l, gamma1_bits, y, streams, states)
    z[:] = y
    transform(z)
    w, high, low = (
        np.empty((k, N), np.int32),
        np.empty((k, N), np.int32),
        np.empty((k, N), np.int32),
    )
    sums = np.empty(N, np.int64)
    packed = np.empty(32 * w1_bits * k, np.uint8)
    negative = np.empty(N, np.int32)
    for i in range(k):
        dot(matrix, i * l, z, sums, w[i])
    transform_back(w)
    for i in range(k):
        to_canonical(w[i])
        decompose(w[i], gamma2, high[i], low[i])
        for j in range(N):
            negative[j] = -high[i, j]
        pack(negative, w1_bits, 0, packed, 32 * w1_bits * i)
    state = np.empty(WORDS, np.uint64)
    digest = signature[: sizes[CHALLENGE_SIZE]]
    absorb_two(state, mu, packed, digest)
    c = np.empty((1, N), np.int32)
    sample_challenge(digest, sizes[TAU], c[0], state)
    transform(c)
    to_plain(c[0])
    scale(c[0], secrets[:l], sums, z)
    for i in range(l):
        for j in range(N):
            z[i, j] += y[i, j]
        if not is_within(z[i], (1 << gamma1_bits) - beta):
            return False
    scale(c[0], secrets[l : l + k], sums, w)
    for i in range(k):
        for j in range(N):
            low[i, j] -= w[i, j]
        if not is_within(low[i], gamma2 - beta):
            return False
    scale(c[0], secrets[l + k :], sums, w)
    for i in range(k):
        if not is_within(w[i], gamma2):
            return False
    width = gamma1_bits + 1
    border = sizes[CHALLENGE_SIZE] + 32 * width * l
    for i in range(l):
        pack(z[i], width, 1 << gamma1_bits, signature, sizes[CHALLENGE_SIZE] + 32 * width * i)
    return pack_hint(sizes, low, w, high, signature[border:])


@kernel("int64(int64[::1], uint8[::1], uint8[::1], uint8[::1], int64, int64, uint8[::1])")
def sign_into(
    sizes: Sizes, sk: Bytes, message: Bytes, rnd: Bytes, first: int, last: int, signature: Bytes
) -> int:
    """Algorithm 7, attempts `first` up to `last`. Returns which one succeeded, or -1."""
    k, l, eta, eta_bits = sizes[K], sizes[L], sizes[ETA], sizes[ETA_BITS]  # noqa: E741 - as above
    state, states = np.empty(WORDS, np.uint64), np.empty((WORDS, LANES), np.uint64)
    matrix = np.empty((k * l, ROW), np.int32)
    expand_matrix(sk[:32], k, l, matrix, states)
    secrets = np.empty((l + 2 * k, N), np.int32)
    width = 32 * eta_bits
    for i in range(l + k):
        unpack(sk, 128 + width * i, eta_bits, eta, secrets[i])
    border = 128 + width * (l + k)
    t0 = np.empty(416 * k + 8, np.uint8)
    t0[: 416 * k] = sk[border:]
    for i in range(k):
        unpack(t0, 416 * i, D, 1 << (D - 1), secrets[l + k + i])
    transform(secrets)
    mu, seed = np.empty(64, np.uint8), np.empty(64, np.uint8)
    absorb_two(state, sk[64:128], message, mu)
    keyed = np.empty(64, np.uint8)
    keyed[:32], keyed[32:] = sk[32:64], rnd
    absorb_two(state, keyed, mu, seed)
    streams = np.empty((LANES, STREAM_SIZE), np.uint8)
    for attempt in range(first, last):
        if try_to_sign(sizes, matrix, secrets, mu, seed, attempt, signature, streams, states):
            return attempt
    return -1


@kernel("boolean(int64[::1], uint8[::1], int32[:, ::1])")
def unpack_hint(sizes: Sizes, data: Bytes, hint: Polynomials) -> bool:
    """Read a hint; return whether its encoding is the only one (algorithm 21)."""
    omega = sizes[OMEGA]
    hint[:] = np.int32(0)
    start = 0
    for i in range(hint.shape[0]):
        end = int(data[omega + i])
        if end < start or end > omega:
            return False
        for j in range(start, end):
            if j > start and data[j] <= data[j - 1]:
                return False
            hint[i, data[j]] = np.int32(1)
        start = end
    return bool((data[start:omega] == 0).all())


@kernel("boolean(int64[::1], uint8[::1], uint8[::1], uint8[::1])")
def is_valid(sizes: Sizes, pk: Bytes, message: Bytes, signature: Bytes) -> bool:
    """Algorithm 8."""
    k, l, gamma1_bits, gamma2 = sizes[K], sizes[L], sizes[GAMMA1_BITS], sizes[GAMMA2]  # noqa: E741 - as above
    hint = np.empty((k, N), np.int32)
    digest = signature[: sizes[CHALLENGE_SIZE]]
    width = gamma1_bits + 1
    border = sizes[CHALLENGE_SIZE] + 32 * width * l
    if not unpack_hint(sizes, signature[border:], hint):
        return False
    vectors = np.empty((l + 1, N), np.int32)
    for i in range(l):
        unpack(
            signature, sizes[CHALLENGE_SIZE] + 32 * width * i, width, 1 << gamma1_bits, vectors[i]
        )
        if not is_within(vectors[i], (1 << gamma1_bits) - sizes[BETA]):
            return False
    state, states = np.empty(WORDS, np.uint64), np.empty((WORDS, LANES), np.uint64)
    tr, mu = np.empty(64, np.uint8), np.empty(64, np.uint8)
    hash_into(state, RATE_SHAKE256, SHAKE_BYTE, pk, tr)
    absorb_two(state, tr, message, mu)
    matrix = np.empty((k * l, ROW), np.int32)
    expand_matrix(pk[:32], k, l, matrix, states)
    c = np.empty((1, N), np.int32)
    sample_challenge(digest, sizes[TAU], c[0], state)
    transform(c)
    to_plain(c[0])
    transform(vectors[:l])
    t1 = np.empty((k, N), np.int32)
    keys = np.empty(320 * k + 8, np.uint8)
    keys[: 320 * k] = pk[32:]
    for i in range(k):
        # Numbers come negated, which is what the difference A z - c t1 needs.
        unpack(keys, 320 * i, 10, 0, t1[i])
        for j in range(N):
            t1[i, j] <<= D
    transform(t1)
    sums = np.empty(N, np.int64)
    w = np.empty((k, N), np.int32)
    for i in range(k):
        sums[:] = 0
        for j in range(l):
            add_product(matrix[i * l + j], vectors[j], sums)
        add_product(c[0], t1[i], sums)
        end_product(sums, w[i])
    transform_back(w)
    packed = np.empty(32 * sizes[W1_BITS] * k, np.uint8)
    high, low = np.empty(N, np.int32), np.empty(N, np.int32)
    steps = np.int32((Q - 1) // (2 * gamma2))
    for i in range(k):
        to_canonical(w[i])
        decompose(w[i], gamma2, high, low)
        for j in range(N):
            corrected = high[j] + (hint[i, j] if low[j] > 0 else -hint[i, j])
            corrected = corrected - steps if corrected >= steps else corrected
            high[j] = -np.int32(corrected + steps if corrected < 0 else corrected)
        pack(high, sizes[W1_BITS], 0, packed, 32 * sizes[W1_BITS] * i)
    again = np.empty(sizes[CHALLENGE_SIZE], np.uint8)
    absorb_two(state, mu, packed, again)
    return bool((again == digest).all())


def sizes_of(chosen: Parameters) -> Sizes:
    """Return a set as the array that kernels take."""
    numbers = (
        *(chosen.k, chosen.l, chosen.eta, chosen.eta_bits, chosen.tau, chosen.beta),
        *(chosen.gamma1_bits, chosen.gamma2, chosen.omega, chosen.challenge_size, chosen.w1_bits),
    )
    return np.array(numbers, np.int64)


SIZES = {each.number: sizes_of(each) for each in SETS}


def keygen(chosen: Parameters, xi: bytes) -> tuple[bytes, bytes]:
    """Return the public and the secret key of 32 bytes."""
    pk = np.empty(chosen.public_key_size, np.uint8)
    sk = np.empty(chosen.secret_key_size, np.uint8)
    keygen_into(SIZES[chosen.number], octets(xi), pk, sk)
    return pk.tobytes(), sk.tobytes()


def is_secret_key(sk: bytes) -> bool:
    """Return whether the coefficients of s1 and s2 are in their range."""
    return is_in_range(SIZES[BY_SECRET_KEY_SIZE[len(sk)].number], octets(sk))


def sign(sk: bytes, message: bytes, rnd: bytes, attempts: int, first: int = 0) -> tuple[bytes, int]:
    """Return a signature and how many attempts it took; empty if all from `first` on failed."""
    chosen = BY_SECRET_KEY_SIZE[len(sk)]
    signature = np.empty(chosen.signature_size, np.uint8)
    sizes = SIZES[chosen.number]
    found = sign_into(sizes, octets(sk), octets(message), octets(rnd), first, attempts, signature)
    return (b"", attempts) if found < 0 else (signature.tobytes(), found + 1)


def verify(pk: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether a signature of the right size holds."""
    sizes = SIZES[BY_PUBLIC_KEY_SIZE[len(pk)].number]
    return is_valid(sizes, octets(pk), octets(message), octets(signature))


def self_test() -> bool:
    """Return whether all sets give the known keys and signatures, and tell true from false."""
    found = sha3_256()
    fine = True
    for chosen in SETS:
        pk, sk = keygen(chosen, bytes(range(32)))
        signature, _ = sign(sk, b"message", bytes(range(32, 64)), 100)
        fine &= verify(pk, b"message", signature) and not verify(pk, b"massage", signature)
        for each in (pk, sk, signature):
            found.update(each)
    return fine and found.digest() == KNOWN_ANSWER
