"""SLH-DSA as FIPS 205 writes it, one hash after another: the kernel's twin. Algorithm by number.

The functions above the trees (PRF_msg, H_msg) are in message.py, for both.
"""

from hashlib import sha256, sha512, shake_256

from .message import Position, digits
from .parameters import CHECKSUM_DIGITS, WINTERNITZ, ParameterSet

WOTS_HASH, WOTS_PK, TREE, FORS_TREE, FORS_ROOTS, WOTS_PRF, FORS_PRF = range(7)

Address = tuple[int, int, int, int, int, int]
"""Layer, tree, type, key pair, chain or height, hash or index."""

Values = list[bytes]


def tweaked(chosen: ParameterSet, pk_seed: bytes, address: Address, data: bytes) -> bytes:
    """Return F, H, T_l or PRF of the data; which one follows from its length."""
    layer, tree, *rest = address
    if chosen.hash == "SHAKE":
        words = layer.to_bytes(4, "big") + tree.to_bytes(12, "big")
        words += b"".join(word.to_bytes(4, "big") for word in rest)
        return shake_256(pk_seed + words + data).digest(chosen.n)
    kind, *words_left = rest
    compressed = bytes([layer]) + tree.to_bytes(8, "big") + bytes([kind])
    compressed += b"".join(word.to_bytes(4, "big") for word in words_left)
    if chosen.n == 16 or len(data) == chosen.n:
        return sha256(pk_seed.ljust(64, b"\0") + compressed + data).digest()[: chosen.n]
    return sha512(pk_seed.ljust(128, b"\0") + compressed + data).digest()[: chosen.n]


def wots_digits(message: bytes) -> tuple[int, ...]:
    """Return the digits of a hash value and of their checksum."""
    found = digits(message, 4, 2 * len(message))
    checksum = sum(WINTERNITZ - 1 - digit for digit in found) << 4
    return found + digits(checksum.to_bytes(2, "big"), 4, CHECKSUM_DIGITS)


def chain(
    chosen: ParameterSet, pk_seed: bytes, place: Address, value: bytes, start: int, steps: int
) -> bytes:
    """Return the value that many steps further: algorithm 5."""
    for i in range(start, start + steps):
        value = tweaked(chosen, pk_seed, (*place[:5], i), value)
    return value


def wots_secret(
    chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes, layer: int, tree: int, leaf: int, i: int
) -> bytes:
    """Return the start of a chain."""
    return tweaked(chosen, pk_seed, (layer, tree, WOTS_PRF, leaf, i, 0), sk_seed)


def wots_public_key(
    chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes, layer: int, tree: int, leaf: int
) -> bytes:
    """Algorithm 6."""
    ends = []
    for i in range(chosen.chains):
        secret = wots_secret(chosen, sk_seed, pk_seed, layer, tree, leaf, i)
        place = (layer, tree, WOTS_HASH, leaf, i, 0)
        ends.append(chain(chosen, pk_seed, place, secret, 0, WINTERNITZ - 1))
    return tweaked(chosen, pk_seed, (layer, tree, WOTS_PK, leaf, 0, 0), b"".join(ends))


def wots_sign(
    chosen: ParameterSet,
    message: bytes,
    sk_seed: bytes,
    pk_seed: bytes,
    layer: int,
    tree: int,
    leaf: int,
) -> Values:
    """Algorithm 7."""
    return [
        chain(
            chosen,
            pk_seed,
            (layer, tree, WOTS_HASH, leaf, i, 0),
            wots_secret(chosen, sk_seed, pk_seed, layer, tree, leaf, i),
            0,
            digit,
        )
        for i, digit in enumerate(wots_digits(message))
    ]


def wots_public_key_from_signature(
    chosen: ParameterSet,
    signature: Values,
    message: bytes,
    pk_seed: bytes,
    layer: int,
    tree: int,
    leaf: int,
) -> bytes:
    """Algorithm 8."""
    ends = []
    for i, (digit, value) in enumerate(zip(wots_digits(message), signature, strict=True)):
        place = (layer, tree, WOTS_HASH, leaf, i, 0)
        ends.append(chain(chosen, pk_seed, place, value, digit, WINTERNITZ - 1 - digit))
    return tweaked(chosen, pk_seed, (layer, tree, WOTS_PK, leaf, 0, 0), b"".join(ends))


