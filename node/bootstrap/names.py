"""Names that no registrar owns: contacts in a text record of a name on the chain, as ENS has them.

A `NameLookup` says what is to be called and takes what was returned, so that whoever proves calls,
the light node, is asked and trusted with them. A Handshake name is refused: what it holds is proved
by Handshake's own chain of blocks, which this node does not follow.
"""

import re
from typing import NamedTuple

from ..codec import Refused
from ..identity import Multiaddr
from ..rlp import keccak
from .contact import Contact, contacts_of

TEXT_KEY = "network.pars.bootstrap"
NAME_MAX = 253
LABELS_MAX = 8
TEXT_MAX = 8 << 10
ADDRESSES_MAX = 64
WORD = 32

# What follows ENSIP-15 beyond these letters looks like something else too often.
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_ENS_ENDS = ("eth", "pars")
_RESOLVER = keccak(b"resolver(bytes32)")[:4]
_TEXT = keccak(b"text(bytes32,string)")[:4]


class Call(NamedTuple):
    """A call of a contract that changes nothing."""

    to: bytes
    data: bytes


def namehash(name: str) -> bytes:
    """Return the hash of a name, from its last label to its first (ERC-137)."""
    node = bytes(WORD)
    for label in reversed(_labels(name)):
        node = keccak(node + keccak(label.encode()))
    return node


class NameLookup:
    """The way from a name to contacts: who resolves it, then what he says."""

    def __init__(self, name: str, registry: bytes) -> None:
        """`registry` is the address of the contract that knows the resolver of every name."""
        if _labels(name)[-1] not in _ENS_ENDS:
            raise Refused("names: a Handshake name needs proofs of a chain that is not followed")
        self._node = namehash(name)
        self._registry = registry
        self._resolver: bytes | None = None
        self.result: list[Contact] | None = None

    @property
    def call(self) -> Call | None:
        """What is to be called next; None where all is known."""
        if self.result is not None:
            return None
        if self._resolver is None:
            return Call(self._registry, _RESOLVER + self._node)
        key = TEXT_KEY.encode()
        padded = key.ljust(-(-len(key) // WORD) * WORD, b"\0")
        return Call(
            self._resolver, _TEXT + self._node + _number(2 * WORD) + _number(len(key)) + padded
        )

    def take(self, returned: bytes) -> None:
        """Go one step on with what the call returned."""
        if self.result is not None:
            raise Refused("names: nothing was called")
        if self._resolver is None:
            if len(returned) != WORD or any(returned[:12]):
                raise Refused("names: not an address")
            if not any(returned):
                raise Refused("names: nobody resolves this name")
            self._resolver = returned[12:]
        else:
            self.result = contacts_of_text(_string(returned))


def contacts_of_text(text: str) -> list[Contact]:
    """Return the contacts of a text: addresses, each with its id, with white space between."""
    words = text.split()
    if len(words) > ADDRESSES_MAX:
        raise Refused("names: too many addresses")
    return contacts_of(map(Multiaddr.parse, words))


def _labels(name: str) -> list[str]:
    labels = name.split(".")
    if len(name) > NAME_MAX or len(labels) > LABELS_MAX or not all(map(_LABEL.fullmatch, labels)):
        raise Refused("names: not a name of small letters, digits and dots")
    return labels


def _number(value: int) -> bytes:
    return value.to_bytes(WORD)


def _string(data: bytes) -> str:
    """Return the only string of a return value, in the one encoding of ABI that there is."""
    if len(data) < 2 * WORD or data[:WORD] != _number(WORD):
        raise Refused("names: not a string")
    size = int.from_bytes(data[WORD : 2 * WORD])
    if size > TEXT_MAX:
        raise Refused("names: text too long")
    text, padding = data[2 * WORD : 2 * WORD + size], data[2 * WORD + size :]
    if len(data) != 2 * WORD + -(-size // WORD) * WORD or any(padding):
        raise Refused("names: not a string")
    if not text.isascii():
        raise Refused("names: not addresses")
    return text.decode()
