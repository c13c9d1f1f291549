"""What the profiles of IHE BALP 1.1 ask of an AuditEvent beyond R4, as complaints."""

REST = "http://hl7.org/fhir/restful-interaction"
WANTED = {
    "Create": ("C", {"create"}), "Read": ("R", {"read", "vread"}), "Update": ("U", {"update", "patch"}),
    "Delete": ("D", {"delete"}), "Query": ("E", {"search", "search-type", "search-system"}),
}  # fmt: skip


def code_of(concept):
    return concept["coding"][0]["code"]


def complaints(event):
    """Empty when the event meets the profile it names; an event without a profile has to be a refusal or no RESTful act."""
    profiles = event["meta"].get("profile", [])
    if not profiles:
        rest = event["type"]["code"] == "rest"
        whole = any(e.get("what", {}).get("reference") for e in event.get("entity", []))
        return ["success without a profile"] if rest and event["outcome"] == "0" and whole else []
    name = profiles[0].rsplit(".", 1)[1]
    family = name.removeprefix("Patient")
    action, codes = WANTED[family]
    found = []
    if event["type"]["code"] != "rest" or event["action"] != action or event["outcome"] != "0":
        found.append("type, action or outcome")
    if not any(s["system"] == REST and s["code"] in codes for s in event["subtype"]):
        found.append("subtype")
    client, server = ("110152", "110153") if family == "Read" else ("110153", "110152")
    by = {code_of(a["type"]): a for a in event["agent"]}
    for code in (client, server):
        if code not in by or "who" not in by[code] or "network" not in by[code]:
            found.append(f"agent {code}")
    user = by.get("IRCP") or by.get("AUT")
    if user and (not user["requestor"] or "who" not in user or "network" in user):
        found.append("user")
    entity = {e["type"]["code"]: e for e in event["entity"]}
    if name.startswith("Patient") and not entity.get("1", {}).get("what", {}).get("reference", "").startswith(
        "Patient/"
    ):
        found.append("patient")
    data = entity.get("2", {})
    if family == "Query":
        if data.get("role", {}).get("code") != "24" or "query" not in data or "what" in data:
            found.append("query")
    elif data.get("role", {}).get("code") not in ("3", "4", "20") or "what" not in data:
        found.append("data")
    return found
