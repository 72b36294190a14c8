"""Time-based codes (RFC 6238) as second factor; the secrets are kept encrypted."""

import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyotp
import segno
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

ISSUER = "Holdfast"
STEP_SECONDS = 30
WINDOW = 1
"""How many steps before and after now are taken too, for clocks that differ."""


class KeyFileError(Exception):
    """The file with the server's keys cannot be used; the message says how to mend it."""


def read_keys(path: Path | None) -> tuple[bytes, ...]:
    """One key a line, the newest first: it seals, all of them open. No file: no keys."""
    if path is None:
        return ()
    try:
        keys = tuple(line.strip() for line in path.read_bytes().splitlines() if line.strip())
        MultiFernet([Fernet(key) for key in keys])
    except (OSError, ValueError) as error:
        raise KeyFileError(
            f"{path}: {type(error).__name__}; make one with `holdfast accounts make-key {path}`"
        ) from None
    return keys


def make_keys(path: Path) -> None:
    """Writes a file with one fresh key, for its owner alone. Raises `FileExistsError`."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        opened.write(Fernet.generate_key() + b"\n")


class SecondFactors:
    """Seals and checks secrets with the server's keys; without keys nobody can set one up."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._box = MultiFernet([Fernet(key) for key in keys]) if keys else None

    @property
    def possible(self) -> bool:
        return self._box is not None

    def seal(self, secret: str) -> str:
        assert self._box is not None, "no key to seal with"
        return self._box.encrypt(secret.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The secret; none where no key of ours sealed it."""
        if self._box is None:
            return None
        try:
            return self._box.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None

    def accepts(self, sealed: str, code: str, now: datetime) -> int | None:
        """The time step that the code is of, or none. Each step may be used once: see callers."""
        secret = self.open(sealed)
        if secret is None:
            return None
        plain = code.replace(" ", "")
        step = int(now.timestamp()) // STEP_SECONDS
        totp = pyotp.TOTP(secret, interval=STEP_SECONDS)
        for near in range(step - WINDOW, step + WINDOW + 1):
            if pyotp.utils.strings_equal(plain, totp.at(near * STEP_SECONDS)):
                return near
        return None


def fresh_secret() -> str:
    return pyotp.random_base32()


def setup_address(secret: str, sign_in: str) -> str:
    """What an authenticator app reads."""
    return pyotp.TOTP(secret, interval=STEP_SECONDS).provisioning_uri(
        name=sign_in, issuer_name=ISSUER
    )


def qr_code(address: str) -> str:
    """The address as an SVG drawing, to stand in the page itself."""
    drawing = segno.make(address, error="m")
    return drawing.svg_inline(scale=4, border=4, svgclass="qr", omitsize=False)
