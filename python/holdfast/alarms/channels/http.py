"""Posts to addresses that are secrets themselves."""

import http.client
import json
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.error import HTTPError
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

from holdfast.alarms.secret import Secret
from holdfast.exceptions import DeliveryFailed

# For each step of the exchange; somebody who answers at all answers much sooner.
TIMEOUT_SECONDS = 10.0


class _NoRedirects(HTTPRedirectHandler):
    """Whoever follows a redirect shows the message, and what signs it, to a host that nobody chose."""

    def redirect_request(self, *_arguments: Any) -> None:
        """Let the answer stand as an error."""


def post_json(address: Secret, document: Mapping[str, Any]) -> None:
    """Post a document."""
    post(address, json.dumps(document).encode(), {"Content-Type": "application/json"})


def post(address: Secret, body: bytes, headers: Mapping[str, str]) -> None:
    """Post once; the error that may come names neither the address nor anything of the answer's text."""
    request = Request(  # noqa: S310 - the settings allow nothing but http and https
        address.reveal(), data=body, headers={"User-Agent": "django-holdfast", **headers}, method="POST"
    )
    opener = build_opener(_NoRedirects, HTTPSHandler(context=ssl.create_default_context()))
    try:
        # What the answer says beyond its status concerns nobody.
        opener.open(request, timeout=TIMEOUT_SECONDS).close()
    except HTTPError as error:
        # It holds the address; nobody may get it as a cause.
        status, refused = error.code, error
        refused.close()
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryFailed(f"no answer: {_reason(error)}", "Look at the address, the network, the proxy.") from None
    else:
        return
    if 300 <= status < 400:  # noqa: PLR2004 - the redirects
        raise DeliveryFailed("the address redirects elsewhere", "Set the final address; redirects are not followed.")
    raise DeliveryFailed(f"the answer was {status}", "Look at whether the address is still valid.")


def _reason(error: Exception) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, TimeoutError):
        return f"nothing within {TIMEOUT_SECONDS:g} seconds"
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"the certificate is not valid ({cause.verify_message})"
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    return type(cause).__name__
