# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role with Kamailio as the registrar: what it accepts is the proof that a phone's password was changed."""

from __future__ import annotations

from pathlib import Path

import pytest
from simulator.client import Simulator
from support.controller import Controller, new_password
from support.kamailio import Kamailio

pytestmark = pytest.mark.skipif(Kamailio.missing() is not None, reason=str(Kamailio.missing()))


def test_the_role_with_kamailio(controller: Controller, simulator: Simulator, tmp_path: Path) -> None:
    """Enrolled, rotated and verified over UDP, TCP and TLS; lost and unanswered ones too. No phone is registered."""
    with Kamailio(tmp_path / "kamailio", algorithm="SHA-256", qop=True) as kamailio:
        simulator.options(cec={"kamailio_socket": kamailio.socket_path})
        controller.group_vars["rotate_sip_ca_path"] = kamailio.ca_path
        phones = {}
        for number, way in enumerate(("udp", "tcp", "tls", "lost", "unanswered")):
            transport = way if way in ("udp", "tcp", "tls") else "udp"
            variables = {"rotate_credentials": ["cec_sip"], "rotate_sip_registrar": kamailio.uri(transport)}
            person = controller.add_person(1001 + number, ("cec_account", "cec_sip"), variables=variables)
            controller.fill(person["cec_account"])
            phones[way] = person["cec_sip"]
        run = controller.enroll()
        assert [controller.stored(phone.host, "cec_sip")["current"] for phone in phones.values()] == [
            phone.password for phone in phones.values()
        ]
        assert run.calls == [], "the registrar has said it all"

        simulator.act("password", "cec_sip", phones["lost"].number, password=new_password())
        simulator.fault("drop_after", account=phones["unanswered"].number, operation="sip_change")
        run = controller.rotate()
        assert run.failed == set(), run.output
        assert all(controller.is_rotated(phone) for phone in phones.values())
        assert [call["operation"] for call in run.calls if call["service"] == "cec_sip"] == ["sip_change"] * len(phones)
        # Kamailio really is the one that is asked.
        kamailio.set_password(phones["udp"].number, phones["udp"].password)
        verified = controller.verify()
        assert verified.failed == {phones["udp"].host}, verified.output
        assert "it does not accept the password" in verified.message(phones["udp"].host)
        assert kamailio.bindings() == []
        simulator.options(cec={"kamailio_socket": ""})
    controller.judge()
