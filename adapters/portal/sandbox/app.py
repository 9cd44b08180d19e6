"""The portal on HTTP: the native paths (§1.1), the facade's (§1.8), and the control API beside them."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from adapters.portal.sandbox.pace import Pace
from adapters.portal.sandbox.profile import DstcodePolicy, PortalProfile
from adapters.sandboxing import Answer, CallRecord, ControlAction, Touch, add_control_routes, is_gone

if TYPE_CHECKING:
    from adapters.portal.sandbox.sandbox import PortalSandbox

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_decode = msgspec.json.Decoder().decode

LOGIN_OPERATION = "login"
_FACADE_CATALOGUES = (
    "LayDanhMucLinhVuc",
    "LayDanhMucLoaiThuTuc",
    "LayDanhMucNhomThuTuc",
    "LayDanhMucThuTucThuocLoai",
)
_UPDATING_WORDS = {"true": "True", "false": "False"}


def make_app(
    sandbox: "PortalSandbox", control_actions: Mapping[tuple[str, str], ControlAction], token: str | None
) -> web.Application:
    """Make the application of the whole sandbox."""
    profile = sandbox.profile
    app = web.Application(client_max_size=profile.max_body_bytes)
    native = _NativePaths(sandbox)
    for prefix in profile.adapter_prefixes:
        base = f"/{prefix}/RestService/forward/"
        app.router.add_post(base + profile.login_path, native.log_in)
        for path in dict.fromkeys((profile.data_path, *profile.alias_paths)):
            app.router.add_post(base + path, native.serve)
    _add_facade(app, sandbox)
    add_control_routes(app, control_actions, token)
    return app


def make_control_app(control_actions: Mapping[tuple[str, str], ControlAction], token: str | None) -> web.Application:
    """Make the application of the control API alone."""
    app = web.Application()
    add_control_routes(app, control_actions, token)
    return app


class _Paths:
    """What native and facade paths have in common: one call from arrival to answer."""

    def __init__(self, sandbox: "PortalSandbox") -> None:
        self._sandbox = sandbox
        self._pace = Pace(sandbox.clock)

    async def _carry(
        self,
        request: web.Request,
        read: Callable[[bytes], dict[str, Any]],
        work: Callable[[CallRecord, dict[str, Any]], Answer],
    ) -> web.StreamResponse:
        """Read the call, note it, wait as long as the portal takes, do the work, answer.

        `read` makes an envelope of the body and raises ValueError when it is not one.
        """
        sandbox, profile = self._sandbox, self._sandbox.profile
        refused = sandbox.exchange.refuses_unread(request)
        if refused is not None:
            return refused
        body = await request.read()
        record = sandbox.recorder.begin(request.path, partial(is_gone, request))
        try:
            envelope = read(body)
        except ValueError:
            sandbox.recorder.identify(record, "malformed", (), Touch.NOTHING)
            return await sandbox.exchange.perform(request, record, lambda: sandbox.malformed(record))
        if request.path.endswith(profile.login_path):
            sandbox.recorder.identify(record, LOGIN_OPERATION, (), Touch.NOTHING)
        else:
            sandbox.identify(record, envelope)
        wait_seconds = self._pace.wait_seconds(profile.max_calls_per_second)
        if wait_seconds > 0:
            answer = _too_many(wait_seconds)
            return await sandbox.exchange.perform(request, record, lambda: answer)
        # Even without latency other calls get a turn here, so that those which arrived together are seen as such.
        await asyncio.sleep(profile.latency_seconds)
        return await sandbox.exchange.perform(request, record, lambda: work(record, envelope))


class _NativePaths(_Paths):
    """Login and data paths of the adapter."""

    async def log_in(self, request: web.Request) -> web.StreamResponse:
        self._check_address(request, is_login=True)
        return await self._carry(request, _read_object, self._sandbox.log_in)

    async def serve(self, request: web.Request) -> web.StreamResponse:
        self._check_address(request, is_login=False)
        return await self._carry(request, _read_object, self._sandbox.answer)

    def _check_address(self, request: web.Request, *, is_login: bool) -> None:
        """Raise the adapter's HTTP 404 when `dstcode` leads nowhere and that matters."""
        if _is_addressed(request, self._sandbox.profile, is_login=is_login):
            return
        recorder = self._sandbox.recorder
        record = recorder.begin(request.path)
        recorder.identify(record, "misaddressed", (), Touch.NOTHING)
        record.http_status = 404
        recorder.finish(record)
        raise web.HTTPNotFound


