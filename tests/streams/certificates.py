"""An authority of a test's own, and what it signs, by the `openssl` on the path."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

EXTENSIONS = "subjectAltName=IP:127.0.0.1\nbasicConstraints=CA:FALSE\n"


@dataclass(frozen=True)
class Signed:
    """A key and its certificate; `both` holds the two in one file."""

    key: Path
    certificate: Path
    both: Path


@dataclass(frozen=True)
class Authority:
    """Everything of it is in `folder`."""

    folder: Path

    @property
    def certificate(self) -> Path:
        return self.folder / "ca.pem"

    @classmethod
    def new(cls, folder: Path) -> "Authority":
        if shutil.which("openssl") is None:
            pytest.skip("no certificates can be made: there is no openssl on the path")
        folder.mkdir(parents=True, exist_ok=True)
        authority = cls(folder)
        _openssl(
            *("req", "-x509", *_new_key(folder / "ca.key"), "-out", str(authority.certificate)),
            *("-subj", "/CN=authority", "-days", "2"),
        )
        return authority

    def sign(self, name: str) -> Signed:
        """For whoever is at 127.0.0.1, or logs in under this name."""
        signed = Signed(*(self.folder / f"{name}.{kind}" for kind in ("key", "crt", "pem")))
        asked, extensions = self.folder / f"{name}.csr", self.folder / "extensions"
        extensions.write_text(EXTENSIONS)
        _openssl("req", *_new_key(signed.key), "-out", str(asked), "-subj", f"/CN={name}")
        _openssl(
            *("x509", "-req", "-in", str(asked), "-out", str(signed.certificate), "-days", "2"),
            *("-CA", str(self.certificate), "-CAkey", str(self.folder / "ca.key")),
            *("-CAcreateserial", "-extfile", str(extensions)),
        )
        signed.both.write_text(signed.key.read_text() + signed.certificate.read_text())
        return signed


def _new_key(to: Path) -> tuple[str, ...]:
    curve = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    return (*curve, "-nodes", "-keyout", str(to))


def _openssl(*arguments: str) -> None:
    said = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stderr
