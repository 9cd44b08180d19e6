"""The platform's own control actions, under `/_sandbox/pp/`: partners, secrets, portal payments, files, refunds."""

import base64
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import msgspec

from adapters.payment.sandbox.control import text_of
from adapters.payment.sandbox.ledger import Entry, LedgerError
from adapters.payment.sandbox.platform_files import read_changes, read_name, rows_of, write_digest, write_file
from adapters.payment.sandbox.platform_lookup import Due, look_up
from adapters.payment.sandbox.platform_money import NAME, Money
from adapters.payment.sandbox.platform_orders import Order, key_of
from adapters.payment.sandbox.platform_profile import Partner
from adapters.payment.sandbox.profiles import ProfileError
from adapters.payment.sandbox.vietnam import wire_time
from adapters.sandboxing import ControlAction, ControlCall, ControlError


def platform_actions(money: Money) -> Mapping[tuple[str, str], ControlAction]:
    """Give the actions."""
    return {
        ("GET", "orders"): lambda _: money.state(),
        ("GET", "profile"): lambda _: money.profile.shown(),
        ("POST", "profile"): lambda call: _change_profile(money, call.object()),
        ("POST", "partner"): lambda call: _change_partner(money, call.object()),
        ("POST", "secrets"): lambda call: _rotate(money, call.object()),
        ("POST", "lookup"): lambda call: _look_up(money, call.object()),
        ("POST", "replay"): lambda call: _replay(money, call.object()),
        ("POST", "refund"): lambda call: _refund(money, call.object()),
        ("GET", "file"): lambda call: _file(money, call),
        ("POST", "file:edit"): lambda call: _edit(money, call.object()),
    }


def _change_profile(money: Money, body: dict[str, Any]) -> Any:
    """Put settings in force; those not named stay."""
    if "partners" in body:
        raise ControlError("partners: are changed one by one")
    return _put(money, body)


def _change_partner(money: Money, body: dict[str, Any]) -> Any:
    """Change the settings of one partner, named by its "code", or add one."""
    code = text_of(body, "code")
    partners: list[dict[str, Any]] = list(msgspec.to_builtins(money.profile)["partners"])
    place = next((number for number, each in enumerate(partners) if each["code"] == code), None)
    if place is None:
        partners.append(body)
    else:
        partners[place] = {**partners[place], **body}
    return _put(money, {"partners": partners})


def _rotate(money: Money, body: dict[str, Any]) -> Any:
    """Begin a change of secrets by {"partner", "secret": the new one}, end it by {"partner", "is_over": true} (F33)."""
    partner = _partner(money, body)
    if body.get("is_over") is True:
        secrets: list[str] = [partner.secrets[0]]
    else:
        secrets = [text_of(body, "secret"), partner.secrets[0]]
    _change_partner(money, {"code": partner.code, "secrets": secrets})
    return {"secrets": len(secrets)}


async def _look_up(money: Money, body: dict[str, Any]) -> Any:
    """Obey {"partner", "dossier", "pay": true?, "bank"?}: ask what is due, and pay it as the portal would."""
    partner, dossier = _partner(money, body), text_of(body, "dossier")
    if not partner.lookup_url:
        raise ControlError("lookup_url: the partner has none")
    due = await look_up(money.world, NAME, partner, dossier)
    if body.get("pay") is not True or due.amount_vnd is None:
        return {**due.as_dict(), "is_paid": False}
    bank = text_of(body, "bank", next(iter(money.profile.banks)))
    if bank not in money.profile.banks:
        raise ControlError(f"bank: must be one of {', '.join(money.profile.banks)}")
    order = open_portal_order(money, partner, due, due.amount_vnd)
    await money.pay(order, bank)
    await money.world.agenda.settled()
    return {**due.as_dict(), "is_paid": bool(order.payments), "key": order.key, "reference": order.reference}


