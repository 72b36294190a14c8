"""An operator sees what was set aside, sends it again, and lets a halted trial go on."""

import asyncio

import pytest
from click.testing import CliRunner, Result

from services.cli.main import main
from streams.batch import Reason
from streams.inbox import Item
from streams.kafka import Outgoing
from streams.parked import Kept, ParkedMessage, Source, kept, parked
from streams.parked_read import listed
from streams.settings import Settings
from streams.topics import COMMANDS
from tests.streams.conftest import NewOwner
from tests.streams.counting import AT, MENDED, request
from tests.streams.stage import Owner, decided, halted


def said(settings: Settings, *words: str) -> Result:
    """The command as a process would run it, but for the process."""
    environment = {
        "HOLDFAST_KAFKA_BOOTSTRAP": settings.kafka_bootstrap,
        "HOLDFAST_REDIS_URL": settings.redis_url,
        "COLUMNS": "400",
    }
    return CliRunner().invoke(main, words, env=environment)


async def told(settings: Settings, *words: str) -> Result:
    return await asyncio.to_thread(said, settings, *words)


async def told_while_it_owns(owner: Owner, *words: str) -> Result:
    """The owner looks, as it does every second, until the command has ended."""
    telling = asyncio.ensure_future(told(owner.settings, *words))
    while not telling.done():
        await owner.stage._tick()
        await asyncio.sleep(0.05)
    return await telling


async def park(owner: Owner, message: ParkedMessage) -> str:
    """Its id."""
    value = message.model_dump_json().encode()
    at = Outgoing("trial.parked", message.source.partition, b"", value)
    return f"{message.source.partition}/{(await owner.producer.send_all([at]))[0]}"


def message(owner: Owner, trial: str, payload: bytes, reason: Reason) -> ParkedMessage:
    partition = owner.partition(trial)
    item = Item(partition, 0, 7, AT.timestamp() * 1000, None, payload)
    sent = parked(item, COMMANDS, trial, reason, "why")
    return ParkedMessage.model_validate_json(sent.value)


async def ids(owner: Owner, trial: str) -> list[tuple[str, str, str]]:
    found = await listed(owner.reader, owner.partition(trial))
    own = [one for one in found if one.message.trial == trial]
    return [(str(one.place), one.message.reason, one.state) for one in own]


async def test_unhalt_waits_until_the_owner_has_decided_what_was_parked(
    new_owner: NewOwner, trial: str
) -> None:
    await halted(await new_owner(), trial)
    owner = await new_owner(MENDED)
    owner.own(trial)
    await owner.stage._recover_owned()
    assert [state for _, _, state in await ids(owner, trial)] == ["halted"] * 3
    result = await told_while_it_owns(owner, "unhalt", trial)
    assert result.exit_code == 0, result.output
    assert f"{trial} goes on: 3 of 3 parked commands were decided." in result.output
    assert await decided(owner, trial, 4) == [0, 1, 2, 3]
    assert [state for _, _, state in await ids(owner, trial)] == ["decided"] * 3
    again = await told(owner.settings, "unhalt", trial)
    assert again.exit_code == 1
    assert f"{trial} is not halted" in again.output


