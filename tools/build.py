# Copyright (c) 2026, the callcenter.passwords contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Build the collection's tarball into the folder that is given: the same bytes from the same commit, wherever.

`ansible-galaxy collection build` packs whatever lies about, in the order of the disk and with the times of the files.
So it works on a copy of the files that git knows, and what it has made is packed anew in order, with one time.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FILES, MANIFEST = "FILES.json", "MANIFEST.json"


def main() -> None:
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "collection")
        for name in filter(None, git("ls-files", "-z").split("\0")):
            if (ROOT / name).is_file():  # git also lists what was deleted but not yet committed
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / name, copy / name)
        build = ["ansible-galaxy", "collection", "build", "--output-path", folder]
        subprocess.run(build, cwd=copy, check=True, stdout=subprocess.DEVNULL)
        (built,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(built) as packed:
            contents = {member.name: content(packed, member) for member in packed}
        repack(sorted_manifests(contents), target / built.name, int(git("log", "-1", "--format=%ct")))
    print(target / built.name)


def content(packed: tarfile.TarFile, member: tarfile.TarInfo) -> bytes | None:
    """Return what a file holds, None for a folder."""
    file = packed.extractfile(member)
    return file.read() if file else None


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def sorted_manifests(contents: dict[str, bytes | None]) -> dict[str, bytes | None]:
    """Return the files with the list of them in order, and the sum of that list corrected."""
    files, manifest = (json.loads(contents[name] or b"") for name in (FILES, MANIFEST))
    files["files"].sort(key=lambda file: str(file["name"]))
    listed = json.dumps(files, indent=1).encode()
    manifest["file_manifest_file"]["chksum_sha256"] = hashlib.sha256(listed).hexdigest()
    return {**contents, FILES: listed, MANIFEST: json.dumps(manifest, indent=1).encode()}


def repack(contents: dict[str, bytes | None], path: Path, time: int) -> None:
    # The manifest comes first, since whoever looks a collection up reads no further.
    names = sorted(contents, key=lambda name: (name != MANIFEST, name != FILES, name))
    with (
        path.open("wb") as file,
        gzip.GzipFile("", "wb", fileobj=file, mtime=time) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in names:
            data, info = contents[name], tarfile.TarInfo(name)
            info.mtime, info.mode = time, 0o644
            if data is None:
                info.type, info.mode = tarfile.DIRTYPE, 0o755
            else:
                info.size = len(data)
            tar.addfile(info, io.BytesIO(data or b""))


if __name__ == "__main__":
    os.umask(0o022)
    main()
