"""The control methods of service sessions: parameters in, an answer and effects out.

The daemon checks the types by `METHODS`, calls `run`, stores the effects, sends them, and then
answers. Ids and data are hex without a prefix.
"""

from collections.abc import Callable
from typing import Any

from ..codec import Refused
from .anchoring import ADDRESS_SIZE
from .ids import ID_SIZE
from .outcomes import Emission, observation
from .records import RECORD_DATA_MAX, StepKind
from .service import Engine
from .shares import Effects
from .views import certificate_view, committee_view, epoch_view, requests_view, sessions_view

Params = dict[str, Any]
Answer = tuple[Any, Effects]

KINDS = {"compute": StepKind.COMPUTE, "write": StepKind.WRITE_EXTERNAL}
KINDS["read"] = StepKind.READ_EXTERNAL


def run(engine: Engine, name: str, params: Params, now: int) -> Answer:
    """Run a method whose parameters are there and of their types; raise `Refused` with why not."""
    _, method = METHODS[name]
    return method(engine, params, now)


def _hex(params: Params, name: str, size: int = ID_SIZE) -> bytes:
    try:
        data = bytes.fromhex(params[name])
    except ValueError:
        raise Refused("session: is not hex") from None
    if len(data) != size:
        raise Refused("session: is not an id")
    return data


def _create(engine: Engine, params: Params, now: int) -> Answer:
    session, effects = engine.create(_hex(params, "serviceId"), _hex(params, "txId"), now)
    return {"sessionId": session.hex()}, effects


def _start(engine: Engine, params: Params, now: int) -> Answer:
    return None, engine.start(_hex(params, "sessionId"), now)


def _request(engine: Engine, params: Params, now: int) -> Answer:
    if params["kind"] not in KINDS:
        raise Refused("session: unknown state or kind")
    session, kind = _hex(params, "sessionId"), KINDS[params["kind"]]
    effects = engine.request(session, kind, _hex(params, "txId"), _hex(params, "inputHash"), now)
    computes = kind is StepKind.COMPUTE
    entry = engine.sessions[session]
    return {"requestId": None if computes else entry.requests[-1].id.hex()}, effects


def _submit(engine: Engine, params: Params, now: int) -> Answer:
    try:
        data = bytes.fromhex(params["data"])
    except ValueError:
        raise Refused("session: is not hex") from None
    return None, engine.submit(_hex(params, "requestId"), data, now)


def _observe(engine: Engine, params: Params, now: int) -> Answer:
    """Submit what the notary is to agree on."""
    try:
        events = [_event(event) for event in params["events"]]
        data = observation(bytes.fromhex(params["output"]), events)
    except ValueError:
        raise Refused("session: malformed observation") from None
    if len(data) > RECORD_DATA_MAX:
        raise Refused("session: record is too long")
    return None, engine.submit(_hex(params, "requestId"), data, now)


def _event(event: Any) -> Emission:
    if not isinstance(event, dict) or event.keys() != {"kind", "target", "payload"}:
        raise Refused("session: malformed observation")
    kind, payload = event["kind"], event["payload"]
    if type(kind) is not int or not 0 <= kind < 256:
        raise Refused("session: malformed observation")
    if not isinstance(payload, str) or not isinstance(event["target"], str):
        raise Refused("session: malformed observation")
    target = _hex(event, "target", ADDRESS_SIZE)
    return Emission(kind=kind, target=target, payload=bytes.fromhex(payload))


def _commit(engine: Engine, params: Params, now: int) -> Answer:
    return None, engine.commit(_hex(params, "requestId"), now)


def _complete(engine: Engine, params: Params, now: int) -> Answer:
    return None, engine.complete(_hex(params, "sessionId"), _hex(params, "outputHash"), now)


def _finalize(engine: Engine, params: Params, now: int) -> Answer:
    return None, engine.finalize(_hex(params, "sessionId"), now)


def _fail(engine: Engine, params: Params, now: int) -> Answer:
    return None, engine.fail(_hex(params, "sessionId"), now)


def _sessions(engine: Engine, _: Params, now: int) -> Answer:
    return sessions_view(engine), Effects(now=now)


def _requests(engine: Engine, _: Params, now: int) -> Answer:
    return requests_view(engine), Effects(now=now)


def _committee(engine: Engine, _: Params, now: int) -> Answer:
    return committee_view(engine, now), Effects(now=now)


def _epoch(engine: Engine, params: Params, now: int) -> Answer:
    return epoch_view(engine, params["epoch"]), Effects(now=now)


def _certificate(engine: Engine, params: Params, now: int) -> Answer:
    contract = _hex(params, "contract", ADDRESS_SIZE)
    view = certificate_view(engine, params["kind"], params["chainId"], contract, params["epoch"])
    return view, Effects(now=now)


Method = Callable[[Engine, Params, int], Answer]

# Name -> the parameters and their JSON types, and what does it.
METHODS: dict[str, tuple[dict[str, type], Method]] = {
    "ServiceCreate": ({"serviceId": str, "txId": str}, _create),
    "ServiceStart": ({"sessionId": str}, _start),
    "ServiceRequest": (
        {"sessionId": str, "kind": str, "txId": str, "inputHash": str},
        _request,
    ),
    "ServiceSubmit": ({"requestId": str, "data": str}, _submit),
    "ServiceObserve": ({"requestId": str, "output": str, "events": list}, _observe),
    "ServiceCommit": ({"requestId": str}, _commit),
    "ServiceComplete": ({"sessionId": str, "outputHash": str}, _complete),
    "ServiceFinalize": ({"sessionId": str}, _finalize),
    "ServiceFail": ({"sessionId": str}, _fail),
    "ServiceSessions": ({}, _sessions),
    "ServiceRequests": ({}, _requests),
    "ServiceCommittee": ({}, _committee),
    "GetEpoch": ({"epoch": int}, _epoch),
    "GetCertificate": (
        {"kind": str, "chainId": int, "contract": str, "epoch": int},
        _certificate,
    ),
}
