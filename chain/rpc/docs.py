"""Writes docs/rpc.md from the table of methods: `python -m chain.rpc.docs` from the checkout."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from .method import REQUIRED, Method, Param
from .methods import METHODS

INTRODUCTION: Final = """\
# JSON-RPC methods

Generated from the method table by `python -m chain.rpc.docs`; a test compares.

HTTP and WebSocket share one port. A parameter with `=` may be left out or null. Method names after
"also" do the same. `number` is what developers write: JSON, decimal text or hex; `quantity` is
Ethereum's hex without leading zeros.

| code | when |
|---|---|
| -32700 | the message is no JSON |
| -32600 | the message is no JSON-RPC 2.0 call |
| -32601 | no such method, or a subscription over HTTP |
| -32602 | a parameter is missing or wrong; the message names it |
| -32603 | a bug of ours; in `eth_simulateV1` also what a block cannot hold |
| -32000 | the chain refuses: an invalid transaction, an unknown block, a failed call |
| -32001 | the block hash that a call names is unknown (EIP-1898) |
| -32005 | a limit is exceeded: batch, filters, subscriptions, response |
| 3 | the call reverted; `data` is the payload, the message what it says |
"""

NAMESPACES: Final = ("eth", "net", "web3", "rpc", "personal", "txpool", "debug", "evm", "anvil")


def signature(param: Param) -> str:
    """Return one parameter as the table shows it."""
    shown = f"{param.name}: {param.kind.label}"
    if param.default is REQUIRED:
        return shown
    plain = isinstance(param.default, str | int | bool)
    return shown + f" = {str(param.default).lower() if plain else 'none'}"


def row(method: Method) -> str:
    """Return one line of the table."""
    params = "<br>".join(map(signature, method.params))
    also = "".join(f"<br>also `{alias}`" for alias in method.aliases)
    return f"| `{method.name}`{also} | {params} | {method.summary} |"


def document() -> str:
    """Return the whole text."""
    parts = [INTRODUCTION]
    spaces: dict[str, list[Method]] = {}
    for method in METHODS:
        space = method.name.partition("_")[0]
        spaces.setdefault("anvil" if space == "hardhat" else space, []).append(method)
    for space in NAMESPACES:
        title = "`anvil_` and `hardhat_`" if space == "anvil" else f"`{space}_`"
        rows = "\n".join(map(row, spaces.pop(space)))
        parts.append(
            f"## {title}\n\n| method | parameters | what it does |\n|---|---|---|\n{rows}\n"
        )
    if spaces:
        raise ValueError(f"namespaces without a place: {', '.join(spaces)}")
    return "\n".join(parts)


def main(argv: Sequence[str]) -> int:
    """Write the document to the file named, docs/rpc.md by default."""
    path = Path(argv[0] if argv else "docs/rpc.md")
    path.write_text(document(), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
