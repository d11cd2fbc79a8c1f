# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells a Kamailio on the same machine the password of a SIP phone, over the datagram socket of its module jsonrpcs.

Kamailio keeps the passwords in a hash table, and its script checks registrations against them.
"""

from __future__ import annotations

import json
import logging
import socket

TABLE = "pw"
# A live Kamailio answers within a millisecond; a dead one must not stop the simulator.
PATIENCE = 1.0
LARGEST_ANSWER = 65536

_log = logging.getLogger(__name__)


def set_password(kamailio: str, number: str, password: str) -> bool:
    """Whether Kamailio confirmed; if it did not, the log says why, and the simulator carries on."""
    call = {"jsonrpc": "2.0", "method": "htable.sets", "params": [TABLE, number, password], "id": 1}
    try:
        answer = json.loads(_ask(kamailio, json.dumps(call).encode()))
    except (OSError, ValueError) as error:
        _log.warning("Kamailio at %s was not told the password of %s: %s", kamailio, number, error)
        return False
    if not isinstance(answer, dict) or "error" in answer:
        _log.warning("Kamailio at %s refused the password of %s", kamailio, number)
        return False
    return True


def _ask(kamailio: str, question: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(PATIENCE)
        # An abstract address that the system chooses: without one there is no way back for the answer, and unlike
        # a file it needs no permissions for Kamailio's user and leaves nothing behind.
        sender.bind("")
        sender.connect(kamailio)
        sender.send(question)
        return sender.recv(LARGEST_ANSWER)
