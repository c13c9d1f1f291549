"""What staff do during a visit. Functions named `..._changes` and `new_...` only build; the others apply once.

Every verb that writes refuses a visit that was signed, closed or cancelled (CONFLICT), and raises STALE when the caller
states a version that is no longer the current one.
"""

from his.encounters.service.diagnoses import (
    assess_diagnoses,
    make_main,
    remove_diagnosis,
    set_diagnosis,
    set_traditional,
)
from his.encounters.service.drafts import drop_draft, get_draft, save_draft
from his.encounters.service.notes import (
    note_texts,
    notes_version,
    save_note,
    save_notes,
    sign_note,
    sign_own_changes,
    unsigned_notes,
)
from his.encounters.service.visits import (
    Conclusion,
    cancel_changes,
    cancel_visit,
    new_encounter,
    open_changes,
    open_visit,
    require_open,
    set_conclusion,
    start_visit,
    update_changes,
)
from his.encounters.service.vitals import read_visit_vitals, record_vitals
from his.encounters.store import (
    EarlierVisit,
    Visit,
    find_visit,
    get_encounter,
    get_visit,
    list_diagnoses,
    list_drafts,
    list_earlier,
    list_favourites,
    list_notes,
    list_vitals,
)

__all__ = [
    "Conclusion",
    "EarlierVisit",
    "Visit",
    "assess_diagnoses",
    "cancel_changes",
    "cancel_visit",
    "drop_draft",
    "find_visit",
    "get_draft",
    "get_encounter",
    "get_visit",
    "list_diagnoses",
    "list_drafts",
    "list_earlier",
    "list_favourites",
    "list_notes",
    "list_vitals",
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
    "set_traditional",
    "sign_note",
    "sign_own_changes",
    "start_visit",
    "unsigned_notes",
    "update_changes",
]
