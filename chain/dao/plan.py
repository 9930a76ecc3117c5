"""The DAO's deployment: which contracts, with which arguments, and who is whose authority.

The Safe comes first, since everything else answers to it, and is set up last: until then nobody has
any power over anything, and afterwards only votes have.
"""

from precompiles.backends.keccak import keccak256
from precompiles.zk.stark.air import air_id
from precompiles.zk.stark.contract import PRECOMPILE as STARK
from precompiles.zk.stark.encoding import encode

from ..genesis import CHAIN_ID_MAINNET
from .artifacts import artifacts
from .ballots import statement
from .parameters import FEES, ParameterError, Parameters
from .steps import Plan

SEATS_MIN = 21
"""Of the committee that signs for the session layer, as of validators."""
GAUGES = bytes(20)
"""Whom the router of fees pays by votes."""
CURVES = {"linear": "LinearCurve", "tiers": "TierCurve"}


def plan(parameters: Parameters, chain_id: int, deployer: bytes) -> Plan:
    """Return all steps. Nothing is asked of a chain, so what cannot be encoded is refused here."""
    if chain_id == CHAIN_ID_MAINNET and parameters.seats_min < SEATS_MIN:
        raise ParameterError(f"session.seats_min: at least {SEATS_MIN} on the main network")
    made = Plan(chain_id=chain_id, label=parameters.label)
    dao = made.create("Safe", deployer)
    pause = made.create("Pause", dao)
    made.create("SafeFactory", artifacts()["Safe"].creation)  # for everybody's own
    governance(made, parameters, dao, deployer)
    treasury(made, parameters, dao, pause)
    ballots(made, parameters)
    session(made, parameters, dao, deployer)
    outside(made, parameters, dao, pause)
    hand_over(made, parameters)
    return made


def governance(made: Plan, parameters: Parameters, dao: bytes, deployer: bytes) -> None:
    """Add who votes, by which rules, and what happens then."""
    token = made.create("WPARS")
    curve = made.create(CURVES[parameters.curve])
    escrow = made.create("VePARS", token, curve)
    charter = made.create("Charter", dao, parameters.constitution, parameters.classes)
    timelock = made.create("Timelock", dao, deployer, parameters.timelock_delay_min)
    keys = made.create("PQKeyRegistry")
    governor = made.create(
        "Governor", dao, charter, escrow, timelock, keys, parameters.veto_guardian
    )
    made.create("PIPRegistry", dao, governor, escrow, parameters.submission_votes)
    made.set("Timelock", "setup", governor, asking=["governor"], answer=governor)


def treasury(made: Plan, parameters: Parameters, dao: bytes, pause: bytes) -> None:
    """Add what is owned, and who spends it."""
    timelock = made.addresses["Timelock"]
    streams = made.create("Streams", pause)
    held = made.create(
        "Treasury",
        *(dao, timelock, pause, streams),
        *(parameters.signers, parameters.monthly_burn),
    )
    receivers = []
    for committee in parameters.committees:
        spender = made.create(
            "Committee",
            *(dao, committee.name, committee.members, committee.term_seconds),
            name=f"Committee.{committee.name}",
        )
        made.create(
            "Vault",
            *(dao, held, spender, pause, made.addresses["WPARS"]),
            *(f"Pars vault {committee.name}", f"pv{committee.name}"),
            name=f"Vault.{committee.name}",
        )
        receivers.append((spender, committee.fee_share))
    receivers.append((GAUGES, FEES - sum(share for _, share in receivers)))
    gauges = made.create("GaugeController", made.addresses["VePARS"], dao)
    made.create("FeeRouter", gauges, pause, dao, *zip(*receivers, strict=True))


def ballots(made: Plan, parameters: Parameters) -> None:
    """Add those that vote for others."""
    encoded = encode(statement(parameters.ballot_depth))
    air = air_id(encoded)
    made.register(STARK, "registerAir", encoded, asking=("air", air), answer=encoded)
    governor, escrow = made.addresses["Governor"], made.addresses["VePARS"]
    tree = (air, parameters.ballot_depth, parameters.ballot_unit)
    made.create("PrivateBallots", governor, escrow, *tree)
    made.create("TownHall", escrow, made.addresses["Safe"], *tree)


def session(made: Plan, parameters: Parameters, dao: bytes, deployer: bytes) -> None:
    """Add what knows of the session layer."""
    anchor = made.create("SessionAnchor", dao, deployer, parameters.seats_min)
    hashes = sorted(keccak256(key) for key in parameters.committee)
    for key in parameters.committee:
        made.set(
            "SessionAnchor", "registerKey", key, asking=["keyBlob", keccak256(key)], answer=None
        )
    quorum = 2 * len(hashes) // 3 + 1
    made.set("SessionAnchor", "setup", hashes, asking=["quorum"], answer=quorum)
    made.create(
        "SessionBallots",
        *(made.addresses["Governor"], made.addresses["VePARS"], anchor),
        made.addresses["PQKeyRegistry"],
    )
    made.create("OracleBridge", dao, anchor, parameters.oracle_fee)
    made.create("EventRelay", dao, anchor)


def outside(made: Plan, parameters: Parameters, dao: bytes, pause: bytes) -> None:
    """Add what other chains and validators have to do with."""
    owner = made.addresses["Treasury"]
    made.create(
        "BridgeGuard",
        *(dao, pause, owner),
        sorted((each.account, each.key_hash) for each in parameters.guardians),
        *(parameters.guardian_threshold, parameters.lattice_threshold),
        *(made.addresses["WPARS"], parameters.per_transfer, parameters.daily),
        *(parameters.bridge_fee, []),
    )
    made.create("ValidatorRegistry", pause, owner, parameters.validators_min, parameters.stake_min)


def hand_over(made: Plan, parameters: Parameters) -> None:
    """Set the Safe up: its owners sign for what is not protected, and votes rule the rest."""
    dao, timelock = made.addresses["Safe"], made.addresses["Timelock"]
    answering = [name for name, each in made.artifacts.items() if each.has("DAO")]
    protected = [made.addresses[name] for name in answering]
    guard = made.create(
        "Guard",
        *(dao, made.addresses["Pause"], made.addresses["VePARS"]),
        *(parameters.freeze_share, parameters.freeze_round, parameters.freeze_seconds),
        protected,
    )
    made.set(
        "Safe",
        "setup",
        *(parameters.owners, parameters.threshold, [timelock], guard, guard, True),
        asking=["getOwners"],
        answer=parameters.owners,
    )
