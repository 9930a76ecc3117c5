"""Vectors of the model registry: models, ids, roots and logs made by `ai_models.py`."""

import struct
from collections.abc import Iterator
from typing import Any

import ai_models
from ai_models import Model
from cases import CALLER, Case, call, case, hexed, refused
from eth_abi import encode
from eth_utils import keccak

from precompiles.ai.models import cost
from precompiles.ai.models import header as headers

SOURCE = "models, roots and ids of tests/precompiles/vectors/ai_models.py, by the described format"

BEGIN = "beginModel(bytes,bytes32,uint256)"
PUT = "putChunk(bytes32,uint256,bytes,bytes32[])"
SEAL = "sealModel(bytes32)"
MODEL_OF = "modelOf(bytes32)"
ENTRY = "0x0000000000000000000000000000000000000302"
STRANGER = "0x" + "77" * 20
OWNER = "0x" + CALLER.hex()
ADMIN = STRANGER
NOBODY = "0x" + "00" * 20

SHIFTED = ai_models.dense(3, ai_models.SHIFTED)
SCALED = ai_models.dense(5, ai_models.SCALED, ai_models.OWN_TABLES)
FOREST = ai_models.trees(3, 3, False, ai_models.FOREST)
LINEAR = ai_models.linear(ai_models.MATRIX, ai_models.BIAS, ai_models.SCORES)
DECODER = ai_models.transformer()
# Three chunks, the last of which has one byte.
LONG = ai_models.dense(
    32, [ai_models.Layer([[0] * 32] * 910, [0] * 910, ai_models.SHIFT),
         ai_models.Layer([[0] * 910], [0], ai_models.SHIFT)]
)  # fmt: skip
EMPTY_ACCOUNT = keccak(b"")


def steps(model: Model, *, poseidon: int = 0, sealed: bool = True) -> list[Case]:
    """The calls that bring a model in."""
    found = [{"input": hexed(call(BEGIN, model.header, model.root, poseidon))}]
    for index, chunk in enumerate(model.chunks):
        data = call(PUT, model.identity, index, chunk, model.proof(index))
        found.append({"input": hexed(data)})
    return found + [{"input": hexed(call(SEAL, model.identity))}] * sealed


def log(signature: str, topics: list[bytes], types: list[str], *values: Any) -> Case:
    padded = [keccak(text=signature), *(each.rjust(32, b"\0") for each in topics)]
    return {"topics": [hexed(each) for each in padded], "data": hexed(encode(types, values))}


def account(model_id: bytes, place: int, content: bytes) -> str:
    """Where the registry keeps bytes: what CREATE2 gives for a fixed init code and the code."""
    salt = ((int.from_bytes(keccak(model_id), "big") + place) % 2**256).to_bytes(32, "big")
    init = bytes.fromhex("600b5981380380925939f3") + b"\0" + content
    made = keccak(b"\xff" + bytes.fromhex(ENTRY[2:]) + salt + keccak(init))
    return "0x" + made[12:].hex()


def cases() -> Iterator[Case]:
    yield from uploads()
    yield from refused_headers()
    yield from refused_chunks()
    yield from refused_weights()
    yield from flags()
    yield from versions()
    yield from readers()
    yield from proofs()


