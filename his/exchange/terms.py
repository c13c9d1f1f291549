"""Words of the exchange: what a gateway answers, and the states of a parcel."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any


class ParcelState(StrEnum):
    """`unknown` means: sent, no answer; the next step is a question, not a resend."""

    QUEUED = "queued"
    SENDING = "sending"
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"  # taken back by the unit before the first attempt


@dataclass(frozen=True, slots=True)
class CardAnswer:
    """The insurer's answer about a card; `code` is its result code, dates are None when it gave none."""

    code: str
    note: str = ""
    card_number: str = ""
    name: str = ""
    birth: str = ""  # dd/MM/yyyy or yyyy, as answered
    gender: str = ""  # male female or ""
    address: str = ""
    primary_facility_code: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    area_code: str = ""
    five_years_on: date | None = None
    old_card: str = ""
    new_card_number: str = ""
    new_valid_from: date | None = None
    new_valid_to: date | None = None
    new_primary_facility_code: str = ""
    history: tuple[dict[str, Any], ...] = ()


class SubmissionCode(StrEnum):
    """`maKetQua` of a submission (and `maLoi` of the 4210-era error list); not the list of the card look-up."""

    ACCEPTED = "200"
    CARD_REGISTER = "100"
    CARD_SERVER = "101"
    UNSIGNED = "123"
    CHANGED = "125"
    MALFORMED = "201"
    WRONG = "202"
    EMPTY = "204"
    UNAUTHENTICATED = "401"
    FORBIDDEN = "403"
    TIMEOUT = "408"
    SERVER = "500"


class ClaimTimeCode(StrEnum):
    """Result of the card check at claim time: two digits, another list than the look-up's three."""

    OK = "00"
    EXPIRED = "01"
    NOT_YET = "02"
    ENDS_DURING = "03"
    STARTS_DURING = "04"
    UNKNOWN_CARD = "05"
    NAME = "06"
    BIRTH = "07"
    SEX = "08"
    DETAILS = "09"
    REGISTER = "10"
    MISSING = "11"


class Next(StrEnum):
    """What follows from an answer to a submission, and whose turn it is."""

    ACCEPT = "accept"  # nobody's: it is done
    ASK = "ask"  # ours: it may have been processed
    ACCOUNT = "account"  # the administrator's: nothing goes out before the account is right
    CORRECT = "correct"  # the claims clerk's: a new version has to be made


@dataclass(frozen=True, slots=True)
class Advice:
    """The next step and the sentence that the clerk reads."""

    next: Next
    sentence: str


@dataclass(frozen=True, slots=True)
class Reply:
    """The gateway's answer to a submission: `code` as in `SubmissionCode`, `body` its whole text, kept for ever."""

    code: str
    receipt: str = ""
    received_at: datetime | None = None
    message: str = ""
    body: str = ""
    status: int = 0  # of HTTP
    endpoint: str = ""

    @property
    def accepted(self) -> bool:
        """Received and given a receipt (not yet approved)."""
        return self.code == "200" and bool(self.receipt)


class NoAnswerError(Exception):
    """The gateway gave no usable answer. `sent`: the request may have been processed, so it must be asked about.

    `missing` tells that the gateway does not know the address (404, 405, 501); `body` is what came instead of an answer.
    """

    def __init__(
        self, why: str, *, sent: bool, missing: bool = False, body: str = "", status: int = 0, endpoint: str = ""
    ) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent
        self.missing = missing
        self.reply = Reply("", body=body, status=status, endpoint=endpoint)
