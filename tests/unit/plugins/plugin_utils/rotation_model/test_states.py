# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The picture of the states shows what the algorithm does, no more and no less."""

from __future__ import annotations

from functools import cache

from support.rotation_model.states import transitions

from ansible_collections.callcenter.passwords.tools import state_picture

AFRESH = "The picture is old: run python tools/state_picture.py"


@cache
def taken() -> set[tuple[str, str, str]]:
    return transitions()


def test_the_arrows_are_the_transitions_that_are_taken() -> None:
    aside = {box.name for box in state_picture.ASIDES}

    def drawn(state: str) -> str:
        return state_picture.ASIDE if state in aside else state

    # A booking that follows another one, or a failure that leaves all as it was, is no arrow.
    changes = {(drawn(before), drawn(after), step) for before, after, step in taken() if drawn(before) != drawn(after)}
    assert changes == {(arrow.before, arrow.after, step) for arrow in state_picture.ARROWS for step in arrow.steps}


def test_every_state_is_drawn_and_reached() -> None:
    boxes = {box.name for box in (*state_picture.BOXES, *state_picture.ASIDES)}
    assert boxes == {state for before, after, _step in taken() for state in (before, after)}


def test_the_picture_is_up_to_date() -> None:
    assert state_picture.PICTURE.read_text(encoding="utf-8") == state_picture.draw(), AFRESH
