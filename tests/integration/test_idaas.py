# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IDaaS users, and administrators who repair. Each person is in another situation, and all of them share a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.client import Simulator
from support.controller import Controller, Credential, ago, new_password

RETRY = ("-e", "rotate_retry_diverged=true")
LATER = ("-e", '{"rotate_lock_window_minutes": 0.01}')
CLIENT, CLIENT_SECRET = "admin-app", "tenant-secret-Marker7"
REFUSED_ONCE = [
    {"at": ago(hours=1), "slot": "current", "outcome": "wrong_password", "run": "earlier", "is_answered": True}
]
"""The ledger of a diverged credential."""


def limit(*credentials: Credential) -> tuple[str, str]:
    return "--limit", ",".join(credential.host for credential in credentials)


def add_users(
    controller: Controller, cases: Mapping[str, tuple[Mapping[str, Any], Mapping[str, Any]]], first: int = 1001
) -> dict[str, Credential]:
    """A person for each case: variables of the host, and settings of the account."""
    return {
        name: controller.add_person(first + number, ["idaas"], variables=variables, idaas=account)["idaas"]
        for number, (name, (variables, account)) in enumerate(cases.items())
    }


def change_by_hand(simulator: Simulator, *users: Credential) -> None:
    for user in users:
        simulator.act("password", user.kind, user.number, password=new_password())


def test_users_of_every_sort(controller: Controller, simulator: Simulator) -> None:
    """The tenant's rules are none that the usual passwords would follow; who must change is told, the others are not."""
    simulator.options(
        idaas={
            "policy_min_length": 10,
            "policy_max_length": 12,
            "policy_regex": r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[!#%])[a-zA-Z0-9!#%]+$",
            "clients": ["client-1"],
            "tenants": ["tenant-1"],
        }
    )
    told = {"rotate_policies": {"idaas": {"max_length": 12, "generated_specials": "!#%"}}}

    def status(word: str) -> dict[str, Any]:
        return {"attributes": {"status": word}}

    by_mobile = {"rotate_idaas_login_by": "mobile", "rotate_idaas_user_name": "+8613800001006", **told}
    by_mail = {"rotate_idaas_login_by": "identifier", "rotate_idaas_user_name": "li.na@example.com", **told}
    cases: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
        # name: variables, account, the call that changes the password or "", words of the message otherwise
        "usual": (told, {}, "idaas_change", ""),
        "expiring": ({}, status("PASSWORD_WARN"), "idaas_update", ""),
        "expired": ({"rotate_idaas_language": "zh"}, status("PASSWORD_EXPIRED"), "idaas_update", ""),
        "first login": ({}, {"initial": True}, "idaas_update", ""),
        "overdue": ({}, {"valid_days": 90, "age_days": 91}, "idaas_update", ""),
        "by mobile": (by_mobile, {"attributes": {"mobile": "+8613800001006"}}, "idaas_change", ""),
        "by mail": (by_mail, {"attributes": {"mail": "li.na@example.com"}}, "idaas_change", ""),
        "not told": ({}, {}, "", "PWD.0007"),
        "locked": (told, {}, "", "the account is locked; nothing is tried before"),
        "second factor": (told, status("MFA_AUTH"), "", "the user needs a second factor"),
        "denied": (told, status("ACCESS_DENIED"), "", "denies this user the application"),
        "client": ({"rotate_idaas_client_id": "client-2"}, {}, "", "does not know this application"),
        "no tenant": ({"rotate_idaas_tenant_id": "tenant-2"}, {}, "", "check client_id, tenant_id and idaas_url"),
    }
    users = add_users(controller, {name: (variables, account) for name, (variables, account, *_more) in cases.items()})
    controller.group_vars["rotate_idaas_tenant_id"] = "tenant-1"
    controller.fill()
    simulator.act("lock", "idaas", users["locked"].number)
    run = controller.rotate()
    assert run.failed == {users[name].host for name, (_v, _a, call, _w) in cases.items() if not call}, run.output
    for name, (_variables, _account, operation, words) in cases.items():
        user = users[name]
        live, stored = controller.live(user), controller.stored(user.host, "idaas")
        asked = run.operations(user.number)
        assert live["failures"] == 0, name
        if operation:
            assert controller.is_rotated(user), name
            assert operation in asked, name
            assert not {"idaas_change", "idaas_update"} & (set(asked) - {operation}), name
            assert live["initial"] is False, name
            continue
        assert words in run.message(user.host), name
        assert live["changes"] == 0, name
        assert stored["staged"] is None, name
        # A wrong client is told before anybody looks at the user.
        assert asked.count("idaas_login") == (2 if name == "not told" else 1), name

    # One whose change went wrong gets a second factor afterwards: the candidate is kept.
    factor = users["second factor"]
    simulator.put_account("idaas", factor.number, password=factor.password, valid_days=0)
    simulator.fault("drop_before", account=factor.number, operation="idaas_change")
    controller.rotate(*limit(factor))
    simulator.put_account(
        "idaas", factor.number, password=factor.password, valid_days=0, attributes=status("MFA_AUTH")["attributes"]
    )
    again = controller.rotate(*limit(factor, users["locked"], users["denied"]))
    assert again.operations(users["locked"].number) == []
    assert "the candidate is kept" in again.message(factor.host)
    assert controller.stored(factor.host, "idaas")["staged"]
    assert [controller.live(users[name])["changes"] for name in ("second factor", "denied", "locked")] == [0, 0, 0]
    controller.fill(factor)  # as if it had been enrolled anew
    verified = controller.verify(*limit(factor, users["denied"], users["expired"]))
    assert verified.outcome(factor.host, "idaas") == "second_factor"
    assert "the password works, but the user needs a second factor" in verified.message(factor.host)
    assert controller.stored(factor.host, "idaas")["ledger"] == [], "it is asked for after a right password"
    assert verified.failed == {factor.host, users["denied"].host}
    controller.judge(but=[users["locked"]])


