"""The published vectors: by our code, and once more by SHA-256 and the chain's own trees alone."""

from hashlib import sha256

from chain.dao import anchors
from node.session import anchoring, ids, merkle
from node.session.committees import quorum_size, select_committee
from node.session.encoding import GO_ZERO_TIME, encode_session_go, encode_step
from node.session.ids import Domain
from node.session.messages import Message, MessageType, decode_message, frame
from node.session.records import Session, Step, StepKind
from node.session.states import SessionState


def raw(case, *names):
    return [bytes.fromhex(case[name]) for name in names]


def plain(*parts):
    return sha256(b"".join(parts)).hexdigest()


def test_hashes(vectors, h):
    for case in vectors["hash"]:
        assert h(case["input"]).hex() == case["hash"]
    for case in vectors["hash_with_domain"]:
        made = ids.hash_with_domain(case["domain"].encode(), case["input"].encode())
        assert made.hex() == case["hash"]


def test_session_ids(vectors):
    for case in vectors["session_id"]:
        service, tx = raw(case, "service_id", "tx_id")
        assert ids.session_id(service, case["epoch"], tx).hex() == case["id"]
        number = case["epoch"].to_bytes(8, "big")
        assert plain(b"LUX:Session:v1", service, number, tx) == case["id"]


def test_request_ids(vectors):
    for case in vectors["request_id"]:
        service, session, tx = raw(case, "service_id", "session_id", "tx_id")
        made = ids.request_id(service, session, tx, case["step"], case["retry"])
        numbers = case["step"].to_bytes(4, "big") + case["retry"].to_bytes(4, "big")

        assert made.hex() == case["id"]
        assert plain(b"LUX:OracleRequest:v1", service, session, numbers, tx) == case["id"]


def test_attestation_ids(vectors):
    for case in vectors["attestation_id"]:
        subject, commitment = raw(case, "subject", "commitment")
        domain = Domain(case["domain"])
        payload = ids.signing_payload(domain, subject, commitment, case["epoch"])

        assert ids.attestation_id(domain, subject, commitment, case["epoch"]).hex() == case["id"]
        assert sha256(payload).hexdigest() == case["id"]
        assert len(payload) == len(f"LUX:QuantumAttest:{domain}:v1") + 72


def test_receipt_beacon_and_record_ids(vectors):
    for case in vectors["receipt_id"]:
        session, message, sender, receiver = raw(
            case, "session_id", "message", "sender", "receiver"
        )
        made = ids.receipt_id(session, case["step"], message, sender, receiver)
        assert made.hex() == case["id"]
    for case in vectors["beacon_id"]:
        made = ids.beacon_id(case["epoch"], *raw(case, "randomness", "previous"))
        assert made.hex() == case["id"]
    for case in vectors["record_id"]:
        assert ids.record_id(*raw(case, "request_id", "submitter", "data")).hex() == case["id"]


def test_trees(vectors):
    for case in vectors["merkle"]:
        leaves = [bytes.fromhex(leaf) for leaf in case["leaves"]]
        assert merkle.merkle_root(leaves).hex() == case["root"]
    for case in vectors["merkle_proof"]:
        leaves = [bytes.fromhex(leaf) for leaf in case["leaves"]]
        proof = merkle.merkle_proof(leaves, case["index"])

        assert [sibling.hex() for sibling in proof.siblings] == case["siblings"]
        assert list(proof.is_left) == case["is_left"]


def test_committees(vectors):
    for case in vectors["committee"]:
        nodes = [sha256(bytes([number])).digest() for number in range(case["nodes"])]
        randomness, service = raw(case, "randomness", "service_id")
        chosen = select_committee(
            randomness, service, case["epoch"], nodes, seats_max=case["seats_max"]
        )
        assert [nodes.index(node) for node in chosen] == case["order"]
    for seats, quorum in vectors["quorum"].items():
        assert quorum_size(int(seats)) == quorum


def test_layouts_of_go(vectors):
    for case in vectors["go_session"]:
        name, service = raw(case, "id", "service_id")
        session = Session(
            id=name,
            service_id=service,
            epoch=case["epoch"],
            tx_id=bytes(32),
            committee=tuple(bytes.fromhex(node) for node in case["committee"]),
            state=SessionState(case["state"]),
            created_at=case["created_at"],
            finalized_at=case["finalized_at"],
        )
        made = encode_session_go(session)
        assert (len(made), sha256(made).hexdigest()) == (case["size"], case["sha256"])
    assert vectors["go_session"][0]["finalized_at"] == GO_ZERO_TIME
    for case in vectors["go_step"]:
        request, tx, input_hash = raw(case, "request_id", "tx_id", "input_hash")
        step = Step(
            step_index=case["step_index"],
            kind=StepKind(case["kind"]),
            request_id=request,
            tx_id=tx,
            input_hash=input_hash,
            started_at=case["started_at"],
            completed_at=case["completed_at"],
        )
        made = encode_step(step)
        assert (len(made), sha256(made).hexdigest()) == (case["size"], case["sha256"])


def test_frames(vectors):
    for case in vectors["frame"]:
        sender, recipient, payload = raw(case, "sender", "recipient", "payload")
        message = Message(
            type=MessageType(case["type"]),
            sender=sender,
            recipient=recipient,
            payload=payload,
            time=case["time"],
        )
        framed = frame(message.encode())

        assert framed.hex() == case["frame"]
        assert decode_message(framed[4:]) == message


def test_anchoring(vectors):
    case = vectors["anchoring"]
    chain_id, epoch = case["chain_id"], case["epoch"]
    contract, previous, root = raw(case, "contract", "previous_root", "root")
    names = ("session_id", "output_hash", "oracle_root", "receipts_root")
    hashes = []
    for given in case["leaves"]:
        session, output, oracle, receipts = raw(given, *names)
        fields = {"output_hash": output, "oracle_root": oracle, "receipts_root": receipts}
        leaf = anchoring.SessionLeaf(
            session_id=session, state=SessionState(given["state"]), **fields
        )
        twin = anchors.SessionLeaf(session_id=session, state=given["state"], **fields)

        assert leaf.hash().hex() == twin.hash().hex() == given["hash"]
        hashes.append(leaf.hash())
    count = len(hashes)

    assert anchoring.session_root(chain_id, epoch, hashes) == root
    assert anchors.session_root(chain_id, epoch, hashes) == root
    for index, given in enumerate(case["leaves"]):
        proof = [sibling.hex() for sibling in anchoring.proof_of(hashes, index)]
        assert proof == given["proof"]
    statement = anchoring.anchor_statement(chain_id, contract, epoch, root, count, previous)
    assert statement.payload().hex() == case["attestation"]


def test_events(vectors):
    case = vectors["anchoring"]
    contract, root = raw(case, "contract", "event_root")
    hashes = []
    for given in case["events"]:
        session, target, payload = raw(given, "session_id", "target", "payload")
        fields = {"number": given["number"], "session_id": session, "kind": given["kind"]}
        event = anchoring.Event(**fields, target=target, payload=payload)
        twin = anchors.Event(**fields, target=target, payload=payload)

        assert event.hash().hex() == twin.hash().hex() == given["hash"]
        hashes.append(event.hash())
    first = case["events"][0]["number"]

    made = anchoring.event_root(case["chain_id"], case["epoch"], first, hashes)
    assert made == root
    statement = anchoring.event_statement(case["chain_id"], contract, case["epoch"], root)
    assert statement.payload().hex() == case["event_attestation"]
