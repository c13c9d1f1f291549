"""Who may do what: the written matrix, the FHIR decisions that follow from it, and the scopes of machine clients."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from his.identity.rules import FHIR_CAPABILITY, HOME_PAGE, MATRIX, may, may_fhir
from his.identity.scopes import machine_may
from his.identity.terms import ROLE_NAMES, Capability, Machine, Role

READS = ("read", "search", "history")
WRITES = ("create", "update", "delete")
NEVER = {  # role -> what it must never do (threat model, "must never")
    Role.FRONT_DESK: {
        "read-record",
        "write-record",
        "result",
        "order",
        "prescribe",
        "dispense",
        "take-payment",
        "review",
    },
    Role.DOCTOR: {"register", "dispense", "take-payment", "claim-desk", "review", "unit-admin", "admin", "hiv-care"},
    Role.HIV_DOCTOR: {
        "register",
        "dispense",
        "take-payment",
        "claim-desk",
        "review",
        "unit-admin",
        "admin",
        "mental-care",
    },
    Role.PSYCHIATRIST: {
        "register",
        "dispense",
        "take-payment",
        "claim-desk",
        "review",
        "unit-admin",
        "admin",
        "hiv-care",
    },
    Role.NURSE: {"prescribe", "write-record", "order", "read-bill", "take-payment", "dispense"},
    Role.PHARMACIST: {"prescribe", "write-record", "read-record", "take-payment", "result"},
    Role.CASHIER: {"read-record", "write-record", "result", "prescribe", "dispense", "review"},
    Role.UNIT_ADMIN: {
        "read-record",
        "write-record",
        "result",
        "prescribe",
        "dispense",
        "take-payment",
        "review",
        "admin",
    },
    Role.PRIVACY_OFFICER: {
        "search-patient",
        "read-record",
        "write-record",
        "result",
        "prescribe",
        "take-payment",
        "claim-desk",
        "unit-admin",
        "admin",
    },
    Role.INSURANCE_OFFICER: {"search-patient", "read-record", "write-record", "claim-desk", "province", "queue"},
    Role.PROVINCE_OFFICER: {"search-patient", "read-record", "read-bill", "claim-desk", "review", "queue", "result"},
    Role.INSTALLATION_ADMIN: {
        "search-patient",
        "read-record",
        "read-bill",
        "write-record",
        "result",
        "review",
        "unit-admin",
    },
}


@pytest.mark.parametrize("role", Role)
def test_no_role_does_what_it_must_never_do(role):
    assert {c for c in Capability if may(role, c)} & {Capability(c) for c in NEVER[role]} == set()


def test_every_role_has_a_row_a_home_and_a_name():
    assert set(MATRIX) == set(HOME_PAGE) == set(ROLE_NAMES) == set(NEVER) == set(Role)
    assert all(may(role, Capability.HOME) for role in Role)


def test_every_capability_is_held_by_somebody():
    assert set(itertools.chain.from_iterable(MATRIX.values())) == set(Capability)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("kind", [*FHIR_CAPABILITY, "Encounter", "Observation", "Condition", "NoSuchType"])
def test_a_person_reads_through_fhir_what_the_capability_allows(role, kind):
    expected = may(role, FHIR_CAPABILITY.get(kind, Capability.READ_RECORD))
    assert {may_fhir(role, action, kind) for action in READS} == {expected}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("action", WRITES)
def test_only_authors_write_through_fhir(role, action):
    assert may_fhir(role, action, "Patient") == may(role, Capability.REGISTER)
    assert may_fhir(role, action, "Observation") == may(role, Capability.WRITE_RECORD)
    assert may_fhir(role, action, "Claim") == may(role, Capability.CLAIM_DESK)
    assert not may_fhir(role, action, "ClaimResponse")


@pytest.mark.parametrize(
    ("scopes", "kind", "allowed"),
    [
        ("system/*.cruds", "Patient", "create read update delete search history"),
        ("system/Patient.rs", "Patient", "read search history"),
        ("system/Patient.r", "Patient", "read history"),
        ("system/Patient.s", "Patient", "search"),
        ("system/Patient.c", "Patient", "create"),
        ("system/Patient.rs", "Encounter", ""),
        ("system/Patient.rs system/Encounter.cu", "Encounter", "create update"),
        ("system/Patient.read", "Patient", "read search history"),
        ("system/Patient.write", "Patient", "create update delete"),
        ("system/Patient.*", "Patient", "create read update delete search history"),
        ("system/Patient.sr", "Patient", ""),
        ("system/Patient.rs?_id=1", "Patient", ""),
        ("system/Patient.rs?name=A", "Patient", ""),
        ("system/Patient.rs?gender=male", "Patient", "read search history"),
        ("system/*.rs?gender=male", "Patient", ""),
        ("system/Nothing.rs", "Patient", ""),
        ("system/Patient.", "Patient", ""),
        ("system/Patient", "Patient", ""),
        ("user/Patient.cruds", "Patient", ""),
        ("patient/*.cruds", "Patient", ""),
        ("SYSTEM/*.cruds", "Patient", ""),
        ("system/*.cruds/x", "Patient", ""),
        ("his/blind-update", "Patient", ""),
        ("", "Patient", ""),
    ],
)
def test_scopes_of_a_machine(scopes, kind, allowed):
    machine = Machine("m", 1, frozenset(scopes.split()))
    assert {a for a in (*READS, *WRITES) if machine_may(machine, a, kind)} == set(allowed.split())


@given(st.lists(st.text(alphabet="systemPatient/*.crud?", max_size=16), max_size=4), st.text(max_size=8))
def test_an_unknown_action_is_never_covered(scopes, action):
    machine = Machine("m", 1, frozenset(scopes))
    if action not in (*READS, *WRITES):
        assert not machine_may(machine, action, "Patient")