def test_few_attempts_and_locks(controller: Controller, simulator: Simulator) -> None:
    """What the server says of attempts and times is obeyed, in both languages."""
    simulator.options(idaas={"lock_threshold": 3, "lock_seconds": 180})
    chinese = {"rotate_idaas_language": "zh"}
    cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "few": ({}, {}),
        "few, in Chinese": (chinese, {}),
        "locked": ({}, {}),
        "locked, in Chinese": (chinese, {}),
    }
    users = add_users(controller, cases)
    controller.fill()
    few = [user for name, user in users.items() if name.startswith("few")]
    locked = [user for name, user in users.items() if name.startswith("locked")]
    change_by_hand(simulator, *few)
    for user in locked:
        simulator.act("lock", "idaas", user.number)
    run = controller.rotate()
    assert run.failed == controller.hosts
    for user in few:
        assert run.outcome(user.host, "idaas") == "few_attempts"
        assert "the server leaves 2 attempts" in run.message(user.host)
    for user in locked:
        assert "nothing is tried before" in run.message(user.host)
        (attempt,) = controller.stored(user.host, "idaas")["ledger"]
        assert ago(seconds=-100) < attempt["unlocks_at"] < ago(seconds=-185), "about three minutes from now"
    for again in (controller.verify(*limit(*few)), controller.rotate(*LATER)):
        assert again.calls == []
    assert {again.outcome(user.host, "idaas") for user in locked} == {"cooling"}, "the window does not shorten a lock"

    for user in few:
        simulator.act("password", "idaas", user.number, password=user.password)
        simulator.act("unlock", "idaas", user.number)
    simulator.advance(181)
    for user in locked:
        controller.edit(user, ledger=lambda ledger: [{**attempt, "unlocks_at": ago(seconds=1)} for attempt in ledger])
    run = controller.rotate(*RETRY)
    assert run.failed == set(), run.output
    assert all(controller.is_rotated(user) for user in users.values())
    assert [controller.live(user)["failures"] for user in users.values()] == [1, 1, 0, 0]
    controller.judge(but=locked)


# What the change is answered with: what it comes to, words of the message.
CODES: dict[str, tuple[str, str]] = {
    "PWD.0001": ("password_rejected", "was used before"),
    "PWD.0002": ("password_rejected", "user name backwards"),
    "PWD.0003": ("password_rejected", "give them as identifiers"),
    "PWD.0004": ("password_rejected", "raise min_classes"),
    "PWD.0005": ("password_rejected", "list of weak passwords"),
    "PWD.0006": ("password_rejected", "repeats a character"),
    "PWD.0007": ("password_rejected", "set its length in the policy"),
    "PARAM.0014": ("rotated", ""),
    "PARAM.0016": ("rotated", ""),
    "PARAM.0018": ("access_denied", "got no old password"),
    "PARAM.0020": ("password_rejected", "equals the old one"),
    "LOGIN.0001": ("locked", "the account is locked; nothing is tried before"),
    "LOGIN.0002": ("diverged", "neither the current nor the staged password works"),
    "COMMON.0001": ("wrong_password", "verify: the IDaaS says that the user or the password is wrong"),
}


