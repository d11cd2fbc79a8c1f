# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the states of a credential: `python tools/state_picture.py` writes docs/docsite/rst/states.svg.

What is drawn is data. A unit test compares the arrows with what the model of the algorithm really does, and the file
with what this program draws.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

PICTURE = Path(__file__).parent.parent / "docs" / "docsite" / "rst" / "states.svg"

WIDTH, HEIGHT = 1000, 625
BOX_WIDTH, BOX_HEIGHT = 200, 84
LINE = 16


@dataclass(frozen=True)
class Box:
    """A state.

    Attributes:
        name: as the tests call it.
        x: left edge.
        y: upper edge.
        text: lines below the name.
        style: its look: ``rest``, ``work``, ``doubt`` or ``aside``.
        width: of the box.
    """

    name: str
    x: int
    y: int
    text: tuple[str, ...]
    style: str
    width: int = BOX_WIDTH


@dataclass(frozen=True)
class Arrow:
    """A way from one state to another.

    Attributes:
        before: state.
        after: state.
        steps: the role's steps that write it.
        text: what happened.
        path: where it runs, as SVG draws it.
        at: where the text stands.
        anchor: which end of the text that is.
    """

    before: str
    after: str
    steps: tuple[str, ...]
    text: tuple[str, ...]
    path: str
    at: tuple[int, int]
    anchor: str = "start"


BOXES = (
    Box("steady", 40, 90, ("one password, it works", "nothing is booked"), "rest"),
    Box("checking", 365, 90, ("one password", "a login with it is booked"), "work"),
    Box("unresolved", 730, 90, ("current and staged:", "one of the two works"), "doubt"),
    Box("resuming", 730, 290, ("current and staged", "a login with one is booked"), "work"),
)

ASIDE = "left alone"
FRAME = (40, 470, 890, 140)
FRAME_TEXT = "left alone: nothing is tried"
FRAME_NOTE = "Time ends cooling and locked. A person's word, a repair or an enrollment ends the others."
ASIDE_WIDTH = 160
ASIDES = (
    Box("cooling", 58, 512, ("failed logins, and the", "window is not over"), "aside", ASIDE_WIDTH),
    Box("locked", 232, 512, ("the server has said", "that it is locked"), "aside", ASIDE_WIDTH),
    Box("held", 406, 512, ("two failed logins,", "or two that may be"), "aside", ASIDE_WIDTH),
    Box("few attempts", 580, 512, ("the server leaves two", "attempts or fewer"), "aside", ASIDE_WIDTH),
    Box("diverged", 754, 512, ("every stored", "password was refused"), "aside", ASIDE_WIDTH),
)

ARROWS = (
    Arrow("steady", "checking", ("plan",), ("Plan: it is due",), "M240 116 H365", (302, 108), "middle"),
    Arrow(
        "checking",
        "steady",
        ("stage",),
        ("Stage: signed in,", "second factor,", "no usable answer"),
        "M365 150 H240",
        (302, 168),
        "middle",
    ),
    Arrow(
        "checking",
        "unresolved",
        ("stage",),
        ("Stage: it works;", "a candidate is", "written, then sent"),
        "M565 132 H730",
        (647, 152),
        "middle",
    ),
    Arrow(
        "unresolved",
        "steady",
        ("commit", "change"),
        ("Commit: a login has proved the candidate.  Change: it was not sent, and is dropped",),
        "M830 90 V48 H140 V90",
        (485, 38),
        "middle",
    ),
    Arrow(
        "unresolved",
        "resuming",
        ("plan", "change"),
        ("Plan: the next run", "Change: it was", "refused; a login", "decides"),
        "M800 174 V290",
        (792, 204),
        "end",
    ),
    Arrow(
        "resuming", "unresolved", ("stage",), ("Stage: sent again,", "or not found out"), "M850 290 V174", (858, 226)
    ),
    Arrow(
        "resuming",
        "steady",
        ("commit", "stage"),
        ("Commit: the candidate works", "Stage: the current one works,", "the refused candidate is put aside"),
        "M730 332 H140 V174",
        (152, 290),
    ),
    Arrow("checking", ASIDE, ("stage",), ("Stage",), "M435 174 V470", (427, 418), "end"),
    Arrow(ASIDE, "checking", ("plan",), ("Plan: a person", "asks for it"), "M495 470 V174", (503, 410)),
    Arrow("resuming", ASIDE, ("stage",), ("Stage",), "M800 374 V470", (792, 418), "end"),
    Arrow(ASIDE, "resuming", ("plan",), ("Plan: likewise,", "or a repair"), "M850 470 V374", (858, 410)),
    Arrow("unresolved", ASIDE, ("verify",), ("Verify",), "M930 132 H974 V540 H930", (967, 452), "end"),
)

