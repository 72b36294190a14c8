"""The routes of all writes, made from one table: read, check, send once, wait, answer."""

from collections.abc import Callable, Coroutine
from datetime import date
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from eligibility.form import ScreeningForm
from eligibility.parse import FormError, parse_form
from enrollment import commands as c
from protocols.errors import ProtocolError
from protocols.parse import parse_protocol
from services.api import documented
from services.api.actor import CurrentActor, forbid_signing, require_role
from services.api.answers import answer_response
from services.api.bodies import body_model, check_years, parse_body, read_body
from services.api.faults import field, of_body, of_form, of_protocol
from services.api.headers import AT, SITE, acting_for, received_at, site_acted_for, wait_seconds
from services.api.identity import Submission, checked_key
from services.api.intake import Intake
from services.api.json_text import plain_json
from services.api.parameters import KnownParameters
from services.api.problems import NO_TRIAL, Problem
from services.api.rates import WriteRates
from services.api.reading import SubjectId, TrialId, find_trial, ports_of
from services.api.writes import WRITES, Write
from services.settings import ApiSettings

Endpoint = Callable[..., Coroutine[Any, Any, Response]]
_DATES = [name for name, info in ScreeningForm.model_fields.items() if info.annotation is date]
BODIES: dict[str, type[c.Model]] = {
    write.name: body_model(write.command) for write in WRITES if not write.is_form
}


def write_routes() -> APIRouter:
    router = APIRouter(prefix="/v1/trials/{trial_id}", route_class=KnownParameters)
    for write in WRITES:
        router.add_api_route(
            write.path,
            _endpoint(write),
            methods=["POST"],
            name=write.name,
            operation_id=write.name,
            summary=write.summary,
            description=write.command.__doc__,
            tags=["writes"],
            responses=documented.WRITE_RESPONSES,
            openapi_extra=documented.write_extra(write),
        )
    return router


def _endpoint(write: Write) -> Endpoint:
    async def about_subject(
        request: Request, actor: CurrentActor, trial_id: TrialId, subject_id: SubjectId
    ) -> Response:
        return await _receive(write, request, actor, trial_id, subject_id)

    async def about_trial(request: Request, actor: CurrentActor, trial_id: TrialId) -> Response:
        return await _receive(write, request, actor, trial_id, None)

    return about_subject if write.about_subject else about_trial


async def _receive(
    write: Write, request: Request, actor: c.Actor, trial_id: str, subject_id: str | None
) -> Response:
    require_role(actor, *write.roles)
    rates: WriteRates = request.app.state.rates
    rates.take(actor)
    key = checked_key(request.headers.getlist("idempotency-key"))
    settings: ApiSettings = request.app.state.settings
    raw = await read_body(request, settings.max_body_bytes, settings.body_seconds)
    command = _form(write, raw, subject_id) if write.is_form else _plain(write, raw, subject_id)
    forbid_signing(request, command)
    site_id = site_acted_for(actor, request.headers.get(SITE), _site_of(command))
    trial = await find_trial(request, trial_id)
    if trial is None and not isinstance(command, c.AdoptProtocol):
        raise Problem(NO_TRIAL, "Nothing was written: no protocol was ever adopted for this id.")
    at = received_at(request.headers.get(AT), trial, command, ports_of(request).now())
    intake: Intake = request.app.state.intake
    wait = wait_seconds(request, settings.max_wait_seconds)
    received = await intake.submit(
        acting_for(actor, site_id), Submission(trial_id, site_id, key), command, at, wait
    )
    return answer_response(received, wait)


def _plain(write: Write, raw: bytes, subject_id: str | None) -> c.AnyCommand:
    values = parse_body(BODIES[write.name], raw)
    if subject_id is not None:
        values["subject_id"] = subject_id
    if "expires_at" in values:
        values["expires_at"] = c.utc(values["expires_at"])
    try:
        command = c.COMMAND.validate_python({"type": write.name, **values})
    except ValidationError as error:
        raise of_body(error) from None
    if isinstance(command, c.AdoptProtocol):
        _readable_protocol(command.text)
    return command


def _readable_protocol(text: str) -> None:
    try:
        parse_protocol(text)
    except ProtocolError as error:
        raise of_protocol(error) from None


def checked_form(raw: bytes) -> tuple[ScreeningForm, dict[str, Any]]:
    """The form, and the plain JSON it was sent as."""
    plain = plain_json(raw)
    try:
        form = parse_form(raw)
    except FormError as error:
        raise of_form(error) from None
    check_years({name: getattr(form, name) for name in _DATES})
    return form, plain


def _form(write: Write, raw: bytes, subject_id: str | None) -> c.AnyCommand:
    """The form as received: a form that parses has no number that is not whole."""
    form, plain = checked_form(raw)
    if subject_id is not None and form.subject_id != subject_id:
        raise field("/subject_id", "differs from the address", "write the subject of the address")
    made = c.SubmitForm if write.command is c.SubmitForm else c.AmendForm
    return made(subject_id=form.subject_id, site_id=form.site_id, form=plain)


def _site_of(command: c.AnyCommand) -> str | None:
    """The site in the body of what site staff send."""
    match command:
        case c.SubmitForm() | c.AmendForm() | c.RecordConsent():
            return command.site_id
        case _:
            return None
