"""1,012 ways to change a signed file: each must be refused, whoever reads it. Grouped by what an attacker tries."""

import copy
import random
from base64 import b64decode, b64encode
from hashlib import sha256

from cryptography.hazmat.primitives import hashes, hmac, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import etree

from his.claims.signature import DS
from tests.faults.algorithms import CANONICAL, CHANGES, DIGESTS, METHODS, URIS

COUNT = 1012


def c14n(element):
    return etree.tostring(element, method="c14n")


def parsed(data):
    root = etree.fromstring(data)
    return root, root.find(f".//{{{DS}}}Signature")


def ds(signature, path):
    return signature.find("/".join(f"{{{DS}}}{part}" for part in path.split("/")))


def resign(root, signature, key, digest_of):
    """Correct digest and signature by the given key over what `digest_of` says: only the shape is wrong."""
    ds(signature, "SignedInfo/Reference/DigestValue").text = b64encode(sha256(digest_of).digest()).decode()
    value = key.sign(c14n(ds(signature, "SignedInfo")), padding.PKCS1v15(), hashes.SHA256())
    ds(signature, "SignatureValue").text = b64encode(value).decode()
    return c14n(root)


def without_signature(data):
    root, signature = parsed(data)
    signature.getparent().remove(signature)
    return root


def elements(root):
    return [e for e in root.iter() if isinstance(e.tag, str)]