def uploads() -> Iterator[Case]:
    kinds = ((SHIFTED, 1), (SCALED, 1), (FOREST, 2), (DECODER, 3), (LINEAR, 4))
    for index, (model, kind) in enumerate(kinds):
        data = call(BEGIN, model.header, model.root, 0)
        begun = log(
            "ModelBegun(bytes32,address,uint8,uint256)",
            [model.identity, CALLER],
            ["uint8", "uint256"],
            kind,
            len(model.weights),
        )
        yield case(f"begin-{index}", data, ["bytes32"], model.identity, logs=[begun])
        id_of = call("modelIdOf(bytes,bytes32)", model.header, model.root)
        yield case(f"id-of-{index}", id_of, ["bytes32"], model.identity)
        if kind == 3:
            continue
        opened = steps(model, sealed=False)
        put = call(PUT, model.identity, 0, model.weights, [])
        kept = log(
            "ChunkStored(bytes32,uint256,address)",
            [model.identity],
            ["uint256", "address"],
            0,
            account(model.identity, 16, model.weights),
        )
        yield case(f"put-{index}", put, [], before=opened[:1], logs=[kept])
        done = log("ModelSealed(bytes32)", [model.identity], [])
        seal = call(SEAL, model.identity)
        yield case(f"seal-{index}", seal, [], before=opened, logs=[done])
    for index, chunk in enumerate(DECODER.chunks):
        data = call(PUT, DECODER.identity, index, chunk, DECODER.proof(index))
        kept = log(
            "ChunkStored(bytes32,uint256,address)",
            [DECODER.identity],
            ["uint256", "address"],
            index,
            account(DECODER.identity, 16 + index, chunk),
        )
        begun = steps(DECODER)[:1]
        stranger = {**begun[0], "caller": OWNER}
        by = {"caller": STRANGER, "before": [stranger]} if index else {"before": begun}
        yield case(f"put-chunk-{index}-of-2", data, [], logs=[kept], **by)
    seal = call(SEAL, DECODER.identity)
    done = log("ModelSealed(bytes32)", [DECODER.identity], [])
    yield case("seal-2-chunks", seal, [], before=steps(DECODER, sealed=False), logs=[done])
    opened = steps(DECODER)
    yield refused(
        "seal-first-missing", seal, "ChunksMissing(uint256)", 1, before=[opened[0], opened[2]]
    )
    yield refused("seal-nothing", seal, "ChunksMissing(uint256)", 2, before=opened[:1])
    again = call(BEGIN, SHIFTED.header, SHIFTED.root, 5)
    for name, before in (("open", steps(SHIFTED)[:1]), ("sealed", steps(SHIFTED))):
        yield refused(
            f"begin-again-{name}", again, "ModelExists(bytes32)", SHIFTED.identity, before=before
        )
    for name, data in (
        ("begin", again),
        ("put", call(PUT, SHIFTED.identity, 0, SHIFTED.weights, [])),
        ("seal", call(SEAL, SHIFTED.identity)),
    ):
        yield refused(f"{name}-static", data, "WriteProtection()", static=True)
        yield refused(f"{name}-with-value", data, "ValueRefused(uint256)", 3, value=3)
    poseidon = call(BEGIN, SHIFTED.header, SHIFTED.root, 2**255)
    yield refused("begin-poseidon-not-canonical", poseidon, "NotCanonical(uint256)", 0)


