"""net_, web3_ and rpc_: who answers here."""

from typing import Final

from ..encoding import keccak
from .codec import DATA, hex_data
from .method import Method, Node, Param

MODULES: Final = (
    *("anvil", "debug", "eth", "evm", "hardhat"),
    *("net", "personal", "rpc", "txpool", "web3"),
)


def version(node: Node) -> str:
    """Network id, in decimal: the chain id."""
    return str(node.chain.chain_id)


def listening(_: Node) -> bool:
    """Always true: whoever gets the answer has been heard."""
    return True


def peer_count(_: Node) -> str:
    """Always zero: this node makes its chain alone."""
    return "0x0"


def client_version(node: Node) -> str:
    """Name and version of this node."""
    return node.chain.client_version


def sha3(_: Node, data: bytes) -> str:
    """Keccak-256 of bytes."""
    return hex_data(keccak(data))


def modules(_: Node) -> dict[str, str]:
    """Namespaces that are served."""
    return dict.fromkeys(MODULES, "1.0")


METHODS: Final = (
    Method(name="net_version", run=version, inline=True),
    Method(name="net_listening", run=listening, inline=True),
    Method(name="net_peerCount", run=peer_count, inline=True),
    Method(name="web3_clientVersion", run=client_version, inline=True),
    Method(name="web3_sha3", run=sha3, params=(Param("data", DATA),), inline=True),
    Method(name="rpc_modules", run=modules, inline=True),
)
