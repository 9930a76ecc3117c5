"""0x0810: a committee makes a key that no member holds, and decrypts with it.

Members commit to polynomials, deal encrypted shares, and complain in public about a share that does
not fit; what remains is summed. A phase ends at its block, or when everybody is done, so an honest
committee need not wait. Only hashes of what members send are stored: whoever needs the data again
reads it in the logs and sends it along. A complaint opens the point that complainer and dealer
share, which reveals the two shares between them and nothing else.
"""

from ... import abi
from ...backends import secp256k1_group as curve
from ...backends.keccak import keccak256
from ...backends.secp256k1_group import COMPRESSED_SIZE, ORDER, Point
from ...gas import Constant, PerItem
from ...precompile import Call, Precompile, method
from ..ecdsa.groups import group_id, public_share, take_nonce
from ..interpolation import lagrange
from . import proofs, state
from .proofs import PROOF_SIZE, SCALAR_SIZE, Statement
from .state import Committee

MEMBERS_MAX = 150
PHASE_BLOCKS_MAX = 1 << 40
POINTS_MAX = 4_096
"""Of all members together, so that one call can bring them to `finalize`."""
COMMITMENTS_SIZE_MAX = MEMBERS_MAX * COMPRESSED_SIZE
SHARES_SIZE_MAX = MEMBERS_MAX * SCALAR_SIZE
POINT_SIZE_MAX = 65  # So that an uncompressed point is refused by name.

COMMITTING, DEALING, COMPLAINING, FINALIZING, READY, FAILED = range(6)

# Measured: docs/gas.md.
POINT_GAS = 600
MULTIPLICATION_GAS = 3_300

INVALID_THRESHOLD = abi.error("InvalidThreshold(uint256 threshold, uint256 members)")
INVALID_MEMBERS = abi.error("InvalidMembers()")
INVALID_DEADLINES = abi.error("InvalidDeadlines()")
NOT_MEMBER = abi.error("NotMember(uint256 member, address account)")
WRONG_PHASE = abi.error("WrongPhase(uint8 phase)")
ALREADY_DONE = abi.error("AlreadyDone(uint256 member)")
INVALID_POINT = abi.error("InvalidPoint(uint256 position)")
INVALID_SHARE = abi.error("InvalidShare(uint256 recipient)")
INVALID_PROOF = abi.error("InvalidProof()")
NOT_WHAT_WAS_SENT = abi.error("NotWhatWasSent(uint256 member)")
UNFOUNDED_COMPLAINT = abi.error("UnfoundedComplaint(uint256 dealer)")
NOT_DEALT = abi.error("NotDealt(uint256 dealer)")
TOO_FEW_PARTIALS = abi.error("TooFewPartials(uint256 needed, uint256 given)")
NO_KEY = abi.error("NoKey()")

POINT = {"publicKey": COMPRESSED_SIZE}
REGISTERED = abi.event(
    "CommitteeRegistered(bytes32 indexed committeeId, address indexed registrar, uint16 threshold,"
    " uint16 members)"
)
COMMITTED = abi.event(
    "CommitmentSubmitted(bytes32 indexed committeeId, uint16 indexed member, bytes encryptionKey,"
    " bytes commitments)",
    {"encryptionKey": COMPRESSED_SIZE, "commitments": COMMITMENTS_SIZE_MAX},
)
DEALT = abi.event(
    "SharesSubmitted(bytes32 indexed committeeId, uint16 indexed member, bytes shares)",
    {"shares": SHARES_SIZE_MAX},
)
DISQUALIFIED = abi.event(
    "DealerDisqualified(bytes32 indexed committeeId, uint16 indexed dealer, uint16 complainer)"
)
APPROVED = abi.event("SharesApproved(bytes32 indexed committeeId, uint16 indexed member)")
FINALIZED = abi.event(
    "CommitteeFinalized(bytes32 indexed committeeId, uint256 qualified, bytes publicKey)", POINT
)
FAILED_LOG = abi.event("CommitteeFailed(bytes32 indexed committeeId, uint256 qualified)")
DECRYPTED = abi.event(
    "PartialDecryptionSubmitted(bytes32 indexed committeeId, bytes32 indexed requestId,"
    " uint16 indexed member, bytes partialPoint)",
    {"partialPoint": COMPRESSED_SIZE},
)


# --- Making the key -------------------------------------------------------------------------


