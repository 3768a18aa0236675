"""What a store's folders hold. Every folder and file is named here, once.

store/runs/ID/run.json        the record of a run or search: what was done and what came of it
store/runs/ID/users.parquet   per-user scores of a finished run
store/runs/ID/trials.parquet  the trials of a finished search for hyper-parameters
store/runs/ID/prototypes.npz  intent prototypes and memberships, of systems that have prototypes
store/runs/ID/lists.parquet   every user's best items with their scores, of runs whose plan keeps them
store/runs/ID/weights.npz     weights that the next window of time starts from, of systems that start warm
store/runs/ID/SHA256SUMS      checksums of these files, in the format of sha256sum
store/unfinished/ID-*         a run that is being written, or whose process was killed while it wrote
store/damaged/*               what was no longer as it had been written; it was moved here to be done again
store/datasets/KEY.json       checksum and sizes of a dataset of a plan, and checksums of both files
store/datasets/KEY.parquet    number of train pairs of each of its users
store/checkpoints/ID.pt       state of an unfinished run between two epochs
store/searches/ID.journal     Optuna's journal of a search; it stays when the search is finished
store/claims/ID.lock          lock of the process that does a run; the system frees it when the process ends
store/text/                   replies of language models, and encoded texts

ID is the identity of a run or search, and KEY names a dataset as ``planning.runs.dataset_key`` does.
"""

from __future__ import annotations

import re

RUNS, UNFINISHED, DAMAGED = "runs", "unfinished", "damaged"

DATASETS, CHECKPOINTS, SEARCHES, CLAIMS, TEXT = "datasets", "checkpoints", "searches", "claims", "text"

FOLDERS = (RUNS, UNFINISHED, DAMAGED, DATASETS, CHECKPOINTS, SEARCHES, CLAIMS, TEXT)

RECORD, SUMS = "run.json", "SHA256SUMS"

USERS, TRIALS = "users.parquet", "trials.parquet"

LISTS, PROTOTYPES, WEIGHTS = "lists.parquet", "prototypes.npz", "weights.npz"

FILES = (RECORD, LISTS, PROTOTYPES, TRIALS, USERS, WEIGHTS)
"""Files that the folder of a run or search may hold, each with a line in SUMS, in this order."""

IDENTITY = re.compile("[0-9a-f]{20}")
"""How ``planning.identity.identity_of`` names runs and searches."""


def trial_name(search: str, run: str) -> str:
    """The name of a trial's checkpoint, from the identities of its search and of its run."""
    return f"{search}-{run}"


def task_of(checkpoint: str) -> str:
    """The identity of the run or search that owns the checkpoint of this name."""
    return checkpoint.split("-")[0]
