"""The Content-Security-Policy: strict everywhere, and an own one for the admin (ADR 0002)."""

from csp.constants import NONCE, NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

ADMIN_PREFIX = "/admin/"

# Alpine, on which the admin's theme is built, compiles attribute expressions at run time and sets inline styles.
ADMIN = {
    "default-src": [NONE],
    "script-src": [SELF, NONCE, UNSAFE_EVAL],
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:"],
    "font-src": [SELF],
    "connect-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}


class PolicyMiddleware(CSPMiddleware):
    """The policy of ``settings``; under ``/admin/`` the admin's, unless the view brought its own."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if parts.config is None and not report_only and request.path_info.startswith(ADMIN_PREFIX):
            parts.config = ADMIN
        return parts
