"""The trail speaks words: every action and kind of record a service enters has its name on the page."""

import re
from pathlib import Path

from his.audit.terms import ACTIONS, TYPES
from his.identity.trace import RECORDS
from his.scheduling.terms import TicketState

HIS = Path(__file__).parents[3] / "his"
ENTRY = re.compile(r'\.audit\(\s*"([^"]+)",\s*"([^"]+)"')
STEP = re.compile(r'audited\([^"()]*(?:\([^()]*\))?[^"()]*"([^"]+)"|\bbench, "([a-z-]+)"')


def sources() -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted(HIS.rglob("*.py")))


def test_every_action_has_a_word() -> None:
    text = sources()
    actions = {action for action, _ in ENTRY.findall(text)}
    actions |= {f"ticket:{state.value}" for state in TicketState}
    actions |= {f"review:{a or b}" for a, b in STEP.findall(text)}
    assert {"payment:take", "review:finish", "review:decide", "review:same"} <= actions
    assert actions - ACTIONS.keys() == set()


def test_every_kind_of_record_has_a_word() -> None:
    kinds = {kind for _, kind in ENTRY.findall(sources())} | set(RECORDS.values())
    assert "Payment" in kinds
    assert kinds - TYPES.keys() == set()
