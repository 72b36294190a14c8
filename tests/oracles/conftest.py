"""The counts of the oracles that were checked; `tests.oracles.summary` tells them at the end."""

import pytest

from tests.oracles.tally import TALLY, Tally


@pytest.fixture
def tally(request: pytest.FixtureRequest) -> Tally:
    """The counts of this run."""
    return request.config.stash.setdefault(TALLY, Tally())
