# pragma version 0.4.3
# An account that signs by its code while it is willing, and a verifier of keys without account.
willing: public(bool)


@external
def will(willing: bool):
    self.willing = willing


@external
@view
def isValidSignature(digest: bytes32, signature: Bytes[64]) -> bytes4:
    if self.willing and signature == concat(digest, b""):
        return 0x1626ba7e
    return 0xffffffff


@external
@view
def verify(key: Bytes[64], digest: bytes32, signature: Bytes[128]) -> bytes4:
    if signature == concat(key, digest):
        return 0x024ad318
    return 0xffffffff
