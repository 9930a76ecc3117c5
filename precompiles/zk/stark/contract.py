"""0x0903: STARK proofs of statements that anybody registers.

A statement is an AIR, stored under the hash of its bytes: who knows the id knows the statement. It
is registered only if the profile in it proves `BITS_MIN` bits, by no conjecture. A proof that does
not hold gives false; bytes that are no proof are refused by name.
"""

from collections.abc import Sequence
from functools import lru_cache

from ... import abi
from ...backends.keccak import keccak256
from ...gas import Constant, PerItem
from ...precompile import Call, Host, Precompile, method
from . import air as airs
from .air import AIR_SIZE_MAX, Air
from .field import P
from .fri import fold_steps, log_last_layer
from .reader import NOT_CANONICAL, PROOF_TOO_LONG, PROOF_TRUNCATED
from .security import proven_bits
from .verifier import statement_seed
from .verifier import verify as verify_proof

BITS_MIN = 100

PROOF_SIZE_MAX = 1 << 18
SEED_SIZE_MAX = 1_024
WORD_MASK = (1 << 256) - 1

UNKNOWN_AIR = abi.error("UnknownAir(bytes32 airId)")
TOO_FEW_BITS = abi.error("TooFewBits(uint256 bits)")
INVALID_ROWS = abi.error("InvalidRows(uint256 logRows)")
PUBLIC_INPUT_OUT_OF_RANGE = abi.error("PublicInputOutOfRange(uint256 index)")

AIR_REGISTERED = abi.event(
    "AirRegistered(bytes32 indexed airId, address indexed registrant, uint256 size)"
)

# Measured: docs/gas.md.
PARSE_BYTE_GAS = 30
NODE_GAS = 45
POWER_GAS = 200
PERIODIC_GAS = 150
CONSTRAINT_GAS = 900
EXEMPT_GAS = 60
OPENED_GAS = 200
QUERY_GAS = 100
QUERY_CELL_GAS = 3
LAYER_GAS = 100
LAST_GAS = 2

# Of an AIR's first slot: its size, and the bits it proves.
JOHNSON_SHIFT = 32
UNIQUE_SHIFT = 48
SIZE_MASK = (1 << JOHNSON_SHIFT) - 1
BITS_MASK = 0xFFFF


