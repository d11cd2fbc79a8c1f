# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Business accounts and their SIP phones. Each person is in another situation, and all of them share a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.client import Simulator
from support.controller import APP_KEY, Controller, Credential, Run, ago, new_password, until

BOTH = ("cec_account", "cec_sip")
PHONE_ONLY = {"rotate_credentials": ["cec_sip"]}
LATER = ("-e", '{"rotate_lock_window_minutes": 0.01}')
"""The half hour in which wrong logins are counted is over."""

ALWAYS = ("-e", "rotate_when=always")

Person = dict[str, Credential]

CHANGE_FAULTS: dict[str, dict[str, Any]] = {
    "drop_before": {"kind": "drop_before"},
    "drop_after": {"kind": "drop_after"},
    "timeout_before": {"kind": "timeout_before"},
    "timeout_after": {"kind": "timeout_after"},
    "bad gateway": {"kind": "status", "status": 502},
    "bad gateway, applied": {"kind": "status", "status": 502, "applied": True},
    "empty, applied": {"kind": "empty", "applied": True},
    "garbled, applied": {"kind": "garbled", "applied": True},
    "html": {"kind": "html"},
    "lie": {"kind": "lie"},
    "late": {"kind": "late", "seconds": 60},
}


def tokens(run: Run, app_key: str = APP_KEY) -> int:
    return len(run.calls_of(app_key, "cec_token"))


def limit(*credentials: Credential) -> tuple[str, str]:
    return "--limit", ",".join(credential.host for credential in credentials)


def without_registrar(controller: Controller) -> None:
    """Where phones are verified is then each host's own setting."""
    del controller.group_vars["rotate_sip_registrar"]


def test_the_account_comes_before_its_phone(controller: Controller, simulator: Simulator) -> None:
    """What fails at the account leaves the phone alone, and the person's other passwords go on.

    A wrong account password costs one failed login, however many runs and kinds want to use it.
    """
    cases: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
        "fine": (BOTH, {}),
        "refused": (BOTH, {}),
        "locked": ((*BOTH, "idaas"), {}),
        "changed by somebody": (("cc_agent", *BOTH), {}),
        "unverified": (BOTH, {}),
        "cooling": (BOTH, {}),
        "phone only": (BOTH, PHONE_ONLY),
        "phone only, changed by somebody": (BOTH, PHONE_ONLY),
        "phone only, not enrolled": (BOTH, PHONE_ONLY),
        "phone only, locked": (BOTH, PHONE_ONLY),
    }
    people = {
        name: controller.add_person(1001 + number, kinds, variables=variables)
        for number, (name, (kinds, variables)) in enumerate(cases.items())
    }
    accounts = {name: person["cec_account"] for name, person in people.items()}
    unknown = accounts["phone only, not enrolled"]
    controller.fill(*(credential for credential in controller.credentials if credential != unknown))
    attempt = {"at": ago(minutes=5), "slot": "current", "outcome": "unknown", "run": "earlier"}
    controller.edit(accounts["cooling"], ledger=[attempt, attempt])
    locked = [accounts[name] for name in people if name.endswith("locked")]
    for account in locked:
        simulator.act("lock", "cec_account", account.number)
    changed = [accounts[name] for name in people if name.endswith("changed by somebody")]
    for account in changed:
        simulator.act("password", "cec_account", account.number, password=new_password())
    simulator.fault("retcode", account=accounts["refused"].number, operation="account_change")
    simulator.fault("drop_after", account=accounts["unverified"].number, operation="login_check", skip=1)

    run = controller.rotate()
    assert tokens(run) == 1, "for ten people"
    left_alone = {name: person["cec_sip"] for name, person in people.items() if name not in ("fine", "phone only")}
    assert run.failed == {phone.host for name, phone in left_alone.items() if name != "cooling"}, run.output
    assert {name: run.outcome(account.host, "cec_account") for name, account in accounts.items()} == {
        "fine": "rotated",
        "refused": "password_rejected",
        "locked": "locked",
        "changed by somebody": "diverged",
        "unverified": "unknown",
        "cooling": "cooling",
        **dict.fromkeys(name for name in people if name.startswith("phone only")),
    }
    everything = [*people["fine"].values(), people["phone only"]["cec_sip"]]
    everything += [people["locked"]["idaas"], people["changed by somebody"]["cc_agent"]]
    assert all(controller.is_rotated(credential) for credential in everything), run.output
    of_fine = {credential.number for credential in people["fine"].values()}
    asked = [call["operation"] for call in run.calls if call["account"] in of_fine]
    assert asked.index("account_change") < asked.index("sip_register") < asked.index("sip_change")
    said = {name: run.message(phone.host) for name, phone in left_alone.items() if name != "cooling"}
    for name, phone in left_alone.items():
        assert run.calls_of(phone.number, "sip_change") == [], name
        assert controller.stored(phone.host, "cec_sip")["current"] == phone.password, name
    for name in ("refused", "locked", "changed by somebody", "unverified"):
        assert run.recap[accounts[name].host]["failures"] == 1, name
        assert said[name].startswith("cec_account: "), said[name]
        assert "cec_sip: cec_account, whose password this change needs, has failed" in said[name]
    assert run.outcome(accounts["cooling"].host, "cec_sip") == "blocked"
    assert "person-1006, cec_sip: the password of cec_account is needed and cannot be used: logins failed" in run.output
    assert "is not enrolled" in said["phone only, not enrolled"]
    assert "the business account or its password is wrong" in said["phone only, changed by somebody"]

    hopeless = [*changed, *locked]
    without_registrar(controller)  # where the CEC is asked, a mere verification needs the account as well
    for again in (controller.rotate(*ALWAYS, *limit(*hopeless)), controller.verify(*limit(*changed))):
        assert [call for call in again.calls if call["service"].startswith("cec_")] == []
    last = controller.rotate(
        *LATER, *limit(*changed[:1], *(accounts[name] for name in ("refused", "unverified", "cooling")))
    )
    assert last.failed == {changed[0].host}, last.output
    for name in ("refused", "unverified", "cooling"):
        assert all(controller.is_rotated(credential) for credential in people[name].values()), name
    assert [controller.live(account)["failures"] for account in changed] == [1, 1], "one failed login in four runs"
    assert [controller.live(account)["refused_while_locked"] for account in locked] == [1, 1]
    controller.judge(but=hopeless)
    assert "the business account is locked" in said["phone only, locked"]


