"""The doctor's page as values for its templates. Pure: rows in, words and markup attributes out."""

from his.consultation.view.facts import banner, result_pairs, short_diagnosis, short_name, vital_pairs
from his.consultation.view.signing import finding_cards, order_rows, split_parts

__all__ = [
    "banner",
    "finding_cards",
    "order_rows",
    "result_pairs",
    "short_diagnosis",
    "short_name",
    "split_parts",
    "vital_pairs",
]
