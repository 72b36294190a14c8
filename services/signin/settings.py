"""Settings of pages and sign-in: addresses, keys, limits; none has a clinical meaning."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

LOOPBACK = ("127.0.0.1", "localhost", "::1")


class SigninSettings(BaseSettings):
    """Read from the environment, prefix `HOLDFAST_`. Documented in `docs/operations.md`."""

    model_config = SettingsConfigDict(
        env_prefix="HOLDFAST_", frozen=True, extra="ignore", hide_input_in_errors=True
    )

    web_address: str = "http://127.0.0.1:8000"
    """What browsers call this service, without a path: `https://holdfast.example.org`."""
    secret_file: Path | None = None
    """Keys that seal second factors, one Fernet key a line, the newest first. None: no codes."""
    session_idle_minutes: int = Field(default=30, ge=1, le=1440)
    session_hours: int = Field(default=12, ge=1, le=168)
    """After this a session ends, however busy it is."""
    tries_per_account: int = Field(default=8, ge=1, le=1000)
    """Failed tries at one account within `tries_minutes`; then nobody signs in to it for so long"""
    tries_per_address: int = Field(default=60, ge=1, le=100_000)
    """Failed tries from one address within `tries_minutes`; one may be a whole hospital's."""
    tries_minutes: int = Field(default=15, ge=1, le=1440)
    trusted_proxies: int = Field(default=0, ge=0, le=5)
    """Reverse proxies in front that append to `X-Forwarded-For`: so many of its ends are true."""
    demo: bool = False
    """Lets the demo's accounts in: set by `make demo` for its own loopback service, never else."""
    local_accounts: bool = True
    """People may sign in with a password of this service; off where all come from the provider."""

    oidc_issuer: str | None = None
    """The OpenID provider: `https://login.example.org/realms/x`; its discovery document is read."""
    oidc_client_id: str | None = None
    oidc_client_secret: SecretStr | None = None
    oidc_client_secret_file: Path | None = None
    """A file with the secret, in place of it: what is in the environment is easily told."""
    oidc_name: str = "your organisation"
    """How the sign-in page calls the provider."""

    @field_validator("web_address")
    @classmethod
    def _an_origin(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme not in ("http", "https") or not parts.netloc or parts.path.strip("/"):
            raise ValueError("web_address: write scheme and host only: https://trial.example.org")
        return f"{parts.scheme}://{parts.netloc}"

    @field_validator("oidc_issuer")
    @classmethod
    def _by_tls(cls, issuer: str | None) -> str | None:
        parts = urlsplit(issuer or "https://none")
        ours = parts.hostname in LOOPBACK
        if parts.scheme != "https" and not (parts.scheme == "http" and ours):
            raise ValueError("oidc_issuer: write its https address, as the provider itself does")
        return issuer

    @model_validator(mode="after")
    def _whole_provider(self) -> "SigninSettings":
        secrets = (self.oidc_client_secret, self.oidc_client_secret_file)
        if self.oidc_issuer is not None and (not self.oidc_client_id or secrets.count(None) != 1):
            raise ValueError(
                "oidc_issuer: set HOLDFAST_OIDC_CLIENT_ID too, and one of "
                "HOLDFAST_OIDC_CLIENT_SECRET_FILE and HOLDFAST_OIDC_CLIENT_SECRET"
            )
        if self.demo and urlsplit(self.web_address).hostname not in LOOPBACK:
            raise ValueError("demo: its accounts are for this machine alone, see web_address")
        if self.oidc_issuer is None and not self.local_accounts:
            raise ValueError("local_accounts is off and no provider is set: nobody could sign in")
        return self

    @property
    def oidc_origin(self) -> str | None:
        """Where browsers are sent to sign in: scheme and host of the issuer."""
        if self.oidc_issuer is None:
            return None
        parts = urlsplit(self.oidc_issuer)
        return f"{parts.scheme}://{parts.netloc}"

    def oidc_secret(self) -> str:
        """Ours at the provider. Raises `ValueError` where its file cannot be read."""
        if self.oidc_client_secret is not None:
            return self.oidc_client_secret.get_secret_value()
        assert self.oidc_client_secret_file is not None
        try:
            return self.oidc_client_secret_file.read_text("utf-8").strip()
        except OSError as error:
            raise ValueError(f"{self.oidc_client_secret_file}: {error.strerror}") from None

    @property
    def secure(self) -> bool:
        """Browsers come by TLS; only then can cookies be kept to it."""
        return self.web_address.startswith("https://")

    @property
    def cookie(self) -> str:
        return "__Host-holdfast" if self.secure else "holdfast"