def flipped(signed, count):
    """One bit of one byte, evenly over the file."""
    for number in range(count):
        changed = bytearray(signed)
        changed[number * len(signed) // count] ^= 1 << number % 7
        yield bytes(changed)


def forged_values(signed):
    """Another amount, code or day: in the envelope, and inside the base64 of a table."""
    for tag in ("MACSKCB", "NGAYLAP", "SOLUONGHOSO", "LOAIHOSO"):
        for text in ("", "0", "99999", "97002 ", "<!---->", "x" * 2000):
            root, _ = parsed(signed)
            root.find(f".//{tag}").text = text
            yield c14n(root)
    for place in range(len(parsed(signed)[0].findall(".//NOIDUNGFILE"))):
        for old, new in (
            (b"0</T_BHTT", b"00</T_BHTT"),
            (b"1</STT>", b"2</STT>"),
            (b"<MA_LK>", b"<MA_LK>9"),
            (b"\r\n", b"\n"),
            (b"utf-8", b"UTF-8"),
        ):
            root, _ = parsed(signed)
            packed = root.findall(".//NOIDUNGFILE")[place]
            inner = b64decode(packed.text)
            packed.text = b64encode(inner.replace(old, new) if old in inner else inner + b" ").decode()
            yield c14n(root)


def wrapped(signed):
    """The signed document hidden in a forged one, the signature where a hasty reader looks for it."""
    original, signature = parsed(signed)
    for shell in ("GIAMDINHHS", "HOSO", "DANHSACHHOSO", "x"):
        for hide in ("AN", "CHUKYDONVI", "THONGTINHOSO", f"{{{DS}}}Object", "GIAMDINHHS"):
            for where in ("place", "hidden", "both", "moved"):
                root = etree.Element(shell)
                etree.SubElement(root, "THONGTINDONVI").text = "giả"
                hidden = etree.SubElement(root, hide)
                hidden.append(copy.deepcopy(original))
                place = etree.SubElement(root, "CHUKYDONVI")
                if where in ("place", "both"):
                    place.append(copy.deepcopy(signature))
                if where == "moved":
                    place.append(hidden.find(f".//{{{DS}}}Signature"))
                if where == "place":
                    hidden.find(".//CHUKYDONVI").clear()
                yield c14n(root)


def in_object(signed):
    """A forged envelope whose signature carries the true document as an Object or as one more key datum."""
    for parent in ("", "KeyInfo", "KeyInfo/X509Data", "SignedInfo", "SignedInfo/Reference"):
        for where in (0, -1):
            root, signature = parsed(signed)
            target = ds(signature, parent) if parent else signature
            carrier = etree.Element(f"{{{DS}}}Object")
            carrier.append(without_signature(signed))
            target.insert(where if where == 0 else len(target), carrier)
            root.find(".//MACSKCB").text = "97099"
            yield c14n(root)


def partly_signed(signed, key):
    """Rightly signed by the right key, but over a part, through an Id or a fragment."""
    for target in (
        "THONGTINDONVI",
        "MACSKCB",
        "THONGTINHOSO",
        "DANHSACHHOSO",
        "HOSO",
        "FILEHOSO",
        "NOIDUNGFILE",
        "CHUKYDONVI",
    ):
        for name in ("Id", "ID", "id", "{http://www.w3.org/XML/1998/namespace}id"):
            root, signature = parsed(signed)
            part = root.find(f".//{target}")
            part.set(name, "a")
            ds(signature, "SignedInfo/Reference").set("URI", "#a")
            yield resign(root, signature, key, c14n(part))
    for uri in URIS:
        root, signature = parsed(signed)
        ds(signature, "SignedInfo/Reference").set("URI", uri)
        yield resign(root, signature, key, c14n(without_signature(signed)))
    root, signature = parsed(signed)
    del ds(signature, "SignedInfo/Reference").attrib["URI"]
    yield resign(root, signature, key, c14n(without_signature(signed)))


def doubled(signed):
    """Each element of the file a second time, before and after itself."""
    total = len(elements(parsed(signed)[0]))
    for place in range(1, total):
        for before in (True, False):
            root, _ = parsed(signed)
            chosen = elements(root)[place]
            twin = copy.deepcopy(chosen)
            if before:
                twin.text = (twin.text or "") + "1"
                chosen.addprevious(twin)
            else:
                chosen.addnext(twin)
            yield c14n(root)


def removed(signed):
    """Each element of the file taken away, and each emptied."""
    total = len(elements(parsed(signed)[0]))
    for place in range(1, total):
        root, _ = parsed(signed)
        chosen = elements(root)[place]
        chosen.getparent().remove(chosen)
        yield c14n(root)
        root, _ = parsed(signed)
        chosen = elements(root)[place]
        if len(chosen) or chosen.text or chosen.attrib:
            chosen.clear()
            yield c14n(root)


def other_algorithms(signed, key):
    """Another algorithm named: with the old value, and rightly signed by the right key under the new name."""
    paths = [
        ("SignedInfo/SignatureMethod", METHODS),
        ("SignedInfo/Reference/DigestMethod", DIGESTS),
        ("SignedInfo/CanonicalizationMethod", CANONICAL),
    ]
    for path, names in paths:
        for name in names:
            root, signature = parsed(signed)
            ds(signature, path).set("Algorithm", name)
            yield c14n(root)
            yield resign(root, signature, key, c14n(without_signature(signed)))
    for transforms in CHANGES:
        root, signature = parsed(signed)
        holder = ds(signature, "SignedInfo/Reference/Transforms")
        holder[:] = []
        for name in transforms:
            etree.SubElement(holder, f"{{{DS}}}Transform").set("Algorithm", name)
        yield c14n(root)
        yield resign(root, signature, key, c14n(without_signature(signed)))
    yield from with_public_key_as_secret(signed, key)


def with_public_key_as_secret(signed, key):
    """HMAC with the public key, which everybody knows, as its secret."""
    public = key.public_key()
    for encoding in (serialization.Encoding.PEM, serialization.Encoding.DER):
        root, signature = parsed(signed)
        ds(signature, "SignedInfo/SignatureMethod").set(
            "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
        )
        secret = hmac.HMAC(
            public.public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo), hashes.SHA256()
        )
        secret.update(c14n(ds(signature, "SignedInfo")))
        ds(signature, "SignatureValue").text = b64encode(secret.finalize()).decode()
        yield c14n(root)


