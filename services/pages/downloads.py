"""Files that a page gives to keep: CSV that no spreadsheet runs, and how a browser saves them."""

import csv
import io
from collections.abc import AsyncIterator, Iterable

from starlette.responses import Response, StreamingResponse

KINDS = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}


def csv_lines(values: Iterable[Iterable[object]]) -> str:
    """CSV (RFC 4180). What a spreadsheet would take for a formula is written as text."""
    out = io.StringIO()
    writer = csv.writer(out)
    for line in values:
        writer.writerow([_harmless(str(value)) for value in line])
    return out.getvalue()


def _harmless(text: str) -> str:
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def download(content: str | AsyncIterator[str], name: str) -> Response:
    """Saved under its name, which ends in one of `KINDS`; kept by no cache."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "no-store",
    }
    media_type = KINDS[name.rsplit(".", 1)[1]]
    if isinstance(content, str):
        return Response(content, headers=headers, media_type=media_type)
    return StreamingResponse(content, headers=headers, media_type=media_type)
