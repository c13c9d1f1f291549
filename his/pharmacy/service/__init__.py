"""What the pharmacy does: promise lots at the signature, hand them out, take them back, keep the store."""

from his.pharmacy.service.dispensing import Handed, cancel_line, hand_out, hand_out_short, send_back
from his.pharmacy.service.reserving import available, reserve_changes, stock_findings
from his.pharmacy.service.returning import change_lots, take_back
from his.pharmacy.service.stock import Receipt, adjust_stock, receive_stock
from his.prescriptions import service as prescriptions

__all__ = [
    "Handed", "Receipt", "adjust_stock", "available", "cancel_line", "change_lots", "hand_out", "hand_out_short",
    "receive_stock", "reserve_changes", "send_back", "stock_findings", "take_back",
]  # fmt: skip

prescriptions.add_line_check(stock_findings)
