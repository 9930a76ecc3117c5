"""Presigning. ePrint 2021/060, figure 7: all but the message, in three rounds of broadcasts.

1. encrypt shares k_j of the nonce and gamma_j of a mask, and prove k_j in range;
2. show Gamma_j = gamma_j G, and multiply: for each other party, its K times gamma_j and times x_j,
   plus a mask, with proofs;
3. show delta_j, the share of k gamma, Delta_j = k_j Gamma and S_j = chi_j Gamma, where chi_j is
   the share of k x.
Then Gamma / delta is R, and Delta_j / delta and S_j / delta are Rbar_j and S_j of `algebra.py`.
That everybody shows S_j, and all can check both sums before any message is signed, is of the
paper's 2024 revision. Where a sum is wrong, `abort.py` finds whose part.

A presignature signs one digest. To use it twice gives the key away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ....backends import secp256k1_group as curve
from ....backends.secp256k1_group import ORDER, Point
from ...interpolation import lagrange
from .. import algebra
from ..algebra import Presignature
from . import sharing
from .auxiliary import AuxiliaryInfo
from .faults import FaultyPartyError, MisuseError, PresigningFailedError
from .keygen import KeyShare
from .paillier import Encrypted, decrypt, encrypt_fresh, is_ciphertext
from .proofs import affine, encryption
from .proofs.affine import AffineProof, AffineSecret, AffineStatement
from .proofs.encryption import EncryptionProof, EncryptionStatement
from .randomness import Draw, nonzero, signed
from .rounds import check_echo, check_parties, complete, echo_of, others
from .transcript import Binding, digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Encryptions:
    """Round 1, to all. A proof for each other signer that k is in range."""

    nonce: int
    """K."""
    mask: int
    """G."""
    proofs: Mapping[int, EncryptionProof]


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One multiplication for one other signer: D under its modulus, F under ours."""

    result: int
    addend: int
    proof: AffineProof


@dataclass(frozen=True, slots=True, kw_only=True)
class Products:
    """Round 2, to all: so that whoever must judge later has seen it."""

    mask_point: bytes
    """Gamma."""
    by_mask: Mapping[int, Product]
    by_key: Mapping[int, Product]
    proofs: Mapping[int, EncryptionProof]
    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Round 3, to all."""

    delta: int
    nonce_point: bytes
    """Delta."""
    share_point: bytes
    """S."""
    proofs: Mapping[int, EncryptionProof]
    echo: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """State after round 1. For nobody else, as are the other states."""

    session: bytes
    signers: tuple[int, ...]
    auxiliary: AuxiliaryInfo
    public_key: bytes
    key_points: Mapping[int, bytes]
    """What each signer's part of the key is, times G; the parts sum to the key."""
    key: int
    nonce: Encrypted
    mask: Encrypted
    message: Encryptions

    @property
    def party(self) -> int:
        """Return who we are."""
        return self.auxiliary.party


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiplied:
    """State after round 2. The secrets of our products, for each other signer."""

    begun: Begun
    encryptions: Mapping[int, Encryptions]
    by_mask: Mapping[int, AffineSecret]
    by_key: Mapping[int, AffineSecret]
    message: Products


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """State after round 3: all that `abort.py` needs. The two sums are not reduced."""

    multiplied: Multiplied
    products: Mapping[int, Products]
    mask_point: bytes
    delta: int
    chi: int
    message: Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningShare:
    """A party's half-made signature. k and chi are for nobody else, and for one digest."""

    session: bytes
    party: int
    signers: tuple[int, ...]
    public_key: bytes
    nonce_share: int
    key_share: int
    presignature: Presignature


