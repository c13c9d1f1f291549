"""Who may do what with a month in which state, and the sentence when not."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from his.settlement.terms import CLOSED, Move, State

FROM: Final[Mapping[Move, frozenset[State]]] = {
    Move.SEND: frozenset({State.DRAFT, State.RETURNED}),
    Move.DISPUTE: frozenset({State.SENT, State.AGREED}),
    Move.AGREE: frozenset({State.SENT}),
    Move.RETURN: frozenset({State.SENT, State.AGREED, State.DISPUTED}),
    Move.RESOLVE: frozenset({State.DISPUTED}),
    Move.CONFIRM: frozenset({State.AGREED}),
    Move.PAY: frozenset({State.LOCKED}),
}
INTO: Final[Mapping[Move, State]] = {
    Move.SEND: State.SENT,
    Move.DISPUTE: State.DISPUTED,
    Move.AGREE: State.AGREED,
    Move.RETURN: State.RETURNED,
    Move.RESOLVE: State.SENT,
    Move.CONFIRM: State.LOCKED,
}
_WHY: Final[Mapping[State, str]] = {
    State.DRAFT: "Tháng này chưa được cơ sở gửi.",
    State.SENT: "Tháng này đã gửi, đang chờ giám định viên thống nhất.",
    State.RETURNED: "Tháng này đã được trả lại cơ sở, chờ gửi lại.",
    State.DISPUTED: "Cơ sở chưa đồng ý. Trả lời ý kiến của cơ sở trước.",
    State.AGREED: "Tháng này đã thống nhất, chờ người thứ hai xác nhận.",
    State.LOCKED: "Tháng này đã khóa. Thay đổi sau khóa đi vào tháng mở tiếp theo.",
    State.PAID: "Tháng này đã chi trả xong. Thay đổi sau khóa đi vào tháng mở tiếp theo.",
}


def allowed(move: Move, state: State) -> bool:
    """May the move be made in this state?"""
    return state in FROM[move]


def blocked(move: Move, state: State) -> str:
    """Why a move is not possible now; an empty text when it is."""
    return "" if allowed(move, state) else _WHY[state]


def settled_state(approved: Decimal, paid: Decimal) -> State:
    """The state of a locked month after a payment: paid when nothing is left either way."""
    return State.PAID if approved == paid else State.LOCKED


def is_closed(state: str) -> bool:
    """Do the entries of the month stand for ever?"""
    return state in CLOSED
