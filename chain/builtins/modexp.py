"""MODEXP (EIP-198), and its three prices: Byzantium's, Berlin's (EIP-2565), Osaka's (EIP-7883)."""

from typing import Final

from precompiles.backends import modular

from .builtin import Builtin, BuiltinError

HEADER_SIZE: Final = 96
WORD_SIZE: Final = 32
OSAKA_LENGTH_MAX: Final = 1_024
"""Of each operand, in bytes (EIP-7823)."""


def lengths(data: bytes) -> tuple[int, int, int]:
    """Return how long base, exponent and modulus are; input that is missing is zero."""
    header = data[:HEADER_SIZE].ljust(HEADER_SIZE, b"\0")
    base, exponent, modulus = (
        int.from_bytes(header[i : i + WORD_SIZE], "big") for i in range(0, HEADER_SIZE, WORD_SIZE)
    )
    return base, exponent, modulus


def operand(data: bytes, offset: int, length: int) -> int:
    """Return a number of the input; what is missing is zero."""
    part = data[offset : offset + length]
    return int.from_bytes(part, "big") << 8 * (length - len(part))


def modexp(data: bytes) -> bytes:
    """Return base ** exponent % modulus in as many bytes as the modulus has; 0 for modulus 0."""
    base_length, exponent_length, modulus_length = lengths(data)
    if modulus_length == 0:
        return b""  # Nor is the exponent read, whose length nobody has paid for.
    base = operand(data, HEADER_SIZE, base_length)
    exponent = operand(data, HEADER_SIZE + base_length, exponent_length)
    modulus = operand(data, HEADER_SIZE + base_length + exponent_length, modulus_length)
    power = modular.power(base, exponent, modulus) if modulus else 0
    return power.to_bytes(modulus_length, "big")


def bounded_modexp(data: bytes) -> bytes:
    """Do what `modexp` does; fail where an operand is longer than Osaka allows."""
    if max(lengths(data)) > OSAKA_LENGTH_MAX:
        raise BuiltinError(f"modexp: an operand is longer than {OSAKA_LENGTH_MAX} bytes")
    return modexp(data)


def iterations(data: bytes, base_length: int, exponent_length: int, per_byte: int) -> int:
    """Return the squarings an exponent is priced at, at least one.

    Those of its first 32 bytes are counted exactly; `per_byte` stands for each byte after them.
    """
    head_length = min(exponent_length, WORD_SIZE)
    head = operand(data, HEADER_SIZE + base_length, head_length)
    squarings = max(0, head.bit_length() - 1) + per_byte * (exponent_length - head_length)
    return max(1, squarings)


def byzantium_price(data: bytes) -> int:
    """Price by an estimate of Karatsuba's multiplication."""
    base_length, exponent_length, modulus_length = lengths(data)
    length = max(base_length, modulus_length)
    if length <= 64:
        complexity = length * length
    elif length <= 1_024:
        complexity = length * length // 4 + 96 * length - 3_072
    else:
        complexity = length * length // 16 + 480 * length - 199_680
    return complexity * iterations(data, base_length, exponent_length, 8) // 20


def berlin_price(data: bytes) -> int:
    """Price by the square of the words of the longer of base and modulus."""
    base_length, exponent_length, modulus_length = lengths(data)
    words = (max(base_length, modulus_length) + 7) // 8
    return max(200, words * words * iterations(data, base_length, exponent_length, 8) // 3)


def osaka_price(data: bytes) -> int:
    """Price as Berlin does, dearer: short operands as 32 bytes, long ones and exponents twice."""
    base_length, exponent_length, modulus_length = lengths(data)
    words = (max(base_length, modulus_length) + 7) // 8
    complexity = 2 * words * words if words > 4 else 16
    return max(500, complexity * iterations(data, base_length, exponent_length, 16))


BYZANTIUM_MODEXP: Final = Builtin(name="MODEXP", price=byzantium_price, run=modexp)
BERLIN_MODEXP: Final = Builtin(name="MODEXP", price=berlin_price, run=modexp)
OSAKA_MODEXP: Final = Builtin(name="MODEXP", price=osaka_price, run=bounded_modexp)