def register(
    call: Call,
    members: list[bytes],
    threshold: int,
    commit_blocks: int,
    deal_blocks: int,
    complain_blocks: int,
) -> bytes:
    """Write a new committee and return its id."""
    if not 1 <= threshold <= len(members) or len(members) * threshold > POINTS_MAX:
        raise INVALID_THRESHOLD(threshold, len(members))
    if len(set(members)) != len(members) or bytes(20) in members:
        raise INVALID_MEMBERS()
    spans = (commit_blocks, deal_blocks, complain_blocks)
    if not all(1 <= span <= PHASE_BLOCKS_MAX for span in spans):
        raise INVALID_DEADLINES()
    host, now = call.host, call.context.block_number
    identifier = group_id(call.context.chain_id, call.caller, take_nonce(host, call.caller))
    committee = Committee(
        identifier=identifier,
        registrar=call.caller,
        members=len(members),
        threshold=threshold,
        outcome=state.OPEN,
        committing_ends=now + commit_blocks,
        dealing_ends=now + commit_blocks + deal_blocks,
        complaining_ends=now + sum(spans),
    )
    state.create(host, committee, members)
    host.emit(*REGISTERED.log(identifier, call.caller, threshold, len(members)))
    return identifier


def submit_commitment(
    call: Call,
    identifier: bytes,
    member: int,
    encryption_key: bytes,
    commitments: bytes,
    proof: bytes,
) -> None:
    """Take a member's encryption key and commitments, once."""
    committee = enter(call, identifier, member, COMMITTING)
    refuse_repetition(call, committee, state.COMMITTED, member)
    points(encryption_key, 1)
    points(commitments, committee.threshold)
    statement = stated(call, committee, proofs.POSSESSION, member)
    if not proofs.knows(statement, commitments[:COMPRESSED_SIZE], proof):
        raise INVALID_PROOF()
    host = call.host
    state.put_in(host, committee, state.COMMITTED, member)
    state.store_key(host, committee, member, encryption_key)
    state.store_hash(host, committee, state.COMMITMENT_HASHES, member, commitments)
    host.emit(*COMMITTED.log(identifier, member, encryption_key, commitments))


def submit_shares(call: Call, identifier: bytes, member: int, shares: bytes) -> None:
    """Take the encrypted shares that a member deals to all, once; its own place is zero."""
    committee = enter(call, identifier, member, DEALING)
    refuse_repetition(call, committee, state.DEALT, member)
    host = call.host
    if not state.members_in(host, committee, state.COMMITTED) >> member & 1:
        raise NOT_DEALT(member)
    expected = committee.members * SCALAR_SIZE
    if len(shares) != expected:
        raise abi.INVALID_LENGTH(expected, len(shares))
    for recipient in range(1, committee.members + 1):
        share = share_to(shares, recipient)
        if share >= ORDER or (recipient == member and share):
            raise INVALID_SHARE(recipient)
    state.put_in(host, committee, state.DEALT, member)
    state.store_hash(host, committee, state.SHARE_HASHES, member, shares)
    host.emit(*DEALT.log(identifier, member, shares))


def submit_complaint(
    call: Call,
    identifier: bytes,
    member: int,
    dealer: int,
    commitments: bytes,
    shares: bytes,
    shared_point: bytes,
    proof: bytes,
) -> None:
    """Disqualify a dealer whose share for this member does not fit its commitments."""
    committee = enter(call, identifier, member, COMPLAINING)
    host = call.host
    dealt = state.members_in(host, committee, state.DEALT)
    gone = state.members_in(host, committee, state.DISQUALIFIED)
    if dealer > committee.members or not (dealt & ~gone) >> dealer & 1:
        raise NOT_DEALT(dealer)
    sent = ((state.COMMITMENT_HASHES, commitments), (state.SHARE_HASHES, shares))
    if not all(state.matches(host, committee, which, dealer, data) for which, data in sent):
        raise NOT_WHAT_WAS_SENT(dealer)
    own_key = state.load_key(host, committee, member)
    dealer_key = state.load_key(host, committee, dealer)
    statement = stated(call, committee, proofs.SHARED_POINT, member)
    if not proofs.same_secret(statement, own_key, dealer_key, shared_point, proof):
        raise INVALID_PROOF()
    chain_id = call.context.chain_id
    mask = proofs.mask(chain_id, identifier, dealer, member, shared_point)
    share = curve.base((share_to(shares, member) - mask) % ORDER)
    promised = public_share(split(commitments), member)
    if curve.equal(share, promised):
        raise UNFOUNDED_COMPLAINT(dealer)
    state.put_in(host, committee, state.DISQUALIFIED, dealer)
    host.emit(*DISQUALIFIED.log(identifier, dealer, member))


