"""Settings of the API: only what differs between deployments; none has a clinical meaning."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ApiSettings(BaseSettings):
    """Read from the environment, prefix `HOLDFAST_`; Kafka and Redis are in `streams.settings`."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", frozen=True, extra="ignore")

    token_file: Path
    """JSON: `{"<token>": {"id": ..., "role": ..., "sites": [...]}}`; read again when it changes."""
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
    shutdown_seconds: int = Field(default=3, ge=1, le=30)
    """How long requests may still run after SIGTERM; live streams end at once."""
