"""Inference by several nodes, claims and disputes, mining: by transactions, on both engines."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import eth_abi
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import mldsa
from eth_utils import keccak

from chain.accounts import dev_accounts
from chain.ai import cli, prove
from chain.ai.upload import upload
from chain.local_chain import LocalChain
from chain.remote import Remote, RemoteError
from chain.rpc.dispatch import Dispatcher
from chain.rpc.filters import Filters
from chain.rpc.method import CallLog, Node
from chain.rpc.methods import TABLE
from precompiles.ai.compute.contract import PRECOMPILE as COMPUTE
from precompiles.ai.compute.store import AGREEING, LIAR
from precompiles.ai.inference.contract import PRECOMPILE as INFERENCE
from precompiles.ai.mining import contract as mining
from precompiles.ai.models import header
from precompiles.ai.tools import model_file, proving
from precompiles.ai.tools.model_file import ModelFile, Notes, Scaling
from precompiles.ai.tools.proving import Proven
from precompiles.ai.verification import recompute, trace
from precompiles.ai.verification.contract import BOND, BURNED, WINDOW_SECONDS
from precompiles.ai.verification.contract import PRECOMPILE as VERIFICATION
from precompiles.ai.verification.store import FINAL, OPEN, REJECTED
from precompiles.backends.blake3 import blake3
from precompiles.conformance.rpc import Client

DEV = dev_accounts(count=5)
MINING = mining.PRECOMPILE
RPC = ("--rpc", "http://127.0.0.1:1")


def client_of(chain: LocalChain) -> Client:
    node = Node(
        chain=chain, filters=Filters(), instance=bytes(32), call_log=CallLog(write=lambda _: None)
    )
    dispatcher = Dispatcher(TABLE)
    return Client(lambda body: dispatcher.answer(body, node))


@pytest.fixture(params=["core", "py"])
def client(new_chain: Callable[..., LocalChain], request: pytest.FixtureRequest) -> Client:
    """A node without a socket, on each engine."""
    return client_of(new_chain(engine=request.param))


@pytest.fixture
def accounts_of(client: Client) -> list[Remote]:
    return [Remote(client, key=each.private_key) for each in DEV]


def network() -> ModelFile:
    choose = np.random.default_rng(8)
    layers = (
        header.Layer(outputs=12, rounding=header.BY_SHIFT, shift=7, activation=header.RELU),
        header.Layer(outputs=7, rounding=header.BY_SHIFT, shift=6),
        header.Layer(outputs=3, rounding=header.NOT_AT_ALL),
    )
    known = header.Dense(inputs=10, layers=layers)
    weights = choose.integers(0, 256, header.weights_size(known), np.uint8).tobytes()
    scaling = Scaling(scale=(1.0,) * 10, zero=(0,) * 10)
    notes = Notes(inputs=scaling, output_scale=1.0)
    return ModelFile(header=header.encode(known), weights=weights, notes=notes)


MODEL = network()
INPUT = np.random.default_rng(9).integers(0, 256, 20, np.uint8).tobytes()


def later(client: Client, seconds: int) -> None:
    client("evm_increaseTime", seconds)
    client("evm_mine")


def wei(client: Client, address: bytes) -> int:
    return int(str(client("eth_getBalance", f"0x{address.hex()}", "latest")), 16)


# --- Inference consensus --------------------------------------------------------------------


def test_of_five_nodes_one_lies_and_is_named(client: Client, accounts_of: list[Remote]) -> None:
    """Each runs the model by itself; one changes the answer."""
    opener = accounts_of[0]
    upload(opener, MODEL, 0, lambda *_: None)
    reporters = [each.address for each in DEV]
    bond, reward = 1_000, 4_002
    arguments = (MODEL.model_id, blake3(INPUT), reporters, bond, 300, 300)
    opened = opener.transact(COMPUTE, "openJob", *arguments, value=reward)
    job = opened.logs[0][1][1]
    answers, salts = [], [keccak(each) for each in reporters]
    for place, node in enumerate(accounts_of):
        answer = node.call(INFERENCE, "infer", MODEL.model_id, INPUT)
        answers.append(blake3(answer if place != 3 else answer[:-1] + b"\x7f"))
    for node, answer, salt in zip(accounts_of, answers, salts, strict=True):
        sealed = node.call(COMPUTE, "commitmentOf", job, node.sender, answer, salt)
        node.transact(COMPUTE, "commit", job, sealed, value=bond)
    for node, answer, salt in zip(accounts_of, answers, salts, strict=True):
        node.transact(COMPUTE, "reveal", job, answer, salt)
    opener.transact(COMPUTE, "settle", job)
    assert opener.call(COMPUTE, "resultOf", job) == (2, answers[0], 4, 5)
    verdicts = [AGREEING, AGREEING, AGREEING, LIAR, AGREEING]
    assert opener.call(COMPUTE, "verdictsOf", job) == (reporters, verdicts, answers)
    owed = [opener.call(COMPUTE, "owed", each) for each in reporters]
    share = bond + (reward + bond) // 4
    assert owed == [share + 2, share, share, 0, share]
    for node, amount in zip(accounts_of, owed, strict=True):
        if amount:
            node.transact(COMPUTE, "withdraw")
    assert wei(client, COMPUTE.address) == 0
    with pytest.raises(RemoteError, match=r"NothingOwed"):
        accounts_of[3].transact(COMPUTE, "withdraw")


# --- Claims and disputes --------------------------------------------------------------------


def careful_lie(layer: int, output: int) -> Proven:
    """One sum of the second row is wrong, and all that follows is computed from it."""
    known = header.parse(MODEL.header)
    assert isinstance(known, header.Dense)
    honest = proving.prove(MODEL, INPUT)
    wrong = bytearray(honest.sums[layer])
    wrong[4 * (2 * output + 1)] ^= 1
    sums = [*honest.sums[:layer], bytes(wrong)]
    places = model_places(known)
    current = recompute.outputs_of(known, layer, MODEL.weights[places[layer]], sums[-1], 2)
    for after in range(layer + 1, len(known.layers)):
        width = len(current) // 2
        matrix = MODEL.weights[matrix_places(known)[after]]
        rows = (matrix[at : at + width] for at in range(0, len(matrix), width))
        sums.append(b"".join(recompute.sums_of(row, current, 2) for row in rows))
        current = recompute.outputs_of(known, after, MODEL.weights[places[after]], sums[-1], 2)
    layers = tuple(trace.layer_root(n, each, 2) for n, each in enumerate(sums))
    return replace(honest, sums=tuple(sums), layers=layers, output=current)


def model_places(known: header.Dense) -> list[slice]:
    from precompiles.ai.models.layout import layer_places

    return [slice(each.biases, each.end) for each in layer_places(known)]


def matrix_places(known: header.Dense) -> list[slice]:
    from precompiles.ai.models.layout import layer_places

    return [slice(each.matrix, each.biases) for each in layer_places(known)]


def status_of(remote: Remote, claim: bytes) -> int:
    return int(remote.call(VERIFICATION, "claimOf", claim)[2])


def dispute(committer: Callable[[], str], challenger: Callable[[], str]) -> list[str]:
    """Let both move in turn until neither has anything to do."""
    done: list[str] = []
    while not done or done[-2:] != [prove.WAITING] * 2:
        done += [challenger(), committer()]
        if done[-2] in prove.ENDS:
            break
    return done


@pytest.mark.parametrize(("layer", "output"), [(0, 11), (1, 0), (2, 2)])
def test_a_lie_costs_the_bond(
    client: Client, accounts_of: list[Remote], layer: int, output: int
) -> None:
    liar, honest = accounts_of[:2]
    upload(liar, MODEL, 0, lambda *_: None)
    wrong, right = careful_lie(layer, output), proving.prove(MODEL, INPUT)
    claim = prove.commit(liar, wrong)
    burned, rich = wei(client, BURNED), wei(client, honest.sender)
    moves = dispute(
        lambda: prove.defend(liar, wrong, claim), lambda: prove.challenge(honest, right, claim)
    )
    assert moves[0] == "challenged"
    assert "proven" in moves
    assert status_of(honest, claim) == REJECTED
    assert wei(client, VERIFICATION.address) == 0
    # Fees go where bonds are burned: to the zero address.
    fees = 10**16
    assert BOND // 2 <= wei(client, BURNED) - burned < BOND // 2 + fees
    assert BOND // 2 - fees < wei(client, honest.sender) - rich < BOND // 2


def test_a_liar_as_challenger_loses_and_the_claim_becomes_final(
    client: Client, accounts_of: list[Remote]
) -> None:
    honest, liar = accounts_of[:2]
    upload(honest, MODEL, 0, lambda *_: None)
    right, wrong = proving.prove(MODEL, INPUT), careful_lie(1, 3)
    claim = prove.commit(honest, right)
    assert prove.challenge(accounts_of[2], right, claim) == prove.RIGHT
    liar.transact(VERIFICATION, "challenge", claim, value=BOND)
    moves = dispute(
        lambda: prove.defend(honest, right, claim), lambda: prove.challenge(liar, wrong, claim)
    )
    assert moves[-2] == prove.LOST
    assert status_of(honest, claim) == OPEN
    assert prove.defend(honest, right, claim) == prove.WAITING
    later(client, WINDOW_SECONDS + 1)
    assert prove.defend(honest, right, claim) == "finalize"
    assert status_of(honest, claim) == FINAL
    assert honest.call(VERIFICATION, "verifyOutput", claim, right.output) is True
    altered = right.output[:-1] + bytes([right.output[-1] ^ 1])
    assert honest.call(VERIFICATION, "verifyOutput", claim, altered) is False
    assert wei(client, VERIFICATION.address) == 0


def test_who_keeps_silent_loses(client: Client, accounts_of: list[Remote]) -> None:
    silent, honest = accounts_of[:2]
    upload(silent, MODEL, 0, lambda *_: None)
    wrong, right = careful_lie(0, 0), proving.prove(MODEL, INPUT)
    claim = prove.commit(silent, wrong)
    assert prove.challenge(honest, right, claim) == "challenged"
    assert prove.challenge(honest, right, claim) == prove.WAITING
    later(client, 121)
    assert prove.challenge(honest, right, claim) == "timeout"
    assert status_of(honest, claim) == REJECTED


def test_freivalds_by_the_hash_of_a_later_block(client: Client, accounts_of: list[Remote]) -> None:
    liar, honest = accounts_of[:2]
    upload(liar, MODEL, 0, lambda *_: None)
    wrong = careful_lie(1, 2)
    claim = prove.commit(liar, wrong)
    client("evm_mine")
    before, path = wrong.before(1)
    arguments = (claim, 1, before, path, wrong.sums[1], wrong.path(1))
    honest.transact(VERIFICATION, "challengeProduct", *arguments)
    assert status_of(honest, claim) == REJECTED


# --- Mining ---------------------------------------------------------------------------------

KEY = mldsa.MLDSA65PrivateKey.from_seed_bytes(bytes(32))
PUBLIC = KEY.public_key().public_bytes_raw()


def word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def work_proof(miner: Remote, nonce: bytes, chain_id: int, claim: bytes = bytes(32)) -> bytes:
    """Open a job, compute, and sign for a chain."""
    device = keccak(text="device")
    arguments = (MODEL.model_id, blake3(INPUT), device, nonce)
    opened = miner.transact(MINING, "openJob", *arguments)
    (context,) = eth_abi.decode(["bytes32"], opened.logs[0][2])
    output = miner.call(INFERENCE, "infer", MODEL.model_id, INPUT)
    units = 2 * (12 * 10 + 7 * 12 + 3 * 7)
    tag = b"PARS/mining/work".rjust(32, b"\0")
    words = (word(chain_id), context, blake3(output), word(units))
    signature = KEY.sign(keccak(tag + b"".join(words)))
    types = [*5 * ["bytes32"], "uint64", "bytes32", *3 * ["bytes"]]
    given = b"" if any(claim) else INPUT
    values = (*arguments, blake3(output), units, claim, given, PUBLIC, signature)
    return eth_abi.encode(types, values)


def payment(miner: Remote, work_ids: list[bytes], to: bytes) -> tuple[object, ...]:
    tag = b"PARS/mining/claim".rjust(32, b"\0")
    words = (word(miner.chain_id), keccak(b"".join(work_ids)), to.rjust(32, b"\0"))
    return work_ids, to, PUBLIC, KEY.sign(keccak(tag + b"".join(words)))


def test_work_is_rewarded_once_from_the_pool(client: Client, accounts_of: list[Remote]) -> None:
    miner, payee = accounts_of[0], b"\x99" * 20
    upload(miner, MODEL, 0, lambda *_: None)
    assert wei(client, MINING.address) == mining.POOL
    nonce = keccak(text="nonce")
    proof = work_proof(miner, nonce, 6133)
    with pytest.raises(RemoteError, match="NotOpener"):
        accounts_of[1].transact(MINING, "submitWorkProof", proof, b"")
    with pytest.raises(RemoteError, match="InvalidSignature"):
        miner.transact(MINING, "submitWorkProof", proof[:-600] + b"\1" + proof[-599:], b"")
    miner.transact(MINING, "submitWorkProof", proof, b"")
    with pytest.raises(RemoteError, match="AlreadySpent"):
        miner.transact(MINING, "submitWorkProof", proof, b"")
    address = miner.call(MINING, "deriveAddress", PUBLIC)
    reward = mining.BASE_REWARD * 450 * 60 // 100
    assert miner.call(MINING, "miningBalance", address) == reward
    work_id = miner.call(MINING, "workIdOf", keccak(text="device"), nonce)
    with pytest.raises(RemoteError, match="NotDue"):
        miner.transact(MINING, "claim", *payment(miner, [work_id], payee))
    later(client, mining.DUE_SECONDS + 1)
    miner.transact(MINING, "claim", *payment(miner, [work_id], payee))
    assert wei(client, payee) == reward
    assert wei(client, MINING.address) == mining.POOL - reward
    with pytest.raises(RemoteError, match="AlreadySpent"):
        miner.transact(MINING, "claim", *payment(miner, [work_id], payee))


def test_a_proof_for_another_chain_is_refused(accounts_of: list[Remote]) -> None:
    miner = accounts_of[0]
    upload(miner, MODEL, 0, lambda *_: None)
    proof = work_proof(miner, keccak(text="nonce"), 6134)
    with pytest.raises(RemoteError, match="InvalidSignature"):
        miner.transact(MINING, "submitWorkProof", proof, b"")


def test_work_that_a_claim_stands_for(client: Client, accounts_of: list[Remote]) -> None:
    miner, payee = accounts_of[0], b"\x98" * 20
    upload(miner, MODEL, 0, lambda *_: None)
    claim = prove.commit(miner, proving.prove(MODEL, INPUT))
    nonce = keccak(text="by claim")
    miner.transact(MINING, "submitWorkProof", work_proof(miner, nonce, 6133, claim), b"")
    work_id = miner.call(MINING, "workIdOf", keccak(text="device"), nonce)
    later(client, max(mining.DUE_SECONDS, WINDOW_SECONDS) + 1)
    with pytest.raises(RemoteError, match="ClaimNotFinal"):
        miner.transact(MINING, "claim", *payment(miner, [work_id], payee))
    miner.transact(VERIFICATION, "finalize", claim)
    miner.transact(MINING, "claim", *payment(miner, [work_id], payee))
    assert wei(client, payee) == mining.BASE_REWARD * 450 * 60 // 100


def test_teleports_move_what_the_bridge_brought(client: Client, accounts_of: list[Remote]) -> None:
    admin, bridge = accounts_of[:2]
    payee = Remote(client, key=DEV[2].private_key)
    admin.transact(MINING, "setBridge", bridge.sender)
    identity = keccak(text="teleport")
    arguments = (identity, bytes(32), payee.sender, 36_963)
    with pytest.raises(RemoteError, match="NotBridge"):
        admin.transact(MINING, "recordTeleport", *arguments, value=5)
    bridge.transact(MINING, "recordTeleport", *arguments, value=5)
    assert payee.call(MINING, "pendingTeleports", payee.sender) == [identity]
    with pytest.raises(RemoteError, match="NotTeleportRecipient"):
        bridge.transact(MINING, "claimTeleport", identity)
    payee.transact(MINING, "claimTeleport", identity)
    assert wei(client, MINING.address) == mining.POOL


# --- The command line -----------------------------------------------------------------------


@pytest.fixture
def pars_ai(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command against the node; returns exit status, stdout and stderr."""

    @contextmanager
    def without_socket(url: str, _: float) -> Iterator[Any]:
        yield client._transport

    monkeypatch.setattr(cli, "over_http", without_socket)

    def run(*arguments: object) -> tuple[int, str, str]:
        status = cli.main([str(each) for each in arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, list[Path]]:
    """A model, and the keys of two accounts."""
    model = tmp_path / "network.pars"
    model.write_bytes(model_file.encode(MODEL))
    keys = []
    for number in range(2):
        keys.append(tmp_path / f"key-{number}")
        keys[-1].write_text(DEV[number].private_key.hex())
        keys[-1].chmod(0o600)
    return model, keys


ROWS = [",".join(str(each) for each in row) for row in np.frombuffer(INPUT, np.int8).reshape(2, 10)]
INPUTS = tuple(f"--input={row}" for row in ROWS)


def test_prove_tells_roots_and_writes_the_trace(
    pars_ai: Callable[..., Any], files: tuple[Path, list[Path]], tmp_path: Path
) -> None:
    model, _ = files
    out = tmp_path / "trace.json"
    status, told, _ = pars_ai("prove", model, *INPUTS, "-o", out)
    right = proving.prove(MODEL, INPUT)
    assert (status, json.loads(told)["traceRoot"]) == (0, f"0x{right.root.hex()}")
    written = json.loads(out.read_text())
    assert written["outputHash"] == f"0x{blake3(right.output).hex()}"
    assert written["sums"][0] == np.frombuffer(right.sums[0], ">i4").tolist()


def test_a_right_claim_is_left_and_a_wrong_one_disputed(
    pars_ai: Callable[..., Any], files: tuple[Path, list[Path]], accounts_of: list[Remote]
) -> None:
    model, keys = files
    upload(accounts_of[0], MODEL, 0, lambda *_: None)
    status, claim, _ = pars_ai("prove", model, *INPUTS, "--commit", *RPC, "--key-file", keys[0])
    assert (status, len(claim.strip())) == (0, 66)
    challenge = ("prove", model, *INPUTS, "--challenge")
    told = pars_ai(*challenge, claim.strip(), *RPC, "--key-file", keys[1])
    assert told == (0, "right\n", "")
    wrong = replace(proving.prove(MODEL, INPUT), output=b"wrong")
    lie = prove.commit(accounts_of[2], wrong)
    told = pars_ai(*challenge, f"0x{lie.hex()}", *RPC, "--key-file", keys[1])
    assert told == (0, "rejected\n", "output disproven\n")
    defend = ("prove", model, *INPUTS, "--defend")
    status, _, complaint = pars_ai(*defend, claim.strip(), *RPC, "--key-file", keys[1])
    assert (status, "made by another account" in complaint) == (1, True)
    other = pars_ai("prove", model, INPUTS[0], "--challenge", claim.strip(), *RPC)
    assert (other[0], "another input" in other[2]) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        (["--commit"], 2, "need --rpc"),
        (["--challenge", "0x12", *RPC], 2, "no id of 32 bytes"),
        (["--commit", "--defend", "0x12"], 2, "not allowed with"),
    ],
)
def test_what_prove_refuses(
    pars_ai: Callable[..., Any],
    files: tuple[Path, list[Path]],
    arguments: list[str],
    status: int,
    complaint: str,
) -> None:
    told = pars_ai("prove", files[0], *INPUTS, *arguments)
    assert (told[0], complaint in told[2]) == (status, True)
    short = pars_ai("prove", files[0], "--input=1,2")
    assert (short[0], "2 numbers" in short[2]) == (2, True)