class _FacadePaths(_Paths):
    """A province's REST service in front of the adapter: no session, bare arrays, replies inside a string."""

    def read(self, service: str, parameters: Mapping[str, str]) -> _Handler:
        """Make the handler of a GET; `parameters` map names in the query to keys of the envelope."""

        async def handle(request: web.Request) -> web.StreamResponse:
            query = request.query
            asked = {key: query[name] for name, key in parameters.items() if name in query}
            return await self._serve(request, lambda _: {"service": service, **asked})

        return handle

    def push(self, service: str, is_updating: str | None) -> _Handler:
        """Make the handler of a POST with a bare array; `is_updating` None takes it from the query (§1.7)."""

        async def handle(request: web.Request) -> web.StreamResponse:
            asked = is_updating or _UPDATING_WORDS.get(request.query.get("isUpdating", "").lower(), "")

            def envelope(body: bytes) -> dict[str, Any]:
                records = _read(body)
                if not isinstance(records, list):
                    raise ValueError("a facade takes a bare array")
                return {"service": service, "isUpdating": asked, "data": records}

            return await self._serve(request, envelope)

        return handle

    def push_object(self, service: str, more: Mapping[str, str]) -> _Handler:
        """Make the handler of a POST with one bare object, which becomes `data` of the envelope."""

        async def handle(request: web.Request) -> web.StreamResponse:
            return await self._serve(request, lambda body: {"service": service, **more, "data": _read_object(body)})

        return handle

    async def _serve(self, request: web.Request, read: Callable[[bytes], dict[str, Any]]) -> web.StreamResponse:
        sandbox = self._sandbox
        if not sandbox.profile.is_facade_served:
            raise web.HTTPNotFound
        return await self._carry(
            request, read, lambda record, envelope: sandbox.answer(record, envelope, is_facade=True)
        )


def _add_facade(app: web.Application, sandbox: "PortalSandbox") -> None:
    profile, facade = sandbox.profile, _FacadePaths(sandbox)
    base = f"/{profile.facade_prefix}/"
    reads: dict[str, tuple[str, dict[str, str]]] = {
        "LayDanhSachTTHC": ("LayDanhSachTTHC", {}),
        "LayDanhSachTTHCDonVi": ("LayDanhSachTTHCDonVi", {"maDonVi": "maDonVi"}),
        "LayThuTuc": ("LayThuTuc", {"maTTHC": "maTTHC"}),
        "LayQDCB": ("LayQDCB", {"idQDCB": "idQDCB"}),
        "TraCuuTechID": ("TraCuuTechID", {"mstorcmnd": "mstorcmnd"}),
        **{name: (name, {}) for name in _FACADE_CATALOGUES},
    }
    for path, (service, parameters) in reads.items():
        app.router.add_get(base + path, facade.read(service, parameters))
    app.router.add_post(base + profile.facade_add_path, facade.push("DongBoHoSoMC", "False"))
    app.router.add_post(base + profile.facade_update_path, facade.push("DongBoHoSoMC", "True"))
    app.router.add_post(base + profile.facade_push_path, facade.push("DongBoHoSoMC", None))
    for name in ("GetKetQuaGiayTo", "GetGiayToByUrl", "getfile"):
        app.router.add_post(base + name, facade.push_object(name, {}))
    told = facade.push_object("DongBoTrangThaiHoSo", {"type": "2"})
    app.router.add_post(base + profile.facade_national_status_path, told)
    app.router.add_post(base + profile.facade_progress_path, facade.push("CapNhatTienDoHoSoMC", "True"))


def _read(body: bytes) -> Any:
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ValueError("the body is not JSON") from error


def _read_object(body: bytes) -> dict[str, Any]:
    decoded = _read(body)
    if not isinstance(decoded, dict):
        raise ValueError("the body must be an object")
    return decoded


def _is_addressed(request: web.Request, profile: PortalProfile, *, is_login: bool) -> bool:
    if profile.dstcode_policy is DstcodePolicy.IGNORE:
        return True
    given = request.headers.get("dstcode") or request.query.get("dstcode")
    if given is None and is_login and profile.is_dstcode_optional_on_login:
        return True
    return given == profile.dstcode


def _too_many(wait_seconds: float) -> Answer:
    headers = {"Retry-After": str(max(1, round(wait_seconds + 0.5)))}
    return Answer(b"Too Many Requests", 429, "text/plain; charset=utf-8", headers)
