# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The simulated CEC services keep the rules for passwords of the cc-management interface reference."""

from __future__ import annotations

import pytest
from simulator.cec_wire import (
    ACCOUNT,
    EDITED,
    FIRST,
    PHONE,
    PHONE_FIRST,
    PHONE_SECOND,
    SECOND,
    SUCCESS,
    THIRD,
    CecWire,
    business,
    code_of,
    phone,
)
from simulator.client import Simulator

HALF_AN_HOUR, DAY = 1800, 86400


# Business accounts.


def test_change(cec: CecWire, simulator: Simulator) -> None:
    assert cec.change().json() == EDITED
    account = business(simulator)
    assert (account["password"], account["changes"], account["failures"]) == (SECOND, 1, 0)
    (entry,) = simulator.journal(ACCOUNT, "account_change", "cec_account")
    assert (entry["credential"], entry["retcode"], entry["applied"]) == ("live", "0", True)


@pytest.mark.parametrize(
    ("new", "text"),
    [
        ("Kx7@mQ2", "rules"),
        ("Kx7mQ2vLpA", "rules"),
        ("kx7@mq2vlp", "rules"),
        ("Kx7@" * 8 + "m", "rules"),
        (FIRST, "recently"),
        (THIRD, "recently"),
    ],
)
def test_refused_new_passwords(cec: CecWire, simulator: Simulator, new: str, text: str) -> None:
    simulator.put_account("cec_account", ACCOUNT, password=FIRST, history=[THIRD])
    answer = cec.change(new=new).json()
    assert (answer["resultCode"], text in answer["resultMessage"]) == ("1", True)
    account = business(simulator)
    assert (account["password"], account["changes"], account["failures"]) == (FIRST, 0, 0)


def test_three_wrong_passwords_lock(cec: CecWire, simulator: Simulator) -> None:
    """However they are presented: all three calls count on the business account."""
    for reply in (cec.change("wrong"), cec.change_phone("wrong"), cec.check("wrong")):
        assert (code_of(reply), "incorrect" in reply.text) == ("1", True)
    account = business(simulator)
    assert (account["locked"], account["times_locked"], account["max_consecutive_failures"]) == (True, 1, 3)
    for reply in (cec.change(), cec.change_phone(), cec.check()):
        assert (code_of(reply), "locked" in reply.text) == ("1", True)
    account = business(simulator)
    assert (account["refused_while_locked"], account["failures"]) == (3, 3)
    simulator.advance(HALF_AN_HOUR - 5)
    assert code_of(cec.check(token=cec.token())) == "1"
    simulator.advance(6)
    assert code_of(cec.check(token=cec.token())) == "0"
    account = business(simulator)
    assert (account["locked"], account["consecutive_failures"], phone(simulator)["locked"]) == (False, 0, False)


def test_a_right_password_ends_the_row(cec: CecWire, simulator: Simulator) -> None:
    for _round in range(3):
        assert [code_of(cec.check("wrong")) for _attempt in range(2)] == ["1", "1"]
        assert code_of(cec.change_phone()) == "0"
    account = business(simulator)
    assert (account["times_locked"], account["failures"], account["max_consecutive_failures"]) == (0, 6, 2)


@pytest.mark.parametrize("resets", [False, True])
def test_the_count_after_a_lock(cec: CecWire, simulator: Simulator, resets: bool) -> None:
    simulator.options(cec={"lock_resets_counter": resets})
    simulator.act("lock", "cec_account", ACCOUNT)
    simulator.act("unlock", "cec_account", ACCOUNT)
    for _attempt in range(3):
        cec.check("wrong")
    simulator.advance(HALF_AN_HOUR + 1)
    cec.check("wrong", token=cec.token())
    assert (business(simulator)["locked"], business(simulator)["times_locked"]) == (not resets, 2 if resets else 3)


def test_checks_may_not_count(cec: CecWire, simulator: Simulator) -> None:
    simulator.options(cec={"login_check_counts": False})
    assert {code_of(cec.check("wrong")) for _attempt in range(4)} == {"1"}
    assert (business(simulator)["failures"], business(simulator)["locked"]) == (0, False)


def test_one_change_in_a_day(cec: CecWire, simulator: Simulator) -> None:
    assert code_of(cec.change()) == "0"
    answer = cec.change(SECOND, THIRD).json()
    assert (answer["resultCode"], "24 hours" in answer["resultMessage"]) == ("1", True)
    simulator.advance(DAY - 60)
    assert code_of(cec.change(SECOND, THIRD, token=cec.token())) == "1"
    simulator.advance(61)
    assert code_of(cec.change(SECOND, THIRD, token=cec.token())) == "0"
    assert (business(simulator)["changes"], business(simulator)["failures"]) == (2, 0)
    simulator.options(cec={"change_interval": 0})
    assert code_of(cec.change(THIRD, "Yw3*nE5uGk", token=cec.token())) == "0"


