"""Where tokens for this interface are had: the addresses of the authorization server beside it, and how FHIR states them."""

from typing import Any, Final

FHIR_PATH: Final = "/fhir/r4"
AUTHORIZE_PATH: Final = "/authorize"
TOKEN_PATH: Final = "/oauth2/token"  # noqa: S105  # an address
INTROSPECT_PATH: Final = "/oauth2/introspect"
REVOKE_PATH: Final = "/oauth2/revoke"
KEYS_PATH: Final = "/oauth2/jwks"


def security(address: str) -> dict[str, Any]:
    """`rest.security` of the CapabilityStatement: the OAuth addresses as SMART's extension says them."""
    names = (
        ("authorize", AUTHORIZE_PATH),
        ("token", TOKEN_PATH),
        ("introspect", INTROSPECT_PATH),
        ("revoke", REVOKE_PATH),
    )
    return {
        "extension": [
            {
                "url": "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris",
                "extension": [{"url": name, "valueUri": address + path} for name, path in names],
            }
        ],
        "service": [
            {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/restful-security-service",
                        "code": "SMART-on-FHIR",
                    }
                ]
            }
        ],
    }
