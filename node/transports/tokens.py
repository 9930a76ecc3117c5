"""Proofs that a caller by UDP receives what is sent to the address that it gives."""

import os
from collections.abc import Callable
from typing import Any

from .. import crypto
from ..codec import Reader, Refused, sized, u32

LABEL = b"pars/quic-token/v1"
LIFE_SECONDS = 10
ID_MAX = 20
MAC = 32


class Tokens:
    """Made from a secret of this start, the caller's address and the time; nothing is kept."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._key, self._now = os.urandom(crypto.KEY), now

    def create(self, addr: Any, original: bytes, retry: bytes) -> bytes:
        """Return what the caller has to bring."""
        body = u32(int(self._now())) + sized(original) + sized(retry)
        return body + self._mac(addr, body)

    def check(self, addr: Any, token: bytes) -> tuple[bytes, bytes]:
        """Return both ids of a token of our own."""
        body = token[:-MAC]
        if not crypto.equal(self._mac(addr, body), token[-MAC:]):
            raise Refused("quic: not a token of this node")
        reader = Reader(body)
        if not 0 <= int(self._now()) - reader.u32() <= LIFE_SECONDS:
            raise Refused("quic: token too old")
        return reader.sized(ID_MAX), reader.sized(ID_MAX)

    def _mac(self, addr: Any, body: bytes) -> bytes:
        place = sized(addr[0].encode()) + u32(addr[1])
        return crypto.mac(self._key, LABEL + place + body)
