"""Every error as application/problem+json (RFC 9457): one class a meaning, each with a sentence that says what to do.

None quotes what was sent, beyond the names of fields: values may be personal. A 500 says nothing of its cause; the log does.
"""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias

from fastapi.exceptions import RequestValidationError
from fastapi_problem.error import Problem, StatusProblem
from fastapi_problem.handler import ExceptionHandler, add_exception_handler, new_exception_handler

from bookly.errors import (
    BrokerUnavailable,
    BufferFull,
    DeliveryFailed,
    EventTooLarge,
    InvalidEvent,
    NotOpen,
    RegistryUnavailable,
    UnknownSchema,
)

Failures: TypeAlias = "Mapping[type[Exception], Callable[[Any], Problem]]"

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from fastapi import FastAPI
    from starlette.exceptions import HTTPException
    from starlette.requests import Request


class Unauthenticated(StatusProblem):
    """Nobody that we know: no credentials, or none that hold."""

    type_, title, status = "unauthenticated", "Not authenticated", 401

    def __init__(self, detail: str) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": 'Bearer realm="bookly"'})


class Forbidden(StatusProblem):
    """Somebody that we know, who may not."""

    type_, title, status = "forbidden", "Not allowed", 403


class NotThere(StatusProblem):
    """The owner of the key said that there is none. Never said because nobody answered."""

    type_, title, status = "not-there", "There is none", 404


class TooLarge(StatusProblem):
    """More bytes than are taken."""

    type_, title, status = "too-large", "Too large", 413


class Invalid(StatusProblem):
    """The request does not keep its contract; `errors` names each field and why."""

    type_, title, status = "invalid", "Invalid request", 422

    def __init__(self, errors: list[tuple[str, str]]) -> None:
        named = [{"field": field, "reason": reason} for field, reason in errors]
        first = named[0]
        more = f" {len(named) - 1} more in `errors`." if len(named) > 1 else ""
        super().__init__(f"{first['field']}: {first['reason']}.{more} Correct it and send it again.", errors=named)


class TooMany(StatusProblem):
    """The caller's share of this minute is used up."""

    type_, title, status = "too-many", "Too many requests", 429

    def __init__(self, retry_after_s: float) -> None:
        wait = _seconds(retry_after_s)
        super().__init__(f"You have asked too often: ask again in {wait} s.", headers={"Retry-After": wait})


class Unavailable(StatusProblem):
    """Somebody who has to answer did not. The same request may succeed later."""

    type_, title, status = "unavailable", "No answer", 503

    def __init__(self, detail: str, retry_after_s: float = 1.0) -> None:
        super().__init__(detail, headers={"Retry-After": _seconds(retry_after_s)})


class TooMuch(StatusProblem):
    """More rows than are gathered. It does not pass by itself, so there is no time after which to ask again."""

    type_, title, status = "too-much", "More than is gathered", 501


class Failed(StatusProblem):
    """A fault of ours. What was raised is in the log, and only there."""

    type_, title, status = "failed", "A fault of ours", 500

    def __init__(self, _raised: str) -> None:
        super().__init__("It is not your request's fault, and it was logged. A retry with the same Idempotency-Key is harmless.")


SENTENCES = {
    400: "The request could not be read: send JSON in UTF-8.",
    404: "There is no such path: GET /openapi.json lists those that there are.",
    405: "This path does not take this method: GET /openapi.json lists what it takes.",
    413: "The body is larger than is taken: send less at once.",
}
UNCONFIRMED = (
    "The broker did not confirm the event, which may be there nevertheless: send it again with the same Idempotency-Key."
)
UNSENT = "The event could not be published just now, and nothing was sent: send it again with the same Idempotency-Key."


def answer_with_problems(app: FastAPI, known: Failures) -> None:
    """From now on each error of this app is a problem; `known` says which one an error of another part is."""
    handler = new_exception_handler(
        unhandled_wrappers={"default": Failed},
        handlers={kind: _by(problem) for kind, problem in known.items()},
        http_exception_handler=_of_http,
        request_validation_handler=_of_validation,
    )
    add_exception_handler(app, handler, generic_swagger_defaults=False)
    for kind in known:
        app.add_exception_handler(kind, handler)


def problem_of(error: Exception, known: Failures) -> Problem | None:
    """What it is to a caller; None for a fault of ours."""
    if isinstance(error, Problem):
        return error
    return next((problem(error) for kind, problem in known.items() if isinstance(error, kind)), None)


def invalid_event(error: InvalidEvent, within: str = "") -> Invalid:
    """Which field of the event it was."""
    return Invalid([(f"{within}{error.field}".rstrip("."), error.reason)])


PUBLISHING: Failures = {
    InvalidEvent: invalid_event,
    EventTooLarge: lambda error: TooLarge(
        f"The event takes {error.size:,} bytes, the limit is {error.limit:,}: send a reference."
    ),
    DeliveryFailed: lambda _: Unavailable(UNCONFIRMED),
    BufferFull: lambda _: Unavailable(UNSENT, 5),
    RegistryUnavailable: lambda _: Unavailable(UNSENT, 5),
    BrokerUnavailable: lambda _: Unavailable(UNSENT, 5),
    UnknownSchema: lambda _: Unavailable("The registry does not know this event yet: ask who runs it to provision it.", 60),
    NotOpen: lambda _: Unavailable("This process is ending: ask again, another one answers."),
}


def _by(problem: Callable[[Any], Problem]) -> Callable[[ExceptionHandler, Request, Any], Problem]:
    return lambda _handler, _request, error: problem(error)


def _of_http(_handler: ExceptionHandler, _request: Request, error: HTTPException) -> Problem:
    detail = SENTENCES.get(error.status_code, "The request was refused as it is.")
    headers = dict(error.headers or {})
    return Problem(error.detail, f"http-{error.status_code}", detail, error.status_code, headers)


def _of_validation(_handler: ExceptionHandler, _request: Request, error: RequestValidationError) -> Problem:
    return Invalid([(".".join(map(str, fault["loc"])), fault["msg"]) for fault in error.errors()])


def _seconds(time: float) -> str:
    return str(max(1, ceil(time)))
