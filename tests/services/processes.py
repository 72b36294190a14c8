"""The API as a process of its own, as it is deployed."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import httpx2

from streams.settings import Settings
from tests.streams.workers import ROOT, as_environment


@dataclass
class ApiProcess:
    """One `python -m services.api`."""

    settings: Settings
    token_file: Path
    log: Path
    port: int

    def start(self) -> "ApiProcess":
        environment = {k: v for k, v in os.environ.items() if not k.startswith("HOLDFAST_")}
        environment |= {
            **as_environment(self.settings),
            "HOLDFAST_TOKEN_FILE": str(self.token_file),
            "HOLDFAST_API_PORT": str(self.port),
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "services.api"],
            cwd=ROOT,
            env=environment,
            stderr=self.log.open("ab"),
        )
        return self

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def ready(self) -> "ApiProcess":
        async with httpx2.AsyncClient() as http:
            while True:
                assert self.process.poll() is None, self.log.read_text()
                try:
                    if (await http.get(f"{self.url}/ready")).status_code == 200:
                        return self
                except httpx2.TransportError:
                    pass
                await asyncio.sleep(0.1)

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
