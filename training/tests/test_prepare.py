"""The Prepare step and the split."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kaizen_training.contracts import contracts_folder
from kaizen_training.prepare import PreparationError, decode_image, main, parse_manifest, prepare
from kaizen_training.prepared import load_description, load_split
from kaizen_training.split import SPLITS, split_of
from tests.conftest import DatasetFolder, group_in, rendered_jpeg

MakeDataset = Callable[..., DatasetFolder]
SPLIT_VECTORS = json.loads((contracts_folder() / "examples/split.json").read_text())["cases"]


@pytest.mark.parametrize("case", SPLIT_VECTORS, ids=lambda case: case["groupId"])
def test_the_split_is_that_of_the_golden_vectors(case: dict[str, str]) -> None:
    assert split_of(case["groupId"]) == case["split"]


@given(st.text(min_size=1))
def test_the_split_is_the_first_four_bytes_of_the_hash(group_id: str) -> None:
    position = int(hashlib.sha256(group_id.encode()).hexdigest()[:8], 16) / 2**32
    expected = SPLITS[int(position >= 0.70) + int(position >= 0.85)]
    assert split_of(group_id) == expected


def test_arrays_hold_the_decoded_images_with_their_labels(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(("good", "stain"), per_split=2)
    description = prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    assert description.classes == ["good", "stain"]
    assert description.manifest_sha256 == hashlib.sha256(dataset.manifest()).hexdigest()
    assert load_description(tmp_path / "out") == description
    by_id = {item["id"]: item for item in dataset.items}
    seen = 0
    for name in SPLITS:
        split = load_split(tmp_path / "out", name)
        assert split.images.dtype == np.dtype(np.uint8)
        assert split.images.shape[1:] == (128, 128, 3)
        for pixels, label, item_id in zip(split.images, split.labels, split.ids, strict=True):
            item = by_id[str(item_id)]
            assert split_of(item["groupId"]) == name
            assert description.classes[label] == item["label"]
            np.testing.assert_array_equal(pixels, decode_image((dataset.root / item["key"]).read_bytes()))
            seen += 1
    assert seen == len(dataset.items)


def test_a_corrupt_image_is_skipped_and_listed(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    cut = dataset.add(rendered_jpeg("good", 99)[:400], "good", group_in("train"))
    text = dataset.add(b"not an image", "good", group_in("train"))
    description = prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    assert [entry["id"] for entry in description.corrupt] == [cut["id"], text["id"]]
    assert all(entry["reason"].startswith("cannot be decoded") for entry in description.corrupt)
    assert description.counts["train"] == {"good": 1, "stain": 1}


def test_every_problem_of_the_images_is_reported_and_nothing_is_written(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    dataset = make_dataset()
    dataset.items[0]["sha256"] = "0" * 64
    (dataset.root / dataset.items[1]["key"]).unlink()
    dataset.items[2]["key"] = "images/../../escape.jpg"
    with pytest.raises(PreparationError) as caught:
        prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    report = "\n".join(caught.value.problems)
    assert "item 'item-0': sha256" in report
    assert "item 'item-1'" in report
    assert "is missing" in report
    assert "item 'item-2': key: must stay inside the dataset" in report
    assert not (tmp_path / "out").exists()


def test_one_class_only_is_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset(("good",))
    with pytest.raises(PreparationError, match="at least two classes, got good"):
        prepare(dataset.manifest(), dataset.root, tmp_path / "out")


def test_a_class_without_test_images_is_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    dataset.items.pop()
    with pytest.raises(PreparationError, match="class 'stain' has no usable image in the test split"):
        prepare(dataset.manifest(), dataset.root, tmp_path / "out")


def test_every_bad_line_of_the_manifest_is_reported(make_dataset: MakeDataset) -> None:
    dataset = make_dataset()
    dataset.items[0]["label"] = "Not A Class"
    dataset.items[1]["surprise"] = 1
    dataset.items[3]["id"] = dataset.items[2]["id"]
    dataset.items[4]["split"] = "train"
    with pytest.raises(PreparationError) as caught:
        parse_manifest(dataset.manifest().decode() + "{broken\n")
    starts = [problem.split(":")[0] for problem in caught.value.problems]
    assert starts == ["line 1", "line 2", "line 4", "line 5", "line 7"]


def test_an_empty_manifest_is_refused() -> None:
    with pytest.raises(PreparationError, match="empty"):
        parse_manifest("\n")


@given(st.binary(max_size=200))
def test_bytes_that_are_no_image_are_refused(content: bytes) -> None:
    with pytest.raises(ValueError, match="cannot be decoded"):
        decode_image(content)


def test_the_command_checks_the_manifest_digest_in_its_uri(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    folder = tmp_path / "manifest"
    folder.mkdir()
    (folder / "any-name.jsonl").write_bytes(dataset.manifest())

    def status(name: str) -> int:
        uri = f"s3://a-bucket/manifests/accepted/{name}.jsonl"
        return main(
            [
                *("--manifest-uri", uri, "--manifest", str(folder), "--input", str(dataset.root)),
                *("--output", str(tmp_path / "out"), "--use-case", "surface-inspection"),
            ]
        )

    assert status("0" * 64) == 1
    assert not (tmp_path / "out").exists()
    assert status(hashlib.sha256(dataset.manifest()).hexdigest()) == 0
    assert load_description(tmp_path / "out").classes == ["good", "stain"]
