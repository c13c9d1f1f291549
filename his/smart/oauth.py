"""Authlib's authorization server over facts that were read before: it decides, and collects what shall be written.

Authlib asks and saves synchronously; the database is asked asynchronously. So a service reads everything that a request can
need (`Facts`), this server judges it, and the service applies the changes it left.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from joserfc import jwt

from his.fhir.oauth import FHIR_PATH
from his.identity.passwords import digest, new_token
from his.identity.scopes import grant, split
from his.identity.tables import AccessToken, ApiClient, SmartCode, SmartGrant, SmartRefresh
from his.identity.terms import User
from his.kit.changes import Changes
from his.kit.config import get_settings
from his.smart.service.keys import ALGORITHM, signing_key
from his.smart.terms import Method

ADDRESS = (
    "https://authorization.invalid/oauth2"  # Authlib insists on https; what it is reached by is the proxy's matter
)


@dataclass
class Facts:
    """What a request of the protocol is judged by, and what its judgement leaves to be written."""

    now: datetime
    client: ApiClient | None = None
    secret_is_right: bool = False
    keys: str = ""
    assertion_used: bool = True
    code: SmartCode | None = None
    refresh: SmartRefresh | None = None
    access: AccessToken | None = None
    consent: SmartGrant | None = None
    consent_holds: bool = False
    person: User | None = None
    changes: Changes = field(default_factory=Changes)
    replayed: bool = False
    assertion: tuple[str, datetime] | None = None  # jti and end of the assertion that was accepted

    @property
    def base(self) -> str:
        """Address of the FHIR interface: what `aud` and `iss` of a launch name."""
        return get_settings().public_url + FHIR_PATH


class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """A client as Authlib asks about it."""

    def __init__(self, row: ApiClient, facts: Facts) -> None:
        self.row = row
        self.facts = facts
        self.client_id = row.id

    @property
    def methods(self) -> frozenset[str]:
        """How this client may prove who it is: one way, never a weaker one beside it."""
        if self.row.public:
            return frozenset({Method.PUBLIC.value})
        if self.row.jwks or self.row.jwks_url:
            return frozenset({Method.SIGNED.value})
        return frozenset({Method.BASIC.value, Method.POST.value})

    def get_client_id(self) -> str:
        """The id."""
        return self.row.id

    def get_default_redirect_uri(self) -> str:
        """None: a request names its address."""
        return ""

    def get_allowed_scope(self, scope: str) -> str | None:
        """What of the scope asked for an app may have; None when nothing is left."""
        return " ".join(grant(scope or "", self.row.scopes, ("patient", "user"))) or None

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Character by character."""
        return redirect_uri in self.row.redirect_uris.splitlines()

    def check_client_secret(self, client_secret: str) -> bool:
        """Checked before, off the event loop."""
        return self.facts.secret_is_right

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """The same way at every endpoint."""
        return method in self.methods

    def check_response_type(self, response_type: str) -> bool:
        """Codes, for clients that have an address to receive them."""
        return response_type == "code" and bool(self.row.redirect_uris)

    def check_grant_type(self, grant_type: str) -> bool:
        """Apps exchange codes and refresh; machines that can keep a secret use their own credentials."""
        if grant_type == "client_credentials":
            return not self.row.public
        return bool(self.row.redirect_uris)