def test_a_change_by_somebody_else_uses_up_the_day(cec: CecWire, simulator: Simulator) -> None:
    simulator.act("password", "cec_account", ACCOUNT, password=SECOND)
    assert "24 hours" in cec.change(SECOND, THIRD).text
    assert business(simulator)["changes"] == 0
    simulator.put_account("cec_account", ACCOUNT, password=FIRST, age_days=0.5)
    assert "24 hours" in cec.change().text
    simulator.put_account("cec_account", ACCOUNT, password=FIRST)
    assert code_of(cec.change()) == "0"


def test_login_check(cec: CecWire, simulator: Simulator) -> None:
    simulator.put_account("cc_agent", "291", password=THIRD)
    assert cec.check().json() == {
        "message": "success",
        "returnCode": "0",
        "results": {
            "workNo": "291",
            "password": THIRD,
            "sipAccount": PHONE,
            "sipPwd": PHONE_FIRST,
            "sipServerInfo": [{"sipServiceIp": "127.0.0.1", "sipServicePort": "5060", "node": "1", "type": "0"}],
        },
    }
    simulator.options(cec={"mask_sip_password": True, "sip_service_port": "5070"})
    results = cec.check().json()["results"]
    assert (results["sipPwd"], results["sipServerInfo"][0]["sipServicePort"]) == ("***", "5070")
    refused = cec.check("wrong").json()
    assert (refused["returnCode"], "results" in refused) == ("1", False)


def test_login_check_without_agent_and_phone(cec: CecWire, simulator: Simulator) -> None:
    simulator.put_account("cec_account", "li.na", password=FIRST, attributes={"platform_password": "Ab3-xYz7"})
    results = cec.check(account="li.na").json()["results"]
    assert (results["workNo"], results["password"]) == ("", "Ab3-xYz7")
    assert (results["sipAccount"], results["sipPwd"]) == ("", "")
    assert "no SIP phone" in cec.change_phone(account="li.na").text


# SIP phones.


def test_change_of_a_phone(cec: CecWire, simulator: Simulator) -> None:
    assert cec.change_phone().json() == SUCCESS
    assert cec.check().json()["results"]["sipPwd"] == PHONE_SECOND
    assert (phone(simulator)["password"], phone(simulator)["changes"]) == (PHONE_SECOND, 1)
    (entry,) = simulator.journal(PHONE, "sip_change", "cec_sip")
    assert (entry["credential"], entry["applied"]) == ("live", True)


def test_a_phone_needs_the_current_password_of_the_account(cec: CecWire, simulator: Simulator) -> None:
    cec.change()
    assert code_of(cec.change_phone(FIRST)) == "1"
    assert code_of(cec.change_phone(PHONE_FIRST)) == "1"
    assert code_of(cec.change_phone(SECOND)) == "0"
    assert [entry["credential"] for entry in simulator.journal(PHONE)] == ["previous", "wrong", "live"]
    assert (business(simulator)["failures"], phone(simulator)["failures"]) == (2, 0)


@pytest.mark.parametrize(
    ("new", "code"),
    [
        ("Nb8^gC2", "1"),
        ("Nb8^gC2rNb8^gC2rN", "1"),
        ("Nb8^gC2rNb8^gC2r", "0"),
        ("Nb8cgC2r", "0"),
        ("nb8^gc2r", "0"),
        ("nb8cgc2r", "1"),
        ("Nb8^gC2-", "1"),
        ("Nb8^gC2é", "1"),
        ("~@^*_+.?aA", "0"),
        (PHONE_FIRST, "0"),
    ],
)
def test_rules_for_a_phone(cec: CecWire, simulator: Simulator, new: str, code: str) -> None:
    assert code_of(cec.change_phone(new=new)) == code
    assert phone(simulator)["password"] == (new if code == "0" else PHONE_FIRST)


def test_stricter_rules_for_a_phone(cec: CecWire, simulator: Simulator) -> None:
    simulator.options(cec={"sip_classes": 4, "sip_history_size": 1})
    assert "rules" in cec.change_phone(new="nb8^gc2r").text
    assert "recently" in cec.change_phone(new=PHONE_FIRST).text
    assert code_of(cec.change_phone()) == "0"


def test_a_phone_that_moves(cec: CecWire, simulator: Simulator) -> None:
    simulator.put_account("cec_account", "li.na", password=FIRST)
    simulator.put_account("cec_sip", PHONE, password=PHONE_FIRST, attributes={"account": "li.na"})
    assert code_of(cec.change_phone()) == "1"
    assert code_of(cec.change_phone(account="li.na")) == "0"


@pytest.mark.usefixtures("cec")
def test_control_of_a_phone(simulator: Simulator) -> None:
    assert simulator.act("password", "cec_sip", PHONE, password=PHONE_SECOND)["changes"] == 0
    with pytest.raises(ValueError, match="never locked"):
        simulator.act("lock", "cec_sip", PHONE)
    with pytest.raises(ValueError, match="nobody signs in"):
        simulator.act("sign_in", "cec_account", ACCOUNT)
