"""ML-KEM and ML-DSA by liboqs, where its native library is installed. Bytes in, bytes out.

A second opinion for tests and a peer for benchmarks. Not for the precompiles: consensus must not
depend on what a machine has installed, and liboqs cannot encapsulate or sign from given randomness
without changing the generator of the whole process.

Importing liboqs-python without the native library clones and builds it, or ends the process. So the
library is looked for first, where liboqs-python will look, and loaded; only then comes the import.
"""

import ctypes
import ctypes.util
import io
import os
from contextlib import redirect_stdout
from functools import cache
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType

DISTRIBUTION = "liboqs-python"
OTHER_OWNER = "oqs"
"""Another project's distribution, which brings a package of the same name."""


class Unavailable(Exception):
    """There is no liboqs here. The message says why."""


def installed(distribution: str) -> bool:
    """Return whether a distribution is installed, without importing it."""
    try:
        metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return False
    return True


def library() -> str:
    """Return the native library that liboqs-python would load, or an empty string."""
    home = os.environ.get("OQS_INSTALL_PATH", "")
    folder = Path(home) if home else Path.home() / "_oqs"
    found = ctypes.util.find_library("oqs")
    candidates = [found] if found else []
    candidates += [str(folder / part / "liboqs.so") for part in ("lib", "lib64", "bin")]
    for candidate in candidates:
        try:
            ctypes.CDLL(candidate)
        except OSError:
            continue
        return candidate
    return ""


def obstacle() -> str:
    """Return why liboqs cannot be used, or an empty string. Imports and downloads nothing."""
    if not installed(DISTRIBUTION):
        return f"{DISTRIBUTION} is not installed"
    if installed(OTHER_OWNER):
        return f"the distribution {OTHER_OWNER} hides {DISTRIBUTION}"
    if not library():
        return "there is no native library liboqs (OQS_INSTALL_PATH may name its folder)"
    return ""


@cache
def load() -> ModuleType:
    """Return liboqs-python, or raise Unavailable."""
    if reason := obstacle():
        raise Unavailable(reason)
    try:
        with redirect_stdout(io.StringIO()):
            return import_module("oqs")
    except (Exception, SystemExit) as failure:
        raise Unavailable(f"{DISTRIBUTION} cannot be imported: {failure}") from failure


def key_pair(name: str, seed: bytes) -> tuple[bytes, bytes]:
    """Return the ML-KEM keys of d and z."""
    with load().KeyEncapsulation(name) as kem:
        return kem.generate_keypair_seed(seed), kem.export_secret_key()


def encapsulate(name: str, public_key: bytes) -> tuple[bytes, bytes]:
    """Return a fresh ciphertext and its shared secret."""
    with load().KeyEncapsulation(name) as kem:
        ciphertext, secret = kem.encap_secret(public_key)
    return ciphertext, secret


def decapsulate(name: str, secret_key: bytes, ciphertext: bytes) -> bytes:
    """Return the shared secret of a ciphertext."""
    with load().KeyEncapsulation(name, secret_key) as kem:
        secret: bytes = kem.decap_secret(ciphertext)
    return secret


def sign(name: str, secret_key: bytes, message: bytes, context: bytes) -> bytes:
    """Return a randomised ML-DSA signature."""
    with load().Signature(name, secret_key) as signer:
        signature: bytes = signer.sign_with_ctx_str(message, context)
    return signature


def verify(name: str, public_key: bytes, message: bytes, signature: bytes, context: bytes) -> bool:
    """Return whether an ML-DSA signature holds."""
    with load().Signature(name) as verifier:
        valid: bool = verifier.verify_with_ctx_str(message, signature, context, public_key)
    return valid