def refused_headers() -> Iterator[Case]:
    good = SHIFTED.header
    layer = struct.pack(">IBBBBbb", 2, 0, 1, 0, 0, 0, 127)
    head = b"PARS\1\1" + struct.pack(">IBB", 3, 1, 0)
    table = bytes(256)
    with_table = b"PARS\1\1" + struct.pack(">IBB", 3, 1, 1)
    for name, header, position in (
        ("empty", b"", 0),
        ("magic", b"PARX" + good[4:], 0),
        ("format-0", b"PARS\0" + good[5:], 4),
        ("format-2", b"PARS\2" + good[5:], 4),
        ("kind-0", b"PARS\1\0", 5),
        ("kind-5", b"PARS\1\5", 5),
        ("cut", good[:-1], len(good) - 1),
        ("longer", good + b"\0", len(good)),
        ("no-inputs", b"PARS\1\1" + bytes(4) + good[10:], 6),
        ("131072-inputs", b"PARS\1\1" + struct.pack(">I", 131_072) + good[10:], 6),
        ("2-32-inputs", b"PARS\1\1" + b"\xff" * 4 + good[10:], 6),
        ("no-layers", b"PARS\1\1" + struct.pack(">IBB", 3, 0, 0), 10),
        ("65-layers", b"PARS\1\1" + struct.pack(">IBB", 3, 65, 0) + layer * 65, 10),
        ("17-tables", b"PARS\1\1" + struct.pack(">IBB", 3, 1, 17) + layer + table * 17, 11),
        ("no-outputs", head + bytes(4) + layer[4:], 12),
        ("65537-outputs", head + struct.pack(">I", 65_537) + layer[4:], 12),
        ("rounding-3", head + layer[:4] + b"\3" + layer[5:], 16),
        ("raw-inside", head[:10] + b"\2\0" + struct.pack(">IBBBBbb", 2, 2, 0, 0, 0, 0, 127)
         + layer, 16),
        ("shift-32", head + layer[:5] + b"\x20" + layer[6:], 17),
        ("raw-with-shift", head + struct.pack(">IBBBBbb", 2, 2, 1, 0, 0, 0, 127), 17),
        ("multiplier-with-shift", head + struct.pack(">IBBBBbb", 2, 1, 1, 0, 0, 0, 127), 17),
        ("raw-with-relu", head + struct.pack(">IBBBBbb", 2, 2, 0, 1, 0, 0, 127), 18),
        ("activation-5", head + struct.pack(">IBBBBbb", 2, 0, 0, 5, 0, 0, 127), 18),
        ("table-of-none", head + struct.pack(">IBBBBbb", 2, 0, 0, 4, 0, 0, 127), 18),
        ("table-1-of-1", with_table + struct.pack(">IBBBBbb", 2, 0, 0, 4, 1, 0, 127) + table, 19),
        ("relu-with-table", with_table + struct.pack(">IBBBBbb", 2, 0, 0, 1, 1, 0, 127) + table,
         19),
        ("shift-with-zero", head + struct.pack(">IBBBBbb", 2, 0, 0, 0, 0, 1, 127), 20),
        ("raw-with-zero", head + struct.pack(">IBBBBbb", 2, 2, 0, 0, 0, -1, 127), 20),
        ("relu-with-six", head + struct.pack(">IBBBBbb", 2, 0, 0, 1, 0, 0, 6), 21),
        ("six-below-zero", head + struct.pack(">IBBBBbb", 2, 1, 0, 2, 0, 5, 4), 21),
        ("weights-too-large", head[:6] + struct.pack(">IBB", 131_071, 1, 0)
         + struct.pack(">IBBBBbb", 129, 0, 0, 0, 0, 0, 127), 6),
        ("no-features", b"PARS\1\2" + struct.pack(">HHHBI", 0, 1, 1, 0, 8), 6),
        ("257-tree-outputs", b"PARS\1\2" + struct.pack(">HHHBI", 1, 257, 1, 0, 8), 8),
        ("4097-trees", b"PARS\1\2" + struct.pack(">HHHBI", 1, 1, 4097, 0, 8), 10),
        ("arg-max-2", b"PARS\1\2" + struct.pack(">HHHBI", 1, 1, 1, 2, 8), 12),
        ("trees-too-large", b"PARS\1\2" + struct.pack(">HHHBI", 1, 1, 1, 0, 2**24 + 1), 13),
        ("no-vocabulary", b"PARS\1\3" + bytes(4) + DECODER.header[10:], 6),
        ("width-4097", DECODER.header[:10] + struct.pack(">H", 4097) + DECODER.header[12:], 10),
        ("hidden-0", DECODER.header[:12] + bytes(4) + DECODER.header[16:], 12),
        ("65-decoder-layers", DECODER.header[:16] + b"\0\x41" + DECODER.header[18:], 16),
        ("decoder-shift-32", DECODER.header[:20] + b"\x20" + DECODER.header[21:], 20),
        ("rms-multiplier-0", DECODER.header[:24] + bytes(4) + DECODER.header[28:], 24),
        ("rms-eps-2-31", DECODER.header[:28] + b"\x80\0\0\0", 28),
        ("4097-linear-features", b"PARS\1\4" + struct.pack(">IIBB", 4097, 1, 0, 0), 6),
        ("no-linear-outputs", b"PARS\1\4" + struct.pack(">IIBB", 1, 0, 0, 0), 10),
        ("linear-answer-3", b"PARS\1\4" + struct.pack(">IIBB", 1, 1, 3, 0), 14),
        ("scores-with-shift", b"PARS\1\4" + struct.pack(">IIBB", 1, 1, 0, 1), 15),
        ("logistic-shift-64", b"PARS\1\4" + struct.pack(">IIBB", 1, 1, 2, 64), 15),
    ):  # fmt: skip
        begin = call(BEGIN, header, SHIFTED.root, 0)
        yield refused(f"header-{name}", begin, "InvalidHeader(uint256)", position)
    id_of = call("modelIdOf(bytes,bytes32)", good + b"\0", SHIFTED.root)
    yield refused("id-of-bad-header", id_of, "InvalidHeader(uint256)", len(good))
    beyond = call(BEGIN, bytes(4749), SHIFTED.root, 0)
    yield refused("header-4749", beyond, "InvalidLength(uint256,uint256)", 4748, 4749)


