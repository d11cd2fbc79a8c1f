# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The test of the secrecy tests: a secret is found in every form, in every kind of place, and named without being shown."""

from __future__ import annotations

import base64
import html
import json
import os
import re
import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode
from xml.etree import ElementTree

import pytest
import yaml
from support.marked import AWKWARD
from support.secrecy import Watch, below, forms, hits, of_processes

SECRETS = (*AWKWARD, "tWo Words@7", "0123abcd-1f2e-4c5d-8e9f-0123456789ab.AgentGateway0", "Zürich?größer>7")


def as_xml(text: str) -> str:
    element = ElementTree.Element("testcase", {"name": text})
    element.text = text
    return ElementTree.tostring(element, encoding="unicode")


PLACES: dict[str, Callable[[str], str]] = {
    "plain": lambda secret: f"msg: {secret}!",
    "JSON": lambda secret: json.dumps({"a": secret}),
    "JSON in UTF-8": lambda secret: json.dumps({"a": secret}, ensure_ascii=False),
    "JSON in JSON": lambda secret: json.dumps(json.dumps([secret])),
    "JSON in JSON in XML": lambda secret: as_xml(json.dumps(json.dumps([secret]))),
    "JSON in a tuple of bytes": lambda secret: repr((0, json.dumps([secret]).encode())),
    "JSON in a shell command": lambda secret: shlex.quote(json.dumps([secret])),
    "an object's text": lambda secret: repr([secret]),
    "bytes": lambda secret: repr(secret.encode()),
    "YAML": lambda secret: yaml.safe_dump([secret]),
    "YAML in UTF-8": lambda secret: yaml.safe_dump([secret], allow_unicode=True),
    "YAML in single quotes": lambda secret: yaml.safe_dump([secret], default_style="'", allow_unicode=True),
    "YAML in double quotes": lambda secret: yaml.safe_dump([secret], default_style='"'),
    "a shell command": lambda secret: f"sh -c {shlex.quote(secret)}",
    "HTML": html.escape,
    "XML": as_xml,
    "a path": lambda secret: f"https://gateway/{quote(secret, safe='')}?",
    "a path in lower case": lambda secret: re.sub("%..", lambda code: code[0].lower(), quote(secret)),
    "a query": lambda secret: f"https://gateway/?{urlencode({'password': secret})}",
    "a form": quote_plus,
    "base64": lambda secret: base64.b64encode(secret.encode()).decode(),
    "base64 after one byte": lambda secret: base64.b64encode(f"u{secret}".encode()).decode(),
    "base64 after two bytes": lambda secret: base64.b64encode(f"u:{secret}x".encode()).decode(),
    "base64 for addresses": lambda secret: base64.urlsafe_b64encode(f"{secret}xy".encode()).decode(),
    "base64 in lines": lambda secret: base64.encodebytes(f"{'u' * 50}:{secret}{'x' * 99}".encode()).decode(),
    "hex": lambda secret: secret.encode().hex(),
    "hex in upper case": lambda secret: secret.encode().hex().upper(),
    "reversed": lambda secret: secret[::-1],
    "wrapped": lambda secret: f"[WARNING]: {secret[:4]}\n{secret[4:]}",
}


@pytest.mark.parametrize("place", PLACES)
def test_every_form_is_found_and_not_shown(place: str) -> None:
    for secret in SECRETS:
        text = PLACES[place](secret)
        (hit, *_more) = hits({"clean": b"nothing", "the text": text.encode()}, ["another1", secret]) or ["nothing"]
        assert " in the text: …" in hit, (secret, text)
        assert not any(form.decode() in hit for form in forms(secret)), hit


def test_a_secret_between_bytes_that_are_no_text() -> None:
    memory = b"\0\xff\xfe\n" * 999 + b"Cookie: Se-cret7" + b"\0\xff" * 999
    (hit,) = hits({"memory": memory, "other": b"Se-cret"}, ["Se-cret7"])
    assert hit.startswith("plain in memory: …")
    assert hit.endswith("Cookie:")


def test_thousands_of_secrets_in_many_megabytes_at_once() -> None:
    secrets = [f"Secret{number:05}@{number % 9}" for number in range(3000)]
    texts = {str(number): os.urandom(2 * 1024 * 1024) for number in range(5)}
    texts["3"] += secrets[1234].encode().hex().encode()
    began = time.monotonic()
    (hit,) = hits(texts, secrets)
    assert hit.startswith("hex in 3: ")
    assert time.monotonic() - began < 30


def test_a_secret_that_would_be_found_everywhere_is_refused() -> None:
    with pytest.raises(ValueError, match="a secret of 5 characters"):
        hits({"text": b""}, ["abcde"])


def test_files_and_their_names(tmp_path: Path) -> None:
    secret, spared = "File-Secret7", tmp_path / "given"
    for path in (tmp_path / "a" / ".hidden", tmp_path / "b" / f"x-{secret}", spared / "file", tmp_path / "vault"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(secret)
    os.mkfifo(tmp_path / "pipe")
    found = hits(below(tmp_path, [spared, tmp_path / "vault"]), [secret])
    assert len(found) == 3, found
    assert [name in " ".join(found) for name in (".hidden", "x-", "names below")] == [True] * 3


def test_processes_and_what_comes_and_goes(tmp_path: Path) -> None:
    """Its command line, its environment, an open file without a name, and a file that is gone at the end."""
    script = (
        'echo "nameless-$SHOWN" > nameless; exec 3< nameless; rm nameless; echo "brief-$SHOWN" > brief; '
        'echo ready; read line; rm brief; : "$1"'
    )
    process = subprocess.Popen(
        ["sh", "-c", script, "sh", "Shown@argument7"],
        cwd=tmp_path,
        env={**os.environ, "SHOWN": "Shown@environment7"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    with Watch(lambda: [process.pid], tmp_path) as watched:
        assert process.stdout.readline() == "ready\n"
        watched.look()
        process.communicate("\n")
    assert list(tmp_path.iterdir()) == []
    places = {
        hit.split(" in ")[1].split(":")[0] for hit in hits(watched.texts, ["Shown@argument7", "Shown@environment7"])
    }
    expected = ("cmdline of process", "environ of process", "nameless (deleted) of process", "/brief")
    assert [any(wanted in place for place in places) for wanted in expected] == [True] * 4, places
    assert of_processes([process.pid]) == {}
