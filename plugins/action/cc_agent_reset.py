# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.callcenter.passwords.plugins.plugin_utils.module_runner.runner import (  # noqa: F401  # pylint: disable=unused-import
    ActionModule,
)
