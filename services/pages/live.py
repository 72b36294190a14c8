"""Pieces of pages sent live: HTML in Server-Sent Events, which htmx swaps into the page."""


def sse_html(number: int, html: str) -> bytes:
    """One unnamed event: htmx swaps its data into the element that listens. `number` is its id."""
    lines = "".join(f"data: {line}\n" for line in html.splitlines())
    return f"id: {number}\n{lines}\n".encode()