def rewritten(signed):
    """The same facts in other bytes: opened and saved again."""
    root, _ = parsed(signed)
    yield etree.tostring(root, pretty_print=True)
    yield etree.tostring(root)
    for encoding in ("utf-8", "utf-16", "us-ascii", "iso-8859-1"):
        yield etree.tostring(root, xml_declaration=True, encoding=encoding)
    yield b"\xef\xbb\xbf" + signed
    for tail in (b"\n", b"\r\n", b" ", b"<!-- -->", b"<?x?>", b"\x00", b"<a/>"):
        yield signed + tail
    for head in (b"\n", b" ", b"<!-- -->", b"<?x?>", b'<?xml version="1.0"?>', b"<!DOCTYPE GIAMDINHHS>"):
        yield head + signed
    yield signed.replace(b"></ds:Transform>", b"/>")
    yield signed.replace(b'"', b"'")
    yield signed.replace(b"ds:", b"dsig:").replace(b"xmlns:ds=", b"xmlns:dsig=")
    yield signed.replace(b"<MACSKCB>9", b"<MACSKCB>&#57;", 1)
    yield signed.replace(b"<MACSKCB>97002", b"<MACSKCB><![CDATA[97002]]>", 1)
    yield signed.replace(b"<GIAMDINHHS>", b'<GIAMDINHHS xmlns:x="y">', 1)
    yield signed.replace(b"<GIAMDINHHS>", b'<GIAMDINHHS a="b">', 1)
    yield signed.replace(b"<THONGTINHOSO>", b'<THONGTINHOSO xml:space="preserve">', 1)


def with_blanks(signed):
    """A blank or line break after a start tag or before an end tag."""
    places = [at for at in range(len(signed)) if signed[at : at + 1] in (b"<", b">")]
    chance = random.Random(1012)
    for place in chance.sample(places, min(60, len(places))):
        at = place + 1 if signed[place : place + 1] == b">" else place
        yield signed[:at] + chance.choice((b" ", b"\n", b"\r\n", b"\t")) + signed[at:]


def with_comments(signed):
    """Comments and processing instructions in the middle of values, which split them for careless readers."""
    for tag in ("MACSKCB", "NGAYLAP", "SOLUONGHOSO", "LOAIHOSO", "NOIDUNGFILE", f"{{{DS}}}DigestValue", f"{{{DS}}}SignatureValue",
                f"{{{DS}}}X509Certificate", f"{{{DS}}}X509SubjectName"):  # fmt: skip
        for share in (0, 1, 3):
            for split in (etree.Comment(" "), etree.Comment("x"), etree.ProcessingInstruction("a", "b")):
                root, _ = parsed(signed)
                chosen = root.find(f".//{tag}")
                text = chosen.text
                at = len(text) * share // 4
                node = copy.deepcopy(split)
                chosen.text, node.tail = text[:at], text[at:]
                chosen.append(node)
                yield c14n(root)
                yield etree.tostring(root, method="c14n", with_comments=True)


def foreign(signed, other_signed):
    """Pieces of another unit's rightly signed file, and of another file of the same key."""
    for path in (
        "",
        "SignedInfo",
        "SignatureValue",
        "KeyInfo",
        "KeyInfo/X509Data",
        "KeyInfo/X509Data/X509Certificate",
        "KeyInfo/X509Data/X509SubjectName",
    ):
        for source in other_signed:
            root, signature = parsed(signed)
            piece = copy.deepcopy(ds(parsed(source)[1], path) if path else parsed(source)[1])
            old = ds(signature, path) if path else signature
            if c14n(piece) != c14n(old):
                old.getparent().replace(old, piece)
                yield c14n(root)


def tampered(signed, key, other_signed):
    """`COUNT` different files made from the signed one, none equal to it; the rest of the number are flipped bits."""
    groups = {
        "value": forged_values(signed), "wrapped": wrapped(signed), "object": in_object(signed), "part": partly_signed(signed, key),
        "doubled": doubled(signed), "removed": removed(signed), "algorithm": other_algorithms(signed, key),
        "rewritten": rewritten(signed), "blank": with_blanks(signed), "comment": with_comments(signed),
        "foreign": foreign(signed, other_signed),
    }  # fmt: skip
    found = {}
    for group, files in groups.items():
        for data in files:
            if data != signed:
                found.setdefault(data, group)
    missing = COUNT - len(found)
    assert missing > 50, missing
    for data in flipped(signed, missing + 50):
        if len(found) < COUNT and data != signed:
            found.setdefault(data, "bit")
    return [(group, data) for data, group in found.items()]
