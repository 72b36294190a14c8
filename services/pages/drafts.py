"""Forms that are begun: kept on the server at every step, seen by their site only."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import AwareDatetime, Field

from enrollment.commands import Id, Model
from services.api.ports import UnavailableError
from services.signin.ports import Kept
from streams.kafka import SendFailedError

DraftId = Annotated[str, Field(pattern=r"^d-[0-9a-f]{32}$")]


class KeptDraft(Model):
    """One form that is begun. `typed` is as `screening.filled.Draft` says."""

    draft_id: DraftId
    trial_id: Id
    site_id: Id
    purpose: Literal["new", "amend", "rescreen"]
    subject_id: str | None
    """Of an amendment or a re-screening: whose form it is; fixed then."""
    key: str
    """The idempotency key of its submission: submitted twice, it is decided once."""
    by: str
    """The account that saved it last."""
    saved_at: AwareDatetime
    typed: dict[str, Any]


class Drafts:
    """All drafts, folded from their topic; the newest of each counts."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._kept: Kept | None = None
        self._now = now
        self._drafts: dict[str, KeptDraft] = {}

    def apply(self, key: str, value: bytes | None) -> bool:
        """Takes one message of the topic in."""
        if value is None:
            return self._drafts.pop(key, None) is not None
        self._drafts[key] = KeptDraft.model_validate_json(value)
        return True

    def use(self, topic: Kept) -> None:
        """The topic that these drafts are folded from; it is made with `apply`."""
        self._kept = topic

    @property
    def _topic(self) -> Kept:
        assert self._kept is not None, "no topic is in use yet"
        return self._kept

    def ready(self) -> bool:
        return self._topic.ready()

    def of_site(self, trial_id: str, sites: tuple[str, ...]) -> list[KeptDraft]:
        """Those of a trial at these sites, the newest first."""
        own = [d for d in self._drafts.values() if d.trial_id == trial_id and d.site_id in sites]
        return sorted(own, key=lambda draft: draft.saved_at, reverse=True)

    def find(self, trial_id: str, draft_id: str, sites: tuple[str, ...]) -> KeptDraft | None:
        """None where there is no such draft at these sites."""
        draft = self._drafts.get(draft_id)
        if draft is None or draft.trial_id != trial_id or draft.site_id not in sites:
            return None
        return draft

    async def begin(
        self, trial_id: str, site_id: str, by: str, typed: dict[str, Any], **more: Any
    ) -> KeptDraft:
        """A new draft, once it is kept. `more`: its `purpose`, and of whom it is (`subject_id`)."""
        draft = KeptDraft(
            draft_id=f"d-{uuid4().hex}",
            trial_id=trial_id,
            site_id=site_id,
            key=f"form-{uuid4().hex}",
            by=by,
            saved_at=self._now(),
            typed=typed,
            **{"purpose": "new", "subject_id": None, **more},
        )
        await self._keep(draft.draft_id, draft)
        return draft

    async def save(self, draft: KeptDraft, by: str, typed: dict[str, Any]) -> KeptDraft:
        saved = draft.model_copy(update={"typed": typed, "by": by, "saved_at": self._now()})
        await self._keep(draft.draft_id, saved)
        return saved

    async def drop(self, draft: KeptDraft) -> None:
        await self._keep(draft.draft_id, None)

    async def _keep(self, key: str, draft: KeptDraft | None) -> None:
        value = None if draft is None else draft.model_dump_json().encode()
        try:
            await self._topic.append(key, value)
        except SendFailedError:
            raise UnavailableError("the draft could not be kept") from None
