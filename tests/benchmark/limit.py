# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same calls and the same writes as the role's, in plain threaded Python: what could be reached without Ansible.

It shares no code with the collection and has none of its care; with anything but a healthy server it stops.
"""

from __future__ import annotations

import json
import os
import secrets
import string
import sys
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import requests
from ansible.parsing.vault import VaultLib, VaultSecret

THREADS = 16
SIGN_IN = {"agenttype": 4, "status": 3, "releasephone": True, "checkInWebm": False}
local = threading.local()


class Gateway:
    """The calls about one agent, over the thread's own connection."""

    def __init__(self, settings: dict[str, Any], agent: dict[str, str]) -> None:
        if not hasattr(local, "session"):
            local.session = requests.Session()
            local.session.verify = settings["ca_path"]
            local.session.trust_env = False
        self.url = f"{settings['gateway_url']}/agentgateway/resource/onlineagent/{agent['agent_id']}"
        self.phone_number = agent["phone_number"]

    def log_in(self, password: str) -> str:
        body = {**SIGN_IN, "password": password, "phonenum": self.phone_number}
        return self._call("PUT", "", json=body).headers["Set-GUID"].split("=")[1]

    def change(self, guid: str, old: str, new: str) -> None:
        body = {"oldPassword": old, "newPassword": new}
        self._call("POST", "/modifyaccountpwdex", json=body, headers={"guid": guid})

    def log_out(self, guid: str) -> None:
        # The change may have ended the session already.
        local.session.delete(f"{self.url}/logout", headers={"guid": guid}, timeout=60)

    def _call(self, method: str, path: str, **content: Any) -> requests.Response:
        answer: requests.Response = local.session.request(method, self.url + path, timeout=60, **content)
        if answer.json()["retcode"] != "0":
            raise SystemExit(f"{method} {path}: {answer.json()['retcode']}")
        return answer


def write(path: Path, passwords: dict[str, str]) -> None:
    """Replace a file durably."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(passwords, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(temporary, path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def rotate(settings: dict[str, Any], vault: VaultLib, agent: dict[str, str]) -> None:
    gateway = Gateway(settings, agent)
    path = Path(settings["folder"]) / f"{agent['agent_id']}.json"
    passwords = json.loads(path.read_text(encoding="utf-8"))
    old = vault.decrypt(passwords["current"]).decode()
    write(path, {**passwords, "booked": "log in"})
    guid = gateway.log_in(old)
    new = "-".join(secrets.choice(string.ascii_letters) for _number in range(12)) + "@7qX"
    passwords["staged"] = vault.encrypt(new).decode()
    write(path, passwords)
    gateway.change(guid, old, new)
    gateway.log_out(guid)
    gateway.log_out(gateway.log_in(new))
    write(path, {"current": passwords["staged"], "previous": passwords["current"]})


def main() -> None:
    settings = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    key = VaultSecret(Path(settings["vault_password_file"]).read_bytes().strip())
    vault = VaultLib([("default", key)])
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(rotate, settings, vault, agent) for agent in settings["agents"]]:
            done.result()


if __name__ == "__main__":
    main()
