"""The keys of the read side. Everything of one trial carries its tag, so it lives in one slot."""


def head(trial_id: str) -> str:
    return f"{{{trial_id}}}:head"


def log(trial_id: str) -> str:
    return f"{{{trial_id}}}:log"


def answers(trial_id: str) -> str:
    return f"{{{trial_id}}}:answers"


def protocol(trial_id: str) -> str:
    """The sequence of the record that adopted the protocol in force."""
    return f"{{{trial_id}}}:protocol"


def of_trial(trial_id: str) -> tuple[str, str, str, str]:
    """In the order in which `publish.lua` declares them."""
    return head(trial_id), log(trial_id), answers(trial_id), protocol(trial_id)


def snapshot(trial_id: str, name: str) -> str:
    """A list: the pieces of a fold, at last what they are; `name` is that of shape and rules."""
    return f"{{{trial_id}}}:snapshot:{name}"


def trials(partition: int) -> str:
    """Hash: the trials of a partition; `@through` is the offset up to which all are listed."""
    return f"holdfast:trials:{partition}"


def whole(partition: int) -> str:
    """There while an owner has just seen that Redis has all of a partition; it expires by itself.

    In a copy of Redis that comes back it has expired.
    """
    return f"holdfast:whole:{partition}"


def rebuild(partition: int) -> str:
    """What an operator asks of the owner of a partition, until it is done."""
    return f"holdfast:rebuild:{partition}"


def rebuilding(partition: int) -> str:
    """Hash: how far the owner of a partition is with rebuilding, or how the last one ended."""
    return f"holdfast:rebuilding:{partition}"


def entry_id(sequence: int) -> str:
    """The id of a record in `{trial}:log`; Redis allows no 0-0."""
    return f"{sequence}-1"


def sequence_of(entry: bytes) -> int:
    return int(entry.split(b"-", 1)[0])
