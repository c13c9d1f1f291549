"""Every word that pages of the trail and of data protection take from a table (see test_translation.py)."""

from his.audit import terms as audit
from his.privacy import law as privacy_law
from his.privacy import terms as privacy

CHOSEN = {
    ("audit/templates/_words.html", "actions[entry.action]"): audit.ACTIONS.values(),
    ("audit/templates/_words.html", "types[entry.entity_type]"): audit.TYPES.values(),
    ("privacy/templates/_clock.html", "states[clock.state]"): privacy.CLOCK_STATES.values(),
    ("privacy/templates/law.html", "word"): privacy_law.STATES.values(),
    ("privacy/templates/law.html", "states[line.met]"): privacy_law.STATES.values(),
    ("privacy/templates/patient.html", "word"): privacy.REQUEST_KINDS.values(),
    ("privacy/templates/patient.html", "kinds[row.kind]"): privacy.REQUEST_KINDS.values(),
    ("privacy/templates/patient.html", "states[row.state]"): privacy.STATES.values(),
    ("privacy/templates/requests.html", "kinds[row.kind]"): privacy.REQUEST_KINDS.values(),
    ("privacy/templates/requests.html", "states[row.state]"): privacy.STATES.values(),
    ("privacy/templates/unusual.html", "kinds[line.one.kind]"): privacy.UNUSUAL_KINDS.values(),
}
