"""Random commands in random order, facts at odd moments: what must hold holds after every step."""

import pytest
from hypothesis import HealthCheck, settings

from tests.enrollment.any_history import AnyHistory
from tests.enrollment.designs import OTHERS, TIMED

pytestmark = pytest.mark.timeout(900)


class AnyHistoryOfOthers(AnyHistory):
    """The same under designs that decide with nothing pending."""

    kinds = OTHERS


class AnyHistoryOfThoseThatReadFollowUp(AnyHistory):
    """The same under designs whose answers change as time alone passes."""

    kinds = TIMED


def _settings(max_examples: int) -> settings:
    return settings(
        max_examples=max_examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


AnyHistory.TestCase.settings = _settings(10)
AnyHistoryOfOthers.TestCase.settings = _settings(14)
AnyHistoryOfThoseThatReadFollowUp.TestCase.settings = _settings(6)
TestAnyHistory = AnyHistory.TestCase
TestAnyHistoryOfOthers = AnyHistoryOfOthers.TestCase
TestAnyHistoryOfThoseThatReadFollowUp = AnyHistoryOfThoseThatReadFollowUp.TestCase
