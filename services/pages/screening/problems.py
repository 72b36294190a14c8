"""What is wrong with what was typed into the screening form, in plain words at the field."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from eligibility.parse import FormError, FormProblem, parse_form
from services.pages.rendering import FieldError
from services.pages.screening.fields import Field, Kind, Repeat, Step
from services.pages.screening.filled import Draft, form_json, on_the_page
from services.pages.screening.shown import label_of, part_of, step_of
from services.pages.screening.steps_findings import ANALYTES

MENDS: Final[Mapping[Kind, str]] = {
    "yes_no": "choose one of the answers",
    "choice": "choose one of the answers",
    "date": "write a date as 2008-06-17, or 2008-06, or 2008",
    "day": "write the whole date as 2027-03-24",
    "measure": "write a number such as 1.5 or 1500, without unit, sign or a comma for thousands",
    "whole": "write a whole number",
    "grade": "write a grade from 0 to 5",
    "word": "write at most 100 letters",
    "flag": "tick it or leave it",
}
"""What to write into a field of each kind."""
AN_ID: Final = (
    "use letters, digits, dots, hyphens and underscores, at most 64 of them and no spaces; "
    "begin with a letter or a digit"
)


def problems_of(draft: Draft, steps: Sequence[Step], site_id: str) -> tuple[FieldError, ...]:
    """Everything that keeps the draft from being judged as it was meant."""
    found = tuple(disagreements(draft, steps))
    try:
        parse_form(form_json(draft, steps, site_id))
    except FormError as error:
        return as_errors(error.problems, steps, draft) + found
    return found


def as_errors(
    problems: Sequence[FormProblem], steps: Sequence[Step], draft: Draft
) -> tuple[FieldError, ...]:
    """The parser's problems, which are said for programs, in words for people."""
    found = []
    for problem in problems:
        field_id = on_the_page(problem.pointer, draft)
        said = f"{_label(field_id, steps, draft)}: {_mend(problem, part_of(field_id, steps))}."
        found.append(FieldError(field_id, said))
    return tuple(found)


def _label(field_id: str, steps: Sequence[Step], draft: Draft) -> str:
    """A field in words; of a row that stands there from the start with the name of its test."""
    label = label_of(field_id, steps)
    names = field_id.split(".")
    if names[0] == "labs" and len(names) == 3:
        row = draft["labs"]["items"][int(names[1])]
        test = dict(ANALYTES).get(row.get("filled", {}).get("analyte"))
        return label if test is None else f"{test}, {label.split(', ', 1)[1]}"
    return label


def _mend(problem: FormProblem, part: Field | Repeat | None) -> str:
    if problem.rule == "this field is required":
        return "fill it in"
    if not isinstance(part, Field):
        return f"{problem.rule}; {problem.mend}"
    if "pattern" in problem.rule:
        return AN_ID
    if part.kind == "date" and problem.rule == "not a value of this field":
        return problem.mend
    return MENDS[part.kind]


def disagreements(draft: Draft, steps: Sequence[Step]) -> Iterator[FieldError]:
    """Where the answer whether there are any and what is listed do not agree."""
    for step in steps:
        for group in step.groups:
            section = draft.get(group.path, {}) if group.path else draft
            prefix = f"{group.path}." if group.path else ""
            for part in group.parts:
                if isinstance(part, Repeat):
                    yield from _of_list(part, section, prefix)


def _of_list(part: Repeat, section: Mapping[str, Any], prefix: str) -> Iterator[FieldError]:
    at, kept = f"{prefix}{part.name}", section.get(part.name)
    if kept is None:
        return
    listed, said = len(kept["items"]), kept["any"]
    if part.nullable and said == "some" and not listed:
        sentence = "you said that there are some and listed none. Add them, or answer otherwise."
        yield FieldError(f"{at}.any", f"{part.title}: {sentence}")
    if part.nullable and said != "some" and listed:
        answer = "there are none" if said == "none" else "it is not known"
        mend = "Choose “Yes, as listed”, or remove what is listed."
        yield FieldError(
            f"{at}.any", f"{part.title}: you listed {listed} and said that {answer}. {mend}"
        )
    for index, item in enumerate(kept["items"]):
        for inner in part.inside:
            yield from _of_list(inner, item, f"{at}.{index}.")


def on_page(step: Step, errors: Sequence[FieldError]) -> tuple[FieldError, ...]:
    """What is wrong on one page of the form."""
    return tuple(error for error in errors if step_of(error.field, (step,)) is step)


def begun(step: Step, draft: Draft) -> bool:
    """Whether a page was typed into: nobody is told what is wrong with an empty one."""
    typed = any(group.path in draft for group in step.groups if group.path)
    return typed or (step.slug == "start" and len(draft) > 1)
