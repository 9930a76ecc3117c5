"""Messages between nodes: types, bytes, frames, and the payloads of service sessions.

The frame is Go's. It names sender and receiver, so it is only ever carried inside an encrypted
link; in all but the messages of service sessions both are zero. A signature is over everything
before it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import IntEnum

from ..codec import Reader, Refused, sized, u8, u32, u64
from ..crypto import SIGNATURE, SigningKey, verify
from .committees import SEATS_MAX
from .ids import EMPTY, ID_SIZE
from .records import RECORD_DATA_MAX, StepKind

FRAME_MAX = 1 << 20
HEADER_SIZE = 4
OVERHEAD = 1 + 2 * ID_SIZE + 4 + 8 + 4  # All of a message but payload and signature.
PAYLOAD_MAX = FRAME_MAX - OVERHEAD - SIGNATURE
LABEL = b"pars/message/v1"


class MessageType(IntEnum):
    """What a message is about. The first six are the founding document's."""

    HANDSHAKE = 0
    SESSION_CREATE = 1
    ORACLE_REQUEST = 2
    ATTESTATION = 3
    RECEIPT = 4
    HEARTBEAT = 5
    SESSION_START = 6
    ORACLE_RECORD = 7
    ORACLE_COMMIT = 8
    PING = 9
    PONG = 10
    # Gossip of the mesh: the first four are its document's, in its order.
    MESH_PUSH = 0x20
    MESH_PULL = 0x21
    MESH_HAVE = 0x22
    MESH_WANT = 0x23
    MESH_TOPICS = 0x24
    MESH_SYNC = 0x25
    MESH_STORED = 0x26
    # The table of nodes, light clients of the chain, and links through a third node.
    DHT_ASK = 0x30
    DHT_ANSWER = 0x31
    CHAIN_ASK = 0x38
    CHAIN_ANSWER = 0x39
    CIRCUIT_OPEN = 0x3C
    CIRCUIT_DATA = 0x3D
    CIRCUIT_CLOSE = 0x3E
    # First contact of two people, by a secret from an invite.
    PAIRING = 0x3F
    ONION = 0x40
    DIRECTORY = 0x41
    # Between the members of a committee.
    SHARE = 0x50
    CERTIFICATE = 0x51
    PROPOSAL = 0x52
    VOTE = 0x53
    WANT = 0x54
    EPOCH = 0x55


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. A recipient of zeros is everybody; time is in nanoseconds."""

    type: MessageType
    payload: bytes = b""
    sender: bytes = EMPTY
    recipient: bytes = EMPTY
    time: int = 0
    signature: bytes = b""

    def unsigned(self) -> bytes:
        """Return what is before the signature."""
        time = self.time.to_bytes(8, "big", signed=True)
        return u8(self.type) + self.sender + self.recipient + sized(self.payload) + time

    def encode(self) -> bytes:
        """Return the bytes of the message, without its frame."""
        data = self.unsigned() + sized(self.signature)
        if len(data) > FRAME_MAX:
            raise ValueError("message: too long")
        return data

    def signed(self, key: SigningKey) -> "Message":
        """Return it with its sender's signature."""
        return replace(self, signature=key.sign(self.unsigned(), LABEL))

    def is_signed_by(self, public_key: bytes) -> bool:
        """Tell whether the key's owner signed it."""
        return verify(public_key, self.unsigned(), self.signature, LABEL)


def decode_message(data: bytes) -> Message:
    """Return the message of bytes."""
    if len(data) > FRAME_MAX:
        raise Refused("message: too long")
    reader = Reader(data)
    number = reader.u8()
    if number not in set(MessageType):
        raise Refused("message: unknown type")
    sender, recipient = reader.take(ID_SIZE), reader.take(ID_SIZE)
    payload = reader.sized(FRAME_MAX)
    time = int.from_bytes(reader.take(8), "big", signed=True)
    signature = reader.sized(SIGNATURE)
    reader.end()
    if len(signature) not in (0, SIGNATURE):
        raise Refused("message: wrong length of signature")
    return Message(
        type=MessageType(number),
        payload=payload,
        sender=sender,
        recipient=recipient,
        time=time,
        signature=signature,
    )


