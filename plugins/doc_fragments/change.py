# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Documentation of the options of a password change. Private to this collection."""

from __future__ import annotations


class ModuleDocFragment:
    """Options of a password change; their argument specs are in module_utils/_module/change_module.py."""

    DOCUMENTATION = r"""
options:
  old_password:
    description:
      - The password that works now. A string; numbers must be quoted.
    type: raw
    required: true
"""

    NEW_PASSWORD = r"""
options:
  new_password:
    description:
      - The password that shall work. A string; numbers must be quoted.
    type: raw
    required: true
  policy:
    description:
      - Rules of this tenant that differ from the documented ones.
      - The rules are C(min_length) (8), C(max_length) (32, of a SIP phone 16), C(min_classes) (how many of upper-case
        letters, lower-case letters, digits and specials), C(specials) (accepted specials; empty accepts all printable
        ones), C(max_identical) (longest run of one character), C(identifier_piece) (from how many characters on a piece
        of the account's number or name is refused, forwards or backwards; 0 for never), C(whole_identifier) (whether a
        whole one is refused) and C(pattern) (a regular expression that the whole password must match).
        C(generated_length) and C(generated_specials) matter only where a password is generated.
    type: dict
    default: {}
  check_policy:
    description:
      - Check O(new_password) against O(policy) before anything is sent. V(false) for a password that was checked when
        it was generated, as the rotation's candidates are.
    type: bool
    default: true
  probe_new_password:
    description:
      - When the old password is wrong, log in once with the new one to see whether it is in place already.
      - This makes the task idempotent, at the price of a second failed login where neither password works.
    type: bool
    default: true
"""
