"""The Merkle Patricia trie over a node database: read, update many keys at once, prove.

`update` takes all changes of a block together, so each node on a shared path is rebuilt and
hashed once. The slow twin is the `trie` package; the tests hold the two equal.

A node is what RLP makes of it: `b""` (none), `[path, value]` (leaf), `[path, child]` (extension)
or sixteen children and a value (branch). A child is a 32-byte hash, or the node itself where its
encoding is shorter than a hash. Nodes are never changed in place. Paths are tuples of nibbles;
only `_pack` and `_unpack` know their bytes.
"""

from collections.abc import Iterable, Mapping, MutableMapping
from typing import Any, TypeAlias

from .encoding import decode, encode, int_to_bytes, keccak
from .errors import ChainError

Nibbles: TypeAlias = tuple[int, ...]
Node: TypeAlias = Any
Nodes: TypeAlias = Mapping[bytes, bytes]
Changes: TypeAlias = list[tuple[Nibbles, bytes]]

EMPTY_ROOT = keccak(encode(b""))

DECODED_NODES_MAX = 4096  # About 6 MB. Four times as many made no block faster.


class MissingNode(ChainError):
    """The database lacks a node: the state of that root was never stored, or is corrupt."""

    def __init__(self, node_hash: bytes) -> None:
        super().__init__(f"trie node 0x{node_hash.hex()} is missing")
        self.node_hash = node_hash


_decoded: dict[bytes, Node] = {}  # Keyed by content, so one cache serves every database.


