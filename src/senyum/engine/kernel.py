"""Functions compiled by Numba and kept on disk, recompiled when any source that they may contain has changed.

Numba looks only at the file of a function itself. What it calls from another file is compiled into it and would stay as
it was, so the stamp of the kept file covers all sources beside it and the discipline, too.
"""

from __future__ import annotations

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
def kernel(*, inline: bool = ..., free: bool = ..., allocates: bool = ...) -> Callable[[Function], Function]: ...


def kernel(
    function: Function | None = None, *, inline: bool = False, free: bool = False, allocates: bool = False
) -> Function | Callable[[Function], Function]:
    """Compile `function` at its first call, without Python objects.

    `inline`: into its callers, for helpers with many arrays, where a call costs more than the work. `free`: without the
    interpreter's lock, so that threads run side by side. `allocates`: it makes arrays. The others are compiled without
    counting references, which would take more than half of their time.
    """

    def compile_later(real: Function) -> Function:
        options: dict[str, Any] = {"cache": True, "forceinline": inline, "nogil": free, "_nrt": allocates}
        compiled = njit(**options)(real)
        place = getattr(getattr(compiled, "_cache", None), "_cache_file", None)
        if place is not None:
            place._source_stamp = (*place._source_stamp, _sources(Path(real.__code__.co_filename).parent))
        return cast(Function, compiled)

    return compile_later if function is None else compile_later(function)


@cache
def _sources(folder: Path) -> str:
    files = {*folder.glob("*.py"), *Path(__file__).parent.glob("discipline*.py"), Path(__file__)}
    joined = b"\0".join(path.read_bytes() for path in sorted(files))
    return hashlib.blake2b(joined, digest_size=8).hexdigest()
