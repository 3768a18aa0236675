"""Where things lie in a store: its folders, each named once.

store/runs/ID/run.json        what was run, what it cost, or why it failed
store/runs/ID/users.parquet   per-user scores of a finished run
store/runs/ID/trials.parquet  in its place, the trials of a search for hyper-parameters
store/runs/ID/prototypes.npz  of systems with intent prototypes: who belongs to which
store/runs/ID/weights.npz     of systems that start warm: what the next window starts from
store/runs/ID/SHA256SUMS      of all, as sha256sum reads them
store/unfinished/ID-*         a run that is being written, or whose writer was killed
store/damaged/ID-*            a run whose sums do not fit any more, set aside
store/datasets/KEY.json       checksum and sizes of a plan's dataset
store/datasets/KEY.parquet    train pairs of each of its users
store/checkpoints/ID.pt       the state of an unfinished run between two epochs
store/searches/ID.journal     Optuna's journal of a search, kept for those who look into it
store/claims/ID.lock          held by the process that does a run; the system frees it when that dies
store/text/                   what language models replied, and encoded rows
"""

from __future__ import annotations

RUNS, UNFINISHED, DAMAGED = "runs", "unfinished", "damaged"

DATASETS, CHECKPOINTS, SEARCHES, CLAIMS, TEXT = "datasets", "checkpoints", "searches", "claims", "text"


def trial_name(search: str, run: str) -> str:
    """What a trial's checkpoint is called, from the identities of its search and its run."""
    return f"{search}-{run}"


def task_of(checkpoint: str) -> str:
    """The identity of the run or search that a checkpoint of this name belongs to."""
    return checkpoint.split("-")[0]
