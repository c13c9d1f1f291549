"""The one door for ZIP files from outside: few members, bounded sizes, nothing is written to disk, no archive in one."""

import io
import zipfile
import zlib

from his.kit.errors import HisError, Kind

MAX_MEMBERS = 500
MAX_MEMBER_BYTES = 16 * 1024 * 1024
MAX_TOTAL_BYTES = 64 * 1024 * 1024
MAX_RATIO = 100
"""Claim files shrink to a tenth or a thirtieth; what shrinks to a hundredth was made to explode."""
SIGNATURE = b"PK\x03\x04"


def is_archive(data: bytes) -> bool:
    """Do the bytes begin like a ZIP file?"""
    return data.startswith(SIGNATURE)


def _refuse(sentence: str) -> HisError:
    return HisError(Kind.INVALID, sentence, field="zip")


def _check(infos: list[zipfile.ZipInfo]) -> None:
    if len(infos) > MAX_MEMBERS:
        raise _refuse(f"Tệp ZIP chứa {len(infos)} tệp, quá mức {MAX_MEMBERS}. Chia nhỏ rồi gửi lại.")
    if sum(info.file_size for info in infos) > MAX_TOTAL_BYTES:
        raise _refuse(f"Tệp ZIP khi mở nặng quá {MAX_TOTAL_BYTES} byte. Chia nhỏ rồi gửi lại.")
    for info in infos:
        name = info.filename[:60]
        if info.flag_bits & 1:
            raise _refuse(f"Tệp “{name}” trong ZIP có mật khẩu. Bỏ mật khẩu rồi gửi lại.")
        if info.file_size > MAX_MEMBER_BYTES or info.file_size > MAX_RATIO * max(info.compress_size, 1024):
            raise _refuse(f"Tệp “{name}” trong ZIP khi mở nặng {info.file_size} byte nên bị từ chối. Chia nhỏ tệp.")


def unpack(data: bytes) -> list[tuple[str, bytes]]:
    """Name and content of each file inside. Raises `HisError(INVALID)` for a bomb, a password, a broken archive.

    The sizes that the archive declares bound what is read: a member that holds more is cut there and then fails its
    check sum.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
            _check(infos)
            files = [(info.filename, archive.read(info)) for info in infos]
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, ValueError, OSError) as error:
        raise _refuse("Tệp ZIP hỏng. Nén lại rồi gửi lại.") from error
    inner = next((name for name, content in files if is_archive(content)), None)
    if inner is not None:
        raise _refuse(f"Tệp “{inner[:60]}” trong ZIP lại là ZIP. Chỉ nén một lần rồi gửi lại.")
    return files
