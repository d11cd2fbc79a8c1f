# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything about the simulated services that the documentation leaves open or that differs by installation.

The defaults are what the interface references say, or where they are silent, the reading that is hardest on a
client. Sections are named after the CC-Gateway interface reference.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from .jsonfields import FieldError, fill


@dataclass(slots=True)
class GatewayOptions:
    """CC-Gateway: agents and configuration administrators."""

    # Agent ids: 101-59999 in the 2023 pages, 101-999999 in those of 2025.
    max_agent_id: int = 59999
    # 'C5 Intelligent Auxiliary Interface Authentication': VDN id + 100000, in the newest page + 1000000.
    vdn_offset: int = 100_000
    # 'utf-8' or 'gbk': the encoding of the answers.
    encoding: str = "utf-8"
    # A call whose body is not announced as JSON gets HTTP 415 ("Content-Type ... mandatory").
    require_content_type: bool = True

    # 'C4 authentication': AUTHMODE 1 = static, 2 = dynamic GUIDs, and the two knobs of the dynamic mode.
    auth_mode: int = 2
    guid_interval: float = 60.0
    guid_timeout: float = 120.0
    # 'Signing In': no event poll for two minutes means signed out.
    session_timeout: float = 120.0
    # How long a session that must change its password lives without doing so; 0 = as any other.
    force_change_seconds: float = 60.0
    # How long an event poll without events is held, in real seconds (10 on a real gateway).
    poll_hold: float = 0.05
    # Behind a load balancer only the cookies of the sign-in lead back to the node that knows the session.
    require_cookies: bool = True
    # The code for a guid that is wrong or has been replaced: 100-006 or 000-003.
    stale_guid_code: str = "100-006"

    # Undocumented: whether a sign-in of a live agent checks the password before it answers 100-002.
    check_password_first: bool = False
    # 'Signing In to the Platform by an Agent' (loginex) allows an empty password.
    loginex_checks_password: bool = False
    # Allowed telephone numbers as 'first-last'; empty = any.
    phone_range: str = ""

    # Undocumented for agents: three wrong passwords, half an hour, as elsewhere in the product.
    lock_threshold: int = 3
    lock_seconds: float = 1800.0
    lock_resets_counter: bool = False
    locked_code: str = "110-016"
    wrong_old_counts: bool = True

    # 'Changing the Password (Extended)'.
    history_size: int = 5
    policy_code: str = "100-007"
    history_code: str = "100-007"
    # The shortest run of equal characters that is refused; the two language versions of the page differ.
    identical_run: int = 2
    change_ends_session: bool = True

    # Administrator's reset of an agent's password (inferred from its siblings).
    reset_ends_session: bool = False
    reset_unlocks: bool = False
    reset_requires_full_record: bool = False

    # Configuration administrators.
    config_lock_threshold: int = 3
    config_lock_seconds: float = 1800.0
    config_locked_code: str = "107-003"
    config_wrong_old_counts: bool = True
    config_session_seconds: float = 1800.0
    config_history_size: int = 5
    config_history_code: str = "107-004"

    def check(self) -> None:
        if self.encoding not in ("utf-8", "gbk"):
            raise FieldError("options.gateway.encoding: 'utf-8' or 'gbk'")
        if self.auth_mode not in (1, 2):
            raise FieldError("options.gateway.auth_mode: 1 (static) or 2 (dynamic)")
        first, dash, last = self.phone_range.partition("-")
        if self.phone_range and not (dash and first.isdecimal() and last.isdecimal()):
            raise FieldError("options.gateway.phone_range: '40000-49999', or empty for any number")