def begin(
    session: bytes, share: KeyShare, auxiliary: AuxiliaryInfo, signers: Sequence[int], draw: Draw
) -> Begun:
    """Round 1. All signers must name the same session and signers."""
    if share.party != auxiliary.party:
        raise MisuseError("a share and auxiliary information of two parties")
    check_parties(signers, share.party, least=share.threshold)
    if not set(signers) <= set(share.parties) & set(auxiliary.public):
        raise MisuseError("a signer without a share, or without auxiliary information")
    factor = {party: lagrange(signers, party, ORDER) for party in signers}
    points = {
        party: sharing.encode(
            curve.multiply(sharing.public_share(share.commitments, party), factor[party])
        )
        for party in signers
    }
    where = digest("presign", session, list(signers), share.public_key, points, auxiliary.public)
    modulus = auxiliary.secret.modulus
    nonce = encrypt_fresh(modulus, nonzero(ORDER, draw), draw)
    mask = encrypt_fresh(modulus, nonzero(ORDER, draw), draw)
    proofs = {
        verifier: encryption.prove(
            auxiliary.parameters,
            Binding(session=where, prover=share.party, purpose="nonce in range"),
            nonce_statement(auxiliary, share.party, verifier, nonce.ciphertext),
            nonce,
            draw,
        )
        for verifier in others(signers, share.party)
    }
    return Begun(
        session=where,
        signers=tuple(signers),
        auxiliary=auxiliary,
        public_key=share.public_key,
        key_points=points,
        key=share.secret * factor[share.party] % ORDER,
        nonce=nonce,
        mask=mask,
        message=Encryptions(nonce=nonce.ciphertext, mask=mask.ciphertext, proofs=proofs),
    )


def nonce_statement(
    auxiliary: AuxiliaryInfo, prover: int, verifier: int, ciphertext: int
) -> EncryptionStatement:
    """Return that the plaintext of K is in range."""
    return EncryptionStatement(
        verifier=auxiliary.public[verifier],
        modulus=auxiliary.public[prover].modulus,
        ciphertext=ciphertext,
    )


def point_statement(
    state: Begun, prover: int, verifier: int, ciphertext: int, base: bytes, point: bytes
) -> EncryptionStatement:
    """Return that a point is the plaintext of a ciphertext times a base."""
    return EncryptionStatement(
        verifier=state.auxiliary.public[verifier],
        modulus=state.auxiliary.public[prover].modulus,
        ciphertext=ciphertext,
        base=base,
        point=point,
    )


def product_statement(
    state: Begun,
    prover: int,
    receiver: int,
    verifier: int,
    receiver_nonce: int,
    product: Product,
    point: bytes,
) -> AffineStatement:
    """Return that a product is what it should be: about one receiver, to any verifier."""
    public = state.auxiliary.public
    return AffineStatement(
        verifier=public[verifier],
        modulus=public[receiver].modulus,
        own_modulus=public[prover].modulus,
        base_ciphertext=receiver_nonce,
        result=product.result,
        addend=product.addend,
        point=point,
    )


def bound(state: Begun, prover: int, purpose: str) -> Binding:
    """Return what a proof is bound to."""
    return Binding(session=state.session, prover=prover, purpose=purpose)


def multiply(state: Begun, received: Mapping[int, Encryptions], draw: Draw) -> Multiplied:
    """Round 2: check the ranges, and multiply everybody's nonce by our mask and our key."""
    encryptions = complete(received, state.signers, state.party, state.message)
    auxiliary, me = state.auxiliary, state.party
    for party in others(state.signers, me):
        check_encryptions(state, party, me, encryptions[party])
    mask_point = sharing.encode(curve.base(state.mask.plaintext))
    by_mask, by_key = {}, {}
    secrets: tuple[dict[int, AffineSecret], dict[int, AffineSecret]] = ({}, {})
    proofs = {}
    for party in others(state.signers, me):
        nonce = encryptions[party].nonce
        by_mask[party], secrets[0][party] = product(
            state, party, nonce, state.mask.plaintext, mask_point, "by mask", draw
        )
        by_key[party], secrets[1][party] = product(
            state, party, nonce, state.key, state.key_points[me], "by key", draw
        )
        statement = point_statement(
            state, me, party, state.mask.ciphertext, affine.GENERATOR, mask_point
        )
        proofs[party] = encryption.prove(
            auxiliary.parameters, bound(state, me, "mask point"), statement, state.mask, draw
        )
    message = Products(
        mask_point=mask_point,
        by_mask=by_mask,
        by_key=by_key,
        proofs=proofs,
        echo=echo_of(state.session, "presign 1", encryptions),
    )
    return Multiplied(
        begun=state,
        encryptions=encryptions,
        by_mask=secrets[0],
        by_key=secrets[1],
        message=message,
    )


