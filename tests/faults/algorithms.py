"""Names of algorithms, transforms and addresses that a signature of ours never has."""

from his.claims.signature import TRANSFORMS

DSIG = "http://www.w3.org/2000/09/xmldsig#"
METHODS = [
    f"{DSIG}rsa-sha1", f"{DSIG}dsa-sha1", f"{DSIG}hmac-sha1", "http://www.w3.org/2001/04/xmldsig-more#rsa-md5",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256", "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1", "http://www.w3.org/2000/09/xmldsig#none", "", "none",
]  # fmt: skip
DIGESTS = [
    f"{DSIG}sha1", "http://www.w3.org/2001/04/xmldsig-more#md5", "http://www.w3.org/2001/04/xmlenc#sha512",
    "http://www.w3.org/2001/04/xmldsig-more#sha384", "http://www.w3.org/2007/05/xmldsig-more#sha3-256", "", "none",
]  # fmt: skip
CANONICAL = [
    "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments", "http://www.w3.org/2001/10/xml-exc-c14n#",
    "http://www.w3.org/2001/10/xml-exc-c14n#WithComments", "http://www.w3.org/2006/12/xml-c14n11", "none", "",
]  # fmt: skip
CHANGES = [
    [], [TRANSFORMS[0]], [TRANSFORMS[1]], list(reversed(TRANSFORMS)), [*TRANSFORMS, TRANSFORMS[1]],
    [TRANSFORMS[0], f"{DSIG}base64"], ["http://www.w3.org/TR/1999/REC-xpath-19991116"],
    [TRANSFORMS[0], "http://www.w3.org/TR/1999/REC-xslt-19991116"], [TRANSFORMS[0], "http://www.w3.org/2002/06/xmldsig-filter2"],
    [TRANSFORMS[0], CANONICAL[0]], [TRANSFORMS[0], CANONICAL[1]],
]  # fmt: skip
URIS = ["#a", "#xpointer(/)", "#xpointer(id('a'))", "file:///etc/hostname", "http://127.0.0.1/x", "a", "#", " ", "?x"]
