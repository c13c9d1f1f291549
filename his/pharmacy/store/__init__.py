"""Every SELECT and lock of the pharmacy: lots and dispenses, the counter, the stock page."""

from his.pharmacy.store.desk import (
    Counter,
    Shown,
    Waiting,
    find_by_code,
    list_pharmacists,
    list_queue,
    load_counter,
)
from his.pharmacy.store.lots import (
    find_lot,
    get_encounter,
    get_line,
    list_dispenses,
    list_lines,
    list_lots,
    list_moves,
    lock_dispense,
    lock_lots,
    lock_lots_by_id,
    lock_prescription,
    sum_available,
)
from his.pharmacy.store.stock import Balance, StockRow, count_stock, get_stock_row, list_balance, list_stock

__all__ = [
    "Balance", "Counter", "Shown", "StockRow", "Waiting", "count_stock", "find_by_code", "find_lot", "get_encounter",
    "get_line", "get_stock_row", "list_balance", "list_dispenses", "list_lines", "list_lots", "list_moves",
    "list_pharmacists", "list_queue", "list_stock", "load_counter", "lock_dispense", "lock_lots", "lock_lots_by_id",
    "lock_prescription", "sum_available",
]  # fmt: skip
