"""XML from outside: what is read and what is refused."""

import pytest

from his.kit.errors import HisError, Kind
from his.kit.xml import safe_parse


def test_reads_plain_xml_with_bom_declaration_and_cdata() -> None:
    root = safe_parse(b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?>\r\n<A><B><![CDATA[<!DOCTYPE x>]]></B></A>')
    assert root.tag == "A"
    assert root.findtext("B") == "<!DOCTYPE x>"


def test_comments_cannot_split_a_value() -> None:
    assert safe_parse(b"<A><B>01<!-- x -->999<?pi y?></B></A>").findtext("B") == "01999"


BOMB = b'<!DOCTYPE a [<!ENTITY x "aaaaaaaaaa"><!ENTITY y "&x;&x;&x;&x;&x;">]><a>&y;</a>'
FILE = b'<?xml version="1.0"?><!-- c --><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>'


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (BOMB, "DOCTYPE"),
        (FILE, "DOCTYPE"),
        (b"  <!DOCTYPE a><a/>", "DOCTYPE"),
        (b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>', "DOCTYPE"),
        ("<a/>".encode("utf-16"), "UTF-8"),
        (b"<a>\xff</a>", "UTF-8"),
        (b"", "trống"),
        (b"\xef\xbb\xbf  ", "trống"),
        (b"<a><b></a>", "dòng 1"),
        (b"<a>&unknown;</a>", "hỏng"),
        (b"<a>\x00</a>", "hỏng"),
        (b"<a" * 3, "hỏng"),
        (b"<a>" * 65 + b"</a>" * 65, "64 tầng"),
        (b"<a>" * 5000 + b"</a>" * 5000, ""),
    ],
)
def test_refuses(data: bytes, word: str) -> None:
    with pytest.raises(HisError) as caught:
        safe_parse(data)
    assert caught.value.kind is Kind.INVALID
    assert word in caught.value.message
    assert caught.value.message.endswith(".")


def test_size_and_depth_are_arguments() -> None:
    assert safe_parse(b"<a>" * 64 + b"</a>" * 64).tag == "a"
    assert safe_parse(b"<a/>", max_bytes=4).tag == "a"
    with pytest.raises(HisError, match="5 byte"):
        safe_parse(b"<a />", max_bytes=4)
    with pytest.raises(HisError, match="2 tầng"):
        safe_parse(b"<a><a><a/></a></a>", max_depth=2)


def test_utf7_declaration_hides_nothing() -> None:
    data = b'<?xml version="1.0" encoding="UTF-7"?><a>+ADwAIQ-</a>'
    assert safe_parse(data).text == "+ADwAIQ-"
