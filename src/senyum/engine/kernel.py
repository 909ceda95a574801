"""Functions compiled by Numba; those that Python calls are kept on disk, by the text of all sources that go into them.

Numba names what it keeps by the time stamp of the function's own file. What that function calls from another file is
compiled into it and would stay as it was; and two programs that compile at once give different functions one name. So
only functions with one signature are kept, under a name that contains a hash of the sources.
"""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast, overload

from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])


@overload
def kernel(function: Function) -> Function: ...


@overload
def kernel(
    *, kept: bool = ..., inline: bool = ..., free: bool = ..., allocates: bool = ...
) -> Callable[[Function], Function]: ...


def kernel(
    function: Function | None = None,
    *,
    kept: bool = False,
    inline: bool = False,
    free: bool = False,
    allocates: bool = False,
) -> Function | Callable[[Function], Function]:
    """Compile `function` at its first call, without Python objects.

    `kept`: on disk, for functions that Python calls. `inline`: into its callers, for helpers with many arrays, where a
    call costs more than the work. `free`: without the interpreter's lock, so that threads run side by side.
    `allocates`: it makes arrays. The others are compiled without counting references, which would take more than half
    of their time.
    """

    def compile_later(real: Function) -> Function:
        options: dict[str, Any] = {"cache": kept, "forceinline": inline, "nogil": free, "_nrt": allocates}
        compiled = njit(**options)(real)
        place = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
        if place is not None:
            _name_by_sources(place, Path(real.__code__.co_filename).parent)
        return cast(Function, compiled)

    return compile_later if function is None else compile_later(function)


def _name_by_sources(place: Any, folder: Path) -> None:
    """Let a cache file of Numba carry the hash of the sources in its name, and drop those of earlier sources."""
    base = place._index_name.removesuffix(".nbi")
    named = f"{base}.{_sources(folder)}"
    place._index_name = f"{named}.nbi"
    place._index_path = str(Path(place._cache_path) / place._index_name)
    place._data_name_pattern = f"{named}.{{number:d}}.nbc"
    for old in Path(place._cache_path).glob(f"{glob.escape(base)}.*"):
        if not old.name.startswith(named):
            old.unlink(missing_ok=True)


@cache
def _sources(folder: Path) -> str:
    files = {*folder.glob("*.py"), *Path(__file__).parent.glob("discipline*.py"), Path(__file__)}
    joined = b"\0".join(path.read_bytes() for path in sorted(files))
    return hashlib.blake2b(joined, digest_size=8).hexdigest()
