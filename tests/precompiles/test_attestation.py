"""Attestation: every byte of a receipt counts, times against datetime, and what genesis refuses."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import eth_abi
import pytest
from cryptography import x509
from eth_utils import keccak

from chain.calls import CallRequest
from chain.genesis import genesis_from_json, genesis_to_json, pars_genesis
from chain.local_chain import LocalChain
from precompiles.ai.attestation import certificate, chain, contract, der, instants
from precompiles.conformance.embedded import Outcome, World, call_precompile, prepared
from precompiles.conformance.vectors import Vector, load, path_of
from precompiles.registry import find

ENTRY = find("attestation")
NOW = 1_700_000_000
VECTORS = {each.name: each for each in load(path_of(ENTRY))}
CURVES = ("P-256", "P-384", "Ed25519")


def arguments(name: str) -> tuple[bytes, bytes]:
    receipt, signature = eth_abi.decode(["bytes", "bytes"], VECTORS[name].input[4:])
    return receipt, signature


def world_of(receipt: bytes, trust: int = 100) -> World:
    root = chain.parse_receipt(receipt).chain[-1]
    settings = {"roots": {f"0x{root.fingerprint.hex()}": trust}}
    storage = contract.genesis(settings).storage
    return World(storage={(ENTRY.address, slot): word for slot, word in storage.items()})


def judge(world: World, receipt: bytes, signature: bytes, **options: object) -> Outcome:
    data = keccak(text="judge(bytes,bytes)")[:4] + eth_abi.encode(
        ["bytes", "bytes"], [receipt, signature]
    )
    return call_precompile(world, ENTRY.address, data, context={"timestamp": NOW}, **options)  # type: ignore[arg-type]


def verdict(outcome: Outcome) -> int | None:
    """The verdict, or None where the receipt was refused as malformed."""
    if outcome.status == "reverted":
        assert outcome.data[:4] == contract.MALFORMED.signature.selector
        return None
    assert outcome.status == "success"
    return int.from_bytes(outcome.data[:32], "big")


@pytest.mark.parametrize("kind", CURVES)
def test_every_bit_of_receipt_and_signature_counts(kind: str) -> None:
    receipt, signature = arguments(f"judge-{kind}")
    world = world_of(receipt)
    assert verdict(judge(world, receipt, signature)) == chain.TRUSTED
    draw = Random(kind)
    for place in range(len(receipt)):
        changed = bytearray(receipt)
        changed[place] ^= 1 << draw.randrange(8)
        assert verdict(judge(world, bytes(changed), signature)) != chain.TRUSTED, place
    for place in range(len(signature)):
        changed = bytearray(signature)
        changed[place] ^= 1 << draw.randrange(8)
        assert verdict(judge(world, receipt, bytes(changed))) == chain.BAD_REPORT_SIGNATURE, place


def test_every_cut_and_every_extra_byte_is_refused() -> None:
    receipt, signature = arguments("judge-P-256")
    parts = chain.parse_receipt(receipt).chain
    ends = {48 + sum(len(each.whole) for each in parts[:n]) for n in range(1, len(parts) + 1)}
    world = world_of(receipt)
    for size in range(len(receipt)):
        found = verdict(judge(world, receipt[:size], signature))
        assert found == (chain.UNKNOWN_ROOT if size in ends else None)
    for place in range(48, len(receipt) + 1):
        longer = receipt[:place] + b"\0" + receipt[place:]
        assert verdict(judge(world, longer, signature)) != chain.TRUSTED


def test_every_byte_of_a_published_quote_counts() -> None:
    """Of Intel's own: whatever is changed, it is malformed or not to be trusted."""
    vector = VECTORS["quote-intel-tdx"]
    (quote,) = eth_abi.decode(["bytes"], vector.input[4:])
    world = prepared(vector)

    def judged(changed: bytes) -> int | None:
        data = vector.input[:4] + eth_abi.encode(["bytes"], [changed])
        now = {"timestamp": 1_790_000_000}
        return verdict(call_precompile(world, ENTRY.address, data, context=now))

    assert judged(quote) == chain.TRUSTED
    draw = Random(7)
    for place in range(len(quote)):
        changed = bytearray(quote)
        changed[place] ^= 1 << draw.randrange(8)
        assert judged(bytes(changed)) != chain.TRUSTED, place
        assert judged(quote[:place]) is None


