# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A bare client of the simulated gateway, for the simulator's own tests: it hides nothing and helps with nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import requests

from .client import Simulator
from .gateway import PREFIX

# Passwords that every rule accepts for the accounts used in the tests.
FIRST = "Kx7@mQ2vLp"
SECOND = "Rw4+tZ9sBn"
ADMIN = "Hq5_dV8jGc"


@dataclass
class Reply:
    """An answer as it came over the wire."""

    response: Any
    guid: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def retcode(self) -> str:
        code = self.response.json()["retcode"]
        assert isinstance(code, str)
        return code

    @property
    def result(self) -> Any:
        return self.response.json()["result"]


class Wire:
    """Sends exactly what it is told; cookies and guids are never kept behind the caller's back."""

    def __init__(self, simulator: Simulator) -> None:
        self.simulator = simulator
        self.http = requests.Session()
        self.http.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))

    def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        login: Reply | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> Reply:
        sent = dict(headers or {})
        if login is not None:
            sent.setdefault("Guid", login.guid)
            if login.cookies:
                sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in login.cookies.items()))
        url = self.simulator.url + (path if path.startswith("/agentgateway") else PREFIX + path)
        options = {"timeout": 5, "allow_redirects": False, **options}
        # Given per call: REQUESTS_CA_BUNDLE in the environment would override Session.verify.
        response = self.http.request(method, url, json=json, headers=sent, verify=self.simulator.ca_path, **options)
        guid = response.headers.get("Set-GUID", "").partition("=")[2]
        cookies = {
            name: value
            for line in response.raw.headers.getlist("Set-Cookie")
            for name, _equals, value in [line.partition(";")[0].partition("=")]
        }
        return Reply(response, guid, cookies)

    def sign_in(self, agent: str = "291", password: str = FIRST, suffix: str = "", **fields: Any) -> Reply:
        body = {"password": password, "phonenum": f"40{agent}", "autoanswer": False, "status": 3, **fields}
        wanted = {name: value for name, value in body.items() if value is not None}
        return self.call("PUT", f"/onlineagent/{agent}{suffix}", wanted)

    def sign_out(self, login: Reply, agent: str = "291", suffix: str = "/logout") -> Reply:
        return self.call("DELETE", f"/onlineagent/{agent}{suffix}", login=login)

    def change(self, login: Reply, old: Any = FIRST, new: Any = SECOND, agent: str = "291", **options: Any) -> Reply:
        body = {"oldPassword": old, "newPassword": new}
        return self.call("POST", f"/onlineagent/{agent}/modifyaccountpwdex", body, login, **options)

    def poll(self, login: Reply, agent: str = "291") -> Reply:
        return self.call("GET", f"/agentevent/{agent}", login=login)

    def config_login(self, number: Any = 100001, password: str = ADMIN) -> Reply:
        reply = self.call("POST", "/config/login", {"agentId": number, "password": password})
        reply.guid = reply.response.headers.get("Guid", "")
        return reply

    def config_change(self, login: Reply, old: str = ADMIN, new: str = SECOND, again: str | None = None) -> Reply:
        body = {"oldPassword": old, "newPassword": new, "newConfirmPwd": new if again is None else again}
        return self.call("PUT", "/config/vdn/resetConfigAdminPwd", body, login)
