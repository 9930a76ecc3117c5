"""Auxiliary information: each party's Paillier modulus and ring-Pedersen parameters.

ePrint 2021/060, figure 6, without its refresh, which is `refresh.py`. Three rounds of broadcasts:
1. commit; 2. open, and prove that s is a power of t; 3. prove the modulus Paillier-Blum, and to
each party that it has no small factor. One modulus serves both purposes, as in the paper.
Fitting primes are dear to find, so they are given: two safe primes, used for nothing else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from . import parameters as sizes
from . import ring_pedersen as commitments_module
from .faults import FaultyPartyError
from .paillier import PaillierSecret
from .parameters import Parameters
from .proofs import factors, modulus
from .proofs import ring_pedersen as ring_pedersen_proof
from .proofs.factors import FactorProof
from .proofs.modulus import ModulusProof
from .proofs.ring_pedersen import RingPedersenProof
from .randomness import Draw, check_safe_primes
from .ring_pedersen import RingPedersen
from .rounds import check_echo, check_parties, complete, echo_of, others
from .transcript import DIGEST_SIZE, Binding, digest

PURPOSE = "auxiliary"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuxiliaryInfo:
    """What a party keeps: its factors, and everybody's modulus, s and t. Proven to be sound."""

    party: int
    parameters: Parameters
    secret: PaillierSecret
    public: Mapping[int, RingPedersen]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """Round 1, to all."""

    commitment: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Round 2, to all."""

    public: RingPedersen
    proof: RingPedersenProof
    contribution: bytes
    blinding: bytes
    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Proofs:
    """Round 3, to all. A factor proof for each other party."""

    modulus: ModulusProof
    factors: Mapping[int, FactorProof]
    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """State after round 1. For nobody else, as are the other states."""

    session: bytes
    party: int
    parties: tuple[int, ...]
    parameters: Parameters
    secret: PaillierSecret
    opening: Opening
    message: Commitment


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """State after round 2."""

    begun: Begun
    commitments: Mapping[int, Commitment]
    message: Opening


@dataclass(frozen=True, slots=True, kw_only=True)
class Proven:
    """State after round 3."""

    opened: Opened
    openings: Mapping[int, Opening]
    message: Proofs


def begin(
    session: bytes,
    party: int,
    parties: Sequence[int],
    primes: tuple[int, int],
    draw: Draw,
    parameters: Parameters = sizes.STANDARD,
    allow_insecure: bool = False,
) -> Begun:
    """Round 1."""
    sizes.check(parameters, allow_insecure)
    check_parties(parties, party)
    check_safe_primes(*primes, parameters.modulus_bits)
    where = digest(PURPOSE, session, list(parties), parameters.name)
    secret = PaillierSecret(p=primes[0], q=primes[1])
    public, exponent = commitments_module.generate(secret, draw)
    bound = Binding(session=where, prover=party, purpose="ring-Pedersen")
    opening = Opening(
        public=public,
        proof=ring_pedersen_proof.prove(parameters, bound, public, secret, exponent, draw),
        contribution=draw(DIGEST_SIZE),
        blinding=draw(DIGEST_SIZE),
        echo=b"",
    )
    return Begun(
        session=where,
        party=party,
        parties=tuple(parties),
        parameters=parameters,
        secret=secret,
        opening=opening,
        message=Commitment(commitment=commitment_to(where, party, opening)),
    )


def commitment_to(session: bytes, party: int, opening: Opening) -> bytes:
    """Return the hash that round 1 shows of round 2."""
    return digest(
        "auxiliary commitment",
        session,
        party,
        opening.public,
        opening.proof,
        opening.contribution,
        opening.blinding,
    )


def open_commitment(state: Begun, received: Mapping[int, Commitment]) -> Opened:
    """Round 2."""
    commitments = complete(received, state.parties, state.party, state.message)
    opening = state.opening
    message = Opening(
        public=opening.public,
        proof=opening.proof,
        contribution=opening.contribution,
        blinding=opening.blinding,
        echo=echo_of(state.session, "auxiliary 1", commitments),
    )
    return Opened(begun=state, commitments=commitments, message=message)


def prove(state: Opened, received: Mapping[int, Opening], draw: Draw) -> Proven:
    """Round 3: check what was opened, and prove what we opened."""
    begun = state.begun
    openings = complete(received, begun.parties, begun.party, state.message)
    for party, opening in openings.items():
        if commitment_to(begun.session, party, opening) != state.commitments[party].commitment:
            raise FaultyPartyError(party, "opened another commitment")
    check_echo(state.message.echo, {party: each.echo for party, each in openings.items()})
    for party in others(begun.parties, begun.party):
        check_ring_pedersen(begun, party, openings[party])
    bound = binding(begun, openings, begun.party)
    message = Proofs(
        modulus=modulus.prove(begun.parameters, bound, begun.secret, draw),
        factors={
            party: factors.prove(
                begun.parameters, bound, openings[party].public, begun.secret, draw
            )
            for party in others(begun.parties, begun.party)
        },
        echo=echo_of(begun.session, "auxiliary 2", openings),
    )
    return Proven(opened=state, openings=openings, message=message)


def check_ring_pedersen(state: Begun, party: int, opening: Opening) -> None:
    """Refuse parameters that are unsound, or have our modulus."""
    public = opening.public
    if public.modulus.bit_length() != state.parameters.modulus_bits:
        raise FaultyPartyError(party, "has a modulus of another size")
    if public.modulus == state.secret.modulus:
        raise FaultyPartyError(party, "uses our modulus")
    bound = Binding(session=state.session, prover=party, purpose="ring-Pedersen")
    if not ring_pedersen_proof.verify(state.parameters, bound, public, opening.proof):
        raise FaultyPartyError(party, "did not prove its ring-Pedersen parameters")


def binding(state: Begun, openings: Mapping[int, Opening], prover: int) -> Binding:
    """Return what proofs of round 3 are bound to: something that nobody knew in round 1."""
    contributions = {party: each.contribution for party, each in openings.items()}
    session = digest("auxiliary proof", state.session, contributions)
    return Binding(session=session, prover=prover, purpose="modulus")


def finish(state: Proven, received: Mapping[int, Proofs]) -> AuxiliaryInfo:
    """Check the proofs of the moduli."""
    begun = state.opened.begun
    me = begun.party
    proofs = complete(received, begun.parties, me, state.message)
    check_echo(state.message.echo, {party: each.echo for party, each in proofs.items()})
    public = {party: opening.public for party, opening in state.openings.items()}
    for party in others(begun.parties, me):
        bound = binding(begun, state.openings, party)
        number = public[party].modulus
        if not modulus.verify(begun.parameters, bound, number, proofs[party].modulus):
            raise FaultyPartyError(party, "did not prove its modulus")
        proof = proofs[party].factors.get(me)
        if proof is None or not factors.verify(begun.parameters, bound, public[me], number, proof):
            raise FaultyPartyError(party, "did not prove that its factors are large")
    return AuxiliaryInfo(party=me, parameters=begun.parameters, secret=begun.secret, public=public)
