"""Shows what differed when an assertion in the stories themselves fails."""

import pytest

pytest.register_assert_rewrite("tests.enrollment.spec", "tests.enrollment.worlds")
