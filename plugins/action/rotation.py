# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All steps of a rotation in one task. Documented in plugins/modules/rotation.py."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from ansible.errors import AnsibleActionFail, AnsibleError

from ansible_collections.callcenter.passwords.plugins.module_utils._errors import InputError, Outcome, described
from ansible_collections.callcenter.passwords.plugins.module_utils._kinds import KINDS
from ansible_collections.callcenter.passwords.plugins.module_utils._module.argspec import ArgumentSpec, password_option
from ansible_collections.callcenter.passwords.plugins.modules.rotation import ARGUMENTS
from ansible_collections.callcenter.passwords.plugins.plugin_utils.checked_options import checked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.filling import altered_texts, refuse_altered
from ansible_collections.callcenter.passwords.plugins.plugin_utils.first_passwords.file import FirstPasswords
from ansible_collections.callcenter.passwords.plugins.plugin_utils.known_variables import check_names
from ansible_collections.callcenter.passwords.plugins.plugin_utils.login_guard.brake import Brake, Fleet
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.masking import masked
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.plain import plain
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import (
    ModuleRunner,
    operation_of,
)
from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.secretive_action import SecretiveAction
from ansible_collections.callcenter.passwords.plugins.plugin_utils.named_options import resolve_variables
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation import flow, ranges, schedule
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.accounts import account_of
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.candidates import PolicyCandidates
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.decisions import Decisions
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.driver import Driver, Target
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.exemption import Exemption
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.ledger import is_ahead
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Enrollment, Next, Rules, Run
from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.window import Window
from ansible_collections.callcenter.passwords.plugins.plugin_utils.run_name import is_over, run_name
from ansible_collections.callcenter.passwords.plugins.plugin_utils.spoken import say
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Entry, StoreError
from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import open_store
from ansible_collections.callcenter.passwords.plugins.plugin_utils.timestamps import now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ansible_collections.callcenter.passwords.plugins.plugin_utils.rotation.model import Flow, Step
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.entry import Account
    from ansible_collections.callcenter.passwords.plugins.plugin_utils.store.open import Store

    Options = Mapping[str, Any]

_UNEVENTFUL = frozenset(
    {Outcome.ROTATED, Outcome.ENROLLED, Outcome.VERIFIED, Outcome.NOT_DUE, Outcome.EXEMPT, Outcome.STOPPED}
)
"""What a task comes to that fails nothing and that nobody needs to hear of."""
_NO_FIRST_PASSWORD = (
    "the password of today is not given; give it by kind in rotate_enroll_passwords, as in {cc_agent: ...}, or in the "
    "file rotate_enroll_csv, or have an administrator set another one with rotate_enroll_by"
)
_failed: set[tuple[str, str]] = set()
"""Host and kind of what has failed in this process: a worker of one task, which does the items of its loop in turn."""


