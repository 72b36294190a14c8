"""A real OpenID provider (Canaille) in an environment of its own, and a person who signs in."""

import fcntl
import re
import subprocess
import sys
from dataclasses import dataclass
from hashlib import sha256
from html import unescape
from pathlib import Path
from urllib.parse import urljoin

import httpx2

from services.local import processes
from services.local.places import cache_folder
from services.local.processes import Process

HERE = Path(__file__).parent
PINNED = HERE / "requirements.txt"
INSTALL_SECONDS = 600
START_SECONDS = 150


def environment() -> Path:
    """Its Python: made once for these pinned versions, and shared by every clone of the project."""
    name = f"provider-{sha256(PINNED.read_bytes()).hexdigest()[:12]}-{sys.version_info.minor}"
    folder = cache_folder() / name
    python = folder / "bin" / "python"
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "whole").exists():
            subprocess.run(
                [sys.executable, "-m", "venv", "--clear", str(folder)],
                check=True,
                timeout=INSTALL_SECONDS,
            )
            subprocess.run(
                [str(python), "-m", "pip", "install", "-q", "--require-hashes", "-r", str(PINNED)],
                check=True,
                timeout=INSTALL_SECONDS,
            )
            (folder / "whole").touch()
    return python


@dataclass(slots=True)
class ProviderProcess:
    """The provider; it forgets everything when it ends, its key too."""

    port: int
    back: str
    log: Path
    process: Process | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> "ProviderProcess":
        """Returns when it answers."""
        command = [str(environment()), str(HERE / "serve.py"), str(self.port), self.back]
        self.process = processes.start(command, self.log)
        if not processes.wait_until(self._answers, START_SECONDS):
            raise AssertionError(self.log.read_text())
        return self

    def _answers(self) -> bool:
        assert self.process is not None
        if not processes.is_running(self.process):
            raise AssertionError(self.log.read_text())
        try:
            url = f"{self.issuer}/.well-known/openid-configuration"
            return httpx2.get(url, timeout=5).status_code == 200
        except httpx2.TransportError:
            return False

    def stop(self) -> None:
        if self.process is not None:
            processes.stop(self.process)


class Person:
    """A browser at the provider: fills in its pages until it sends the browser back to us."""

    def __init__(self, issuer: str, name: str, password: str) -> None:
        self._http = httpx2.AsyncClient(base_url=issuer, timeout=30)
        self._answers = {"user_name": name, "login": name, "password": password}
        self.forms = 0
        """How many of its forms were filled in."""

    async def to_the_end(self, url: str, back: str) -> str | None:
        """Where the provider sends the browser back to; none when it does not."""
        answer = await self._http.get(url)
        for _ in range(12):
            if answer.is_redirect:
                url = urljoin(str(answer.url), answer.headers["location"])
                if url.startswith(back):
                    return url
                answer = await self._http.get(url)
                continue
            form = self._form(answer.text)
            if form is None:
                return None
            self.forms += 1
            answer = await self._http.post(urljoin(str(answer.url), form[0]), data=form[1])
        return None

    def _form(self, page: str) -> tuple[str, dict[str, str]] | None:
        """The first form that asks for something we know: where it goes and what it holds."""
        for attributes, inside in re.findall(r"<form([^>]*)>(.*?)</form>", page, re.DOTALL):
            fields = {}
            asked = False
            for tag in re.findall(r"<input[^>]*>", inside):
                name = re.search(r'name="([^"]+)"', tag)
                value = re.search(r'value="([^"]*)"', tag)
                if name is None:
                    continue
                fields[name[1]] = unescape(value[1]) if value else ""
                if name[1] in self._answers:
                    fields[name[1]] = self._answers[name[1]]
                    asked = True
            if asked:
                action = re.search(r'action="([^"]*)"', attributes)
                return unescape(action[1]) if action else "", fields
        return None

    async def close(self) -> None:
        await self._http.aclose()
