# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tokens of tenants: one request for all processes of a run, whatever happens to one of them."""

from __future__ import annotations

import itertools
import os
import signal
import time
from types import SimpleNamespace

import pytest
from support.processes import FORK, MANY, PATIENCE, at_once, process

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import ApiError, Outcome
from ansible_collections.callcenter.passwords.plugins.module_utils._process import tenant_tokens
from ansible_collections.callcenter.passwords.plugins.module_utils._process.shared_memory import ROOMS, SharedMemory
from ansible_collections.callcenter.passwords.plugins.module_utils._process.tenant_tokens import TenantTokens, Token

TENANT = ("https://cec.test", "key", "secret")


class Service:
    """Gives numbered tokens, and counts how often it is asked, in whichever process."""

    def __init__(self, *, seconds: float = 0.02, lifetime: float = 600) -> None:
        self.asked = FORK.Value("i", 0)
        self.seconds = seconds
        self.lifetime = lifetime

    def ask(self) -> Token:
        with self.asked.get_lock():
            self.asked.value += 1
            number = self.asked.value
        time.sleep(self.seconds)
        return Token(f"token-{number}", self.lifetime)

    def keep_silent(self) -> Token:
        self.ask()
        raise ApiError(Outcome.UNKNOWN, "no answer")

    def deny(self) -> Token:
        self.ask()
        raise ApiError(Outcome.ACCESS_DENIED, "a sentence", "401")


