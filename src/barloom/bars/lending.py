"""Arrays that are reused, lent to a user's code: one that was kept is given away, and its owner takes new memory in its place.

Before an owner writes into its memory again it asks whether an array that was lent of it is still held, or a view
of one; that costs a look into a dictionary once a chunk, and an allocation only where something was kept.
"""

from __future__ import annotations

import weakref
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

Array = TypeVar("Array", bound=npt.NDArray[Any])
MANY = 256  # owners remembered before those whose leases have ended are forgotten


_leases: dict[int, list[weakref.ref[npt.NDArray[Any]]]] = {}
"""Arrays that were lent, by whose memory they are."""


def _owner(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The array whose memory it is."""
    while isinstance(values.base, np.ndarray):
        values = values.base
    return values


def lent(values: Array) -> Array:
    """The same values for a user's code: they cannot be written to, and stay as they are for as long as anything of them is kept."""
    if len(_leases) > MANY:
        _forget()
    # What has no array under it is kept alive by views of it, also by views of those: it lives as long as any of them.
    view: Array = np.frombuffer(values.data.toreadonly(), dtype=values.dtype)  # type: ignore[assignment]
    _leases.setdefault(id(_owner(values)), []).append(weakref.ref(view))
    return view


def is_kept(values: npt.NDArray[Any] | None) -> bool:
    """Check if memory that is about to be reused was lent and is still in use. If so, it belongs to the user from here on."""
    if values is None:
        return False
    leases = _leases.pop(id(_owner(values)), ())
    return any(lease() is not None for lease in leases)


def _forget() -> None:
    for key, leases in list(_leases.items()):
        if all(lease() is None for lease in leases):
            _leases.pop(key, None)
