"""What the coordinating centre does to the trial itself: protocol, sites, opening, suspension."""

from enrollment.answer import Answer
from enrollment.canonical import canonical, digest
from enrollment.commands import (
    ActivateSite,
    ActivateTrial,
    AdoptProtocol,
    ResumeAssignment,
    SuspendAssignment,
)
from enrollment.escalation import recall_beyond
from enrollment.events import (
    AssignmentResumed,
    AssignmentSuspended,
    ProtocolAdopted,
    SiteActivated,
    TrialActivated,
)
from enrollment.evolve_trial import protocol_of
from enrollment.moving import judge_waitlist_again
from enrollment.reviews import open_level
from enrollment.stagger import restagger
from enrollment.trial import Trial
from enrollment.turn import Turn
from enrollment.waitlist import refuse_the_hopeless
from protocols.errors import ProtocolError
from protocols.model import Protocol


def adopt_protocol(turn: Turn, command: AdoptProtocol) -> Answer:
    """Puts it in force for judge, decide and verify; waitlisted subjects are judged again."""
    kind, trial = command.type, turn.trial
    if not turn.by_centre:
        return turn.refused(kind, "role", "The coordinating centre adopts the protocol.")
    try:
        protocol = protocol_of(command.text)
    except ProtocolError as error:
        return turn.rejected(kind, "protocol.unsound", str(error)[:2000])
    stopped = _unfit(turn, command, protocol)
    if stopped is not None:
        return turn.rejected(kind, *stopped)
    turn.record(
        ProtocolAdopted(
            version=protocol.version,
            protocol_digest=protocol.digest,
            text=command.text,
            clock=command.clock,
            signed=turn.signed(command.meaning, protocol.digest),
        )
    )
    if trial.protocol is not None:
        recall_beyond(turn, trial.protocol.phase1.design.limits)
        if protocol.phase1.stagger_days != trial.protocol.phase1.stagger_days:
            for level in turn.trial.levels:
                restagger(turn, level, f"Version {protocol.version} has another stagger.")
        judge_waitlist_again(turn)
        if turn.trial.phase2 == "open":
            refuse_the_hopeless(turn)
    return Answer(outcome="recorded", sentence=f"Version {protocol.version} is in force.")


def _unfit(turn: Turn, command: AdoptProtocol, protocol: Protocol) -> tuple[str, str] | None:
    """Why this protocol cannot follow the one in force: rule and sentence."""
    trial = turn.trial
    if trial.protocol is None:
        return None
    if protocol.digest == trial.protocol.digest:
        return "protocol.same", "This very text is in force already."
    if protocol.version == trial.protocol.version:
        return "protocol.version", "An amendment needs a version of its own."
    if command.clock != trial.clock:
        return "protocol.clock", f"The trial's clock is {trial.clock} for good."
    if protocol.protocol_id != trial.protocol.protocol_id:
        return "protocol.other", f"This trial runs {trial.protocol.protocol_id}."
    return _unfit_for_what_happened(trial, trial.protocol, protocol)


def _unfit_for_what_happened(trial: Trial, old: Protocol, new: Protocol) -> tuple[str, str] | None:
    """Counts stand for the doses given there, and reports come from the sites that gave them."""
    if trial.activated and old.phase1.design.name != new.phase1.design.name:
        return "protocol.design", f"This trial escalates by {old.phase1.design.name}, to its end."
    used = {level.level_id for level in trial.levels if level.opened or level.dosed}
    before = [(lv.level_id, lv.doses) for lv in old.phase1.levels if lv.level_id in used]
    after = [(lv.level_id, lv.doses) for lv in new.phase1.levels if lv.level_id in used]
    if before != after:
        sentence = "Levels opened or given must stay, in their order and with their doses."
        return "protocol.levels", sentence
    gone = sorted(set(trial.sites) - set(new.site_ids))
    if gone:
        return "protocol.sites", f"Sites that were activated must stay: {', '.join(gone)}."
    return _too_few_for_an_rp2d(trial, old, new)


