"""All pages of the screening form, in the order in which a nurse has the facts at hand."""

from services.pages.screening import steps_findings as findings
from services.pages.screening import steps_history as history
from services.pages.screening import steps_person as person
from services.pages.screening import steps_treatment as treatment
from services.pages.screening.fields import Step

STEPS: tuple[Step, ...] = (
    person.START,
    person.CONSENT,
    person.DISEASE,
    person.HER2,
    treatment.TREATMENT,
    findings.LABS,
    findings.CONDITION,
    findings.HEART,
    history.EVENTS,
    history.MEDICINES,
    findings.PREGNANCY,
)
"""Every fact of `eligibility.form.ScreeningForm` but the site, which the viewer has, once."""

BY_SLUG = {step.slug: step for step in STEPS}


def after(slug: str) -> str | None:
    """The page that comes next; none after the last."""
    slugs = [step.slug for step in STEPS]
    place = slugs.index(slug) + 1
    return slugs[place] if place < len(slugs) else None
