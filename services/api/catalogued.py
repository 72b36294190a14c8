"""The catalogue over HTTP, and each kind of problem at the address that its `type` names."""

from typing import Annotated

from fastapi import APIRouter, Path
from starlette.responses import Response

from services.api.documented import problems
from services.api.problems import INVALID, NO_ROUTE, PROBLEMS, Problem
from services.api.views import json_bytes
from services.catalogue import catalogue, problem_json

router = APIRouter(prefix="/v1", tags=["catalogue"])
_KINDS = {kind.name: kind for kind in PROBLEMS}
_CATALOGUE = json_bytes(catalogue())


@router.get(
    "/catalogue",
    operation_id="readCatalogue",
    summary="Errors, outcomes, rules, event types",
    responses={200: {"description": "Made from the code; needs no sign-in."}},
)
async def read_catalogue() -> Response:
    return Response(_CATALOGUE, media_type="application/json")


@router.get(
    "/problems/{name}",
    operation_id="readProblem",
    summary="One kind of problem",
    responses={200: {"description": "What it means."}, **problems(NO_ROUTE, INVALID)},
)
async def read_problem(name: Annotated[str, Path(max_length=64)]) -> Response:
    kind = _KINDS.get(name)
    if kind is None:
        raise Problem(NO_ROUTE, "There is no such kind of problem.")
    return Response(json_bytes(problem_json(kind)), media_type="application/json")
