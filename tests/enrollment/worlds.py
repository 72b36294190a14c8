"""Trials in the situations that several tests start from."""

from collections.abc import Callable

from tests.enrollment.spec import P0, Story, opened, recorded


def reserved_at_l1(count: int = 3, text: str | None = None) -> Story:
    """P1 ... reserved at L1 from 03-01 09:00; windows of 21 days, reservations of 72 hours."""
    trial = opened(text, at="03-01 08:00")
    for i in range(1, count + 1):
        assert trial.at("03-01 09:00").form(f"P{i}").outcome == "slot_reserved"
    return trial


def dosed_at_l1(text: str | None = None) -> Story:
    """P1 to P3 dosed 03-01; windows end 03-22."""
    trial = reserved_at_l1(3, text)
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-01 10:00").dose(subject) == recorded()
    return trial


def cleared_at_l1(text: str | None = None) -> Story:
    """L1 0/3, cleared 03-22: a review is due, ESCALATE to L2."""
    trial = dosed_at_l1(text)
    for subject in ("P1", "P2", "P3"):
        assert trial.at("03-22 09:00").clear(subject) == recorded()
    assert trial.review() == ("escalate", "L2")
    return trial


def escalated(text: str | None = None) -> Story:
    """L2 open since 03-22 12:00, nobody there."""
    trial = cleared_at_l1(text)
    assert trial.at("03-22 12:00").sign("escalate", "L2") == recorded()
    return trial


def nothing(_: Story) -> None:
    """What happens in most stories before the MTD is signed."""


def mtd_is_l1(text: str | None = None, before_signing: Callable[[Story], None] = nothing) -> Story:
    """L1 0/3, L2 exceeded, L1 0/6: MTD signed 05-20, RP2D not yet."""
    trial = escalated(text or P0(levels=("L1", "L2")))
    for subject in ("P4", "P5", "P6"):
        trial.at("03-23 09:00").form(subject)
    for subject in ("P4", "P5", "P6"):
        trial.at("03-23 10:00").dose(subject)
    trial.at("03-25 10:00").dlt("P4", "03-24")
    trial.at("03-26 10:00").dlt("P5", "03-25")
    trial.at("03-27 10:00").sign("de_escalate", "L1")
    for subject in ("P7", "P8", "P9"):
        trial.at("03-28 09:00").form(subject)
    for subject in ("P7", "P8", "P9"):
        trial.at("03-28 10:00").dose(subject)
    trial.at("04-13 10:00").clear("P6")
    for subject in ("P7", "P8", "P9"):
        trial.at("04-18 10:00").clear(subject)
    assert trial.review() == ("mtd", "L1")
    before_signing(trial)
    assert trial.at("05-20 09:00").sign("mtd", "L1") == recorded()
    return trial
