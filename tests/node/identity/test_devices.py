"""What an account says of its devices."""

import pytest

from node import identity
from node.codec import Refused
from node.identity import AccountBundle, DeviceCertificate, DevicePublic, certify

DAY = 20_000


@pytest.fixture(scope="session")
def certificate(account, device) -> bytes:
    return certify(account, device.public, number=1, day=DAY, days=30)


def test_a_certificate_counts_on_its_days(certificate: bytes, decoded, device) -> None:
    read = DeviceCertificate.decode(certificate)
    for day in (DAY, DAY + 15, DAY + 29):
        read.check(decoded, day)

    assert len(certificate) == identity.CERTIFICATE
    assert read.device == device.public
    assert (read.number, read.first_day, read.last_day) == (1, DAY, DAY + 29)


@pytest.mark.parametrize("day", [0, DAY - 1, DAY + 30, DAY + 10_000])
def test_it_does_not_count_on_other_days(certificate: bytes, decoded, day: int) -> None:
    with pytest.raises(Refused, match="not of these days"):
        DeviceCertificate.decode(certificate).check(decoded, day)


def test_another_account_has_not_signed_it(certificate: bytes, other_account) -> None:
    other = AccountBundle.decode(other_account.bundle())
    with pytest.raises(Refused, match="another account"):
        DeviceCertificate.decode(certificate).check(other, DAY)


def test_an_account_cannot_certify_for_another(decoded, other_account, device) -> None:
    """The forger names the victim's account and signs with its own key."""
    forged = certify(other_account, device.public, 1, DAY)
    body = forged[:1] + decoded.account_id + forged[33 : -identity.SIGNATURE]
    signature = other_account.signing.sign(body, identity.CERTIFICATE_CONTEXT)
    with pytest.raises(Refused, match="not signed"):
        DeviceCertificate.decode(body + signature).check(decoded, DAY)


def test_no_bit_may_change(certificate: bytes, decoded) -> None:
    starts = [0, 1, 33, 37, 41, 45, 45 + 2592, len(certificate) - identity.SIGNATURE]
    for place in [*starts, *(start - 1 for start in starts[1:]), len(certificate) - 1]:
        for bit in (1, 0x80):
            changed = bytearray(certificate)
            changed[place] ^= bit
            with pytest.raises(Refused):
                DeviceCertificate.decode(bytes(changed)).check(decoded, DAY)


def test_every_other_length_is_refused(certificate: bytes) -> None:
    for length in range(len(certificate)):
        with pytest.raises(Refused):
            DeviceCertificate.decode(certificate[:length])
    with pytest.raises(Refused, match="trailing"):
        DeviceCertificate.decode(certificate + b"\0")


def test_no_certificate_lasts_for_ever(account, device, decoded) -> None:
    for days in (-1, 0, identity.CERTIFICATE_DAYS_MAX + 1):
        with pytest.raises(ValueError, match="lasts 1 to"):
            certify(account, device.public, 1, DAY, days)
    longest = certify(account, device.public, 1, DAY, identity.CERTIFICATE_DAYS_MAX)
    DeviceCertificate.decode(longest).check(decoded, DAY + 365)
    body = bytearray(longest[: -identity.SIGNATURE])
    body[41:45] = (DAY + identity.CERTIFICATE_DAYS_MAX).to_bytes(4)
    signed = account.signing.sign(bytes(body), identity.CERTIFICATE_CONTEXT)
    with pytest.raises(Refused, match="too many"):
        DeviceCertificate.decode(bytes(body) + signed)


def test_a_later_number_replaces(account, other_account, device) -> None:
    first, second = (
        DeviceCertificate.decode(certify(account, device.public, number, DAY)) for number in (1, 2)
    )
    foreign = DeviceCertificate.decode(certify(other_account, device.public, 3, DAY))

    assert second.replaces(first)
    assert not first.replaces(second)
    assert not first.replaces(first)
    assert not foreign.replaces(second)


def test_a_bundle_signature_is_no_certificate(account, device, decoded) -> None:
    certificate = certify(account, device.public, 1, DAY)
    body = certificate[: -identity.SIGNATURE]
    for context in (b"", identity.BUNDLE_CONTEXT):
        signed = body + account.signing.sign(body, context)
        with pytest.raises(Refused, match="not signed"):
            DeviceCertificate.decode(signed).check(decoded, DAY)


def test_only_public_keys_are_certified(certificate: bytes, device) -> None:
    assert isinstance(device.public, DevicePublic)
    assert device.signing.seed not in certificate
    assert device.hybrid.seed not in certificate