def test_the_change_goes_wrong(controller: Controller, simulator: Simulator) -> None:
    """Whatever became of the answer, running again ends it. A phone's lost password is replaced in the same way.

    Where two logins have failed, a third one is up to a person, however much time goes by.
    """
    controller.group_vars["rotate_cec_timeout"] = 1
    faulty: dict[tuple[str, str], Credential] = {}
    for number, name in enumerate(CHANGE_FAULTS):
        account = controller.add_person(1001 + number, ["cec_account"])["cec_account"]
        phone = controller.add_person(1101 + number, BOTH, variables=PHONE_ONLY)["cec_sip"]
        simulator.fault(account=account.number, operation="account_change", **CHANGE_FAULTS[name])
        simulator.fault(account=phone.number, operation="sip_change", **CHANGE_FAULTS[name])
        faulty |= {("cec_account", name): account, ("cec_sip", name): phone}
    lost = [faulty["cec_sip", name] for name in ("drop_after", "timeout_after")]
    for phone in lost:
        simulator.act("password", "cec_sip", phone.number, password=new_password())
    controller.fill()
    run = controller.rotate()
    assert simulator.faults() == []
    controller.judge()
    applied = [
        name for name, fault in CHANGE_FAULTS.items() if fault.get("applied") or fault["kind"].endswith("_after")
    ]
    rest = {key: credential for key, credential in faulty.items() if key[1] not in applied}
    assert run.failed == {credential.host for credential in rest.values()}, run.output
    for key, credential in faulty.items():
        assert controller.is_rotated(credential) == (key not in rest), key
    candidates = {
        key: controller.stored(credential.host, credential.kind)["staged"] for key, credential in rest.items()
    }

    # The late ones take effect now, after they have been refused.
    simulator.advance(70)
    run = controller.rotate(*limit(*rest.values()))
    # A phone's password cannot diverge, since the account's replaces it; but its verification is a login as well.
    waiting = {
        faulty["cec_account", "late"]: "diverged",
        faulty["cec_sip", "late"]: "held",
    }
    assert run.failed == {credential.host for credential in waiting}, run.output
    for _attempt in range(2):
        assert {credential: run.outcome(credential.host, credential.kind) for credential in waiting} == waiting
        assert not any(controller.is_rotated(credential) for credential in waiting)
        run = controller.rotate(*LATER, *limit(*waiting))
        assert [call for call in run.calls if call["account"] != APP_KEY] == [], "time alone is no reason to go on"
    run = controller.rotate(*limit(*waiting), "-e", "rotate_retry_diverged=true")
    assert run.failed == set(), run.output
    for key, credential in faulty.items():
        assert controller.is_rotated(credential), key
        # A phone's candidate is sent again, since its change needs no password that was refused.
        assert controller.live(credential)["changes"] == (2 if key == ("cec_sip", "late") else 1), key
    for key, credential in rest.items():
        assert candidates[key] == controller.stored(credential.host, credential.kind)["current"], key
    controller.judge()


