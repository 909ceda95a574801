"""Compiled functions are kept by the text of their sources, not by the age of one file."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from types import ModuleType

from senyum.engine import kernel

CALLER = """
from senyum.engine.kernel import kernel
from helper_of_kernel import helper

@kernel(kept=True)
def caller(x):
    return helper(x) + 1
"""
HELPER = """
from senyum.engine.kernel import kernel

@kernel(inline=True)
def helper(x):
    return x * {factor}
"""


def _module(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_change_in_a_helper_of_another_file_is_seen(tmp_path: Path) -> None:
    for factor in (2, 3):
        (tmp_path / "helper_of_kernel.py").write_text(HELPER.format(factor=factor), encoding="utf-8")
        (tmp_path / "caller_of_kernel.py").write_text(CALLER, encoding="utf-8")
        for path in tmp_path.glob("*.py"):
            os.utime(path, (1_000_000_000, 1_000_000_000))
        kernel._sources.cache_clear()
        sys.modules["helper_of_kernel"] = _module(tmp_path / "helper_of_kernel.py", "helper_of_kernel")
        caller = _module(tmp_path / "caller_of_kernel.py", "caller_of_kernel").caller
        assert caller(5) == 5 * factor + 1
        kept = {path.name.rsplit(".", 2)[0] for path in tmp_path.rglob("*.nbi")}
        assert len(kept) == 1, "what earlier sources left is gone"
    del sys.modules["helper_of_kernel"]
    kernel._sources.cache_clear()
