"""State of a distillation on disk, from which an interrupted one goes on."""

import json
import os
import zipfile
from collections.abc import Mapping, Sequence
from itertools import count, takewhile
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bridge.errors import SavedFormatError
from bridge.keras.distilling.course import Course
from bridge.keras.distilling.trainer import Agreement, Trainer
from bridge.tokenizers.saving import replace_folder

FILE = "distillation.npz"
FORMAT_VERSION = 1


def save_state(
    folder: str | os.PathLike[str],
    course: Course,
    trainer: Trainer,
    settings: Mapping[str, Any],
) -> None:
    """Write what was trained, the optimizers, and the course.

    Args:
        folder: Folder to write; it appears complete, or the old one stays.
        course: How far it has come.
        trainer: The rows, and weights of the body.
        settings: What must be the same when it goes on; plain data.

    Raises:
        SavedFormatError: If the folder holds other files.
    """
    adam, body = trainer.adam, trainer.body_adam
    ids = np.flatnonzero(adam.steps)
    with replace_folder(folder, owner=FILE) as made:
        np.savez(
            made / FILE,
            settings=np.array(_text_of(settings)),
            losses=np.array(course.losses, np.float64),
            measured=np.array([step for step, _ in course.agreements], np.int64),
            agreements=np.array([a for _, a in course.agreements]).reshape(-1, 2),
            seconds=np.array(course.seconds),
            best_step=np.array(course.best_step),
            best_ids=course.best_ids,
            best_rows=course.best_rows,
            ids=ids,
            rows=adam.rows[ids],
            mean=adam.mean[ids],
            square=adam.square[ids],
            steps=adam.steps[ids],
            **_numbered("best_body", course.best_body),
            **_numbered("body", body.read()),
            **_numbered("body_state", body.read_state()),
        )


def load_state(
    folder: str | os.PathLike[str], trainer: Trainer, settings: Mapping[str, Any]
) -> Course:
    """Read what `save_state` wrote.

    Args:
        folder: The folder; where it holds no state, a course begins.
        trainer: The weights as the transplant made them, set to the state in place.
        settings: As they were saved.

    Returns:
        How far it has come.

    Raises:
        SavedFormatError: If the file is damaged, or of a distillation with other
            settings.
    """
    path = Path(folder) / FILE
    if not path.exists():
        return Course()
    try:
        with np.load(path, allow_pickle=False) as stored:
            found = dict(stored)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SavedFormatError(
            f"A distillation goes on from its saved state. Received: {path}, which "
            f"cannot be read ({type(error).__name__}: {error}). Remove the folder to "
            "begin again."
        ) from error
    saved, wanted = str(found.get("settings")), _text_of(settings)
    if saved != wanted:
        raise SavedFormatError(
            "A distillation goes on with the settings, model and vocabulary it began "
            f"with. Received: {wanted}, where {path} was saved with {saved}. Pass the "
            "same, or name another folder for `state`."
        )
    ids = found["ids"]
    for name in ("rows", "mean", "square", "steps"):
        getattr(trainer.adam, name)[ids] = found[name]
    trainer.body_adam.write(_arrays(found, "body"))
    trainer.body_adam.write_state(_arrays(found, "body_state"))
    measures = zip(found["measured"].tolist(), found["agreements"], strict=True)
    return Course(
        losses=found["losses"].tolist(),
        agreements=[(step, Agreement(*map(float, pair))) for step, pair in measures],
        seconds=float(found["seconds"]),
        best_step=int(found["best_step"]),
        best_ids=found["best_ids"],
        best_rows=found["best_rows"],
        best_body=_arrays(found, "best_body"),
    )


def _numbered(name: str, arrays: Sequence[NDArray[Any]]) -> dict[str, Any]:
    """Name arrays that are stored as entries of their own."""
    return {f"{name}_{number}": array for number, array in enumerate(arrays)}


def _arrays(found: Mapping[str, Any], name: str) -> list[NDArray[Any]]:
    """Return what `_numbered` named, in order."""
    numbers = takewhile(lambda number: f"{name}_{number}" in found, count())
    return [found[f"{name}_{number}"] for number in numbers]


def _text_of(settings: Mapping[str, Any]) -> str:
    return json.dumps({"format_version": FORMAT_VERSION, **settings})