def refused_chunks() -> Iterator[Case]:
    begun = steps(LONG)[:1]
    chunks, identity = LONG.chunks, LONG.identity
    last = chunks[2]
    length, proof_error = "InvalidLength(uint256,uint256)", "InvalidProof(uint256)"
    good = call(PUT, identity, 2, last, LONG.proof(2))
    kept = log(
        "ChunkStored(bytes32,uint256,address)",
        [identity],
        ["uint256", "address"],
        2,
        account(identity, 18, last),
    )
    yield case("put-last-alone", good, [], before=begun, logs=[kept])
    flipped = bytes([last[0] ^ 1]) + last[1:]
    leaf = ai_models.leaves_of(LONG.weights)
    inner = ai_models.tree_root(leaf[:16]) + ai_models.tree_root(leaf[16:32])
    for name, index, data, proof, error, *arguments in (
        ("flipped", 2, flipped, LONG.proof(2), proof_error, 2),
        ("wrong-sibling", 2, last, [b"\1" * 32], proof_error, 2),
        ("reversed-proof", 1, chunks[1], LONG.proof(1)[::-1], proof_error, 1),
        ("other-index", 1, chunks[0], LONG.proof(0), proof_error, 1),
        ("index-3", 3, last, LONG.proof(2), "InvalidChunk(uint256)", 3),
        ("index-max", 2**256 - 1, last, [], "InvalidChunk(uint256)", 2**256 - 1),
        ("one-more", 2, last + b"\0", LONG.proof(2), length, len(last), len(last) + 1),
        ("one-less", 2, last[:-1], LONG.proof(2), length, len(last), len(last) - 1),
        ("nothing", 2, b"", LONG.proof(2), length, len(last), 0),
        ("inner-node", 2, inner, LONG.proof(2), length, len(last), 64),
        ("no-proof", 2, last, [], length, 1, 0),
        ("longer-proof", 2, last, [*LONG.proof(2), bytes(32)], length, 1, 2),
    ):
        put = call(PUT, identity, index, data, proof)
        yield refused(f"chunk-{name}", put, error, *arguments, before=begun)
    small = steps(SHIFTED)
    again = call(PUT, SHIFTED.identity, 0, SHIFTED.weights, [])
    yield refused("chunk-again", again, "ChunkExists(uint256)", 0, before=small[:2])
    stored = [*begun, {"input": hexed(good)}]
    yield refused("chunk-2-again", good, "ChunkExists(uint256)", 2, before=stored)
    yield refused("chunk-of-sealed", again, "NotOpen(uint8)", 2, before=small)
    seal = call(SEAL, SHIFTED.identity)
    yield refused("seal-again", seal, "NotOpen(uint8)", 2, before=small)
    unknown = "UnknownModel(bytes32)"
    yield refused("chunk-of-none", again, unknown, SHIFTED.identity)
    yield refused("seal-none", seal, unknown, SHIFTED.identity)
    yield refused("proof-of-11", call(PUT, identity, 0, b"", [bytes(32)] * 11), length, 10, 11)
    yield refused(
        "chunk-of-16385", call(PUT, identity, 0, bytes(16_385), []), length, 16_384, 16_385
    )


def refused_weights() -> Iterator[Case]:
    at = ai_models.AT
    leaf = [[1]]
    layer = {"matrix": [[1]], "bias": [0], "rounding": ai_models.MULTIPLIER}

    def scaled(multiplier: int, shift: int) -> Model:
        return ai_models.dense(
            1, [ai_models.Layer(**layer, multipliers=(multiplier,), shifts=(shift,))]
        )

    def forest(*trees: ai_models.Tree) -> Model:
        return ai_models.trees(2, 1, False, list(trees))

    good = forest(([(0, 0, at, at)], leaf))
    cut = Model(good.header[:13] + struct.pack(">I", len(good.weights) - 1), good.weights[:-1])
    more = Model(good.header[:13] + struct.pack(">I", len(good.weights) + 1), good.weights + b"\0")
    tiny = Model(good.header[:13] + struct.pack(">I", 3), bytes(3))
    for name, model, position in (
        ("multiplier-below", scaled(2**30 - 1, 0), 5),
        ("multiplier-0", scaled(0, 0), 5),
        ("multiplier-negative", scaled(-1, 0), 5),
        ("shift-32", scaled(2**30, 32), 9),
        ("shift-255", scaled(2**30, 255), 9),
        ("own-child", forest(([(0, 0, 0, at)], leaf)), 4),
        ("cycle", forest(([(0, 0, 1, at), (0, 0, 0, at)], leaf)), 14),
        ("child-beyond", forest(([(0, 0, 1, at)], leaf)), 4),
        ("leaf-beyond", forest(([(0, 0, at, at + 1)], leaf)), 4),
        ("feature-beyond", forest(([(2, 0, at, at)], leaf)), 4),
        ("unreached-node", forest(([(0, 0, at, at), (5, 0, at, at)], leaf)), 14),
        ("no-leaf", forest(([], [])), 0),
        ("second-tree", forest(([], leaf), ([(0, 0, 0, at)], leaf)), 12),
        ("trees-cut", cut, 0),
        ("trees-more", more, len(good.weights)),
        ("trees-tiny", tiny, 0),
    ):
        seal = call(SEAL, model.identity)
        yield refused(
            f"weights-{name}", seal, "InvalidWeights(uint256)", position,
            before=steps(model, sealed=False),
        )  # fmt: skip


