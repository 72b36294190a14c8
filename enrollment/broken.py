"""How an invariant that does not hold is told."""


class BrokenInvariantError(Exception):
    """Something that must hold of every trial does not; the message names whom and where."""


def must(holds: bool, otherwise: str) -> None:
    """Raises `BrokenInvariantError` with this sentence unless it holds."""
    if not holds:
        raise BrokenInvariantError(otherwise)
