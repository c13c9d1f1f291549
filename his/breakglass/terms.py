"""Words of break-glass: reasons, verdicts, limits."""

from typing import Final

REASONS: Final[dict[str, str]] = {
    "emergency": "Cấp cứu, người bệnh không tự khai được",
    "interaction": "Cần biết thuốc đang dùng để kê an toàn",
    "exposure": "Phơi nhiễm nghề nghiệp của nhân viên",
    "surgery": "Phẫu thuật, thủ thuật cần ngay",
    "authority": "Yêu cầu bằng văn bản của cơ quan có thẩm quyền",
}
VERDICTS: Final[dict[str, str]] = {"justified": "Có lý do", "unjustified": "Không có lý do"}
MINUTES: Final = (15, 30, 60)
"""How long may be asked for; the last one is the most."""
LEAST_TEXT: Final = 20
"""Characters of the free text: a sentence, not a dash."""
REVIEW_HOURS: Final = 24
"""An opening should be judged within this time."""
