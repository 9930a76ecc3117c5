"""Reads JSON from strangers: deep nesting is refused before the parser descends into it."""

import json
import re
from typing import Any

DEPTH_MAX = 64
_BRACKETS = re.compile(rb"[\[\]{}]")


def read_json(data: bytes) -> Any:
    """Return the value; ValueError where it is none, or is nested too deep.

    The parser goes down by recursion, and how deep the stack is depends on who set its limit.
    Brackets within texts count too: what the bridge is answered has none there.
    """
    depth = 0
    for found in _BRACKETS.finditer(data):
        depth += 1 if found[0] in b"[{" else -1
        if depth > DEPTH_MAX:
            raise ValueError("nested too deep")
    return json.loads(data)
