"""What becomes of every service of the national portal, as a table; called from docs/generate.py.

What the portal offers stands in portal-services.toml. What is done with it is asked of the code: which calls the
adapter makes, which services the sandbox serves, which paths the portal may call, which endpoints the API has, and
which tests name the service. A service of the code that the list does not name is an error, and so is one that nobody
calls and that has no reason written beside it.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from adapters.portal.failures import Operation
from adapters.portal.protocol import SERVICES as CLIENT_SERVICES
from adapters.portal.sandbox import SERVICES as SANDBOX_SERVICES
from adapters.portal.sandbox import filing
from adapters.portal.sandbox.app import LOGIN_OPERATION
from gateway.api.app import ENDPOINTS
from gateway.api.national import PATHS

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).with_name("portal-services.toml")
DIRECTIONS: Mapping[str, str] = {"pull": "↓ read", "push": "↑ push", "call": "⇣ portal calls"}
MAX_TESTS_SHOWN = 3
_LOGIN = "login"
_KINDS = ("integration", "e2e", "unit", "property")

Table = Callable[[Sequence[str], Sequence[Sequence[str]]], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One service as the list has it. `form_of` names the service of which it is another form."""

    name: str
    section: str
    direction: str
    confidence: str
    api: tuple[str, ...] = ()
    form_of: str = ""
    note: str = ""
    reason: str = ""


def read_list(text: str) -> list[Listed]:
    """Read the list. Raises ValueError when a line is not as it must be, or a name stands twice."""
    lines: list[dict[str, Any]] = tomllib.loads(text)["service"]
    try:
        listed = [Listed(**{**line, "api": tuple(line.get("api", ()))}) for line in lines]
    except TypeError as error:
        raise ValueError(f"portal-services.toml: {error}") from error
    names = [service.name for service in listed]
    faults = [f"{name}: stands twice" for name in sorted({name for name in names if names.count(name) > 1})]
    for service in listed:
        if service.direction not in DIRECTIONS or service.confidence not in "ABC":
            faults.append(f"{service.name}: direction or confidence is none of the known")
        if service.form_of and service.form_of not in names:
            faults.append(f"{service.name}: form_of names no listed service")
        if not service.api and not service.reason:
            faults.append(f"{service.name}: has neither an endpoint nor a reason")
    _refuse(faults)
    return listed


def operations_of(name: str) -> list[str]:
    """Name the calls of the adapter for a service."""
    if name == _LOGIN:
        return [Operation.LOGIN.value]
    return [operation.value for operation, service in CLIENT_SERVICES.items() if service == name]


def is_in_sandbox(service: Listed) -> bool:
    """Tell whether the sandbox serves the service, or makes the call when it is the portal's own."""
    if service.direction == "call":
        return f'"{service.name}"' in Path(filing.__file__).read_text(encoding="utf-8")
    return service.name in SANDBOX_SERVICES or service.name == LOGIN_OPERATION


def faults_of(listed: Sequence[Listed]) -> list[str]:
    """Tell what of the code the list does not name, and which services nobody calls without a written reason."""
    names = {service.name for service in listed}
    calls = {service.name for service in listed if service.direction == "call"}
    faults = [f"{name}: is called and not listed" for name in sorted({*CLIENT_SERVICES.values()} - names)]
    faults += [f"{name}: is in the sandbox and not listed" for name in sorted(set(SANDBOX_SERVICES) - names)]
    faults += [f"{name}: may be called and is not listed" for name in sorted(set(PATHS) - calls)]
    for service in listed:
        is_done = service.name in PATHS or operations_of(service.form_of or service.name)
        if not is_done and not service.reason:
            faults.append(f"{service.name}: is not called and has no reason")
    return faults


def row(service: Listed) -> list[str]:
    """Write one line of the table."""
    if service.direction == "call":
        client = f"`POST /national/portal/{service.name}`" if service.name in PATHS else "no"
    else:
        client = _code(operations_of(service.form_of or service.name)) or "no"
    sandbox = "yes" if is_in_sandbox(service) else "no"
    if service.form_of:
        sandbox = f"as `{service.form_of}`"
    has = {f"{endpoint.method} {endpoint.path}" for endpoint in ENDPOINTS}
    api = [f"`{one}`" if one in has else f"`{one}` (not served yet)" for one in service.api]
    tests = files_testing(service.form_of or service.name)
    shown = [f"`{path}`" for path in tests[:MAX_TESTS_SHOWN]]
    if len(tests) > MAX_TESTS_SHOWN:
        shown.append(f"{len(tests) - MAX_TESTS_SHOWN} more")
    remarks = " ".join(part for part in (service.note, _sentence(service.reason)) if part)
    return [
        f"`{service.name}`",
        service.section,
        DIRECTIONS[service.direction],
        service.confidence,
        client,
        sandbox,
        "<br>".join(api) or "no",
        "<br>".join(shown) or "none",
        remarks,
    ]


def files_testing(name: str) -> list[str]:
    """Name the test files that speak of a service, those against the sandbox first."""
    whole = re.compile(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])")
    if name == _LOGIN:
        whole = re.compile(r"\blog_in\(|Operation\.LOGIN\b")
    found = [path for path, text in _tests() if whole.search(text)]
    return sorted(found, key=lambda path: (_KINDS.index(path.split("/")[1]), path))


@cache
def _tests() -> tuple[tuple[str, str], ...]:
    return tuple(
        (path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8"))
        for kind in _KINDS
        for path in sorted((ROOT / "tests" / kind).rglob("test_*.py"))
        # The test of this table names services in order to test the table.
        if path.name != "test_portal_services_document.py"
    )


def services_document(header: str, table: Table) -> str:
    """Write docs/portal-services.md. Raises ValueError when list and code do not fit together."""
    listed = read_list(LIST.read_text(encoding="utf-8"))
    _refuse(faults_of(listed))
    called = sum(bool(operations_of(service.name)) for service in listed if service.direction != "call")
    simulated = sum(is_in_sandbox(service) for service in listed)
    columns = ["service", "§", "direction", "mark", "gateway", "sandbox", "unified API", "tests", "remarks"]
    return (
        "\n\n".join(
            [
                header,
                "# Services of the national portal",
                "Every service that the portal wire notes name. Names, sections and marks (A: seen in two or more "
                "implementations, B: in one that runs it, C: named only) come from `docs/portal-services.toml`; what "
                "is done with a service is read from the code: the adapter's calls, the sandbox's table, the paths "
                "that the portal may call, the endpoints of the API, and the tests that name it.",
                f"{len(listed)} services: {called} are called by the adapter, {len(PATHS)} are taken from the portal, "
                f"{simulated} are simulated.",
                table(columns, [row(service) for service in listed]),
            ]
        )
        + "\n"
    )


def _code(words: Iterable[str]) -> str:
    return "<br>".join(f"`{word}`" for word in words)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise ValueError("docs/portal-services.toml: " + "; ".join(faults))
