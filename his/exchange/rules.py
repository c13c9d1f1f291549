"""Codes of the gateway as a sentence with the next action. Three lists that share numbers are kept apart:

submission (200, 401, 123 ...), card look-up (in `registration`, where the card is), and the card check at claim time
(00 to 11). 123 is an unsigned file in the first and a fact about a card in the second.
"""

from typing import Final

from his.exchange.terms import Advice, ClaimTimeCode, Next, Reply, SubmissionCode

_SUBMISSION: Final[dict[SubmissionCode, tuple[Next, str]]] = {
    SubmissionCode.ACCEPTED: (Next.ACCEPT, "Cổng đã nhận."),
    SubmissionCode.CARD_REGISTER: (Next.ASK, "Cổng lỗi kho thẻ. Máy tự hỏi lại, không phải làm gì."),
    SubmissionCode.CARD_SERVER: (Next.ASK, "Máy chủ cổng lỗi. Máy tự hỏi lại, không phải làm gì."),
    SubmissionCode.UNSIGNED: (Next.CORRECT, "Tệp chưa ký. Kiểm chứng thư số của đơn vị, rồi lập và ký lại hồ sơ."),
    SubmissionCode.CHANGED: (
        Next.CORRECT,
        "Chữ ký sai hoặc tệp đã đổi. Kiểm chứng thư đã đăng ký với cổng, rồi lập và ký lại hồ sơ.",
    ),
    SubmissionCode.MALFORMED: (Next.CORRECT, "Tệp không đúng cấu trúc. Sửa chỗ được nêu, rồi lập và ký lại hồ sơ."),
    SubmissionCode.WRONG: (Next.CORRECT, "Nội dung chưa đúng. Sửa chỗ được nêu, rồi lập và ký lại hồ sơ."),
    SubmissionCode.EMPTY: (Next.CORRECT, "Tệp trống. Lập và ký lại hồ sơ."),
    SubmissionCode.UNAUTHENTICATED: (
        Next.ACCOUNT,
        "Cổng không nhận tài khoản của đơn vị. Báo quản trị kiểm mật khẩu cổng.",
    ),
    SubmissionCode.FORBIDDEN: (Next.ACCOUNT, "Tài khoản cổng không được gửi cho cơ sở này. Báo quản trị hỏi BHXH."),
    SubmissionCode.TIMEOUT: (Next.ASK, "Cổng báo quá thời gian. Máy tự hỏi lại, không phải làm gì."),
    SubmissionCode.SERVER: (Next.ASK, "Cổng báo lỗi máy chủ. Máy tự hỏi lại, không phải làm gì."),
}

_CLAIM_TIME: Final[dict[ClaimTimeCode, str]] = {
    ClaimTimeCode.OK: "Thẻ đúng. Không phải làm gì.",
    ClaimTimeCode.EXPIRED: "Thẻ hết hạn. Hỏi thẻ mới rồi lập lại hồ sơ, hoặc thu như người tự trả.",
    ClaimTimeCode.NOT_YET: "Thẻ chưa đến hạn dùng. Kiểm ngày vào viện và hạn thẻ rồi lập lại hồ sơ.",
    ClaimTimeCode.ENDS_DURING: "Thẻ hết hạn trong đợt điều trị. Thêm thẻ nối tiếp, dòng chi phí tách theo ngày.",
    ClaimTimeCode.STARTS_DURING: "Thẻ có hạn từ giữa đợt điều trị. Dòng trước ngày đó thu như người tự trả.",
    ClaimTimeCode.UNKNOWN_CARD: "Không có thẻ này. Kiểm 15 ký tự trên thẻ hoặc quét CCCD, rồi lập lại hồ sơ.",
    ClaimTimeCode.NAME: "Khác họ tên trên thẻ. So với CCCD, sửa họ tên rồi lập lại hồ sơ.",
    ClaimTimeCode.BIRTH: "Khác ngày sinh trên thẻ. So với CCCD, sửa ngày sinh rồi lập lại hồ sơ.",
    ClaimTimeCode.SEX: "Khác giới tính trên thẻ. So với CCCD, sửa giới tính rồi lập lại hồ sơ.",
    ClaimTimeCode.DETAILS: "Thông tin thẻ chưa đúng. Hỏi lại cổng bằng số CCCD, sửa rồi lập lại hồ sơ.",
    ClaimTimeCode.REGISTER: "Kho thẻ của cổng lỗi. Chờ rồi kiểm lại, không phải sửa hồ sơ.",
    ClaimTimeCode.MISSING: "Thiếu số thẻ, họ tên hoặc ngày sinh. Bổ sung rồi lập lại hồ sơ.",
}


def advise_submission(reply: Reply) -> Advice:
    """What an answer to a submission means and what happens next; its own words follow the sentence.

    An answer without code, or a 200 without receipt, proves nothing: it is asked about. A code in no list is a fault of
    the file, shown with the gateway's words.
    """
    said = f" Cổng ghi: {reply.message[:500]}" if reply.message else ""
    if not reply.code or (reply.code == SubmissionCode.ACCEPTED and not reply.receipt):
        return Advice(Next.ASK, "Câu trả lời thiếu mã giao dịch. Máy tự hỏi lại, không phải làm gì." + said)
    try:
        step, sentence = _SUBMISSION[SubmissionCode(reply.code)]
    except ValueError:
        step, sentence = Next.CORRECT, f"Cổng trả mã {reply.code}. Sửa theo lời cổng, rồi lập và ký lại hồ sơ."
    return Advice(step, sentence + said)


def advise_claim_time(code: str) -> str:
    """The sentence for a card check at claim time (00 to 11)."""
    try:
        return _CLAIM_TIME[ClaimTimeCode(code)]
    except ValueError:
        return f"Mã kiểm thẻ {code} chưa có trong danh mục. Báo quản trị mã này."