def flags() -> Iterator[Case]:
    identity = SHIFTED.identity
    # A chain may have a curator from its genesis: where there must be none, the slot says so.
    nobody = {ENTRY: {"storage": {hexed(bytes(32)): hexed(bytes(32))}}}
    admin = {ENTRY: {"storage": {hexed(bytes(32)): "0x" + "00" * 12 + ADMIN[2:]}}}
    sealed = [{**step, "caller": OWNER} for step in steps(SHIFTED)]
    deprecate = call("deprecate(bytes32)", identity)
    logs = [log("ModelDeprecated(bytes32)", [identity], [])]
    yield case("deprecate", deprecate, [], before=sealed, logs=logs)
    gone = [*sealed, {"input": hexed(deprecate)}]
    yield refused("deprecate-again", deprecate, "NotSealed(uint8)", 3, before=gone)
    yield refused("deprecate-open", deprecate, "NotSealed(uint8)", 1, before=sealed[:2])
    yield refused("deprecate-none", deprecate, "UnknownModel(bytes32)", identity)
    yield refused(
        "deprecate-by-stranger", deprecate, "NotOwner(address)", OWNER, before=sealed,
        caller=STRANGER,
    )  # fmt: skip
    adopted = "ModelAdopted(bytes32,bool)"
    for flag in (True, False):
        data = call("adopt(bytes32,bool)", identity, flag)
        yield case(
            f"adopt-{flag}".lower(), data, [], accounts=admin, caller=ADMIN, before=sealed,
            logs=[log(adopted, [identity], ["bool"], flag)],
        )  # fmt: skip
    adopt = call("adopt(bytes32,bool)", identity, True)
    yield refused(
        "adopt-by-owner", adopt, "NotAdmin(address)", ADMIN, accounts=admin, before=sealed
    )
    yield refused(
        "adopt-without-admin", adopt, "NotAdmin(address)", NOBODY, before=sealed, accounts=nobody
    )
    by_nobody = {"caller": NOBODY, "accounts": nobody}
    yield refused("adopt-by-nobody", adopt, "NotAdmin(address)", NOBODY, before=sealed, **by_nobody)
    by_admin: dict[str, Any] = {"accounts": admin, "caller": ADMIN}
    yield refused("adopt-open", adopt, "NotSealed(uint8)", 1, before=sealed[:2], **by_admin)
    yield refused("adopt-none", adopt, "UnknownModel(bytes32)", identity, **by_admin)
    changed = "AdminChanged(address,address)"
    for name, to in (("hand-on", OWNER), ("end", NOBODY)):
        data = call("setAdmin(address)", to)
        topics = [bytes.fromhex(each[2:]) for each in (ADMIN, to)]
        yield case(f"admin-{name}", data, [], logs=[log(changed, topics, [])], **by_admin)
    given = {"input": hexed(call("setAdmin(address)", OWNER)), "caller": ADMIN}
    yield case("admin-new", call("admin()"), ["address"], OWNER, accounts=admin, before=[given])
    yield case("admin-none", call("admin()"), ["address"], NOBODY, accounts=nobody)
    take = call("setAdmin(address)", OWNER)
    yield refused("admin-taken", take, "NotAdmin(address)", ADMIN, accounts=admin)
    after = {"accounts": admin, "before": [given]}
    yield refused("admin-no-more", take, "NotAdmin(address)", OWNER, caller=ADMIN, **after)
    for name, data in (("deprecate", deprecate), ("adopt", adopt), ("set-admin", take)):
        yield refused(f"{name}-static", data, "WriteProtection()", static=True)