def test_a_lost_phone_whose_change_is_not_carried_out(controller: Controller, simulator: Simulator) -> None:
    """Two logins have failed, with the lost password and in the verification. A person's word sends the candidate again.

    The account's password replaces a phone's, so neither of the two that were refused is tried another time.
    """
    phone = controller.add_person(1001, BOTH, variables=PHONE_ONLY)["cec_sip"]
    controller.fill()
    simulator.act("password", "cec_sip", phone.number, password=new_password())
    simulator.fault("lie", account=phone.number, operation="sip_change")
    for outcome in ("wrong_password", "held", "held"):
        run = controller.rotate(*LATER)
        assert run.outcome(phone.host, "cec_sip") == outcome, run.output
        assert controller.live(phone)["failures"] == 2
    candidate = controller.stored(phone.host, "cec_sip")["staged"]
    run = controller.rotate("-e", "rotate_retry_diverged=true")
    assert run.failed == set(), run.output
    assert controller.is_rotated(phone)
    assert controller.stored(phone.host, "cec_sip")["current"] == candidate
    assert controller.live(phone)["failures"] == 2


def test_one_change_of_an_account_in_24_hours(controller: Controller, simulator: Simulator) -> None:
    """What the store knows is waited for without a request. What it cannot know, the CEC says, and nothing is lost."""
    by_role, by_hand, other_tenant, unknown = (
        controller.add_person(
            1001 + number, ["cec_account"], cec_account={"age_days": 0.125 if name != "other tenant" else 0}
        )["cec_account"]
        for number, name in enumerate(("by role", "by hand", "other tenant", "unknown"))
    )
    simulator.put_account("cec_account", unknown.number, password=unknown.password)
    controller.host_vars[other_tenant.host]["rotate_cec_account_min_age_hours"] = 2
    controller.fill(rotated_at=ago(hours=3))
    controller.edit(by_hand, rotated_at=None)
    controller.edit(unknown, rotated_at=None)

    run = controller.rotate(*ALWAYS)
    assert {host: run.outcome(host, "cec_account") for host in run.recap} == {
        by_role.host: "too_early",
        by_hand.host: "access_denied",
        other_tenant.host: "rotated",
        unknown.host: "rotated",
    }, run.output
    assert run.calls_of(by_role.number) == []
    message = run.said(by_role.host, "cec_account")
    assert "one change in 24 hours" in message
    assert ago(hours=-21)[:10] in message or ago(hours=-21, minutes=1)[:10] in message
    assert run.failed == {by_hand.host}
    assert "within the last 24 hours" in run.message(by_hand.host)
    assert controller.live(by_hand)["password"] == controller.stored(by_hand.host, "cec_account")["current"]

    run = controller.rotate(*ALWAYS)
    assert {run.outcome(account.host, "cec_account") for account in (by_role, other_tenant, unknown)} == {"too_early"}
    assert {call["account"] for call in run.calls} <= {by_hand.number, APP_KEY}
    assert run.outcome(by_hand.host, "cec_account") == "access_denied"
    assert controller.live(by_hand)["failures"] == 0, (
        "the current password is tried, which the refusal has left in force"
    )

    simulator.advance(22 * 3600)
    controller.edit(by_role, rotated_at=ago(hours=25))
    run = controller.rotate(*ALWAYS, *LATER, *limit(by_role, by_hand))
    assert run.failed == set(), run.output
    assert all(controller.is_rotated(credential) for credential in controller.credentials)
    assert all(controller.live(credential)["changes"] == 1 for credential in controller.credentials)
    controller.judge()


