"""Where a request comes from, for counting tries: never taken from a header nobody vouches for."""

from fastapi import Request


def address_of(request: Request, trusted_proxies: int) -> str:
    """The address that a try is counted for: what the outermost trusted proxy saw."""
    direct = request.client.host if request.client else "unknown"
    if trusted_proxies == 0:
        return direct
    seen = [part.strip() for part in request.headers.get("x-forwarded-for", "").split(",")]
    return seen[-trusted_proxies] if len(seen) >= trusted_proxies and seen[0] else direct
