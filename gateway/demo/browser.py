"""A citizen's browser without a window: keeps cookies, follows redirects one by one, fills in forms."""

import re
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from html import unescape
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import aiohttp
from yarl import URL

_LONGEST_WALK = 15
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_TIMEOUT = aiohttp.ClientTimeout(total=60)


@dataclass(frozen=True, slots=True)
class Page:
    """What a browser shows at the end of a walk."""

    url: str
    status: int
    html: str
    visited: tuple[str, ...]
    headers: Mapping[str, str]

    @property
    def forms(self) -> list[tuple[str, dict[str, str]]]:
        """The address and the hidden fields of each form."""
        reader = _Forms()
        reader.feed(self.html)
        return [(urljoin(self.url, action or self.url), fields) for action, fields in reader.forms]

    @property
    def links(self) -> list[str]:
        return [urljoin(self.url, unescape(target)) for target in re.findall(r'<a href="([^"]+)"', self.html)]


@dataclass(frozen=True, slots=True)
class Arrived:
    """The browser was sent to an address at which it stops."""

    url: str
    visited: tuple[str, ...]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.url).query, keep_blank_values=True))


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((values.get("action", ""), {}))
        elif tag == "input" and values.get("type") == "hidden" and self.forms:
            self.forms[-1][1][values["name"]] = values.get("value", "")


class Browser:
    """One browser. It goes nowhere that begins with one of `stops`: there the portal would take over."""

    def __init__(
        self, session: aiohttp.ClientSession, stops: tuple[str, ...], trust: ssl.SSLContext | None = None
    ) -> None:
        self._session = session
        self._stops = stops
        self._trust = trust

    async def open(self, url: str) -> Page | Arrived:
        """Go to an address."""
        return await self._walk("GET", url, None)

    async def submit(self, page: Page | Arrived, **fields: str) -> Page | Arrived:
        """Send the first form of a page with its hidden fields and these."""
        assert isinstance(page, Page), page
        action, hidden = page.forms[0]
        return await self._walk("POST", action, hidden | fields)

    async def post(self, url: str, fields: Mapping[str, str]) -> Page | Arrived:
        """Send a form that stands on no page."""
        return await self._walk("POST", url, dict(fields))

    async def _walk(self, method: str, url: str, data: dict[str, str] | None) -> Page | Arrived:
        visited: list[str] = []
        for _ in range(_LONGEST_WALK):
            if url.startswith(self._stops):
                return Arrived(url, tuple(visited))
            visited.append(url)
            # Addresses are taken as they stand: what is not escaped is part of what is tried.
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=data,
                allow_redirects=False,
                timeout=_TIMEOUT,
                ssl=self._trust or True,
            ) as answer:
                text = await answer.text()
                if answer.status not in _REDIRECTS:
                    return Page(url, answer.status, text, tuple(visited), answer.headers.copy())
                url = urljoin(url, answer.headers["Location"])
                if answer.status not in (307, 308):
                    method, data = "GET", None
        raise RuntimeError(f"redirected in circles: {visited[:3]}")


@asynccontextmanager
async def new_browser(stops: tuple[str, ...], trust: ssl.SSLContext | None = None) -> AsyncIterator[Browser]:
    """Open a browser without cookies."""
    jar = aiohttp.CookieJar(unsafe=True)  # Loopback addresses are where everything is.
    async with aiohttp.ClientSession(cookie_jar=jar) as session:
        yield Browser(session, stops, trust)