def _remember(node_hash: bytes, node: Node) -> None:
    if len(_decoded) >= DECODED_NODES_MAX:
        for old in list(_decoded)[: DECODED_NODES_MAX // 4]:
            del _decoded[old]
    _decoded[node_hash] = node


def _load(nodes: Nodes, child: Node) -> Node:
    """Follow a hash to its node; an embedded node stands for itself."""
    if isinstance(child, bytes) and len(child) == 32:
        node = _decoded.get(child)
        if node is None:
            try:
                node = decode(nodes[child])
            except KeyError:
                raise MissingNode(child) from None
            _remember(child, node)
        return node
    return child


_NIBBLES = [(byte >> 4, byte & 15) for byte in range(256)]


def _nibbles(key: bytes) -> Nibbles:
    return tuple([nibble for byte in key for nibble in _NIBBLES[byte]])


def _pack(path: Nibbles, leaf: bool) -> bytes:
    """Encode a path compactly ("hex prefix")."""
    flag = 2 if leaf else 0
    padded = (flag + 1, *path) if len(path) % 2 else (flag, 0, *path)
    return bytes([padded[i] << 4 | padded[i + 1] for i in range(0, len(padded), 2)])


def _unpack(packed: Node) -> tuple[Nibbles, bool]:
    nibbles = _nibbles(packed)
    return nibbles[1 if nibbles[0] & 1 else 2 :], nibbles[0] >= 2


def get(nodes: Nodes, root: bytes, key: bytes) -> bytes:
    """Return the value at `key`, or nothing."""
    path = _nibbles(key)
    node = b"" if root == EMPTY_ROOT else _load(nodes, root)
    while node:
        if len(node) == 17:
            if not path:
                return bytes(node[16])
            node, path = _load(nodes, node[path[0]]), path[1:]
            continue
        part, is_leaf = _unpack(node[0])
        if is_leaf:
            return bytes(node[1]) if part == path else b""
        if path[: len(part)] != part:
            return b""
        node, path = _load(nodes, node[1]), path[len(part) :]
    return b""


def prove(nodes: Nodes, root: bytes, key: bytes) -> tuple[bytes, ...]:
    """Return the encoded nodes from the root towards `key`, as EIP-1186 wants them."""
    path = _nibbles(key)
    proof: list[bytes] = []
    child: Node = b"" if root == EMPTY_ROOT else root
    while child:
        node = _load(nodes, child)
        if isinstance(child, bytes):
            proof.append(encode(node))
        if len(node) == 17:
            if not path:
                break
            child, path = node[path[0]], path[1:]
            continue
        part, is_leaf = _unpack(node[0])
        if is_leaf or path[: len(part)] != part:
            break
        child, path = node[1], path[len(part) :]
    return tuple(proof)


def items(nodes: Nodes, root: bytes) -> Iterable[tuple[bytes, bytes]]:
    """Walk all (key, value) pairs in key order."""
    pending: list[tuple[Nibbles, Node]] = [((), b"" if root == EMPTY_ROOT else root)]
    while pending:
        path, child = pending.pop()
        node = _load(nodes, child)
        if not node:
            continue
        if len(node) == 17:
            pending.extend(((*path, i), node[i]) for i in range(15, -1, -1) if node[i])
            if node[16]:
                yield _key(path), node[16]
            continue
        part, is_leaf = _unpack(node[0])
        if is_leaf:
            yield _key(path + part), node[1]
        else:
            pending.append((path + part, node[1]))


def _key(path: Nibbles) -> bytes:
    return bytes([path[i] << 4 | path[i + 1] for i in range(0, len(path), 2)])


def update(
    nodes: Nodes, root: bytes, changes: Mapping[bytes, bytes], out: MutableMapping[bytes, bytes]
) -> bytes:
    """Apply the changes (an empty value deletes) and return the new root.

    New nodes go into `out`. Nodes that fall out of use stay: older roots still need them.
    """
    if not changes:
        return root
    ordered = sorted([(_nibbles(key), value) for key, value in changes.items()])
    writer = _Writer(nodes, out)
    node = writer.apply(b"" if root == EMPTY_ROOT else _load(nodes, root), ordered, 0)
    if not node:
        return EMPTY_ROOT
    return writer.store(encode(node), node)


def ordered_root(values: list[bytes]) -> bytes:
    """Return the root of a list: transactions, receipts or withdrawals, keyed by their index."""
    return update({}, EMPTY_ROOT, {encode(int_to_bytes(i)): v for i, v in enumerate(values)}, {})


class _Writer:
    """One update: reads old nodes, and the new ones that it has already written."""

    def __init__(self, nodes: Nodes, out: MutableMapping[bytes, bytes]) -> None:
        self.nodes = nodes
        self.out = out

    def load(self, child: Node) -> Node:
        # A node written a moment ago is in the cache or in `out`, not yet in the database.
        if isinstance(child, bytes) and child in self.out:
            return _load(self.out, child)
        return _load(self.nodes, child)

    def store(self, encoded: bytes, node: Node) -> bytes:
        node_hash = keccak(encoded)
        self.out[node_hash] = encoded
        _remember(node_hash, node)
        return node_hash

    def seal(self, node: Node) -> Node:
        """Return how a parent refers to this node, storing it where that is by hash."""
        if not node:
            return b""
        encoded = encode(node)
        return node if len(encoded) < 32 else self.store(encoded, node)

    def apply(self, node: Node, changes: Changes, depth: int) -> Node:
        """Apply sorted changes, whose paths agree up to `depth`, below one node."""
        if not node:
            return self.build([change for change in changes if change[1]], depth)
        if len(node) != 17:
            part, is_leaf = _unpack(node[0])
            if is_leaf:
                merged = {(*changes[0][0][:depth], *part): node[1]}
                merged.update(changes)
                return self.build(sorted(item for item in merged.items() if item[1]), depth)
            shared = min(_shared(path, depth, part) for path, _ in changes)
            if shared == len(part):
                child = self.apply(self.load(node[1]), changes, depth + shared)
                return self.extend(part, child)
            branch = self.split(part, node[1], shared)
            return self.extend(part[:shared], self.apply(branch, changes, depth + shared))
        branch = list(node)
        for nibble, group in _groups(changes, depth):
            if nibble is None:
                branch[16] = group[0][1]
            else:
                child = self.apply(self.load(branch[nibble]), group, depth + 1)
                branch[nibble] = self.seal(child)
        return self.collapse(branch)

    def build(self, changes: Changes, depth: int) -> Node:
        """Make the subtrie of sorted values out of nothing."""
        if not changes:
            return b""
        first, last = changes[0][0], changes[-1][0]
        if len(changes) == 1:
            return [_pack(first[depth:], True), changes[0][1]]
        shared = _shared(first, depth, last[depth:])
        branch: Node = [b""] * 17
        for nibble, group in _groups(changes, depth + shared):
            if nibble is None:
                branch[16] = group[0][1]
            else:
                branch[nibble] = self.seal(self.build(group, depth + shared + 1))
        return self.extend(first[depth : depth + shared], branch)

    def split(self, part: Nibbles, child: Node, shared: int) -> Node:
        """Turn an extension into the branch that stands after its first `shared` nibbles."""
        branch: Node = [b""] * 17
        rest = part[shared + 1 :]
        branch[part[shared]] = self.seal([_pack(rest, False), child]) if rest else child
        return branch

    def extend(self, part: Nibbles, child: Node) -> Node:
        """Put a path in front of a node, joining it with the node's own path."""
        if not child or not part:
            return child
        if len(child) == 17:
            return [_pack(part, False), self.seal(child)]
        more, is_leaf = _unpack(child[0])
        return [_pack(part + more, is_leaf), child[1]]

    def collapse(self, branch: Node) -> Node:
        """Return the branch, or the shorter node that it has become after deletions."""
        used = [index for index in range(17) if branch[index]]
        if len(used) > 1:
            return branch
        if not used:
            return b""
        (index,) = used
        if index == 16:
            return [_pack((), True), branch[16]]
        child = self.load(branch[index])
        if len(child) == 17:
            return [_pack((index,), False), branch[index]]
        return self.extend((index,), child)


def _groups(changes: Changes, depth: int) -> Iterable[tuple[int | None, Changes]]:
    """Cut sorted changes by their nibble at `depth`; None is the path that ends there."""
    start = 0
    if len(changes[0][0]) == depth:
        yield None, changes[:1]
        start = 1
    while start < len(changes):
        nibble = changes[start][0][depth]
        end = start + 1
        while end < len(changes) and changes[end][0][depth] == nibble:
            end += 1
        yield nibble, changes[start:end]
        start = end


def _shared(path: Nibbles, depth: int, part: Nibbles) -> int:
    """Return how many nibbles of `part` the path follows from `depth`."""
    limit = min(len(part), len(path) - depth)
    for count in range(limit):
        if path[depth + count] != part[count]:
            return count
    return limit