async def test_unhalt_says_when_the_error_is_not_mended_and_loses_nothing(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    await halted(owner, trial)
    result = await told_while_it_owns(owner, "unhalt", trial)
    assert result.exit_code == 1
    assert f"{trial} is halted again, after 0 of 3 parked commands" in result.output
    assert "the decider raised BoomError" in result.output
    heir = await new_owner(MENDED)
    heir.own(trial)
    await heir.stage._recover_owned()
    assert (await told_while_it_owns(heir, "unhalt", trial)).exit_code == 0
    assert await decided(heir, trial, 4) == [0, 1, 2, 3]


async def test_unhalt_gives_up_waiting_where_no_worker_runs_and_the_request_stands(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    await halted(owner, trial)
    result = await told(owner.settings, "unhalt", trial, "--patience", "0")
    assert result.exit_code == 1
    assert "The request stands" in result.output
    heir = await new_owner(MENDED)
    heir.own(trial)
    await heir.stage._recover_owned()
    assert await decided(heir, trial, 4) == [0, 1, 2, 3]


async def test_list_and_show_tell_everything_but_the_payload_unless_asked(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    clinical = b'{"haemoglobin":"9.1\x1b[31m"}'
    place = await park(owner, message(owner, trial, clinical, "unreadable"))
    listing = (await told(owner.settings, "parked", "list", trial)).output
    for part in (place, trial, "unreadable", "trial.commands", "why", "2027-02-22 15:00:00Z"):
        assert part in listing
    shown = (await told(owner.settings, "parked", "show", place)).output
    assert "haemoglobin" not in listing + shown
    assert "--payload" in shown
    whole = await told(owner.settings, "parked", "show", place, "--payload")
    assert whole.stdout_bytes.endswith(clinical + b"\n")
    assert "may be clinical data" in whole.stderr


async def test_retry_sends_the_very_message_again_and_remembers_it(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    payload = request(trial, 0).model_dump_json().encode()
    place = await park(owner, message(owner, trial, payload, "ahead_of_time"))
    partition = owner.partition(trial)
    end = await owner.reader.end(COMMANDS, partition)
    result = await told(owner.settings, "parked", "retry", place)
    assert result.exit_code == 0, result.output
    assert f"{place} stands again at trial.commands {partition}/{end}." in result.output
    assert await owner.reader.at(COMMANDS, partition, end, end + 1) == payload
    assert await ids(owner, trial) == [(place, "ahead_of_time", "retried")]
    listing = (await told(owner.settings, "parked", "list", trial)).output
    row = next(line for line in listing.splitlines() if line.startswith(place))
    assert f"{trial}  ahead_of_time  retried as trial.commands {partition}/{end}" in row
    twice = await told(owner.settings, "parked", "retry", place)
    assert twice.exit_code == 1
    assert "was sent again before" in twice.output
    assert await owner.reader.end(COMMANDS, partition) == end + 1


@pytest.mark.parametrize(
    ("reason", "mend"), [("conflict", "with a new key"), ("raised", "holdfast unhalt")]
)
async def test_what_must_not_be_sent_again_is_refused_and_nothing_is_sent(
    new_owner: NewOwner, trial: str, reason: Reason, mend: str
) -> None:
    owner = await new_owner()
    fine = await park(owner, message(owner, trial, b"{}", "unreadable"))
    not_fine = await park(owner, message(owner, trial, b"{}", reason))
    end = await owner.reader.end(COMMANDS, owner.partition(trial))
    result = await told(owner.settings, "parked", "retry", fine, not_fine)
    assert result.exit_code == 1
    assert mend in result.output
    assert await owner.reader.end(COMMANDS, owner.partition(trial)) == end


@pytest.mark.parametrize("place", ["999/0", "0/999999999", "7"])
def test_an_id_that_is_none_is_said(settings: Settings, place: str) -> None:
    result = said(settings, "parked", "show", place)
    assert result.exit_code != 0
    assert "holdfast parked list" in result.output


async def test_what_two_workers_parked_is_listed_once(new_owner: NewOwner, trial: str) -> None:
    owner = await new_owner()
    place = await park(owner, message(owner, trial, b"{}", "unreadable"))
    await park(owner, message(owner, trial, b"{}", "unreadable"))
    other = await park(owner, message(owner, trial, b"{}", "conflict"))
    assert await ids(owner, trial) == [
        (place, "unreadable", "parked"),
        (other, "conflict", "parked"),
    ]


async def test_what_was_kept_is_listed_once_and_also_when_it_is_all_that_is_left(
    new_owner: NewOwner, trial: str
) -> None:
    owner = await new_owner()
    first = message(owner, trial, b"{}", "raised")
    place = await park(owner, first)
    await owner.producer.send_all([kept(first, 9, 0)])
    assert await ids(owner, trial) == [(place, "raised", "halted")]
    other = f"{trial}-b"
    alone = first.model_copy(
        update={
            "trial": other,
            "source": Source(topic=COMMANDS, partition=owner.partition(trial), offset=8),
            "kept": Kept(at_ms=9, place=0),
        }
    )
    await park(owner, alone)
    found = await listed(owner.reader, owner.partition(trial))
    assert [one.state for one in found if one.message.trial == other] == ["halted"]
