"""Prints of the cashier as PDF: the statement 01/KBCB and the receipt. Drawing holds the processor, so it runs in a thread."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from his.billing.print.receipt import draw_receipt
from his.billing.print.statement import draw_statement
from his.billing.service import VisitBill
from his.billing.tables import Payment
from his.encounters.tables import Diagnosis

__all__ = ["draw_receipt", "draw_statement", "receipt_pdf", "statement_pdf"]


async def statement_pdf(bill: VisitBill, diagnoses: Sequence[Diagnosis], now: datetime) -> bytes:
    """The cost statement of a visit, A4 landscape; a bill that is not final says so on every page."""
    return await asyncio.to_thread(draw_statement, bill, diagnoses, now)


async def receipt_pdf(bill: VisitBill, payment: Payment, cashier: str) -> bytes:
    """The receipt of a payment, A5 landscape; a cancelled one says so."""
    return await asyncio.to_thread(draw_receipt, bill, payment, cashier)
