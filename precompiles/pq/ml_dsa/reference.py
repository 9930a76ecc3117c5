"""ML-DSA as FIPS 204 states it, in plain integers: the twin of the compiled kernel.

`message` is the formatted one (M' of the standard). Takes sizes as given; who calls checked them.
"""

from hashlib import shake_128, shake_256
from itertools import pairwise

from .parameters import BY_PUBLIC_KEY_SIZE, BY_SECRET_KEY_SIZE, D, N, Parameters, Q

Polynomial = list[int]
Vector = list[Polynomial]

ZETA = 1753


def keygen(chosen: Parameters, xi: bytes) -> tuple[bytes, bytes]:
    """Return the public and the secret key (algorithm 6)."""
    seeds = shake_256(xi + bytes([chosen.k, chosen.l])).digest(128)
    rho, rho_prime, key = seeds[:32], seeds[32:96], seeds[96:]
    matrix = expand_matrix(rho, chosen)
    secrets = [small(rho_prime, i, chosen.eta) for i in range(chosen.l + chosen.k)]
    s1, s2 = secrets[: chosen.l], secrets[chosen.l :]
    t = [add(each, error) for each, error in zip(product(matrix, s1), s2, strict=True)]
    t1 = [[(x + (1 << D - 1) - 1) >> D for x in each] for each in t]
    t0 = [
        [x - (high << D) for x, high in zip(each, top, strict=True)]
        for each, top in zip(t, t1, strict=True)
    ]
    pk = rho + b"".join(encode(each, 10) for each in t1)
    packed = [encode([chosen.eta - x for x in each], chosen.eta_bits) for each in secrets]
    packed += [encode([(1 << D - 1) - x for x in each], D) for each in t0]
    return pk, rho + key + shake_256(pk).digest(64) + b"".join(packed)


def is_secret_key(sk: bytes) -> bool:
    """Return whether the coefficients of s1 and s2 are in their range (algorithm 25)."""
    chosen = BY_SECRET_KEY_SIZE[len(sk)]
    size = 32 * chosen.eta_bits
    packed = sk[128 : 128 + size * (chosen.k + chosen.l)]
    return all(max(decode(each, chosen.eta_bits)) <= 2 * chosen.eta for each in parts(packed, size))


def sign(sk: bytes, message: bytes, rnd: bytes, attempts: int) -> tuple[bytes, int]:
    """Return the signature and how many attempts it took; empty if all failed (algorithm 7)."""
    chosen = BY_SECRET_KEY_SIZE[len(sk)]
    rho, key, tr = sk[:32], sk[32:64], sk[64:128]
    size = 32 * chosen.eta_bits
    border = 128 + size * (chosen.k + chosen.l)
    small_ones = [
        [chosen.eta - x for x in decode(each, chosen.eta_bits)]
        for each in parts(sk[128:border], size)
    ]
    s1, s2 = small_ones[: chosen.l], small_ones[chosen.l :]
    t0 = [[(1 << D - 1) - x for x in decode(each, D)] for each in parts(sk[border:], 416)]
    matrix = expand_matrix(rho, chosen)
    mu = shake_256(tr + message).digest(64)
    rho_second = shake_256(key + rnd + mu).digest(64)
    for attempt in range(attempts):
        y = [mask(rho_second, attempt * chosen.l + i, chosen) for i in range(chosen.l)]
        w = product(matrix, y)
        w1 = [[high_bits(x, chosen) for x in each] for each in w]
        c_hash = shake_256(mu + encode_w1(w1, chosen)).digest(chosen.challenge_size)
        c = challenge(c_hash, chosen)
        z = [add(a, scaled(c, s)) for a, s in zip(y, s1, strict=True)]
        rest = [add(a, negative(scaled(c, s))) for a, s in zip(w, s2, strict=True)]
        low = [[low_bits(x, chosen) for x in each] for each in rest]
        if norm(z) >= (1 << chosen.gamma1_bits) - chosen.beta:
            continue
        if norm(low) >= chosen.gamma2 - chosen.beta:
            continue
        error = [scaled(c, t) for t in t0]
        hint = [
            [
                int(high_bits((x + y) % Q, chosen) != high_bits(x, chosen))
                for x, y in zip(a, b, strict=True)
            ]
            for a, b in zip(rest, error, strict=True)
        ]
        if norm(error) < chosen.gamma2 and sum(map(sum, hint)) <= chosen.omega:
            return encode_signature(c_hash, z, hint, chosen), attempt + 1
    return b"", attempts