STYLE = """
.states { --ink: #1f2328; --faint: #59636e; --paper: #ffffff;
  --rest: #2da44e; --work: #3b82d6; --doubt: #c98a04; --aside: #cf4a4a;
  font: 13px system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
@media (prefers-color-scheme: dark) { .states { --ink: #e6edf3; --faint: #9198a1; --paper: #131416; } }
.states text { fill: var(--ink); }
.states .name { font-weight: 600; font-size: 15px; }
.states .label { fill: var(--faint); font-size: 12px; stroke: var(--paper); stroke-width: 5px; paint-order: stroke; }
.states rect { fill-opacity: 0.12; stroke-width: 1.5px; }
.states .rest { fill: var(--rest); stroke: var(--rest); }
.states .work { fill: var(--work); stroke: var(--work); }
.states .doubt { fill: var(--doubt); stroke: var(--doubt); }
.states .aside { fill: var(--aside); stroke: var(--aside); }
.states .paper { fill: var(--paper); fill-opacity: 1; }
.states .frame { fill: none; stroke: var(--faint); stroke-dasharray: 5 4; }
.states .arrow { fill: none; stroke: var(--faint); stroke-width: 1.5px; }
.states .head { fill: var(--faint); }
"""

TITLE = "The states of a credential in the store"
DESCRIPTION = (
    "Steady, checking and unresolved from left to right, resuming below unresolved, and the states in which a "
    "credential is left alone at the bottom: held, locked, few attempts, diverged. The page's tables say the same."
)


def _text(lines: tuple[str, ...], x: int, y: int, anchor: str, kind: str) -> str:
    return "\n".join(
        f'<text class="{kind}" x="{x}" y="{y + number * LINE}" text-anchor="{anchor}">{escape(line)}</text>'
        for number, line in enumerate(lines)
    )


def _box(box: Box) -> str:
    middle = box.x + box.width // 2
    return "\n".join(
        (
            f'<rect class="{box.style}" x="{box.x}" y="{box.y}" width="{box.width}" height="{BOX_HEIGHT}" rx="8"/>',
            _text((box.name,), middle, box.y + 28, "middle", "name"),
            _text(box.text, middle, box.y + 50, "middle", "line"),
        )
    )


def draw() -> str:
    """Return the picture."""
    x, y, width, height = FRAME
    parts = [
        (
            f'<svg class="states" xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" '
            f'viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            'aria-labelledby="states-title states-description">'
        ),
        f'<title id="states-title">{TITLE}</title>',
        f'<desc id="states-description">{DESCRIPTION}</desc>',
        f"<style>{STYLE}</style>",
        (
            '<defs><marker id="states-head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" '
            'orient="auto"><path class="head" d="M0 0 L10 5 L0 10 z"/></marker></defs>'
        ),
        f'<rect class="paper" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
        f'<rect class="frame" x="{x}" y="{y}" width="{width}" height="{height}" rx="8"/>',
        _text((FRAME_TEXT,), x + 18, y + 26, "start", "name"),
        _text((FRAME_NOTE,), x + width - 16, y + 26, "end", "label"),
        *(f'<path class="arrow" d="{arrow.path}" marker-end="url(#states-head)"/>' for arrow in ARROWS),
        *(_box(box) for box in (*BOXES, *ASIDES)),
        *(_text(arrow.text, *arrow.at, arrow.anchor, "label") for arrow in ARROWS),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
    print(PICTURE)
