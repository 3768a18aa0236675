"""A system of the benchmark: its backbone, its alignment and the changes made to them; loads no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from harness import outside
from harness.systems import recbole_models
from harness.systems.presets import DEFAULT_PRESET
from harness.systems.registry import ALIGNMENTS, BACKBONES, CLASSICS, SUBJECT
from models.hyper import SystemHyper


@dataclass(frozen=True)
class SystemSpec:
    """A system. Lines that mean the same system, once parsed, have the same ``name``.

    Attributes:
        backbone: Name of the backbone or of the classic; a model of RecBole has its whole line here.
        alignment: Name of the alignment. None for a backbone or classic alone.
        ablated: The terms that are left out.
        text: The text control, such as ``shuffled``.
        preset: The published values that it starts from, one of :data:`harness.systems.presets.PRESETS`.
        capacity: The alignment whose number of parameters a backbone alone is given.
        start: How training starts, such as ``warm``. None for random weights.
    """

    backbone: str
    alignment: str | None = None
    ablated: tuple[str, ...] = ()
    text: str | None = None
    preset: str = DEFAULT_PRESET
    capacity: str | None = None
    start: str | None = None

    @property
    def base(self) -> str:
        """The line without changes."""
        return f"{self.alignment}[{self.backbone}]" if self.alignment else self.backbone

    @property
    def bare(self) -> SystemSpec:
        """The backbone alone, with the same preset and start."""
        return SystemSpec(self.backbone, preset=self.preset, start=self.start)

    @property
    def name(self) -> str:
        """The line as it is always written."""
        parts = [self.backbone] if self.alignment else []
        parts += [f"-{term}" for term in self.ablated]
        parts += [f"text={self.text}"] if self.text else []
        parts += [f"capacity={self.capacity}"] if self.capacity else []
        parts += [f"start={self.start}"] if self.start else []
        parts += [f"preset={self.preset}"] if self.preset != DEFAULT_PRESET else []
        head = self.alignment or self.backbone
        return f"{head}[{', '.join(parts)}]" if parts else head

    @property
    def is_classic(self) -> bool:
        """Whether it is fitted in closed form rather than trained."""
        return self.backbone in CLASSICS

    @property
    def is_external(self) -> bool:
        """Whether it was trained elsewhere, so that only its lists or embeddings are known here."""
        return False

    @property
    def is_trained(self) -> bool:
        """Whether it is trained in epochs here."""
        return not self.is_fitted

    @property
    def is_recbole(self) -> bool:
        """Whether it is a general recommender of RecBole, such as ``recbole:NCL``."""
        return self.backbone.startswith(outside.RECBOLE)

    @property
    def is_assembled(self) -> bool:
        """Whether it is a backbone, alone or with an alignment: neither a classic nor a model of RecBole."""
        return not (self.is_classic or self.is_recbole)

    @property
    def is_fitted(self) -> bool:
        """Whether it is fitted rather than trained: a classic, or a model that RecBole fits."""
        if self.is_recbole:
            return recbole_models.models()[self.backbone].is_fitted
        return self.is_classic

    @property
    def sources(self) -> dict[str, str]:
        """A checksum of the source file of each part that is not ours, by the part's name.

        A model of RecBole has RecBole's version.
        """
        if self.is_recbole:
            return {self.backbone: recbole_models.installed_version()}
        kinds = {"alignment": self.alignment, "classic" if self.is_classic else "backbone": self.backbone}
        paths = {name: outside.path_of(kind, name) for kind, name in kinds.items() if name}
        return {name: outside.source_checksum(path) for name, path in paths.items() if path}

    @property
    def is_deterministic(self) -> bool:
        """Whether no seed changes it: it is fitted in closed form, and its text is the dataset's."""
        return self.is_classic and self.text is None

    @property
    def needs_text(self) -> bool:
        """Whether it reads text rows."""
        if self.is_recbole:
            return False
        return bool(self.alignment) or (CLASSICS if self.is_classic else BACKBONES)[self.backbone].needs_text

    @property
    def ranks_cold(self) -> tuple[str, ...]:
        """``users`` or ``items`` if it can rank those of them that have no train pair.

        No alignment can, since it would have read their texts while it was trained, and no model of RecBole
        says that it can.
        """
        if self.alignment or self.is_recbole:
            return ()
        return (CLASSICS if self.is_classic else BACKBONES)[self.backbone].ranks_cold

    @property
    def depends_on_text(self) -> bool:
        """Whether it needs a dataset with text: to read it, or to have the size of a system that reads it."""
        return self.needs_text or self.capacity is not None

    @property
    def is_baseline(self) -> bool:
        """Whether it is compared with the alignment under study rather than being one with it."""
        return self.alignment != SUBJECT

    def declarations(self) -> list[Field[Any]]:
        """The hyper-parameters of every part of the system. Two parts may declare the same name."""
        if self.is_recbole:
            return list(recbole_models.declarations(self.backbone))
        if self.is_classic:
            parts = [CLASSICS[self.backbone].options]
        else:
            parts = [SystemHyper, BACKBONES[self.backbone].options]
        if self.alignment:
            parts.append(ALIGNMENTS[self.alignment].options)
        return [item for part in parts for item in fields(part)]

    def options(self) -> dict[str, Field[Any]]:
        """Every hyper-parameter by name."""
        return {item.name: item for item in self.declarations()}

    def terms(self) -> list[str]:
        """The loss terms that have a weight, each of which can be ablated. Classics have none."""
        return list(self.weight_names())

    def weights(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The weight of every term, taken from the ``values`` of all hyper-parameters."""
        return {term: values[name] for term, name in self.weight_names().items()}

    @property
    def zeros(self) -> dict[str, float]:
        """The values that ablations set: the weight of each ablated term is 0."""
        names = self.weight_names()
        return {names[term]: 0.0 for term in self.ablated}

    def weight_names(self) -> dict[str, str]:
        """The hyper-parameter that weighs each term, by term."""
        options = self.options().values()
        return {item.metadata["weighs"]: item.name for item in options if item.metadata["weighs"]}
