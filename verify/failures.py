"""Why something could not be looked at. Each is a sentence for a person, with what to do about it."""

from __future__ import annotations


class Failure(Exception):  # noqa: N818 - it is an outcome, and named as one in the results
    """It could not be looked at.

    Attributes:
        mend: one sentence saying what to do.
    """

    mend = "Try again; if it stays so, look at the network between here and there."


class Refused(Failure):
    """The host is there and nothing listens at the port."""

    mend = "Start the server, or open the port in the host's firewall."


class Silent(Failure):
    """Nothing came back within the time limit."""

    mend = "Look whether a firewall on the way drops it, then try again."


class NoRoute(Failure):
    """This machine has no way to the address, for example no IPv6."""

    mend = "Run this from a machine that has a route there."


class Closed(Failure):
    """The other side ended the connection in the middle of the conversation."""

    mend = "Look at the server's log for why it hung up."


class Gibberish(Failure):
    """What came back is not the protocol that belongs there."""

    mend = "Look which program listens there: it does not speak the protocol of this port."


class TlsFailed(Failure):
    """The TLS handshake failed.

    Attributes:
        verify_code: OpenSSL's code where the certificate was the reason (10 expired, 62 wrong name, ...), else 0.
        reason: OpenSSL's words for it, in lower case; "" where the other side just hung up.
    """

    mend = "Look at the server's TLS settings and certificate."

    def __init__(self, text: str, verify_code: int = 0, reason: str = "") -> None:
        super().__init__(text)
        self.verify_code = verify_code
        self.reason = reason
