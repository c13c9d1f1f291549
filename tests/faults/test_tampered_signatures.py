"""1,012 tampered or wrapped signatures: the reader of signatures and the gateway's stand-in refuse every one."""

import base64
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from his.claims.signature import Signer, make_test_certificate, verify
from his.claims.xml.envelope import seal_bytes
from his.kit.errors import HisError, Kind
from his.standin.ledger import Ledger
from his.standin.server import StandIn
from tests.faults import trial
from tests.faults.dossiers import AT, CODE, facts_of
from tests.faults.tampering import COUNT, tampered


@pytest.fixture(scope="module")
def pems():
    return make_test_certificate("Phòng khám thử", CODE, AT - timedelta(days=30))


@pytest.fixture(scope="module")
def files(pems):
    """The signed file, and the 1,012 made from it."""
    key = serialization.load_pem_private_key(pems[0], None)
    signer = Signer.from_pem(*pems)
    stranger = Signer.from_pem(*make_test_certificate("Kẻ lạ", CODE, AT - timedelta(days=30)))
    facts = facts_of(1)
    signed = signer.sign(seal_bytes(facts, AT), AT)
    others = [stranger.sign(seal_bytes(facts, AT)), signer.sign(seal_bytes(replace(facts, patient_name="Khác"), AT))]
    return signed, tampered(signed, key, others)


def refusal(data, trusted):
    try:
        verify(data, trusted, AT)
    except HisError as error:
        return error
    return None


def test_every_tampered_file_is_refused_with_a_sentence(pems, files):
    signed, bad = files
    trusted = x509.load_pem_x509_certificate(pems[1])
    verify(signed, trusted, AT)
    assert len(bad) == COUNT == len({data for _, data in bad})
    groups = Counter(group for group, _ in bad)
    said = [refusal(data, trusted) for _, data in bad]
    assert [group for (group, _), error in zip(bad, said, strict=True) if error is None] == []
    assert {error.kind for error in said} == {Kind.INVALID}
    assert all(error.message.endswith(".") for error in said)
    assert len(groups) == 12, groups
    trial.report(
        "40",
        n=len(bad),
        expected={"refused": COUNT},
        got={"refused": sum(e is not None for e in said), "kinds": len(groups)},
    )


def test_a_reader_that_believes_the_document_is_seen(pems, files):
    """A reader that only looks whether a signature stands there takes many of the tampered files: they are a test."""
    taken = sum(b"<SignatureValue" in data or b":SignatureValue" in data for _, data in files[1])
    assert taken > COUNT / 2


def test_the_stand_in_accepts_none_of_them(pems, files, tmp_path):
    signed, bad = files
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / f"{CODE}.cert.pem").write_bytes(pems[1])
    stand_in = StandIn(tmp_path, Ledger(":memory:"), now=lambda: AT)
    assert stand_in.judge(CODE, "130", base64.b64encode(signed).decode()).code == "200"
    codes = Counter(stand_in.judge(CODE, "130", base64.b64encode(data).decode()).code for _, data in bad)
    assert set(codes) <= {"123", "125", "201", "202"}, codes
    assert codes["125"] > COUNT / 2
    assert codes["123"] > 0


@pytest.mark.parametrize("days", [-1, 3 * 365 + 1])
def test_a_certificate_outside_its_days_signs_nothing_and_proves_nothing(pems, files, days):
    at = AT - timedelta(days=30) + timedelta(days=days)
    with pytest.raises(HisError, match="chỉ dùng được từ"):
        verify(files[0], pems[1], at)
    with pytest.raises(HisError, match="chỉ dùng được từ"):
        Signer.from_pem(*pems).sign(seal_bytes(facts_of(1), AT), at)


def test_a_certificate_that_is_not_for_signing_is_refused(pems):
    key = serialization.load_pem_private_key(pems[0], None)
    name = x509.load_pem_x509_certificate(pems[1]).subject
    usage = x509.KeyUsage(False, False, True, False, False, False, False, False, False)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2027, 1, 1, tzinfo=UTC))
        .add_extension(usage, critical=True)
        .sign(key, hashes.SHA256())
    )
    signed = Signer(key, certificate).sign(seal_bytes(facts_of(1), AT))
    with pytest.raises(HisError, match="không dùng để ký"):
        verify(signed, certificate, AT)
