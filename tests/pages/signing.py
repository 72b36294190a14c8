"""A page that signs, as any page does."""

from fastapi import FastAPI, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse, Response

from services.pages.rendering import _environment
from services.signin.signing import signed
from services.signin.viewer import CurrentViewer, posted

MEANING = "I have reviewed the cohort and decide as stated."
FORM = """{% from "signin/sign.html" import signature_fields %}
<form>{{ csrf_field(viewer) }}{{ signature_fields(viewer, meaning, errors) }}</form>"""


def add_signing(app: FastAPI) -> None:
    """The page, at `/signs`."""

    def shown(viewer: CurrentViewer, errors: tuple[object, ...] = ()) -> Response:
        template = _environment().from_string(FORM)
        return HTMLResponse(template.render(viewer=viewer, meaning=MEANING, errors=errors))

    @app.get("/signs")
    async def show(viewer: CurrentViewer) -> Response:
        return shown(viewer)

    @app.post("/signs")
    async def sign(request: Request, viewer: CurrentViewer) -> Response:
        form = await posted(request, viewer, files=1)
        wrong = await signed(request, viewer, form, MEANING)
        if wrong is not None:
            answer = shown(viewer, (wrong,))
            answer.status_code = 422
            return answer
        return HTMLResponse(Markup("signed by {}").format(viewer.name))
