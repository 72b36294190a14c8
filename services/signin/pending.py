"""Signatures that wait while their signer signs in anew at the provider; kept on the server."""

from enrollment.commands import Model

PROOF = "proof"
"""The field of a form that is posted again, by its id alone, once its signer is proved."""
SECONDS = 900


class Pending(Model):
    """All of a form that is to be signed: what came back is what was shown, to the last sign."""

    session: str
    """Digest of the secret of the session that began it: no other can end it."""
    page: str
    meaning: str
    digest: str
    fields: tuple[tuple[str, str], ...]
    proved: bool = False


def pending_key(proof: str) -> str:
    return f"proof:{proof[:100]}"
