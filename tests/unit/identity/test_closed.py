"""Doors of the record: every parameter of a gated address names something the judgement of closed visits knows."""

import re

from his.breakglass.schema import _PAGES
from his.fhir.sensitive import MENTAL, RULES, STAFF, kinds_of_icd
from his.identity.callers import held_kinds
from his.identity.closed import NAMES
from his.identity.doors import LIST
from his.identity.rules import GATED, is_gated
from his.identity.terms import Capability, Role

WITHIN = {"diagnosis_id", "kind", "form", "code", "line_id"}
"""Parameters that stand behind a visit in the same address, or are words."""
OTHERS = {"source_id", "report_id"}
"""Money of a visit: the address names the visit as well, or a report of the person's own."""


def test_no_gated_door_names_a_record_that_is_not_judged() -> None:
    unknown = set()
    for line in LIST.read_text(encoding="utf-8").splitlines():
        words = line.split()
        if len(words) < 3 or words[2] not in {c.value for c in GATED}:
            continue
        names = set(re.findall(r"\{(\w+)\}", words[1]))
        if not names & set(NAMES):
            unknown |= names - WITHIN - OTHERS
    assert unknown == set()


def test_the_judgement_knows_every_name() -> None:
    assert set(NAMES) == {"encounter_id", "patient_id", "allergy_id", *_PAGES}


def test_clinical_roles_are_asked_and_the_work_of_others_is_not() -> None:
    assert is_gated(Role.DOCTOR, Capability.READ_RECORD)
    assert is_gated(Role.DOCTOR, Capability.READ_BILL)
    assert not is_gated(Role.CASHIER, Capability.READ_BILL)
    assert not is_gated(Role.NURSE, Capability.RESULT)
    assert not is_gated(Role.NURSE, Capability.QUEUE)


def test_each_right_shows_its_own_kind_and_no_role_shows_staff() -> None:
    assert MENTAL in held_kinds(Role.PSYCHIATRIST)
    assert MENTAL not in held_kinds(Role.HIV_DOCTOR)
    assert "hiv" not in held_kinds(Role.PSYCHIATRIST)
    assert not any(STAFF in held_kinds(role) for role in Role)


def test_rows_are_dated_and_say_their_basis() -> None:
    assert all(row.basis and (row.valid_to is None or row.valid_from <= row.valid_to) for row in RULES)
    assert [kinds_of_icd(code) for code in ("F00", "F32.1", "F99.9", "G00", "E99")] == [(MENTAL,)] * 3 + [(), ()]
