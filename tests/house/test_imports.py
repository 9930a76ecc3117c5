"""Who may import whom. The same picture is drawn in docs/architecture.md."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# The standard library's ways to a file, a socket, a clock, chance, or a second thread.
WORLD = {
    *("asyncio", "concurrent", "multiprocessing", "queue", "sched", "signal", "subprocess"),
    *("threading", "http", "select", "selectors", "socket", "socketserver", "ssl", "urllib"),
    *("fcntl", "glob", "io", "os", "pathlib", "shutil", "sqlite3", "tempfile"),
    *("calendar", "datetime", "time", "random", "secrets", "uuid"),
    *("ctypes", "gc", "importlib", "pickle", "weakref"),
}

# Path -> what it may import beside the tame part of the standard library and its own package.
# A file may import what any path that leads to it allows, so a longer path only ever adds.
MAY_IMPORT = {
    "pars.py": {"importlib", "os"},
    "precompiles": {"eth_abi", "numpy"},
    "precompiles/ai/tools/onnx_reader.py": {"google.protobuf", "onnx"},
    "precompiles/backends": {"coincurve", "cryptography", "oqs", "py_ecc", "sha3"},
    "precompiles/backends/blake3.py": {"blake3"},
    "precompiles/backends/bls12_381.py": {"py_arkworks_bls12381"},
    "precompiles/backends/modular.py": {"gmpy2"},
    "precompiles/backends/ripemd160.py": {"Crypto"},
    "precompiles/backends/liboqs.py": {"ctypes", "importlib", "io", "os", "pathlib"},
    "precompiles/cli.py": {"rich"},
    "precompiles/conformance": {"pathlib", "rich"},
    "precompiles/conformance/cli.py": {"time"},
    "precompiles/conformance/fuzz.py": {"random"},
    "precompiles/conformance/mutate.py": {"importlib", "os", "signal"},
    "precompiles/conformance/node.py": {"time"},
    "precompiles/conformance/rpc.py": {"http", "urllib"},
    "precompiles/doctor": {"importlib", "pathlib", "rich", "time"},
    "precompiles/generate.py": {"pathlib"},
    "precompiles/zk/cli.py": {"pathlib", "rich", "secrets"},
    "precompiles/kernels/__init__.py": {"importlib"},
    "precompiles/kernels/jit.py": {"llvmlite", "numba", "os", "pathlib", "tempfile", "threading"},
    "precompiles/kernels/int8.py": {"llvmlite"},
    "precompiles/kernels/limbs.py": {"llvmlite", "numba"},
    "precompiles/kernels/lattice.py": {"llvmlite"},
    "precompiles/kernels/vectors.py": {"llvmlite", "numba"},
    "chain": {"eth", "precompiles", "rlp", *WORLD},
    "chain/ai": {"numpy"},
    "chain/accounts.py": {"eth_account", "eth_utils"},
    "chain/cli.py": {"eth_utils", "rich"},
    "chain/blobs.py": {"ckzg"},
    "chain/dao": {"eth_abi", "eth_utils", "tomllib"},
    "chain/dao/build.py": {"vyper"},
    "chain/encoding.py": {"rusty_rlp", "sha3"},
    "chain/genesis.py": {"orjson"},
    "chain/engine": {"llvmlite", "numpy"},
    "chain/reverts.py": {"eth_abi"},
    "chain/rpc": {"eth_account", "httptools", "orjson", "uvicorn", "uvloop"},
    "chain/rpc/server.py": {"websockets"},
    "chain/signatures.py": {"coincurve"},
    "chain/store.py": {"lmdb"},
    "ape_pars": {
        *("ape", "ape_ethereum", "ape_node", "ape_test", "ape_vyper", "ethpm_types", "evm_trace"),
        *("click", "eth_pydantic_types", "eth_utils", "pydantic", "vyper", "web3"),
        *("chain", "precompiles", *WORLD),
    },
    "session_bridge": {"eth_abi", "node.codec", "node.crypto", "node.session", "rich", *WORLD},
    "session_bridge/chain_client.py": {"web3"},
    # Protocols are given the time, chance and bytes; only what is named here fetches them itself.
    "node": set(),
    "node/crypto.py": {"cryptography", "datetime", "nacl"},
    "node/bootstrap/dns.py": {"asyncio", "dns"},
    "node/bootstrap/dnssec.py": {"dns"},
    "node/bootstrap/make_list.py": {"pathlib"},
    "node/bootstrap/releases.py": {"pathlib"},
    "node/cli": {"PIL", "rich", *WORLD},
    "node/client": {"rich", *WORLD},
    "node/client/tui.py": {"textual"},
    "node/control.py": {"asyncio", "os", "pathlib", "secrets", "socket"},
    "node/crdt/rich.py": {"loro"},
    "node/daemon": WORLD,
    "node/flags.py": {"pathlib"},
    "node/invite/codes.py": {"segno", "zxingcpp"},
    "node/light/execution.py": {"chain", "eth", "precompiles", *WORLD},
    "node/light/server.py": {"uvicorn", *WORLD},
    "node/mesh/store.py": {"apsw", "pathlib"},
    "node/mesh/bundle_file.py": {"os", "pathlib"},
    "node/plain_store.py": {"pathlib", "sqlite3"},
    "node/probes.py": {"psutil", *WORLD},
    "node/rlp.py": {"sha3"},
    "node/sessiond.py": WORLD,
    "node/simulation": {"random"},
    "node/simulation/chaos.py": {"pathlib"},
    "node/simulation/cli.py": {"pathlib"},
    "node/simulation/report": {"matplotlib", *WORLD},
    "node/simulation/runs.py": WORLD,
    "node/simulation/terminal.py": {"rich", *WORLD},
    "node/swarm/store.py": {"pathlib", "sqlite3"},
    "node/transports": WORLD,
    "node/transports/bluetooth.py": {"bumble"},
    "node/transports/mdns.py": {"zeroconf"},
    "node/transports/quic.py": {"qh3"},
    "node/vault": {"os", "pathlib"},
    "node/wallet.py": {"coincurve"},
}
FOLDERS = ("precompiles", "chain", "ape_pars", "session_bridge", "node")
TAME = sys.stdlib_module_names - WORLD

# Distribution -> what is imported of it, where the two names differ.
IMPORTED_AS = {
    "py-evm": "eth",
    "pycryptodome": "Crypto",
    "safe-pysha3": "sha3",
    "PyNaCl": "nacl",
}
ASKED_FOR_BY_NAME = {"httptools", "websockets"}  # by uvicorn, which is told to use them

REMEDY = (
    "Move the code to a file that may import it, pass the value in from above, or, if the rule"
    " is wrong, change MAY_IMPORT here together with docs/architecture.md and docs/decisions.md."
)


def places() -> list[str]:
    """Return every Python file that has rules."""
    found = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")]
    return ["pars.py", *sorted(path.relative_to(ROOT).as_posix() for path in found)]


def imported(place: str) -> Iterator[tuple[int, str]]:
    """Return line and module of every absolute import, those inside functions too."""
    for node in ast.walk(ast.parse((ROOT / place).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.lineno, node.module


def allowed(place: str, module: str) -> bool:
    """Return whether the file at this path may import this module."""
    if module.split(".")[0] in TAME | {place.split("/")[0]}:
        return True
    names = {
        name
        for path, names in MAY_IMPORT.items()
        if f"{place}/".startswith(f"{path}/")
        for name in names
    }
    return any(f"{module}.".startswith(f"{name}.") for name in names)


def test_imports() -> None:
    refused = [
        f"{place}:{line} may not import {module}"
        for place in places()
        for line, module in imported(place)
        if not allowed(place, module)
    ]

    assert refused == [], REMEDY


@pytest.mark.parametrize(
    ("place", "module"),
    [
        ("precompiles/registry.py", "eth.vm.message"),
        ("precompiles/registry.py", "chain.evm"),
        ("precompiles/precompile.py", "time"),
        ("precompiles/zk/poseidon/kernel.py", "numba"),
        ("precompiles/zk/poseidon/contract.py", "coincurve"),
        ("chain/local_chain.py", "web3"),
        ("chain/rpc/dispatch.py", "node.session"),
        ("chain/evm.py", "coincurve"),
        ("chain/rpc.py", "orjson"),
        ("ape_pars/provider.py", "node"),
        ("session_bridge/bridge.py", "chain"),
        ("session_bridge/bridge.py", "node.store"),
        ("session_bridge/bridge.py", "web3"),
        ("node/daemon/__init__.py", "eth"),
        ("node/daemon/__init__.py", "numba"),
        ("node/daemon/services.py", "cryptography"),
        ("node/link/handshake.py", "time"),
        ("node/messenger/messenger.py", "secrets"),
        ("node/session/service.py", "asyncio"),
        ("pars.py", "chain.cli"),
    ],
)
def test_the_rules_refuse(place: str, module: str) -> None:
    assert not allowed(place, module)


@pytest.mark.parametrize(
    ("place", "module"),
    [
        ("precompiles/registry.py", "collections.abc"),
        ("precompiles/kernels/jit.py", "numba.extending"),
        ("precompiles/backends/secp256k1.py", "coincurve"),
        ("chain/evm.py", "precompiles.precompile"),
        ("session_bridge/bridge.py", "node.session.records"),
        ("node/transports/tcp.py", "asyncio"),
    ],
)
def test_the_rules_allow(place: str, module: str) -> None:
    assert allowed(place, module)


def test_imports_are_relative_inside_a_package() -> None:
    """And absolute across packages, so that a reader sees at once what comes from outside."""
    own = [
        f"{place}:{line} imports {module}: write it relative, with leading dots"
        for place in places()
        for line, module in imported(place)
        if module.split(".")[0] == place.split("/")[0]
    ]

    assert own == []


def test_every_dependency_is_imported() -> None:
    """One that is not is still downloaded, locked and trusted by everybody."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {re.match(r"[\w-]+", line)[0] for line in project["dependencies"]}  # type: ignore[index]
    used = {module.split(".")[0] for place in places() for _, module in imported(place)}

    unused = [
        name
        for name in sorted(declared - ASKED_FOR_BY_NAME)
        if IMPORTED_AS.get(name, name.replace("-", "_")) not in used
    ]

    assert unused == [], "take it out of pyproject.toml and run `make lock`"


@pytest.mark.parametrize("package", [name for name in FOLDERS if (ROOT / name).is_dir()])
def test_a_package_is_ours(package: str) -> None:
    """Other projects on the index install a top-level `node` or `chain`."""
    assert Path(__import__(package).__path__[0]) == ROOT / package
