"""Errors of the protocol. Their types say who is to blame and what the catcher may do."""

from collections.abc import Sequence


class ProtocolError(Exception):
    """A step did not succeed. Raise one of those below, never this one."""


class MisuseError(ProtocolError):
    """The caller's own mistake: nothing was received that could excuse it."""


class WireError(ProtocolError):
    """Bytes are no message of the expected type. Whoever signed them is to blame."""


class SilentPartyError(ProtocolError):
    """Some parties sent nothing. Wait longer, or exclude them and begin anew."""

    def __init__(self, parties: Sequence[int]) -> None:
        super().__init__(f"no message from {list(parties)}")
        self.parties = tuple(parties)


class FaultyPartyError(ProtocolError):
    """A party sent what no honest party sends. Raised by whoever receives it.

    The message is the evidence: signed by its sender, it convinces anybody who repeats the check,
    with one exception, a key share that only its receiver has seen until it publishes it.
    """

    def __init__(self, party: int, reason: str) -> None:
        super().__init__(f"party {party}: {reason}")
        self.party = party
        self.reason = reason


class BroadcastError(ProtocolError):
    """Two parties saw different messages of an earlier round.

    Somebody sent different ones to different parties, or lies about what it saw: compare signed
    copies. Raised by everybody who notices.
    """

    def __init__(self, party: int) -> None:
        super().__init__(f"party {party} saw other messages than this one")
        self.party = party


class PresigningFailedError(ProtocolError):
    """The parts do not fit together, and nobody is named yet. Go on with `abort.prove`."""


class SigningFailedError(ProtocolError):
    """Shares of a signature do not hold. Whoever has the presignature can repeat the check."""

    def __init__(self, culprits: Sequence[int]) -> None:
        super().__init__(f"false signature shares of {list(culprits)}")
        self.culprits = tuple(culprits)
