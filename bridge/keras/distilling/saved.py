"""State of a distillation on disk, from which an interrupted one goes on."""

import json
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from bridge.errors import SavedFormatError
from bridge.keras.distilling.course import Course
from bridge.keras.distilling.row_adam import RowAdam
from bridge.keras.distilling.trainer import Agreement
from bridge.tokenizers.saving import replace_folder

FILE = "distillation.npz"
FORMAT_VERSION = 1


def save_state(
    folder: str | os.PathLike[str],
    course: Course,
    adam: RowAdam,
    settings: Mapping[str, Any],
) -> None:
    """Write rows that were trained, their optimizer, and the course.

    Args:
        folder: Folder to write; it appears complete, or the old one stays.
        course: How far it has come.
        adam: The rows.
        settings: What must be the same when it goes on; plain data.

    Raises:
        SavedFormatError: If the folder holds other files.
    """
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
        )


def load_state(
    folder: str | os.PathLike[str], adam: RowAdam, settings: Mapping[str, Any]
) -> Course:
    """Read what `save_state` wrote.

    Args:
        folder: The folder; where it holds no state, a course begins.
        adam: The rows as the transplant made them, set to the state in place.
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
        getattr(adam, name)[ids] = found[name]
    measures = zip(found["measured"].tolist(), found["agreements"], strict=True)
    return Course(
        losses=found["losses"].tolist(),
        agreements=[(step, Agreement(*map(float, pair))) for step, pair in measures],
        seconds=float(found["seconds"]),
        best_step=int(found["best_step"]),
        best_ids=found["best_ids"],
        best_rows=found["best_rows"],
    )


def _text_of(settings: Mapping[str, Any]) -> str:
    return json.dumps({"format_version": FORMAT_VERSION, **settings})
