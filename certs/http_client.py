"""One long-lived aiohttp session whose connections follow the rotation of a client's files."""

from typing import TYPE_CHECKING, Any

from certs.reloading import ReloadingClientContext

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.client import _RequestContextManager
    from aiohttp.typedefs import StrOrURL


class RotatingTlsSession:
    """Sends every request of an aiohttp session with the client context of the moment.

    aiohttp keys its pool of idle connections by host *and* context. So after a rotation no new request goes out on a
    connection made with the old certificate or the old trust, while requests under way finish on theirs; the idle old
    connections close by themselves after the connector's keep-alive time. For the same reason `limit_per_host` counts
    the old and the new connections apart for that long; `limit` counts them together.

    The session stays the caller's: this object neither opens nor closes it.
    """

    def __init__(self, session: "aiohttp.ClientSession", tls: ReloadingClientContext) -> None:
        self._session = session
        self._tls = tls

    def request(self, method: str, url: "StrOrURL", **options: Any) -> "_RequestContextManager":
        """Begin a request, as ClientSession.request does. Raises TypeError when `ssl` is among the options."""
        _refuse_ssl(options)
        return self._session.request(method, url, ssl=self._tls.current(), **options)


def _refuse_ssl(options: dict[str, Any]) -> None:
    # An own context, or False, would go around the verification that this class stands for.
    if "ssl" in options:
        raise TypeError("the context is chosen by RotatingTlsSession")
