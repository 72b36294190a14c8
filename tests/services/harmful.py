"""Bodies that mean harm, each with the status, the problem and the place that it must come to."""

import gzip
import json
from dataclasses import dataclass, field

from tests.services.conftest import form

FORM = json.dumps(form()).encode()
REASON = b'{"reason": "%s"}'
SUSPEND, FORMS = "/suspension", "/forms"
BAD, SHAPE = "json.malformed", "request.invalid"


def with_number(text: str) -> bytes:
    """The form with this as its life expectancy, as it stands."""
    return (
        json.dumps(form(life_expectancy_months=0))
        .encode()
        .replace(b'"life_expectancy_months": 0', f'"life_expectancy_months": {text}'.encode())
    )


@dataclass(frozen=True)
class Harm:
    """One attack: what is sent where, and the status, name and place that come back."""

    name: str
    body: bytes
    status: int
    problem: str
    place: str | None = None
    path: str = FORMS
    headers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.name


BODIES = [
    Harm("not a number", with_number("NaN"), 400, BAD, ""),
    Harm("infinity", with_number("-Infinity"), 400, BAD, ""),
    Harm("a number no double holds", with_number("1e400"), 400, BAD, ""),
    Harm("ten thousand digits", with_number("9" * 10_000), 400, BAD, ""),
    Harm("above 2^53", with_number("9007199254740993"), 422, SHAPE, "/life_expectancy_months"),
    Harm("above 2^64", with_number("18446744073709551616"), 422, SHAPE, "/life_expectancy_months"),
    Harm("300 digits", with_number("9" * 300), 422, SHAPE, "/life_expectancy_months"),
    Harm("below -2^63", with_number("-9223372036854775809"), 422, SHAPE, "/life_expectancy_months"),
    Harm("a fraction", with_number("18.0"), 422, SHAPE, "/life_expectancy_months"),
    Harm("an exponent", with_number("1e1"), 422, SHAPE, "/life_expectancy_months"),
    Harm("a truth as a number", with_number("true"), 422, SHAPE, "/life_expectancy_months"),
    Harm("a leading zero", with_number("018"), 400, BAD, ""),
    Harm("a byte order mark", b"\xef\xbb\xbf" + FORM, 400, BAD, ""),
    Harm("UTF-16", FORM.decode().encode("utf-16"), 400, BAD, ""),
    Harm("UTF-32", FORM.decode().encode("utf-32-le"), 400, BAD, ""),
    Harm("invalid UTF-8", REASON % b"\xff\xfe", 400, BAD, "", SUSPEND),
    Harm("overlong UTF-8", REASON % b"\xc0\xaf", 400, BAD, "", SUSPEND),
    Harm("half a character, raw", REASON % b"\xed\xa0\x80", 400, BAD, "", SUSPEND),
    Harm("half a character, escaped", REASON % b"\\ud800", 400, BAD, "", SUSPEND),
    Harm("half a character in a key", b'{"\\udfff": 1, "reason": "a"}', 400, BAD, "", SUSPEND),
    Harm("a control character", REASON % b"a\x00b", 400, BAD, "", SUSPEND),
    Harm("nested in lists", b"[" * 100_000, 400, BAD, ""),
    Harm("nested in lists, closed", b"[" * 900 + b"]" * 900, 400, BAD, ""),
    Harm("nested in objects", b'{"a":' * 240 + b"1" + b"}" * 240, 400, BAD, ""),
    Harm("two texts", FORM + FORM, 400, BAD, ""),
    Harm("cut short", FORM[:-1], 400, BAD, ""),
    Harm("no body", b"", 400, BAD, ""),
    Harm("a list", b"[]", 422, SHAPE, ""),
    Harm("a text", b'"x"', 422, SHAPE, ""),
    Harm("nothing", b"null", 422, SHAPE, ""),
    Harm("a list for a command", b"[1]", 422, SHAPE, "", SUSPEND),
    Harm(
        "a key twice",
        b'{"subject_id": "S1-002", ' + FORM[1:],
        422,
        SHAPE,
        "/subject_id",
    ),
    Harm(
        "a key twice, once in escapes",
        b'{"\\u0073ubject_id": "S1-002", ' + FORM[1:],
        422,
        SHAPE,
        "/subject_id",
    ),
    Harm(
        "a key twice, hidden by a colon in escapes",
        b'{"reason": "a", "reason": "b\\u003a\\u003A"}',
        422,
        SHAPE,
        "/reason",
        SUSPEND,
    ),
    Harm(
        "a key twice, deep inside",
        FORM.replace(b'"ecog": ', b'"ecog": 2, "ecog": '),
        422,
        SHAPE,
        "/performance/0/ecog",
    ),
    Harm(
        "a huge key",
        b'{"reason": "a", "' + b"k" * 100_000 + b'": 1}',
        422,
        SHAPE,
        "/" + "k" * 64 + "...",
        SUSPEND,
    ),
    Harm("too large", REASON % (b"x" * 1_000_000), 413, "body.too_large", None, SUSPEND),
    Harm(
        "compressed",
        gzip.compress(FORM),
        415,
        "body.media_type",
        None,
        FORMS,
        {"Content-Encoding": "gzip"},
    ),
    Harm("compressed and not said", gzip.compress(FORM), 400, BAD, ""),
    *(
        Harm(f"declared as {said!r}", FORM, 415, "body.media_type", None, FORMS, said)
        for said in (
            {"Content-Type": "text/plain"},
            {"Content-Type": ""},
            {"Content-Type": "application/json; charset=utf-16"},
            {"Content-Type": "application/json; charset=latin-1"},
            {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "multipart/form-data; boundary=x"},
            {"Content-Type": "application/json, text/plain"},
        )
    ),
]
