"""The grants and endpoints of the protocol, as subclasses of Authlib's: each says what this system adds or forbids."""

from typing import Any

from authlib.oauth2.rfc6749 import InvalidRequestError, InvalidScopeError
from authlib.oauth2.rfc6749.grants import AuthorizationCodeGrant, ClientCredentialsGrant, RefreshTokenGrant
from authlib.oauth2.rfc7009 import RevocationEndpoint
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7662 import IntrospectionEndpoint

from his.identity.passwords import digest
from his.identity.scopes import INTROSPECT, grant, is_known, split
from his.identity.tables import AccessToken, SmartCode, SmartRefresh
from his.identity.terms import User
from his.kit.config import get_settings
from his.smart.assertion import Assertion
from his.smart.oauth import Asked, Client, Facts, Server, context, person_address
from his.smart.terms import Method

METHODS = [Method.SIGNED.value, Method.PUBLIC.value, Method.BASIC.value, Method.POST.value]
CONFIDENTIAL = [Method.SIGNED.value, Method.BASIC.value, Method.POST.value]


class Pkce(CodeChallenge):  # type: ignore[misc]
    """S256 for every client, also for those that keep a secret."""

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]
    DEFAULT_CODE_CHALLENGE_METHOD = "S256"
    CODE_CHALLENGE_METHODS = {"S256": CodeChallenge.CODE_CHALLENGE_METHODS["S256"]}

    def validate_code_challenge(self, grant: Any, redirect_uri: str) -> None:
        """A challenge, its method said, 43 characters as SHA-256 gives them."""
        data = grant.request.payload.data
        if not data.get("code_challenge") or data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("PKCE with code_challenge_method=S256 is required.")
        super().validate_code_challenge(grant, redirect_uri)

    def get_authorization_code_challenge(self, authorization_code: "_Code") -> str:
        """As it was kept."""
        return authorization_code.row.challenge

    def get_authorization_code_challenge_method(self, authorization_code: "_Code") -> str:
        """There is one."""
        return "S256"


class _Code:
    """A code as Authlib asks about it."""

    def __init__(self, row: SmartCode, scope: str) -> None:
        self.row = row
        self._scope = scope

    def get_redirect_uri(self) -> str:
        return self.row.redirect_uri

    def get_scope(self) -> str:
        return self._scope


class CodeGrant(AuthorizationCodeGrant):  # type: ignore[misc]
    """Authorization code: short, for one use, for the client and address it was given to."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    server: Server

    def query_authorization_code(self, code: str, client: Client) -> _Code | None:
        """The code, if it is this client's, unused and in time; a used one marks its consent for the end."""
        facts = self.server.facts
        row, consent = facts.code, facts.consent
        if row is None or consent is None or digest(code) != row.code_sha256 or consent.client_id != client.row.id:
            return None
        if row.used_at is not None:
            facts.replayed = True
            return None
        if row.expires_at <= facts.now or not facts.consent_holds:
            return None
        return _Code(row, consent.scopes)

    def authenticate_user(self, authorization_code: _Code) -> User | None:
        """The person who gave the consent, if the account is still open."""
        return self.server.facts.person

    def delete_authorization_code(self, authorization_code: _Code) -> None:
        """Kept as used, so that a second use is noticed."""
        facts = self.server.facts
        facts.changes.update(authorization_code.row, used_at=facts.now)


class _Refresh:
    """A refresh token as Authlib asks about it."""

    def __init__(self, row: SmartRefresh, facts: Facts) -> None:
        self.row = row
        self._facts = facts

    def check_client(self, client: Client) -> bool:
        return self._facts.consent is not None and self._facts.consent.client_id == client.row.id

    def get_scope(self) -> str:
        return self._facts.consent.scopes if self._facts.consent else ""


class RefreshGrant(RefreshTokenGrant):  # type: ignore[misc]
    """Refresh with rotation: the token that is used is replaced, and a second use ends the consent."""

    TOKEN_ENDPOINT_AUTH_METHODS = METHODS
    INCLUDE_NEW_REFRESH_TOKEN = True
    server: Server

    def authenticate_refresh_token(self, refresh_token: str) -> _Refresh | None:
        """The token, if it is this client's, unused and in time."""
        facts = self.server.facts
        row = facts.refresh
        client_id = self.request.client.row.id
        if row is None or facts.consent is None or facts.consent.client_id != client_id:
            return None
        if row.used_at is not None:
            facts.replayed = True
            return None
        if row.expires_at <= facts.now or not facts.consent_holds:
            return None
        return _Refresh(row, facts)

    def authenticate_user(self, refresh_token: _Refresh) -> User | None:
        """The person who gave the consent."""
        return self.server.facts.person

    def revoke_old_credential(self, refresh_token: _Refresh) -> None:
        """Kept as used, so that a second use is noticed."""
        facts = self.server.facts
        facts.changes.update(refresh_token.row, used_at=facts.now)