def test_every_code_that_answers_a_change(controller: Controller, simulator: Simulator) -> None:
    """Half of the users change with the id token and half with the state token; in the end all of them are rotated.

    No refusal is believed: a login finds out which password is in force. A lost session is opened again at once. That
    the old password is wrong counts like a login that says so, and then only the new one is tried, as it is first where
    the answer is none that can be understood. Where the account is locked nothing can be found out for now.
    """
    users: dict[str, Credential] = {}
    changes: dict[str, str] = {}
    for number, code in enumerate(CODES):
        forced = number % 2 == 1 if code != "PARAM.0014" else True
        status = {"attributes": {"status": "PASSWORD_EXPIRED"}} if forced and code != "PARAM.0016" else {}
        users[code] = controller.add_person(1001 + number, ["idaas"], idaas=status)["idaas"]
        changes[code] = "idaas_update" if status else "idaas_change"
        simulator.fault("retcode", account=users[code].number, operation=changes[code], code=f"IDAAS.SDK.{code}")
    controller.fill()
    run = controller.rotate()
    assert simulator.faults() == []
    rotated = {code for code, (outcome, _words) in CODES.items() if outcome == "rotated"}
    assert run.failed == {user.host for code, user in users.items() if code not in rotated}, run.output
    for code, (outcome, words) in CODES.items():
        user, change = users[code], changes[code]
        said, stored = run.message(user.host), controller.stored(user.host, "idaas")
        assert run.outcome(user.host, "idaas") == outcome, (code, said)
        assert words in said, (code, said)
        found_out = [] if code == "LOGIN.0001" else ["idaas_login"]
        repeated = ["idaas_login", change] if code in rotated else []
        assert run.operations(user.number) == ["idaas_login", change, *repeated, *found_out], code
        assert controller.is_rotated(user) == (code in rotated), code
        if code.startswith(("LOGIN", "COMMON")):
            assert (stored["current"], stored["previous"], bool(stored["staged"])) == (user.password, None, True), code
        elif code not in rotated:
            assert (stored["current"], stored["staged"], stored["ledger"]) == (user.password, None, []), code
            assert stored["previous"], f"{code}: the candidate was sent"
            assert "the current password still works" in said, code
    controller.judge()
    put_aside = {code: controller.stored(user.host, "idaas")["previous"] for code, user in users.items()}
    controller.edit(users["LOGIN.0002"], ledger=[])  # as if it had not been said of a password that works
    run = controller.rotate("-e", "rotate_retry_diverged=true")
    assert run.failed == set(), run.output
    for code, user in users.items():
        assert controller.is_rotated(user), code
        assert controller.live(user)["changes"] == 1, code
        assert put_aside[code] != controller.stored(user.host, "idaas")["current"], f"{code}: another candidate"
    controller.judge()