def approve(call: Call, identifier: bytes, member: int) -> None:
    """Note that a member has no complaint left, so that nobody waits for one."""
    committee = enter(call, identifier, member, COMPLAINING)
    refuse_repetition(call, committee, state.APPROVED, member)
    state.put_in(call.host, committee, state.APPROVED, member)
    call.host.emit(*APPROVED.log(identifier, member))


def finalize(call: Call, identifier: bytes, commitments: bytes) -> bool:
    """Sum the commitments of the qualified dealers; fewer of them than needed end without a key."""
    host = call.host
    committee = state.load(host, identifier)
    require(call, committee, FINALIZING)
    dealt = state.members_in(host, committee, state.DEALT)
    qualified = dealt & ~state.members_in(host, committee, state.DISQUALIFIED)
    dealers = [j for j in range(1, committee.members + 1) if qualified >> j & 1]
    if len(dealers) < committee.threshold:
        state.close(host, committee, state.FAILED, qualified)
        host.emit(*FAILED_LOG.log(identifier, qualified))
        return False
    size = committee.threshold * COMPRESSED_SIZE
    if len(commitments) != size * len(dealers):
        raise abi.INVALID_LENGTH(size * len(dealers), len(commitments))
    rows = [commitments[start : start + size] for start in range(0, len(commitments), size)]
    for dealer, row in zip(dealers, rows, strict=True):
        if not state.matches(host, committee, state.COMMITMENT_HASHES, dealer, row):
            raise NOT_WHAT_WAS_SENT(dealer)
    sums = [summed(column) for column in zip(*(split(row) for row in rows), strict=True)]
    state.store_sums(host, committee, sums)
    state.close(host, committee, state.FINALIZED, qualified)
    host.emit(*FINALIZED.log(identifier, qualified, sums[0]))
    return True


# --- Decrypting -----------------------------------------------------------------------------


def submit_partial_decryption(
    call: Call, identifier: bytes, member: int, ephemeral: bytes, partial: bytes, proof: bytes
) -> bytes:
    """Take a member's part in the decryption of what has this ephemeral key; return the request."""
    committee = enter(call, identifier, member, READY)
    if not holds(call, committee, member, ephemeral, partial, proof):
        raise INVALID_PROOF()
    host, request = call.host, keccak256(ephemeral)
    slot = state.partial_slot(committee, request, member)
    if host.load(slot):
        raise ALREADY_DONE(member)
    host.store(slot, int.from_bytes(keccak256(partial), "big"))
    host.emit(*DECRYPTED.log(identifier, request, member, partial))
    return request


def verify_partial_decryption(
    call: Call, identifier: bytes, member: int, ephemeral: bytes, partial: bytes, proof: bytes
) -> bool:
    """Return whether this is a member's part."""
    committee = load_ready(call, identifier)
    if not 1 <= member <= committee.members:
        return False
    return holds(call, committee, member, ephemeral, partial, proof)


def holds(
    call: Call, committee: Committee, member: int, ephemeral: bytes, partial: bytes, proof: bytes
) -> bool:
    """Return whether the proof shows that `partial` is `ephemeral` times the member's share."""
    key = share_key(call, committee, member)
    if key is None:
        return False
    statement = stated(call, committee, proofs.PARTIAL, member)
    return proofs.same_secret(statement, curve.encode(key), ephemeral, partial, proof)


def combine(
    call: Call, identifier: bytes, ephemeral: bytes, members: list[int], partials: list[bytes]
) -> bytes:
    """Return `ephemeral` times the committee's secret, from as many parts as are needed."""
    committee = load_ready(call, identifier)
    if len(members) != len(partials):
        raise abi.INVALID_LENGTH(len(members), len(partials))
    if len(members) != committee.threshold:
        raise TOO_FEW_PARTIALS(committee.threshold, len(members))
    if len(set(members)) != len(members):
        raise INVALID_MEMBERS()
    request = keccak256(ephemeral)
    terms: list[Point | None] = []
    for member, partial in zip(members, partials, strict=True):
        known = call.host.load(state.partial_slot(committee, request, member))
        if known != int.from_bytes(keccak256(partial), "big"):
            raise NOT_WHAT_WAS_SENT(member)
        factor = lagrange(members, member, ORDER)
        terms.append(curve.multiply(curve.parse(partial), factor))
    total = curve.add(terms)
    # The ephemeral key is a point, and the committee's secret is not zero.
    assert total is not None, "the parts were proved to be parts of a finite point"
    return curve.encode(total)