# The checks of a round are about what one party sent to one verifier, and need no secret: who holds
# the same broadcasts can repeat them for another verifier, and so judge its complaint.


def check_encryptions(state: Begun, party: int, verifier: int, message: Encryptions) -> None:
    """Refuse what is no ciphertext, or not in range."""
    auxiliary = state.auxiliary
    if not is_ciphertext(auxiliary.public[party].modulus, message.mask):
        raise FaultyPartyError(party, "sent what is no ciphertext")
    proof = message.proofs.get(verifier)
    statement = nonce_statement(auxiliary, party, verifier, message.nonce)
    if proof is None or not encryption.verify(
        auxiliary.parameters, bound(state, party, "nonce in range"), statement, proof
    ):
        raise FaultyPartyError(party, "did not prove its nonce in range")


def product(
    state: Begun, receiver: int, nonce: int, factor: int, point: bytes, purpose: str, draw: Draw
) -> tuple[Product, AffineSecret]:
    """Return the receiver's ciphertext times our factor plus a mask, with the proof."""
    auxiliary = state.auxiliary
    modulus = auxiliary.public[receiver].modulus
    square = modulus * modulus
    mask = signed(1 << auxiliary.parameters.ell_prime, draw)
    hidden = encrypt_fresh(modulus, mask, draw)
    own = encrypt_fresh(auxiliary.secret.modulus, mask, draw)
    secret = AffineSecret(x=factor, y=own, randomness=hidden.randomness)
    statement = AffineStatement(
        verifier=auxiliary.public[receiver],
        modulus=modulus,
        own_modulus=auxiliary.secret.modulus,
        base_ciphertext=nonce,
        result=pow(nonce, factor, square) * hidden.ciphertext % square,
        addend=own.ciphertext,
        point=point,
    )
    proof = affine.prove(
        auxiliary.parameters, bound(state, state.party, purpose), statement, secret, draw
    )
    return Product(result=statement.result, addend=statement.addend, proof=proof), secret


def show(state: Multiplied, received: Mapping[int, Products], draw: Draw) -> Shown:
    """Round 3: check the products, and show what they sum to."""
    begun = state.begun
    me, auxiliary = begun.party, begun.auxiliary
    products = complete(received, begun.signers, me, state.message)
    check_echo(state.message.echo, {party: each.echo for party, each in products.items()})
    for party in others(begun.signers, me):
        check_products(state, party, me, products[party])
    mask_point = curve.add(curve.parse(each.mask_point) for each in products.values())
    if mask_point is None:
        raise PresigningFailedError("the masks cancel: begin anew")
    delta = begun.nonce.plaintext * begun.mask.plaintext
    chi = begun.nonce.plaintext * begun.key
    for party in others(begun.signers, me):
        secret = auxiliary.secret
        delta += decrypt(secret, products[party].by_mask[me].result)
        delta -= state.by_mask[party].y.plaintext
        chi += decrypt(secret, products[party].by_key[me].result)
        chi -= state.by_key[party].y.plaintext
    nonce_point = sharing.encode(curve.multiply(mask_point, begun.nonce.plaintext))
    encoded = curve.encode(mask_point)
    proofs = {
        party: encryption.prove(
            auxiliary.parameters,
            bound(begun, me, "nonce point"),
            point_statement(begun, me, party, begun.nonce.ciphertext, encoded, nonce_point),
            begun.nonce,
            draw,
        )
        for party in others(begun.signers, me)
    }
    message = Parts(
        delta=delta % ORDER,
        nonce_point=nonce_point,
        share_point=sharing.encode(curve.multiply(mask_point, chi % ORDER)),
        proofs=proofs,
        echo=echo_of(begun.session, "presign 2", products),
    )
    return Shown(
        multiplied=state,
        products=products,
        mask_point=encoded,
        delta=delta,
        chi=chi,
        message=message,
    )


