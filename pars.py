"""The `pars` command: hands the rest of the line to `<word>.cli`, and loads nothing else.

Every word is a folder with a `cli.main(argv) -> exit status`. Importing it only when it is asked
for keeps `pars --help` instant and one part's libraries out of another part's process.
"""

import importlib
import os
import sys
import traceback
from collections.abc import Sequence
from importlib import metadata

# The word -> the package that answers it, what it does.
COMMANDS = {
    "chain": ("chain", "run a local Pars chain; export, import, list accounts"),
    "conformance": ("chain.conformance", "run the conformance suite against an implementation"),
    "node": (
        "node",
        "run a node of the mesh, look into it, carry it on a stick, simulate",
    ),
    "session": ("node.client", "private messages, groups and files, by the daemon of this machine"),
    "new": ("ape_pars", "write a small Ape project whose tests pass"),
    "contracts": ("ape_pars.deployment", "put the DAO's contracts on a chain, by Ape"),
    "bridge": ("session_bridge", "tie sessions to a chain: anchor, answer, relay, prove"),
    "demo": ("chain.dao", "the DAO at work, step by step"),
    "ai": ("chain.ai", "make integer models, bring them to a chain, ask and check them"),
    "oracle": ("chain.oracle", "report to the oracle feeds of a chain"),
    "doctor": ("precompiles.doctor", "show what computes the precompiles here, and test it"),
    "zk": ("precompiles.zk", "prove statements and verify STARK proofs"),
    "precompile": ("precompiles", "list, describe and call precompiles without a chain"),
}
INTERRUPTED = 130  # 128 + SIGINT, as shells report it.


def usage() -> str:
    """Return the help text."""
    words = "\n".join(f"  {word:<13}{about}" for word, (_, about) in COMMANDS.items())
    return f"""usage: pars COMMAND [ARGUMENT ...]

commands:
{words}

options:
  -h, --help  print this text; `pars COMMAND --help` has more
  --version   print the version
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status; a user never sees a traceback."""
    try:
        return dispatch(sys.argv[1:] if argv is None else list(argv))
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader (`| head`) has gone. Without this the interpreter complains at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        if os.environ.get("PARS_DEBUG"):
            traceback.print_exc()
        else:
            print(f"pars: internal error: {summary(error)}", file=sys.stderr)
            print("pars: set PARS_DEBUG=1 to see where it happened", file=sys.stderr)
        return 1


def dispatch(arguments: list[str]) -> int:
    """Find the command's package and call it."""
    match arguments:
        case ["-h" | "--help", *_]:
            print(usage(), end="")
            return 0
        case ["--version", *_]:
            print(f"pars {metadata.version('pars')}")
            return 0
        case [word, *rest] if word in COMMANDS:
            package, _ = COMMANDS[word]
            try:
                status: int = importlib.import_module(f"{package}.cli").main(rest)
            except ModuleNotFoundError as error:
                if error.name != "ape":
                    raise
                print(f"pars {word}: needs Ape: install ape-pars", file=sys.stderr)
                return 1
            sys.stdout.flush()
            return status
        case [word, *_]:
            print(f"pars: no command {word!r} (known: {', '.join(COMMANDS)})", file=sys.stderr)
            return 2
        case _:
            print(usage(), end="", file=sys.stderr)
            return 2


def summary(error: Exception) -> str:
    """Return the error in one line: its class, because a message alone may say nothing."""
    message = " ".join(str(error).split())
    return f"{type(error).__name__}: {message}" if message else type(error).__name__


if __name__ == "__main__":
    sys.exit(main())
