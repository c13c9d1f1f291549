"""The unit's signature: what it is, and every way of tampering refused."""

import copy
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import sha256

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureConstructionMethod
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from his.claims.signature import DS, Signer, _key_info, make_test_certificate, verify
from his.claims.terms import ClaimFacts
from his.claims.xml.checkin_file import check_in_bytes
from his.claims.xml.envelope import seal_bytes
from his.kit.errors import HisError, Kind

MADE_AT = datetime(2026, 8, 10, 3, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def signed(good: ClaimFacts, signer: Signer) -> bytes:
    return signer.sign(seal_bytes(good, MADE_AT))


def refused(data: bytes, certificate: x509.Certificate | bytes, word: str = "") -> None:
    with pytest.raises(HisError) as caught:
        verify(data, certificate)
    assert caught.value.kind is Kind.INVALID
    assert word in caught.value.message, caught.value.message


def test_signed_file_verifies_and_holds_the_signature_in_its_place(signed: bytes, keys: tuple[bytes, bytes]) -> None:
    verify(signed, keys[1])
    root = etree.fromstring(signed)
    assert root[-1].tag == "CHUKYDONVI"
    assert [e.tag for e in root[-1]] == [f"{{{DS}}}Signature"]
    reference = root.find(f".//{{{DS}}}Reference")
    assert reference.get("URI") == ""
    assert root.findtext(f".//{{{DS}}}X509SubjectName") == (
        "C=VN, ST=Thử nghiệm, L=Thử nghiệm, CN=Phòng khám An Hòa, UID=01999"
    )


def test_signature_agrees_with_plain_cryptography(signed: bytes, signer: Signer) -> None:
    """Digest and signature recomputed without the signing library."""
    root = etree.fromstring(signed)
    info = root.find(f".//{{{DS}}}SignedInfo")
    value = b64decode(root.findtext(f".//{{{DS}}}SignatureValue"))
    canonical = etree.tostring(info, method="c14n")
    key = signer.certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(value, canonical, padding.PKCS1v15(), hashes.SHA256())
    digest = root.findtext(f".//{{{DS}}}DigestValue")
    place = root.find("CHUKYDONVI")
    place.remove(place[0])
    assert b64encode(sha256(etree.tostring(root, method="c14n")).digest()).decode() == digest


def test_signature_is_what_an_independent_library_makes_and_accepts(
    good: ClaimFacts, signed: bytes, signer: Signer
) -> None:
    XMLVerifier().verify(
        signed, x509_cert=signer.certificate, expect_config=SignatureConfiguration(location="./CHUKYDONVI/")
    )
    root = etree.fromstring(seal_bytes(good, MADE_AT))
    etree.SubElement(root[-1], f"{{{DS}}}Signature", {"Id": "placeholder"}, nsmap={"ds": DS})
    tool = XMLSigner(SignatureConstructionMethod.enveloped, c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0)
    made = etree.fromstring(etree.tostring(tool.sign(root, key=signer._key, key_info=_key_info(signer.certificate))))
    assert etree.tostring(made, method="c14n") == signed


def test_a_place_that_is_not_empty_is_refused(signer: Signer) -> None:
    for data in (
        b"<GIAMDINHHS><A>x</A><CHUKYDONVI> </CHUKYDONVI></GIAMDINHHS>",
        b'<GIAMDINHHS><A>x</A><CHUKYDONVI a="b"></CHUKYDONVI></GIAMDINHHS>',
        b'<GIAMDINHHS xmlns:a="urn:b"><A>x</A><CHUKYDONVI></CHUKYDONVI></GIAMDINHHS>',
        b'<GIAMDINHHS xmlns:a="b"><A>x</A><CHUKYDONVI></CHUKYDONVI></GIAMDINHHS>',
    ):
        with pytest.raises(HisError):
            signer.sign(data)


def test_the_payload_is_byte_for_byte_what_was_sealed(good: ClaimFacts, signed: bytes) -> None:
    before = seal_bytes(good, MADE_AT).removesuffix(b"</CHUKYDONVI></GIAMDINHHS>")
    assert signed.startswith(before)


def test_signing_is_deterministic_and_check_in_is_signed_too(good: ClaimFacts, signer: Signer, signed: bytes) -> None:
    assert signer.sign(seal_bytes(good, MADE_AT)) == signed
    verify(signer.sign(check_in_bytes(good)), signer.certificate)


def test_unsigned_is_refused(good: ClaimFacts, signer: Signer) -> None:
    refused(seal_bytes(good, MADE_AT), signer.certificate, "chưa ký")


def test_any_changed_byte_is_refused(signed: bytes, signer: Signer) -> None:
    step = max(len(signed) // 400, 1)
    for place in [*range(0, len(signed), step), *range(len(signed) - 40, len(signed))]:
        changed = bytearray(signed)
        changed[place] ^= 0x01
        refused(bytes(changed), signer.certificate)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: b'<?xml version="1.0" encoding="utf-8"?>' + d,
        lambda d: b"\xef\xbb\xbf" + d,
        lambda d: d + b"\n",
        lambda d: d.replace(b"<THONGTINHOSO>", b"<THONGTINHOSO >", 1),
        lambda d: d.replace(b"<MACSKCB>01999", b"<MACSKCB>01<!-- -->999", 1),
        lambda d: d.replace(b"<MACSKCB>01999", b"<MACSKCB>01998", 1),
        lambda d: etree.tostring(etree.fromstring(d), pretty_print=True),
        lambda d: d.replace(b"</ds:X509Data>", b"</ds:X509Data><ds:KeyName>x</ds:KeyName>", 1),
        lambda d: d.replace(b"CN=Ph", b"CN=Qh", 1),
        lambda d: d.replace(b"<ds:SignatureValue>", b"<ds:SignatureValue> ", 1),
    ],
)
def test_rewritten_files_are_refused(signed: bytes, signer: Signer, change) -> None:
    changed = change(signed)
    assert changed != signed
    refused(changed, signer.certificate)