def versions() -> Iterator[Case]:
    publish, retire = "publish(string,bytes32)", "retire(string,uint256)"
    version_of = "versionOf(address,string,uint256)"
    count_of = "versionCount(address,string)"
    both = steps(SHIFTED) + steps(LINEAR)
    first = call(publish, "price", SHIFTED.identity)
    second = call(publish, "price", LINEAR.identity)
    published = "VersionPublished(address,bytes32,string,uint256)"

    def logged(signature: str, model: Model, version: int) -> list[Case]:
        topics = [CALLER, model.identity]
        return [log(signature, topics, ["string", "uint256"], "price", version)]

    yield case("publish-1", first, ["uint256"], 1, before=both, logs=logged(published, SHIFTED, 1))
    one = [*both, {"input": hexed(first)}]
    yield case("publish-2", second, ["uint256"], 2, before=one, logs=logged(published, LINEAR, 2))
    two = [*one, {"input": hexed(second)}]
    yield refused("publish-again", first, "VersionExists(uint256)", 1, before=two)
    other = call(publish, "other", SHIFTED.identity)
    topics = [CALLER, SHIFTED.identity]
    logs = [log(published, topics, ["string", "uint256"], "other", 1)]
    yield case("publish-under-another-name", other, ["uint256"], 1, before=two, logs=logs)
    short = call(publish, "p", SHIFTED.identity)
    logs = [log(published, topics, ["string", "uint256"], "p", 1)]
    yield case("publish-under-one-letter", short, ["uint256"], 1, before=both, logs=logs)
    longest = "y" * 31
    logs = [log(published, topics, ["string", "uint256"], longest, 1)]
    data = call(publish, longest, SHIFTED.identity)
    yield case("publish-under-31-letters", data, ["uint256"], 1, before=both, logs=logs)
    for name, text in (("empty", ""), ("32-bytes", "x" * 32), ("16-letters", "é" * 16)):
        data = call(publish, text, SHIFTED.identity)
        yield refused(f"publish-{name}", data, "InvalidName()", before=both)
    yield refused("publish-open", first, "NotSealed(uint8)", 1, before=both[:2])
    yield refused("publish-none", first, "UnknownModel(bytes32)", SHIFTED.identity)
    for version, model in ((1, SHIFTED), (2, LINEAR)):
        data = call(version_of, OWNER, "price", version)
        types = ["bytes32", "bool"]
        yield case(f"version-{version}", data, types, model.identity, False, before=two)
    yield case("versions", call(count_of, OWNER, "price"), ["uint256"], 2, before=two)
    yield case("versions-of-none", call(count_of, OWNER, "prices"), ["uint256"], 0, before=two)
    yield case(
        "versions-of-stranger", call(count_of, STRANGER, "price"), ["uint256"], 0, before=two
    )
    unknown = "UnknownVersion(uint256)"
    for version in (0, 3, 2**256 - 1):
        data = call(version_of, OWNER, "price", version)
        label = version if version < 9 else "max"
        yield refused(f"version-{label}-of-2", data, unknown, version, before=two)
        data = call(retire, "price", version)
        yield refused(f"retire-{label}-of-2", data, unknown, version, before=two)
    gone = call(retire, "price", 1)
    retired = logged("VersionRetired(address,bytes32,string,uint256)", SHIFTED, 1)
    yield case("retire", gone, [], before=two, logs=retired)
    second_gone = call(retire, "price", 2)
    retired = logged("VersionRetired(address,bytes32,string,uint256)", LINEAR, 2)
    yield case("retire-2", second_gone, [], before=two, logs=retired)
    left = [*two, {"input": hexed(gone)}]
    data = call(version_of, OWNER, "price", 1)
    yield case("version-retired", data, ["bytes32", "bool"], SHIFTED.identity, True, before=left)
    yield case(
        "versions-after-retiring", call(count_of, OWNER, "price"), ["uint256"], 2, before=left
    )
    yield refused("retire-again", gone, unknown, 1, before=left)
    by_owner = [{**step, "caller": OWNER} for step in two]
    yield refused("retire-by-stranger", gone, unknown, 1, before=by_owner, caller=STRANGER)
    for name, data in (("publish", first), ("retire", gone)):
        yield refused(f"{name}-static", data, "WriteProtection()", static=True)


