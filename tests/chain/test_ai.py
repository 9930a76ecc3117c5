"""`pars ai` on a chain: models uploaded by transactions, asked by calls, on both engines."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from chain.accounts import dev_accounts
from chain.ai import cli
from chain.ai import upload as uploads
from chain.conformance.cli import open_chain
from chain.local_chain import LocalChain
from chain.remote import Remote, RemoteError
from chain.rpc.dispatch import Dispatcher
from chain.rpc.filters import Filters
from chain.rpc.method import CallLog, Node
from chain.rpc.methods import TABLE
from precompiles.ai.inference.contract import PRECOMPILE as INFERENCE
from precompiles.ai.model_registry.contract import PRECOMPILE as REGISTRY
from precompiles.ai.models import header
from precompiles.ai.tools import model_file, running
from precompiles.ai.tools.model_file import ModelFile, Notes, Scaling
from precompiles.conformance.rpc import Client

MODELS = Path(__file__).parents[1] / "precompiles" / "models"
DEV = dev_accounts(count=2)
ROW = "20,1,0.5,2,0.001,1000"


@pytest.fixture(params=["core", "py"])
def client(new_chain: Callable[..., LocalChain], request: pytest.FixtureRequest) -> Client:
    """A node without a socket, on each engine."""
    chain = new_chain(engine=request.param)
    node = Node(
        chain=chain, filters=Filters(), instance=bytes(32), call_log=CallLog(write=lambda _: None)
    )
    dispatcher = Dispatcher(TABLE)
    return Client(lambda body: dispatcher.answer(body, node))


@pytest.fixture
def remote(client: Client) -> Remote:
    return Remote(client, key=DEV[0].private_key)


def network(seed: int, inputs: int = 200, outputs: int = 100) -> ModelFile:
    """A network of two layers; its weights have two chunks."""
    choose = np.random.default_rng(seed)
    layers = (
        header.Layer(outputs=outputs, rounding=header.BY_SHIFT, shift=9, activation=header.RELU),
        header.Layer(outputs=3, rounding=header.NOT_AT_ALL),
    )
    known = header.Dense(inputs=inputs, layers=layers)
    sizes = (inputs * outputs, outputs * 3)
    matrices = [choose.integers(0, 256, size, np.uint8).tobytes() for size in sizes]
    weights = matrices[0] + bytes(4 * outputs) + matrices[1] + bytes(12)
    scaling = Scaling(scale=(1.0,) * inputs, zero=(0,) * inputs)
    notes = Notes(inputs=scaling, output_scale=1.0)
    return ModelFile(header=header.encode(known), weights=weights, notes=notes)


def test_a_model_comes_in_and_answers(remote: Remote) -> None:
    model, told = network(1), []
    total = uploads.upload(remote, model, 0, lambda what, gas: told.append((what, gas)))
    assert [what for what, _ in told] == ["begun", "chunk 1 of 2", "chunk 2 of 2", "sealed"]
    assert total == sum(gas for _, gas in told)
    owner, status, *_ = remote.call(REGISTRY, "modelOf", model.model_id)
    assert (owner, status) == (DEV[0].address, 2)
    known, seen = header.parse(model.header), set()
    for data in (bytes(200), bytes(range(200)), b"\x80" * 200):
        answer = remote.call(INFERENCE, "infer", model.model_id, data)
        assert running.integer_answers(known, answer).tolist() == running.run(model, data).tolist()
        seen.add(answer)
    assert len(seen) == 3
    assert uploads.upload(remote, model, 0, lambda *_: None) == 0, "it is there already"


def test_an_upload_goes_on_where_it_ended(remote: Remote) -> None:
    model = network(2)

    class LostError(Exception):
        pass

    def lose_at(event: str) -> Callable[[str, int], None]:
        def tell(what: str, gas: int) -> None:
            if what == event:
                raise LostError

        return tell

    told: list[str] = []
    for event in ("begun", "chunk 1 of 2"):
        with pytest.raises(LostError):
            uploads.upload(remote, model, 0, lose_at(event))
    uploads.upload(remote, model, 0, lambda what, _: told.append(what))
    assert told == ["chunk 2 of 2", "sealed"]


def test_registered_queried_retired_and_not_twice(remote: Remote) -> None:
    """A registry of names, versions and hashes: what a contract looks a model up by."""
    first, second = network(3), network(4)
    for model in (first, second):
        uploads.upload(remote, model, 0, lambda *_: None)
    remote.transact(REGISTRY, "publish", "scores", first.model_id)
    remote.transact(REGISTRY, "publish", "scores", second.model_id)
    owner = DEV[0].address
    assert remote.call(REGISTRY, "versionCount", owner, "scores") == 2
    assert remote.call(REGISTRY, "versionOf", owner, "scores", 1) == (first.model_id, False)
    remote.transact(REGISTRY, "retire", "scores", 1)
    assert remote.call(REGISTRY, "versionOf", owner, "scores", 1) == (first.model_id, True)
    with pytest.raises(RemoteError, match=r"VersionExists\(2\)"):
        remote.transact(REGISTRY, "publish", "scores", second.model_id)
    with pytest.raises(RemoteError, match=r"ModelExists"):
        remote.transact(REGISTRY, "beginModel", first.header, first.root, 0)
    assert remote.call(INFERENCE, "infer", first.model_id, bytes(200)), "it still answers"


def test_the_first_account_of_a_development_chain_is_the_curator(client: Client) -> None:
    curator = Remote(client, key=DEV[0].private_key)
    other = Remote(client, key=DEV[1].private_key)
    assert curator.call(REGISTRY, "admin") == DEV[0].address
    model = network(5)
    uploads.upload(other, model, 0, lambda *_: None)
    with pytest.raises(RemoteError, match=r"NotAdmin"):
        other.transact(REGISTRY, "adopt", model.model_id, True)
    curator.transact(REGISTRY, "adopt", model.model_id, True)
    assert other.call(REGISTRY, "modelOf", model.model_id)[3] is True


def test_both_engines_come_to_one_state(new_chain: Callable[..., LocalChain]) -> None:
    """The same upload leaves the same storage and the same code, and costs the same.

    Not the same state: the hashes of earlier blocks are in it, and these have their times.
    """
    seen = set()
    for engine in ("core", "py"):
        chain = new_chain(engine=engine)
        node = Node(
            chain=chain,
            filters=Filters(),
            instance=bytes(32),
            call_log=CallLog(write=lambda _: None),
        )
        dispatcher = Dispatcher(TABLE)
        client = Client(lambda body, d=dispatcher, n=node: d.answer(body, n))
        remote = Remote(client, key=DEV[0].private_key)
        model = network(6)
        gas = uploads.upload(remote, model, 0, lambda *_: None)
        accounts = [REGISTRY.address]
        accounts += [remote.call(REGISTRY, "chunkOf", model.model_id, index) for index in range(2)]
        proofs = [client("eth_getProof", f"0x{each.hex()}", [], "latest") for each in accounts]
        kept = ((proof["storageHash"], proof["codeHash"]) for proof in proofs)
        seen.add((gas, *kept))
    assert len(seen) == 1


# --- The command line -------------------------------------------------------------------------


@pytest.fixture
def pars_ai(
    client: Client, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run a command against the node; returns exit status, stdout and stderr."""

    @contextmanager
    def without_socket(url: str, _: float) -> Iterator[Any]:
        if not url.startswith("http"):
            raise ValueError(f"{url!r} is no http or https URL")
        yield client._transport

    monkeypatch.setattr(cli, "over_http", without_socket)

    def run(*arguments: object) -> tuple[int, str, str]:
        status = cli.main([str(each) for each in arguments])
        told = capsys.readouterr()
        return status, told.out, told.err

    return run


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key"
    path.write_text(DEV[0].private_key.hex())
    path.chmod(0o600)
    return path


