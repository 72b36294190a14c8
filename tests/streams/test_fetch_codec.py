"""The quick way to write a fetch and to read its answer gives what `aiokafka`'s own way gives."""

from io import BytesIO

import pytest
from aiokafka.consumer import fetcher
from aiokafka.protocol.fetch import (
    FetchRequest,
    FetchRequest_v4,
    FetchRequest_v11,
    FetchResponse_v11,
)
from hypothesis import given
from hypothesis import strategies as st

from streams.fetch_codec import (
    QuickFetchRequest,
    QuickRequestStruct,
    QuickResponse,
    use_quick_fetch,
)

INT = st.integers(-(2**31), 2**31 - 1)
LONG = st.integers(-(2**63), 2**63 - 1)
NAME = st.text(min_size=1, max_size=20)
ASKED = st.lists(
    st.tuples(NAME, st.lists(st.tuples(st.integers(0, 999), LONG, INT), max_size=5)), max_size=4
)
TRANSACTIONS = st.one_of(st.none(), st.lists(st.tuples(LONG, LONG), max_size=2))
PARTITION = st.tuples(
    INT, st.integers(-1, 99), LONG, LONG, LONG, TRANSACTIONS, INT, st.one_of(st.binary(max_size=50))
)
TOPICS = st.lists(st.tuples(NAME, st.lists(PARTITION, max_size=5)), max_size=4)


@given(ASKED, NAME, INT)
def test_a_request_is_written_as_aiokafka_writes_it(
    topics: list[tuple[str, list[tuple[int, int, int]]]], rack: str, wait_ms: int
) -> None:
    said = (wait_ms, 1, 52_428_800, 0, topics, rack)
    quick = QuickFetchRequest(*said).build(FetchRequest_v11)
    own = FetchRequest(*said).build(FetchRequest_v11)
    assert isinstance(quick, QuickRequestStruct)
    assert quick.encode() == own.encode()


def test_partitions_to_forget_are_left_to_aiokafka() -> None:
    said = (-1, 500, 1, 1000, 0, 7, 8, [("t", [(1, -1, 5, -1, 9)])], [("t", [3])], "rack")
    assert QuickRequestStruct(*said).encode() == FetchRequest_v11(*said).encode()


def test_another_version_is_left_to_aiokafka() -> None:
    built = QuickFetchRequest(500, 1, 1000, 0, [("t", [(0, 1, 2)])]).build(FetchRequest_v4)
    assert type(built) is FetchRequest_v4


@given(INT, INT, TOPICS)
def test_a_response_is_read_as_aiokafka_reads_it(
    throttled: int, session: int, topics: list[tuple[str, list[tuple[object, ...]]]]
) -> None:
    sent = b"head" + FetchResponse_v11(throttled, 0, session, topics).encode()
    ours, theirs = BytesIO(sent), BytesIO(sent)
    ours.seek(4)
    theirs.seek(4)
    quick, own = QuickResponse.decode(ours), FetchResponse_v11.decode(theirs)
    assert quick.__dict__ == own.__dict__
    assert ours.read() == theirs.read() == b""


@given(TOPICS, st.data())
def test_what_is_cut_off_is_refused_as_aiokafka_refuses_it(
    topics: list[tuple[str, list[tuple[object, ...]]]], data: st.DataObject
) -> None:
    whole = FetchResponse_v11(0, 0, 0, topics).encode()
    cut = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(ValueError, match=r".") as own:
        FetchResponse_v11.decode(cut)
    with pytest.raises(type(own.value)) as quick:
        QuickResponse.decode(cut)
    assert str(quick.value) == str(own.value)


def test_the_worker_fetches_the_quick_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetcher, "FetchRequest", FetchRequest)
    use_quick_fetch()
    assert fetcher.FetchRequest is QuickFetchRequest
    request = QuickFetchRequest(500, 1, 1000, 0, []).prepare({1: (4, 17)})
    assert isinstance(request, QuickRequestStruct)
    assert request.RESPONSE_TYPE is QuickResponse