def verify(pk: bytes, message: bytes, signature: bytes) -> bool:
    """Return whether the signature, of the right size, holds (algorithm 8)."""
    chosen = BY_PUBLIC_KEY_SIZE[len(pk)]
    t1 = [decode(each, 10) for each in parts(pk[32:], 320)]
    c_hash = signature[: chosen.challenge_size]
    width = chosen.gamma1_bits + 1
    border = chosen.challenge_size + 32 * width * chosen.l
    z = [
        [(1 << chosen.gamma1_bits) - x for x in decode(each, width)]
        for each in parts(signature[chosen.challenge_size : border], 32 * width)
    ]
    hint = decode_hint(signature[border:], chosen)
    if hint is None or norm(z) >= (1 << chosen.gamma1_bits) - chosen.beta:
        return False
    mu = shake_256(shake_256(pk).digest(64) + message).digest(64)
    c = challenge(c_hash, chosen)
    w = [
        add(a, negative(scaled(c, [x << D for x in t])))
        for a, t in zip(product(expand_matrix(pk[:32], chosen), z), t1, strict=True)
    ]
    w1 = [
        [use_hint(x, h, chosen) for x, h in zip(a, b, strict=True)]
        for a, b in zip(w, hint, strict=True)
    ]
    return shake_256(mu + encode_w1(w1, chosen)).digest(chosen.challenge_size) == c_hash


def expand_matrix(rho: bytes, chosen: Parameters) -> list[Vector]:
    """Return the matrix, transformed (algorithm 32)."""
    return [
        [uniform(rho + bytes([column, row])) for column in range(chosen.l)]
        for row in range(chosen.k)
    ]


def uniform(seed: bytes) -> Polynomial:
    """Return coefficients below Q by rejection (algorithm 30)."""
    size = 840
    while True:
        stream = shake_128(seed).digest(size)
        numbers = [int.from_bytes(each, "little") & 0x7FFFFF for each in parts(stream, 3)]
        found = [number for number in numbers if number < Q]
        if len(found) >= N:
            return found[:N]
        size += 168


def small(seed: bytes, number: int, eta: int) -> Polynomial:
    """Return coefficients from -eta to eta by rejection (algorithm 31)."""
    size = 272
    while True:
        stream = shake_256(seed + number.to_bytes(2, "little")).digest(size)
        halves = [half for byte in stream for half in (byte & 15, byte >> 4)]
        if eta == 2:
            found = [2 - half % 5 for half in halves if half < 15]
        else:
            found = [4 - half for half in halves if half < 9]
        if len(found) >= N:
            return found[:N]
        size += 136


def mask(seed: bytes, number: int, chosen: Parameters) -> Polynomial:
    """Return one polynomial of y (algorithm 34)."""
    width = chosen.gamma1_bits + 1
    stream = shake_256(seed + number.to_bytes(2, "little")).digest(32 * width)
    return [(1 << chosen.gamma1_bits) - x for x in decode(stream, width)]


def challenge(seed: bytes, chosen: Parameters) -> Polynomial:
    """Return a polynomial of tau coefficients 1 or -1 (algorithm 29)."""
    stream = shake_256(seed).digest(1024)
    signs = int.from_bytes(stream[:8], "little")
    position = 8
    c = [0] * N
    for i in range(N - chosen.tau, N):
        while stream[position] > i:
            position += 1
        j = stream[position]
        position += 1
        c[i], c[j] = c[j], 1 - 2 * (signs & 1)
        signs >>= 1
    return c


def product(matrix: list[Vector], vector: Vector) -> Vector:
    """Return the matrix times a vector that is not transformed."""
    transformed = [ntt(each) for each in vector]
    result = []
    for row in matrix:
        total = [0] * N
        for a, b in zip(row, transformed, strict=True):
            total = [(t + x * y) % Q for t, x, y in zip(total, a, b, strict=True)]
        result.append(inverse_ntt(total))
    return result


def scaled(c: Polynomial, polynomial: Polynomial) -> Polynomial:
    """Return the product, its coefficients nearest to zero."""
    pointwise = [x * y % Q for x, y in zip(ntt(c), ntt(polynomial), strict=True)]
    return [centred(x, Q) for x in inverse_ntt(pointwise)]


def add(a: Polynomial, b: Polynomial) -> Polynomial:
    """Return the sum, from 0 up to Q."""
    return [(x + y) % Q for x, y in zip(a, b, strict=True)]