RPC = ("--rpc", "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("mlp_gemm", "classes.csv", "dense"),
        ("forest", "classes.csv", "trees"),
        ("logistic", "classes.csv", "linear"),
        ("boosted_values", "values.csv", "trees"),
    ],
)
def test_from_a_file_to_an_answer_on_the_chain(
    pars_ai: Callable[..., Any], tmp_path: Path, key_file: Path, name: str, data: str, kind: str
) -> None:
    out = tmp_path / f"{name}.pars"
    source, rows = MODELS / f"{name}.onnx", MODELS / data
    status, told, _ = pars_ai("quantize", source, "--data", rows, "-o", out)
    assert status == 0
    assert told.startswith(f"{out}: {kind}, ")
    assert "lost " in told.splitlines()[-1]
    identity = model_file.parse(out.read_bytes()).model_id.hex()
    assert f"id 0x{identity}\n" in told
    here = pars_ai("infer", out, "--input", ROW)
    status, told, spent = pars_ai(
        "upload", out, *RPC, "--key-file", key_file, "--publish", name, "--poseidon"
    )
    assert (status, told) == (0, f"0x{identity}\n")
    assert spent.splitlines()[0].startswith("begun: ")
    assert spent.splitlines()[-1].endswith(" gas in all")
    there = pars_ai("infer", out, "--input", ROW, *RPC)
    assert here == there
    integers = here[1].split("\t")[1]
    model = model_file.parse(out.read_bytes())
    given = running.integer_rows(model, np.array([[float(each) for each in ROW.split(",")]]))
    kind_of_number = np.int8 if kind == "dense" else ">i4"
    whole = ",".join(str(each) for each in np.frombuffer(given, kind_of_number).tolist())
    assert pars_ai("infer", f"0x{identity}", f"--input={whole}", *RPC)[1] == integers