# --- Looking --------------------------------------------------------------------------------


def public_key(call: Call, identifier: bytes) -> bytes:
    """Return the committee's key."""
    committee = load_ready(call, identifier)
    return state.load_sums(call.host, committee, 1)[0]


def verification_key(call: Call, identifier: bytes, member: int) -> bytes:
    """Return the public share of a member."""
    committee = load_ready(call, identifier)
    key = None
    if 1 <= member <= committee.members:
        key = share_key(call, committee, member)
    if key is None:
        raise NOT_MEMBER(member, bytes(20))
    return curve.encode(key)


def status(call: Call, identifier: bytes) -> tuple[int, int, int, int, int, int]:
    """Return phase, threshold, members, and the sets of who committed, dealt and is qualified."""
    host = call.host
    committee = state.load(host, identifier)
    dealt = state.members_in(host, committee, state.DEALT)
    gone = state.members_in(host, committee, state.DISQUALIFIED)
    committed = state.members_in(host, committee, state.COMMITTED)
    phase = phase_of(call, committee)
    return phase, committee.threshold, committee.members, committed, dealt, dealt & ~gone


def encryption_key(call: Call, identifier: bytes, member: int) -> bytes:
    """Return the key to which shares for a member are encrypted."""
    committee = state.load(call.host, identifier)
    if not state.members_in(call.host, committee, state.COMMITTED) >> member & 1:
        raise NOT_MEMBER(member, bytes(20))
    return state.load_key(call.host, committee, member)


# --- Checks ---------------------------------------------------------------------------------


def phase_of(call: Call, committee: Committee) -> int:
    """Return the phase: an earlier one ends at its block, or when all who can have done it."""
    if committee.outcome != state.OPEN:
        return READY if committee.outcome == state.FINALIZED else FAILED
    host, now = call.host, call.context.block_number
    committed = state.members_in(host, committee, state.COMMITTED)
    if now <= committee.committing_ends and committed != committee.everybody:
        return COMMITTING
    if now <= committee.dealing_ends:
        if state.members_in(host, committee, state.DEALT) != committed:
            return DEALING
        if not committed:
            return FINALIZING
    if now > committee.complaining_ends:
        return FINALIZING
    approved = state.members_in(host, committee, state.APPROVED)
    return FINALIZING if approved == committee.everybody else COMPLAINING


def require(call: Call, committee: Committee, phase: int) -> None:
    """Refuse a call out of its phase."""
    found = phase_of(call, committee)
    if found != phase:
        raise WRONG_PHASE(found)


def enter(call: Call, identifier: bytes, member: int, phase: int) -> Committee:
    """Return a committee for its member that calls, in this phase."""
    committee = state.load(call.host, identifier)
    known = 1 <= member <= committee.members
    if not known or state.account_of(call.host, committee, member) != call.caller:
        raise NOT_MEMBER(member, call.caller)
    require(call, committee, phase)
    return committee


def refuse_repetition(call: Call, committee: Committee, which: int, member: int) -> None:
    """Refuse what a member has done before."""
    if state.members_in(call.host, committee, which) >> member & 1:
        raise ALREADY_DONE(member)


def load_ready(call: Call, identifier: bytes) -> Committee:
    """Return a committee that has a key."""
    committee = state.load(call.host, identifier)
    if committee.outcome != state.FINALIZED:
        raise NO_KEY()
    return committee


def stated(call: Call, committee: Committee, purpose: bytes, member: int) -> Statement:
    """Return what a proof of this member is about."""
    return Statement(
        purpose=purpose,
        chain_id=call.context.chain_id,
        committee=committee.identifier,
        member=member,
    )


