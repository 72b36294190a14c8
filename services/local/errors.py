"""What is missing on this machine, said with the one line that mends it."""


class LocalError(Exception):
    """A part of the local stack cannot be had or will not start; `mend` is one line to act on."""

    def __init__(self, sentence: str, mend: str) -> None:
        super().__init__(f"{sentence} Mend: {mend}")
        self.sentence = sentence
        self.mend = mend