@dataclass(slots=True)
class CecOptions:
    """CEC cc-management behind API Fabric: tenants, business accounts and SIP phones."""

    # Seen at a public tenant: a caller whose address is not listed gets the front end's 403 before any JSON.
    address_allowed: bool = True
    # A body that is not announced as JSON is malformed; only the token page asks for the header.
    require_content_type: bool = True
    # 'tokenByAkSk': what a token lives without X-Token-Expire, and the most that header can get.
    token_seconds: int = 600
    token_seconds_max: int = 3600
    # Undocumented: the HTTP status for a wrong app key or secret, and whether a new token ends the earlier ones.
    token_refused_status: int = 401
    new_token_revokes: bool = False
    # Header x-app-key: optional in the tables of the interface reference, mandatory in the older development guide.
    require_app_key: bool = True

    # The tables wrap the fields in 'requestParam' and 'schema', the examples do not.
    # Bodies understood: 'flat', 'wrapped' or 'both'. Bodies sent: 'flat' or 'wrapped'.
    requests: str = "both"
    answers: str = "flat"
    # 'CC-Management', or 'CC-Mangemant' as in the Chinese pages and the older guide. The other one is not found.
    management_path: str = "CC-Management"
    # Undocumented: 200 = resultCode 1, 500 = the documented 'business failure'.
    unknown_account_status: int = 200

    # Three wrong passwords of a business account, half an hour (agentAccount/update, updateSipPhonePassword).
    lock_threshold: int = 3
    lock_seconds: float = 1800.0
    # Undocumented: whether the count starts again when the lock is over.
    lock_resets_counter: bool = False
    # Undocumented: whether a wrong password in queryAgentLoginParams counts too.
    login_check_counts: bool = True
    # agentAccount/update: one change in this time; 0 = any number.
    change_interval: float = 86400.0
    # agentAccount/update: the default rule group, as far as it is readable; longest and history are inferred.
    account_min_length: int = 8
    account_max_length: int = 32
    account_classes: int = 4
    account_history_size: int = 5

    # updateSipPhonePassword: "any combination of three". No history is mentioned; 0 = even the same again.
    sip_classes: int = 3
    sip_history_size: int = 0
    # queryAgentLoginParams: where the phones register, and '***' for their passwords as in the printed samples.
    sip_service_ip: str = "127.0.0.1"
    sip_service_port: str = "5060"
    mask_sip_password: bool = False
    # Unix datagram socket of Kamailio's module jsonrpcs, which is told every password of a phone; empty = none.
    kamailio_socket: str = ""

    def check(self) -> None:
        for name, known in CEC_CHOICES.items():
            if getattr(self, name) not in known:
                raise FieldError(f"options.cec.{name}: one of {', '.join(map(str, known))}")


CEC_CHOICES: dict[str, tuple[object, ...]] = {
    "requests": ("flat", "wrapped", "both"),
    "answers": ("flat", "wrapped"),
    "management_path": ("CC-Management", "CC-Mangemant"),
    "unknown_account_status": (200, 500),
}


