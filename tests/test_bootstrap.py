"""The set-up script: the right wheel, checked, and nothing done twice."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LINUX = {"system": "Linux", "libc": ("glibc", (2, 36)), "macos": (0, 0)}
LOCK = tomllib.loads((ROOT / "uv.lock").read_text())


@pytest.fixture
def bootstrap(tmp_path, monkeypatch):
    """The script as a module, working in an empty directory."""
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "scripts/bootstrap.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name, value in {"TOOLS": ".tools", "STAMP": ".setup-stamp", "VENDOR": "vendor", "ROOT": ""}.items():
        monkeypatch.setattr(module, name, tmp_path / value)
    return module


@pytest.mark.parametrize(
    ("machine", "expected"),
    [
        ({**LINUX, "machine": "x86_64"}, "manylinux_2_17_x86_64"),
        ({**LINUX, "machine": "aarch64"}, "aarch64"),
        ({**LINUX, "machine": "x86_64", "libc": ("musl", (1, 2))}, "musllinux_1_1_x86_64"),
        ({**LINUX, "system": "Darwin", "machine": "arm64", "macos": (14, 5)}, "macosx_11_0_arm64"),
        ({**LINUX, "system": "Darwin", "machine": "x86_64", "macos": (12, 0)}, "macosx_10_12_x86_64"),
        ({**LINUX, "system": "Windows", "machine": "AMD64"}, "win_amd64"),
    ],
)
def test_the_wheel_of_the_lock_file_fits_the_machine(bootstrap, machine, expected):
    wheel = bootstrap.locked_wheel(LOCK, "uv", machine)
    assert expected in wheel["url"]
    assert wheel["url"].startswith("https://") and len(wheel["sha256"]) == 64


def test_this_machine_has_a_wheel(bootstrap):
    assert bootstrap.locked_wheel(LOCK, "uv", bootstrap.this_machine())["version"]


def test_a_machine_that_is_too_old_is_told(bootstrap):
    old = {**LINUX, "machine": "x86_64", "libc": ("glibc", (2, 5))}
    with pytest.raises(bootstrap.SetupError, match="has no build for Linux on x86_64"):
        bootstrap.locked_wheel(LOCK, "uv", old)


def _serve(bootstrap, monkeypatch, body: bytes) -> None:
    monkeypatch.setattr(bootstrap.urllib.request, "urlopen", lambda url, timeout: io.BytesIO(body))


def test_a_file_that_is_not_the_locked_one_is_thrown_away(bootstrap, monkeypatch):
    _serve(bootstrap, monkeypatch, b"something else")
    with pytest.raises(bootstrap.SetupError, match=r"not the file that uv\.lock names"):
        bootstrap.fetch("https://example.org/uv.whl", "0" * 64)


def test_without_a_network_it_says_what_may_help(bootstrap, monkeypatch):
    def fail(url, timeout):
        raise OSError("no route")

    monkeypatch.setattr(bootstrap.urllib.request, "urlopen", fail)
    monkeypatch.setattr(bootstrap.time, "sleep", lambda seconds: None)
    with pytest.raises(bootstrap.SetupError, match=r"no route.*HTTPS_PROXY.*SSL_CERT_FILE"):
        bootstrap.fetch("https://example.org/uv.whl", "0" * 64)


def test_uv_is_unpacked_once_and_can_be_run(bootstrap, monkeypatch, tmp_path):
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("uv-1.0.data/scripts/uv", "#!/bin/sh\necho uv 1.0\n")
    body = wheel.getvalue()
    digest = hashlib.sha256(body).hexdigest()
    (tmp_path / "uv.lock").write_text(
        f'[[package]]\nname = "uv"\nversion = "1.0"\nwheels = [{{ url = "https://example.org/uv-1.0-py3-none-any.whl", '
        f'hash = "sha256:{digest}" }}]\n'
    )
    _serve(bootstrap, monkeypatch, body)
    program = bootstrap.uv()
    assert program.read_text().startswith("#!/bin/sh") and program.stat().st_mode & 0o111
    _serve(bootstrap, monkeypatch, b"asked again")
    assert bootstrap.uv() == program


def test_only_steps_whose_sources_changed_are_done_again(bootstrap, monkeypatch, tmp_path):
    done: list[str] = []
    source, result = tmp_path / "source", tmp_path / "result"
    source.write_text("1")

    def act() -> None:
        done.append(source.read_text())
        result.write_text("made")

    monkeypatch.setattr(bootstrap, "steps", lambda: [("one", act, [source], [result])])
    bootstrap.setup()
    bootstrap.setup()
    assert done == ["1"]
    source.write_text("2")
    bootstrap.setup()
    result.unlink()
    bootstrap.setup()
    assert done == ["1", "2", "2"]


def test_the_sprite_has_the_icons_asked_for_and_names_those_it_cannot_find(bootstrap):
    icons = ROOT / "node_modules/lucide-static/icons"
    text = bootstrap.sprite(["printer", "bell", "bell"], icons)
    assert text.index('<symbol id="bell"') < text.index('<symbol id="printer"')
    assert text.count("<symbol") == 2 and "@license" not in text and "style" not in text
    with pytest.raises(bootstrap.SetupError, match="`no-such-icon`"):
        bootstrap.sprite(["no-such-icon"], icons)


def test_what_pages_use_is_copied_with_its_licences_and_without_source_maps(bootstrap, monkeypatch):
    monkeypatch.setattr(bootstrap, "ROOT", ROOT)
    bootstrap.vendor()
    files = {str(p.relative_to(bootstrap.VENDOR)) for p in bootstrap.VENDOR.rglob("*") if p.is_file()}
    assert set(bootstrap.VENDORED.values()) | {"icons.svg"} == files
    for script in bootstrap.VENDOR.glob("*.js"):
        assert "sourceMappingURL" not in script.read_text()


def test_chromium_is_found_or_asked_for_in_a_clear_sentence(bootstrap, monkeypatch):
    monkeypatch.setenv("SENYUM_CHROMIUM", "/somewhere/chromium")
    assert bootstrap.chromium() == "/somewhere/chromium"
    monkeypatch.delenv("SENYUM_CHROMIUM")
    monkeypatch.setattr(bootstrap.shutil, "which", lambda name: None)
    with pytest.raises(bootstrap.SetupError, match="sudo apt-get install chromium"):
        bootstrap.chromium()


def test_as_root_chromium_is_installed_by_apt(bootstrap, monkeypatch):
    ran: list[str] = []

    def which(name: str) -> str | None:
        found = name == "apt-get" or (name == "chromium" and bool(ran))
        return f"/usr/bin/{name}" if found else None

    monkeypatch.delenv("SENYUM_CHROMIUM", raising=False)
    monkeypatch.setattr(bootstrap.shutil, "which", which)
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 0)
    monkeypatch.setattr(bootstrap, "run", lambda command, **more: ran.append(" ".join(command)))
    assert bootstrap.chromium() == "/usr/bin/chromium"
    assert ran[-1].startswith("apt-get install") and ran[-1].endswith("chromium")


def test_the_lock_file_of_the_front_end_names_no_host():
    text = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in text
    assert "omit-lockfile-registry-resolved=true" in (ROOT / ".npmrc").read_text()


def test_an_old_python_is_told(bootstrap, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 10, 0))
    with pytest.raises(bootstrap.SetupError, match=r"Python 3\.11 or newer is needed"):
        bootstrap.setup()
