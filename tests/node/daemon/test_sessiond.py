"""The command line of the daemon, as the founding document writes it, and what it refuses."""

from pathlib import Path

import pytest

from node.flags import NETWORKS
from node.identity import NodeKey
from node.sessiond import parser

PEER = NodeKey.from_seed(bytes(32)).text


def test_the_first_command_of_the_founding_document() -> None:
    flags = parser().parse_args(["--network", "pars", "--datadir", "~/.pars/session"])

    assert NETWORKS[flags.network] == "mainnet"
    assert flags.datadir == Path("~/.pars/session")
    assert str(flags.listen) == "/ip4/0.0.0.0/tcp/9000"
    assert (flags.bootstrap, flags.max_sessions, flags.rpc) == ([], 100, None)


def test_the_second_command_of_the_founding_document() -> None:
    address = f"/ip4/203.0.113.7/tcp/9000/p2p/{PEER}"
    flags = parser().parse_args(["--bootstrap", address])

    assert [str(peer) for peer in flags.bootstrap] == [address]


def test_bootstrap_is_a_list_and_may_be_given_again() -> None:
    peers = [f"/ip4/203.0.113.{number}/tcp/9000/p2p/{PEER}" for number in range(3)]
    flags = parser().parse_args(["--bootstrap", ",".join(peers[:2]), "--bootstrap", peers[2]])

    assert [str(peer) for peer in flags.bootstrap] == peers


def test_the_upstream_daemons_spelling_works() -> None:
    flags = parser().parse_args(["--data-dir", "elsewhere", "--max-sessions", "7"])

    assert (flags.datadir, flags.max_sessions) == (Path("elsewhere"), 7)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--network", "sepolia"], "invalid choice"),
        (["--listen", "127.0.0.1:9000"], "not an address like /ip4/1.2.3.4/tcp/9000/p2p/Qm..."),
        (["--listen", "/ip4/127.0.0.1/tcp/99999"], "no such port"),
        (["--bootstrap", "/ip4/127.0.0.1/tcp/9000"], "ends in /p2p/Qm..."),
        (["--bootstrap", f"/ip4/127.0.0.1/udp/9000/p2p/{PEER}"], "not an address"),
        (["--bootstrap", "/ip4/127.0.0.1/tcp/9000/p2p/QmPeerId"], "not a peer id"),
        (["--bootstrap", ""], "not an address"),
        (["--max-sessions", "0"], "is not between 1 and 10,000"),
        (["--max-sessions", "-1"], "is not between 1 and 10,000"),
        (["--rpc", "0.0.0.0:9652"], "not a loopback address"),
        (["--rpc", "example.org:9652"], "not a loopback address"),
        (["--rpc", "127.0.0.1"], "not a loopback address"),
        (["--plaintext"], "unrecognized arguments"),
        (["--no-encryption"], "unrecognized arguments"),
        (["--kem", "768"], "unrecognized arguments"),
        (["--boot", f"/ip4/127.0.0.1/tcp/9000/p2p/{PEER}"], "unrecognized arguments"),
    ],
)
def test_a_wrong_flag_is_named(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        parser().parse_args(arguments)

    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_no_flag_is_about_cryptography() -> None:
    """Encryption has no switch: nothing that a user can say is about it."""
    words = parser().format_help().lower()

    for word in ("cipher", "plain", "encrypt", "insecure", "kem", "hybrid", "classical", "x25519"):
        assert word not in words
