# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers are read in the encoding that they are in, whatever their header says."""

from __future__ import annotations

import pytest

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import Unreadable
from ansible_collections.callcenter.passwords.plugins.module_utils._http.transport import Reply

TEXT = '{"message": "密码错误", "retcode": "100-004"}'


@pytest.mark.parametrize(
    "declared", ["", "application/json", "application/json; charset=UTF-8", "text/html; charset=x"]
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030"])
def test_an_answer_is_read(encoding: str, declared: str) -> None:
    headers = {"content-type": declared} if declared else {}
    document = Reply(200, headers, {}, TEXT.encode(encoding)).json()
    assert document == {"message": "密码错误", "retcode": "100-004"}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "euc-kr"])
def test_other_encodings_are_not_guessed(encoding: str) -> None:
    body = '{"a": "밥"}'.encode(encoding)
    if encoding == "euc-kr":
        assert Reply(200, {}, {}, body).json()["a"] != "밥", "codes are the same in all of them, and texts are not used"
        return
    with pytest.raises(Unreadable):
        Reply(200, {}, {}, body).json()