@pytest.fixture
def tokens() -> TenantTokens:
    return TenantTokens(SharedMemory().take())


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time, as tokens see it: seconds in ``now``."""
    watch = SimpleNamespace(now=1_000_000.0)
    monkeypatch.setattr(tenant_tokens, "time", SimpleNamespace(time=lambda: watch.now))
    return watch


# -- many processes ----------------------------------------------------------------------------------------------------


def test_many_processes_ask_once(tokens: TenantTokens) -> None:
    service = Service(seconds=0.1)
    assert set(at_once(lambda _number: tokens.get(TENANT, service.ask))) == {"token-1"}
    assert service.asked.value == 1
    assert tokens.get(TENANT, service.ask) == "token-1", "what a child was given is the parent's too"


def test_each_tenant_has_a_token_of_its_own(tokens: TenantTokens) -> None:
    service = Service()

    def work(number: int) -> tuple[int, str]:
        return number % 2, tokens.get((*TENANT, str(number % 2)), service.ask)

    assert len(set(at_once(work))) == 2
    assert service.asked.value == 2


def test_a_refused_token_is_renewed_once_although_many_report_it(tokens: TenantTokens) -> None:
    service = Service()
    refused = tokens.get(TENANT, service.ask)
    assert set(at_once(lambda _number: tokens.get(TENANT, service.ask, refused=refused))) == {"token-2"}
    assert service.asked.value == 2


def test_one_process_after_another_may_lose_its_token(tokens: TenantTokens) -> None:
    service = Service(seconds=0)

    def work(_number: int) -> str:
        return tokens.get(TENANT, service.ask, refused=tokens.get(TENANT, service.ask))

    found = at_once(work)
    assert 2 <= service.asked.value <= 1 + MANY
    assert "token-1" not in found


def test_a_denied_secret_is_presented_once(tokens: TenantTokens) -> None:
    service = Service()
    assert set(at_once(lambda _number: tokens.get(TENANT, service.deny))) == {("access_denied", "a sentence", "401")}
    assert service.asked.value == 1
    assert tokens.get((*TENANT[:2], "another secret"), service.ask) == "token-2"


@pytest.mark.parametrize("code", ["429", "503"])
def test_a_service_that_is_busy_denies_nothing_for_good(tokens: TenantTokens, code: str) -> None:
    def busy() -> Token:
        raise ApiError(Outcome.ACCESS_DENIED, "a sentence", code)

    service = Service(seconds=0)
    with pytest.raises(ApiError):
        tokens.get(TENANT, busy)
    assert tokens.get(TENANT, service.ask) == "token-1"


def test_a_token_that_is_told_to_be_refused_is_renewed_by_the_next_call(tokens: TenantTokens) -> None:
    service = Service(seconds=0)
    tokens.refuse(TENANT, "token-1")
    refused = tokens.get(TENANT, service.ask)
    assert set(at_once(lambda _number: tokens.refuse(TENANT, refused))) == {None}
    assert tokens.get(TENANT, service.ask) == "token-2"
    tokens.refuse(TENANT, refused)
    assert tokens.get(TENANT, service.ask) == "token-2", "another one is in use by now"


# -- processes that are killed -----------------------------------------------------------------------------------------


def test_a_killed_holder_of_the_lock_blocks_nobody(tokens: TenantTokens) -> None:
    service, holds = Service(), FORK.Event()

    def hold() -> Token:
        holds.set()
        time.sleep(PATIENCE * 10)
        raise AssertionError("not reached")

    with process(lambda: tokens.get(TENANT, hold)) as holder:
        assert holds.wait(PATIENCE)

        def work(number: int) -> str:
            if number == 0:
                # The others are waiting for the lock by now.
                time.sleep(0.05)
                os.kill(holder.pid, signal.SIGKILL)
            return tokens.get(TENANT, service.ask)

        begin = time.monotonic()
        assert set(at_once(work, 4)) == {"token-1"}
        assert time.monotonic() - begin < PATIENCE / 3
    assert service.asked.value == 1


# -- one process -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("lifetime", "margin"), [(3600, 60), (601, 60), (600, 60), (100, 10), (1, 0.1)])
def test_a_token_is_renewed_before_it_ends(
    tokens: TenantTokens, clock: SimpleNamespace, lifetime: float, margin: float
) -> None:
    service = Service(seconds=0, lifetime=lifetime)
    assert tokens.get(TENANT, service.ask) == "token-1"
    clock.now += lifetime - margin - 0.01
    assert tokens.get(TENANT, service.ask) == "token-1"
    clock.now += 0.02
    assert tokens.get(TENANT, service.ask) == "token-2"
    clock.now += 0.01 * lifetime
    assert tokens.get(TENANT, service.ask) == "token-2"


@pytest.mark.parametrize("lifetime", [0, -1, -1e9])
def test_a_token_without_a_life_serves_once(tokens: TenantTokens, lifetime: float) -> None:
    service = Service(seconds=0, lifetime=lifetime)
    assert [tokens.get(TENANT, service.ask) for _time in range(2)] == ["token-1", "token-2"]


def test_a_token_that_somebody_else_has_renewed_is_not_renewed_again(tokens: TenantTokens) -> None:
    service = Service(seconds=0)
    assert tokens.get(TENANT, service.ask) == "token-1"
    assert tokens.get(TENANT, service.ask, refused="token-1") == "token-2"
    assert tokens.get(TENANT, service.ask, refused="token-1") == "token-2"
    assert tokens.get(TENANT, service.ask, refused="given by the caller") == "token-2"
    assert service.asked.value == 2


@pytest.mark.parametrize("outcome", ["unknown", "unreachable"])
def test_only_a_denial_is_remembered(tokens: TenantTokens, outcome: str) -> None:
    service = Service(seconds=0)

    def fail() -> Token:
        service.ask()
        raise ApiError(outcome, "a sentence")

    for _time in range(2):
        with pytest.raises(ApiError):
            tokens.get(TENANT, fail)
    assert tokens.get(TENANT, service.ask) == "token-3"


def test_those_who_wait_for_a_silent_service_do_not_wait_in_turn(tokens: TenantTokens) -> None:
    service = Service(seconds=1)
    started = time.monotonic()
    assert at_once(lambda number: tokens.get(TENANT, service.keep_silent)) == [("unknown", "no answer", None)] * MANY
    assert service.asked.value < MANY
    assert time.monotonic() - started < MANY / 2
    # Who comes later asks again.
    assert tokens.get(TENANT, service.ask)


def test_a_denial_ends_the_use_of_an_earlier_token(tokens: TenantTokens) -> None:
    service = Service(seconds=0)
    token = tokens.get(TENANT, service.ask)
    for _time in range(2):
        with pytest.raises(ApiError) as caught:
            tokens.get(TENANT, service.deny, refused=token)
        assert (caught.value.outcome, caught.value.message, caught.value.code) == ("access_denied", "a sentence", "401")
    assert service.asked.value == 2


def test_an_accident_while_asking_frees_the_lock(tokens: TenantTokens) -> None:
    def break_down() -> Token:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        tokens.get(TENANT, break_down)
    assert at_once(lambda _number: tokens.get(TENANT, Service().ask), 1) == ["token-1"]


@pytest.mark.parametrize("room", [0, 2, 64, 100])
def test_a_memory_without_room_costs_requests_and_nothing_else(room: int) -> None:
    tokens, service = TenantTokens(SharedMemory(dict.fromkeys(ROOMS, room))), Service(seconds=0)
    assert [tokens.get(TENANT, service.ask) for _time in range(3)] == ["token-1", "token-2", "token-3"]
    assert tokens.get(TENANT, service.ask, refused="token-3") == "token-4"
    for _time in range(2):
        with pytest.raises(ApiError):
            tokens.get(TENANT, service.deny)


def test_tenants_that_found_room_keep_it(tokens: TenantTokens) -> None:
    numbers = itertools.count()

    def large() -> Token:
        return Token(f"{next(numbers)}-".ljust(16_000, "x"), 600)

    first = [tokens.get((str(tenant),), large) for tenant in range(40)]
    again = [tokens.get((str(tenant),), large) for tenant in range(40)]
    remembered = [one for one, other in zip(first, again, strict=True) if one == other]
    assert remembered == first[: len(remembered)]
    assert 10 <= len(remembered) < 40


def test_neither_secrets_nor_tokens_are_shown() -> None:
    assert "token-1" not in repr(Token("token-1", 600))


def test_secrets_do_not_stand_in_the_memory() -> None:
    shared = SharedMemory()
    TenantTokens(shared).get(("https://cec.test", "key", "secret-marker"), Service(seconds=0).ask)
    assert b"token-1" in shared.memory[:]
    assert b"secret-marker" not in shared.memory[:]