def readers() -> Iterator[Case]:
    types = ["address", "uint8", "uint8", "bool", "uint256", "uint256", "uint256"]
    opened, identity = steps(SHIFTED), SHIFTED.identity
    size = len(SHIFTED.weights)
    model_of = call(MODEL_OF, identity)
    yield case("model-begun", model_of, types, OWNER, 1, 1, False, size, 1, 0, before=opened[:1])
    yield case("model-whole", model_of, types, OWNER, 1, 1, False, size, 1, 1, before=opened[:2])
    yield case("model-sealed", model_of, types, OWNER, 2, 1, False, size, 1, 1, before=opened)
    gone = [*opened, {"input": hexed(call("deprecate(bytes32)", identity))}]
    yield case("model-deprecated", model_of, types, OWNER, 3, 1, False, size, 1, 1, before=gone)
    admin = {ENTRY: {"storage": {hexed(bytes(32)): "0x" + "00" * 12 + CALLER.hex()}}}
    flagged = [*opened, {"input": hexed(call("adopt(bytes32,bool)", identity, True))}]
    yield case(
        "model-adopted", model_of, types, OWNER, 2, 1, True, size, 1, 1, before=flagged,
        accounts=admin,
    )  # fmt: skip
    header_of, roots_of = call("headerOf(bytes32)", identity), call("rootsOf(bytes32)", identity)
    yield case("header", header_of, ["bytes"], SHIFTED.header, before=opened)
    yield case("roots", roots_of, ["bytes32", "uint256"], SHIFTED.root, 0, before=opened)
    with_poseidon = steps(SHIFTED, poseidon=77)
    yield case(
        "roots-with-poseidon", roots_of, ["bytes32", "uint256"], SHIFTED.root, 77,
        before=with_poseidon,
    )  # fmt: skip
    chunk_of = call("chunkOf(bytes32,uint256)", identity, 0)
    where = account(identity, 16, SHIFTED.weights)
    yield case("chunk-account", chunk_of, ["address"], where, before=opened)
    yield case("chunk-account-none", chunk_of, ["address"], NOBODY, before=opened[:1])
    beyond = call("chunkOf(bytes32,uint256)", identity, 1)
    yield refused("chunk-account-1", beyond, "InvalidChunk(uint256)", 1, before=opened)
    missing = "missingChunks(bytes32,uint256,uint256)"
    last = call(PUT, LONG.identity, 2, LONG.chunks[2], LONG.proof(2))
    part = [*steps(LONG)[:1], {"input": hexed(last)}]
    for name, start, first, found in (
        ("all", 0, 100, [0, 1]), ("one", 0, 1, [0]), ("from-1", 1, 5, [1]), ("from-2", 2, 5, []),
        ("from-3", 3, 5, []), ("from-max", 2**256 - 1, 5, []),
    ):  # fmt: skip
        data = call(missing, LONG.identity, start, first)
        yield case(f"missing-{name}", data, ["uint256[]"], found, before=part)
    listed = steps(SHIFTED) + steps(LINEAR)[:1]
    yield case("count", call("modelCount()"), ["uint256"], 2, before=listed)
    yield case("count-0", call("modelCount()"), ["uint256"], 0)
    ids = [SHIFTED.identity, LINEAR.identity]
    for name, start, first, found in (
        ("all", 0, 100, ids), ("first", 0, 1, ids[:1]), ("second", 1, 1, ids[1:]),
        ("past", 2, 9, []), ("far-past", 2**256 - 1, 9, []),
    ):  # fmt: skip
        data = call("models(uint256,uint256)", start, first)
        yield case(f"models-{name}", data, ["bytes32[]"], found, before=listed)
    for first in (0, 101, 2**256 - 1):
        label = first if first < 999 else "max"
        page = "InvalidPageSize(uint256)"
        data = call("models(uint256,uint256)", 0, first)
        yield refused(f"models-page-{label}", data, page, first, before=listed)
        data = call(missing, LONG.identity, 0, first)
        yield refused(f"missing-page-{label}", data, page, first, before=part)
    unknown = "UnknownModel(bytes32)"
    for name, data in (
        ("model", model_of), ("header", header_of), ("roots", roots_of), ("chunk", chunk_of),
        ("missing", call(missing, identity, 0, 1)), ("price", call("priceOf(bytes32)", identity)),
        ("leaf", call("verifyLeaf(bytes32,uint256,bytes,bytes32[])", identity, 0, b"", [])),
        ("poseidon", call("verifyPoseidon(bytes32,uint256,uint256[])", identity, 0, [])),
    ):  # fmt: skip
        yield refused(f"unknown-{name}", data, unknown, identity)
    price = call("priceOf(bytes32)", identity)
    known = cost.of(headers.parse(SHIFTED.header))
    prices = (cost.in_gas(known.call), cost.in_gas(known.row))
    yield case("price", price, ["uint256"] * 4, 3, 2, *prices, before=opened)
    yield refused("price-of-open", price, "NotSealed(uint8)", 1, before=opened[:2])


