"""What the server says of itself before anybody has a token.

https://hl7.org/fhir/smart-app-launch/STU2.2/conformance.html and OpenID Connect Discovery 1.0.
"""

from typing import Any

from his.fhir.oauth import AUTHORIZE_PATH, INTROSPECT_PATH, KEYS_PATH, REVOKE_PATH, TOKEN_PATH
from his.smart.service.keys import ALGORITHM
from his.smart.terms import ALGORITHMS, Method

CAPABILITIES = (
    "launch-ehr",
    "launch-standalone",
    "client-public",
    "client-confidential-symmetric",
    "client-confidential-asymmetric",
    "sso-openid-connect",
    "context-banner",
    "context-ehr-patient",
    "context-ehr-encounter",
    "context-standalone-patient",
    "permission-offline",
    "permission-online",
    "permission-patient",
    "permission-user",
    "permission-v1",
    "permission-v2",
)
SCOPES = (
    "openid", "fhirUser", "profile", "launch", "launch/patient", "launch/encounter", "offline_access", "online_access",
    "patient/*.cruds", "user/*.cruds", "system/*.cruds",
)  # fmt: skip
_METHODS = [Method.BASIC.value, Method.POST.value, Method.SIGNED.value, Method.PUBLIC.value]
_CONFIDENTIAL = [Method.BASIC.value, Method.POST.value, Method.SIGNED.value]


def smart_configuration(address: str) -> dict[str, Any]:
    """`/.well-known/smart-configuration` of the server at this address."""
    return {
        "issuer": address,
        "jwks_uri": address + KEYS_PATH,
        "authorization_endpoint": address + AUTHORIZE_PATH,
        "token_endpoint": address + TOKEN_PATH,
        "introspection_endpoint": address + INTROSPECT_PATH,
        "revocation_endpoint": address + REVOKE_PATH,
        "grant_types_supported": ["authorization_code", "client_credentials", "refresh_token"],
        "response_types_supported": ["code"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": _METHODS,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": _CONFIDENTIAL,
        "revocation_endpoint_auth_methods_supported": _METHODS,
        "scopes_supported": list(SCOPES),
        "capabilities": list(CAPABILITIES),
    }


def openid_configuration(address: str) -> dict[str, Any]:
    """`/.well-known/openid-configuration` of the issuer at this address."""
    known = smart_configuration(address)
    known.pop("capabilities")
    return known | {
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": ["iss", "sub", "aud", "exp", "iat", "nonce", "fhirUser", "name"],
    }
