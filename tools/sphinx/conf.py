# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sphinx settings of `make docs`. antsibull-docs writes the pages, this says how they look."""

project = "callcenter.passwords"
author = "callcenter.passwords contributors"
copyright = author  # the name Sphinx reads
html_title = "callcenter.passwords"
html_short_title = html_title

extensions = ["sphinx_antsibull_ext"]
default_role = "any"
highlight_language = "YAML+Jinja"
pygments_style = "ansible"

html_theme = "furo"
html_copy_source = False
html_show_sphinx = False
html_use_index = False

# A reference that leads nowhere is an error. Those into ansible-core's documentation are left alone: its index would
# have to be downloaded, and the site is to be built without a network.
nitpicky = True
nitpick_ignore_regex = [(".*", r"(?!ansible_collections\.callcenter\.).*")]
html_static_path = ["static"]
html_css_files = ["contents.css"]
