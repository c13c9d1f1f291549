"""Security labels of resources that are made from rows: what the system says of them, and what a client has said.

http://hl7.org/fhir/R4/security-labels.html. A rendering writes the labels that the row calls for; a label that a client gave
(`meta.security`) outlives every rendering, as text and in the index, because the view (viewschema.py) judges by it.
A label of our own is known by its display, so that it goes when the row no longer calls for it.
"""

from typing import Any, Final

from his.fhir.sensitive import ACT, CONFIDENTIALITY, HIV, MENTAL, kinds_of_icd

OWN: Final = "HIV (hệ thống gắn nhãn)"
OWN_MENTAL: Final = "Sức khỏe tâm thần (hệ thống gắn nhãn)"
_LABEL: Final = {HIV: ("HIV", OWN), MENTAL: ("PSY", OWN_MENTAL)}


def labels_of_icd(code: str) -> list[dict[str, Any]]:
    """`meta.security` of a record under this ICD-10 code; empty for one of normal confidentiality."""
    labels = [_LABEL[kind] for kind in kinds_of_icd(code)]
    return [
        one
        for act, display in labels
        for one in (
            {"system": CONFIDENTIALITY, "code": "R", "display": display},
            {"system": ACT, "code": act, "display": display},
        )
    ]


KEEP_LABELS = f"""
CREATE OR REPLACE FUNCTION his_keep(fresh text, old text, r jsonb, OUT body text, OUT kept jsonb)
LANGUAGE plpgsql IMMUTABLE AS $his$
DECLARE
  labels text;
  rows jsonb;
  meta text;
BEGIN
  body := his_keep_elements(fresh, old, r);
  kept := r;
  IF strpos(old, '"security"') = 0 THEN RETURN; END IF;
  SELECT string_agg(e.value::text, ','),
         jsonb_agg(jsonb_build_array('_security', coalesce(e.value->>'code', '') || E'\\x1f' || coalesce(e.value->>'system', '')))
    INTO labels, rows
  FROM json_array_elements(CASE WHEN json_typeof(old::json #> '{{meta,security}}') = 'array'
                                THEN old::json #> '{{meta,security}}' END) e
  WHERE coalesce(e.value->>'display', '') NOT IN ('{OWN}', '{OWN_MENTAL}')
    AND NOT coalesce(fresh::jsonb #> '{{meta,security}}', '[]') @> jsonb_build_array(e.value::jsonb);
  IF labels IS NULL THEN RETURN; END IF;
  kept := jsonb_set(r, '{{index}}', r->'index' || rows);
  meta := body::json->>'meta';
  body := overlay(body PLACING
    CASE WHEN (meta::json->'security') IS NULL THEN left(meta, -1) || ',"security":[' || labels || ']}}'
         ELSE left(meta, -2) || ',' || labels || ']}}' END
    FROM strpos(body, '"meta":' || meta) + 7 FOR length(meta));
END
$his$"""
"""The text and payload of a rendering with the labels of the version before it; `security` stands last in a rendered `meta`."""
