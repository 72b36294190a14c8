"""What a sound protocol text becomes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

from cohorts.designs.three_plus_three import ThreePlusThree
from protocols.parse import parse_protocol
from tests.protocols.build import SHIPPED, protocol_text
from tests.protocols.wrong import changed


def test_the_default_text_is_the_p0_of_the_scenarios() -> None:
    protocol = parse_protocol(protocol_text())
    phase1, assignment = protocol.phase1, protocol.assignment
    assert protocol.time_zone.key == "America/Chicago"
    assert phase1.design == ThreePlusThree("B")
    assert [(level.level_id, level.ordinal) for level in phase1.levels] == [
        ("L1", 1),
        ("L2", 2),
        ("L3", 3),
    ]
    assert phase1.start_level == "L1"
    assert (phase1.dlt_window_days, phase1.stagger_days, phase1.rp2d_min_evaluable) == (21, 0, 3)
    assert assignment.reservation_hours == 72
    assert assignment.waitlist_order == "first_come"
    assert assignment.max_live_reservations_per_site is None
    assert protocol.site_ids == ("S1", "S2", "S3")
    assert protocol.phase2.site_cap is None
    assert len(protocol.criteria) == 41
    assert protocol.illustrative == () or all(
        name.startswith("criteria.") for name in protocol.illustrative
    )


def test_the_digest_is_the_sha256_of_the_text() -> None:
    text = protocol_text()
    protocol = parse_protocol(text)
    assert protocol.text == text
    assert protocol.digest == sha256(text.encode()).hexdigest()
    assert parse_protocol(text + "\n").digest != protocol.digest


def test_days_begin_at_midnight_of_the_trials_time_zone() -> None:
    protocol = parse_protocol(protocol_text())
    assert protocol.midnight(date(2027, 3, 16)).astimezone(UTC) == datetime(
        2027, 3, 16, 5, 0, tzinfo=UTC
    )
    assert protocol.local_date(datetime(2027, 3, 16, 4, 59, tzinfo=UTC)) == date(2027, 3, 15)


def test_doses_are_decimals_as_written() -> None:
    text = changed('amount = "100"', 'amount = "12.50"')
    assert str(parse_protocol(text).phase1.levels[0].doses[0].amount) == "12.50"


def test_the_shipped_trial_is_sound_and_complete() -> None:
    protocol = parse_protocol(SHIPPED.read_text("utf-8"), SHIPPED.name)
    assert protocol.protocol_id == "NCT00825734"
    assert len(protocol.criteria) == 41
    assert protocol.phase1.design == ThreePlusThree("C")
    assert protocol.registry is not None
    assert protocol.registry.first_received_on == date(2009, 1, 19)
    assert [outcome.kind for outcome in protocol.outcomes] == ["primary"] + ["secondary"] * 4


def test_the_outcome_of_the_record_is_kept_as_measured() -> None:
    measured = parse_protocol(SHIPPED.read_text("utf-8")).outcomes[0].measured
    assert measured is not None
    assert measured.subjects_analysed == 76
    assert (measured.statistic, measured.value, measured.unit) == (
        "median",
        Decimal("4.8"),
        "months",
    )
    assert (measured.confidence_percent, measured.low, measured.high) == (
        95,
        Decimal("3.5"),
        Decimal("6.3"),
    )


def test_everything_outside_the_public_record_is_marked_illustrative() -> None:
    marked = parse_protocol(SHIPPED.read_text("utf-8")).illustrative
    assert {"phase1", "phase2", "assignment", "sites"} <= set(marked)
    assert "registry" not in marked
    assert "outcomes" not in marked
