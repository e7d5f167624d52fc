"""The errors of Cloudflare's API: HTTP status, numeric code, message.

Codes and texts are those which Cloudflare sends, as far as they are public; where no code of its own is
known for a refused record the general 1004 (DNS Validation Error) stands.
"""

MISSING_AUTHORIZATION = 9106
MALFORMED_HEADERS = 6003
MALFORMED_AUTHORIZATION = 6111
WRONG_TOKEN_ON_VERIFY = 1000
ACCESS_DENIED = 9109
AUTHENTICATION_ERROR = 10000
NO_ROUTE = 7003
METHOD_NOT_ALLOWED = 10405
BODY_NOT_JSON = 9207
NOT_STORED = 500

VALIDATION = 1004
NAME_INVALID = 9000
TARGET_NOT_PROXIABLE = 9003
TYPE_NOT_PROXIABLE = 9004
NOT_IPV4 = 9005
NOT_IPV6 = 9006
NOT_A_HOST = 9007
MX_NOT_A_HOST = 9009
TYPE_UNKNOWN = 9020
TTL_INVALID = 9021
CNAME_TO_ITSELF = 9039
PRIORITY_REQUIRED = 9100
FIELD_REQUIRED = 9101
TAG_QUOTA = 9300
COMMENT_TOO_LONG = 9313

RECORD_UNKNOWN = 81044
CNAME_CONFLICT = 81053
CNAME_EXISTS = 81054
IDENTICAL_EXISTS = 81058

SAME_NAME_HELP = (
    "For more details, refer to "
    "<https://developers.cloudflare.com/dns/manage-dns-records/troubleshooting/records-with-same-name/>."
)


class ApiError(Exception):
    """A request that is answered with an error; `chain` is its inner cause, as code and message."""

    def __init__(self, status: int, code: int, message: str, chain: tuple[int, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.chain = chain

    def envelope(self) -> dict[str, object]:
        """The body of the answer."""
        error: dict[str, object] = {"code": self.code, "message": self.message}
        if self.chain:
            error["error_chain"] = [{"code": self.chain[0], "message": self.chain[1]}]
        return {"result": None, "success": False, "errors": [error], "messages": []}


def refused(code: int, message: str) -> ApiError:
    """A record that Cloudflare does not accept."""
    return ApiError(400, code, message)


def no_route(path: str) -> ApiError:
    """The path, or an identifier in it, is malformed."""
    return ApiError(400, NO_ROUTE, f"Could not route to {path}, perhaps your object identifier is invalid?")
