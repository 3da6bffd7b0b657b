"""The Prepare step and the split."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from kaizen_training.contracts import contracts_folder
from kaizen_training.image_policy import ImagePolicy, apply_policy
from kaizen_training.manifest import PreparationError, check_manifest
from kaizen_training.prepare import decode_image, decode_pixels, in_order, main, prepare
from kaizen_training.prepared import SplitWriter, load_description, load_split, read_ahead
from kaizen_training.split import SPLITS, split_of
from tests import stray_bytes_example
from tests.conftest import DatasetFolder, group_in, rendered_jpeg
from tests.image_examples import EXAMPLES, GRAY, document, png

MakeDataset = Callable[..., DatasetFolder]


def parse_manifest(text: str) -> list[dict[str, Any]]:
    return list(check_manifest(text.encode()).items())


GIVEN_SPLITS = json.loads((contracts_folder() / "examples/given-splits.json").read_text())["cases"]
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


def encoded(size: tuple[int, int], image_format: str = "PNG", mode: str = "RGB") -> bytes:
    buffer = io.BytesIO()
    image = Image.new(mode, size)
    bands = len(image.getbands())
    if mode == "P":
        image.putpalette([0, 0, 0, 255, 255, 255])
    image.putpixel((0, 0), 1 if bands == 1 else (255,) * bands)
    image.save(buffer, image_format)
    return buffer.getvalue()


def test_a_new_class_that_captures_brought_is_prepared(tmp_path: Path) -> None:
    """[S13] The manifest is the one that test/lambda/dataset/merge-captures.test.ts shows to come out of the merge."""
    golden = json.loads((contracts_folder() / "examples/merged-dataset.json").read_text())
    for item in golden["manifest"]:
        path = tmp_path / item["key"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(golden["images"][item["sha256"]]))
    manifest = "".join(json.dumps(item) + "\n" for item in golden["manifest"]).encode()
    description = prepare(manifest, tmp_path, tmp_path / "out")
    assert description.classes == golden["classes"]
    assert description.counts == {split: dict.fromkeys(golden["classes"], 1) for split in SPLITS}
    assert description.corrupt == []


def test_b27_classes_may_be_called_by_digits(tmp_path: Path) -> None:
    dataset = DatasetFolder(tmp_path / "dataset")
    for number, split in enumerate(SPLITS):
        for width, label in ((8, "2"), (18, "10"), (28, "0")):
            dataset.add(encoded((width + number, 8)), label, group_in(split))
    description = prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    assert description.classes == ["0", "10", "2"]
    assert load_split(tmp_path / "out", "test").labels.tolist() == [2, 1, 0]


def add_plain_images(dataset: DatasetFolder, count: int) -> None:
    """Images that cost no rendering, all different, in the train split."""
    for number in range(count):
        dataset.add(encoded((8 + number, 8)), "good", group_in("train"))


def test_a_corrupt_image_is_skipped_and_listed(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    add_plain_images(dataset, 34)
    cut = dataset.add(rendered_jpeg("good", 99)[:400], "good", group_in("train"))
    text = dataset.add(b"not an image", "good", group_in("train"))
    description = prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    assert [entry["id"] for entry in description.corrupt] == [cut["id"], text["id"]]
    assert all(entry["reason"].startswith("cannot be decoded") for entry in description.corrupt)
    assert description.counts["train"] == {"good": 35, "stain": 1}


def test_too_many_corrupt_images_stop_the_step_and_nothing_is_written(
    make_dataset: MakeDataset, tmp_path: Path
) -> None:
    dataset = make_dataset()
    add_plain_images(dataset, 30)
    for number in range(2):
        dataset.add(f"not image {number}".encode(), "good", group_in("train"))
    with pytest.raises(PreparationError, match="2 of 38 images are corrupt, more than 5%"):
        prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# Pillow warns of large images by itself.
@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"", "is empty", id="zero bytes"),
        pytest.param(encoded((1, 1)), "1x1 pixels: each side must have at least 8", id="1x1"),
        pytest.param(encoded((500, 7), "JPEG"), "500x7 pixels: each side must have at least 8", id="seven rows"),
        pytest.param(encoded((8, 65_536), mode="1"), "8x65536 pixels: a side has at most 65535", id="endless"),
        pytest.param(encoded((10_000, 10_000), mode="1"), "10000x10000 pixels are more than", id="100 megapixels"),
        pytest.param(encoded((128, 128))[:-30], "cannot be decoded", id="truncated PNG"),
        pytest.param(rendered_jpeg("good", 1)[:1000], "cannot be decoded", id="truncated JPEG"),
        pytest.param(encoded((64, 64), "GIF", "P"), "cannot be decoded", id="GIF"),
        pytest.param(encoded((64, 64), "JPEG", "CMYK"), "is CMYK", id="CMYK"),
    ],
)
def test_an_image_that_cannot_be_used_is_listed_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode_image(content)


@pytest.mark.parametrize("example", document()["examples"], ids=lambda example: example["name"])
def test_b27_every_kind_of_image_is_seen_as_devices_see_it(example: dict[str, str]) -> None:
    pixels = np.asarray(decode_pixels(base64.b64decode(example["file"])))
    assert pixels.tobytes() == base64.b64decode(example["pixels"])


def test_b27_the_examples_are_current() -> None:
    assert json.loads(EXAMPLES.read_text(encoding="utf-8")) == document()


def test_f10_stray_bytes_before_restart_markers_change_no_pixel() -> None:
    """[B27] F10: as the device and the import see it (test/contracts/jpeg-stray-bytes.test.ts)."""
    example = json.loads(stray_bytes_example.EXAMPLE.read_text(encoding="utf-8"))
    assert example == stray_bytes_example.example()
    stray, clean = (decode_pixels(base64.b64decode(example[name])) for name in ("stray", "clean"))
    assert example["stray"] != example["clean"]
    assert stray.tobytes() == clean.tobytes()


@pytest.mark.parametrize("content", [b"\xff\xff", b"\0\0"], ids=["white", "black"])
def test_b27_an_image_of_one_colour_is_listed_as_corrupt(content: bytes) -> None:
    constant = np.full((8, 16, 1), int.from_bytes(content, "big"), dtype=np.uint16)
    with pytest.raises(ValueError, match="every pixel is"):
        decode_image(png(constant, 16, GRAY))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "P"])
def test_a_png_is_prepared_like_a_jpeg(make_dataset: MakeDataset, tmp_path: Path, mode: str) -> None:
    dataset = make_dataset()
    item = dataset.add(encoded((8, 8), mode=mode), "good", group_in("train"))
    prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    assert item["id"] in load_split(tmp_path / "out", "train").ids.tolist()


def test_b27_the_policy_is_obeyed_and_written_down(make_dataset: MakeDataset, tmp_path: Path) -> None:
    policy = ImagePolicy.of_json({"width": 96, "height": 64, "fit": "letterbox", "colour": "gray"})
    dataset = make_dataset()
    description = prepare(dataset.manifest(), dataset.root, tmp_path / "out", policy)
    assert description.policy == policy
    assert load_description(tmp_path / "out") == description
    split = load_split(tmp_path / "out", "train")
    assert split.images.shape == (2, 64, 96, 3)
    content = (dataset.root / dataset.items[0]["key"]).read_bytes()
    np.testing.assert_array_equal(split.images[0], apply_policy(decode_pixels(content), policy))


def test_b27_a_policy_that_is_none_stops_the_step(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    common = ["--manifest-uri", "s3://b/x.jsonl", "--use-case", "x", "--output", str(tmp_path / "out")]
    assert main([*common, "--image-policy", '{"width": 2000, "fit": "zoom"}']) == 1
    said = capsys.readouterr().err
    assert "width: breaks the rule maximum 1024, got 2000" in said
    assert "fit: breaks the rule enum" in said
    assert main([*common, "--image-policy", "128x128"]) == 1
    assert "--image-policy: " in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_images_are_written_in_the_manifest_s_order_however_long_each_takes() -> None:
    """[G24] Side by side, a few ahead, and none is asked for before it may be."""
    started: list[int] = []

    def slowest_first(number: int) -> int:
        started.append(number)
        if number == 0:
            # Until another one has gone on.
            assert others.wait(10)
        elif number == 3:
            others.set()
        return number

    others = threading.Event()
    made = in_order(slowest_first, range(100), threads=2)
    assert next(made) == 0
    assert set(started) <= {0, 1, 2, 3}
    assert list(made) == list(range(1, 100))


def test_a_step_that_fails_half_way_leaves_nothing(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    (dataset.root / dataset.items[-1]["key"]).write_bytes(b"changed")
    kept = tmp_path / "there"
    kept.mkdir()
    for output in (tmp_path / "out", kept):
        with pytest.raises(PreparationError, match="sha256"):
            prepare(dataset.manifest(), dataset.root, output)
    assert not (tmp_path / "out").exists()
    assert list(kept.iterdir()) == []


def test_a_split_is_mapped_and_what_is_done_to_it_stays_in_memory(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    images = load_split(tmp_path / "out", "train").images
    assert isinstance(images, np.memmap)
    before = images[0].copy()
    images[0] = 0
    np.testing.assert_array_equal(load_split(tmp_path / "out", "train").images[0], before)


def test_g24_batches_are_read_from_the_file_one_ahead_in_their_order(make_dataset: MakeDataset, tmp_path: Path) -> None:
    """[G24]"""
    dataset = make_dataset(per_split=4)
    prepare(dataset.manifest(), dataset.root, tmp_path / "out")
    split = load_split(tmp_path / "out", "train")
    asked: list[list[int]] = []

    def batches() -> Iterator[NDArray[np.int64]]:
        for places in ([5, 0, 3], [1, 2], [4]):
            asked.append(places)
            yield np.array(places)

    for number, (images, labels) in enumerate(read_ahead(split, batches()), start=1):
        places = asked[number - 1]
        assert not isinstance(images, np.memmap)
        np.testing.assert_array_equal(images, split.images[places])
        assert labels.tolist() == split.labels[places].tolist()
        assert len(asked) == min(number + 1, 3)
    assert list(read_ahead(split, [])) == []


def test_pixels_of_another_size_are_refused(tmp_path: Path) -> None:
    with (
        pytest.raises(ValueError, match=r"pixels: must be uint8 \(128, 128, 3\), got uint8 \(64, 128, 3\)"),
        SplitWriter(tmp_path, "train", ImagePolicy()) as writer,
    ):
        writer.add(np.zeros((64, 128, 3), np.uint8), 0, "a")


def test_one_image_in_two_splits_is_refused(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    dataset.add((dataset.root / dataset.items[0]["key"]).read_bytes(), "good", group_in("test"))
    with pytest.raises(
        PreparationError, match="line 7: sha256: the image of line 1 again, there in train, here in test"
    ):
        prepare(dataset.manifest(), dataset.root, tmp_path / "out")


def test_one_image_with_two_labels_is_refused_and_both_are_named(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    dataset.add((dataset.root / dataset.items[0]["key"]).read_bytes(), "stain", dataset.items[0]["groupId"])
    with pytest.raises(PreparationError, match="line 7: label: the image of line 1 again, there 'good', here 'stain'"):
        prepare(dataset.manifest(), dataset.root, tmp_path / "out")


def test_one_image_twice_in_a_split_with_one_label_is_no_leak(make_dataset: MakeDataset, tmp_path: Path) -> None:
    dataset = make_dataset()
    dataset.add((dataset.root / dataset.items[0]["key"]).read_bytes(), "good", dataset.items[0]["groupId"])
    assert prepare(dataset.manifest(), dataset.root, tmp_path / "out").counts["train"] == {"good": 2, "stain": 1}


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


def a_line(**changes: object) -> dict[str, object]:
    item: dict[str, object] = {
        "id": "a",
        "groupId": "g",
        "key": "images/a.jpg",
        "sha256": "a" * 64,
        "label": "good",
        "origin": "imported",
        "capturedAt": "2026-01-01T00:00:00Z",
    }
    return {**item, **changes}


@pytest.mark.parametrize("case", GIVEN_SPLITS, ids=lambda case: case["name"])
def test_b27_splits_that_the_source_gave_are_kept(case: dict[str, Any]) -> None:
    """Answered by test/lambda/dataset/accept-manifest.test.ts in the same way."""
    lines = []
    for number, line in enumerate(case["lines"]):
        changes = {name: value for name, value in line.items() if name != "image"}
        lines.append(a_line(id=f"item-{number}", sha256=line["image"] * 64, **changes))
    text = "\n".join(json.dumps(line) for line in lines)
    if "splits" in case:
        assert [item["split"] for item in parse_manifest(text)] == case["splits"]
    else:
        place, problem = f"line {case['refused']['line']}: ", case["refused"]["problem"]
        with pytest.raises(PreparationError) as refusal:
            parse_manifest(text)
        assert any(found.startswith(place) and problem in found for found in refusal.value.problems)


def test_a_manifest_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PreparationError, match="the manifest is not UTF-8"):
        prepare(b"\xff\xfe", tmp_path, tmp_path / "out")


# Every line is validated against a schema.
VALIDATING = settings(max_examples=50)
IDENTIFIERS = st.from_regex(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,15}", fullmatch=True)
LINES = st.builds(
    a_line,
    id=IDENTIFIERS,
    groupId=IDENTIFIERS,
    label=st.sampled_from(["good", "stain"]),
    sha256=st.sampled_from([letter * 64 for letter in "abcd"]),
)


@VALIDATING
@given(st.lists(LINES, min_size=1, max_size=12))
def test_an_accepted_manifest_has_unique_ids_and_every_image_in_one_split_with_one_label(
    lines: list[dict[str, str]],
) -> None:
    facts = {
        line["sha256"]: {
            (split_of(other["groupId"]), other["label"]) for other in lines if other["sha256"] == line["sha256"]
        }
        for line in lines
    }
    is_right = len({line["id"] for line in lines}) == len(lines) and all(len(fact) == 1 for fact in facts.values())
    text = "\n".join(json.dumps(line) for line in lines)
    if is_right:
        items = parse_manifest(text)
        assert [{**line, "split": split_of(line["groupId"])} for line in lines] == items
    else:
        with pytest.raises(PreparationError):
            parse_manifest(text)


@VALIDATING
@given(st.lists(st.one_of(LINES.map(json.dumps), st.text(max_size=60)), max_size=6), st.sampled_from(["\n", "\r\n"]))
def test_whatever_a_manifest_holds_each_problem_names_its_line(lines: list[str], line_end: str) -> None:
    text = line_end.join(lines)
    try:
        parse_manifest(text)
    except PreparationError as error:
        for problem in error.problems:
            assert re.match(r"line \d+: |the manifest is empty$", problem)


@pytest.mark.parametrize("time", ["yesterday", "2026-01-01", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z"])
def test_a_time_that_is_none_is_refused(time: str) -> None:
    with pytest.raises(PreparationError, match=f'line 1: capturedAt: breaks the rule format "date-time", got "{time}"'):
        parse_manifest(json.dumps(a_line(capturedAt=time)))


@VALIDATING
@given(st.datetimes(), st.sampled_from(["Z", "+02:00", "-11:30", ".5Z", ".123456789Z"]))
def test_every_time_of_rfc_3339_is_taken(time: datetime, end: str) -> None:
    assert parse_manifest(json.dumps(a_line(capturedAt=time.isoformat(timespec="seconds") + end)))


@VALIDATING
@given(st.sampled_from(sorted(a_line())), st.one_of(st.none(), st.booleans(), st.integers(), st.just(""), st.just([])))
def test_a_field_of_another_type_is_named(field: str, value: object) -> None:
    with pytest.raises(PreparationError, match=f"line 1: {field}: "):
        parse_manifest(json.dumps(a_line(**{field: value})))


@given(st.binary(min_size=1, max_size=200))
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