def test_tenants_and_their_tokens(controller: Controller, simulator: Simulator) -> None:
    """Each tenant has another trouble; none of them costs anybody a wrong password."""
    controller.group_vars["rotate_cec_timeout"] = 3

    def status(code: int, operation: str, **more: Any) -> dict[str, Any]:
        return {"kind": "status", "status": code, "operation": operation, "count": None, **more}

    troubles: dict[str, tuple[dict[str, Any], dict[str, Any], list[str]]] = {
        # name: the host's variables, the fault that the tenant's account meets, words of the message
        "brief": (
            {"rotate_cec_token_lifetime": 1},
            {"kind": "latency", "seconds": 1.2, "operation": "login_check"},
            [],
        ),
        "revoked": ({}, {"kind": "latency", "seconds": 1.5, "operation": "login_check"}, []),
        "once 401": ({}, status(401, "account_change", count=1), []),
        "no service": ({}, status(401, "login_check"), ["HTTP 401", "has bought the service"]),
        "not on the list": ({}, status(403, "login_check"), ["HTTP 403", "allow list"]),
        "no token either": ({}, status(403, "cec_token"), ["HTTP 403", "allow list", "no tenant token"]),
        "spelling": ({"rotate_cec_management_path": "CC-Mangemant"}, {}, ["HTTP 404", "management_path"]),
        "failure": ({}, status(500, "login_check", count=1), ["HTTP 500", "check the account's name"]),
        **{
            f"mistaken {number}": (
                {"rotate_cec_app_key": "mistaken", "rotate_cec_app_secret": "not-the-secret"},
                {},
                ["refused app_key and app_secret (HTTP 401)", "no tenant token"],
            )
            for number in range(3)
        },
    }
    people: dict[str, Credential] = {}
    for number, (name, (variables, fault, _words)) in enumerate(troubles.items()):
        key = variables.get("rotate_cec_app_key", name.replace(" ", "-"))
        people[name] = controller.add_person(
            1001 + number,
            ["cec_account"],
            variables={"rotate_cec_app_key": key, **variables},
            cec_account={"attributes": {"app_key": key}},
        )["cec_account"]
        simulator.put_account("cec_app", key, password=str(controller.group_vars["rotate_cec_app_secret"]))
        if fault:
            simulator.fault(account=key if fault["operation"] == "cec_token" else people[name].number, **fault)
    controller.fill()
    controller.environment["ANSIBLE_FORKS"] = "20"
    running = controller.start(
        "callcenter.passwords.rotate", "-e", '{"rotate_serial": ["100%"], "rotate_max_fail_percentage": 100}'
    )
    held = people["revoked"].number
    until(lambda: any(call["fault"] for call in simulator.journal(account=held, operation="login_check")))
    simulator.act("sign_out", "cec_app", "revoked")
    run = running.result()

    fine = {"brief", "revoked", "once 401"}
    assert run.failed == {person.host for name, person in people.items() if name not in fine}, run.output
    for name, person in people.items():
        words = troubles[name][2]
        if name in fine:
            assert controller.is_rotated(person), name
            assert tokens(run, name.replace(" ", "-")) >= 2, name
            continue
        said, stored = run.message(person.host), controller.stored(person.host, "cec_account")
        assert [word for word in words if word not in said] == [], (name, said)
        may_have_failed = name in ("failure", "no service")
        assert (stored["staged"], len(stored["ledger"])) == (None, int(may_have_failed)), name
        assert run.calls_of(person.number, "account_change") == [], name
        assert controller.live(person)["failures"] == 0, name
    assert tokens(run, "mistaken") == 1, "who has been turned away does not ask again"
    assert [run.operations(person.number) for name, person in people.items() if name.startswith("mistaken")] == [[]] * 3
    assert run.operations(people["spelling"].number) == ["login_check"]

    simulator.clear_faults()
    simulator.options(cec={"management_path": "CC-Mangemant", "answers": "wrapped"})
    rest = [people[name] for name in ("spelling", "not on the list", "no token either", "failure", "mistaken 0")]
    for person in rest:
        controller.host_vars[person.host]["rotate_cec_management_path"] = "CC-Mangemant"
        controller.host_vars[person.host].pop("rotate_cec_app_secret", None)
    run = controller.rotate(*limit(*rest))
    assert run.failed == set(), run.output
    assert all(controller.is_rotated(person) for person in rest)
    controller.judge()


