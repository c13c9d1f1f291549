"""Which addresses of other systems may be used: beginnings of addresses that the administrator lists."""

from urllib.parse import unquote, urlsplit

from his.kit.config import get_settings


def within(url: str, beginnings: str) -> bool:
    """Does the address begin with one of these, and say nothing that another reader would understand differently?"""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and not any(sign in url for sign in "\\ \t#")
    if not plain or not host or parts.username is not None or (port is not None and not 0 < port < 65536):
        return False
    if ".." in unquote(unquote(parts.path)).split("/"):
        return False
    return any(url.startswith(one) for one in beginnings.split())


def allowed(url: str) -> bool:
    """May `$import` fetch this address?"""
    return within(url, get_settings().import_sources)
