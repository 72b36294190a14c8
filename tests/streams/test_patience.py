"""What is waited out: an error of Redis that another moment will not give."""

import pytest
from redis._parsers.base import BaseParser
from redis.exceptions import ResponseError

from streams.health import Health, patiently


async def once(said: str) -> int:
    """Redis says this, in its own words, and answers the next time."""
    errors = [BaseParser.parse_error(said)]  # type: ignore[no-untyped-call]

    async def attempt() -> int:
        if errors:
            raise errors.pop()
        return 42

    answer = await patiently(attempt, Health(), "redis")
    assert answer is not None
    return answer


@pytest.mark.parametrize(
    "said",
    [
        "LOADING Redis is loading the dataset in memory",
        "BUSY Redis is busy running a script.",
        "OOM command not allowed when used memory > 'maxmemory'.",
        "READONLY You can't write against a read only replica.",
        "MISCONF Errors writing to the AOF file: No space left on device",
        "MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.",
        "CLUSTERDOWN Hash slot not served",
    ],
)
async def test_a_server_that_cannot_serve_now_is_asked_again(said: str) -> None:
    assert await once(said) == 42


@pytest.mark.parametrize(
    "said", ["ERR Function not found", "WRONGTYPE Operation against a key of another kind"]
)
async def test_an_answer_that_will_stay_the_same_is_raised(said: str) -> None:
    with pytest.raises(ResponseError):
        await once(said)
