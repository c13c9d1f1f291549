"""How a machine proves who it is without a secret: https://hl7.org/fhir/smart-app-launch/STU2.2/client-confidential-asymmetric.html."""

import json
from datetime import UTC, datetime
from typing import Any

from authlib.oauth2.rfc6749 import InvalidClientError
from authlib.oauth2.rfc7523.client import JWTBearerClientAssertion
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from his.fhir.oauth import TOKEN_PATH
from his.kit.config import get_settings
from his.smart.oauth import Client, Facts
from his.smart.terms import ALGORITHMS, Method

LONGEST_ASSERTION = 300
"""Seconds an assertion may live (Backend Services: five minutes)."""


class Assertion(JWTBearerClientAssertion):  # type: ignore[misc]
    """`private_key_jwt`: RS384 or ES384, for this endpoint, at most five minutes long, each `jti` once."""

    CLIENT_AUTH_METHOD = Method.SIGNED.value

    def __init__(self, facts: Facts) -> None:
        super().__init__(leeway=10)
        self.facts = facts

    def get_audiences(self) -> list[str]:
        """The token endpoint, as the client reached it."""
        return [get_settings().public_url + TOKEN_PATH]

    def resolve_client_public_key(self, client: Client) -> KeySet:
        """The registered keys, or those its own address gave."""
        try:
            return KeySet.import_key_set(json.loads(self.facts.keys))
        except (ValueError, TypeError, KeyError, JoseError):
            raise InvalidClientError(description="The client's keys cannot be read.") from None

    def process_assertion_claims(self, assertion: str, resolve_key: Any) -> Any:
        """Signature by one of two algorithms and none else, then the claims."""
        try:
            token = jwt.decode(assertion, resolve_key, algorithms=list(ALGORITHMS))
            self.verify_claims(token.claims)
        except (JoseError, ValueError, TypeError, AttributeError):
            raise InvalidClientError(description="The client assertion does not hold.") from None
        return token.claims

    def validate_jti(self, claims: dict[str, Any], jti: Any) -> bool:
        """A fresh `jti` of an assertion that does not live too long."""
        now = self.facts.now.timestamp()
        ends = claims.get("exp")
        if (
            not isinstance(jti, str)
            or not 0 < len(jti) <= 500
            or isinstance(ends, bool)
            or not isinstance(ends, int | float)
        ):
            return False
        if ends > now + LONGEST_ASSERTION + self.leeway or self.facts.assertion_used:
            return False
        self.facts.assertion = (jti, datetime.fromtimestamp(ends + self.leeway + 1, UTC))
        return True
