"""The number of the request being served: what joins an answer, its log lines and its audit entries.

A client may name it in `X-Request-Id` (letters, digits, `.`, `_`, `-`, at most 64); otherwise it is made up. The answer
carries it back.
"""

import re
from contextvars import ContextVar
from typing import Final

from his.kit.ids import new_id

HEADER: Final = b"x-request-id"
_FIT: Final = re.compile(rb"[A-Za-z0-9._-]{1,64}")
request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Empty outside a request (the worker, commands)."""


def begin(headers: list[tuple[bytes, bytes]]) -> str:
    """Take the number from the headers, or make one, for everything that this task and those it starts do."""
    sent = next((value for name, value in headers if name == HEADER), b"")
    number = sent.decode() if _FIT.fullmatch(sent) else str(new_id())
    request_id.set(number)
    return number
