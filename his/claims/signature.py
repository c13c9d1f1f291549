"""The unit's signature on a claim file: XMLDSig enveloped over the whole document, SHA-256, RSA, X509 data.

The signature stands in CHUKYDONVI, the last child of the root. Signed bytes are canonical XML: whoever changes one
byte, even outside what XMLDSig digests, is found out, because the file is no longer in that form.
"""

from base64 import b64decode, b64encode
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml.algorithms import (
    CanonicalizationMethod,
    DigestAlgorithm,
    SignatureConstructionMethod,
    SignatureMethod,
)
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

from his.kit.errors import HisError, Kind
from his.kit.xml import safe_parse

DS = "http://www.w3.org/2000/09/xmldsig#"
PLACE = "CHUKYDONVI"
C14N = CanonicalizationMethod.CANONICAL_XML_1_0
TRANSFORMS = ["http://www.w3.org/2000/09/xmldsig#enveloped-signature", C14N.value]
SMALLEST_KEY_BITS = 2048
VALID_DAYS = 3 * 365
_CONFIG = SignatureConfiguration(
    location=f"./{PLACE}/",
    expect_references=1,
    signature_methods=frozenset({SignatureMethod.RSA_SHA256}),
    digest_algorithms=frozenset({DigestAlgorithm.SHA256}),
)


def _ds(tag: str) -> str:
    return f"{{{DS}}}{tag}"


def _refuse(sentence: str) -> HisError:
    return HisError(Kind.INVALID, sentence, field=PLACE)


def _pem_body(certificate: x509.Certificate) -> str:
    return b64encode(certificate.public_bytes(serialization.Encoding.DER)).decode()


def subject_name(certificate: x509.Certificate) -> str:
    """X509SubjectName in the order the portal accepts: C, ST, L, CN, UID as they stand in the certificate."""
    return ", ".join(rdn.rfc4514_string({NameOID.USER_ID: "UID"}) for rdn in certificate.subject.rdns)


def _place_of(root: etree._Element) -> etree._Element:
    last = root[-1] if len(root) else None
    if last is None or last.tag != PLACE:
        raise _refuse("Tệp không có chỗ ký CHUKYDONVI ở cuối. Lập lại hồ sơ rồi ký.")
    return last


class Signer:
    """Signs with a loaded key object and its certificate: loading the key once is what keeps signing fast."""

    def __init__(self, key: rsa.RSAPrivateKey, certificate: x509.Certificate) -> None:
        if key.key_size < SMALLEST_KEY_BITS:
            raise _refuse(f"Khóa ký dài {key.key_size} bit là quá yếu. Dùng khóa RSA từ {SMALLEST_KEY_BITS} bit.")
        if key.public_key() != certificate.public_key():
            raise _refuse("Khóa ký không thuộc chứng thư số này. Chọn đúng cặp khóa và chứng thư.")
        self._key = key
        self.certificate = certificate

    @classmethod
    def from_pem(cls, key_pem: bytes, cert_pem: bytes, password: bytes | None = None) -> "Signer":
        """Load key and certificate once; `HisError(INVALID)` when either cannot be read or the key is not RSA."""
        try:
            key: PrivateKeyTypes = serialization.load_pem_private_key(key_pem, password)
            certificate = x509.load_pem_x509_certificate(cert_pem)
        except (ValueError, TypeError) as error:
            raise _refuse("Không đọc được khóa hoặc chứng thư số. Kiểm lại tệp và mật khẩu.") from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise _refuse("Khóa ký không phải RSA. Chọn chứng thư số dùng khóa RSA.")
        return cls(key, certificate)

    def sign(self, data: bytes) -> bytes:
        """The final bytes: canonical XML with the signature in CHUKYDONVI. Nothing may touch them afterwards.

        Raises `HisError` when the file has no CHUKYDONVI at its end or carries a signature already.
        """
        root = safe_parse(data)
        place = _place_of(root)
        if len(place) or root.find(f".//{_ds('SignatureValue')}") is not None:
            raise _refuse("Tệp đã được ký. Lập lại hồ sơ nếu cần ký lần nữa.")
        etree.SubElement(place, _ds("Signature"), {"Id": "placeholder"}, nsmap={"ds": DS})
        signer = XMLSigner(
            SignatureConstructionMethod.enveloped, SignatureMethod.RSA_SHA256, DigestAlgorithm.SHA256, C14N
        )
        signed = signer.sign(root, key=self._key, key_info=_key_info(self.certificate))
        return etree.tostring(signed, method="c14n")


def _key_info(certificate: x509.Certificate) -> etree._Element:
    """KeyInfo with the name of the subject and the certificate."""
    info = etree.Element(_ds("KeyInfo"), nsmap={"ds": DS})
    data = etree.SubElement(info, _ds("X509Data"))
    etree.SubElement(data, _ds("X509SubjectName")).text = subject_name(certificate)
    etree.SubElement(data, _ds("X509Certificate")).text = _pem_body(certificate)
    return info


