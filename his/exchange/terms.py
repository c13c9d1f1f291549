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


@dataclass(frozen=True, slots=True)
class Reply:
    """The gateway's answer to a submission: `code` 200 received, others as in the gateway's list (401 123 125 ...)."""

    code: str
    receipt: str = ""
    received_at: datetime | None = None
    message: str = ""

    @property
    def accepted(self) -> bool:
        """Received and given a receipt (not yet approved)."""
        return self.code == "200" and bool(self.receipt)


class NoAnswerError(Exception):
    """The gateway gave no usable answer. `sent`: the request may have been processed, so it must be asked about."""

    def __init__(self, why: str, *, sent: bool) -> None:
        super().__init__(why)
        self.why = why
        self.sent = sent
