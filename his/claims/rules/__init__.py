"""Every rule of the claim dossier, dated and with a stable code; the same facts always give the same findings."""

from datetime import date

from his.claims.rules.card import CARD_RULES
from his.claims.rules.check_in import CHECK_IN_RULES
from his.claims.rules.diagnosis import DIAGNOSIS_RULES
from his.claims.rules.drug import DRUG_RULES
from his.claims.rules.form import FORM_RULES, OLDER_FORM
from his.claims.rules.line_code import LINE_CODE_RULES
from his.claims.rules.line_money import LINE_MONEY_RULES
from his.claims.rules.line_service import LINE_SERVICE_RULES
from his.claims.rules.listed import LISTED_RULES
from his.claims.rules.listed_codes import LISTED_CODE_RULES
from his.claims.rules.listed_signers import LISTED_SIGNER_RULES
from his.claims.rules.listed_staff import LISTED_STAFF_RULES
from his.claims.rules.listed_supply import LISTED_SUPPLY_RULES
from his.claims.rules.pack import LAWFUL, RulePack, assess_with
from his.claims.rules.paper import PAPER_RULES
from his.claims.rules.paper_days import PAPER_DAY_RULES
from his.claims.rules.person import PERSON_RULES
from his.claims.rules.places import Place, makes_sense_early
from his.claims.rules.plausible import PLAUSIBLE_RULES
from his.claims.rules.staff import STAFF_RULES
from his.claims.rules.stay import STAY_RULES
from his.claims.rules.supply import SUPPLY_RULES
from his.claims.rules.time_line import LINE_TIME_RULES
from his.claims.rules.time_stay import STAY_TIME_RULES
from his.claims.rules.total import TOTAL_RULES
from his.claims.terms import ClaimFacts
from his.kit.errors import Finding
from his.kit.rulebook import Rule

RULES: tuple[Rule[ClaimFacts], ...] = (
    *FORM_RULES,
    OLDER_FORM,
    *PERSON_RULES,
    *CARD_RULES,
    *STAY_RULES,
    *STAY_TIME_RULES,
    *DIAGNOSIS_RULES,
    *LINE_CODE_RULES,
    *LINE_MONEY_RULES,
    *LINE_SERVICE_RULES,
    *LINE_TIME_RULES,
    *DRUG_RULES,
    *STAFF_RULES,
    *LISTED_RULES,
    *LISTED_STAFF_RULES,
    *LISTED_CODE_RULES,
    *LISTED_SUPPLY_RULES,
    *SUPPLY_RULES,
    *LISTED_SIGNER_RULES,
    *PLAUSIBLE_RULES,
    *PAPER_RULES,
    *PAPER_DAY_RULES,
    *TOTAL_RULES,
)

RULES_AT: dict[Place, tuple[Rule[ClaimFacts], ...]] = {
    Place.ORDERING: tuple(rule for rule in RULES if makes_sense_early(rule)),
    Place.CLOSE: RULES,
    Place.EXPORT: RULES,
    Place.REVIEW: RULES,
}

__all__ = ["CHECK_IN_RULES", "RULES", "RULES_AT", "Place", "RulePack", "assess_check_in", "assess_claim"]


def assess_claim(facts: ClaimFacts, on: date, pack: RulePack = LAWFUL, *, place: Place = Place.CLOSE) -> list[Finding]:
    """All findings on a dossier under the rules in force on the day (normally the day the visit ended), as the unit's
    pack has set them; `place` says where it is judged."""
    return assess_with(RULES_AT[place], facts, on, pack)


def assess_check_in(facts: ClaimFacts, on: date, pack: RulePack = LAWFUL) -> list[Finding]:
    """All findings on a check-in under the rules in force on the day of arrival."""
    return assess_with(CHECK_IN_RULES, facts, on, pack)
