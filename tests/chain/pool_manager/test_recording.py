"""The recording that the vectors are made of is what the genuine contract says."""

import json
from pathlib import Path

from record import TARGET, recorded


def test_the_recording_is_reproducible(uniswap: Path) -> None:
    assert recorded(uniswap) == json.loads(TARGET.read_text("utf-8"))
