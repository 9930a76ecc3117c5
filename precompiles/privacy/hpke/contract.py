"""0x0705: HPKE, RFC 9180, with suites by the RFC's numbers.

All methods take or make secrets, so all answer in a call only. The names are the RFC's: a set-up in
one of the four modes, for the sender (S) or the receiver (R), gives a context; `seal`, `open` and
`exportSecret` use it, with the sequence number in the caller's hands. For base mode there is a
single-shot method for each of the three. What the RFC draws at random, `ikmE`, is an argument:
fresh for every set-up, or the same key and nonces come again.

A key, an encapsulation or a number that is none is refused by name. So is a ciphertext that does
not open: it has no plaintext that could be returned.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from ... import abi
from ...backends import aead
from ...gas import Constant, Expression, Listed, PerItem, PerUnit
from ...precompile import Call, Method, Precompile, method
from . import schedule
from .kem import RANDOMNESS_SIZE_MAX, Kem, LowOrderPoint, WrongPublicKey, WrongSecretKey
from .schedule import AUTH_FLAG, PSK_FLAG, Context, Suite
from .suites import AEADS, KDFS, KEMS

Result = TypeVar("Result")

PUBLIC_KEY_SIZE_MAX = 1216
ENCAPSULATION_SIZE_MAX = 1120
SECRET_KEY_SIZE_MAX = 66
TEXT_SIZE_MAX = 1024  # Of info, additional data and exporter contexts.
PLAINTEXT_SIZE_MAX = 4096
PSK_SIZE_MIN = 32  # RFC 9180, section 5.1.2: at least as many bytes of entropy.
PSK_SIZE_MAX = 128
EXPORT_SIZE_MAX = 1024

INVALID_KEM = abi.error("InvalidKem(uint16 kem)")
INVALID_KDF = abi.error("InvalidKdf(uint16 kdf)")
INVALID_AEAD = abi.error("InvalidAead(uint16 aead)")
NOT_AUTHENTICATED = abi.error("NotAuthenticated(uint16 kem)")
INVALID_PUBLIC_KEY = abi.error("InvalidPublicKey()")
INVALID_SECRET_KEY = abi.error("InvalidSecretKey()")
LOW_ORDER_POINT = abi.error("LowOrderPoint()")
INVALID_PSK = abi.error("InvalidPsk()")
INVALID_CONTEXT = abi.error("InvalidContext()")
EXPORT_ONLY = abi.error("ExportOnly()")
OPEN_FAILED = abi.error("OpenFailed()")


# --- Set-up ---------------------------------------------------------------------------------


def set_up_sender(
    suite: Suite,
    public_key: bytes,
    info: bytes,
    randomness: bytes,
    psk: Sequence[bytes] = (),
    sender: bytes | None = None,
) -> tuple[bytes, bytes]:
    """Return the encapsulation and the context. `psk` is empty, or the key and its name."""
    mode = mode_of(bool(psk), sender is not None)
    mechanism = check_suite(suite, mode)
    check_length(public_key, mechanism.public_size)
    if not mechanism.randomness_size <= len(randomness) <= mechanism.randomness_size_max:
        raise abi.INVALID_LENGTH(mechanism.randomness_size, len(randomness))
    if sender is not None:
        check_length(sender, mechanism.secret_size)
    check_psk(psk)
    encapsulation, shared = agreed(lambda: mechanism.encapsulate(public_key, randomness, sender))
    return encapsulation, scheduled(suite, shared, mode, info, psk)


def set_up_receiver(
    suite: Suite,
    encapsulation: bytes,
    secret_key: bytes,
    info: bytes,
    psk: Sequence[bytes] = (),
    sender: bytes | None = None,
) -> bytes:
    """Return the context."""
    mode = mode_of(bool(psk), sender is not None)
    mechanism = check_suite(suite, mode)
    check_length(encapsulation, mechanism.encapsulation_size)
    check_length(secret_key, mechanism.secret_size)
    if sender is not None:
        check_length(sender, mechanism.public_size)
    check_psk(psk)
    shared = agreed(lambda: mechanism.decapsulate(encapsulation, secret_key, sender))
    return scheduled(suite, shared, mode, info, psk)


def mode_of(has_psk: bool, has_sender: bool) -> int:
    """Return the mode that takes these keys."""
    return (PSK_FLAG if has_psk else 0) | (AUTH_FLAG if has_sender else 0)


def check_suite(suite: Suite, mode: int) -> Kem:
    """Refuse numbers that name nothing; return the mechanism."""
    kem, kdf, cipher = suite
    if kem not in KEMS:
        raise INVALID_KEM(kem)
    if kdf not in KDFS:
        raise INVALID_KDF(kdf)
    if cipher not in AEADS:
        raise INVALID_AEAD(cipher)
    if mode & AUTH_FLAG and not KEMS[kem].authenticates:
        raise NOT_AUTHENTICATED(kem)
    return KEMS[kem]


def check_length(data: bytes, size: int) -> None:
    """Refuse data of another size."""
    if len(data) != size:
        raise abi.INVALID_LENGTH(size, len(data))


def check_psk(psk: Sequence[bytes]) -> None:
    """Refuse a pre-shared key that is short or has no name: section 5.1."""
    if psk and (len(psk[0]) < PSK_SIZE_MIN or not psk[1]):
        raise INVALID_PSK()


def agreed(work: Callable[[], Result]) -> Result:
    """Return what a mechanism returns, or refuse the key it found wrong."""
    try:
        return work()
    except WrongPublicKey:
        raise INVALID_PUBLIC_KEY() from None
    except WrongSecretKey:
        raise INVALID_SECRET_KEY() from None
    except LowOrderPoint:
        raise LOW_ORDER_POINT() from None


def scheduled(suite: Suite, shared: bytes, mode: int, info: bytes, psk: Sequence[bytes]) -> bytes:
    """Return the context of a shared secret."""
    key, name = psk or (b"", b"")
    return schedule.schedule(suite, shared, mode, info, key, name)


def set_up_base_s(
    _: Call, kem: int, kdf: int, cipher: int, public_key: bytes, info: bytes, ikm: bytes
) -> tuple[bytes, bytes]:
    """SetupBaseS."""
    return set_up_sender((kem, kdf, cipher), public_key, info, ikm)


def set_up_psk_s(
    _: Call,
    kem: int,
    kdf: int,
    cipher: int,
    public_key: bytes,
    info: bytes,
    psk: bytes,
    psk_id: bytes,
    ikm: bytes,
) -> tuple[bytes, bytes]:
    """SetupPSKS."""
    return set_up_sender((kem, kdf, cipher), public_key, info, ikm, (psk, psk_id))


def set_up_auth_s(
    _: Call,
    kem: int,
    kdf: int,
    cipher: int,
    public_key: bytes,
    info: bytes,
    sender: bytes,
    ikm: bytes,
) -> tuple[bytes, bytes]:
    """SetupAuthS."""
    return set_up_sender((kem, kdf, cipher), public_key, info, ikm, sender=sender)


def set_up_auth_psk_s(
    _: Call,
    kem: int,
    kdf: int,
    cipher: int,
    public_key: bytes,
    info: bytes,
    psk: bytes,
    psk_id: bytes,
    sender: bytes,
    ikm: bytes,
) -> tuple[bytes, bytes]:
    """SetupAuthPSKS."""
    return set_up_sender((kem, kdf, cipher), public_key, info, ikm, (psk, psk_id), sender)


def set_up_base_r(
    _: Call, kem: int, kdf: int, cipher: int, encapsulation: bytes, secret_key: bytes, info: bytes
) -> bytes:
    """SetupBaseR."""
    return set_up_receiver((kem, kdf, cipher), encapsulation, secret_key, info)


def set_up_psk_r(
    _: Call,
    kem: int,
    kdf: int,
    cipher: int,
    encapsulation: bytes,
    secret_key: bytes,
    info: bytes,
    psk: bytes,
    psk_id: bytes,
) -> bytes:
    """SetupPSKR."""
    return set_up_receiver((kem, kdf, cipher), encapsulation, secret_key, info, (psk, psk_id))


def set_up_auth_r(
    _: Call,
    kem: int,
    kdf: int,
    cipher: int,
    encapsulation: bytes,
    secret_key: bytes,
    info: bytes,
    sender: bytes,
) -> bytes:
    """SetupAuthR."""
    return set_up_receiver((kem, kdf, cipher), encapsulation, secret_key, info, sender=sender)


def set_up_auth_psk_r(
    _: Call,
    kem: int,
    kdf: int,
    cipher: int,
    encapsulation: bytes,
    secret_key: bytes,
    info: bytes,
    psk: bytes,
    psk_id: bytes,
    sender: bytes,
) -> bytes:
    """SetupAuthPSKR."""
    suite = (kem, kdf, cipher)
    return set_up_receiver(suite, encapsulation, secret_key, info, (psk, psk_id), sender)


def derive_key_pair(_: Call, kem: int, ikm: bytes) -> tuple[bytes, bytes]:
    """DeriveKeyPair."""
    if kem not in KEMS:
        raise INVALID_KEM(kem)
    size = KEMS[kem].secret_size
    if len(ikm) < size:
        raise abi.INVALID_LENGTH(size, len(ikm))
    return KEMS[kem].derive_key_pair(ikm)


# --- A context ------------------------------------------------------------------------------


def seal(_: Call, context: bytes, sequence: int, aad: bytes, plaintext: bytes) -> bytes:
    """Context.Seal."""
    parsed, cipher = parse_cipher(context)
    nonce = schedule.nonce_of(parsed, sequence)
    return aead.seal(cipher, parsed.key, nonce, aad, plaintext)


def open_message(_: Call, context: bytes, sequence: int, aad: bytes, ciphertext: bytes) -> bytes:
    """Context.Open."""
    parsed, cipher = parse_cipher(context)
    if len(ciphertext) < aead.TAG_SIZE:
        raise abi.INVALID_LENGTH(aead.TAG_SIZE, len(ciphertext))
    nonce = schedule.nonce_of(parsed, sequence)
    plaintext = aead.open_sealed(cipher, parsed.key, nonce, aad, ciphertext)
    if plaintext is None:
        raise OPEN_FAILED()
    return plaintext


def export_secret(_: Call, context: bytes, exporter_context: bytes, size: int) -> bytes:
    """Context.Export."""
    if size > EXPORT_SIZE_MAX:
        raise abi.INVALID_LENGTH(EXPORT_SIZE_MAX, size)
    return schedule.export(parse_context(context), exporter_context, size)


def parse_context(encoded: bytes) -> Context:
    """Return the parts of a context."""
    parsed = schedule.parse_context(encoded)
    if parsed is None:
        raise INVALID_CONTEXT()
    return parsed


def parse_cipher(encoded: bytes) -> tuple[Context, aead.Cipher]:
    """Return the parts of a context that encrypts."""
    parsed = parse_context(encoded)
    if parsed.cipher is None:
        raise EXPORT_ONLY()
    return parsed, parsed.cipher


# --- Single shots in base mode --------------------------------------------------------------


def seal_base(
    call: Call,
    kem: int,
    kdf: int,
    cipher: int,
    public_key: bytes,
    info: bytes,
    aad: bytes,
    plaintext: bytes,
    ikm: bytes,
) -> tuple[bytes, bytes]:
    """SealBase."""
    encapsulation, context = set_up_sender((kem, kdf, cipher), public_key, info, ikm)
    return encapsulation, seal(call, context, 0, aad, plaintext)


def open_base(
    call: Call,
    kem: int,
    kdf: int,
    cipher: int,
    encapsulation: bytes,
    secret_key: bytes,
    info: bytes,
    aad: bytes,
    ciphertext: bytes,
) -> bytes:
    """OpenBase."""
    context = set_up_receiver((kem, kdf, cipher), encapsulation, secret_key, info)
    return open_message(call, context, 0, aad, ciphertext)


def send_export_base(
    call: Call,
    kem: int,
    kdf: int,
    cipher: int,
    public_key: bytes,
    info: bytes,
    exporter_context: bytes,
    size: int,
    ikm: bytes,
) -> tuple[bytes, bytes]:
    """SendExportBase."""
    encapsulation, context = set_up_sender((kem, kdf, cipher), public_key, info, ikm)
    return encapsulation, export_secret(call, context, exporter_context, size)


def receive_export_base(
    call: Call,
    kem: int,
    kdf: int,
    cipher: int,
    encapsulation: bytes,
    secret_key: bytes,
    info: bytes,
    exporter_context: bytes,
    size: int,
) -> bytes:
    """ReceiveExportBase."""
    context = set_up_receiver((kem, kdf, cipher), encapsulation, secret_key, info)
    return export_secret(call, context, exporter_context, size)


# --- The declaration ------------------------------------------------------------------------

BOUNDS: dict[str, abi.Bound] = {
    "publicKey": PUBLIC_KEY_SIZE_MAX,
    "senderPublicKey": PUBLIC_KEY_SIZE_MAX,
    "secretKey": SECRET_KEY_SIZE_MAX,
    "senderSecretKey": SECRET_KEY_SIZE_MAX,
    "enc": ENCAPSULATION_SIZE_MAX,
    "ikmE": RANDOMNESS_SIZE_MAX,
    "ikm": RANDOMNESS_SIZE_MAX,
    "info": TEXT_SIZE_MAX,
    "aad": TEXT_SIZE_MAX,
    "exporterContext": TEXT_SIZE_MAX,
    "psk": PSK_SIZE_MAX,
    "pskId": PSK_SIZE_MAX,
    "plaintext": PLAINTEXT_SIZE_MAX,
    "ciphertext": PLAINTEXT_SIZE_MAX + aead.TAG_SIZE,
    "context": schedule.CONTEXT_SIZE_MAX,
    "exported": EXPORT_SIZE_MAX,
}

# By mechanism: of one agreement, of one more key in it, and of a key pair. Measured: docs/gas.md.
AGREEMENT_GAS = {0x0010: 12_000, 0x0012: 65_000, 0x0020: 12_000, 0x0021: 45_000, 0x647A: 22_000}
AUTH_GAS = {0x0010: 8_000, 0x0012: 50_000, 0x0020: 8_000, 0x0021: 32_000}
KEY_GAS = {0x0010: 5_000, 0x0012: 28_000, 0x0020: 5_000, 0x0021: 18_000, 0x647A: 10_000}


def by_kem(amounts: Mapping[int, int]) -> Listed:
    """Return a price by the number of the mechanism."""
    return Listed(argument="kem", amounts=tuple(amounts.items()))


SET_UP: Expression = (
    Constant(amount=3_000),
    by_kem(AGREEMENT_GAS),
    PerItem(argument="info", amount=1),
)
AUTHENTICATED: Expression = (*SET_UP, by_kem(AUTH_GAS))
EXPORT: Expression = (
    PerUnit(argument="length", amount=8, maximum=EXPORT_SIZE_MAX),
    PerItem(argument="exporterContext", amount=1),
)
SUITE = "uint16 kem, uint16 kdf, uint16 aead"


def declare(
    signature: str, gas: Expression, handler: Callable[..., object], summary: str
) -> Method:
    """Return a method; all of them take or make secrets, and share their bounds."""
    words = signature.replace(",", " ").replace(")", " ").split()
    used = {name: bound for name, bound in BOUNDS.items() if name in words}
    return method(
        signature,
        mutability="view",
        gas=gas,
        handler=handler,
        summary=summary,
        bounds=used,
        secret=True,
    )


def message_gas(argument: str) -> Expression:
    """Return what encrypting or decrypting adds."""
    return (PerItem(argument="aad", amount=1), PerItem(argument=argument, amount=1))


SENDER = "Agree with a public key: what to send, and the context"
RECEIVER = "Agree with what was sent: the context"

METHODS = (
    declare(
        "deriveKeyPair(uint16 kem, bytes ikm) returns (bytes secretKey, bytes publicKey)",
        (Constant(amount=1_000), by_kem(KEY_GAS)),
        derive_key_pair,
        "Make a key pair of input keying material, which is random and as long as a secret key.",
    ),
    declare(
        f"setupBaseS({SUITE}, bytes publicKey, bytes info, bytes ikmE)"
        " returns (bytes enc, bytes context)",
        SET_UP,
        set_up_base_s,
        f"{SENDER}, in base mode. ikmE is fresh randomness, as long as a secret key.",
    ),
    declare(
        f"setupBaseR({SUITE}, bytes enc, bytes secretKey, bytes info) returns (bytes context)",
        SET_UP,
        set_up_base_r,
        f"{RECEIVER}, in base mode.",
    ),
    declare(
        f"setupPSKS({SUITE}, bytes publicKey, bytes info, bytes psk, bytes pskId, bytes ikmE)"
        " returns (bytes enc, bytes context)",
        SET_UP,
        set_up_psk_s,
        f"{SENDER}, with a pre-shared key of at least 32 bytes.",
    ),
    declare(
        f"setupPSKR({SUITE}, bytes enc, bytes secretKey, bytes info, bytes psk, bytes pskId)"
        " returns (bytes context)",
        SET_UP,
        set_up_psk_r,
        f"{RECEIVER}, with a pre-shared key.",
    ),
    declare(
        f"setupAuthS({SUITE}, bytes publicKey, bytes info, bytes senderSecretKey, bytes ikmE)"
        " returns (bytes enc, bytes context)",
        AUTHENTICATED,
        set_up_auth_s,
        f"{SENDER}, authenticated by the sender's key.",
    ),
    declare(
        f"setupAuthR({SUITE}, bytes enc, bytes secretKey, bytes info, bytes senderPublicKey)"
        " returns (bytes context)",
        AUTHENTICATED,
        set_up_auth_r,
        f"{RECEIVER}, authenticated by the sender's key.",
    ),
    declare(
        f"setupAuthPSKS({SUITE}, bytes publicKey, bytes info, bytes psk, bytes pskId,"
        " bytes senderSecretKey, bytes ikmE) returns (bytes enc, bytes context)",
        AUTHENTICATED,
        set_up_auth_psk_s,
        f"{SENDER}, authenticated by both keys.",
    ),
    declare(
        f"setupAuthPSKR({SUITE}, bytes enc, bytes secretKey, bytes info, bytes psk, bytes pskId,"
        " bytes senderPublicKey) returns (bytes context)",
        AUTHENTICATED,
        set_up_auth_psk_r,
        f"{RECEIVER}, authenticated by both keys.",
    ),
    declare(
        "seal(bytes context, uint64 sequence, bytes aad, bytes plaintext)"
        " returns (bytes ciphertext)",
        (Constant(amount=2_000), *message_gas("plaintext")),
        seal,
        "Encrypt. A context must never encrypt two messages with one sequence number.",
    ),
    declare(
        "open(bytes context, uint64 sequence, bytes aad, bytes ciphertext)"
        " returns (bytes plaintext)",
        (Constant(amount=2_000), *message_gas("ciphertext")),
        open_message,
        "Decrypt; reverts when the ciphertext is not authentic.",
    ),
    declare(
        "exportSecret(bytes context, bytes exporterContext, uint256 length)"
        " returns (bytes exported)",
        (Constant(amount=2_000), *EXPORT),
        export_secret,
        "Derive a secret of up to 1,024 bytes.",
    ),
    declare(
        f"sealBase({SUITE}, bytes publicKey, bytes info, bytes aad, bytes plaintext, bytes ikmE)"
        " returns (bytes enc, bytes ciphertext)",
        (*SET_UP, *message_gas("plaintext")),
        seal_base,
        "Encrypt one message to a public key, in base mode.",
    ),
    declare(
        f"openBase({SUITE}, bytes enc, bytes secretKey, bytes info, bytes aad, bytes ciphertext)"
        " returns (bytes plaintext)",
        (*SET_UP, *message_gas("ciphertext")),
        open_base,
        "Decrypt one message, in base mode.",
    ),
    declare(
        f"sendExportBase({SUITE}, bytes publicKey, bytes info, bytes exporterContext,"
        " uint256 length, bytes ikmE) returns (bytes enc, bytes exported)",
        (*SET_UP, *EXPORT),
        send_export_base,
        "Agree on one secret with a public key, in base mode.",
    ),
    declare(
        f"receiveExportBase({SUITE}, bytes enc, bytes secretKey, bytes info,"
        " bytes exporterContext, uint256 length) returns (bytes exported)",
        (*SET_UP, *EXPORT),
        receive_export_base,
        "Agree on one secret with what was sent, in base mode.",
    ),
)

PRECOMPILE = Precompile(
    address=(0x0705).to_bytes(20, "big"),
    family="privacy",
    name="hpke",
    interface="IHPKE",
    version=1,
    summary="Hybrid public-key encryption, RFC 9180",
    methods=METHODS,
    errors=(
        INVALID_KEM,
        INVALID_KDF,
        INVALID_AEAD,
        NOT_AUTHENTICATED,
        INVALID_PUBLIC_KEY,
        INVALID_SECRET_KEY,
        LOW_ORDER_POINT,
        INVALID_PSK,
        INVALID_CONTEXT,
        EXPORT_ONLY,
        OPEN_FAILED,
    ),
    references=("RFC 9180", "draft-connolly-cfrg-xwing-kem", "draft-ietf-hpke-pq"),
)
