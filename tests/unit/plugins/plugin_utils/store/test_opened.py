# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that the processes of one run share once they are opened."""

from __future__ import annotations

import os

from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.opened import OpenedSecrets

KEY = b"vault password"
SEALED = "$ANSIBLE_VAULT;1.1;AES256\n6162"


def in_a_worker(do: object) -> int:
    """Do something in a forked process, as a worker of Ansible is one, and return its exit code."""
    process = os.fork()
    if not process:
        try:
            os._exit(int(do()))  # type: ignore[operator]
        finally:
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def test_what_a_worker_has_opened_the_next_one_knows() -> None:
    opened = OpenedSecrets()
    assert in_a_worker(lambda: opened.put(SEALED, KEY, "Kx7@mQ2v") or 0) == 0
    assert in_a_worker(lambda: opened.get(SEALED, KEY) == "Kx7@mQ2v") == 1


def test_with_another_key_there_is_nothing() -> None:
    opened = OpenedSecrets()
    opened.put(SEALED, KEY, "Kx7@mQ2v")
    assert opened.get(SEALED, b"another one") is None
    assert opened.get(SEALED + "0", KEY) is None


def test_a_slot_that_was_not_written_to_its_end_is_empty() -> None:
    opened = OpenedSecrets(slots=8)
    opened.put(SEALED, KEY, "Kx7@mQ2v")
    place = opened._memory.find(b"Kx7@mQ2v")
    opened._memory[place : place + 1] = b"x"
    assert opened.get(SEALED, KEY) is None


def test_a_secret_that_is_too_long_is_opened_each_time() -> None:
    opened = OpenedSecrets()
    opened.put(SEALED, KEY, "x" * 300)
    assert opened.get(SEALED, KEY) is None


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.text(min_size=1), st.text(max_size=60)), max_size=30))
def test_a_full_table_forgets_and_never_mixes_up(secrets: list[tuple[str, str]]) -> None:
    opened = OpenedSecrets(slots=8)
    known = {}
    for sealed, secret in secrets:
        opened.put(sealed, KEY, secret)
        known[sealed] = secret
        assert opened.get(sealed, KEY) in (secret, None if len(secret.encode()) > 200 else secret)
    for sealed, secret in known.items():
        assert opened.get(sealed, KEY) in (secret, None)


def test_the_same_secret_takes_no_second_slot() -> None:
    opened = OpenedSecrets(slots=8)
    for secret in ("first", "second"):
        opened.put(SEALED, KEY, secret)
    assert opened.get(SEALED, KEY) == "second"
