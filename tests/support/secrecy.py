# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Finds secrets where they must not be: in outputs, files and processes, in whatever form.

Thousands of secrets are looked for in many megabytes at once, by grep. White space counts nowhere, so neither a wrapped
line nor a folded scalar hides anything.
"""

from __future__ import annotations

import base64
import contextlib
import html
import json
import os
import re
import shlex
import stat
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import TracebackType
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""Characters of a secret. A shorter one would be found in any text."""
MOST_BYTES = 64 * 1024 * 1024
"""Of one file."""
_CONTEXT = 60
_DEPTH = 3
"""Escapes on top of each other: JSON within JSON within XML is what a report of a module's output may be."""
_PLAIN = re.compile(r"[A-Za-z0-9_.-]+")
_WHITE_SPACE = b" \t\r\n\v\f"


def _lower(url_encoded: str) -> str:
    return re.sub(r"%[0-9A-F]{2}", lambda escape: escape[0].lower(), url_encoded)


def _yaml_double(text: str) -> str:
    return re.sub(r"\\u00([0-9a-f]{2})", lambda escape: f"\\x{escape[1].upper()}", json.dumps(text)[1:-1])


ESCAPES: Mapping[str, Callable[[str], str]] = {
    "JSON-escaped": lambda text: json.dumps(text)[1:-1],
    "JSON-escaped, with its letters": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "as repr": lambda text: repr(text)[1:-1],
    "as repr of its bytes": lambda text: repr(text.encode())[2:-1],
    # Python chooses its quotes by what else is in the text.
    "as repr beside quotes": lambda text: repr(f'{text}"')[1:-2],
    "as repr of its bytes beside quotes": lambda text: repr(f'{text}"'.encode())[2:-2],
    "quoted for YAML": lambda text: text.replace("'", "''"),
    "in double quotes for YAML": _yaml_double,
    "quoted for a shell": lambda text: shlex.quote(text).strip("'"),
    "HTML-escaped": html.escape,
    "XML-escaped": lambda text: html.escape(text, quote=False),
    "XML-escaped attribute": lambda text: html.escape(text, quote=False).replace('"', "&quot;"),
    "URL-encoded": lambda text: quote(text, safe=""),
    "URL-encoded in lower case": lambda text: _lower(quote(text, safe="")),
    "URL-encoded path": quote,
    "URL-encoded path in lower case": lambda text: _lower(quote(text)),
    "URL-encoded form": quote_plus,
}


