"""What can go wrong in the chain that is not our bug. The type tells the catcher what to do."""


class ChainError(Exception):
    """The caller asked for something that cannot be done; the text says what and why."""


class InvalidRequest(ChainError):
    """A parameter is malformed. The caller must change the request."""


class UnknownBlock(ChainError):
    """No block answers to that number, hash or tag."""


class InvalidTransaction(ChainError):
    """Bytes that are no transaction, or one that no block of this chain may ever hold."""


class RejectedTransaction(ChainError):
    """A well-formed transaction that this chain does not take now."""


class NotNow(RejectedTransaction):
    """This block cannot hold the transaction; a later one may."""


class InvalidBlock(ChainError):
    """A block that breaks the rules of its fork."""


class InvalidGenesis(ChainError):
    """A genesis that cannot start a chain; the text names the field."""


class InvalidMnemonic(ChainError):
    """Words that are no BIP-39 mnemonic."""


class StoreError(ChainError):
    """The data directory cannot be used; the text says why, and the remedy."""
