"""A row of XML3 for a medical supply (QĐ 4750 table 3: MA_VAT_TU, GOI_VTYT, TT_THAU, T_TRANTT, MA_HIEU_SP, TAI_SU_DUNG)."""

from dataclasses import replace

from his.billing.tables import Charge
from his.claims.stating.lines import service_line
from his.claims.store import Dossier, UsedSupply
from his.claims.terms import ServiceLine


def service_or_supply(charge: Charge, dossier: Dossier) -> ServiceLine:
    """The row of XML3 of a charge that no dispense stands behind."""
    use = dossier.supplies.get(charge.source_id)
    return service_line(charge, dossier) if use is None else supply_line(charge, use, dossier)


def supply_line(charge: Charge, use: UsedSupply, dossier: Dossier) -> ServiceLine:
    """The line of a charge that a supply stands behind; shares are copied as for every line."""
    return replace(
        service_line(charge, dossier),
        service_code="",
        service_name="",
        supply_code=charge.code,
        supply_name=charge.name,
        package_code=charge.package_code,
        package_ceiling=charge.package_ceiling if charge.card_number else None,
        tender=use.tender,
        model_number=use.model_number,
        reused=use.reused,
        anaesthesia="",
        performed_at=charge.performed_at or use.used_at,
    )