def test_a_transformer_by_its_id(
    pars_ai: Callable[..., Any], tmp_path: Path, key_file: Path
) -> None:
    """The published model, through a file, a chain and the command line."""
    state, weights = 0x70E711A0BEEF1234 | 1, bytearray()
    for _ in range(23_712):
        state = (state * 6364136223846793005 + 1442695040888963407) % 2**64
        weights.append(((state >> 32) % 256 - 128) & 0xFF)
    shifts = header.Shifts(gemm=9, down=9, head=9, query_key=9, attention=7, swiglu=6)
    known = header.Transformer(
        vocabulary=48, width=32, hidden=64, layers=2, shifts=shifts, rms_multiplier=5, rms_eps=16
    )
    notes = Notes(inputs=Scaling(scale=(), zero=()), output_scale=1.0)
    model = ModelFile(header=header.encode(known), weights=bytes(weights), notes=notes)
    path = tmp_path / "decoder.pars"
    path.write_bytes(model_file.encode(model))
    pars_ai("upload", path, *RPC, "--key-file", key_file)
    asked = ("--tokens", "1,7,13,2", "--new", "10", *RPC)
    status, told, _ = pars_ai("infer", f"0x{model.model_id.hex()}", *asked)
    assert (status, told) == (0, "1,7,13,2,4,28,21,17,2,19,43,35,36,15\n")
    status, _, complaint = pars_ai("infer", path, "--input", "1")
    assert (status, "asked by its id" in complaint) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        ((), 2, "required: COMMAND"),
        (("fly",), 2, "invalid choice"),
        (("quantize", "none.onnx", "--data", "x.csv", "-o", "y"), 2, "none.onnx: No such file"),
        (("quantize", MODELS / "values.csv", "--data", "x.csv", "-o", "y"), 1, "not an ONNX file"),
        (("quantize", MODELS / "line.onnx", "--data", "none.csv", "-o", "y"), 2, "No such file"),
        (("quantize", MODELS / "line.onnx", "--data", MODELS / "make.py", "-o", "y"), 2, "cells"),
        (("upload", MODELS / "line.onnx", *RPC), 2, "not a model file"),
        (("infer", "0x12", "--input", "1", *RPC), 2, "neither a file nor an id"),
        (("infer", "zz", "--input", "1", *RPC), 2, "neither a file nor an id"),
        (("infer", "0x" + "11" * 32, "--input", "1"), 2, "needs --rpc"),
        (("infer", "0x" + "11" * 32, "--input", "1", "--rpc", "ftp://x"), 2, "no http"),
        (("infer", "0x" + "11" * 32, "--input", "1", *RPC), 1, "UnknownModel(0x1111"),
        (("infer", "0x" + "11" * 32, *RPC), 2, "one of the arguments --input --tokens"),
    ],
)
def test_what_the_command_line_refuses(
    pars_ai: Callable[..., Any], arguments: tuple[object, ...], status: int, complaint: str
) -> None:
    found, told, said = pars_ai(*arguments)
    assert (found, told) == (status, "")
    assert complaint in said


