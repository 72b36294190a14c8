"""Speaks over HTTP for a site and the centre, in a trial of the test's own."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx2

from tests.enrollment.forms import eligible_form
from tests.protocols.build import protocol_text
from tests.services.conftest import MEANING

TODAY = datetime.now(UTC).date()


@dataclass
class Site:
    """Speaks for S1 and the centre in a trial of the test's own."""

    http: httpx2.AsyncClient
    trial: str

    async def post(
        self, path: str, body: Any, by: str = "token-s1", key: str | None = None, wait: int = 30
    ) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {by}", "Idempotency-Key": key or str(uuid4())}
        if wait:
            headers["Prefer"] = f"wait={wait}"
        return await self.http.post(f"/v1/trials/{self.trial}{path}", json=body, headers=headers)

    async def open(self) -> None:
        text = protocol_text(protocol_id=self.trial)
        approved = {"site_id": "S1", "protocol_version": "1.0", "approved_on": "2020-01-15"}
        for path, body in [
            ("/protocol", {"text": text, "clock": "real", **MEANING}),
            ("/sites", approved),
            ("/activation", MEANING),
        ]:
            answer = await self.post(path, body, "token-centre")
            assert answer.json().get("outcome") == "recorded", answer.text

    def form(self, subject: str) -> dict[str, Any]:
        return eligible_form(subject, "S1", on=TODAY, planned=TODAY + timedelta(days=1))

    async def events(self, by: str = "token-service") -> list[dict[str, Any]]:
        headers = {"Authorization": f"Bearer {by}"}
        page = await self.http.get(f"/v1/trials/{self.trial}/events?limit=500", headers=headers)
        items: list[dict[str, Any]] = page.json()["items"]
        return items