def frame(data: bytes) -> bytes:
    """Return a message's bytes behind their length."""
    if len(data) > FRAME_MAX:
        raise ValueError("message: too long")
    return sized(data)


class FrameReader:
    """Cuts a stream into frames. It keeps less than one frame, and stops at one too long."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._stopped = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield the frames that are whole; the rest waits for more."""
        if self._stopped:
            raise Refused("message: stream has ended")
        view = memoryview(data)
        while True:
            if len(self._buffer) < HEADER_SIZE:
                taken = HEADER_SIZE - len(self._buffer)
            else:
                size = int.from_bytes(self._buffer[:HEADER_SIZE], "big")
                if size > FRAME_MAX:
                    self._stopped = True
                    self._buffer.clear()
                    raise Refused("message: frame too long")
                taken = HEADER_SIZE + size - len(self._buffer)
                if not taken:
                    whole = bytes(self._buffer[HEADER_SIZE:])
                    self._buffer.clear()
                    yield whole
                    continue
            if not view:
                return
            self._buffer += view[:taken]
            view = view[taken:]


# --- Payloads -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCreate:
    """Asks for a session."""

    service_id: bytes
    epoch: int
    tx_id: bytes
    committee: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Return the payload."""
        seats = u32(len(self.committee)) + b"".join(self.committee)
        return self.service_id + u64(self.epoch) + self.tx_id + seats


def decode_session_create(data: bytes) -> SessionCreate:
    """Return what a payload of this type says."""
    reader = Reader(data)
    service, epoch, tx_id = reader.take(ID_SIZE), reader.u64(), reader.take(ID_SIZE)
    count = reader.u32()
    if count > SEATS_MAX:
        raise Refused("message: too many seats")
    committee = tuple(reader.take(ID_SIZE) for _ in range(count))
    reader.end()
    return SessionCreate(service_id=service, epoch=epoch, tx_id=tx_id, committee=committee)


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleRequestPayload:
    """Begins a step of a session."""

    session_id: bytes
    kind: StepKind
    tx_id: bytes
    input_hash: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        return self.session_id + u8(self.kind) + self.tx_id + self.input_hash


def decode_oracle_request(data: bytes) -> OracleRequestPayload:
    """Return what a payload of this type says."""
    reader = Reader(data)
    session, kind = reader.take(ID_SIZE), reader.u8()
    tx_id, input_hash = reader.take(ID_SIZE), reader.take(ID_SIZE)
    reader.end()
    if kind not in set(StepKind):
        raise Refused("message: unknown kind of step")
    return OracleRequestPayload(
        session_id=session, kind=StepKind(kind), tx_id=tx_id, input_hash=input_hash
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleRecordPayload:
    """Submits a record to a request."""

    request_id: bytes
    submitter_id: bytes
    data: bytes
    signature: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        return self.request_id + self.submitter_id + sized(self.data) + sized(self.signature)


def decode_oracle_record(data: bytes) -> OracleRecordPayload:
    """Return what a payload of this type says."""
    reader = Reader(data)
    made = OracleRecordPayload(
        request_id=reader.take(ID_SIZE),
        submitter_id=reader.take(ID_SIZE),
        data=reader.sized(RECORD_DATA_MAX),
        signature=reader.sized(SIGNATURE),
    )
    reader.end()
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestationPayload:
    """Says what a step came to, and under which attestation."""

    session_id: bytes
    step_index: int
    commit_root: bytes
    attestation_id: bytes
    output_hash: bytes

    def encode(self) -> bytes:
        """Return the payload."""
        hashes = self.commit_root + self.attestation_id + self.output_hash
        return self.session_id + u32(self.step_index) + hashes


def decode_attestation(data: bytes) -> AttestationPayload:
    """Return what a payload of this type says."""
    reader = Reader(data)
    made = AttestationPayload(
        session_id=reader.take(ID_SIZE),
        step_index=reader.u32(),
        commit_root=reader.take(ID_SIZE),
        attestation_id=reader.take(ID_SIZE),
        output_hash=reader.take(ID_SIZE),
    )
    reader.end()
    return made


def decode_id(data: bytes) -> bytes:
    """Return the id that is all of a payload: of a session to start, of a request to commit."""
    if len(data) != ID_SIZE:
        raise Refused("message: is not an id")
    return data
