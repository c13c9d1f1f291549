"""Addresses that may follow a sign-in."""

import re

LOCAL = re.compile(r"/(?![/\\])[^\\\x00-\x20\x7f]*")


def local(address: str) -> str:
    """Only a path of this host may follow a sign-in: browsers read `/\\` as `//` and skip tabs and line breaks."""
    return address if LOCAL.fullmatch(address) else ""