class Asked(OAuth2Request):  # type: ignore[misc]
    """A request of the protocol: query, form and headers as they were read."""

    def __init__(
        self, method: str, args: Mapping[str, str], form: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        super().__init__(method, ADDRESS, headers=dict(headers))
        self._args = dict(args)
        self._form = dict(form)
        self.payload = BasicOAuth2Payload({**self._args, **self._form})

    @property
    def args(self) -> dict[str, str]:
        """The query."""
        return self._args

    @property
    def form(self) -> dict[str, str]:
        """The body."""
        return self._form


Answer = tuple[int, dict[str, Any], list[tuple[str, str]]]


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's server on one set of facts."""

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self.facts = facts
        self.register_token_generator("default", self._generate)

    def query_client(self, client_id: str) -> Client | None:
        """The client that was read before, if it is the one meant."""
        row = self.facts.client
        return Client(row, self.facts) if row is not None and row.id == client_id else None

    def create_oauth2_request(self, request: Asked) -> Asked:
        """Already one."""
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        """Left to the route."""
        return status, body, headers

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Nobody listens."""

    def _generate(
        self,
        grant_type: str,
        client: Client,
        user: User | None = None,
        scope: str | None = None,
        expires_in: int | None = None,
        include_refresh_token: bool = True,
    ) -> dict[str, Any]:
        """A bearer token, and a refresh token where the consent reaches so far."""
        token: dict[str, Any] = {
            "access_token": new_token(),
            "token_type": "bearer",
            "expires_in": get_settings().access_token_seconds,
            "scope": scope or "",
        }
        consent = self.facts.consent
        wants = {"offline_access", "online_access"} & set(split(consent.scopes if consent else ""))
        if include_refresh_token and wants:
            token["refresh_token"] = new_token()
        return token

    def save_token(self, token: dict[str, Any], request: Asked) -> None:
        """The rows of the tokens, and what the app is told with them: patient, visit, person."""
        facts = self.facts
        row = request.client.row
        consent = facts.consent if request.user is not None else None
        facts.changes.insert(
            AccessToken(
                token_sha256=digest(token["access_token"]),
                client_id=row.id,
                unit_id=row.unit_id,
                scopes=token["scope"],
                issued_at=facts.now,
                expires_at=facts.now + timedelta(seconds=token["expires_in"]),
                grant_id=consent.id if consent else None,
            )
        )
        facts.changes.audit("token", "ApiClient", row.id)
        if consent is None:
            return
        if "refresh_token" in token:
            facts.changes.insert(
                SmartRefresh(
                    token_sha256=digest(token["refresh_token"]),
                    grant_id=consent.id,
                    issued_at=facts.now,
                    expires_at=consent.ends_at,
                )
            )
        token.update(context(consent, token["scope"]))
        if "openid" in split(token["scope"]) and facts.person is not None:
            token["id_token"] = id_token(facts, facts.person, row.id, token["scope"])


def context(consent: SmartGrant, scope: str) -> dict[str, Any]:
    """The launch context that goes with a token."""
    out: dict[str, Any] = {}
    if consent.patient_id:
        out["patient"] = consent.patient_id
        out["need_patient_banner"] = True
    if consent.encounter_id and {"launch", "launch/encounter"} & set(split(scope)):
        out["encounter"] = consent.encounter_id
    return out


def person_address(facts: Facts, person: User) -> str:
    """The FHIR resource of a member of staff, "" for an account without one."""
    return f"{facts.base}/Practitioner/{person.practitioner_id}" if person.practitioner_id else ""


def id_token(facts: Facts, person: User, client_id: str, scope: str) -> str:
    """Who uses the app, signed (https://openid.net/specs/openid-connect-core-1_0.html#IDToken)."""
    settings = get_settings()
    key = signing_key(settings.data_dir)
    claims: dict[str, Any] = {
        "iss": settings.public_url,
        "sub": str(person.account_id),
        "aud": client_id,
        "iat": int(facts.now.timestamp()),
        "exp": int((facts.now + timedelta(seconds=settings.id_token_seconds)).timestamp()),
    }
    if facts.code is not None and facts.code.nonce:
        claims["nonce"] = facts.code.nonce
    asked = set(split(scope))
    if {"fhirUser", "profile"} & asked and (address := person_address(facts, person)):
        claims["fhirUser"] = address
    if "profile" in asked:
        claims["name"] = person.display_name
    return jwt.encode({"alg": ALGORITHM, "kid": key.kid}, claims, key, algorithms=[ALGORITHM])
