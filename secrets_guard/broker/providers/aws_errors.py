"""What boto3 raises -> our errors; none of its own gets further."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore import exceptions

from secrets_guard.errors import AccessDenied, BrokerError, ManifestError, ProviderUnavailable, SecretNotFound

Answer = TypeVar("Answer")

_MISSING = ("ResourceNotFoundException", "ParameterNotFound", "ParameterVersionNotFound")
_UNUSABLE = ("InvalidRequestException", "InvalidParameterException", "ValidationException", "InvalidParameters")
_BUSY = (
    "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
    "InternalServiceError", "InternalServerError", "InternalFailure", "ServiceUnavailable", "RequestTimeout",
)  # fmt: skip
_NO_LOGIN = (
    exceptions.NoCredentialsError, exceptions.PartialCredentialsError, exceptions.CredentialRetrievalError,
    exceptions.TokenRetrievalError, exceptions.SSOError, exceptions.UnauthorizedSSOTokenError,
)  # fmt: skip
_WRONG = (
    exceptions.NoRegionError, exceptions.ProfileNotFound, exceptions.InvalidRegionError,
    exceptions.ConfigParseError, exceptions.InvalidConfigError,
)  # fmt: skip


def translated(call: Callable[[], Answer]) -> Answer:
    """Return what ``call`` returns. Raises BrokerError or ManifestError for all that boto3 may raise."""
    try:
        return call()
    except exceptions.ClientError as error:
        raise _of_answer(error) from None
    except _NO_LOGIN as error:
        raise AccessDenied(f"no AWS credentials that work: {_short(error)}") from None
    except _WRONG as error:
        raise ManifestError(f"providers.aws: {_short(error)}") from None
    except exceptions.SSLError as error:
        raise AccessDenied(f"AWS: its certificate can't be verified: {_short(error)}") from None
    except exceptions.ParamValidationError:
        raise SecretNotFound("AWS does not accept this name, version or stage") from None
    except (exceptions.HTTPClientError, exceptions.BotoCoreError) as error:
        # No connection, no answer in time, an answer that is cut short or no JSON.
        raise ProviderUnavailable(f"AWS: {_short(error)}", lost=True) from None
    except ValueError as error:
        raise ManifestError(f"providers.aws: {_short(error)}") from None
    except (AttributeError, TypeError, LookupError):
        # botocore takes it that what answers is AWS, and stumbles over JSON of another form.
        raise ProviderUnavailable("AWS: the answer is none of AWS's", lost=True) from None


def whole(answer: Mapping[str, Any], *parts: str) -> Mapping[str, Any]:
    """Return an answer that has one of ``parts``. Raises ProviderUnavailable for another.

    botocore takes a body that is cut short or no JSON for an empty answer: a secret would look as if it were not there.
    """
    if not any(part in answer for part in parts):
        raise ProviderUnavailable("AWS: the answer is not whole", lost=True)
    return answer


def _of_answer(error: exceptions.ClientError) -> BrokerError:
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = " ".join(str(error.response.get("Error", {}).get("Message", "")).split())[:200]
    status = int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _BUSY or status >= 500 or status == 429:
        return ProviderUnavailable(f"AWS: {code} ({status})", lost=True)
    if code in _MISSING:
        return SecretNotFound(f"there is no such secret, version or stage ({said})")
    if code in _UNUSABLE and "marked" in said and "delet" in said:
        return SecretNotFound("it is scheduled for deletion; restore it, or use another")
    if code in _UNUSABLE:
        return AccessDenied(f"it can't be read: {said}")
    if code == "DecryptionFailure" or "kms" in said.casefold():
        return AccessDenied(f"KMS did not decrypt it: {said or code}")
    return AccessDenied(f"AWS refused: {code}: {said}")


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200]
