"""Signatures (21 CFR 11.50, 11.70, 11.200): the one way to sign, for every page that signs.

A page puts `signature_fields(viewer, meaning, errors)` of `signin/sign.html` into its own form, and
once everything else in the form is right, and before it sends the command, asks

    wrong = await signed(request, viewer, form, meaning)

None: the person has just shown who they are, and the command may be sent. An error is shown like
that of any other field, and nothing is sent. The first signing in a session asks for everything
that signing in asks for; the next ones, in the same unbroken session, for the password at least.
`form` must hold the `key` of the submission, and all that decides what is signed.

Who signs in at the provider is sent there to sign in anew, for each signature, and comes back to
a page that posts the very same form again: `posted` gives it, and `signed` finds it proved.
"""

import secrets

from fastapi import Request
from starlette.datastructures import FormData
from starlette.responses import Response

from enrollment.canonical import canonical, digest
from services.pages.rendering import FieldError
from services.signin import events as e
from services.signin.address import address_of
from services.signin.desk import digest as kept_digest
from services.signin.pending import PROOF, SECONDS, Pending, pending_key
from services.signin.provider_pages import set_out
from services.signin.signin import NOT_RIGHT, Signin, Wrong
from services.signin.viewer import Viewer, signin_of

NAME, PASSWORD, CODE = "sign_name", "sign_password", "sign_code"
REPEATED_SECONDS = 60
"""How long the same submission of the same session counts as the one that was just signed."""
NEVER_SIGNED = frozenset({NAME, PASSWORD, CODE, "csrf", PROOF})
"""Fields of the form that say who signs, not what."""


async def signed(
    request: Request, viewer: Viewer, form: FormData, meaning: str
) -> FieldError | None:
    """Whether the viewer signs what stands in the form; wrong tries count as tries to sign in.

    Raises `ProveFirstError` where the provider must be asked first: the browser is sent there.

    What was proved, when, by whom, for which page and content is kept among the access events.
    """
    if any(not isinstance(value, str) and value.filename for _, value in form.multi_items()):
        # Its content stands in no digest, and would not come back from the provider.
        return FieldError(
            PASSWORD, "A file cannot be signed: first let the page show what it holds."
        )
    signin = signin_of(request)
    content = content_digest(request.url.path, form, meaning)
    if await _just_signed(request, signin, form, content):
        return None
    if viewer.account.kind == "provider":
        how = "provider"
        await _proved_at_provider(request, signin, form, meaning, content)
    else:
        how, wrong = await _components(request, signin, viewer, form)
        if wrong is not None:
            if await _just_signed(request, signin, form, content):
                return None
            return FieldError(PASSWORD if viewer.session.signed else NAME, wrong.sentence)
    facts = {"how": how, "meaning": meaning, "page": request.url.path, "digest": content}
    by = viewer.account.account_id
    await signin.desk.keep(e.Signed, by, key=str(form.get("key") or ""), **facts)
    secret = request.cookies[signin.settings.cookie]
    await signin.sessions.proved(secret, viewer.session, signin.now())
    await signin.store.hold(_mark(secret, content), b"signed", REPEATED_SECONDS)
    return None


async def _just_signed(request: Request, signin: Signin, form: FormData, content: str) -> bool:
    """The other click of a double click: the very same submission, which is done once for its key.

    Its code was used by the first click; asked for again, the person would be told of a mistake.
    """
    if not form.get("key"):
        return False
    mark = _mark(request.cookies[signin.settings.cookie], content)
    return await signin.store.held(mark) is not None


def _mark(secret: str, content: str) -> str:
    return f"signed:{kept_digest(secret)}:{content}"


class ProveFirstError(Exception):
    """Whoever signs must sign in anew at the provider; `response` sends the browser there."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def _proved_at_provider(
    request: Request, signin: Signin, form: FormData, meaning: str, content: str
) -> None:
    """Returns once for each proof, and only for the content that it was given for."""
    session = kept_digest(request.cookies[signin.settings.cookie])
    page = request.url.path
    kept = await signin.store.take(pending_key(str(form.get(PROOF) or "none")))
    if kept is not None:
        pending = Pending.model_validate_json(kept)
        if pending.proved and (pending.session, pending.digest) == (session, content):
            # Gone before the mark of what was signed is: it never signs twice.
            await signin.store.hold(pending_key(str(form[PROOF])), kept, REPEATED_SECONDS // 2)
            return
    proof = secrets.token_urlsafe(24)
    fields = tuple((n, v) for n, v in form.multi_items() if n != PROOF and isinstance(v, str))
    waiting = Pending(session=session, page=page, meaning=meaning, digest=content, fields=fields)
    await signin.store.hold(pending_key(proof), waiting.model_dump_json().encode(), SECONDS)
    raise ProveFirstError(await set_out(request, page, proof))


async def _components(
    request: Request, signin: Signin, viewer: Viewer, form: FormData
) -> tuple[str, Wrong | None]:
    """What the person showed, and what is wrong with it."""
    name, password, code = (str(form.get(field) or "")[:500] for field in (NAME, PASSWORD, CODE))
    address = address_of(request, signin.settings.trusted_proxies)
    if viewer.session.signed:
        return "password", await signin.check_password(viewer.account, password, address)
    found = await signin.check(name, password, code, address)
    if isinstance(found, Wrong):
        return "", found
    if found.account_id != viewer.account.account_id:
        return "", NOT_RIGHT
    return "password" if found.second_factor is None else "password_and_code", None


def content_digest(path: str, form: FormData, meaning: str) -> str:
    """SHA-256 of all that is signed: where, what stands in the form, and what signing it means."""
    fields = [
        [name, value]
        for name, value in form.multi_items()
        if name not in NEVER_SIGNED and isinstance(value, str)
    ]
    return digest(canonical({"page": path, "meaning": meaning, "fields": fields}))
