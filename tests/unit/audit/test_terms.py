"""The trail speaks words: every action and kind of record a service enters has its name on the page."""

import re
from pathlib import Path

from his.audit.terms import ACTIONS, TYPES
from his.identity.trace import RECORDS
from his.pharmacy.terms import Exit
from his.scheduling.terms import TicketState
from his.settlement.terms import Move

HIS = Path(__file__).parents[3] / "his"
ENTRY = re.compile(r'\.audit\(\s*"([^"]+)",\s*"([^"]+)"')
MADE = re.compile(r'\.audit\(\s*f"([a-z]+):\{(.+?)\}",\s*"([^"]+)"')
STEP = re.compile(r'\b(?:audited|_tell|_write|_apply|_audit)\((?:[^"()]|\([^()]*\))*"([a-z-]+)"')


def sources(folder: Path = HIS) -> str:
    return "\n".join(p.read_text(encoding="utf-8") for p in sorted(folder.rglob("*.py")))


def test_every_action_has_a_word() -> None:
    actions = {action for action, _ in ENTRY.findall(sources())}
    made = {(group, variable) for group, variable, _ in MADE.findall(sources())}
    assert made == {("ticket", "to.value"), ("review", "action"), ("paper", "action"), ("settlement", "move.value")}
    actions |= {f"ticket:{state.value}" for state in TicketState}
    actions |= {f"settlement:{move.value}" for move in Move}
    actions |= {"pharmacy:hand-out", *(f"pharmacy:short-{way.value}" for way in Exit)}
    for group, folder in (("review", HIS / "review" / "service"), ("paper", HIS / "papers" / "service")):
        actions |= {f"{group}:{word}" for word in STEP.findall(sources(folder))}
    assert {"payment:take", "review:finish", "review:decide", "review:same", "paper:withdraw"} <= actions
    assert actions - ACTIONS.keys() == set()


def test_every_kind_of_record_has_a_word() -> None:
    text = sources()
    kinds = {kind for _, kind in ENTRY.findall(text)} | {kind for *_, kind in MADE.findall(text)}
    assert {"Payment", "Paper", "ReviewBatch"} <= kinds
    assert (kinds | set(RECORDS.values())) - TYPES.keys() == set()
