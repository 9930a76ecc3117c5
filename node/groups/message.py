"""A member's message: one key from his chain in every current epoch, signed by his pseudonym.

Without the signature any member could write as any other: all of them hold all chains.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ..codec import Reader, Refused, u8, u32
from ..crypto import SIGNATURE, SigningKey, aead_open, aead_seal, hkdf, sha3_256, verify
from ..mesh.vertex import ID

EPOCHS_MAX = 4
MESSAGE_MAX = 60_000  # so that it fits a post of 64 KiB

_SIGNED = b"pars/group-message/v1"
_STATED = b"PARS:GroupMessage:v1"
_KEY = b"pars/group-message-key/v1"
_NONCE = bytes(12)  # each key seals one message


@dataclass(frozen=True, slots=True)
class Sealed:
    """A message as it travels inside a post."""

    head: bytes
    sender: bytes
    indices: tuple[tuple[bytes, int], ...]  # epoch and index in the sender's chain there
    body: bytes

    @classmethod
    def decode(cls, data: bytes) -> "Sealed":
        """Read a message."""
        reader = Reader(data)
        sender, count = reader.take(ID), reader.u8()
        if not 0 < count <= EPOCHS_MAX:
            raise Refused("groups: too many epochs, or none")
        indices = tuple((reader.take(ID), reader.u32()) for _ in range(count))
        if len(dict(indices)) != count:
            raise Refused("groups: an epoch twice")
        head, body = data[: len(data) - len(reader)], reader.rest()
        return cls(head, sender, indices, body)

    def open(self, keys: Sequence[bytes], group: bytes, signing: bytes) -> bytes:
        """Return the plaintext."""
        content = aead_open(_combined(keys), _NONCE, self.body, self.head)
        plaintext, signature = content[:-SIGNATURE], content[-SIGNATURE:]
        if not verify(signing, _statement(group, self.head, plaintext), signature, _SIGNED):
            raise Refused("groups: bad signature")
        return plaintext


def seal_message(
    key: SigningKey,
    group: bytes,
    chain_keys: Sequence[tuple[bytes, int, bytes]],
    plaintext: bytes,
) -> bytes:
    """Seal a message with the next key, at its index, of each epoch."""
    head = sha3_256(key.public) + u8(len(chain_keys))
    head += b"".join(epoch + u32(index) for epoch, index, _ in chain_keys)
    signature = key.sign(_statement(group, head, plaintext), _SIGNED)
    keys = [one for *_, one in chain_keys]
    return head + aead_seal(_combined(keys), _NONCE, plaintext + signature, head)


def _combined(keys: Sequence[bytes]) -> bytes:
    return hkdf(b"".join(keys), b"", _KEY)


def _statement(group: bytes, head: bytes, plaintext: bytes) -> bytes:
    return sha3_256(_STATED, group, head, plaintext)