def proofs() -> Iterator[Case]:
    signature = "verifyLeaf(bytes32,uint256,bytes,bytes32[])"
    begun, identity = steps(LONG)[:1], LONG.identity
    weights = LONG.weights
    last = (len(weights) - 1) // 1_024
    for index in (0, 1, 15, 16, last - 1, last):
        leaf = weights[1_024 * index :][:1_024]
        data = call(signature, identity, index, leaf, LONG.leaf_proof(index))
        yield case(f"leaf-{index}", data, ["bool"], True, before=begun)
    leaf, path = weights[:1_024], LONG.leaf_proof(0)
    for name, data in (
        ("flipped", call(signature, identity, 0, b"\1" + leaf[1:], path)),
        ("other-place", call(signature, identity, 1, leaf, path)),
        ("other-path", call(signature, identity, 0, leaf, path[::-1])),
    ):
        yield case(f"leaf-{name}", data, ["bool"], False, before=begun)
    length = "InvalidLength(uint256,uint256)"
    for name, index, content, siblings, error, *arguments in (
        ("short", 0, leaf[1:], path, length, 1_024, 1_023),
        ("short-path", 0, leaf, path[1:], length, len(path), len(path) - 1),
        ("long-path", 0, leaf, [*path, path[0]], length, len(path), len(path) + 1),
        (
            "long-last",
            last,
            leaf,
            LONG.leaf_proof(last),
            length,
            len(weights) - 1_024 * last,
            1_024,
        ),
        ("beyond", last + 1, leaf, path, "InvalidIndex(uint256)", last + 1),
    ):
        data = call(signature, identity, index, content, siblings)
        yield refused(f"leaf-{name}", data, error, *arguments, before=begun)
    poseidon = "verifyPoseidon(bytes32,uint256,uint256[])"
    small = SHIFTED.identity
    data = call(poseidon, small, 0, [])
    yield refused("poseidon-none", data, "NoPoseidonRoot()", before=steps(SHIFTED))
    with_root = steps(SHIFTED, poseidon=77)
    yield case("poseidon-wrong", data, ["bool"], False, before=with_root)
    yield refused("poseidon-no-chunk", data, "ChunksMissing(uint256)", 1, before=with_root[:1])
    wide = ai_models.dense(32, [ai_models.Layer([[0] * 32] * 30, [0] * 30, ai_models.SHIFT)])
    two_leaves = steps(wide, poseidon=77)
    for index in (0, 1):
        data = call(poseidon, wide.identity, index, [5])
        yield case(f"poseidon-wrong-{index}-of-2", data, ["bool"], False, before=two_leaves)
    yield from poseidon_proofs(poseidon)
    data = call(poseidon, small, 1, [])
    yield refused("poseidon-beyond", data, "InvalidIndex(uint256)", 1, before=with_root)
    data = call(poseidon, small, 0, [1])
    yield refused("poseidon-path", data, length, 0, 1, before=with_root)
    data = call(poseidon, identity, 0, [2**256 - 1] * len(path))
    yield refused("poseidon-sibling", data, "NotCanonical(uint256)", 0, before=begun)


def poseidon_proofs(signature: str) -> Iterator[Case]:
    """Seventeen leaves and a part of one, in two chunks, of which one path is short."""
    rows = [[(row * row + column) % 251 - 125 for column in range(64)] for row in range(264)]
    model = ai_models.dense(64, [ai_models.Layer(rows, list(range(264)), ai_models.SHIFT)])
    leaves = ai_models.poseidon_leaves(model.weights)
    root = ai_models.poseidon_root(leaves)
    stored = steps(model, poseidon=root, sealed=False)
    source = "the tree worked out with the plain Poseidon2 of 0x0901, which has published vectors"
    first_chunk, second_chunk = stored[:2], [stored[0], stored[2]]
    for index, before in ((0, first_chunk), (13, first_chunk), (16, second_chunk),
                          (17, second_chunk)):  # fmt: skip
        path = ai_models.poseidon_path(leaves, index)
        data = call(signature, model.identity, index, path)
        name = f"poseidon-leaf-{index}"
        yield case(name, data, ["bool"], True, before=before, source=source)
        if index in (13, 17):
            wrong = call(signature, model.identity, index, [*path[:-1], path[-1] ^ 1])
            yield case(f"{name}-wrong", wrong, ["bool"], False, before=before, source=source)
    path = [*ai_models.poseidon_path(leaves, 0)[:-1], 2**256 - 1]
    data = call(signature, model.identity, 0, path)
    yield refused(
        "poseidon-last-sibling", data, "NotCanonical(uint256)", len(path) - 1, before=first_chunk
    )
    data = call("chunkOf(bytes32,uint256)", model.identity, 1)
    where = account(model.identity, 17, model.chunks[1])
    yield case("chunk-account-of-second", data, ["address"], where, before=second_chunk)
    data = call("missingChunks(bytes32,uint256,uint256)", model.identity, 1, 1)
    yield case("missing-second-alone", data, ["uint256[]"], [1], before=first_chunk)
