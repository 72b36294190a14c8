"""Settings of the API: only what differs between deployments; none has a clinical meaning."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Read from the environment, prefix `HOLDFAST_`; Kafka and Redis are in `streams.settings`."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True, extra="ignore")

    token_file: Path | None = None
    """JSON: `{"<token>": {"id": ..., "role": ..., "sites": [...]}}`; read again when it changes.

    For trying out and for scripts of one's own machine: services get tokens from an administrator.
    """
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, ge=0, le=65535)
    """0 lets the system choose; the address is printed on start."""
    max_body_bytes: int = Field(default=1_000_000, ge=1_000, le=4_000_000)
    max_wait_seconds: int = Field(default=30, ge=1, le=120)
    """The longest `Prefer: wait=N` that is honoured."""
    max_streams: int = Field(default=1_000, ge=1)
    """Live streams (Server-Sent Events) of this process."""
    max_streams_per_actor: int = Field(default=20, ge=1)
    ping_seconds: float = Field(default=15.0, gt=0, le=60)
    """How long a live stream may be silent before a comment is sent."""
    writes_per_second: float = Field(default=20, ge=0.1, le=100_000)
    """How many writes one actor may send to this process in the long run; forms to judge too."""
    writes_burst: int = Field(default=40, ge=1, le=100_000)
    """How many of them at once, after a silence."""
    max_connections: int = Field(default=2_000, ge=10, le=100_000)
    """Open connections of this process; one more is closed at once."""
    max_head_bytes: int = Field(default=32_768, ge=4_096, le=1_000_000)
    """The largest request line and headers together."""
    head_seconds: float = Field(default=10.0, gt=0, le=300)
    """How long a connection may take to send a request's headers."""
    body_seconds: float = Field(default=30.0, gt=0, le=300)
    """How long a body may take to arrive."""
    unread_seconds: float = Field(default=30.0, gt=0, le=300)
    """How long a reader may leave more than 64 kB unread before it is cut off."""
    idle_seconds: int = Field(default=5, ge=1, le=300)
    """How long a connection is kept without a request."""
    shutdown_seconds: int = Field(default=3, ge=1, le=10)
    """How long requests may still run after SIGTERM; live streams end at once."""