def register_air(call: Call, data: bytes) -> bytes:
    """Store an AIR, unless it is there, and return its id."""
    identifier = airs.air_id(data)
    slot = first_slot(identifier)
    if call.host.load(slot):
        return identifier
    air = parsed(data)
    airs.check_degrees(air)
    johnson, unique = proven_bits(air)
    if johnson < BITS_MIN:
        raise TOO_FEW_BITS(johnson)
    call.host.store(slot, unique << UNIQUE_SHIFT | johnson << JOHNSON_SHIFT | len(data))
    for part in range(-(-len(data) // abi.WORD)):
        word = data[part * abi.WORD : (part + 1) * abi.WORD].ljust(abi.WORD, b"\0")
        call.host.store((slot + 1 + part) & WORD_MASK, int.from_bytes(word, "big"))
    call.host.emit(*AIR_REGISTERED.log(identifier, call.caller, len(data)))
    return identifier


def first_slot(identifier: bytes) -> int:
    """Return where an AIR begins: at a hash of its id.

    Were it the id itself, the id plus one would name what the AIR's author wrote into its second
    slot: a header and bytes of another AIR, which nobody has registered or checked.
    """
    return int.from_bytes(keccak256(identifier), "big")


def load_header(host: Host, identifier: bytes) -> int:
    """Return the first slot of an AIR that is registered."""
    header = host.load(first_slot(identifier))
    if not header:
        raise UNKNOWN_AIR(identifier)
    return header


def load_bytes(host: Host, identifier: bytes, size: int) -> bytes:
    """Return the bytes of an AIR that is registered."""
    slot = first_slot(identifier)
    words = [host.load((slot + 1 + part) & WORD_MASK) for part in range(-(-size // abi.WORD))]
    return b"".join(word.to_bytes(abi.WORD, "big") for word in words)[:size]


def load_air(host: Host, identifier: bytes) -> Air:
    """Return an AIR that is registered."""
    size = load_header(host, identifier) & SIZE_MASK
    host.charge(size * PARSE_BYTE_GAS, "AIR")
    return parsed(load_bytes(host, identifier, size))


@lru_cache(maxsize=16)
def parsed(data: bytes) -> Air:
    """Return the AIR of these bytes; the same ones are used by proof after proof."""
    return airs.parse(data)


def verification_gas(air: Air, log_rows: int) -> int:
    """Return the price of what a proof costs that its own length does not tell."""
    opened = air.width * len(air.offsets) + air.parts
    fixed = (
        len(air.nodes) * NODE_GAS
        + sum(node.kind == airs.POW for node in air.nodes) * POWER_GAS
        + sum(map(len, air.periodic)) * PERIODIC_GAS
        + (len(air.constraints) + len(air.boundaries) + 1) * CONSTRAINT_GAS
        + sum(each.exempt for each in air.constraints) * EXEMPT_GAS
        + opened * OPENED_GAS
    )
    last = LAST_GAS << log_last_layer(log_rows, air.profile)
    layers = len(fold_steps(log_rows, air.profile)) * LAYER_GAS
    each_query = QUERY_GAS * (len(air.offsets) + 1) + opened * QUERY_CELL_GAS + layers + last
    return fixed + air.profile.queries * each_query


def verify(call: Call, identifier: bytes, public: list[int], proof: bytes) -> bool:
    """Check a proof of this statement: log2 of the number of rows, then Stone's format."""
    air = load_air(call.host, identifier)
    if not proof:
        raise PROOF_TRUNCATED(0)
    log_rows = proof[0]
    check_statement(air, log_rows, public)
    call.host.charge(verification_gas(air, log_rows), "STARK verification")
    seed = statement_seed(identifier, log_rows, public)
    return verify_proof(air, log_rows, seed, public, proof[1:])


def verify_raw(
    call: Call, identifier: bytes, log_rows: int, seed: bytes, public: list[int], proof: bytes
) -> bool:
    """Check a proof in Stone's format whose channel started from this seed."""
    air = load_air(call.host, identifier)
    check_statement(air, log_rows, public)
    call.host.charge(verification_gas(air, log_rows), "STARK verification")
    return verify_proof(air, log_rows, seed, public, proof)


def check_statement(air: Air, log_rows: int, public: Sequence[int]) -> None:
    """Refuse a number of rows or public inputs that are not the AIR's."""
    if not air.least_log_rows <= log_rows <= air.most_log_rows:
        raise INVALID_ROWS(log_rows)
    if len(public) != len(air.public_bits):
        raise abi.INVALID_LENGTH(len(air.public_bits), len(public))
    for index, (value, bits) in enumerate(zip(public, air.public_bits, strict=True)):
        if value >= (1 << bits if bits else P):
            raise PUBLIC_INPUT_OUT_OF_RANGE(index)


def security(call: Call, identifier: bytes) -> tuple[int, int]:
    """Return the bits that the profile of an AIR proves."""
    header = load_header(call.host, identifier)
    return header >> JOHNSON_SHIFT & BITS_MASK, header >> UNIQUE_SHIFT & BITS_MASK


def air_of(call: Call, identifier: bytes) -> bytes:
    """Return the bytes of an AIR."""
    return load_bytes(call.host, identifier, load_header(call.host, identifier) & SIZE_MASK)


PROOF_BOUNDS: dict[str, abi.Bound] = {
    "publicInputs": airs.PUBLIC_MAX,
    "proof": PROOF_SIZE_MAX,
    "seed": SEED_SIZE_MAX,
}
REGISTER_GAS = (Constant(amount=40_000), PerItem(argument="air", amount=150))
VERIFY_GAS = (Constant(amount=20_000), PerItem(argument="proof", amount=1))

PRECOMPILE = Precompile(
    address=(0x0903).to_bytes(20, "big"),
    family="zk",
    name="stark",
    interface="ISTARK",
    version=1,
    summary="STARK proofs over the 252-bit Stark field, by the Stone prover's protocol",
    methods=(
        method(
            "registerAir(bytes air) returns (bytes32 airId)",
            mutability="nonpayable",
            gas=REGISTER_GAS,
            handler=register_air,
            summary="Store a statement under the hash of its bytes; refused below 100 proven bits.",
            bounds={"air": AIR_SIZE_MAX},
        ),
        method(
            "verify(bytes32 airId, uint256[] publicInputs, bytes proof) returns (bool valid)",
            mutability="view",
            gas=VERIFY_GAS,
            handler=verify,
            summary="Check a proof that is bound to the statement, its rows and public inputs.",
            bounds={key: PROOF_BOUNDS[key] for key in ("publicInputs", "proof")},
        ),
        method(
            "verifyRaw(bytes32 airId, uint8 logRows, bytes seed, uint256[] publicInputs,"
            " bytes proof) returns (bool valid)",
            mutability="view",
            gas=(*VERIFY_GAS, PerItem(argument="seed", amount=1)),
            handler=verify_raw,
            summary="Check a proof of another prover in Stone's format. The caller must make the"
            " seed from the statement: what the seed does not name is not bound.",
            bounds=PROOF_BOUNDS,
        ),
        method(
            "security(bytes32 airId) returns (uint16 johnsonBits, uint16 uniqueBits)",
            mutability="view",
            gas=(Constant(amount=200),),
            handler=security,
            summary="The proven bits, up to Johnson's bound and with unique decoding.",
        ),
        method(
            "air(bytes32 airId) returns (bytes data)",
            mutability="view",
            gas=(Constant(amount=200),),
            handler=air_of,
            summary="The bytes of a registered statement.",
            bounds={"data": AIR_SIZE_MAX},
        ),
    ),
    errors=(
        airs.MALFORMED_AIR,
        airs.DEGREE_TOO_HIGH,
        TOO_FEW_BITS,
        UNKNOWN_AIR,
        INVALID_ROWS,
        PUBLIC_INPUT_OUT_OF_RANGE,
        PROOF_TRUNCATED,
        PROOF_TOO_LONG,
        NOT_CANONICAL,
    ),
    events=(AIR_REGISTERED,),
    references=(
        "Ben-Sasson et al., ethSTARK documentation, ePrint 2021/582",
        "StarkWare's Stone prover",
        "Haboeck, A summary on the FRI low degree test, ePrint 2022/1216",
    ),
)
