"""The JSON Schemas of the records, which the package holds beside their models: for programs in other languages.

``python -m barloom.schemas`` writes them anew after a model has changed.
"""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import VERSION, BaseModel

import barloom.observe
from barloom.bench.records import BenchRecord
from barloom.jobs.records import BenchmarkRecord
from barloom.observe.profiling import ProfilingReport

DIALECT = "https://json-schema.org/draft/2020-12/schema"
FOLDER = Path(barloom.observe.__file__).parent
MODELS: dict[str, type[BaseModel]] = {"benchmark": BenchmarkRecord, "profile": ProfilingReport, "bench": BenchRecord}


def schema_path(name: str) -> Path:
    """Where the schema of a record is: ``benchmark`` of a run, ``profile`` of ``--profile``, ``bench`` of ``barloom bench run``.

    Examples:
        >>> import json
        >>> from barloom.schemas import schema_path
        >>> schema = json.loads(schema_path("benchmark").read_text(encoding="utf-8"))
        >>> schema["title"], schema["type"]
        ('BenchmarkRecord', 'object')
    """
    return FOLDER / f"{name}.schema.json"


def schema_text(name: str) -> str:
    """The schema of a record, as the file has it: of the JSON that is written, made from the model."""
    made_by = "made from the model by pydantic " + ".".join(VERSION.split(".")[:2])
    schema = {"$comment": made_by, "$schema": DIALECT, **MODELS[name].model_json_schema(mode="serialization")}
    return json.dumps(schema, indent=2, sort_keys=True) + "\n"


def main() -> None:
    """Write the schemas."""
    for name in MODELS:
        schema_path(name).write_text(schema_text(name), encoding="utf-8")


if __name__ == "__main__":
    main()