def points(encoded: bytes, count: int) -> None:
    """Refuse anything but this many points of 33 bytes."""
    if len(encoded) != count * COMPRESSED_SIZE:
        raise abi.INVALID_LENGTH(count * COMPRESSED_SIZE, len(encoded))
    for position, each in enumerate(split(encoded)):
        if curve.parse(each) is None:
            raise INVALID_POINT(position)


def split(encoded: bytes) -> list[bytes]:
    """Return points one by one."""
    starts = range(0, len(encoded), COMPRESSED_SIZE)
    return [encoded[start : start + COMPRESSED_SIZE] for start in starts]


def share_to(shares: bytes, recipient: int) -> int:
    """Return the encrypted share for a member."""
    end = recipient * SCALAR_SIZE
    return int.from_bytes(shares[end - SCALAR_SIZE : end], "big")


def summed(column: tuple[bytes, ...]) -> bytes:
    """Return the sum of checked points."""
    total = curve.add([curve.parse(each) for each in column])
    if total is None:
        raise NO_KEY()
    return curve.encode(total)


def share_key(call: Call, committee: Committee, member: int) -> Point | None:
    """Return the public share of a member; None at infinity, which no proof can be about."""
    call.host.charge(MULTIPLICATION_GAS * committee.threshold, "summed commitments")
    sums = state.load_sums(call.host, committee, committee.threshold)
    return public_share(sums, member)


PROOF_BOUND = PROOF_SIZE + 32
PARTIAL_BOUNDS = {
    "ephemeral": POINT_SIZE_MAX,
    "partialPoint": POINT_SIZE_MAX,
    "proof": PROOF_BOUND,
}
PROOF_GAS = Constant(amount=5 * MULTIPLICATION_GAS)