def test_noise_is_refused_and_never_an_exception() -> None:
    draw = Random(5)
    receipt, signature = arguments("judge-Ed25519")
    world = world_of(receipt)
    for _ in range(2_000):
        noisy = bytearray(receipt)
        for _ in range(draw.randrange(1, 6)):
            start = draw.randrange(48, len(noisy))
            noisy[start : start + draw.randrange(4)] = draw.randbytes(draw.randrange(4))
        assert verdict(judge(world, bytes(noisy), signature)) != chain.TRUSTED or noisy == receipt


def test_a_certificate_is_read_as_cryptography_reads_it() -> None:
    """Each certificate of every vector that is well-formed, field by field."""
    seen = 0
    for vector in VECTORS.values():
        for each in certificates_of(vector):
            read = x509.load_der_x509_certificate(each.whole)
            assert each.signed == read.tbs_certificate_bytes
            assert each.signature == read.signature
            assert each.issuer == read.issuer.public_bytes()
            assert each.subject == read.subject.public_bytes()
            assert each.not_before == int(read.not_valid_before_utc.timestamp())
            assert each.not_after == int(read.not_valid_after_utc.timestamp())
            seen += 1
    assert seen > 100


def certificates_of(vector: Vector) -> Iterator[certificate.Certificate]:
    try:
        if vector.input[:4] == keccak(text="judge(bytes,bytes)")[:4]:
            receipt, _ = eth_abi.decode(["bytes", "bytes"], vector.input[4:])
            yield from chain.parse_receipt(receipt).chain
        elif vector.input[:4] == keccak(text="describeCertificate(bytes)")[:4]:
            (data,) = eth_abi.decode(["bytes"], vector.input[4:])
            yield certificate.parse(data, 0, len(data))
    except der.Malformed:
        return


def test_times_are_those_of_datetime() -> None:
    draw = Random(1)
    first = datetime(1950, 1, 1, tzinfo=UTC)
    for _ in range(5_000):
        then = first + timedelta(seconds=draw.randrange(100 * 365 * 86_400))
        if then.year > 2049:
            continue
        written = then.strftime("%y%m%d%H%M%SZ").encode()
        assert instants.parse_utc_time(written) == int(then.timestamp())
    last = datetime(2050, 1, 1, tzinfo=UTC)
    for _ in range(5_000):
        then = last + timedelta(seconds=draw.randrange(7_949 * 365 * 86_400))
        written = then.strftime("%Y%m%d%H%M%SZ").encode()
        assert instants.parse_generalized_time(written) == int(then.timestamp())
    assert instants.parse_generalized_time(b"99991231235959Z") == 253_402_300_799


def test_a_signature_is_charged_before_it_is_checked() -> None:
    receipt, signature = arguments("judge-P-384")
    world = world_of(receipt)
    used = judge(world, receipt, signature).gas_used
    cheap, _ = arguments("judge-Ed25519")
    refused = judge(world_of(receipt), cheap, b"").gas_used
    assert used - refused > 3 * contract.SIGNATURE_GAS["P-384"]
    assert judge(world, receipt, signature, gas=used - 1).status == "out of gas"


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"reportAge": 0}, "reportAge"),
        ({"reportAge": "1"}, "reportAge"),
        ({"reportAge": 1 << 64}, "reportAge"),
        ({"roots": {"0x12": 100}}, "fingerprint"),
        ({"roots": {"root": 100}}, "fingerprint"),
        ({"roots": {"0x" + "11" * 32: 0}}, "trust"),
        ({"roots": {"0x" + "11" * 32: 101}}, "trust"),
        ({"roots": {"0x" + "11" * 32: "all"}}, "trust"),
        ({"roots": ["0x" + "11" * 32]}, "roots"),
        ({"root": {}}, "root"),
    ],
)
def test_settings_that_are_wrong(settings: dict[str, object], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        contract.genesis(settings)


@pytest.mark.parametrize("engine", ["core", "py"])
def test_a_chain_trusts_the_roots_of_its_genesis(engine: str) -> None:
    receipt, signature = arguments("judge-P-256")
    root = chain.parse_receipt(receipt).chain[-1]
    written = genesis_to_json(pars_genesis(6133))
    del written["alloc"]["0x" + ENTRY.address.hex()]
    roots = {f"0x{root.fingerprint.hex()}": 80}
    settings = {"roots": roots, "reportAge": 10**10}
    written["config"]["pars"]["precompiles"]["attestation"] = settings
    made = LocalChain.open(genesis_from_json(written), loud=True, engine=engine)
    data = keccak(text="judge(bytes,bytes)")[:4] + eth_abi.encode(
        ["bytes", "bytes"], [receipt, signature]
    )
    result = made.call(CallRequest(to=ENTRY.address, data=data))
    made.close()
    assert eth_abi.decode(["uint8", "uint8"], result.output) == (0, 80)