def test_weights_that_the_chain_would_refuse_are_not_begun(
    pars_ai: Callable[..., Any], tmp_path: Path, key_file: Path
) -> None:
    layer = header.Layer(outputs=1, rounding=header.BY_MULTIPLIER)
    known = header.Dense(inputs=1, layers=(layer,))
    notes = Notes(inputs=Scaling(scale=(1.0,), zero=(0,)), output_scale=1.0)
    model = ModelFile(header=header.encode(known), weights=bytes(10), notes=notes)
    path = tmp_path / "wrong.pars"
    path.write_bytes(model_file.encode(model))
    for command in (("upload", path, *RPC, "--key-file", key_file), ("infer", path, "--input", 1)):
        status, told, said = pars_ai(*command)
        assert (status, told) == (2, "")
        assert "the weights are wrong at byte 5" in said


def test_data_that_cannot_be_read(pars_ai: Callable[..., Any], tmp_path: Path) -> None:
    table, arrays = tmp_path / "rows.csv", tmp_path / "rows.npz"
    quantize = ("quantize", MODELS / "line.onnx", "-o", tmp_path / "out", "--data")
    for content, complaint in (
        ("", "no rows"),
        ("a,b,c,d,e,f\n", "no rows"),
        ("1,2,3\n", "row 1 has 3 cells"),
        ("1,2,3,4,5,6\n1,2,3,4,5,6,7\n", "row 2 has 7 cells"),
        ("1,2,3,4,5,6\n1,2,3,4,5,x\n", "row 2 has a cell that is no number"),
        ("1,2,3,4,5,nan\n", "not a finite number"),
        ("1,2,3,4,5,6,seven\n", "answers are neither numbers"),
    ):
        table.write_text(content)
        status, _, said = pars_ai(*quantize, table)
        assert (status != 0, complaint in said) == (True, True), said
    table.write_bytes(b"\xff\xfe\0")
    assert "not a table of text" in pars_ai(*quantize, table)[2]
    np.savez(arrays, z=np.zeros(3))
    assert "needs an array x" in pars_ai(*quantize, arrays)[2]
    np.savez(arrays, x=np.array([{}], object))
    assert "needs an array x" in pars_ai(*quantize, arrays)[2]
    np.savez(arrays, x=np.ones((2, 6)), y=np.ones(3))
    assert "one answer for each" in pars_ai(*quantize, arrays)[2]
    arrays.write_bytes(b"PK\3\4 nothing")
    assert "needs an array x" in pars_ai(*quantize, arrays)[2]
    np.savez(arrays, x=np.random.default_rng(1).normal(size=(50, 6)), y=np.ones(50))
    assert pars_ai(*quantize, arrays)[0] == 0


def test_a_node_of_its_own_process_is_asked_alike() -> None:
    """The chain that the conformance suite opens has the entries too."""
    client = Client(open_chain("call-only"))
    assert Remote(client).call(REGISTRY, "modelCount") == 0
    assert json.dumps(Remote(client).chain_id) == "6133"