class MachineGrant(ClientCredentialsGrant):  # type: ignore[misc]
    """A machine's own credentials: what of the `system/` scopes it asks for it may have; all of them when it asks for none."""

    TOKEN_ENDPOINT_AUTH_METHODS = CONFIDENTIAL
    server: Server

    def validate_requested_scope(self) -> None:
        """Narrow the scope; nothing left is a refusal."""
        client: Client = self.request.client
        asked = self.request.payload.scope
        found = grant(asked or client.row.scopes, client.row.scopes, ("system",))
        if not found or (asked and not all(map(is_known, split(asked)))):
            raise InvalidScopeError()
        self.request.scope = " ".join(found)

    def create_token_response(self) -> Any:
        """As Authlib does it, with the narrowed scope."""
        token = self.generate_token(scope=self.request.scope, include_refresh_token=False)
        self.save_token(token)
        return 200, token, self.TOKEN_RESPONSE_HEADER


class Introspection(IntrospectionEndpoint):  # type: ignore[misc]
    """RFC 7662: a client asks about its own tokens; one with `his/introspect` about those of its unit."""

    CLIENT_AUTH_METHODS = CONFIDENTIAL
    server: Server

    def query_token(self, token_string: str, token_type_hint: str | None) -> "_Token | None":
        """The token that was read before."""
        return _found(self.server.facts)

    def check_permission(self, token: "_Token", client: Client, request: Asked) -> bool:
        """Whose token is it?"""
        return token.check_client(client) or (
            INTROSPECT in split(client.row.scopes) and client.row.unit_id == token.unit_id
        )

    def introspect_token(self, token: "_Token") -> dict[str, Any]:
        """What the token says."""
        facts = self.server.facts
        row = token.row
        out: dict[str, Any] = {
            "active": True,
            "client_id": token.client_id,
            "scope": token.scope,
            "exp": int(row.expires_at.timestamp()),
            "iat": int(row.issued_at.timestamp()),
            "iss": get_settings().public_url,
            "aud": facts.base,
        }
        if isinstance(row, AccessToken):
            out["token_type"] = "bearer"  # noqa: S105  # a word of the standard
        if facts.consent is not None and facts.person is not None:
            out |= {"sub": str(facts.person.account_id), **context(facts.consent, token.scope)}
            if "fhirUser" in split(token.scope) and (address := person_address(facts, facts.person)):
                out["fhirUser"] = address
        else:
            out["sub"] = token.client_id
        return out


class _Token:
    """An access or refresh token as Authlib asks about it."""

    def __init__(self, row: AccessToken | SmartRefresh, facts: Facts) -> None:
        self.row = row
        self._facts = facts
        consent = facts.consent
        self.client_id = row.client_id if isinstance(row, AccessToken) else consent.client_id if consent else ""
        self.unit_id = row.unit_id if isinstance(row, AccessToken) else consent.unit_id if consent else None
        self.scope = row.scopes if isinstance(row, AccessToken) else consent.scopes if consent else ""

    def check_client(self, client: Client) -> bool:
        return self.client_id == client.row.id

    def is_expired(self) -> bool:
        return self.row.expires_at <= self._facts.now

    def is_revoked(self) -> bool:
        if isinstance(self.row, AccessToken) and self.row.grant_id is None:
            return False
        used = isinstance(self.row, SmartRefresh) and self.row.used_at is not None
        return used or not self._facts.consent_holds or self._facts.person is None


def _found(facts: Facts) -> _Token | None:
    row = facts.access or facts.refresh
    return _Token(row, facts) if row is not None else None


class Revocation(RevocationEndpoint):  # type: ignore[misc]
    """RFC 7009: a client gives back its own token; giving back a refresh token ends the consent."""

    CLIENT_AUTH_METHODS = METHODS
    server: Server

    def query_token(self, token_string: str, token_type_hint: str | None) -> _Token | None:
        """The token that was read before."""
        return _found(self.server.facts)

    def revoke_token(self, token: _Token, request: Asked) -> None:
        """End it."""
        facts = self.server.facts
        if isinstance(token.row, AccessToken):
            facts.changes.update(token.row, expires_at=facts.now)
        elif facts.consent is not None and facts.consent.revoked_at is None:
            facts.changes.update(facts.consent, revoked_at=facts.now)
        facts.changes.audit("token-revoked", "ApiClient", token.client_id)


def token_server(facts: Facts) -> Server:
    """The server with everything registered."""
    server = Server(facts)
    server.register_client_auth_method(Method.SIGNED.value, Assertion(facts))
    server.register_grant(CodeGrant, [Pkce(required=True)])
    server.register_grant(RefreshGrant)
    server.register_grant(MachineGrant)
    server.register_endpoint(Introspection)
    server.register_endpoint(Revocation)
    return server
