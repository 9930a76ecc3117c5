"""What the control API tells of epochs and sessions, as JSON objects. Hex has no prefix."""

import json
from typing import Any

from ..codec import Reader, Refused
from .epochs import Chain, Content
from .records import JSON_MAX, to_dict
from .service import Engine


def epoch_view(engine: Engine, number: int) -> dict[str, Any]:
    """Return an epoch; 0 is the one that is open."""
    if number in (0, engine.epoch):
        return _content_view(engine.open_content(), engine.settings.chain, closed=False)
    closed = engine.closed(number)
    if closed is None:
        raise Refused("epoch: unknown")
    return _content_view(closed.content, engine.settings.chain, closed=True)


def _content_view(content: Content, chain: Chain, closed: bool) -> dict[str, Any]:
    return {
        "epoch": content.epoch,
        "closed": closed,
        "count": len(content.leaves),
        "root": content.root(chain).hex(),
        "previousRoot": content.previous_root.hex(),
        "leaves": [
            {
                "sessionId": leaf.session_id.hex(),
                "state": int(leaf.state),
                "outputHash": leaf.output_hash.hex(),
                "oracleRoot": leaf.oracle_root.hex(),
                "receiptsRoot": leaf.receipts_root.hex(),
            }
            for leaf in content.leaves
        ],
        "firstEvent": content.first_event,
        "eventsRoot": content.events_root(chain).hex(),
        "events": [
            {
                "number": event.number,
                "sessionId": event.session_id.hex(),
                "kind": event.kind,
                "target": event.target.hex(),
                "payload": event.payload.hex(),
            }
            for event in content.events
        ],
    }


def certificate_view(
    engine: Engine, kind: str, chain_id: int, contract: bytes, number: int
) -> dict[str, Any]:
    """Return who signed an epoch's root for the anchor, or its events for the relay."""
    chain = engine.settings.chain
    contracts = {"anchor": chain.anchor, "events": chain.relay}
    if kind not in contracts or (chain.chain_id, contracts[kind]) != (chain_id, contract):
        raise Refused("epoch: not signed for this contract")
    closed = engine.closed(number)
    if closed is None:
        raise Refused("epoch: not closed")
    if kind == "events" and not closed.content.events:
        raise Refused("epoch: has no events")
    certificate = closed.certificates[0 if kind == "anchor" else 1]
    return {
        "subject": certificate.statement.subject.hex(),
        "commitment": certificate.statement.commitment.hex(),
        "epoch": number,
        "signatures": [
            {
                "publicKeyHash": engine.nodes[seat].hex(),
                "publicKey": engine.keys[seat].hex(),
                "signature": signature.hex(),
            }
            for seat, signature in certificate.by_seat().items()
        ],
    }


def sessions_view(engine: Engine) -> list[dict[str, Any]]:
    """Return the sessions that are not over: their records, who leads, who has submitted so far."""
    return [
        {
            **to_dict(entry.session),
            "leader": entry.creator.hex(),
            "submitted": [
                record.submitter_id.hex()
                for record in (entry.requests[-1].records if entry.requests else ())
            ],
        }
        for entry in engine.sessions.values()
    ]


def evidence_view(node: bytes, data: bytes) -> dict[str, Any]:
    """Return two attestations that one member signed, as they were kept."""
    reader = Reader(data)
    first, second = (json.loads(reader.sized(JSON_MAX)) for _ in range(2))
    reader.end()
    return {"node": node.hex(), "first": first, "second": second}


def committee_view(engine: Engine, now: int) -> dict[str, Any]:
    """Return who sits on the committee, and when each was last heard of."""
    return {
        "epoch": engine.epoch,
        "quorum": engine.quorum,
        "sessions": len(engine.sessions),
        "waiting": len(engine.results),
        "members": [
            {
                "node": node.hex(),
                "own": seat == engine.me,
                "heardSecondsAgo": (now - engine.last_seen[seat]) // 1000
                if seat in engine.last_seen
                else None,
                "accused": node in engine.accused,
            }
            for seat, node in enumerate(engine.nodes)
        ],
    }