def _too_few_for_an_rp2d(trial: Trial, old: Protocol, new: Protocol) -> tuple[str, str] | None:
    """Phase I ended with an MTD: no dose could be recommended, and nobody more enters (R22)."""
    needed = new.phase1.rp2d_min_evaluable
    if trial.mtd is None or trial.phase1 != "closed" or needed <= old.phase1.rp2d_min_evaluable:
        return None
    up_to_mtd = trial.levels[: trial.level_index(trial.mtd) + 1]
    most = max(level.counts.evaluable for level in up_to_mtd)
    if most >= needed:
        return None
    return (
        "protocol.rp2d",
        f"No dose up to the MTD has {needed} evaluable subjects; {most} at most.",
    )


def activate_site(turn: Turn, command: ActivateSite) -> Answer:
    """Accrual at a site begins once its approval of the version in force is recorded."""
    kind = command.type
    if not turn.by_centre:
        return turn.refused(kind, "role", "The coordinating centre activates a site.")
    if turn.trial.protocol is None:
        return turn.rejected(kind, "no_protocol", "Adopt a protocol first.")
    if command.site_id not in turn.protocol.site_ids:
        return turn.rejected(kind, "unknown_site", "The protocol names no such site.")
    if command.protocol_version != turn.protocol.version:
        return turn.rejected(
            kind, "site.version", f"The version in force is {turn.protocol.version}."
        )
    if command.approved_on > turn.today:
        return turn.rejected(kind, "in_the_future", "An approval lies in the future.")
    turn.record(
        SiteActivated(
            site_id=command.site_id,
            protocol_version=command.protocol_version,
            approved_on=command.approved_on,
        )
    )
    return Answer(outcome="recorded", sentence=f"Site {command.site_id} is open.")


def activate_trial(turn: Turn, command: ActivateTrial) -> Answer:
    """Signed; opens the first level (R6)."""
    kind = command.type
    if not turn.by_centre:
        return turn.refused(kind, "role", "The coordinating centre activates the trial.")
    if turn.trial.protocol is None:
        return turn.rejected(kind, "no_protocol", "Adopt a protocol first.")
    if turn.trial.activated:
        return turn.rejected(kind, "already_open", "The trial is open.")
    protocol = turn.protocol
    of = digest(canonical([turn.trial.trial_id, protocol.digest, protocol.phase1.start_level]))
    turn.record(TrialActivated(signed=turn.signed(command.meaning, of)))
    open_level(turn, protocol.phase1.start_level)
    return Answer(
        outcome="recorded",
        level_id=protocol.phase1.start_level,
        sentence=f"Level {protocol.phase1.start_level} is open.",
    )


def suspend(turn: Turn, command: SuspendAssignment) -> Answer:
    """Acts at once (R9)."""
    if not turn.by_centre:
        return turn.refused(command.type, "role", "The coordinating centre suspends.")
    if turn.trial.suspended:
        return turn.rejected(command.type, "suspended_already", "Assignment is suspended.")
    turn.record(AssignmentSuspended(reason=command.reason))
    return Answer(outcome="recorded", sentence="Assignment is suspended.")


def resume(turn: Turn, command: ResumeAssignment) -> Answer:
    """Signed, with a reason; not while a death in the window waits for its adjudication (R14)."""
    if not turn.by_centre:
        return turn.refused(command.type, "role", "The coordinating centre resumes.")
    if not turn.trial.suspended:
        return turn.rejected(command.type, "not_suspended", "Assignment is not suspended.")
    if turn.trial.deaths_open:
        return turn.refused(
            command.type, "death_not_adjudicated", "A death waits for its adjudication."
        )
    of = digest(canonical([turn.trial.trial_id, command.reason]))
    turn.record(AssignmentResumed(reason=command.reason, signed=turn.signed(command.meaning, of)))
    return Answer(outcome="recorded", sentence="Assignment is resumed.")
