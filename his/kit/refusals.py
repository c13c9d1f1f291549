"""What the database refuses, as a sentence for the caller."""

import psycopg
from sqlalchemy.exc import DBAPIError

from his.kit.errors import HisError, Kind


def busy() -> HisError:
    """The database is away or overloaded (503)."""
    return HisError(Kind.BUSY, "Máy chủ dữ liệu chưa trả lời. Chữ đang viết được giữ nguyên, thử lại sau ít phút.")


def stale() -> HisError:
    """A row is no longer in the version that was read (412)."""
    return HisError(Kind.STALE, "Dữ liệu vừa được người khác sửa. Tải lại rồi sửa tiếp.")


def unfit(field: str = "") -> HisError:
    """A value that the database cannot hold (400): a NUL, a number too large, a missing value."""
    return HisError(Kind.INVALID, "Có giá trị không hợp lệ. Kiểm lại các ô vừa nhập.", field=field)


def translate(error: Exception) -> HisError:
    """A database error as a sentence for the caller; programming errors are raised as they are."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, UnicodeEncodeError):  # half of a surrogate pair
        return unfit()
    if not isinstance(cause, psycopg.Error):
        return busy()
    state = cause.sqlstate or ""
    constraint = cause.diag.constraint_name or ""
    if state == "HS412":
        return stale()
    if state.startswith("HS"):  # a refusal of a generated function that its caller knows how to say
        raise error
    if state == "23505":
        return HisError(Kind.CONFLICT, "Dữ liệu này đã có. Kiểm lại trước khi tạo mới.", field=constraint)
    if state == "23503":
        return HisError(Kind.INVALID, "Dữ liệu được nhắc tới không có trong đơn vị này.", field=constraint)
    if state.startswith("22") or state in ("23502", "23514") or isinstance(cause, psycopg.DataError):
        return unfit(cause.diag.column_name or "")
    # 25P03, 25P04: the server ended a transaction that stood still or took too long
    if state.startswith(("08", "53", "57", "25P03", "25P04")) or isinstance(cause, psycopg.OperationalError):
        return busy()
    raise error