def test_where_a_phones_password_is_verified(controller: Controller, simulator: Simulator) -> None:
    without_registrar(controller)
    port, tls = simulator.sip_port, f"sips:localhost:{simulator.sips_port}"
    ways: dict[str, tuple[Mapping[str, Any], list[str]]] = {
        # name: the host's variables, words of the message in the first run
        "asked": ({}, ["does not show SIP passwords", "give a registrar"]),
        "another phone": ({"rotate_sip_user": "88809999"}, ["has another SIP phone"]),
        "udp": ({"rotate_sip_registrar": f"sip:127.0.0.1:{port}"}, []),
        "tcp": ({"rotate_sip_registrar": f"sip:127.0.0.1:{port};transport=tcp", "rotate_sip_domain": "a.test"}, []),
        "tls": ({"rotate_sip_registrar": tls, "rotate_sip_ca_path": simulator.ca_path}, []),
        "other name": ({"rotate_sip_registrar": f"sip:localhost:{port}", "rotate_sip_auth_user": "desk"}, []),
        "untrusted": ({"rotate_sip_registrar": tls}, ["certificate", "sip_ca_path"]),
        "down": ({"rotate_sip_registrar": "sip:127.0.0.1:1;transport=tcp", "rotate_sip_timeout": 2}, ["127.0.0.1:1"]),
    }
    phones = {
        name: controller.add_person(
            1001 + number,
            BOTH,
            variables={**PHONE_ONLY, **variables},
            cec_sip={"attributes": {"auth_user": "desk"}} if name == "other name" else {},
        )["cec_sip"]
        for number, (name, (variables, _words)) in enumerate(ways.items())
    }
    controller.fill()
    simulator.options(cec={"mask_sip_password": True})
    run = controller.rotate()
    told = {name for name, (_variables, words) in ways.items() if words}
    assert run.failed == {phones[name].host for name in told}, run.output
    for name, phone in phones.items():
        words = ways[name][1]
        stored = controller.stored(phone.host, "cec_sip")
        if not words:
            assert controller.is_rotated(phone), name
            continue
        said = run.message(phone.host)
        assert [word for word in words if word not in said] == [], (name, said)
        assert (stored["staged"], stored["ledger"]) == (None, []), name
        assert controller.live(phone)["changes"] == 0, name

    simulator.options(
        cec={"mask_sip_password": False}, registrar={"algorithm": "SHA-256", "qop": True, "stale_once": True}
    )
    rest = [phones[name] for name in ("asked", "udp", "tcp", "tls")]
    run = controller.rotate(*ALWAYS, *limit(*rest))
    assert run.failed == set(), run.output
    assert [controller.live(phone)["changes"] for phone in rest] == [1, 2, 2, 2]
    assert run.operations(phones["asked"].number) == ["sip_change"], "its registrar is nobody's business"
    assert controller.verify(*limit(*rest)).failed == set()
    assert {controller.live(phone)["attributes"].get("bindings", 0) for phone in phones.values()} == {0}
    controller.judge()
