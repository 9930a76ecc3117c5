"""Merkle Patricia tries: proofs checked node by node, and the roots of lists.

A proof is a bag of encoded nodes. They are found by their hashes from a root that is known, so
their order says nothing, shared ones stand there once, and one that no path needs is refused.
Presence and absence are proved alike. Every node must be in the one form that a trie gives it.
"""

from collections.abc import Mapping, Sequence

from ..codec import Refused
from ..rlp import Item, decode, encode, keccak, number, read_bytes, read_list

EMPTY_ROOT = keccak(encode(b""))
NODES_MAX = 8_192
DEPTH_MAX = 64  # nibbles of a key of 32 bytes

Nibbles = tuple[int, ...]


class Proof:
    """Nodes that somebody sent; what `get` returns is proved by them."""

    def __init__(self, nodes: Sequence[bytes]) -> None:
        if len(nodes) > NODES_MAX:
            raise Refused("trie: too many nodes")
        self._nodes = {keccak(node): node for node in nodes}
        if len(self._nodes) < len(nodes):
            raise Refused("trie: node twice")
        self._unused = dict.fromkeys(self._nodes)

    def get(self, root: bytes, key: bytes) -> bytes | None:
        """Return the value at a key under a root, or None where the proof shows that none is."""
        return self._walk(root, key)[0]

    def path(self, root: bytes, key: bytes) -> list[bytes]:
        """Return the nodes that prove what `get` says, from the root."""
        return [self._nodes[node_hash] for node_hash in self._walk(root, key)[1]]

    def _walk(self, root: bytes, key: bytes) -> tuple[bytes | None, list[bytes]]:
        """Go from a root towards a key; return the value and the hashes on the way."""
        if root == EMPTY_ROOT:
            return None, []
        path, passed = nibbles(key), [root]
        node = self._load(root)
        for _ in range(DEPTH_MAX + 1):
            if len(node) == 17:
                if not path:
                    raise Refused("trie: key too short")
                child, path = node[path[0]], path[1:]
            else:
                part, is_leaf = _unpack(node[0])
                if is_leaf:
                    value = read_bytes(node[1])
                    return value if part == path else None, passed
                if path[: len(part)] != part:
                    return None, passed
                child, path = node[1], path[len(part) :]
            if not child:
                return None, passed
            if isinstance(child, bytes):
                passed.append(child)
            node = self._follow(child, after_path=len(node) == 2)
        raise Refused("trie: too deep")

    def end(self) -> None:
        """Refuse nodes that nothing needed."""
        if self._unused:
            raise Refused("trie: needless node")

    def _follow(self, child: Item, *, after_path: bool) -> list[Item]:
        node = self._load(child) if isinstance(child, bytes) else child
        if isinstance(child, bytes) and len(self._nodes[child]) < 32:
            raise Refused("trie: short node by its hash")
        if after_path and len(node) != 17:
            raise Refused("trie: two paths in a row")
        return node

    def _load(self, node_hash: bytes) -> list[Item]:
        data = self._nodes.get(node_hash)
        if data is None:
            raise Refused("trie: node missing")
        self._unused.pop(node_hash, None)
        node = decode(data)
        _check(node)
        assert isinstance(node, list), "the check lets nothing else through"
        return node


def _check(node: Item) -> None:
    """Refuse what is no node, and what no trie holds in this form."""
    if not isinstance(node, list) or len(node) not in (2, 17):
        raise Refused("trie: not a node")
    if len(node) == 17:
        if node[16] != b"":  # all keys of one trie are equally long, or none begins another
            raise Refused("trie: value in a branch")
        children = [child for child in node[:16] if child != b""]
        if len(children) < 2:
            raise Refused("trie: branch of one")
        for child in children:
            _check_child(child)
        return
    part, is_leaf = _unpack(node[0])
    if is_leaf:
        if not isinstance(node[1], bytes) or not node[1]:
            raise Refused("trie: no value")
        return
    if not part:
        raise Refused("trie: no path")
    _check_child(node[1])


def _check_child(child: Item) -> None:
    if isinstance(child, bytes):
        if len(child) != 32:
            raise Refused("trie: not a reference")
        return
    _check(child)
    if len(encode(child)) >= 32:
        raise Refused("trie: long node in another")


def nibbles(key: bytes) -> Nibbles:
    """Return the halves of the bytes of a key."""
    return tuple(half for byte in key for half in (byte >> 4, byte & 15))


def _unpack(packed: Item) -> tuple[Nibbles, bool]:
    """Read a path in hex prefix form."""
    if not isinstance(packed, bytes) or not packed:
        raise Refused("trie: not a path")
    flag = packed[0] >> 4
    if flag > 3 or (not flag & 1 and packed[0] & 15):
        raise Refused("trie: not a path")
    return nibbles(packed)[1 if flag & 1 else 2 :], flag >= 2


def _pack(path: Nibbles, *, is_leaf: bool) -> bytes:
    flag = 2 if is_leaf else 0
    padded = (flag + 1, *path) if len(path) % 2 else (flag, 0, *path)
    return bytes(padded[at] << 4 | padded[at + 1] for at in range(0, len(padded), 2))


# --- Building -------------------------------------------------------------------------------


def index_key(index: int) -> bytes:
    """Return the key of a place in a list of transactions or receipts."""
    return encode(number(index))


def trie_nodes(pairs: Mapping[bytes, bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the root of these keys and values, and all nodes of their trie by their hashes."""
    if not pairs:
        return EMPTY_ROOT, {}
    nodes: dict[bytes, bytes] = {}
    root = encode(_build(sorted((nibbles(key), pairs[key]) for key in pairs), 0, nodes))
    nodes[keccak(root)] = root
    return keccak(root), nodes


def list_nodes(values: Sequence[bytes]) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the same of a list."""
    return trie_nodes({index_key(index): value for index, value in enumerate(values)})


def list_root(values: Sequence[bytes]) -> bytes:
    """Return the root of a list."""
    return list_nodes(values)[0]


def _build(pairs: list[tuple[Nibbles, bytes]], depth: int, nodes: dict[bytes, bytes]) -> Item:
    first, last = pairs[0][0], pairs[-1][0]
    if len(pairs) == 1:
        return [_pack(first[depth:], is_leaf=True), pairs[0][1]]
    shared = 0
    while first[depth + shared] == last[depth + shared]:
        shared += 1
    if shared:
        child = _seal(_build(pairs, depth + shared, nodes), nodes)
        return [_pack(first[depth : depth + shared], is_leaf=False), child]
    branch: list[Item] = [b""] * 17
    for nibble in range(16):
        below = [pair for pair in pairs if pair[0][depth] == nibble]
        if below:
            branch[nibble] = _seal(_build(below, depth + 1, nodes), nodes)
    return branch


def _seal(node: Item, nodes: dict[bytes, bytes]) -> Item:
    encoded = encode(node)
    if len(encoded) < 32:
        return node
    nodes[keccak(encoded)] = encoded
    return keccak(encoded)


def prove(nodes: Mapping[bytes, bytes], root: bytes, key: bytes) -> list[bytes]:
    """Return the nodes that show what a trie holds at a key."""
    found: list[bytes] = []
    path = nibbles(key)
    child: Item = b"" if root == EMPTY_ROOT else root
    while child != b"":
        if isinstance(child, bytes):
            found.append(nodes[child])
            child = decode(nodes[child])
        node = read_list(child)
        if len(node) == 17:
            child, path = node[path[0]], path[1:]
            continue
        part, is_leaf = _unpack(node[0])
        if is_leaf or path[: len(part)] != part:
            break
        child, path = node[1], path[len(part) :]
    return found