def open_portal_order(money: Money, partner: Partner, due: Due, amount_vnd: int) -> Order:
    """Open what the portal lets a citizen pay; its reference is none, the platform's own, or the one looked up."""
    now = money.world.clock.now()
    token = f"{money.world.draws.getrandbits(128):032x}"
    own = f"DVCQG{wire_time(now)[2:]}{token[:3].upper()}"
    reference = {"empty": "", "foreign": own, "returned": due.text("transaction_id")}[partner.portal_reference]
    order = Order(
        key=key_of(partner.code, f"portal-{token[:12]}"),
        partner=partner.code,
        reference=reference,
        amount_vnd=amount_vnd,
        description=due.text("NoiDungThanhToan") or f"THANH TOAN HO SO {due.text('MaHoSo')}",
        init_time=wire_time(now),
        dossier=due.text("MaHoSo"),
        account=due.text("TKThuHuong"),
        opened_at=now,
        expires_at=now + timedelta(seconds=money.profile.page_seconds),
        bill_token=token,
        is_portal=True,
    )
    money.orders.add(order)
    return order


def _replay(money: Money, body: dict[str, Any]) -> Any:
    """Obey {"reference", "number": 0 for the first CONFIRM that was sent}."""
    number = body.get("number", 0)
    try:
        order = money.orders.named(text_of(body, "reference"))
    except KeyError:
        raise ControlError("reference: is not known", 404) from None
    if not isinstance(number, int) or not money.replay(order, number):
        raise ControlError("number: there was no such CONFIRM", 404)
    return {"is_sent": True}


def _refund(money: Money, body: dict[str, Any]) -> Any:
    """Move money back outside the platform, as agencies do (§A.12); the daily file tells it as REFUND."""
    reference, amount = text_of(body, "reference"), body.get("amount_vnd")
    if isinstance(amount, bool) or not isinstance(amount, int):
        raise ControlError("amount_vnd: must be a whole number")
    debit = next((each for each in _debits(money, reference)), None)
    if debit is None:
        raise ControlError("reference: nothing was paid", 404)
    number = money.orders.new_transaction(money.world.clock.now())
    try:
        return money.world.ledger.refund(debit, transaction=number, amount_vnd=amount).as_dict()
    except LedgerError as error:
        raise ControlError(str(error)) from None


def _file(money: Money, call: ControlCall) -> Any:
    """Show the file of ?name=<MaDoiTac>_<yyyyMMdd>.csv as it stands, whatever the hour and the faults."""
    name = read_name(call.query.get("name", ""))
    if name is None or money.partner(name.partner) is None:
        raise ControlError("name: is no file's", 404)
    entries = money.world.ledger.entries(provider=NAME)
    rows = rows_of(entries, name.partner, name.day, money.edits, money.profile.fee_vnd)
    content = write_file(rows)
    digest = write_digest(content, name.data_name).decode()
    return {"rows": rows, "content_base64": base64.b64encode(content).decode(), "digest": digest}


def _edit(money: Money, body: dict[str, Any]) -> Any:
    """Make the file lie: {"reference", "is_dropped": true} or {"reference", "set": {column: text}}."""
    found = _debits(money, text_of(body, "reference"))
    if not found:
        raise ControlError("reference: nothing was paid", 404)
    changes = body.get("set", {})
    try:
        wanted = read_changes(changes if isinstance(changes, dict) else {"set": changes})
    except ValueError as error:
        raise ControlError(str(error)) from None
    for debit in found:
        if body.get("is_dropped") is True:
            money.edits.dropped.add(debit.transaction)
        else:
            money.edits.changes[debit.transaction] = wanted
    return {"transactions": [debit.transaction for debit in found]}


def _debits(money: Money, name: str) -> list[Entry]:
    try:
        order = money.orders.named(name)
    except KeyError:
        return []
    numbers = {payment.transaction for payment in order.payments}
    return [each for each in money.world.ledger.entries(provider=NAME) if each.transaction in numbers]


def _partner(money: Money, body: dict[str, Any]) -> Partner:
    partner = money.partner(text_of(body, "partner", money.profile.partners[0].code))
    if partner is None:
        raise ControlError("partner: is not registered", 404)
    return partner


def _put(money: Money, changes: dict[str, Any]) -> Any:
    try:
        money.profile = money.profile.changed(changes)
    except ProfileError as error:
        raise ControlError(str(error)) from None
    return money.profile.shown()
