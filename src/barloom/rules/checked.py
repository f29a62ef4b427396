"""The base of the models that users make: frozen, and a wrong value is refused in one sentence."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from barloom.boundary import refuse_unusable
from barloom.errors import BarloomError, InputError, described, nearest, shown


class Checked(BaseModel):
    """A frozen record whose faults are ``InputError``, naming the model and the field."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __init__(self, **values: Any) -> None:
        kind = type(self)
        for name, value in values.items():
            refuse_unusable(f"{name} of {kind.__name__}", value)
        try:
            super().__init__(**values)
        except ValidationError as error:
            raise InputError(_explain(kind, error.errors()[0])) from None
        except BarloomError:
            raise
        except Exception as error:
            raise InputError(f"{kind.__name__} cannot be made of what was given ({described(error)})") from error


def _explain(kind: type[BaseModel], fault: Any) -> str:
    where = ".".join(map(str, fault["loc"]))
    if fault["type"] == "extra_forbidden":
        return f"{kind.__name__} has no field '{where}': {nearest(where, kind.model_fields)}"
    reason = fault.get("ctx", {}).get("error")
    if isinstance(reason, InputError):
        return f"{where} of {kind.__name__}: {reason}" if where else f"{kind.__name__}: {reason}"
    return f"{where} of {kind.__name__} is {shown(fault['input'])}: {fault['msg'][:1].lower()}{fault['msg'][1:]}"
