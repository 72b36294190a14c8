"""Every page there is, and who opens it: what is checked of each is in test_every_page.py."""

from dataclasses import dataclass

from services.pages.screening.steps import STEPS

T = "/trials/{trial}"


@dataclass(frozen=True, slots=True)
class Place:
    """`who` is an account of the demo, or nobody. Names in braces are filled in from the trial."""

    who: str
    path: str
    status: int = 200

    @property
    def slug(self) -> str:
        """The name of its picture."""
        plain = self.path.replace(T, "trial").replace("{", "").replace("}", "")
        return f"{self.who}-{plain.strip('/').replace('/', '-') or 'home'}"


def _of(who: str, *paths: str) -> tuple[Place, ...]:
    return tuple(Place(who, path) for path in paths)


PLACES: tuple[Place, ...] = (
    *_of("nobody", "/sign-in"),
    Place("nobody", "/sign-in/provider/back", 404),
    *_of("nurse-s1", "/", "/account", "/account/password", "/account/second-factor"),
    Place("nurse-s1", f"{T}/subjects/S2-001", 404),
    Place("nurse-s1", f"{T}/board", 403),
    *_of(
        "nurse-s1",
        *(f"{T}{page}" for page in ("/mine", "/open", "/forms", "/laboratories", "/paper")),
        f"{T}/downloads",
        *(f"{T}/forms/{{draft}}/{step.slug}" for step in STEPS),
        f"{T}/forms/{{draft}}/check",
        f"{T}/answers/{{answer}}",
        f"{T}/subjects/S1-001",
        f"{T}/subjects/S1-001/forms/{{form}}",
        f"{T}/subjects/S1-001/slot",
        f"{T}/subjects/S1-005",
        *(f"{T}/subjects/S1-001/do/{deed}" for deed in ("first-dose", "dlt", "toxicity", "death")),
        f"{T}/subjects/S1-001/do/withdrawal",
        f"{T}/subjects/S1-001/do/correction",
        f"{T}/subjects/S1-005/do/release",
    ),
    *_of(
        "coordinator",
        "/",
        *(f"{T}{page}" for page in ("/board", "/decisions", "/subjects", "/what-if", "/practice")),
        f"{T}/audit",
        f"{T}/downloads",
        f"{T}/protocol",
        f"{T}/protocol/adopt",
        "/new-trial",
        f"{T}/decisions/review",
        f"{T}/decisions/do/suspension",
        f"{T}/decisions/do/site",
        f"{T}/subjects/S1-001",
        f"{T}/subjects/S3-001/do/level-given",
        f"{T}/subjects/S4-009",
        f"{T}/subjects/S4-009/settle/1/I5a",
    ),
    *_of("reviewer", f"{T}/decisions", f"{T}/decisions/review"),
    *_of("auditor", f"{T}/board", f"{T}/subjects/S3-001", f"{T}/audit"),
    Place("auditor", f"{T}/decisions", 403),
    *_of("doctor-s1", f"{T}/mine", f"{T}/subjects/S1-005"),
    *_of(
        "administrator",
        "/",
        "/accounts",
        "/accounts/open",
        "/accounts/rights",
        "/accounts/trail",
        "/accounts/{account}",
    ),
)

NO_PAGES = {
    "/static/{path:path}": "pieces of pages",
    "/accounts/trail.csv": "a download",
    "/accounts/trail.ndjson": "a download",
    "/trials/{trial_id}": "leads on",
    "/trials/{trial_id}/board/live": "a stream",
    "/trials/{trial_id}/audit.{kind}": "a download",
    "/trials/{trial_id}/logs/{name}.csv": "a download",
    "/sign-in/provider/signature/{proof}": "of a provider, see tests/provider",
}
"""Addresses that show no page of their own, and why."""
