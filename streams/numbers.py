"""Numbers of things as a person says them."""


def number_of(count: int, thing: str) -> str:
    """`1 trial`, `2 trials`; for words whose plural ends in s alone."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
