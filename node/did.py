"""`did:pars`: documents that an account signs itself, and anybody checks without a registry.

The identifier is the account id, a hash of the account's keys, so the first entry of a log proves
itself and every later one is signed by the key that it proved. A log is what travels; a document
is what it resolves to, after DID Core 1.0. A log holds entries in order, one canonical JSON object
a line (RFC 8785, without numbers that are not integers, and with names in ASCII).
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass, field, replace
from typing import Any

from . import crypto
from .codec import Refused
from .crypto import HYBRID_PUBLIC, SIGNATURE, SIGNING_PUBLIC, X25519_PUBLIC
from .identity import (
    BUNDLE,
    AccountBundle,
    AccountKeys,
    DevicePublic,
    account_text,
    parse_account,
)

PREFIX = "did:pars:"
VERSION = 1
SIGNING_CONTEXT = b"pars/did/v1"
CREATE, UPDATE, REVOKE, DEACTIVATE = "create", "update", "revoke", "deactivate"

ENTRIES_MAX = 256
ENTRY_MAX = 64 << 10
LOG_MAX = 2 << 20
ENTRIES_KEPT = 8  # of those, and of bytes, for revoking every device and deactivating
BYTES_KEPT = 64 << 10
DEPTH_MAX = 8
DEVICES_MAX = 5
NUMBER_MAX = 2**32 - 1
SERVICES_MAX = 16
DAYS_MAX = 10**6
INTEGER_MAX = 2**53 - 1  # what every JSON parser keeps exactly

SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}")
SERVICE_ENDPOINT = re.compile(r"[a-z][a-z0-9+.-]{0,31}:[!-~]{1,255}")

# Multicodec's registered codes, as unsigned varints.
ML_DSA_87, ML_KEM_1024 = b"\x92\x24", b"\x8d\x24"
X25519, ED25519 = b"\xec\x01", b"\xed\x01"
CONTEXTS = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]

Object = dict[str, Any]


@dataclass(frozen=True)
class Service:
    """Where the subject offers something; give no address of a machine here."""

    name: str
    kind: str
    endpoint: str


@dataclass(frozen=True)
class Resolution:
    """What a log says now."""

    account: AccountBundle
    devices: dict[int, DevicePublic]
    services: tuple[Service, ...]
    revoked: frozenset[int] = frozenset()
    active: bool = True
    entries: int = 1
    created: int = 0  # day, counted from 1970
    updated: int = 0
    head: str = field(default="", repr=False)  # hash of the last entry
    size: int = 0  # of the log

    @property
    def did(self) -> str:
        """The identifier."""
        return did_of(self.account.account_id)


def did_of(account_id: bytes) -> str:
    """Return the identifier of an account."""
    return PREFIX + account_text(account_id)


def parse(did: str) -> bytes:
    """Return the account id of an identifier; a link to an account is none."""
    if not did.startswith(PREFIX) or not did.removeprefix(PREFIX).isalnum():
        raise Refused("did: not a did:pars")
    return parse_account(did.removeprefix(PREFIX))


# --- Making a log ------------------------------------------------------------------------------


def create(
    account: AccountKeys, devices: dict[int, DevicePublic], services: tuple[Service, ...], day: int
) -> bytes:
    """Return a new log."""
    bundle = account.bundle()
    body = _content(devices, services) | {"bundle": _base64(bundle)}
    did = did_of(account.account_id)
    log = _signed(account, _entry(did, 0, "", CREATE, day) | body)
    resolve(did, log)
    return log


def update(
    log: bytes,
    account: AccountKeys,
    devices: dict[int, DevicePublic],
    services: tuple[Service, ...],
    day: int,
) -> bytes:
    """Return the log with these devices and services in the place of those it had."""
    return _appended(log, account, UPDATE, day, _content(devices, services))


def revoke(log: bytes, account: AccountKeys, device: int, day: int) -> bytes:
    """Return the log without a device, whose number never returns."""
    return _appended(log, account, REVOKE, day, {"device": device})


def deactivate(log: bytes, account: AccountKeys, day: int) -> bytes:
    """Return the log with its last entry: the account speaks no more."""
    return _appended(log, account, DEACTIVATE, day, {})


def _appended(log: bytes, account: AccountKeys, operation: str, day: int, body: Object) -> bytes:
    did = did_of(account.account_id)
    now = resolve(did, log)
    longer = log + _signed(account, _entry(did, now.entries, now.head, operation, day) | body)
    resolve(did, longer)
    return longer


def _entry(did: str, number: int, previous: str, operation: str, day: int) -> Object:
    return {
        "version": VERSION,
        "did": did,
        "number": number,
        "previous": previous,
        "operation": operation,
        "day": day,
    }


def _content(devices: dict[int, DevicePublic], services: tuple[Service, ...]) -> Object:
    return {
        "devices": [
            {"number": number, "signing": _base64(keys.signing), "hybrid": _base64(keys.hybrid)}
            for number, keys in sorted(devices.items())
        ],
        "services": [
            {"name": service.name, "kind": service.kind, "endpoint": service.endpoint}
            for service in services
        ],
    }


def _signed(account: AccountKeys, entry: Object) -> bytes:
    signature = account.signing.sign(canonical(entry), SIGNING_CONTEXT)
    return canonical(entry | {"proof": _base64(signature)}) + b"\n"


# --- Resolving ---------------------------------------------------------------------------------


def resolve(did: str, log: bytes) -> Resolution:
    """Check a whole log and return what it says; anything that breaks a rule refuses all of it."""
    account_id = parse(did)
    lines = log.split(b"\n", ENTRIES_MAX + 1)
    if len(log) > LOG_MAX or len(lines) > ENTRIES_MAX + 1:
        raise Refused("did: log is too long")
    if len(lines) < 2 or lines.pop():
        raise Refused("did: log without an entry, or an unfinished one")
    now: Resolution | None = None
    for line in lines:
        entry = _parsed(line)
        now = _created(entry, account_id) if now is None else _changed(entry, now)
        now = replace(now, head=crypto.sha256(line).hex(), size=now.size + len(line) + 1)
        last = entry["operation"] in (REVOKE, DEACTIVATE)
        if not last and (
            now.entries > ENTRIES_MAX - ENTRIES_KEPT or now.size > LOG_MAX - BYTES_KEPT
        ):
            raise Refused("did: log has room for revocations only")
    assert now is not None
    return now


def longest(did: str, known: bytes, offered: bytes) -> bytes:
    """Return the longer of two logs of which one continues the other.

    Two that part are the work of whoever else has the account's key: neither is to be believed.
    """
    resolve(did, known)
    resolve(did, offered)
    shorter, longer = sorted((known, offered), key=len)
    if not longer.startswith(shorter):
        raise Refused("did: two logs of one account part")
    return longer


def _created(entry: Object, account_id: bytes) -> Resolution:
    _has_fields(entry, {"bundle", "devices", "services"})
    _follows(entry, did_of(account_id), 0, "", 0)
    if entry["operation"] != CREATE:
        raise Refused("did: log does not begin with its creation")
    account = AccountBundle.decode(_bytes(entry["bundle"], BUNDLE))
    if account.account_id != account_id:
        raise Refused("did: keys of another account")
    _verify(entry, account)
    day = entry["day"]
    devices, services = _devices(entry["devices"]), _services(entry["services"])
    return Resolution(account, devices, services, created=day, updated=day)


def _changed(entry: Object, now: Resolution) -> Resolution:
    if not now.active:
        raise Refused("did: entry after the deactivation")
    _follows(entry, now.did, now.entries, now.head, now.updated)
    operation = entry["operation"]
    then = replace(now, entries=now.entries + 1, updated=entry["day"])
    if operation == UPDATE:
        _has_fields(entry, {"devices", "services"})
        devices = _devices(entry["devices"])
        if now.revoked & devices.keys():
            raise Refused("did: revoked device returns")
        then = replace(then, devices=devices, services=_services(entry["services"]))
    elif operation == REVOKE:
        _has_fields(entry, {"device"})
        number = _integer(entry["device"], NUMBER_MAX)
        if number not in now.devices:
            raise Refused("did: no such device")
        devices = {other: keys for other, keys in now.devices.items() if other != number}
        then = replace(then, devices=devices, revoked=now.revoked | {number})
    elif operation == DEACTIVATE:
        _has_fields(entry, set())
        then = replace(then, devices={}, services=(), active=False)
    else:
        raise Refused("did: unknown operation")
    _verify(entry, now.account)
    return then


def _follows(entry: Object, did: str, number: int, previous: str, day: int) -> None:
    if entry.get("version") != VERSION:
        raise Refused("did: entry of another version")
    if entry.get("did") != did:
        raise Refused("did: entry of another account")
    if _integer(entry.get("number"), ENTRIES_MAX) != number or entry.get("previous") != previous:
        raise Refused("did: entry out of order")
    if _integer(entry.get("day"), DAYS_MAX) < day:
        raise Refused("did: entry before the one it follows")


def _has_fields(entry: Object, more: set[str]) -> None:
    if entry.keys() != {"version", "did", "number", "previous", "operation", "day", "proof"} | more:
        raise Refused("did: fields of an entry")


def _verify(entry: Object, account: AccountBundle) -> None:
    signature = _bytes(entry["proof"], SIGNATURE)
    body = canonical({name: value for name, value in entry.items() if name != "proof"})
    if not crypto.verify(account.signing, body, signature, SIGNING_CONTEXT):
        raise Refused("did: entry is not signed by its account")


def _devices(listed: Any) -> dict[int, DevicePublic]:
    if not isinstance(listed, list) or len(listed) > DEVICES_MAX:
        raise Refused("did: list of devices")
    devices: dict[int, DevicePublic] = {}
    for device in listed:
        if not isinstance(device, dict) or device.keys() != {"number", "signing", "hybrid"}:
            raise Refused("did: fields of a device")
        number = _integer(device["number"], NUMBER_MAX)
        if devices and number <= max(devices):
            raise Refused("did: devices out of order")
        signing = _bytes(device["signing"], SIGNING_PUBLIC)
        devices[number] = DevicePublic(signing, _bytes(device["hybrid"], HYBRID_PUBLIC))
    return devices


def _services(listed: Any) -> tuple[Service, ...]:
    if not isinstance(listed, list) or len(listed) > SERVICES_MAX:
        raise Refused("did: list of services")
    services = []
    for service in listed:
        if not isinstance(service, dict) or service.keys() != {"name", "kind", "endpoint"}:
            raise Refused("did: fields of a service")
        if not all(isinstance(value, str) for value in service.values()):
            raise Refused("did: fields of a service")
        made = Service(service["name"], service["kind"], service["endpoint"])
        names = SERVICE_NAME.fullmatch(made.name) and SERVICE_NAME.fullmatch(made.kind)
        if not names or not SERVICE_ENDPOINT.fullmatch(made.endpoint):
            raise Refused("did: name or endpoint of a service")
        services.append(made)
    if len({service.name for service in services}) < len(services):
        raise Refused("did: two services of one name")
    return tuple(services)


# --- The document ------------------------------------------------------------------------------


def document(now: Resolution) -> Object:
    """Return the DID document. A deactivated one has nothing but its name."""
    did = now.did
    if not now.active:
        return {"@context": CONTEXTS[:1], "id": did}
    account = DevicePublic(now.account.signing, now.account.hybrid)
    keys = _methods(did, "account", account)
    keys.append(_method(did, "account-ed25519", ED25519, now.account.ed25519))
    for number, device in now.devices.items():
        keys += _methods(did, f"device-{number}", device)
    signing = [key["id"] for key in keys if key["id"].endswith("-ml-dsa-87")]
    agreement = [key["id"] for key in keys if key["id"].endswith(("-x25519", "-ml-kem-1024"))]
    return {
        "@context": CONTEXTS,
        "id": did,
        "verificationMethod": keys,
        "authentication": signing,
        "assertionMethod": signing,
        "capabilityInvocation": signing[:1],  # the account's own: it alone changes the document
        "capabilityDelegation": signing[:1],
        "keyAgreement": agreement,
        "service": [
            {"id": f"{did}#{service.name}", "type": service.kind, "serviceEndpoint": endpoint}
            for service in now.services
            for endpoint in [service.endpoint]
        ],
    }


def metadata(now: Resolution) -> Object:
    """Return the document's metadata; times are days, as coarse as all of ours."""
    return {
        "createdDay": now.created,
        "updatedDay": now.updated,
        "versionId": str(now.entries - 1),
        "deactivated": not now.active,
    }


