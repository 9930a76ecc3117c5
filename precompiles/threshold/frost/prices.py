"""What the parts of a call cost for each suite. Measured: docs/gas.md."""

VERIFY = {1: 4_000, 2: 4_000, 3: 9_000, 4: 16_000, 5: 36_000}
"""Of a signature. P-256 is two signatures of OpenSSL, ristretto255 decodes in plain integers."""

ELEMENT = {1: 600, 2: 600, 3: 2_500, 4: 2_000, 5: 14_000}
"""Of decoding an element."""

MULTIPLICATION = {1: 3_300, 2: 3_300, 3: 6_500, 4: 45_000, 5: 6_500}
"""Of multiplying an element and adding it. P-256 is in plain integers."""

TERM = {number: ELEMENT[number] + MULTIPLICATION[number] for number in VERIFY}
"""Of a Feldman commitment in a verification share."""

ROUND_ONE = {number: 2 * ELEMENT[number] + MULTIPLICATION[number] + 500 for number in VERIFY}
"""Of one signer's commitments."""

LOOK = 12_000
"""Of encoding a key again: of ristretto255, the dearest."""

GAS_PER_SIGNER = 30
"""Of a Lagrange coefficient."""


def share(suite: int, signers: int) -> int:
    """Return the price of checking a share, but for the verification share."""
    return 3 * MULTIPLICATION[suite] + 1_000 + GAS_PER_SIGNER * signers