def test_a_user_is_repaired(controller: Controller, simulator: Simulator) -> None:
    simulator.put_account("idaas_client", CLIENT, password=CLIENT_SECRET)
    controller.group_vars |= {
        "rotate_idaas_tenant_client_id": CLIENT,
        "rotate_idaas_tenant_client_secret": CLIENT_SECRET,
    }
    cases: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "usual": ({}, {}),
        "answer lost": ({}, {}),
        "both answers lost": ({}, {}),
        "not carried out": ({}, {}),
        "refused": ({}, {}),
        "healthy": ({}, {}),
        "wrong secret": ({"rotate_idaas_tenant_client_secret": "not-the-secret"}, {}),
        "wrong secret too": ({"rotate_idaas_tenant_client_secret": "not-the-secret"}, {}),
        "unknown": ({"rotate_idaas_user_id": "nobody"}, {}),
    }
    users = add_users(controller, cases)
    controller.fill()
    diverged = {name: user for name, user in users.items() if name != "healthy"}
    change_by_hand(simulator, *diverged.values())
    controller.fill(*diverged.values(), ledger=REFUSED_ONCE)
    plain = controller.rotate(*limit(users["usual"]))
    assert (plain.outcome(users["usual"].host, "idaas"), plain.calls) == ("diverged", [])

    for name, operation, fault in (
        ("answer lost", "idaas_reset", {"kind": "drop_after"}),
        ("both answers lost", "idaas_reset", {"kind": "drop_after"}),
        ("both answers lost", "idaas_login", {"kind": "drop_before"}),
        ("not carried out", "idaas_reset", {"kind": "drop_before"}),
        ("refused", "idaas_reset", {"kind": "retcode", "code": "IDAAS.TENANT.PWD.0001"}),
    ):
        simulator.fault(account=users[name].number, operation=operation, **fault)
    repair = ("-e", '{"rotate_repair": ["idaas"]}')
    run = controller.rotate(*repair)
    done = {"usual", "answer lost", "healthy"}
    assert run.failed == {user.host for name, user in users.items() if name not in done}, run.output
    assert {name for name, user in users.items() if controller.is_rotated(user)} == done
    assert run.operations(users["healthy"].number).count("idaas_reset") == 0
    assert [controller.live(users[name])["resets"] for name in ("usual", "answer lost", "both answers lost")] == [
        1,
        1,
        1,
    ]
    assert [controller.live(users[name])["initial"] for name in done] == [False] * 3, "nobody must change it again"
    assert len(run.calls_of(CLIENT, "idaas_tenant_token")) == 2, "one for each secret, and none for a denied one again"
    for name, words in (
        ("wrong secret", "refused the tenant administrator (HTTP 401)"),
        ("wrong secret too", "there is no tenant token"),
        ("refused", "repair: password_rejected"),
        ("unknown", "repair: access_denied"),
    ):
        user = users[name]
        assert words in run.message(user.host), name
        assert controller.stored(user.host, "idaas")["current"] == user.password, name
        assert controller.live(user)["resets"] == 0, name
    said = {name: run.message(users[name].host) for name in ("refused", "unknown")}

    for name in ("wrong secret", "wrong secret too", "unknown"):
        for variable in ("rotate_idaas_tenant_client_secret", "rotate_idaas_user_id"):
            controller.host_vars[users[name].host].pop(variable, None)
        number = users[name].number.removeprefix("zhang.wei")
        controller.host_vars[users[name].host]["rotate_idaas_user_id"] = f"id-{number}"
    run = controller.rotate(*repair)
    lost = users["both answers lost"]
    assert run.operations(lost.number) == ["idaas_reset"], "the same candidate again, and no third login unasked"
    assert (run.failed, run.outcome(lost.host, "idaas")) == ({lost.host}, "held"), run.output
    run = controller.rotate(*repair, "-e", "rotate_retry_diverged=true", "--limit", lost.host)
    assert run.operations(lost.number) == ["idaas_reset", "idaas_login"], "a person has asked for it"
    assert run.failed == set(), run.output
    assert {name for name, user in users.items() if controller.is_rotated(user)} == set(users), run.output
    assert {controller.live(user)["max_consecutive_failures"] <= 2 for user in users.values()} == {True}
    controller.judge()
    for name, words in (("refused", "was used before"), ("unknown", "check user_id")):
        assert words in said[name], "what the login says that finds out what became of it is not all there is to say"


def test_agents_are_repaired(controller: Controller, simulator: Simulator) -> None:
    """By the configuration administrator, whose account is not put at risk by many agents at once."""
    right, mistaken = controller.add_administrator(301), controller.add_administrator(302)
    lost = {1001 + number: controller.add_agent(1001 + number) for number in range(8)}
    agents = list(lost.values())
    for agent in agents:
        controller.host_vars[agent.host]["rotate_repair_cc_host"] = (right if agent in agents[:2] else mistaken).host
    controller.fill()
    controller.fill(*agents, ledger=REFUSED_ONCE)
    change_by_hand(simulator, *agents)
    simulator.act("password", "cc_config", mistaken.number, password=new_password())
    controller.environment["ANSIBLE_FORKS"] = "8"
    repair = ("-e", '{"rotate_repair": ["cc_agent"]}', "--limit", "agent-*")
    run = controller.rotate(*repair)
    temporary = {agent: controller.stored(agent.host) for agent in agents[:2]}
    for agent, stored in temporary.items():
        assert stored["staged"] is None, run.output
        assert controller.live(agent)["password"] == stored["current"] != agent.password
        assert (len(stored["current"]), stored["rotated_at"]) == (8, None)
        assert "a temporary password is in force" in run.said(agent.host)
    assert controller.live(mistaken)["failures"] == 1, "the administrator's account"
    assert controller.live(mistaken)["times_locked"] == 0
    again = controller.rotate(*repair)
    assert again.calls_of(mistaken.number) == []
    assert {again.outcome(agent.host) for agent in agents[2:]} == {"blocked"}
    assert all(controller.live(agent)["failures"] == 0 for agent in agents[2:]), "nothing that was not set is tried"
    assert all(controller.live(agent)["resets"] == 0 for agent in agents[2:])
    for agent, stored in temporary.items():
        final = controller.stored(agent.host)
        assert controller.is_rotated(agent)
        assert final["previous"] == stored["current"]
        assert len(final["current"]) == 20
        assert final["rotated_at"]
    controller.judge(but=[mistaken, *agents[2:]])
