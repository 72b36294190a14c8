"""The OpenID provider: the way there (code flow, PKCE, state, nonce), and who came back."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

import httpx2
from authlib.integrations.base_client.errors import OAuthError
from authlib.integrations.starlette_client import OAuth
from authlib.oidc.core import CodeIDToken
from joserfc.errors import JoseError
from pydantic import ValidationError

from enrollment.commands import Model
from services.signin.settings import SigninSettings

BACK: Final = "/sign-in/provider/back"
"""Where the provider sends browsers back to; it must be told of this address."""
SECONDS: Final = 10.0
SKEW_SECONDS: Final = 30
"""By how much the provider's clock may differ from ours."""
FRESH_SECONDS: Final = 60
"""Asked of the provider beside `prompt=login`, so that it must say when somebody signed in."""
ALGORITHMS: Final = (
    "RS256",
    "RS384",
    "RS512",
    "PS256",
    "PS384",
    "PS512",
    "ES256",
    "ES384",
    "ES512",
)
"""Signatures by a key that only the provider has."""


class ProviderAwayError(Exception):
    """It cannot be reached, or answers what no OpenID provider would."""


class NotProvedError(Exception):
    """What came back proves nobody's identity; the reason is for the log and holds no value."""


class Way(Model):
    """One way to the provider that has begun: its secrets, which stay on the server."""

    url: str
    state: str
    nonce: str
    code_verifier: str


class Identity(Model):
    """Who the provider says somebody is. `subject` is for good; an e-mail address is not."""

    issuer: str
    subject: str
    email: str | None
    """Only one that the provider has verified."""
    signed_in_at: datetime | None


class Provider:
    """One for the process; its discovery document and keys are read when first needed."""

    def __init__(self, settings: SigninSettings) -> None:
        assert settings.oidc_issuer is not None
        self._issuer = settings.oidc_issuer
        self._client_id = settings.oidc_client_id
        self._back = settings.web_address + BACK
        self._app: Any = OAuth().register(
            "provider",
            client_id=settings.oidc_client_id,
            client_secret=settings.oidc_secret(),
            server_metadata_url=self._issuer.rstrip("/") + "/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid email",
                "code_challenge_method": "S256",
                "timeout": SECONDS,
            },
        )

    async def way(self, *, anew: bool) -> Way:
        """`anew`: the person must sign in there again, whatever session they have.

        Raises `ProviderAwayError`.
        """
        more = {"prompt": "login", "max_age": FRESH_SECONDS} if anew else {}
        with _away():
            await self._metadata()
            made = await self._app.create_authorization_url(self._back, **more)
            return Way.model_validate(made)

    async def _metadata(self) -> dict[str, Any]:
        """The discovery document, held to the issuer that it was asked of."""
        found: dict[str, Any] = await self._app.load_server_metadata()
        if found.get("issuer") != self._issuer:
            found.clear()
            raise ProviderAwayError("the discovery document is of another issuer")
        offered = found.get("id_token_signing_alg_values_supported") or ["RS256"]
        found["id_token_signing_alg_values_supported"] = [a for a in offered if a in ALGORITHMS]
        return found

    async def identity(self, code: str, issuer: str | None, way: Way) -> Identity:
        """Who came back. Raises `NotProvedError`, or `ProviderAwayError`."""
        with _away():
            metadata = await self._metadata()
            told = metadata.get("authorization_response_iss_parameter_supported", False)
            if issuer != self._issuer and (told or issuer is not None):
                raise NotProvedError("the answer is of another issuer")
            try:
                token = await self._app.fetch_access_token(
                    redirect_uri=self._back, code=code, code_verifier=way.code_verifier
                )
                claims = await self._claims(token, way.nonce)
            except JoseError as error:
                raise NotProvedError(str(error)) from None
            except OAuthError:
                raise NotProvedError("the code was not taken") from None
            return await self._identity(token, claims)

    async def _claims(self, token: dict[str, Any], nonce: str) -> dict[str, Any]:
        """Signature, issuer, audience, authorised party, times and nonce are as they must be."""
        options = {
            "iss": {"essential": True, "value": self._issuer},
            "aud": {"essential": True, "value": self._client_id},
            "sub": {"essential": True},
            "nonce": {"essential": True, "value": nonce},
        }
        claims: dict[str, Any] | None = await self._app.parse_id_token(
            token, nonce, options, CodeIDToken, leeway=SKEW_SECONDS
        )
        if claims is None:
            raise NotProvedError("no ID token")
        return claims

    async def _identity(self, token: dict[str, Any], claims: dict[str, Any]) -> Identity:
        said = claims
        if "email" not in claims and "userinfo_endpoint" in await self._metadata():
            said = await self._app.userinfo(token=token)
            if said.get("sub") != claims["sub"]:
                raise NotProvedError("the user info is of somebody else")
        # Some providers write the truth value as text.
        verified = said.get("email_verified") in (True, "true", "True")
        email = said.get("email") if verified else None
        at = claims.get("auth_time")
        try:
            return Identity(
                issuer=self._issuer,
                subject=str(claims["sub"]),
                email=email.strip().lower() if isinstance(email, str) else None,
                signed_in_at=None if at is None else datetime.fromtimestamp(float(at), UTC),
            )
        except (ValidationError, ValueError, OverflowError):
            raise NotProvedError("the claims cannot be read") from None


@contextlib.contextmanager
def _away() -> Iterator[None]:
    """What the network and a broken provider do becomes one error."""
    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError, RuntimeError) as error:
        raise ProviderAwayError(type(error).__name__) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ProviderAwayError(f"unreadable: {type(error).__name__}") from error
