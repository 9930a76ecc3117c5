"""Vectors of the quoter: what v4's own quoter and state view say of the same storage."""

import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from cases import Case, case, hexed, refused
from eth_abi import encode

V4 = Path(__file__).parent / "v4"
sys.path.insert(0, str(V4))

import scene  # noqa: E402 - found through the line above

from precompiles.conformance import embedded  # noqa: E402 - as above

SOURCE = "v4-core 1.0.2 and v4-periphery 1.0.3, run as published: V4Quoter and StateView"
PUBLISHED = json.loads((V4 / "quotes.json").read_text("utf-8"))
QUOTER, MANAGER = (0x0401).to_bytes(20, "big"), (0x0400).to_bytes(20, "big")

STORAGE = {int(slot, 16): int(word, 16) for slot, word in PUBLISHED["storage"].items()}
HOOK = b"\x88" * 18
KNOWN_TO_HOOK = scene.HOOK_STORAGE
CONTRACTS = {"hook": hexed(scene.compiled(V4 / "hook.vy"))}


def cases() -> Iterator[Case]:
    for name, types, data in scene.questions():
        answer = PUBLISHED["answers"][name]
        gas, used = asked(data)
        item: dict[str, Any] = {"name": name, "input": hexed(data), "source": SOURCE}
        if "error" in answer:
            item |= {"error": answer["error"], "reason": "UnexpectedRevertBytes(...)"}
        elif types == "quote":
            # v4 measures its own gas; ours is that of the swap, by the definition in docs/dex.md.
            amount = int(answer["output"], 16)
            item["output"] = hexed(encode(["uint256", "uint256"], [amount, gas]))
        else:
            item["output"] = answer["output"]
        if used:
            words = {f"0x{slot:064x}": f"0x{STORAGE[slot]:064x}" for slot in used}
            item["accounts"] = {hexed(MANAGER): {"storage": words}}
        if scene.HOOK in data:
            stored = {f"0x{slot:064x}": f"0x{word:064x}" for slot, word in KNOWN_TO_HOOK.items()}
            item.setdefault("accounts", {})[hexed(scene.HOOK)] = {"code": "hook", "storage": stored}
        yield item
    yield from ours()


def ours() -> Iterator[Case]:
    """What is not v4's: who asks, the callback without a question, hooks in a static call."""
    manager = "0x" + MANAGER.hex()
    yield case("manager", scene.encoded("poolManager()"), ["address"], manager, source="0x0400")
    nobody = "0x" + bytes(20).hex()
    yield case("sender", scene.encoded("msgSender()"), ["address"], nobody, source="nobody asks")
    empty = scene.encoded("unlockCallback(bytes)", b"")
    yield case("callback", empty, ["bytes"], b"", source="the description in contract.py")
    for flags in (0x0080, 0x0040, 0x00C8, 0x0044):
        hook = HOOK + flags.to_bytes(2, "big")
        key = scene.pool(scene.A, scene.B, 3_000, 60, hook)
        error, shown = "HookNeedsWrites(address)", "0x" + hook.hex()
        for side in ("Input", "Output"):
            signature = f"quoteExact{side}Single({scene.SINGLE})"
            data = scene.encoded(signature, (key, True, 5, b""))
            name = f"hook-{flags:04x}-{side.lower()}"
            yield refused(name, data, error, shown, static=True)
            first, second = (scene.A, scene.B) if side == "Input" else (scene.B, scene.A)
            hooked, plain = (second, 3_000, 60, hook, b""), (second, 500, 10, bytes(20), b"")
            for place in range(3):
                hops = [hooked if at == place else plain for at in range(3)]
                data = scene.encoded(f"quoteExact{side}({scene.ROUTE})", (first, hops, 5))
                yield refused(f"{name}-route-{place}", data, error, shown, static=True)


class Watched(dict[tuple[bytes, int], int]):
    """Storage that remembers which words it was asked for: a refusal takes back what was warm."""

    def __init__(self) -> None:
        super().__init__({(MANAGER, slot): word for slot, word in STORAGE.items()})
        self.update({(scene.HOOK, slot): word for slot, word in KNOWN_TO_HOOK.items()})
        self.read: set[int] = set()

    def get(self, key: Any, default: Any = None) -> Any:
        self.read.add(key[1])
        return super().get(key, default)


@cache
def asked(data: bytes) -> tuple[int, list[int]]:
    """Return our figure for the gas, and which words of the pool manager an answer takes."""
    storage = Watched()
    world = embedded.World(
        storage=storage, codes={scene.HOOK: bytes.fromhex(CONTRACTS["hook"][2:])}
    )
    outcome = embedded.call_precompile(world, QUOTER, data, caller=scene.CALLER)
    return int.from_bytes(outcome.data[32:64], "big"), sorted(storage.read & set(STORAGE))