PRECOMPILE = Precompile(
    address=(0x0810).to_bytes(20, "big"),
    family="threshold",
    name="committee",
    interface="IThresholdCommittee",
    version=1,
    summary="Committees that make a key without a dealer, and decrypt with it",
    methods=(
        method(
            "register(address[] members, uint16 threshold, uint64 commitBlocks,"
            " uint64 dealBlocks, uint64 complainBlocks) returns (bytes32 committeeId)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000), PerItem(argument="members", amount=200)),
            handler=register,
            summary="Begin a committee of 1 to 150 members, members times threshold at most 4,096;"
            " a member's number is its place, from 1. Each phase lasts so many blocks at most.",
            bounds={"members": MEMBERS_MAX},
        ),
        method(
            "submitCommitment(bytes32 committeeId, uint16 member, bytes encryptionKey,"
            " bytes commitments, bytes proof)",
            mutability="nonpayable",
            gas=(
                Constant(amount=3 * MULTIPLICATION_GAS),
                PerItem(argument="commitments", amount=POINT_GAS // 30),
            ),
            handler=submit_commitment,
            summary="Commit to a polynomial: threshold points of 33 bytes, a key to which shares"
            " are encrypted, and a proof that the first point's secret is known.",
            bounds={
                "encryptionKey": POINT_SIZE_MAX,
                "commitments": COMMITMENTS_SIZE_MAX,
                "proof": PROOF_BOUND,
            },
        ),
        method(
            "submitShares(bytes32 committeeId, uint16 member, bytes shares)",
            mutability="nonpayable",
            gas=(Constant(amount=1_000), PerItem(argument="shares", amount=3)),
            handler=submit_shares,
            summary="Deal: 32 bytes for each member, encrypted, and zero for oneself.",
            bounds={"shares": SHARES_SIZE_MAX},
        ),
        method(
            "submitComplaint(bytes32 committeeId, uint16 member, uint16 dealer,"
            " bytes commitments, bytes shares, bytes sharedPoint, bytes proof)",
            mutability="nonpayable",
            gas=(
                Constant(amount=7 * MULTIPLICATION_GAS),
                PerItem(argument="commitments", amount=(POINT_GAS + MULTIPLICATION_GAS) // 30),
                PerItem(argument="shares", amount=1),
            ),
            handler=submit_complaint,
            summary="Disqualify a dealer: open the point shared with it, and show that the share"
            " under it does not fit the commitments. Sends along what the dealer sent.",
            bounds={
                "commitments": COMMITMENTS_SIZE_MAX,
                "shares": SHARES_SIZE_MAX,
                "sharedPoint": POINT_SIZE_MAX,
                "proof": PROOF_BOUND,
            },
        ),
        method(
            "approve(bytes32 committeeId, uint16 member)",
            mutability="nonpayable",
            gas=(Constant(amount=500),),
            handler=approve,
            summary="Say that one has no complaint left; when all have, nobody waits longer.",
        ),
        method(
            "finalize(bytes32 committeeId, bytes commitments) returns (bool ready)",
            mutability="nonpayable",
            gas=(
                Constant(amount=2_000),
                PerItem(argument="commitments", amount=2 * POINT_GAS // 30),
            ),
            handler=finalize,
            summary="Make the key of the commitments of all qualified dealers, in the order of"
            " their numbers; false when there are too few of them.",
            bounds={"commitments": POINTS_MAX * COMPRESSED_SIZE},
        ),
        method(
            "submitPartialDecryption(bytes32 committeeId, uint16 member, bytes ephemeral,"
            " bytes partialPoint, bytes proof) returns (bytes32 requestId)",
            mutability="nonpayable",
            gas=(PROOF_GAS,),
            handler=submit_partial_decryption,
            summary="Give one's part in a decryption: the ephemeral key times one's share, and a"
            " proof of it.",
            bounds=PARTIAL_BOUNDS,
        ),
        method(
            "verifyPartialDecryption(bytes32 committeeId, uint16 member, bytes ephemeral,"
            " bytes partialPoint, bytes proof) returns (bool valid)",
            mutability="view",
            gas=(PROOF_GAS,),
            handler=verify_partial_decryption,
            summary="Check a part in a decryption.",
            bounds=PARTIAL_BOUNDS,
        ),
        method(
            "combine(bytes32 committeeId, bytes ephemeral, uint16[] members,"
            " bytes[] partialPoints) returns (bytes sharedPoint)",
            mutability="view",
            gas=(
                Constant(amount=1_000),
                PerItem(argument="members", amount=POINT_GAS + MULTIPLICATION_GAS),
            ),
            handler=combine,
            summary="Add up as many submitted parts as the threshold says, to the point under"
            " which the message is encrypted.",
            bounds={
                "ephemeral": POINT_SIZE_MAX,
                "members": MEMBERS_MAX,
                "partialPoints": (MEMBERS_MAX, POINT_SIZE_MAX),
                "sharedPoint": COMPRESSED_SIZE,
            },
        ),
        method(
            "publicKeyOf(bytes32 committeeId) returns (bytes publicKey)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=public_key,
            summary="Return the committee's key.",
            bounds=POINT,
        ),
        method(
            "verificationKeyOf(bytes32 committeeId, uint16 member) returns (bytes publicKey)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=verification_key,
            summary="Return a member's public share.",
            bounds=POINT,
        ),
        method(
            "encryptionKeyOf(bytes32 committeeId, uint16 member) returns (bytes publicKey)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=encryption_key,
            summary="Return the key to which shares for a member are encrypted.",
            bounds=POINT,
        ),
        method(
            "statusOf(bytes32 committeeId) returns (uint8 phase, uint16 threshold,"
            " uint16 members, uint256 committed, uint256 dealt, uint256 qualified)",
            mutability="view",
            gas=(Constant(amount=500),),
            handler=status,
            summary="Phases: 0 committing, 1 dealing, 2 complaining, 3 to be finalized, 4 ready,"
            " 5 failed. Bit j of a set stands for member j.",
        ),
    ),
    errors=(
        INVALID_THRESHOLD,
        INVALID_MEMBERS,
        INVALID_DEADLINES,
        state.UNKNOWN_COMMITTEE,
        NOT_MEMBER,
        WRONG_PHASE,
        ALREADY_DONE,
        INVALID_POINT,
        INVALID_SHARE,
        INVALID_PROOF,
        NOT_WHAT_WAS_SENT,
        UNFOUNDED_COMPLAINT,
        NOT_DEALT,
        TOO_FEW_PARTIALS,
        NO_KEY,
    ),
    events=(
        REGISTERED,
        COMMITTED,
        DEALT,
        DISQUALIFIED,
        APPROVED,
        FINALIZED,
        FAILED_LOG,
        DECRYPTED,
    ),
    references=(
        "Gennaro, Jarecki, Krawczyk, Rabin, Secure Distributed Key Generation, 2007",
        "Schindler, Judmayer, Stifter, Weippl, ETHDKG, ePrint 2019/985",
        "Chaum, Pedersen, Wallet Databases with Observers, 1992",
    ),
)
