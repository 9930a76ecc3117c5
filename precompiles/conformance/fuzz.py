"""Calls that nobody means: vectors whose data was spoilt at random, the same for the same seed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from random import Random

from ..precompile import Precompile
from .vectors import FRAME_GAS, Vector

WORDS = (0, 1, 31, 32, 33, 64, 255, 1 << 16, 1 << 63, 1 << 255, (1 << 256) - 1)
MODELS_PER_METHOD = 4


def spoilt(
    entry: Precompile, vectors: Sequence[Vector], per_method: int, seed: int = 0
) -> Iterator[Vector]:
    """Return spoilt calls of each method; what they must answer is not known."""
    choose = Random(f"{entry.name} {seed}")
    for selector in entry.by_selector:
        own = [each for each in vectors if each.input[:4] == selector]
        working = [each for each in own if each.expected.output is not None]
        models = models_of(working or own)
        for number in range(per_method if models else 0):
            model = models[number % len(models)]
            data = spoil(model.input, choose) if number >= len(models) else model.input
            yield replace(model, name=f"{model.name}~{number}", input=data, frame_gas=FRAME_GAS)
    for number in range(per_method):
        data = choose.randbytes(choose.randrange(200))
        if vectors:
            yield replace(vectors[0], name=f"random~{number}", input=data, before=())


def models_of(working: Sequence[Vector]) -> list[Vector]:
    """Return the longest call of a method, the dearest, and some between."""
    if len(working) <= MODELS_PER_METHOD:
        return list(working)
    chosen = [max(working, key=lambda each: len(each.input)), max(working, key=lambda v: v.gas)]
    step = len(working) // (MODELS_PER_METHOD - 2)
    return [*chosen, *working[::step][: MODELS_PER_METHOD - 2]]


def spoil(data: bytes, choose: Random) -> bytes:
    """Return call data with some bytes or words changed, cut, lengthened or moved."""
    made = bytearray(data)
    for _ in range(choose.randrange(1, 4)):
        places = max(1, (len(made) - 4) // 32)
        start = 4 + 32 * choose.randrange(places)
        match choose.randrange(6):
            case 0 | 1:  # A bit: what is encoded stays well formed, mostly.
                position = choose.randrange(4, max(len(made), 5))
                if position < len(made):
                    made[position] ^= 1 << choose.randrange(8)
            case 2:
                made[start : start + 32] = choose.choice(WORDS).to_bytes(32, "big")
            case 3:
                made[start : start + 32] = choose.randbytes(32)
            case 4:
                del made[choose.randrange(4, len(made) + 1) :]
            case _:
                made += bytes(32 * choose.randrange(1, 9))
    return bytes(made)
