"""Settings of the portal tests: one native account and one facade."""

from typing import Any

from adapters.portal.settings import PortalSettings


def native(**changes: Any) -> PortalSettings:
    return PortalSettings.model_validate(
        {
            "base_url": "http://127.0.0.1:8080",
            "destination_code": "VN:GOV:000.00.00.G22:vpcpdvcprovider",
            "unit_code": "H99",
            "username": "demo_province",
            "password": "demo-secret",
            **changes,
        }
    )


def facade(**changes: Any) -> PortalSettings:
    return PortalSettings.model_validate(
        {
            "base_url": "http://127.0.0.1:8080/lgsp",
            "unit_code": "H99",
            "facade": {
                "create_path": "them-moi",
                "update_path": "cap-nhat",
                "steps_path": "tien-trinh",
                **changes.pop("facade", {}),
            },
            **changes,
        }
    )
