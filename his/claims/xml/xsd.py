"""XML Schemas of our own, written from the table descriptions: what a validator outside this system can hold us to.

One schema for each table and edition, and one for the envelope. Elements stand in the order of the standard; a required
one holds something besides blanks, no text is longer than the standard allows, a number is a number.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from his.claims.xml.readings import DEFAULTS, Readings
from his.claims.xml.standards import Edition
from his.claims.xml.table import Field, Kind, Need, R, Table
from his.claims.xml.tables import AnyTable, tables_on

DAYS: dict[Edition, date] = {
    Edition.QD_130: date(2024, 6, 30),
    Edition.QD_4750: date(2024, 12, 31),
    Edition.QD_3176: date(2026, 6, 30),
    Edition.AMENDED_1931: date(2026, 7, 1),
}
"""A day on which each edition holds."""

_HEAD = '<?xml version="1.0" encoding="utf-8"?>\n<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">\n'
_TAIL = "</xs:schema>\n"
_NOT_BLANK = r"[\s\S]*\S[\s\S]*"


def _number_pattern(field: Field[R]) -> str:
    digits = "[0-9]+" + (rf"(\.[0-9]{{1,{field.decimals}}})?" if field.decimals else "")
    return f"-?{digits}" if field.need is Need.YES else f"(-?{digits})?"


def _element(field: Field[R]) -> str:
    parts = []
    if field.kind is Kind.NUMBER:
        parts.append(f'<xs:pattern value="{_number_pattern(field)}"/>')
    elif field.need is Need.YES:
        parts.append(f'<xs:pattern value="{_NOT_BLANK}"/>')
    if field.max_length is not None:
        parts.append(f'<xs:maxLength value="{field.max_length}"/>')
    body = f'<xs:simpleType><xs:restriction base="xs:string">{"".join(parts)}</xs:restriction></xs:simpleType>'
    note = f"<xs:annotation><xs:documentation>{field.label}</xs:documentation></xs:annotation>"
    return f'<xs:element name="{field.name}">{note}{body}</xs:element>\n'


def _complex(name: str, inner: str, occurs: str = "") -> str:
    return f'<xs:element name="{name}"{occurs}><xs:complexType><xs:sequence>\n{inner}</xs:sequence></xs:complexType></xs:element>\n'


def table_schema(table: Table[R]) -> str:
    """The schema of one table's own XML. An empty list is tolerated, as files in use have them."""
    inner = "".join(_element(field) for field in table.fields)
    if table.row_tag:
        inner = _complex(table.row_tag, inner, ' minOccurs="0" maxOccurs="unbounded"')
    if table.list_tag:
        inner = _complex(table.list_tag, inner)
    if table.name == "CHECKIN":
        inner += '<xs:element name="CHUKYDONVI"/>\n'
    return _HEAD + _complex(table.root, inner) + _TAIL


def envelope_schema(tables: tuple[AnyTable, ...]) -> str:
    """The schema of the outer file: one dossier, its tables in base64, the signature's place last."""
    names = "".join(f'<xs:enumeration value="{table.name}"/>' for table in tables if table.name != "CHECKIN")
    kind = f'<xs:simpleType><xs:restriction base="xs:string">{names}</xs:restriction></xs:simpleType>'
    day = '<xs:simpleType><xs:restriction base="xs:string"><xs:pattern value="[0-9]{8}"/></xs:restriction></xs:simpleType>'
    file = f'<xs:element name="LOAIHOSO">{kind}</xs:element>\n<xs:element name="NOIDUNGFILE" type="xs:base64Binary"/>\n'
    dossier = _complex("HOSO", _complex("FILEHOSO", file, ' maxOccurs="unbounded"'), ' maxOccurs="unbounded"')
    about = (
        f'<xs:element name="NGAYLAP">{day}</xs:element>\n<xs:element name="SOLUONGHOSO" type="xs:positiveInteger"/>\n'
        + _complex("DANHSACHHOSO", dossier)
    )
    place = '<xs:simpleType><xs:restriction base="xs:string"><xs:length value="5"/></xs:restriction></xs:simpleType>'
    unit = _complex("THONGTINDONVI", f'<xs:element name="MACSKCB">{place}</xs:element>\n')
    body = unit + _complex("THONGTINHOSO", about) + '<xs:element name="CHUKYDONVI"/>\n'
    return _HEAD + _complex("GIAMDINHHS", body) + _TAIL


def schemas(readings: Readings = DEFAULTS) -> Iterator[tuple[str, str]]:
    """Name (`3176/XML1.xsd`) and text of every schema."""
    for edition, day in DAYS.items():
        tables = tables_on(day, readings)
        yield f"{edition.value}/GIAMDINHHS.xsd", envelope_schema(tables)
        for table in tables:
            yield f"{edition.value}/{table.name}.xsd", table_schema(table)


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema under the folder, which is made when missing; the files written, in order."""
    written = []
    for name, text in schemas():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        written.append(path)
    return written