def _methods(did: str, name: str, keys: DevicePublic) -> list[Object]:
    """Return a signing key, and both halves of the key agreement, which is done with both."""
    return [
        _method(did, f"{name}-ml-dsa-87", ML_DSA_87, keys.signing),
        _method(did, f"{name}-x25519", X25519, keys.hybrid[:X25519_PUBLIC]),
        _method(did, f"{name}-ml-kem-1024", ML_KEM_1024, keys.hybrid[X25519_PUBLIC:]),
    ]


def _method(did: str, name: str, code: bytes, key: bytes) -> Object:
    return {
        "id": f"{did}#{name}",
        "type": "Multikey",
        "controller": did,
        "publicKeyMultibase": "u" + _base64(code + key),
    }


# --- Canonical JSON ----------------------------------------------------------------------------


def canonical(value: Object) -> bytes:
    """Return the one encoding of an object (RFC 8785)."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), sort_keys=True
    ).encode("utf-8")


def _parsed(line: bytes) -> Object:
    """Read an entry in its one encoding."""
    if len(line) > ENTRY_MAX or line.count(b"{") + line.count(b"[") > 100:
        raise Refused("did: entry is too large")
    try:
        entry = json.loads(line.decode("utf-8"))
        same = isinstance(entry, dict) and _is_plain(entry, DEPTH_MAX) and canonical(entry) == line
    except (ValueError, RecursionError):  # decoding errors are values' errors
        raise Refused("did: entry is not JSON") from None
    if not same:
        raise Refused("did: entry is not in its one encoding")
    found: Object = entry
    return found


def _is_plain(value: Any, depth: int) -> bool:
    """Tell whether this is made of objects, lists, texts and small integers only."""
    if depth == 0:
        return False
    if isinstance(value, dict):
        names = all(name.isascii() for name in value)
        return names and all(_is_plain(item, depth - 1) for item in value.values())
    if isinstance(value, list):
        return all(_is_plain(item, depth - 1) for item in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) <= INTEGER_MAX
    return isinstance(value, str)


def _integer(value: Any, limit: int) -> int:
    if not isinstance(value, int) or not 0 <= value <= limit:
        raise Refused("did: number out of bounds")
    return value


def _bytes(text: Any, size: int) -> bytes:
    """Read base64url without padding, in its one encoding."""
    if not isinstance(text, str) or len(text) != -(-size * 4 // 3):
        raise Refused("did: length of a key or signature")
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise Refused("did: not base64url") from None
    if _base64(data) != text:
        raise Refused("did: not base64url")
    return data


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
