"""Headers of every answer: nothing from outside, no frame around us, no sniffing, no referrer."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
TLS_ONLY = "max-age=31536000; includeSubDomains"


class SecurityHeaders:
    """Pure ASGI. `secure`: browsers come by TLS and are told to stay there."""

    def __init__(self, app: ASGIApp, secure: bool, also_to: str | None = None) -> None:
        self._app = app
        self._headers = dict(HEADERS)
        if also_to is not None:
            # Browsers hold a form's redirects to `form-action` too, and signing in has one.
            self._headers["Content-Security-Policy"] = POLICY.replace(
                "form-action 'self'", f"form-action 'self' {also_to}"
            )
        if secure:
            self._headers["Strict-Transport-Security"] = TLS_ONLY

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)
