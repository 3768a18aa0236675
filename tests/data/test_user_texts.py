"""Users without texts of their own: the rows of their train items, or their texts joined to one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from harness.planning.datasets import DatasetVariant
from tests.data.test_data import SOURCE, interactions, load, with_profiles


def items_alone(tmp_path: Path, **more: Any) -> dict[str, Any]:
    """A source whose items have texts, and whose users have none."""
    interactions().to_csv(tmp_path / "log.csv", index=False)
    rows = [
        {"iid": "i0", "title": "Dune", "facts": {"author": ["Frank Herbert"], "genre": ["desert", "spice"]}},
        *({"iid": f"i{item}", "title": f"book {item}", "facts": {}} for item in range(1, 5)),
        {"iid": "i5", "title": None},
    ]
    (tmp_path / "items.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    file = {"path": tmp_path / "items.jsonl", "id": "iid", "text": ["title", "facts"]}
    profiles = {"items": file, "missing": "blank", **more}
    return {"kind": "table", "path": tmp_path / "log.csv", "profiles": profiles}


def test_users_without_a_file_may_get_their_train_items_texts(tmp_path: Path) -> None:
    made = load(items_alone(tmp_path, user_texts="joined"))
    assert made.texts is not None
    assert made.texts.user_profile is not None
    item = made.texts.item_profile
    assert item[0] == "Dune. author Frank Herbert. genre desert, spice"
    assert item[1:] == ["book 1", "book 2", "book 3", "book 4", ""]
    for user in range(len(made.users)):
        trained = [item[number] for owner, number in made.train if owner == user]
        assert made.texts.user_profile[user] == " ".join(trained)
    assert "a user's text is that of the user's train items" in made.notes
    capped = load(items_alone(tmp_path, user_texts="joined", user_words=3))
    assert capped.texts is not None
    assert capped.texts.user_profile == [" ".join(text.split()[:3]) for text in made.texts.user_profile]
    assert "a user's text is that of the user's train items, of which 3 words are kept" in capped.notes


def test_users_without_a_file_have_no_text_of_their_own(tmp_path: Path) -> None:
    made, joined = load(items_alone(tmp_path)), load(items_alone(tmp_path, user_texts="joined"))
    assert made.texts is not None
    assert made.texts.user_profile is made.texts.user_intent is None
    assert made.texts.item_profile[1:] == ["book 1", "book 2", "book 3", "book 4", ""]
    assert made.texts.with_users(len(made.users), made.train) == joined.texts
    assert "a user's text row is the mean of the rows of the user's train items" in made.notes
    assert made.checksum != joined.checksum


def test_how_users_get_their_texts_is_part_of_a_record(tmp_path: Path) -> None:
    """Older records lack the key, and their texts were joined."""
    mean, joined = (
        DatasetVariant(family="d", source=SOURCE.validate_python(items_alone(tmp_path, **more)))
        for more in ({}, {"user_texts": "joined"})
    )
    assert mean.stored()["source"]["profiles"]["user_texts"] == "mean"
    assert not {"user_texts", "user_words"} & set(joined.stored()["source"]["profiles"])
    assert mean.key(1) != joined.key(1)
    for variant in (mean, joined):
        assert DatasetVariant.from_stored(variant.stored(), "d") == variant
    with_users = DatasetVariant(
        family="d", source=SOURCE.validate_python(with_profiles(tmp_path, [f"u{user}" for user in range(12)]))
    )
    assert not {"user_texts", "user_words"} & set(with_users.stored()["source"]["profiles"])
    assert DatasetVariant.from_stored(with_users.stored(), "d").stored() == with_users.stored()


@pytest.mark.parametrize(
    ("more", "refused"),
    [
        ({"user_words": 5}, "expected `user_texts: joined` beside it"),
        ({"user_texts": "joined", "user_words": 0}, "greater than or equal to 1"),
        ({"user_texts": "sum"}, "'mean' or 'joined'"),
    ],
)
def test_keys_of_user_texts_that_do_not_fit_are_refused(
    tmp_path: Path, more: dict[str, Any], refused: str
) -> None:
    with pytest.raises(ValueError, match=refused):
        SOURCE.validate_python(items_alone(tmp_path, **more))
    source = with_profiles(tmp_path, ["u1"], user_texts="joined")
    with pytest.raises(ValueError, match="user_texts is for users without a file"):
        SOURCE.validate_python(source)