class ActionModule(SecretiveAction):
    """The way of one credential through all its steps."""

    def act(self, args: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        """Take the steps and return what came of them."""
        args = self._arguments(args, variables)
        host = str(args["host"] or variables.get("inventory_hostname", ""))
        brake = Brake(self._fleet(args, variables), host)
        failure = str(Outcome.UNKNOWN)  # where the task is cut off, as by Ansible's time-out for tasks
        try:
            outcome = self._outcome(host, args, variables, brake)
            failure = outcome["outcome"] if outcome["failed"] else ""
        finally:
            if stops := brake.leave(failure):
                self._display.warning(stops)
        if outcome["failed"]:
            _failed.add((host, args["kind"]))
            outcome["msg"] = f"{args['kind']}: {outcome['msg']}"
        elif outcome["outcome"] not in _UNEVENTFUL and not self._task.check_mode:
            self._display.warning(f"{host}, {args['kind']}: {outcome['msg']}")
        elif outcome["changed"] and not self._task.check_mode:
            # Not on the standard output, which a callback may fill with a document.
            say(f"{host}, {args['kind']}: {outcome['msg']}", self._display)
        return masked({"kind": args["kind"], **outcome}, self.secrets_among(args).values())

    def secrets_among(self, args: dict[str, Any]) -> dict[str, Any]:
        """Return the password of an enrollment and the secrets of the account."""
        secrets = ARGUMENTS.secrets(args)
        for place in ("account", "repair_account"):
            if args.get("kind") in KINDS and isinstance(args.get(place), dict):
                secrets |= ArgumentSpec(_account_options(args["kind"])).secrets(args[place])
        return secrets

    def _outcome(self, host: str, args: dict[str, Any], variables: Options, brake: Brake) -> dict[str, Any]:
        """Return what the task came to. Whatever goes wrong is in it."""
        driver: Driver | None = None
        try:
            inventory = variables.get("ansible_inventory_sources") or ()
            store = open_store(
                args["store_path"],
                args["vault_id"],
                self._loader,
                inventory,
                may_be_new=args["intent"] == "enroll",
                may_be_ephemeral=args["store_ephemeral"],
            )
            ranges.check(args, variables.get("rotate_policies") if self._task.args.get("variables") else None)
            own, presented = _accounts(args)
            if _is_given(args):
                args["password"] = self._first_password(host, args, store, variables)
            target = Target(
                host, args["kind"], args["account"], own, args["repair_host"], args["repair_account"], args["password"]
            )
            runner = ModuleRunner(self, dict(variables))
            driver = Driver(target, store, runner, brake, check_mode=self._task.check_mode)
            candidates = PolicyCandidates(KINDS[args["kind"]], args["account"], args["policy"], store)
            run = Run(run_name(), now(), is_over, host)
            rules = _rules(host, args)
            decide = Decisions(rules, run, candidates, own, presented)
            before = store.read(host, args["kind"])
            self._look_at_clocks(before, run, args["kind"])
            self._look_at_exemption(rules.exemption, run, args["kind"])
            if args["intent"] == "enroll":
                _check_enrollment(args, own, store)
            if args["intent"] == "rotate" or _takes_over(args):
                candidates.check()
            step = driver.carry_out(_flow(decide, args, store))
        except AnsibleError:
            raise
        except (StoreError, InputError) as exc:
            faults = exc.faults if isinstance(exc, InputError) else (str(exc),)
            is_begun = driver is not None and driver.steps != []
            message = f"{'. '.join(faults)}. {'Run again' if is_begun else 'Nothing was sent'}"
        except Exception as exc:  # An exception's text may quote a secret, so none may reach Ansible.
            message = f"unexpected {described(exc)}; run again, which finishes what was begun. Please report it"
        else:
            changed = driver.changed and not (self._task.check_mode and args["intent"] == "verify")
            told = _told(step, driver, schedule.due_at(step.entry, rules, run))
            if changed and self._task.diff:
                told["diff"] = _difference(f"{host}, {args['kind']}", before, step.entry, told)
            return {**told, "changed": changed, "steps": driver.steps}
        steps = driver.steps if driver else []
        return {
            "failed": True,
            "changed": bool(driver and driver.changed),
            "outcome": str(Outcome.FAILED),
            "msg": message,
            "steps": steps,
        }

    def _fleet(self, args: Options, variables: Options) -> Fleet | None:
        """Return the hosts of the play, where one that fails shall keep others from beginning."""
        if args["intent"] != "rotate" or self._task.check_mode:
            return None
        hosts = variables.get("ansible_play_hosts_all", ())
        return Fleet(str(self._task._uuid), hosts, args["max_fail_percentage"]) if len(hosts) > 1 else None

    def _first_password(self, host: str, args: Options, store: Store, variables: Options) -> str | None:
        """Return the password to take over, None where none is given and none is needed."""
        file = args["csv"]
        try:
            if args["password"] in (None, "") and not file["path"]:
                raise InputError(_NO_FIRST_PASSWORD)
            if args["password"] not in (None, ""):
                return password_option(args, "password")
            table = FirstPasswords(
                os.path.abspath(file["path"]), file["encoding"], file["delimiter"], plain(file["columns"])
            )
            groups = variables.get("groups", {})
            return table.password(host, args["kind"], file["kinds"], set(groups.get("all", ())), self._loader._vault)
        except InputError:
            stored = store.read(host, args["kind"])
            if stored and stored.current and not args["replace"]:
                return None
            raise

    def _look_at_clocks(self, entry: Entry | None, run: Run, kind: str) -> None:
        if entry and is_ahead(entry, run):
            self._display.warning(
                f"{run.host}, {kind}: the store has times that lie in the future, so a clock was wrong, or this one "
                "is. They are not believed: what has happened counts from now on, and an age is unknown. "
                "Check the clocks"
            )

    def _look_at_exemption(self, exemption: Exemption | None, run: Run, kind: str) -> None:
        if exemption and exemption.is_over(run.time):
            self._display.warning(
                f"{run.host}, {kind}: its exemption has ended on {exemption.until}, so it is rotated. Remove it, or "
                f"have {exemption.owner} give another last day ({exemption.reason})"
            )

    # -- options -------------------------------------------------------------------------------------------------------

    def _arguments(self, given: Options, variables: Options) -> dict[str, Any]:
        if given.get("variables"):
            for warning in check_names(variables):
                self._display.warning(warning)
        with altered_texts(self._templar) as altered:
            named = self._named(given, variables)
        refuse_altered(self.secrets_among({**named, **given}), altered)
        args: dict[str, Any] = plain(checked(ARGUMENTS, {**named, **given}))
        if args["account"].get("failed_login_cap"):
            folder = os.path.abspath(os.path.expanduser(os.path.expandvars(args["store_path"])))
            args["account"]["failed_login_cap"].setdefault("folder", f"{folder}/.failed-logins")
        return args

    def _named(self, given: Options, variables: Options) -> dict[str, Any]:
        """Return the options that are given by the names of variables."""
        kind = str(given.get("kind"))
        names = self._names(kind, given, variables)
        if not names or kind not in KINDS:
            return {}
        administrators, initial = names.pop("repair_account", None), names.pop("enroll", None)
        account, template = _account_options(kind), self._templar.template
        options = {**ARGUMENTS.options, "account": {"type": "dict", "options": account}}
        named = resolve_variables(names, options, variables, template)
        if initial and {**named, **given}.get("intent") == "enroll":
            named |= resolve_variables(initial, options, variables, template)
        if administrators and named.get("repair_host") in variables["hostvars"]:
            theirs = variables["hostvars"][named["repair_host"]]
            named["repair_account"] = resolve_variables(administrators, account, theirs, template)
        return named

    def _names(self, kind: str, given: Options, variables: Options) -> dict[str, Any]:
        """Return the names of the variables that hold options of this kind."""
        names = given.get("variables") or {}
        if isinstance(names, str):
            by_kind = variables.get(names)
            if not isinstance(by_kind, dict):
                raise AnsibleActionFail(f"variables: {names} holds no names for each kind. Nothing was sent")
            if kind not in by_kind:
                known = ", ".join(by_kind)
                raise AnsibleActionFail(f"{kind} is no kind of credential; the kinds are {known}. Nothing was sent")
            names = by_kind[kind]
        if not isinstance(names, dict):
            raise AnsibleActionFail("variables: give names of variables, by option. Nothing was sent")
        return dict(names)


def _takes_over(args: Options) -> bool:
    """Whether an administrator sets the first password."""
    return bool(args["intent"] == "enroll" and args["by"] == "administrator")


def _is_given(args: Options) -> bool:
    """Whether a user gives the first password."""
    return bool(args["intent"] == "enroll" and not _takes_over(args))


def _check_enrollment(args: Options, account: Account | None, store: Store) -> None:
    kind = KINDS[args["kind"]]
    if account is None:
        raise InputError(f"the variables do not say whose password it is; give {kind.url} and the account")
    if _takes_over(args) and not kind.repair:
        raise InputError(f"no administrator can set a password of {args['kind']}; give the one of today")
    store.check_vault_password()


def _flow(decide: Decisions, args: Options, store: Store) -> Flow:
    if args["intent"] != "enroll":
        return flow.verify(decide) if args["intent"] == "verify" else flow.rotate(decide)
    if _takes_over(args):
        return flow.take_over(decide)
    initial = args["password"]
    if initial is None:
        return flow.enroll(decide, Enrollment())
    entry = store.read(decide.run.host, args["kind"]) or Entry()
    given = Enrollment(
        store.encrypt(initial, entry),
        lambda stored: store.decrypt(stored) == initial,
        replace=args["replace"],
        verify=args["verify"],
    )
    return flow.enroll(decide, given)


def _accounts(args: Options) -> tuple[Account | None, Account | None]:
    """Return whose password is meant, and whose the change or the repair presents besides."""
    kind = KINDS[args["kind"]]
    given = {**_defaults(args["kind"]), **args["account"]}
    if kind.parent:
        return account_of(kind, given), account_of(KINDS[kind.parent], given)
    if kind.repair and kind.repair.parent:
        theirs = {**_defaults(kind.repair.parent), **given, **args["repair_account"]}
        return account_of(kind, given), account_of(KINDS[kind.repair.parent], theirs)
    return account_of(kind, given), None


def _defaults(kind: str) -> dict[str, Any]:
    return {name: spec["default"] for name, spec in _account_options(kind).items() if "default" in spec}


def _rules(host: str, args: Options) -> Rules:
    """Return the rules that the options describe."""
    rules, kind, account = args["rules"], KINDS[args["kind"]], args["account"]
    min_age_hours = kind.min_age_hours if rules["min_age_hours"] is None else rules["min_age_hours"]
    return Rules(
        when=rules["when"],
        max_age=timedelta(days=rules["max_age_days"]),
        run_every=timedelta(hours=rules["run_every_hours"]),
        spread=rules["spread"],
        window=Window.of(rules["window"], rules["window_time_zone"]) if rules["window"] else None,
        exemption=Exemption.of(args["exempt"][args["kind"]]) if args["kind"] in args["exempt"] else None,
        max_failed_logins=rules["max_failed_logins"],
        lock_window=timedelta(minutes=rules["lock_window_minutes"]),
        lease=timedelta(seconds=rules["lease_seconds"]),
        retry_diverged=rules["retry_diverged"],
        min_age=timedelta(hours=min_age_hours),
        service_moved=rules["service_moved"],
        has_parent=kind.parent is not None,
        has_witness=bool(kind.witness and account.get(kind.witness)),
        repair=args["kind"] in args["repairable"] or _takes_over(args),
        has_administrator=bool(kind.repair and kind.repair.parent),
        presented=kind.parent or f"{kind.repair and kind.repair.parent} for {_administrator(args)}",
        blocked_reason=_blocked_reason(host, args),
    )


def _administrator(args: Options) -> str:
    if not args["repair_host"]:
        return "an administrator whom no variable names (rotate_repair_cc_host)"
    return str(args["repair_host"]) + ("" if args["repair_account"] else ", which is no host of this inventory,")


def _blocked_reason(host: str, args: Options) -> str:
    kind = KINDS[args["kind"]]
    for option, reason in kind.forbidden.items():
        if args["account"].get(option):
            return f"{option} is true: {reason}"
    if kind.parent and (host, kind.parent) in _failed:
        return f"{kind.parent}, whose password this change needs, has failed in this run"
    return ""


def _account_options(kind: str) -> dict[str, Any]:
    """Return the options of all modules of a kind. Which of them are required differs between these modules."""
    row = KINDS[kind]
    modules = [row.login, row.change, *([row.repair.module] if row.repair else [])]
    return {
        name: {rule: value for rule, value in spec.items() if rule != "required"}
        for module in modules
        for name, spec in operation_of(module).arguments.options.items()
    }


def _difference(whose: str, before: Entry | None, after: Entry, told: Options) -> dict[str, str]:
    """Return what --diff shows: dates, and no passwords."""

    def dates(entry: Entry) -> str:
        names = ("enrolled_at", "rotated_at", "proved_at", "staged_at")
        return "".join(f"{name}: {time.isoformat()}\n" for name in names if (time := getattr(entry, name)))

    return {
        "before": dates(before or Entry()),
        "after": f"{dates(after)}outcome: {told['outcome']}\n",
        "before_header": whose,
        "after_header": whose,
    }


def _told(step: Step, driver: Driver, due: datetime | None) -> dict[str, Any]:
    rotated_at, message = step.entry.rotated_at, step.decision.message
    if driver.changed and not driver.is_prediction and driver.story:
        is_plain = step.decision.outcome == Outcome.ROTATED and due
        message = f"rotated: {driver.story}; due {due:%Y-%m-%d}" if is_plain else f"{message} ({driver.story})"
    return {
        "failed": step.next is Next.FAIL,
        **({"skipped": True} if step.decision.outcome == Outcome.STOPPED else {}),
        "outcome": str(step.decision.outcome),
        "msg": message,
        "rotated_at": rotated_at.isoformat() if rotated_at else None,
    }
