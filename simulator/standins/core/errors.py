"""Refusals, in the words of the real one.

HTTP 403
{"developerMessage": "Request was understood but caused a domain rule violation.", "httpStatusCode": "403",
 "defaultUserMessage": "Errors contain reason for domain rule violation.",
 "userMessageGlobalisationCode": "validation.msg.domain.rule.violation",
 "errors": [{"developerMessage": "...", "defaultUserMessage": "...", "parameterName": "transactionDate",
   "userMessageGlobalisationCode": "error.msg.loan.transaction.cannot.be.a.future.date", "args": []}]}
"""

from collections.abc import Sequence
from typing import Any


class ApiError(Exception):
    """The call is refused, and nothing has changed."""

    def __init__(self, status: int, code: str, message: str, errors: Sequence[dict[str, Any]] = ()) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.body = {
            "developerMessage": message,
            "httpStatusCode": str(status),
            "defaultUserMessage": message,
            "userMessageGlobalisationCode": code,
            "errors": list(errors),
        }


def detail(code: str, message: str, parameter: str = "id", value: object = None) -> dict[str, Any]:
    """One of `errors`."""
    return {
        "developerMessage": message,
        "defaultUserMessage": message,
        "userMessageGlobalisationCode": code,
        "parameterName": parameter,
        "value": None if value is None else str(value),
        "args": [] if value is None else [{"value": str(value)}],
    }


def invalid(errors: Sequence[dict[str, Any]]) -> ApiError:
    return ApiError(400, "validation.msg.validation.errors.exist", "Validation errors exist.", errors)


def refused(code: str, message: str, parameter: str = "id") -> ApiError:
    """A rule of the bank says no."""
    return ApiError(
        403,
        "validation.msg.domain.rule.violation",
        "Errors contain reason for domain rule violation.",
        [detail(code, message, parameter)],
    )


def duplicate(code: str, message: str, parameter: str) -> ApiError:
    return ApiError(403, code, message, [detail(code, message, parameter)])


def missing(code: str, message: str, value: object) -> ApiError:
    return ApiError(
        404,
        "error.msg.resource.not.found",
        "The requested resource is not available.",
        [detail(code, message, "id", value)],
    )


def unknown_path() -> ApiError:
    return ApiError(404, "error.msg.resource.not.found", "The requested resource is not available.")


def unknown_command(command: str) -> ApiError:
    message = f"The query parameter command has an unsupported value of: {command}"
    error = detail("error.msg.unrecognized.parameter.value", message, "command", command)
    return ApiError(400, "validation.msg.validation.errors.exist", "Validation errors exist.", [error])


def not_authenticated() -> ApiError:
    return ApiError(
        401, "error.msg.not.authenticated", "Unauthenticated. Please login.", [_short("error.msg.not.authenticated")]
    )


def invalid_tenant() -> ApiError:
    code = "error.msg.invalid.tenant.identifier"
    return ApiError(401, code, "Invalid tenant details were passed in api request.", [_short(code)])


def server_side() -> ApiError:
    return ApiError(500, "error.msg.platform.server.side.error", "An unexpected error occured.")


def unavailable() -> ApiError:
    return ApiError(503, "error.msg.platform.service.unavailable", "The server is currently unable to handle this.")


def locked() -> ApiError:
    return ApiError(409, "error.msg.loan.locked", "Loan is locked by the COB job. Loan soft lock or hard lock.")


def running(status: int) -> ApiError:
    code = "error.msg.command.processing.under.processing"
    return ApiError(status, code, "Another request with the same idempotency key is still being processed.")


def _short(code: str) -> dict[str, Any]:
    return detail(code, code, "tenantIdentifier" if "tenant" in code else "authentication")
