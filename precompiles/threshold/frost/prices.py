"""What the parts of a call cost for each suite. Measured: docs/gas.md."""

VERIFY = {1: 4_000, 2: 4_000, 3: 12_000, 4: 9_000, 5: 10_000}
"""Of a signature. Half of Ed25519's is whether the key has prime order."""

ELEMENT = {1: 600, 2: 600, 3: 4_000, 4: 1_000, 5: 1_800}
"""Of decoding an element."""

SUM = {1: 1_000, 2: 1_000, 3: 8_000, 4: 6_000, 5: 7_500}
"""Of a sum of multiples besides its terms, and of decoding the key. Doublings are shared."""

MULTIPLE = {1: 3_300, 2: 3_300, 3: 1_200, 4: 1_400, 5: 1_200}
"""Of one term of a sum. Those of secp256k1 are computed one by one."""

TERM = {number: ELEMENT[number] + MULTIPLE[number] for number in VERIFY}
"""Of a Feldman commitment in a verification share."""

ROUND_ONE = {number: 2 * ELEMENT[number] + MULTIPLE[number] + 1_000 for number in VERIFY}
"""Of one signer's commitments."""

LOOK = 5_000
"""Of decoding a key and encoding it again: of Ed25519, the dearest."""

GAS_PER_SIGNER = 30
"""Of a Lagrange coefficient."""


def share(suite: int, signers: int) -> int:
    """Return the price of checking a share, but for the verification share."""
    return SUM[suite] + 3 * MULTIPLE[suite] + GAS_PER_SIGNER * signers