def levels(
    chosen: ParameterSet, pk_seed: bytes, place: Address, leaves: Values, first: int
) -> list[Values]:
    """Return all levels of a tree, the leaves first; leaf 0 has the index `first`.

    Algorithms 9 and 15, level by level instead of by recursion.
    """
    found = [leaves]
    height = 0
    while len(found[-1]) > 1:
        height += 1
        below = found[-1]
        found.append(
            [
                tweaked(
                    chosen,
                    pk_seed,
                    (*place[:4], height, (first >> height) + i),
                    below[2 * i] + below[2 * i + 1],
                )
                for i in range(len(below) // 2)
            ]
        )
    return found


def siblings(tree: list[Values], leaf: int) -> Values:
    """Return the authentication path of a leaf."""
    return [level[leaf >> height ^ 1] for height, level in enumerate(tree[:-1])]


def climb(
    chosen: ParameterSet, pk_seed: bytes, place: Address, leaf: int, node: bytes, path: Values
) -> bytes:
    """Return the root above a leaf: the second halves of algorithms 11 and 17."""
    for height, sibling in enumerate(path, start=1):
        pair = sibling + node if leaf >> (height - 1) & 1 else node + sibling
        node = tweaked(chosen, pk_seed, (*place[:4], height, leaf >> height), pair)
    return node


def xmss_levels(
    chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes, layer: int, tree: int
) -> list[Values]:
    """Return one tree of the hypertree."""
    leaves = [
        wots_public_key(chosen, sk_seed, pk_seed, layer, tree, leaf)
        for leaf in range(1 << chosen.tree_height)
    ]
    return levels(chosen, pk_seed, (layer, tree, TREE, 0, 0, 0), leaves, 0)


def public_root(chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes) -> bytes:
    """Return PK.root: algorithm 18."""
    return xmss_levels(chosen, sk_seed, pk_seed, chosen.d - 1, 0)[-1][0]


def hypertree_sign(
    chosen: ParameterSet, message: bytes, sk_seed: bytes, pk_seed: bytes, tree: int, leaf: int
) -> Values:
    """Algorithm 12."""
    signature: Values = []
    for layer in range(chosen.d):
        signature += wots_sign(chosen, message, sk_seed, pk_seed, layer, tree, leaf)
        nodes = xmss_levels(chosen, sk_seed, pk_seed, layer, tree)
        signature += siblings(nodes, leaf)
        message = nodes[-1][0]
        tree, leaf = tree >> chosen.tree_height, tree % (1 << chosen.tree_height)
    return signature


def hypertree_root(
    chosen: ParameterSet, message: bytes, signature: Values, pk_seed: bytes, tree: int, leaf: int
) -> bytes:
    """Return the root that the signature leads to: algorithm 13."""
    each = chosen.chains + chosen.tree_height
    for layer in range(chosen.d):
        part = signature[layer * each : (layer + 1) * each]
        ends, path = part[: chosen.chains], part[chosen.chains :]
        key = wots_public_key_from_signature(chosen, ends, message, pk_seed, layer, tree, leaf)
        message = climb(chosen, pk_seed, (layer, tree, TREE, 0, 0, 0), leaf, key, path)
        tree, leaf = tree >> chosen.tree_height, tree % (1 << chosen.tree_height)
    return message


def fors_sign(
    chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes, place: Position
) -> tuple[Values, bytes]:
    """Return the FORS signature and its public key: algorithms 14 to 16."""
    signature: Values = []
    roots: Values = []
    for i, leaf in enumerate(place.fors_leaves):
        first = i << chosen.a
        secrets = [
            tweaked(chosen, pk_seed, (0, place.tree, FORS_PRF, place.leaf, 0, first + j), sk_seed)
            for j in range(1 << chosen.a)
        ]
        address = (0, place.tree, FORS_TREE, place.leaf, 0, 0)
        leaves = [
            tweaked(chosen, pk_seed, (*address[:5], first + j), secret)
            for j, secret in enumerate(secrets)
        ]
        nodes = levels(chosen, pk_seed, address, leaves, first)
        signature += [secrets[leaf], *siblings(nodes, leaf)]
        roots.append(nodes[-1][0])
    roots_address = (0, place.tree, FORS_ROOTS, place.leaf, 0, 0)
    return signature, tweaked(chosen, pk_seed, roots_address, b"".join(roots))


def fors_public_key(
    chosen: ParameterSet, signature: Values, pk_seed: bytes, place: Position
) -> bytes:
    """Algorithm 17."""
    roots: Values = []
    address = (0, place.tree, FORS_TREE, place.leaf, 0, 0)
    for i, leaf in enumerate(place.fors_leaves):
        secret, *path = signature[i * (1 + chosen.a) : (i + 1) * (1 + chosen.a)]
        index = (i << chosen.a) + leaf
        node = tweaked(chosen, pk_seed, (*address[:5], index), secret)
        roots.append(climb(chosen, pk_seed, address, index, node, path))
    roots_address = (0, place.tree, FORS_ROOTS, place.leaf, 0, 0)
    return tweaked(chosen, pk_seed, roots_address, b"".join(roots))


def sign_position(chosen: ParameterSet, sk_seed: bytes, pk_seed: bytes, place: Position) -> bytes:
    """Return a signature but for R: algorithm 19, lines 12 to 17."""
    fors, key = fors_sign(chosen, sk_seed, pk_seed, place)
    upper = hypertree_sign(chosen, key, sk_seed, pk_seed, place.tree, place.leaf)
    return b"".join([*fors, *upper])


def signed_root(chosen: ParameterSet, signature: bytes, pk_seed: bytes, place: Position) -> bytes:
    """Return the root that a signature without its R leads to: algorithm 20, lines 14 to 17."""
    n = chosen.n
    values = [signature[i : i + n] for i in range(0, len(signature), n)]
    count = chosen.k * (1 + chosen.a)
    key = fors_public_key(chosen, values[:count], pk_seed, place)
    return hypertree_root(chosen, key, values[count:], pk_seed, place.tree, place.leaf)
