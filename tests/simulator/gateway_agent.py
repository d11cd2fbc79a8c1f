# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CC-Gateway, agent interface: signing in and out, polling, and an agent's change of its own password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .accounts import Account, LockRule
from .exchange import Answer, Call, Handler, Operation
from .gateway import PREFIX, GatewayService, new_guid
from .gateway_policy import follows_policy
from .issued import issued

if TYPE_CHECKING:
    from .world import World

AGENT = PREFIX + "/onlineagent/{agent:[1-9][0-9]*}"
FIRST_AGENT_ID = 101
LONGEST_PASSWORD, LONGEST_PHONE = 32, 24
# 'Signing In', table of the message body.
OPTIONAL_FIELDS = {
    "autoanswer": bool,
    "autoenteridle": bool,
    "releasephone": bool,
    "checkInWebm": bool,
    "checkInMailm": bool,
    "agenttype": int,
    "status": int,
}
AGENT_TYPES = (4, 11)


@dataclass(slots=True)
class Session:
    """One signed-in agent."""

    phone: str
    last_poll: float
    cookies: dict[str, str] = field(default_factory=dict)
    # The guids that still work and when each was issued; the last one is the current one.
    guids: dict[str, float] = field(default_factory=dict)
    # A human at a workbench keeps polling; nobody sees those polls here.
    polls_by_itself: bool = False
    ends_at: float | None = None

    def is_over(self, now: float, timeout: float) -> bool:
        if self.ends_at is not None and now >= self.ends_at:
            return True
        return not self.polls_by_itself and now - self.last_poll >= timeout


