# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bare client of the simulated IDaaS, for the simulator's own tests."""

from __future__ import annotations

import json
from typing import Any

import requests

from .client import Simulator
from .wire import FIRST, SECOND

USER, USER_ID, MOBILE, MAIL = "agent.chen", "20260101-5E16-6B30", "13912345678", "chen.wei@example.com"

PERSON = {"user_id": USER_ID, "mobile": MOBILE, "mail": MAIL, "pinyin": "weichen"}

CLIENT, SECRET = "console", "Zt6!secret-of-the-console"

HEADERS = {
    "X-operating-sys-version": "Android 10",
    "X-device-fingerprint": "156aysdna213sc50",
    "X-agent": "tests",
    "X-client-id": "app-1",
    "X-L": "en",
    "Content-Type": "application/json",
}


class Idaas:
    """Sends what it is told to the SDK and tenant interfaces."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.http = requests.Session()

    def call(self, method: str, path: str, body: Any = None, **headers: str | None) -> requests.Response:
        """`X_state_token="..."` sets that header; `None` leaves one out."""
        sent = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = body if body is None or isinstance(body, str) else json.dumps(body)
        return self.http.request(
            method,
            f"{self.simulator.url}/api/v2{path}",
            data=data,
            headers={name: value for name, value in sent.items() if value is not None},
            verify=self.simulator.ca_path,
            timeout=5,
            allow_redirects=False,
        )

    def login(self, password: str = FIRST, name: str = USER, **headers: str | None) -> requests.Response:
        return self.call("POST", "/sdk/login", {"user_name": name, "password": password}, **headers)

    def state_token(self) -> str:
        return str(self.login().json()["state_token"])

    def id_token(self, password: str = FIRST) -> str:
        return str(self.login(password).json()["id_token"])

    def update(
        self, state: str | None, old: Any = FIRST, new: Any = SECOND, **headers: str | None
    ) -> requests.Response:
        body = {"old_password": old, "new_password": new}
        return self.call("POST", "/sdk/pwd/update", body, X_state_token=state, **headers)

    def skip(self, state: str | None) -> requests.Response:
        return self.call("GET", "/sdk/pwd/skip-update", X_state_token=state)

    def check_exist(self, token: str | None) -> requests.Response:
        return self.call("GET", "/sdk/pwd/check-exist", Authorization=token and f"Bearer {token}")

    def change(self, token: str | None, old: Any = FIRST, new: Any = SECOND) -> requests.Response:
        body = {"old_password": old, "new_password": new}
        sent = {name: value for name, value in body.items() if value is not None}
        return self.call("POST", "/sdk/pwd/change", sent, Authorization=token and f"Bearer {token}")

    def tenant_token(self, client: str = CLIENT, secret: str = SECRET, **fields: Any) -> requests.Response:
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, **fields}
        url = f"{self.simulator.url}/api/v2/tenant/token"
        return self.http.post(url, data=form, verify=self.simulator.ca_path, timeout=5)

    def access_token(self) -> str:
        return str(self.tenant_token().json()["access_token"])

    def reset(self, token: str | None, user_id: str = USER_ID, suffix: str = "", **body: Any) -> requests.Response:
        path = f"/tenant/users/{user_id}/change-password{suffix}"
        return self.call("PUT", path, body, Authorization=token and f"Bearer {token}")

    def account(self) -> dict[str, Any]:
        return self.simulator.account("idaas", USER)

    def set_status(self, name: str) -> None:
        """Make the user's logins answer something else than SUCCESS."""
        self.simulator.put_account("idaas", USER, password=FIRST, attributes={**PERSON, "status": name})

    def configure(self, **options: Any) -> None:
        self.simulator.options(idaas=options)


def code(response: requests.Response) -> str:
    """Return the code of a refusal, without the prefix that all have."""
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/json"
    found = response.json()
    assert set(found) == {"error_code", "error_msg"}
    return str(found["error_code"]).removeprefix("IDAAS.")


def text(response: requests.Response) -> str:
    """Return the sentence of a refusal."""
    return str(response.json()["error_msg"])