def _signature_of(root: etree._Element) -> etree._Element:
    """The only signature of the file, at its only lawful place."""
    signatures = root.findall(f".//{_ds('Signature')}")
    place = _place_of(root)
    if not signatures:
        raise _refuse("Tệp chưa ký. Ký tệp bằng chứng thư của đơn vị rồi gửi lại.")
    if len(signatures) > 1 or len(place) != 1 or signatures[0].getparent() is not place:
        raise _refuse("Chữ ký đặt sai chỗ trong tệp. Lập và ký lại hồ sơ, không ghép tệp đã ký.")
    return signatures[0]


def _check_shape(signature: etree._Element) -> None:
    """One reference to the whole document through the two plain transforms, strong algorithms only."""
    references = signature.findall(f"{_ds('SignedInfo')}/{_ds('Reference')}")
    if len(references) != 1 or references[0].get("URI") != "":
        raise _refuse("Chữ ký không bao trùm toàn bộ tệp. Lập và ký lại hồ sơ.")
    transforms = [t.get("Algorithm") for t in references[0].findall(f"{_ds('Transforms')}/{_ds('Transform')}")]
    method = signature.find(f"{_ds('SignedInfo')}/{_ds('SignatureMethod')}")
    digest = references[0].find(_ds("DigestMethod"))
    if method is None or method.get("Algorithm") != SignatureMethod.RSA_SHA256.value:
        raise _refuse("Chữ ký dùng thuật toán không được nhận. Ký lại bằng RSA với SHA-256.")
    if digest is None or digest.get("Algorithm") != DigestAlgorithm.SHA256.value:
        raise _refuse("Chữ ký dùng hàm băm không được nhận. Ký lại bằng SHA-256.")
    if transforms != TRANSFORMS:
        raise _refuse("Chữ ký dùng phép biến đổi không được nhận. Ký lại toàn bộ tệp.")


def _check_certificate(signature: etree._Element, trusted: x509.Certificate) -> None:
    """The certificate inside is the trusted one, byte for byte, and nothing else stands beside it."""
    key = trusted.public_key()
    if not isinstance(key, rsa.RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
        raise _refuse(f"Chứng thư số không dùng khóa RSA từ {SMALLEST_KEY_BITS} bit. Thay chứng thư rồi ký lại.")
    found = signature.findall(f".//{_ds('X509Certificate')}")
    if len(found) != 1 or (found[0].text or "") != _pem_body(trusted):
        raise _refuse("Chứng thư trong chữ ký không phải chứng thư đã đăng ký của đơn vị. Ký lại bằng đúng chứng thư.")
    # KeyInfo lies outside what the signature covers, so it must be exactly what this certificate gives
    info = signature.find(_ds("KeyInfo"))
    if info is None or etree.tostring(info, method="c14n") != etree.tostring(_key_info(trusted), method="c14n"):
        raise _refuse("Phần thông tin khóa trong chữ ký không khớp chứng thư. Ký lại hồ sơ.")
    parts = [_ds("SignedInfo"), _ds("SignatureValue"), _ds("KeyInfo")]
    if [child.tag for child in signature] != parts or signature.attrib or "".join(signature.xpath("text()")):
        raise _refuse("Chữ ký chứa phần lạ. Ký lại hồ sơ.")
    value = signature.findtext(_ds("SignatureValue")) or ""
    try:
        exact = b64encode(b64decode(value, validate=True)).decode() == value
    except ValueError:
        exact = False
    if not exact:
        raise _refuse("Giá trị chữ ký bị hỏng. Ký lại hồ sơ.")


def verify(data: bytes, trusted_cert: x509.Certificate | bytes) -> None:
    """Accept the untouched bytes of a signed file, or raise `HisError(INVALID)` that says why not.

    `trusted_cert` is the registered certificate (object or PEM). Refused: unsigned, changed by one byte, a signature
    that covers less than the root, a second signature, comments, a foreign certificate, weak algorithms or keys.
    """
    trusted = x509.load_pem_x509_certificate(trusted_cert) if isinstance(trusted_cert, bytes) else trusted_cert
    root = safe_parse(data, keep_comments=True)
    signature = _signature_of(root)
    if etree.tostring(root, method="c14n", with_comments=False) != data:
        raise _refuse("Tệp đã bị sửa hoặc ghi lại sau khi ký. Gửi đúng tệp vừa ký, không mở ra lưu lại.")
    _check_shape(signature)
    _check_certificate(signature, trusted)
    try:
        XMLVerifier().verify(root, x509_cert=trusted, expect_config=_CONFIG)
    except (SignXMLException, ValueError, etree.LxmlError) as error:
        raise _refuse("Chữ ký không đúng: tệp đã bị sửa sau khi ký. Lập và ký lại hồ sơ.") from error


def make_test_certificate(common_name: str, unit_code: str, valid_from: datetime) -> tuple[bytes, bytes]:
    """A self-signed certificate for training and tests: (key PEM, certificate PEM), RSA 2048, three years.

    `unit_code` becomes the UID of the subject, `valid_from` must be aware.
    """
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.STATE_OR_PROVINCE_NAME, "Thử nghiệm"),
            x509.NameAttribute(NameOID.LOCALITY_NAME, "Thử nghiệm"),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            x509.NameAttribute(NameOID.USER_ID, unit_code),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(valid_from)
        .not_valid_after(valid_from + timedelta(days=VALID_DAYS))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, False, False, False, False),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    key_pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key_pem, certificate.public_bytes(serialization.Encoding.PEM)
