"""What staff do during a visit. Functions named `..._changes` and `new_...` only build; the others apply once.

Every verb that writes refuses a visit that was signed, closed or cancelled (CONFLICT), and raises STALE when the caller
states a version that is no longer the current one.
"""

from his.encounters.service.diagnoses import assess_diagnoses, make_main, remove_diagnosis, set_diagnosis
from his.encounters.service.drafts import drop_draft, get_draft, save_draft
from his.encounters.service.notes import note_texts, notes_version, save_note, save_notes, sign_note
from his.encounters.service.visits import (
    cancel_visit,
    new_encounter,
    open_changes,
    open_visit,
    require_open,
    set_conclusion,
    start_visit,
)
from his.encounters.service.vitals import read_visit_vitals, record_vitals

__all__ = [
    "assess_diagnoses",
    "cancel_visit",
    "drop_draft",
    "get_draft",
    "make_main",
    "new_encounter",
    "note_texts",
    "notes_version",
    "open_changes",
    "open_visit",
    "read_visit_vitals",
    "record_vitals",
    "remove_diagnosis",
    "require_open",
    "save_draft",
    "save_note",
    "save_notes",
    "set_conclusion",
    "set_diagnosis",
    "sign_note",
    "start_visit",
]
