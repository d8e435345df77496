"""What went wrong, as a word for which the page has a sentence in each of its languages.

The messages themselves are English, with details for whoever runs the server.
"""

from __future__ import annotations

import re

from starlette.responses import JSONResponse

from corpus.errors import GeneratorFailed, IndexLocked, IndexProblem, InvalidRequest, ModelProblem, ServerBusy

_ERRORS = {
    InvalidRequest: "request",
    ServerBusy: "busy",
    IndexLocked: "locked",
    IndexProblem: "index",
    ModelProblem: "model",
    GeneratorFailed: "model",
}

# What the readers of corpus/ say of a file, and corpus/sources.py of one that it leaves out.
_REASONS = re.compile(
    r"^(?:(?P<line>line (?P<number>\d+) )"
    r"|(?P<empty>is empty)"
    r"|(?P<large>is larger|is longer|unpacks to)"
    r"|(?P<nested>is a web page nested)"
    r"|(?P<locked>is password-protected)"
    r"|(?P<scanned>is a scanned PDF)"
    r"|(?P<damaged>is damaged|is a PDF without pages)"
    r"|(?P<textless>.*without text|holds no text)"
    r"|(?P<encoding>is mis-encoded|is in an encoding|is a binary file|is no text file)"
    r"|(?P<format>has an unsupported format))"
)


def problem(path: str, status: int, message: str, kind: str = "") -> JSONResponse:
    """The answer to a request that went wrong: {"error": message}, with the kind where it is known.

    path: the request's; below /v1 the answer has the form that OpenAI's clients read.
    """
    if path.startswith("/v1/"):
        named = "invalid_request_error" if status < 500 else "server_error"
        return JSONResponse(
            {"error": {"message": message, "type": named, "param": None, "code": None}}, status
        )
    return JSONResponse({"error": message} | ({"kind": kind} if kind else {}), status)


def kind_of_error(error: Exception) -> str:
    """request, busy, locked, index or model; "" for what was not raised on purpose."""
    return next((kind for raised, kind in _ERRORS.items() if isinstance(error, raised)), "")


def kind_of_reason(message: str) -> tuple[str, int]:
    """Why a file could not be read: the name of a group above or "", and the line meant or 0."""
    found = _REASONS.match(message)
    if not found:
        return "", 0
    if found["line"]:
        return "line", int(found["number"])
    return found.lastgroup or "", 0
