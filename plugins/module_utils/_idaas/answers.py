# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the answers of an IDaaS of the Bamboocloud family mean: its error codes as data, and how they are read.

Sources: the error codes on the pages that idaas.py and idaas_tenant.py name. A failure is HTTP 400 with
``error_code``; some releases leave the prefix of the code out.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from .._errors import ApiError, Meaning, Outcome, SessionLost, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .._http.transport import Reply

_WHO = "the IDaaS"
_CODE = re.compile(r"(?:[A-Z0-9]+\.)*((?:PARAM|PWD|LOGIN|USER)\.[0-9]{4})")
TOKEN = re.compile(r"[\x21-\x7e]{1,16384}")
"""What a token may consist of: it is sent in a header."""


_SETTINGS: Mapping[str, Meaning] = {
    "PARAM.0001": Meaning(
        Outcome.ACCESS_DENIED, "the IDaaS misses something in the device headers; check the option device"
    ),
    "PARAM.0002": Meaning(Outcome.ACCESS_DENIED, "the IDaaS got no client id; check client_id"),
    "PARAM.0003": Meaning(
        Outcome.ACCESS_DENIED, "the IDaaS does not know this application; check client_id, tenant_id and idaas_url"
    ),
}

LOGIN_CODES: Mapping[str, Meaning] = {
    **_SETTINGS,
    "LOGIN.0001": Meaning(Outcome.LOCKED, "the user is locked after repeated failures"),
    "LOGIN.0002": Meaning(Outcome.WRONG_PASSWORD, "the IDaaS says that the user or the password is wrong"),
}

PASSWORD_CODES: Mapping[str, Meaning] = {
    "PWD.0001": Meaning(Outcome.PASSWORD_REJECTED, "the new password was used before; the next run takes another one"),
    "PWD.0002": Meaning(Outcome.PASSWORD_REJECTED, "the new password is the user name backwards; choose another one"),
    "PWD.0003": Meaning(
        Outcome.PASSWORD_REJECTED,
        "the new password contains the user name, mobile number, mail prefix or the name in pinyin; give them as "
        "identifiers so that generated passwords avoid them",
    ),
    "PWD.0004": Meaning(
        Outcome.PASSWORD_REJECTED, "the new password is too simple for the tenant; raise min_classes in the policy"
    ),
    "PWD.0005": Meaning(
        Outcome.PASSWORD_REJECTED, "the new password is in the tenant's list of weak passwords; choose another one"
    ),
    "PWD.0006": Meaning(
        Outcome.PASSWORD_REJECTED, "the new password repeats a character too often; choose another one"
    ),
    "PWD.0007": Meaning(
        Outcome.PASSWORD_REJECTED,
        "the new password is too short or too long for the tenant; set its length in the policy",
    ),
}

CHANGE_CODES: Mapping[str, Meaning] = {
    **LOGIN_CODES,
    **PASSWORD_CODES,
    "PARAM.0014": Meaning(Outcome.SESSION_LOST, "the IDaaS does not know the state token any more; log in again"),
    "PARAM.0015": Meaning(Outcome.SESSION_LOST, "the IDaaS got no id token; log in again"),
    "PARAM.0016": Meaning(Outcome.SESSION_LOST, "the IDaaS does not know the id token any more; log in again"),
    "PARAM.0018": Meaning(
        Outcome.ACCESS_DENIED, "the IDaaS got no old password, but the user has one; give old_password"
    ),
    "PARAM.0019": Meaning(Outcome.ACCESS_DENIED, "the IDaaS got no new password; please report this"),
    # Its English text says that the passwords do not match, its Chinese one that they must not be the same.
    "PARAM.0020": Meaning(Outcome.PASSWORD_REJECTED, "the new password equals the old one; choose another one"),
}

TENANT_CODES: Mapping[str, Meaning] = {
    **PASSWORD_CODES,
    "USER.0001": Meaning(Outcome.ACCESS_DENIED, "the IDaaS does not know this user id; check user_id"),
    "LOGIN.0001": Meaning(Outcome.LOCKED, "the user is locked after repeated failures"),
    "LOGIN.0002": Meaning(Outcome.WRONG_PASSWORD, "the IDaaS says that the old password is wrong"),
}


def succeeded(reply: Reply, codes: Mapping[str, Meaning]) -> dict[str, Any]:
    """Return the JSON document of an answer that is no failure.

    Raises:
        SessionLost: the server does not know the session any more.
        ApiError: with the outcome that the code has in the table; ``unknown`` for one that is not in it.
    """
    if reply.status in (403, 404, 405):
        raise ApiError(
            Outcome.ACCESS_DENIED,
            f"HTTP {reply.status} instead of an answer of the IDaaS; check idaas_url and whether this machine's "
            "address is let in",
            reply.code,
        )
    reply.check_evaluated(_WHO)
    if reply.status not in (200, 400):
        raise reply.unexpected()
    document = reply.json()
    given = document.get("error_code")
    if given is None and reply.status == 200:
        return document
    found = _CODE.fullmatch(given) if isinstance(given, str) else None
    if not found:
        raise Unreadable("the IDaaS answered with a failure that has no documented code", reply.code)
    code = found.group(1)
    meaning = codes.get(code)
    if meaning is None:
        raise ApiError(Outcome.UNKNOWN, f"the IDaaS answered {code}, which does not tell what was done", code)
    text = document.get("error_msg")
    raise _error(meaning, code, text if isinstance(text, str) else "")


def _error(meaning: Meaning, code: str, text: str) -> ApiError:
    """Return the error with the numbers in its text, which stand in the same order in both languages."""
    message = f"{meaning.sentence} ({code})"
    numbers = [int(number) for number in re.findall(r"[0-9]{1,6}", text)]
    if meaning.outcome == Outcome.SESSION_LOST:
        return SessionLost(message, code)
    if meaning.outcome == Outcome.WRONG_PASSWORD and len(numbers) == 1:
        return ApiError(
            Outcome.WRONG_PASSWORD, f"{message}; {numbers[0]} attempts are left", code, remaining_attempts=numbers[0]
        )
    if meaning.outcome == Outcome.LOCKED and 1 <= len(numbers) <= 2:
        minutes, seconds = numbers[0], numbers[1] if len(numbers) == 2 else 0
        unlock = minutes * 60 + seconds
        return ApiError(
            Outcome.LOCKED,
            f"{message}; it unlocks in {minutes} minutes and {seconds} seconds",
            code,
            unlock_in_seconds=unlock,
        )
    return ApiError(meaning.outcome, message, code)


def bearer(token: str) -> dict[str, str]:
    """Return the header that carries a token."""
    return {"Authorization": f"Bearer {token}"}


def token_in(document: Mapping[str, Any], name: str) -> str | None:
    """Return a token of an answer, None where there is no usable one."""
    value = document.get(name)
    return value if isinstance(value, str) and TOKEN.fullmatch(value) else None
