"""Identifiable abort: whose part made presigning fail. ePrint 2021/060, as revised in 2024.

When the parts of round 3 do not sum to what they must, every signer proves to every other, and
about everybody: that its products were right (again the proofs of round 2, to all verifiers), and
that its delta and its S are what its own ciphertexts and the products it received decrypt to.
Nothing secret is shown. Who cannot prove it, or says nothing, is named.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from ....backends import secp256k1_group as curve
from .faults import MisuseError
from .paillier import randomness_of
from .presign import Parts, Product, Shown, bound, product_statement
from .proofs import affine, decryption
from .proofs.affine import GENERATOR, AffineProof
from .proofs.decryption import DecryptionProof, DecryptionSecret, DecryptionStatement
from .randomness import Draw
from .rounds import others


@dataclass(frozen=True, slots=True, kw_only=True)
class Defence:
    """A signer's proofs, to all. Products by verifier and receiver; sums by verifier."""

    by_mask: Mapping[int, Mapping[int, AffineProof]]
    by_key: Mapping[int, Mapping[int, AffineProof]]
    delta: Mapping[int, DecryptionProof]
    share: Mapping[int, DecryptionProof]


def prove(state: Shown, draw: Draw) -> Defence:
    """Return the proofs that our part is right."""
    begun = state.multiplied.begun
    rest = others(begun.signers, begun.party)
    return Defence(
        by_mask={verifier: product_proofs(state, verifier, False, draw) for verifier in rest},
        by_key={verifier: product_proofs(state, verifier, True, draw) for verifier in rest},
        delta={verifier: sum_proof(state, verifier, False, draw) for verifier in rest},
        share={verifier: sum_proof(state, verifier, True, draw) for verifier in rest},
    )


def product_proofs(state: Shown, verifier: int, by_key: bool, draw: Draw) -> dict[int, AffineProof]:
    """Prove our products for others to one verifier, who has already seen those for itself."""
    multiplied = state.multiplied
    begun, me = multiplied.begun, multiplied.begun.party
    message = multiplied.message
    made = message.by_key if by_key else message.by_mask
    secrets = multiplied.by_key if by_key else multiplied.by_mask
    point = begun.key_points[me] if by_key else message.mask_point
    return {
        receiver: affine.prove(
            begun.auxiliary.parameters,
            bound(begun, me, "defence by key" if by_key else "defence by mask"),
            product_statement(
                begun,
                me,
                receiver,
                verifier,
                multiplied.encryptions[receiver].nonce,
                made[receiver],
                point,
            ),
            secrets[receiver],
            draw,
        )
        for receiver in others(begun.signers, me)
        if receiver != verifier
    }


def sum_proof(state: Shown, verifier: int, by_key: bool, draw: Draw) -> DecryptionProof:
    """Prove delta, or S, to one verifier."""
    begun = state.multiplied.begun
    secret = begun.auxiliary.secret
    x, y = (begun.key, state.chi) if by_key else (begun.mask.plaintext, state.delta)
    statement = sum_statement(state, begun.party, verifier, state.message, by_key)
    square = secret.modulus**2
    whole = pow(begun.nonce.ciphertext, x, square) * statement.sum_ciphertext % square
    return decryption.prove(
        begun.auxiliary.parameters,
        bound(begun, begun.party, "defence of S" if by_key else "defence of delta"),
        statement,
        DecryptionSecret(x=x, y=y, randomness=randomness_of(secret, whole, y)),
        draw,
    )


def sum_statement(
    state: Shown, prover: int, verifier: int, parts: Parts, by_key: bool
) -> DecryptionStatement:
    """Return that a party's delta, or S, is what its products sum to."""
    begun = state.multiplied.begun
    modulus = begun.auxiliary.public[prover].modulus
    square = modulus * modulus

    def of(party: int) -> Mapping[int, Product]:
        return state.products[party].by_key if by_key else state.products[party].by_mask

    received = prod(of(party)[prover].result for party in others(begun.signers, prover))
    added = prod(each.addend for each in of(prover).values())
    if by_key:
        point, base, result = begun.key_points[prover], state.mask_point, parts.share_point
    else:
        point, base = state.products[prover].mask_point, GENERATOR
        scalar = curve.base(parts.delta)
        result = b"" if scalar is None else curve.encode(scalar)
    return DecryptionStatement(
        verifier=begun.auxiliary.public[verifier],
        modulus=modulus,
        factor_ciphertext=state.multiplied.encryptions[prover].nonce,
        sum_ciphertext=received * pow(added, -1, square) % square,
        factor_point=point,
        base=base,
        result_point=result,
    )


def culprits(
    state: Shown, parts: Mapping[int, Parts], defences: Mapping[int, Defence]
) -> dict[int, str]:
    """Return who did not prove its part, and what; silence proves nothing.

    Every honest signer finds all who cheated. Honest ones are never among them.
    """
    begun = state.multiplied.begun
    if not set(parts) >= set(others(begun.signers, begun.party)):
        raise MisuseError("the parts of round 3 of all signers are needed")
    found = {}
    for party in others(begun.signers, begun.party):
        if party not in defences:
            found[party] = "did not defend its part"
        elif (reason := accuse(state, party, parts[party], defences[party])) is not None:
            found[party] = reason
    return found


def accuse(state: Shown, party: int, parts: Parts, defence: Defence) -> str | None:
    """Return what a party did not prove to us, or None."""
    multiplied = state.multiplied
    begun, me = multiplied.begun, multiplied.begun.party
    parameters = begun.auxiliary.parameters
    message = state.products[party]
    for by_key, purpose, made, given, point in (
        (False, "by mask", message.by_mask, defence.by_mask, message.mask_point),
        (True, "by key", message.by_key, defence.by_key, begun.key_points[party]),
    ):
        sums = defence.share if by_key else defence.delta
        for receiver in others(begun.signers, party):
            if receiver == me:
                continue
            proof = given.get(me, {}).get(receiver)
            nonce = multiplied.encryptions[receiver].nonce
            statement = product_statement(begun, party, receiver, me, nonce, made[receiver], point)
            where = bound(begun, party, f"defence {purpose}")
            if proof is None or not affine.verify(parameters, where, statement, proof):
                return f"did not prove its product {purpose} for party {receiver}"
        name = "S" if by_key else "delta"
        where = bound(begun, party, f"defence of {name}")
        proof_of_sum = sums.get(me)
        statement_of_sum = sum_statement(state, party, me, parts, by_key)
        if proof_of_sum is None or not decryption.verify(
            parameters, where, statement_of_sum, proof_of_sum
        ):
            return f"did not prove its {name}"
    return None
