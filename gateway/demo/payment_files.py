"""The simulated payment providers of the demonstration, and the gateway's settings for them."""

import json
import secrets
import sys

from gateway.demo.stack import Child, Files

RETURN_TO = "https://cong.tinh.example/thanh-toan"
# Provider of the gateway, name of its simulator.
PROVIDERS = {"platform": "pp", "paygov": "paygov", "keypay": "keypay", "keypay-v3": "keypay"}
PARTNER = "H99-DEMO"
_CLIENT = "H99_DEMO"
_MERCHANT = "H99DEMO"
_UNIT = "000.00.99.H99"
SUPPLIER = "viettel"
"""Who numbers and signs receipts of levies, and the name of its simulator; charges are numbered by the gateway."""
_TAX_CODE = "9990000001"
_LEVY_FORM = "02BLP"


class PaymentFiles:
    """Makes the simulators' process and the gateway's settings; secrets are of this run."""

    def __init__(self, files: Files, port: int, *, return_to: str = RETURN_TO, year: int = 0) -> None:
        """`return_to` is where payers' browsers may be sent back to; `year` is that of the series of receipts, 0 for
        none."""
        self._year = year
        self._files = files
        self._return_to = return_to
        self._callbacks = f"http://127.0.0.1:{port}/callbacks/payments"
        self._public = f"http://127.0.0.1:{port}"
        self._secret = secrets.token_urlsafe(24)
        self._lookup_token = secrets.token_urlsafe(24)
        self.token = secrets.token_hex(16)

    def child(self) -> Child:
        """Prepare the process of all simulated providers."""
        notify = {name: f"{self._callbacks}/{name}" for name in PROVIDERS}
        settings = {
            "pp": {
                "partners": [
                    {
                        "code": PARTNER,
                        "secrets": [self._secret],
                        "notify_url": notify["platform"],
                        "return_url": f"{notify['platform']}/return",
                        "lookup_url": f"{notify['platform']}/lookup",
                        "lookup_token": self._lookup_token,
                        "portal_reference": "foreign",
                    }
                ],
                "time_scale": 0.01,
            },
            "paygov": {
                "partners": [
                    {
                        "code": PARTNER,
                        "access_key": PARTNER,
                        "secret_key": self._secret,
                        "service_code": "DEMO",
                        "notify_url": notify["paygov"],
                    }
                ]
            },
            "keypay": {
                "merchants": [{"code": _MERCHANT, "secret": self._secret, "ipn_url": notify["keypay"]}],
                "clients": [
                    {
                        "code": _CLIENT,
                        "key_1": self._secret,
                        "key_2": self._secret[::-1],
                        "notify_url": notify["keypay-v3"],
                    }
                ],
            },
            "receipts": {
                "viettel": [
                    {
                        "tax_code": _TAX_CODE,
                        "username": _TAX_CODE,
                        "password": self._secret,
                        "templates": [[_LEVY_FORM, self._levy_symbol]],
                    }
                ]
            },
        }
        profile = self._files.folder / "payments.json"
        profile.touch(mode=0o600)
        profile.write_text(json.dumps(settings), encoding="utf-8")
        arguments = [
            *(sys.executable, "-m", "adapters.payment.sandbox", "--profile", str(profile)),
            *("--control-port", "0", "--control-token", self.token),
        ]
        return Child("payment providers", arguments, self._files.folder / "payments.log")

    def settings(self, url: str) -> str:
        """Write the section [payments]."""
        return f"""
[payments]
public_base_url = {json.dumps(self._public)}

[[payments.clients]]
client_id = "one-stop"
returns = [{json.dumps(self._return_to)}]

[[payments.accounts]]
account_number = "9990001234567"
account_name = "KHO BAC NHA NUOC TINH MAU"
bank_code = "VCB"
bank_bin = "970436"
unit_code = "{_UNIT}"
unit_name = "Sở Thử nghiệm"
{self._series()}{self._supplier(url)}{self._providers(url)}"""

    def _series(self) -> str:
        return "".join(
            f"""
[[payments.receipts]]
kind = "{kind}"
unit_code = "{_UNIT}"
form_symbol = "{form}"
receipt_symbol = "{symbol}"
supplier = "{supplier}"
year = {self._year}
collector_name = "Sở Thử nghiệm"
collector_tax_code = "0100000000"
collector_address = "1 Phố Thử, tỉnh Mẫu"
"""
            for kind, form, symbol, supplier in (
                ("charge", "01BLP", f"AB-{self._year % 100:02}E", ""),
                ("levy", _LEVY_FORM, self._levy_symbol, SUPPLIER),
            )
            if self._year
        )

    @property
    def _levy_symbol(self) -> str:
        return f"AC{self._year % 100:02}E"

    def _supplier(self, url: str) -> str:
        base = f"{url}/receipts/viettel"
        return f"""
[[payments.receipt_suppliers]]
kind = "viettel"
name = "{SUPPLIER}"
base_url = "{base}"
login_url = "{base}/auth/login"
username = "{_TAX_CODE}"
password = {{ value = {json.dumps(self._secret)} }}
tax_code = "{_TAX_CODE}"
is_test = true
"""

    def _providers(self, url: str) -> str:
        host = json.dumps(url.removeprefix("http://"))
        app = f'app_name = "SIMAPP", partner_code = "{PARTNER}"'
        secret, reverse = json.dumps(self._secret), json.dumps(self._secret[::-1])
        return f"""
[[payments.providers]]
kind = "platform"
init_url = "{url}/pp/init"
query_url = "{url}/pp/query"
bill_url = "{url}/pp/bill"
page_hosts = [{host}]
bill_hosts = [{host}]
secrets = [{{ secret = {{ value = {secret} }} }}]
lookup = {{ token = {{ value = {json.dumps(self._lookup_token)} }} }}
rules = {{ partner_code = "{PARTNER}", results = {{ "00" = "success", "05" = "not_found" }} }}
is_test = true

[[payments.providers]]
kind = "paygov"
is_enabled = true
base_url = "{url}/paygov"
access = {{ access_key = "{PARTNER}", secret_key = {{ value = {secret} }}, {app} }}
partner_code = "{PARTNER}"
access_key = "{PARTNER}"
secret_key = {{ value = {secret} }}
service_code = "DEMO"
unit_code = "{_UNIT}"
page_hosts = [{host}]
is_test = true

[[payments.providers]]
kind = "keypay_v1"
pay_url = "{url}/keypay/process"
service_url = "{url}/keypay/jsonresources/generic"
merchant_code = "{_MERCHANT}"
keys = [{{ value = {secret} }}]
page_hosts = [{host}]
is_test = true

[[payments.providers]]
kind = "keypay_v3"
client_id = "{_CLIENT}"
sending_key = [{{ value = {secret} }}]
receiving_key = [{{ value = {reverse} }}]
create_url = "{url}/keypay/v3/create"
detail_url = "{url}/keypay/v3/detail"
refund_url = "{url}/keypay/v3/refund"
refund_detail_url = "{url}/keypay/v3/refund/detail"
page_hosts = [{host}]
is_test = true

[[payments.providers]]
kind = "vietqr"

[payments.statement]
account = "SoTaiKhoan"
moment = "ThoiGian"
moment_form = "yyyyMMddHHmmss"
amount = "SoTien"
text = "NoiDung"
bank_reference = "SoThamChieu"
"""