@cache
def forms(secret: str) -> Mapping[bytes, str]:
    """What a secret may look like in a text, without white space, and what to call that.

    Up to three escapes on top of each other, base64 wherever it begins in what is encoded, hex, and reversed.
    """
    raw = secret.encode()
    escaped = {secret: "plain"}
    if not _PLAIN.fullmatch(secret):
        for _depth in range(_DEPTH):
            for text, name in list(escaped.items()):
                for more, escape in ESCAPES.items():
                    escaped.setdefault(escape(text), more if name == "plain" else f"{name}, {more}")
    found: dict[bytes, str] = {}

    def add(needle: bytes, name: str) -> None:
        found.setdefault(needle.translate(None, _WHITE_SPACE), name)

    for text, name in escaped.items():
        add(text.encode(), name)
    for shift, lead in enumerate((0, 2, 3)):
        for variant in (base64.b64encode, base64.urlsafe_b64encode):
            # Without the characters that depend on what stands before and after it.
            add(variant(b"\0" * shift + raw)[lead : (shift + len(raw)) * 8 // 6], "base64")
    add(raw.hex().encode(), "hex")
    add(raw.hex().upper().encode(), "hex")
    add(secret[::-1].encode(), "reversed")
    return found


def hits(texts: Mapping[str, bytes], secrets: Iterable[str]) -> list[str]:
    """Return where a secret is: the name of the text, the form, and what stands before it; never the secret.

    Args:
        texts: what is searched, by its name.
        secrets: of at least SHORTEST characters.

    Raises:
        ValueError: a secret is too short to be looked for.
    """
    needles: dict[bytes, str] = {}
    for secret in secrets:
        if len(secret) < SHORTEST:
            raise ValueError(f"a secret of {len(secret)} characters; the shortest that can be told has {SHORTEST}")
        needles.update(forms(secret))
    names = list(texts)
    # One line for each text.
    lines = [texts[name].translate(None, _WHITE_SPACE) for name in names]
    found: dict[tuple[str, str], str] = {}
    searched = [0] * len(lines)
    for line, needle in _grep(needles, lines):
        start = lines[line].index(needle, searched[line])
        before = lines[line][max(searched[line], start - _CONTEXT) : start]
        searched[line] = start + len(needle)
        found.setdefault((names[line], needles[needle]), before.decode(errors="replace"))
    return [f"{form} in {name}: …{before}" for (name, form), before in found.items()]


def _grep(needles: Iterable[bytes], lines: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """Give each line's number and what was found in it, in order."""
    with tempfile.TemporaryFile() as patterns, tempfile.TemporaryFile() as text:
        patterns.write(b"\n".join(needles))
        text.write(b"\n".join(lines))
        for file in (patterns, text):
            file.seek(0)
        done = subprocess.run(
            ["grep", "-a", "-n", "-o", "-F", "-f", f"/dev/fd/{patterns.fileno()}"],
            stdin=text,
            pass_fds=[patterns.fileno()],
            env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
            capture_output=True,
            check=False,
        )
    if done.returncode not in (0, 1):
        raise RuntimeError(f"grep: {done.stderr.decode(errors='replace')}")
    for line in done.stdout.splitlines():
        number, _colon, needle = line.partition(b":")
        yield int(number) - 1, needle


def below(folder: Path, spared: Iterable[Path] = ()) -> dict[str, bytes]:
    """Return what is in all files below a folder, and their names; `spared` are files and folders to leave out."""
    spared = set(spared)
    texts = {}
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        folders[:] = [name for name in folders if here / name not in spared]
        for path in (here / name for name in files):
            if path not in spared and (content := _content(path)) is not None:
                texts[str(path)] = content
    texts[f"names below {folder}"] = "\n".join(texts).encode()
    return texts


def of_processes(pids: Iterable[int]) -> dict[str, bytes]:
    """Return command lines, environments and open nameless files of processes; nothing of those that have ended."""
    texts = {}
    for pid in pids:
        folder = Path(f"/proc/{pid}")
        for name in ("cmdline", "environ"):
            if content := _content(folder / name):
                texts[f"{name} of process {pid}"] = content
        with contextlib.suppress(OSError):
            for descriptor in (folder / "fd").iterdir():
                with contextlib.suppress(OSError):
                    if os.readlink(descriptor).endswith(" (deleted)") and (content := _content(descriptor)):
                        texts[f"{os.readlink(descriptor)} of process {pid}"] = content
    return texts


def _content(path: Path) -> bytes | None:
    """What a file holds, None where it is none (any more)."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            return None
        with path.open("rb") as file:
            return file.read(MOST_BYTES)
    except OSError:
        return None


class Watch:
    """Collects, until the end of the `with` block, what processes show and what comes and goes in folders."""

    def __init__(
        self,
        processes: Callable[[], Iterable[int]],
        *folders: Path,
        spared: Iterable[Path] = (),
        pause: float = 0.03,
    ) -> None:
        """`processes` tells which there are by now; `pause` is the time in seconds between two looks."""
        self.texts: dict[str, bytes] = {}
        self._processes = processes
        self._folders = folders
        self._spared = set(spared)
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def look(self) -> dict[str, bytes]:
        """Collect what is there now, and return it."""
        texts = of_processes(self._processes())
        for folder in self._folders:
            texts |= below(folder, self._spared)
        for name, content in texts.items():
            # What was there before stays evidence.
            while self.texts.setdefault(name, content) != content:
                name += "'"
        return texts

    def _watch(self) -> None:
        while not self._over.wait(self._pause):
            self.look()

    def __enter__(self) -> Watch:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
