"""What a report says, what its signers sign, and what binds it to one configuration of one feed.

Pure: bytes and numbers. The shape is that of Chainlink's OCR2: a context of three words beside
the report, and a signature on the hash of both. Knows no storage and no signature scheme.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from ... import abi
from ...backends.keccak import keccak256

MEMBERS_MAX = 31
"""As in OCR2: one byte of a word for each."""

UNSIGNED_64_MAX = (1 << 64) - 1

FIELDS = abi.parse_signature(
    "report(bytes32 configDigest, bytes32 feedId, uint40 epochRound, uint32 observedAt,"
    " bytes32 observers, int192[] observations)",
    {"observations": MEMBERS_MAX},
).inputs
SIGNED_FIELDS = abi.parse_signature("signed(bytes32 reportHash, bytes32[3] reportContext)").inputs

REPORT_SIZE_MAX = sum(abi.encoded_size_max(field.type) for field in FIELDS)

INVALID_REPORT = abi.error("InvalidReport(bytes reason)", {"reason": 4 + 2 * abi.WORD})
OBSERVATION_COUNT = abi.error("ObservationCount(uint256 least, uint256 most, uint256 actual)")
UNSORTED_OBSERVATIONS = abi.error("UnsortedObservations(uint256 position)")
INVALID_OBSERVER = abi.error("InvalidObserver(uint256 position)")

ERRORS = (INVALID_REPORT, OBSERVATION_COUNT, UNSORTED_OBSERVATIONS, INVALID_OBSERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What oracles observed. Byte i of `observers` says which of them made observation i."""

    config_digest: bytes
    feed_id: bytes
    epoch_round: int
    observed_at: int
    observers: bytes
    observations: tuple[int, ...]


def decode(data: bytes) -> Report:
    """Return the report of these bytes, or refuse them."""
    try:
        digest, feed_id, epoch_round, observed_at, observers, observations = abi.decode(
            FIELDS, data
        )
    except abi.Revert as reason:
        raise INVALID_REPORT(reason.data) from None
    return Report(
        config_digest=digest,
        feed_id=feed_id,
        epoch_round=epoch_round,
        observed_at=observed_at,
        observers=observers,
        observations=tuple(observations),
    )


def signed_hash(report: bytes, context: Sequence[bytes]) -> bytes:
    """Return what every signer signs."""
    return keccak256(abi.encode(SIGNED_FIELDS, (keccak256(report), list(context))))


def check(report: Report, members: int, faulty_max: int) -> None:
    """Refuse observations that do not make a median of honest ones certain.

    Of more than 2 f observations at most f are a liar's, so the median lies between honest ones.
    """
    observations = report.observations
    if not 2 * faulty_max < len(observations) <= members:
        raise OBSERVATION_COUNT(2 * faulty_max + 1, members, len(observations))
    seen = set()
    for position, observer in enumerate(report.observers):
        if position >= len(observations):
            wrong = observer != 0
        else:
            wrong = observer >= members or observer in seen
            seen.add(observer)
        if wrong:
            raise INVALID_OBSERVER(position)
    for position in range(1, len(observations)):
        if observations[position - 1] > observations[position]:
            raise UNSORTED_OBSERVATIONS(position)


def median(observations: Sequence[int]) -> int:
    """Return the middle one of sorted observations, of an even number the upper."""
    return observations[len(observations) // 2]


def confidence(observations: Sequence[int]) -> int:
    """Return how far the quartiles of sorted observations are from their median, at most 2**64 - 1.

    The rule by which Pyth aggregates: the further of the two counts.
    """
    middle, quarter = median(observations), len(observations) // 4
    spread = max(middle - observations[quarter], observations[-1 - quarter] - middle)
    return min(spread, UNSIGNED_64_MAX)