class AgentService(GatewayService):
    """The operations below /onlineagent and /agentevent."""

    name = "cc_agent"

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._sessions: dict[str, Session] = {}
        self._phones: dict[str, str] = {}

    # What the rest of the simulator asks.

    def operations(self) -> list[Operation]:
        return [
            self._sign_in_operation("sign_in", ""),
            self._sign_in_operation("force_sign_in", "/forcelogin", force=True),
            self._sign_in_operation("sign_in_ex", "/loginex", extended=True),
            self._operation("sign_out", "DELETE", AGENT + "/logout", self._sign_out),
            self._operation("force_sign_out", "DELETE", AGENT + "/forcelogout", self._force_sign_out),
            self._operation(
                "force_sign_out",
                "DELETE",
                AGENT + "/forcelogoutwithreason/{reason:[0-9]+}",
                self._force_sign_out,
            ),
            self._operation(
                "change",
                "POST",
                AGENT + "/modifyaccountpwdex",
                self.with_json(self._change),
                password_field="oldPassword",
                admits=lambda call: isinstance(self._authorise(call), Session),
            ),
            self._operation(
                "poll",
                "GET",
                PREFIX + "/agentevent/{agent:[1-9][0-9]*}",
                self._poll,
                exclusive=False,
                hold=lambda: self.options.poll_hold,
            ),
            self._operation("heartbeat", "POST", AGENT + "/handshake", self._heartbeat, exclusive=False),
            self._operation("heartbeat", "PUT", AGENT + "/heartbeat", self._heartbeat, exclusive=False),
        ]

    def is_signed_in(self, account: Account) -> bool:
        return self._session(account.id) is not None

    def sign_in_elsewhere(self, account: Account, phone: str, seconds: float | None) -> None:
        now = self.world.clock.now()
        session = self._open(account, phone or account.phone, now)
        session.polls_by_itself = True
        session.ends_at = None if seconds is None else now + seconds

    def end_sessions(self, account: Account) -> None:
        self._close(account.id)

    def is_locked(self, account: Account) -> bool:
        return account.is_locked(self.world.clock.now(), self._rule())

    def lock_seconds(self) -> float:
        return self.options.lock_seconds

    def forget(self) -> None:
        self._sessions.clear()
        self._phones.clear()

    # Building blocks.

    def _operation(self, name: str, method: str, path: str, handle: Handler, **more: Any) -> Operation:
        return Operation(
            name=name,
            service=self,
            method=method,
            path=path,
            handle=self._routed(handle),
            account_of=lambda call: call.path_fields["agent"],
            **{"pretend": lambda call: self.success(), "exclusive": True, **more},
        )

    def _sign_in_operation(self, name: str, suffix: str, *, force: bool = False, extended: bool = False) -> Operation:
        def handle(call: Call) -> Answer:
            return self._sign_in(call, force=force, extended=extended)

        return self._operation(
            name,
            "PUT",
            AGENT + suffix,
            self.with_json(handle),
            password_field="password",
            pretend=self._pretend_sign_in,
        )

    def _routed(self, handle: Handler) -> Handler:
        """Ids beyond the upper bound never reach the application: an old gateway has no route for them."""

        def routed(call: Call) -> Answer:
            agent_id = call.path_fields["agent"]
            if len(agent_id) > 6 or int(agent_id) > self.options.max_agent_id:
                return self.page(404, "Not Found")
            if int(agent_id) < FIRST_AGENT_ID:
                return self.refusal("000-002")
            return handle(call)

        return routed

    def _rule(self) -> LockRule:
        options = self.options
        return LockRule(options.lock_threshold, options.lock_seconds, options.lock_resets_counter)

    # Sessions: one per agent, with one telephone.

    def _session(self, agent_id: str) -> Session | None:
        session = self._sessions.get(agent_id)
        if session and session.is_over(self.world.clock.now(), self.options.session_timeout):
            self._close(agent_id)
            return None
        return session

    def _open(self, account: Account, phone: str, now: float) -> Session:
        self._close(account.id)
        cookies = {"JSESSIONID": issued(secrets.token_hex(16)), "ROUTEID": issued(f".gw{secrets.token_hex(2)}")}
        session = Session(phone, now, cookies, {new_guid(): now})
        if account.must_change(now) and self.options.force_change_seconds:
            session.ends_at = now + self.options.force_change_seconds
        self._sessions[account.id] = session
        if phone:
            self._phones[phone] = account.id
        return session

    def _close(self, agent_id: str) -> None:
        session = self._sessions.pop(agent_id, None)
        if session and self._phones.get(session.phone) == agent_id:
            del self._phones[session.phone]

    def _authorise(self, call: Call) -> Session | Answer:
        """The session a call belongs to, or why it belongs to none."""
        now = self.world.clock.now()
        session = self._session(call.path_fields["agent"])
        if session is None:
            return self.refusal("100-006")
        issued = session.guids.get(call.headers.get("guid", ""))
        # AUTHMODE 2: a guid that has not been renewed in time is dead, whoever holds it.
        expired = issued is not None and self.options.auth_mode == 2 and now - issued >= self.options.guid_timeout
        if issued is None or expired:
            return self.refusal(self.options.stale_guid_code)
        if self.options.require_cookies and not session.cookies.items() <= call.cookies().items():
            return self.refusal("100-006")
        return session

    # Signing in ('Signing In', 'Forcible Sign-In', 'Signing In to the Platform by an Agent').

    def _sign_in(self, call: Call, *, force: bool, extended: bool) -> Answer:
        code = self._malformed_sign_in(call, extended=extended)
        if code:
            return self.refusal(code)
        agent_id = call.path_fields["agent"]
        account = self.account(agent_id)
        if account is None:
            return self.refusal("100-004")
        session = self._session(agent_id)
        in_the_way = session is not None and not force
        if in_the_way and not self.options.check_password_first:
            return self.refusal("100-002")
        if not extended or self.options.loginex_checks_password:
            if self.is_locked(account):
                account.refused_while_locked += 1
                return self.refusal(self.options.locked_code)
            if not account.accepts(str(call.field("password")), self.world.clock.now(), self._rule()):
                return self.refusal("100-004")
        if in_the_way:
            return self.refusal("100-002")
        if session and account.cannot_be_forced:
            return self.refusal("100-015")
        phone = str(call.field("phonenum") or "")
        code = self._phone_refused(agent_id, phone)
        if code:
            return self.refusal(code)
        proved = not extended or self.options.loginex_checks_password
        return self._welcome(account, phone, proved=proved)

    def _malformed_sign_in(self, call: Call, *, extended: bool) -> str | None:
        fields = call.fields()
        if fields is None:
            return "000-002"
        if not extended and not {"password", "phonenum"} <= fields.keys():
            return "000-002"
        password, phone = fields.get("password", ""), fields.get("phonenum", "")
        if not isinstance(password, str) or not isinstance(phone, str):
            return "000-002"
        for name, kind in OPTIONAL_FIELDS.items():
            value = fields.get(name)
            # bool is an int to Python, but not to the gateway.
            if name in fields and (not isinstance(value, kind) or (kind is int and isinstance(value, bool))):
                return "000-002"
        if not extended and not (password and phone):
            return "100-001"
        if len(password) > LONGEST_PASSWORD:
            return "100-001"
        if phone and not (phone.isascii() and phone.isdecimal() and len(phone) <= LONGEST_PHONE):
            return "100-013"
        return None if fields.get("agenttype", 4) in AGENT_TYPES else "100-012"

    def _phone_refused(self, agent_id: str, phone: str) -> str | None:
        """Binding the telephone comes after the password: these codes prove that it was right."""
        if not phone:
            return None
        first, _dash, last = self.options.phone_range.partition("-")
        if first and not int(first) <= int(phone) <= int(last):
            return "100-014"
        holder = self._phones.get(phone, agent_id)
        return "100-011" if holder != agent_id and self._session(holder) else None

    def _welcome(self, account: Account, phone: str, *, proved: bool) -> Answer:
        now = self.world.clock.now()
        if proved:
            account.signed_in()
        session = self._open(account, phone, now)
        return self._signed_in(account.id, account.vdn, account.must_change(now), session)

    def _signed_in(self, agent_id: str, vdn: int, must_change: bool, session: Session) -> Answer:
        result = {
            "vdnid": vdn,
            "workno": agent_id,
            "mediatype": "TTF",
            "loginTime": str(int(session.last_poll * 1000)),
            # A string, not a boolean: 'first sign-in or initialised password'.
            "isForceChange": "true" if must_change else "false",
        }
        answer = self.success(result, message="")
        answer.headers.append(_set_guid(next(iter(session.guids))))
        for name, value in session.cookies.items():
            path = "/agentgateway" if name == "JSESSIONID" else "/"
            answer.headers.append(("Set-Cookie", f"{name}={value}; Path={path}; Secure; HttpOnly"))
        return answer

    def _pretend_sign_in(self, call: Call) -> Answer:
        now = self.world.clock.now()
        cookies = {"JSESSIONID": issued(secrets.token_hex(16))}
        return self._signed_in(call.path_fields["agent"], 1, False, Session("", now, cookies, {new_guid(): now}))

    # Signing out ('Signing Out', 'Forcibly Signing Out', '... with a Reason').

    def _sign_out(self, call: Call) -> Answer:
        session = self._authorise(call)
        if isinstance(session, Answer):
            return session
        account = self.account(call.path_fields["agent"])
        if account and account.in_call:
            # "has no effect while the agent is talking"
            return self.refusal("100-010")
        self._close(call.path_fields["agent"])
        return self.success()

    def _force_sign_out(self, call: Call) -> Answer:
        if not 1 <= int(call.path_fields.get("reason", "1")) <= 255:
            return self.refusal("000-002")
        session = self._authorise(call)
        if isinstance(session, Answer):
            return session
        self._close(call.path_fields["agent"])
        return self.success()

    # Staying signed in ('Obtaining Events of One Agent in Polling Mode', 'Heartbeat').

    def _poll(self, call: Call) -> Answer:
        return self._kept_alive(call, {"message": "", "retcode": "0"})

    def _heartbeat(self, call: Call) -> Answer:
        return self._kept_alive(call, {"message": "success", "retcode": "0"})

    def _kept_alive(self, call: Call, content: dict[str, Any]) -> Answer:
        session = self._authorise(call)
        if isinstance(session, Answer):
            return session
        now = self.world.clock.now()
        session.last_poll = now
        answer = self.envelope(content, "0", applied=True)
        newest, issued = next(reversed(session.guids.items()))
        if self.options.auth_mode == 2 and now - issued >= self.options.guid_interval:
            newest = new_guid()
            alive = {guid: at for guid, at in session.guids.items() if now - at < self.options.guid_timeout}
            session.guids = {**alive, newest: now}
            answer.headers.append(_set_guid(newest))
        return answer

    # 'Changing the Password (Extended)'.

    def _change(self, call: Call) -> Answer:
        if not call.late:
            session = self._authorise(call)
            if isinstance(session, Answer):
                return session
        old, new = call.field("oldPassword"), call.field("newPassword")
        if not isinstance(old, str) or not isinstance(new, str) or not old or not new:
            return self.refusal("000-002")
        if len(old) > LONGEST_PASSWORD:
            return self.refusal("000-002")
        account = self.account(call.path_fields["agent"])
        if account is None or not self._old_password_right(account, old):
            return self.refusal("100-007")
        if not follows_policy(new, account.id, self.options.identical_run):
            return self.refusal(self.options.policy_code)
        if account.used_before(new, self.options.history_size):
            return self.refusal(self.options.history_code)
        account.set_password(new, self.world.clock.now())
        account.changes += 1
        if self.options.change_ends_session:
            self._close(account.id)
        return self.success()

    def _old_password_right(self, account: Account, old: str) -> bool:
        if self.is_locked(account):
            account.refused_while_locked += 1
            return False
        if self.options.wrong_old_counts:
            return account.accepts(old, self.world.clock.now(), self._rule())
        return old == account.password


def _set_guid(guid: str) -> tuple[str, str]:
    # 'C4 authentication': the header carries a prefix that is not part of the guid.
    return "Set-GUID", f"JSESSIONID={guid}"
