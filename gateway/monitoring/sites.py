"""Whether a public portal is measured: the site's number, the tracking script, and that the page lets it run. Pure.

The national system measures the use of portals by a script (monitoring notes §2.6 a, as observed on public sites). The
gateway sends no page views itself; it keeps each portal's number and looks whether its page carries the script.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

TRACKER_HOST = "f-emc.ngsp.gov.vn"
LOADER_PATH = "/embed/gov-tracking.min.js"
_SITE_ID = re.compile(r"setSiteId['\"]?\s*,\s*['\"]?(\d{1,9})")
_SCRIPT_DIRECTIVES = ("script-src-elem", "script-src", "default-src")
_CONNECT_DIRECTIVES = ("connect-src", "default-src")


class SiteFault(StrEnum):
    """What keeps a portal from being measured."""

    NO_SCRIPT = "no_script"
    NO_SITE_ID = "no_site_id"
    OTHER_SITE_ID = "other_site_id"
    SCRIPT_BLOCKED = "script_blocked"
    """The content security policy does not let the script be loaded."""
    REPORT_BLOCKED = "report_blocked"
    """It does not let the script tell what it saw."""
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A public portal and its number in the national system."""

    url: str
    site_id: int
    host: str = TRACKER_HOST


def judge_site(site: Site, headers: Mapping[str, str], page: str) -> list[SiteFault]:
    """Give what is wrong with a portal's page; nothing when it is measured."""
    faults = []
    if f"{site.host}{LOADER_PATH}" not in page and not re.search(re.escape(site.host) + r"[^\s\"']*\.js", page):
        faults.append(SiteFault.NO_SCRIPT)
    numbers = {int(found) for found in _SITE_ID.findall(page)}
    if not numbers:
        faults.append(SiteFault.NO_SITE_ID)
    elif site.site_id not in numbers:
        faults.append(SiteFault.OTHER_SITE_ID)
    policy = {name.lower(): value for name, value in headers.items()}.get("content-security-policy", "")
    if policy:
        directives = _directives(policy)
        if not _allows(directives, _SCRIPT_DIRECTIVES, site.host):
            faults.append(SiteFault.SCRIPT_BLOCKED)
        if not _allows(directives, _CONNECT_DIRECTIVES, site.host):
            faults.append(SiteFault.REPORT_BLOCKED)
    return faults


def _directives(policy: str) -> dict[str, list[str]]:
    parts = [part.split() for part in policy.split(";")]
    found: dict[str, list[str]] = {}
    for part in parts:
        if part:
            # Of a directive that stands twice the first one counts (CSP level 3 section 2.2.1).
            found.setdefault(part[0].lower(), [source.lower() for source in part[1:]])
    return found


def _allows(directives: Mapping[str, list[str]], names: tuple[str, ...], host: str) -> bool:
    sources = next((directives[name] for name in names if name in directives), None)
    return sources is None or any(_fits(source, host) for source in sources)


def _fits(source: str, host: str) -> bool:
    if source in ("*", "https:"):
        return True
    named = source.removeprefix("https://").removeprefix("http://").partition("/")[0].partition(":")[0]
    if named.startswith("*."):
        return host.endswith(named[1:])
    return named == host