def test_foreign_certificate_is_refused(signed: bytes) -> None:
    _, other = make_test_certificate("Đơn vị khác", "01998", datetime(2026, 1, 1, tzinfo=UTC))
    refused(signed, other, "đã đăng ký")


def test_wrapping_is_refused(signed: bytes, signer: Signer) -> None:
    """The signed document hidden inside another root, with the signature where a reader looks for it."""
    original = etree.fromstring(signed)
    wrapper = etree.Element("GIAMDINHHS")
    fake = etree.SubElement(wrapper, "THONGTINHOSO")
    fake.text = "giả"
    hidden = etree.SubElement(wrapper, "AN")
    hidden.append(copy.deepcopy(original))
    place = etree.SubElement(wrapper, "CHUKYDONVI")
    refused(etree.tostring(wrapper, method="c14n"), signer.certificate)
    place.append(copy.deepcopy(original.find(f".//{{{DS}}}Signature")))
    refused(etree.tostring(wrapper, method="c14n"), signer.certificate, "sai chỗ")
    for inner in hidden.iter("CHUKYDONVI"):
        inner.clear()
    refused(etree.tostring(wrapper, method="c14n"), signer.certificate)


def test_signature_over_a_part_is_refused(keys: tuple[bytes, bytes], signer: Signer) -> None:
    """A correct signature whose reference names one element only."""
    root = etree.fromstring(
        b'<GIAMDINHHS><THONGTINHOSO Id="a">x</THONGTINHOSO><CHUKYDONVI>'
        b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#" Id="placeholder"/></CHUKYDONVI></GIAMDINHHS>'
    )
    tool = XMLSigner(SignatureConstructionMethod.enveloped, c14n_algorithm=CanonicalizationMethod.CANONICAL_XML_1_0)
    part = tool.sign(root, key=keys[0], cert=keys[1].decode(), reference_uri="a")
    refused(etree.tostring(part, method="c14n"), signer.certificate, "toàn bộ")


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        (b"2001/04/xmldsig-more#rsa-sha256", b"2000/09/xmldsig#rsa-sha1", "thuật toán"),
        (b"2001/04/xmlenc#sha256", b"2000/09/xmldsig#sha1", "hàm băm"),
        (b"2000/09/xmldsig#enveloped-signature", b"TR/1999/REC-xpath-19991116", "biến đổi"),
    ],
)
def test_weak_algorithms_are_refused(signed: bytes, signer: Signer, old: bytes, new: bytes, word: str) -> None:
    assert signed.count(old) == 1
    refused(signed.replace(old, new), signer.certificate, word)


def test_weak_key_and_wrong_pair_are_refused(keys: tuple[bytes, bytes]) -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Yếu")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(weak.public_key())
        .serial_number(1)
        .not_valid_before(MADE_AT)
        .not_valid_after(MADE_AT.replace(year=2027))
        .sign(weak, hashes.SHA256())
    )
    with pytest.raises(HisError, match="1024 bit"):
        Signer(weak, certificate)
    other_key, _ = make_test_certificate("Khác", "01998", MADE_AT)
    with pytest.raises(HisError, match="không thuộc"):
        Signer.from_pem(other_key, keys[1])
    with pytest.raises(HisError, match="Không đọc được"):
        Signer.from_pem(b"x", keys[1])


def test_signing_twice_or_without_place_is_refused(signed: bytes, signer: Signer) -> None:
    with pytest.raises(HisError, match="đã được ký"):
        signer.sign(signed)
    with pytest.raises(HisError, match="CHUKYDONVI"):
        signer.sign(b"<GIAMDINHHS><A/></GIAMDINHHS>")


def test_two_signatures_are_refused(signed: bytes, signer: Signer) -> None:
    root = etree.fromstring(signed)
    place = root.find("CHUKYDONVI")
    place.append(copy.deepcopy(place[0]))
    refused(etree.tostring(root, method="c14n"), signer.certificate, "sai chỗ")