@dataclass(slots=True)
class IdaasOptions:
    """IDaaS: Bamboocloud CIAM and Huawei OneAccess, whose SDK and tenant interfaces are the same family."""

    # X-client-id: the applications that are registered; empty = any ("the app is not registered").
    clients: list[str] = field(default_factory=list)
    # X-tenant-id: "mandatory when calling an ISV application"; empty = not asked for. The code is not told.
    tenants: list[str] = field(default_factory=list)
    wrong_tenant_code: str = "IDAAS.SDK.PARAM.0003"
    # content-type is mandatory on every SDK page, those of GET calls too.
    require_content_type: bool = True
    # X-L is optional: what is spoken without it, and a server that has no other texts than Chinese ones.
    language: str = "zh"
    chinese_only: bool = False
    # Error-code digests of OneAccess print 'LOGIN.0002' without its family.
    bare_codes: bool = False
    # Undocumented: the code for a body that is malformed or lacks what is mandatory and has no code of its own.
    bad_request_code: str = "IDAAS.SDK.COMMON.0001"

    # OneAccess default: ten wrong passwords, three minutes.
    lock_threshold: int = 10
    lock_seconds: float = 180.0
    # Undocumented: whether the count starts again when the lock is over, and whether the password that
    # locks is answered with the lock or with no remaining attempts.
    lock_resets_counter: bool = False
    lock_told_at_once: bool = True

    # 'pwd/update' and 'tenant/token' say 2 h and 30 min by default; a state token is "temporary".
    id_token_seconds: float = 7200.0
    state_token_seconds: float = 300.0
    access_token_seconds: float = 1800.0
    access_token_scope: str = "all"

    # 'Username + Password Login', example of `data`: the policy that is enforced, and whether it is told.
    policy_min_length: int = 8
    policy_max_length: int = 18
    policy_regex: str = r"^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z0-9~!#$%&+\-,*:;<=>@_?^./]+$"
    announce_policy: bool = True
    # Told instead of the true policy, whatever it is.
    policy_data: str = ""
    # PWD.0001, .0005 and .0006: tenant settings without documented defaults; 0 repetitions = no limit.
    history_size: int = 5
    weak_passwords: list[str] = field(default_factory=lambda: ["Password1", "Passw0rd", "Admin@123", "Qwer1234"])
    max_repeat: int = 3
    # "Number of character repeat": all occurrences of a character, or only those in a row.
    repeat_anywhere: bool = True

    # 'pwd/update': the example of OneAccess lacks the id_token, that of Bamboocloud has it.
    update_returns_id_token: bool = True
    # Undocumented: the code for a wrong old password in 'pwd/update' and 'pwd/change', and whether it counts.
    wrong_old_code: str = "IDAAS.SDK.LOGIN.0002"
    wrong_old_counts: bool = True
    # Undocumented: whether a refused 'pwd/update' ends its state token.
    failed_update_uses_state_token: bool = False
    # 'pwd/skip-update' of an expired password: ACCESS_DENIED is one of its statuses; otherwise an error code.
    skip_expired_answer: str = "ACCESS_DENIED"
    # 'pwd/check-exist': a boolean in the example, a String in the table.
    is_set_pwd_as_text: bool = False
    # Undocumented: whether tokens given before a change or a reset die with the old password.
    change_ends_sessions: bool = False

    # 'tenant/token': undocumented status for a wrong client_id or client_secret.
    wrong_client_status: int = 401
    # No way to unlock is documented; whether an administrator's change is one is inferred.
    reset_unlocks: bool = False
    # 'change-password-verify': undocumented code for a wrong old password, and whether it counts.
    verify_wrong_old_code: str = "IDAAS.SDK.LOGIN.0002"
    verify_wrong_old_counts: bool = True

    def check(self) -> None:
        if self.language not in ("zh", "en"):
            raise FieldError("options.idaas.language: 'zh' or 'en'")
        if self.lock_threshold < 1:
            raise FieldError("options.idaas.lock_threshold: at least 1")
        try:
            re.compile(self.policy_regex)
        except re.error as error:
            raise FieldError(f"options.idaas.policy_regex: {error}") from error


@dataclass(slots=True)
class RegistrarOptions:
    """The SIP registrar of the telephones `cec_sip`."""

    # What it offers: 'MD5' or 'SHA-256', or 'both', the stronger one first (RFC 8760). A fresh Kamailio: MD5, no qop.
    algorithm: str = "MD5"
    qop: bool = False
    realm: str = "phones.test"
    # The first answer to each challenge is refused with stale=true and a fresh nonce.
    stale_once: bool = False
    # Wrong passwords in a row until even the right one is refused with 403, and for how long; 0 = never.
    lock_threshold: int = 0
    lock_seconds: float = 1800.0
    # No answers at all, or all with this SIP status (0 = what is due). Passwords are looked at all the same.
    silent: bool = False
    status: int = 0
    # Whether the two are for requests with a password only.
    only_credentials: bool = False

    @property
    def algorithms(self) -> tuple[str, ...]:
        return ("SHA-256", "MD5") if self.algorithm == "both" else (self.algorithm,)

    def check(self) -> None:
        if self.algorithm not in ("MD5", "SHA-256", "both"):
            raise FieldError("options.registrar.algorithm: 'MD5', 'SHA-256' or 'both'")
        if self.status and not 200 <= self.status <= 699:
            raise FieldError("options.registrar.status: 200 to 699, or 0 for what is due")
        if not self.realm or not self.realm.isprintable():
            raise FieldError("options.registrar.realm: printable characters")


@dataclass(slots=True)
class Options:
    """What is common to all services, and one group for each."""

    # Added to every answer, in real seconds.
    latency: float = 0.0
    # Calls remembered for each account; older ones are dropped.
    journal_per_account: int = 1000
    gateway: GatewayOptions = field(default_factory=GatewayOptions)
    idaas: IdaasOptions = field(default_factory=IdaasOptions)
    cec: CecOptions = field(default_factory=CecOptions)
    registrar: RegistrarOptions = field(default_factory=RegistrarOptions)

    def update(self, values: Mapping[str, object]) -> None:
        fill(self, values, "options")
        self.gateway.check()
        self.idaas.check()
        self.cec.check()
        self.registrar.check()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)