def check_products(state: Multiplied, party: int, verifier: int, message: Products) -> None:
    """Refuse products for the verifier, or a mask point, that are not proven."""
    begun = state.begun
    parameters = begun.auxiliary.parameters
    sharing.parse(message.mask_point, party)
    receivers = others(begun.signers, party)
    # For everybody, and not for itself: `abort.py` sums all of them.
    if sorted(message.by_mask) != receivers or sorted(message.by_key) != receivers:
        raise FaultyPartyError(party, "did not multiply for everybody else")
    nonce = state.encryptions[verifier].nonce
    for purpose, made, point in (
        ("by mask", message.by_mask[verifier], message.mask_point),
        ("by key", message.by_key[verifier], begun.key_points[party]),
    ):
        statement = product_statement(begun, party, verifier, verifier, nonce, made, point)
        if not affine.verify(parameters, bound(begun, party, purpose), statement, made.proof):
            raise FaultyPartyError(party, f"did not prove its product {purpose}")
    mask = point_statement(
        begun,
        party,
        verifier,
        state.encryptions[party].mask,
        affine.GENERATOR,
        message.mask_point,
    )
    proof = message.proofs.get(verifier)
    if proof is None or not encryption.verify(
        parameters, bound(begun, party, "mask point"), mask, proof
    ):
        raise FaultyPartyError(party, "did not prove its mask point")


def finish(state: Shown, received: Mapping[int, Parts]) -> SigningShare:
    """Check the parts and both sums, and return what is left to sign with."""
    begun = state.multiplied.begun
    parts = complete(received, begun.signers, begun.party, state.message)
    check_echo(state.message.echo, {party: each.echo for party, each in parts.items()})
    for party in others(begun.signers, begun.party):
        check_parts(state, party, begun.party, parts[party])
    delta = sum(each.delta for each in parts.values()) % ORDER
    key = curve.parse(begun.public_key)
    assert key is not None
    shares = [(each.nonce_point, each.share_point) for each in parts.values()]
    presignature = None if delta == 0 else divided(state.mask_point, shares, delta)
    if presignature is None or not algebra.is_consistent(presignature, key):
        raise PresigningFailedError("the parts do not sum to G and to the key")
    return SigningShare(
        session=begun.session,
        party=begun.party,
        signers=begun.signers,
        public_key=begun.public_key,
        nonce_share=begun.nonce.plaintext,
        key_share=state.chi % ORDER,
        presignature=presignature,
    )


def check_parts(state: Shown, party: int, verifier: int, message: Parts) -> None:
    """Refuse a Delta that is not proven, and what is no point or no scalar."""
    begun = state.multiplied.begun
    for point in (message.nonce_point, message.share_point):
        sharing.parse(point, party)
    if not 0 <= message.delta < ORDER:
        raise FaultyPartyError(party, "sent what is no scalar")
    nonce = state.multiplied.encryptions[party].nonce
    statement = point_statement(
        begun, party, verifier, nonce, state.mask_point, message.nonce_point
    )
    proof = message.proofs.get(verifier)
    if proof is None or not encryption.verify(
        begun.auxiliary.parameters, bound(begun, party, "nonce point"), statement, proof
    ):
        raise FaultyPartyError(party, "did not prove its nonce point")


def fingerprint(share: SigningShare) -> bytes:
    """Return a hash of the public half of a presignature: all signers must have the same.

    Compare it before signing. A party that showed others another part in round 3 is found so.
    """
    points = [tuple(curve.encode(each) for each in pair) for pair in share.presignature.shares]
    nonce = curve.encode(share.presignature.nonce)
    return digest("presignature", share.session, nonce, points)


def divided(mask_point: bytes, shares: Sequence[tuple[bytes, bytes]], delta: int) -> Presignature:
    """Return Gamma, and each Delta_j and S_j, divided by delta."""
    inverse = pow(delta, -1, ORDER)

    def divide(encoded: bytes) -> Point:
        point = curve.multiply(curve.parse(encoded), inverse)
        assert point is not None
        return point

    return Presignature(
        nonce=divide(mask_point),
        shares=tuple((divide(nonce), divide(share)) for nonce, share in shares),
    )