def negative(a: Polynomial) -> Polynomial:
    """Return the negative."""
    return [-x for x in a]


def norm(vector: Vector) -> int:
    """Return the largest distance of a coefficient from a multiple of Q."""
    return max(abs(centred(x, Q)) for each in vector for x in each)


def centred(x: int, modulus: int) -> int:
    """Return x mod modulus, above -modulus / 2 and not above modulus / 2."""
    x %= modulus
    return x - modulus if x > modulus // 2 else x


def decompose(r: int, chosen: Parameters) -> tuple[int, int]:
    """Return high and low part (algorithm 36)."""
    r %= Q
    low = centred(r, 2 * chosen.gamma2)
    if r - low == Q - 1:
        return 0, low - 1
    return (r - low) // (2 * chosen.gamma2), low


def high_bits(r: int, chosen: Parameters) -> int:
    """Return the high part."""
    return decompose(r, chosen)[0]


def low_bits(r: int, chosen: Parameters) -> int:
    """Return the low part."""
    return decompose(r, chosen)[1]


def use_hint(r: int, hint: int, chosen: Parameters) -> int:
    """Return the high part that a hint corrects (algorithm 40)."""
    high, low = decompose(r, chosen)
    steps = (Q - 1) // (2 * chosen.gamma2)
    return (high + (hint if low > 0 else -hint)) % steps


def encode_w1(w1: Vector, chosen: Parameters) -> bytes:
    """Return w1 packed (algorithm 28)."""
    return b"".join(encode(each, chosen.w1_bits) for each in w1)


def encode_signature(c_hash: bytes, z: Vector, hint: Vector, chosen: Parameters) -> bytes:
    """Return the signature's bytes (algorithms 26 and 20)."""
    width = chosen.gamma1_bits + 1
    packed = [
        encode([(1 << chosen.gamma1_bits) - centred(x, Q) for x in each], width) for each in z
    ]
    places = [i for each in hint for i, bit in enumerate(each) if bit]
    ends = [sum(map(sum, hint[: i + 1])) for i in range(chosen.k)]
    return c_hash + b"".join(packed) + bytes(places).ljust(chosen.omega, b"\0") + bytes(ends)


def decode_hint(data: bytes, chosen: Parameters) -> Vector | None:
    """Return the hint, or None of an encoding that is not the only one (algorithm 21)."""
    hint = [[0] * N for _ in range(chosen.k)]
    start = 0
    for i, end in enumerate(data[chosen.omega :]):
        if not start <= end <= chosen.omega:
            return None
        places = data[start:end]
        if any(a >= b for a, b in pairwise(places)):
            return None
        for place in places:
            hint[i][place] = 1
        start = end
    return None if any(data[start : chosen.omega]) else hint


def zetas() -> list[int]:
    """Return the roots in the order of the transform."""
    return [pow(ZETA, int(f"{i:08b}"[::-1], 2), Q) for i in range(N)]


ZETAS = zetas()


def ntt(polynomial: Polynomial) -> Polynomial:
    """Return the transform (algorithm 41)."""
    w = list(polynomial)
    number = 0
    length = 128
    while length >= 1:
        for start in range(0, N, 2 * length):
            number += 1
            for j in range(start, start + length):
                t = ZETAS[number] * w[j + length] % Q
                w[j], w[j + length] = (w[j] + t) % Q, (w[j] - t) % Q
        length //= 2
    return w


def inverse_ntt(polynomial: Polynomial) -> Polynomial:
    """Return what has this transform (algorithm 42)."""
    w = list(polynomial)
    number = N
    length = 1
    while length < N:
        for start in range(0, N, 2 * length):
            number -= 1
            for j in range(start, start + length):
                t = w[j]
                w[j] = (t + w[j + length]) % Q
                w[j + length] = -ZETAS[number] * (t - w[j + length]) % Q
        length *= 2
    return [x * 8347681 % Q for x in w]


def encode(values: Polynomial, d: int) -> bytes:
    """Return d bits a value, the low end first."""
    return sum(value << d * i for i, value in enumerate(values)).to_bytes(32 * d, "little")


def decode(data: bytes, d: int) -> Polynomial:
    """Return values of d bits."""
    whole = int.from_bytes(data, "little")
    return [whole >> d * i & (1 << d) - 1 for i in range(8 * len(data) // d)]


def parts(data: bytes, size: int) -> list[bytes]:
    """Return the data in pieces."""
    return [data[i : i + size] for i in range(0, len(data), size)]
