"""What can go wrong outside the bridge. Every message is one line and names who is meant."""


class BridgeError(Exception):
    """The bridge cannot go on with what it was doing; the message says why."""


class NodeError(BridgeError):
    """The chain's node was silent, or said what no node says. Asking again may help."""


class WrongChainError(BridgeError):
    """The node is of another chain, or other contracts stand on it. Asking again does not help."""


class RefusedError(BridgeError):
    """The node answered that it will not do it; of a contract, `reason` is its reason."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SourceError(BridgeError):
    """The source of session roots was silent, or contradicts itself."""


class JournalError(BridgeError):
    """The journal cannot be opened or written: nothing is sent without it."""
