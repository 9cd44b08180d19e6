"""The portal's own part of the control API: dossiers, procedures, sessions, settings, notes."""

import base64
import binascii
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from adapters.portal.sandbox.damage import DamageOrder, damage
from adapters.portal.sandbox.filing import FilingOrder
from adapters.portal.sandbox.profile import ProfileError
from adapters.sandboxing import ControlAction, ControlCall, ControlError, shared_actions

if TYPE_CHECKING:
    from adapters.portal.sandbox.sandbox import PortalSandbox

OrderT = TypeVar("OrderT")
MAX_DOSSIERS_PER_PAGE = 2_000


def actions(sandbox: "PortalSandbox") -> dict[tuple[str, str], ControlAction]:
    """Give every action of the portal's control API."""

    def list_dossiers(call: ControlCall) -> Any:
        with_bodies = call.query.get("bodies") == "1"
        code = call.query.get("code")
        if code is not None:
            found = sandbox.dossier(code)
            page = [] if found is None else [found]
            next_after = None
        else:
            after = call.number("after", 0, at_most=10**12)
            limit = max(1, call.number("limit", 500, at_most=MAX_DOSSIERS_PER_PAGE))
            page = list(sandbox.dossiers(after=after, limit=limit))
            next_after = page[-1].order if len(page) == limit else None
        return {
            "dossiers": [dossier.as_dict(with_bodies=with_bodies) for dossier in page],
            "next_after": next_after,
            "total": len(sandbox.state.dossiers),
        }

    def change_profile(call: ControlCall) -> Any:
        try:
            sandbox.change_profile(**call.object())
        except ProfileError as error:
            raise ControlError(str(error)) from None
        return sandbox.profile.model_dump(mode="json", exclude={"password"})

    async def file_applications(call: ControlCall) -> Any:
        order = _read(call.object(), FilingOrder)
        codes = [record["MATTHC"] for record in sandbox.procedures() if record.get("LINHVUCTHUCHIEN")]
        filed = await sandbox.filing.file(order, codes)
        return {"applications": [application.as_dict() for application in filed]}

    return {
        **shared_actions(sandbox),
        ("GET", "dossiers"): list_dossiers,
        ("GET", "codes"): lambda _: {"codes": sandbox.state.listed_codes()},
        ("POST", "national-codes"): lambda call: _issue(sandbox, call.object()),
        ("POST", "files"): lambda call: _put_file(sandbox, call.object()),
        ("GET", "overlaps"): lambda _: {"overlaps": sandbox.recorder.overlaps()},
        ("GET", "notes"): lambda _: {"notes": list(sandbox.state.notes)},
        ("GET", "questions"): lambda _: {"questions": sandbox.state.questions, "answers": sandbox.state.answers},
        ("GET", "statements"): lambda _: {"statements": sandbox.state.statements},
        ("GET", "procedures"): lambda _: {"procedures": list(sandbox.procedures())},
        ("POST", "procedures"): lambda call: _change_catalogue(sandbox, call.object()),
        ("GET", "applications"): lambda _: {
            "applications": [filed.as_dict() for filed in sandbox.filing.filed.values()]
        },
        ("POST", "applications"): file_applications,
        ("GET", "national-statuses"): lambda _: {"statuses": sandbox.state.national_statuses},
        ("POST", "damage"): lambda call: {"damage": damage(sandbox.state, _read(call.object(), DamageOrder))},
        ("POST", "sessions:expire"): lambda _: {"ended": sandbox.expire_sessions()},
        ("GET", "profile"): lambda _: sandbox.profile.model_dump(mode="json", exclude={"password"}),
        ("POST", "profile"): change_profile,
    }


def _change_catalogue(sandbox: "PortalSandbox", body: dict[str, Any]) -> Any:
    """Obey {"action": "add" | "change" | "remove" | "rename", "code": …, …}."""
    try:
        match body.get("action"):
            case "add":
                sandbox.add_procedure(_object(body, "record"))
            case "change":
                sandbox.change_procedure(_text(body, "code"), _object(body, "changes"))
            case "remove":
                sandbox.remove_procedure(_text(body, "code"))
            case "rename":
                new_code = _text(body, "new_code") if "new_code" in body else None
                new_name = _text(body, "new_name") if "new_name" in body else None
                sandbox.rename_procedure(_text(body, "code"), new_code=new_code, new_name=new_name)
            case _:
                raise ControlError("action: must be add, change, remove or rename")
    except LookupError:
        raise ControlError("code: no such procedure", 404) from None
    except ValueError as error:
        raise ControlError(str(error)) from None
    return {"procedures": len(sandbox.state.procedures)}


def _read(body: dict[str, Any], model: type[OrderT]) -> OrderT:
    """Read an order. Raises ControlError naming what is wrong."""
    try:
        return msgspec.convert(body, model)
    except msgspec.ValidationError as error:
        raise ControlError(str(error)) from None


def _put_file(sandbox: "PortalSandbox", body: dict[str, Any]) -> Any:
    """Keep the file of {"path", "content": base64}, to be given out by `getfile` and by the store."""
    path = _text(body, "path")
    try:
        content = base64.b64decode(_text(body, "content"), validate=True)
    except binascii.Error:
        raise ControlError("content: must be base64") from None
    sandbox.state.files[path] = content
    return {"path": path, "size_bytes": len(content)}


def _issue(sandbox: "PortalSandbox", body: dict[str, Any]) -> Any:
    """Know the applications of {"codes": […]} as filed here, without telling the province."""
    codes = body.get("codes")
    if not isinstance(codes, list) or not all(isinstance(code, str) and code for code in codes):
        raise ControlError("codes: must be a list of texts")
    sandbox.state.national_codes.update(codes)
    return {"codes": sorted(sandbox.state.national_codes)}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ControlError(f"{name}: must be a text")
    return value


def _object(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body.get(name)
    if not isinstance(value, dict):
        raise ControlError(f"{name}: must be an object")
    return value
