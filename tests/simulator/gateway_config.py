# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CC-Gateway, configuration interface (C5): administrators, and what they can do to agents' passwords."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .accounts import Account, LockRule
from .exchange import Answer, Call, Handler, Operation
from .gateway import PREFIX, GatewayService, new_guid
from .gateway_policy import right_length

if TYPE_CHECKING:
    from .world import World

AGENTS = "cc_agent"
MOST_IDS = 100
LONGEST_AGENT_PASSWORD = 8


@dataclass(slots=True)
class AdminSession:
    """One sign-in of an administrator; several may be alive at once."""

    account: Account
    ends_at: float


class ConfigService(GatewayService):
    """The operations below /config."""

    name = "cc_config"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sessions: dict[str, AdminSession] = {}

    def operations(self) -> list[Operation]:
        agents = PREFIX + "/config/vdn/agents"
        return [
            self._operation(
                "config_login",
                "POST",
                PREFIX + "/config/login",
                self.with_json(self._login),
                account_of=self._login_id,
                password_field="password",
                pretend=self._pretend_login,
                exclusive=True,
            ),
            self._operation(
                "config_change",
                "PUT",
                PREFIX + "/config/vdn/resetConfigAdminPwd",
                self.with_json(self._change),
                password_field="oldPassword",
                admits=lambda call: self._caller(call) is not None,
                exclusive=True,
            ),
            self._operation("config_query", "GET", agents, self._query, pretend=lambda call: self.success([])),
            self._operation(
                "config_reset",
                "PUT",
                agents,
                self.with_json(self._reset),
                admits=lambda call: self._caller(call) is not None,
            ),
        ]

    def is_signed_in(self, account: Account) -> bool:
        now = self.world.clock.now()
        return any(session.account is account and now < session.ends_at for session in self._sessions.values())

    def sign_in_elsewhere(self, account: Account, phone: str, seconds: float | None) -> None:
        self._open(account, self.options.config_session_seconds if seconds is None else seconds)

    def end_sessions(self, account: Account) -> None:
        self._sessions = {guid: session for guid, session in self._sessions.items() if session.account is not account}

    def is_locked(self, account: Account) -> bool:
        return account.is_locked(self.world.clock.now(), self._rule())

    def lock_seconds(self) -> float:
        return self.options.config_lock_seconds

    def forget(self) -> None:
        self._sessions.clear()

    # Building blocks.

    def _operation(self, name: str, method: str, path: str, handle: Handler, **more: Any) -> Operation:
        defaults = {"pretend": lambda call: self.success(), "account_of": self._caller_id}
        return Operation(name=name, service=self, method=method, path=path, handle=handle, **{**defaults, **more})

    def _rule(self) -> LockRule:
        return LockRule(
            self.options.config_lock_threshold,
            self.options.config_lock_seconds,
            self.options.lock_resets_counter,
        )

    def _open(self, account: Account, seconds: float) -> str:
        now = self.world.clock.now()
        if len(self._sessions) > 10_000:
            self._sessions = {guid: found for guid, found in self._sessions.items() if now < found.ends_at}
        guid = new_guid()
        self._sessions[guid] = AdminSession(account, now + seconds)
        return guid

    def _caller(self, call: Call) -> Account | None:
        session = self._sessions.get(call.headers.get("guid", ""))
        return session.account if session and self.world.clock.now() < session.ends_at else None

    def _caller_id(self, call: Call) -> str | None:
        # Even of a session that is over, so that the journal shows whose call it was.
        session = self._sessions.get(call.headers.get("guid", ""))
        return session.account.id if session else None

    # 'C5 Intelligent Auxiliary Interface Authentication'.

    def _login_id(self, call: Call) -> str | None:
        """A VDN account may be registered under the number to be sent or, for any offset, as 'vdn:N'."""
        number = call.field("agentId")
        if not isinstance(number, int) or isinstance(number, bool):
            return None
        vdn = f"vdn:{number - self.options.vdn_offset}"
        return vdn if self.account(vdn) else str(number)

    def _login(self, call: Call) -> Answer:
        number, password = call.field("agentId"), call.field("password")
        # 'Number', and bool is one to Python only.
        if (
            not isinstance(number, int)
            or isinstance(number, bool)
            or number < 1
            or not isinstance(password, str)
            or not password
        ):
            return self.refusal("107-002")
        account = self.account(self._login_id(call))
        if account is None:
            return self.refusal("107-003")
        if self.is_locked(account):
            account.refused_while_locked += 1
            return self.refusal(self.options.config_locked_code)
        if not account.accepts(password, self.world.clock.now(), self._rule()):
            return self.refusal("107-003")
        account.signed_in()
        return self._welcome(self._open(account, self.options.config_session_seconds))

    def _welcome(self, guid: str) -> Answer:
        # The page shows the guid in the body and speaks of a response header as well.
        answer = self.success({"guid": guid})
        answer.headers.append(("Guid", guid))
        return answer

    def _pretend_login(self, call: Call) -> Answer:
        return self._welcome(new_guid())

    # 'Resetting the Password of the Configuration Administrator': its own password, in spite of the name.

    def _change(self, call: Call) -> Answer:
        account = self.account(self._caller_id(call)) if call.late else self._caller(call)
        if account is None:
            return self.refusal("107-000")
        old, new, again = (call.field(name) for name in ("oldPassword", "newPassword", "newConfirmPwd"))
        if not isinstance(old, str) or not isinstance(new, str) or new != again:
            return self.refusal("107-002")
        if not right_length(old) or not right_length(new):
            return self.refusal("107-002")
        if not self._old_password_right(account, old):
            return self.refusal("107-004")
        if account.used_before(new, self.options.config_history_size):
            return self.refusal(self.options.config_history_code)
        account.set_password(new, self.world.clock.now())
        account.changes += 1
        self.end_sessions(account)
        return self.success()

    def _old_password_right(self, account: Account, old: str) -> bool:
        if self.is_locked(account):
            account.refused_while_locked += 1
            return False
        if self.options.config_wrong_old_counts:
            return account.accepts(old, self.world.clock.now(), self._rule())
        return old == account.password

    # Agents of the administrator's VDN.

    def _vdn_administrator(self, call: Call) -> Account | Answer:
        account = self._caller(call)
        if account is None:
            return self.refusal("107-000")
        # "The system administrator ID is used to modify system configurations", a VDN is not one.
        return self.refusal("107-007") if account.role == "system" else account

    def _agent(self, administrator: Account, agent_id: str) -> Account | None:
        agent = self.world.accounts.get(AGENTS, agent_id)
        return agent if agent and agent.vdn == administrator.vdn else None

    def _query(self, call: Call) -> Answer:
        administrator = self._vdn_administrator(call)
        if isinstance(administrator, Answer):
            return administrator
        ids = call.query.get("agentIdSet", "").split(",")
        if len(ids) > MOST_IDS or not all(agent_id.isascii() and agent_id.isdecimal() for agent_id in ids):
            return self.refusal("107-002")
        found = (self._agent(administrator, agent_id) for agent_id in ids)
        return self.success([self._record(agent) for agent in found if agent])

    def _record(self, agent: Account) -> dict[str, object]:
        days = agent.days_left(self.world.clock.now())
        return {
            "agentId": int(agent.id),
            "name": agent.name,
            # The real gateway does send it; a client must be able to hold its tongue.
            "agentPwd": agent.password,
            "timeRemaining": "" if days is None else str(days),
            "validTime": agent.valid_days,
            "userClassId": 1,
            "skills": [],
            **agent.attributes,
        }

    def _reset(self, call: Call) -> Answer:
        administrator = self._vdn_administrator(call)
        if isinstance(administrator, Answer):
            return administrator
        fields, agent_id = call.fields(), call.query.get("agentId", "")
        if fields is None or not agent_id.isdecimal():
            return self.refusal("107-002")
        if self.options.reset_requires_full_record and not {"name", "userClassId"} <= fields.keys():
            return self.refusal("107-002")
        password = fields.get("agentPwd")
        if password is not None and not _seed_password(password):
            return self.refusal("107-002")
        agent = self._agent(administrator, agent_id)
        if agent is None:
            return self.refusal("107-011")
        agent.attributes.update({name: value for name, value in fields.items() if name != "agentPwd"})
        if isinstance(password, str):
            self._seed(agent, password)
        return self.success()

    def _seed(self, agent: Account, password: str) -> None:
        agent.set_password(password, self.world.clock.now(), initial=True)
        agent.resets += 1
        if self.options.reset_unlocks:
            agent.unlock()
        if self.options.reset_ends_session:
            self.world.services[AGENTS].end_sessions(agent)


def _seed_password(value: object) -> bool:
    """'Adding an Agent': at most eight single-byte characters."""
    return isinstance(value, str) and value.isascii() and 1 <= len(value) <= LONGEST_AGENT_PASSWORD
