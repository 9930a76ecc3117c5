"""ML-KEM as FIPS 203 states it, in plain integers: the twin of the compiled kernel.

Takes sizes as given; who calls has checked them.
"""

import hashlib

from .parameters import BY_K, N, Parameters, Q

Polynomial = list[int]

ZETA = 17


def keygen(k: int, d: bytes, z: bytes) -> tuple[bytes, bytes]:
    """Return the encapsulation and the decapsulation key (algorithms 13 and 16)."""
    chosen = BY_K[k]
    rho, sigma = halves(hashlib.sha3_512(d + bytes([k])).digest())
    matrix = expand(rho, k)
    s = [ntt(noise(sigma, i, chosen.eta1)) for i in range(k)]
    e = [ntt(noise(sigma, k + i, chosen.eta1)) for i in range(k)]
    t = [total(*(multiply(matrix[i][j], s[j]) for j in range(k)), e[i]) for i in range(k)]
    ek = b"".join(encode(each, 12) for each in t) + rho
    packed = b"".join(encode(each, 12) for each in s)
    return ek, packed + ek + hashlib.sha3_256(ek).digest() + z


def encapsulate(ek: bytes, m: bytes) -> tuple[bytes, bytes]:
    """Return the ciphertext and the shared secret (algorithm 17)."""
    secret, r = halves(hashlib.sha3_512(m + hashlib.sha3_256(ek).digest()).digest())
    return encrypt(ek, m, r), secret


def decapsulate(dk: bytes, c: bytes) -> bytes:
    """Return the shared secret; of a wrong ciphertext, one that depends on z (algorithm 18)."""
    k = (len(dk) - 96) // 768
    ek, h, z = dk[384 * k : 768 * k + 32], dk[-64:-32], dk[-32:]
    m = decrypt(dk[: 384 * k], c)
    secret, r = halves(hashlib.sha3_512(m + h).digest())
    if encrypt(ek, m, r) != c:
        return hashlib.shake_256(z + c).digest(32)
    return secret


def is_encapsulation_key(ek: bytes) -> bool:
    """Return whether every coefficient is below Q (section 7.2)."""
    return all(max(decode(part, 12)) < Q for part in parts(ek[:-32], 384))


def is_decapsulation_key(dk: bytes) -> bool:
    """Return whether the hash in the key is that of the encapsulation key in it (section 7.3)."""
    k = (len(dk) - 96) // 768
    return hashlib.sha3_256(dk[384 * k : -64]).digest() == dk[-64:-32]


def encrypt(ek: bytes, m: bytes, r: bytes) -> bytes:
    """Return the ciphertext of 32 bytes under these coins (algorithm 14)."""
    k = (len(ek) - 32) // 384
    chosen = BY_K[k]
    t = [[each % Q for each in decode(part, 12)] for part in parts(ek[:-32], 384)]
    matrix = expand(ek[-32:], k)
    y = [ntt(noise(r, i, chosen.eta1)) for i in range(k)]
    u = [
        total(
            inverse_ntt(total(*(multiply(matrix[j][i], y[j]) for j in range(k)))),
            noise(r, k + i, 2),
        )
        for i in range(k)
    ]
    mu = [decompress(bit, 1) for bit in decode(m, 1)]
    v = total(inverse_ntt(total(*(multiply(t[j], y[j]) for j in range(k)))), noise(r, 2 * k, 2), mu)
    return packed(u, chosen.du) + packed([v], chosen.dv)


