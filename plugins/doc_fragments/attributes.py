# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of what all modules promise. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Attributes of the modules."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Checks the options, makes no request, and says what would be done.
  diff_mode:
    description: Shows what changed. Passwords are never shown, so there is no diff.
  idempotent:
    description: Running the task again with the same options does not change anything again.
  action:
    description: >-
      With a local connection the module runs inside the controller's worker process, without a new Python interpreter;
      with any other connection it runs on the target like every module. Options and results are the same.
"""

    CONTROLLER = r"""
options: {}
attributes:
  action:
    description: Has an action plugin that does the work on the controller.
    support: full
    details: There is no ordinary module behind it.
  async:
    description: Can be run with the C(async) keyword.
    support: none
  bypass_host_loop:
    description: Is run once for all hosts instead of once for each.
    support: none
"""

    ACTION_GROUP_CC = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/callcenter.passwords.cc) in C(module_defaults) to set options for all gateway modules.
    support: full
    membership:
      - callcenter.passwords.cc
"""

    ACTION_GROUP_CEC = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/callcenter.passwords.cec) in C(module_defaults) to set options for all CEC modules.
    support: full
    membership:
      - callcenter.passwords.cec
"""

    ACTION_GROUP_IDAAS = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/callcenter.passwords.idaas) in C(module_defaults) to set options for all IDaaS modules.
    support: full
    membership:
      - callcenter.passwords.idaas
"""

    LOGIN = r"""
options: {}
notes:
  - RV(outcome) is V(ok) or V(ok_restricted) when the password is right; with any other outcome the task fails.
  - Only V(wrong_password) surely counts towards the account's lock; V(unknown) is counted as a failed login too.
  - A session is kept out of the output, but Ansible prints the items of a loop. Do not loop over registered sessions.
"""
