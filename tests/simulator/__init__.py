# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for the services whose passwords the collection rotates, as one real TLS server on loopback.

It shares no code with the collection: what it knows comes from the vendors' interface references, so that a
misreading in the collection shows up as a failing test and is not repeated here.
Importing this package needs the standard library only; the server itself needs aiohttp and cryptography.
"""