def decrypt(packed_s: bytes, c: bytes) -> bytes:
    """Return the 32 bytes that a ciphertext holds (algorithm 15)."""
    chosen = BY_K[len(packed_s) // 384]
    u, v = unpacked(c, chosen)
    s = [decode(part, 12) for part in parts(packed_s, 384)]
    mask = inverse_ntt(total(*(multiply(a, ntt(b)) for a, b in zip(s, u, strict=True))))
    return encode([compress(x - y, 1) for x, y in zip(v, mask, strict=True)], 1)


def packed(polynomials: list[Polynomial], d: int) -> bytes:
    """Return the polynomials compressed to d bits."""
    return b"".join(encode([compress(x, d) for x in each], d) for each in polynomials)


def unpacked(c: bytes, chosen: Parameters) -> tuple[list[Polynomial], Polynomial]:
    """Return u and v of a ciphertext."""
    border = 32 * chosen.du * chosen.k
    u = [
        [decompress(x, chosen.du) for x in decode(part, chosen.du)]
        for part in parts(c[:border], 32 * chosen.du)
    ]
    return u, [decompress(x, chosen.dv) for x in decode(c[border:], chosen.dv)]


def expand(rho: bytes, k: int) -> list[list[Polynomial]]:
    """Return the matrix, transformed."""
    return [[sample(rho + bytes([j, i])) for j in range(k)] for i in range(k)]


def sample(seed: bytes) -> Polynomial:
    """Return coefficients by rejection (algorithm 7)."""
    size = 672
    while True:
        stream = hashlib.shake_128(seed).digest(size)
        found = []
        for a, b, c in zip(stream[::3], stream[1::3], stream[2::3], strict=True):
            found += [each for each in (a | (b & 15) << 8, b >> 4 | c << 4) if each < Q]
        if len(found) >= N:
            return found[:N]
        size *= 2


def noise(seed: bytes, number: int, eta: int) -> Polynomial:
    """Return coefficients of the centred binomial distribution (algorithm 8)."""
    bits = decode(hashlib.shake_256(seed + bytes([number])).digest(64 * eta), 1)
    return [
        (sum(bits[i : i + eta]) - sum(bits[i + eta : i + 2 * eta])) % Q
        for i in range(0, len(bits), 2 * eta)
    ]


def zetas(scale: int, offset: int) -> list[int]:
    """Return ZETA to the powers scale * reversed(i) + offset."""
    return [pow(ZETA, scale * int(f"{i:07b}"[::-1], 2) + offset, Q) for i in range(128)]


def ntt(polynomial: Polynomial) -> Polynomial:
    """Return the transform (algorithm 9)."""
    f = list(polynomial)
    powers = zetas(1, 0)
    number = 1
    for length in (128, 64, 32, 16, 8, 4, 2):
        for start in range(0, N, 2 * length):
            for j in range(start, start + length):
                t = powers[number] * f[j + length]
                f[j], f[j + length] = (f[j] + t) % Q, (f[j] - t) % Q
            number += 1
    return f


def inverse_ntt(polynomial: Polynomial) -> Polynomial:
    """Return what has this transform (algorithm 10)."""
    f = list(polynomial)
    powers = zetas(1, 0)
    number = 127
    for length in (2, 4, 8, 16, 32, 64, 128):
        for start in range(0, N, 2 * length):
            for j in range(start, start + length):
                t = f[j]
                f[j], f[j + length] = (
                    (t + f[j + length]) % Q,
                    powers[number] * (f[j + length] - t) % Q,
                )
            number -= 1
    return [each * 3303 % Q for each in f]


def multiply(a: Polynomial, b: Polynomial) -> Polynomial:
    """Return the product of two transforms (algorithms 11 and 12)."""
    result = []
    for i, gamma in enumerate(zetas(2, 1)):
        (a0, a1), (b0, b1) = a[2 * i : 2 * i + 2], b[2 * i : 2 * i + 2]
        result += [(a0 * b0 + a1 * b1 * gamma) % Q, (a0 * b1 + a1 * b0) % Q]
    return result


def total(*polynomials: Polynomial) -> Polynomial:
    """Return the sum."""
    return [sum(each) % Q for each in zip(*polynomials, strict=True)]


def compress(x: int, d: int) -> int:
    """Return x on a scale of 2^d, rounded (section 4.2.1)."""
    return (((x % Q) << d) + Q // 2) // Q % (1 << d)


def decompress(y: int, d: int) -> int:
    """Return y of a scale of 2^d as a coefficient, rounded."""
    return (y * Q + (1 << d - 1)) >> d


def encode(values: Polynomial, d: int) -> bytes:
    """Return d bits a value, the low end first (algorithm 5)."""
    whole = sum(value << d * i for i, value in enumerate(values))
    return whole.to_bytes(32 * d, "little")


def decode(data: bytes, d: int) -> Polynomial:
    """Return values of d bits (algorithm 6, without its reduction at 12 bits)."""
    whole = int.from_bytes(data, "little")
    return [whole >> d * i & (1 << d) - 1 for i in range(8 * len(data) // d)]


def parts(data: bytes, size: int) -> list[bytes]:
    """Return the data in pieces."""
    return [data[i : i + size] for i in range(0, len(data), size)]


def halves(data: bytes) -> tuple[bytes, bytes]:
    """Return the two halves of 64 bytes."""
    return data[:32], data[32:]
