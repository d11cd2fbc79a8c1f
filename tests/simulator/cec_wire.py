# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bare client of the simulated CEC services, for the simulator's own tests."""

from __future__ import annotations

from typing import Any

import requests

from .cec import REST, TOKEN_PATH
from .client import Simulator

APP_KEY, APP_SECRET = "a1b2c3d4e5f6", "S3cret-of_the.app"
ACCOUNT, PHONE = "zhang.wei", "88801001"
# Passwords that every rule accepts, of the business account and of its phone.
FIRST, SECOND, THIRD = "Kx7@mQ2vLp", "Rw4+tZ9sBn", "Hq5_dV8jGc"
PHONE_FIRST, PHONE_SECOND = "Tf6~pL3xWd", "Nb8^gC2rYk"

UPDATE = REST + "/agentAccount/update"
UPDATE_PHONE = REST + "/sipPhone/updateSipPhonePassword"
LOGIN_CHECK = "/apiaccess/CC-Management/v1/queryAgentLoginParams"

SUCCESS = {"resultCode": "0", "resultMessage": "success"}
EDITED = {"resultCode": "0", "resultMessage": "edit success"}


def accounts() -> list[dict[str, object]]:
    """One tenant, one business account and its phone."""
    return [
        {"service": "cec_app", "id": APP_KEY, "password": APP_SECRET},
        {"service": "cec_account", "id": ACCOUNT, "password": FIRST, "attributes": {"work_no": "291"}},
        {"service": "cec_sip", "id": PHONE, "password": PHONE_FIRST, "attributes": {"account": ACCOUNT}},
    ]


class CecWire:
    """Sends exactly what it is told; a token is fetched once, and only if a call needs one."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.http = requests.Session()
        self._token = ""

    def send(self, path: str, json: Any = None, headers: dict[str, str] | None = None, **options: Any) -> Any:
        options = {"method": "POST", "timeout": 5, "allow_redirects": False, **options}
        # Given per call: REQUESTS_CA_BUNDLE in the environment would override Session.verify.
        url, verify = self.simulator.url + path, self.simulator.ca_path
        return self.http.request(url=url, json=json, headers=headers, verify=verify, **options)

    def issue(self, app_key: Any = APP_KEY, app_secret: Any = APP_SECRET, **headers: str) -> Any:
        return self.send(TOKEN_PATH, {"app_key": app_key, "app_secret": app_secret}, headers)

    def token(self) -> str:
        return str(self.issue().json()["AccessToken"])

    def headers(self, token: str | None = None) -> dict[str, str]:
        if token is None:
            token = self._token = self._token or self.token()
        return {"Authorization": f"Bearer {token}", "x-app-key": APP_KEY}

    def call(self, path: str, json: Any, token: str | None = None, **options: Any) -> Any:
        return self.send(path, json, self.headers(token), **options)

    def change(self, old: Any = FIRST, new: Any = SECOND, account: Any = ACCOUNT, **options: Any) -> Any:
        body = {"userAccount": account, "oldPassWord": old, "newPassWord": new}
        return self.call(UPDATE, body, **options)

    def change_phone(
        self, password: Any = FIRST, new: Any = PHONE_SECOND, account: Any = ACCOUNT, **options: Any
    ) -> Any:
        body = {"userAccount": account, "accountPwd": password, "newPhonePwd": new}
        return self.call(UPDATE_PHONE, body, **options)

    def check(self, password: Any = FIRST, account: Any = ACCOUNT, path: str = LOGIN_CHECK, **options: Any) -> Any:
        return self.call(path, {"account": account, "password": password}, **options)


def business(simulator: Simulator) -> dict[str, Any]:
    """Return the business account as the simulator has it."""
    return simulator.account("cec_account", ACCOUNT)


def phone(simulator: Simulator) -> dict[str, Any]:
    """Return the SIP phone as the simulator has it."""
    return simulator.account("cec_sip", PHONE)


def code_of(reply: Any) -> str:
    """Return the code of an answer, whichever of the two names it has."""
    answer = reply.json()
    return str(answer.get("resultCode") or answer["returnCode"])
