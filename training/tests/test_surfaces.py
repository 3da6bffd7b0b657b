"""The renderer: deterministic, varied, and different where the condition is."""

from __future__ import annotations

import argparse
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from kaizen_training.baseline import image_statistics
from kaizen_training.contracts import problems_of
from kaizen_training.prepare import decode_image
from kaizen_training.surfaces import CLASSES, CONDITIONS, NORMAL, make_part, render_view
from kaizen_training.surfaces.__main__ import main, parse_classes, photograph_part
from kaizen_training.surfaces.camera import draw_view
from kaizen_training.surfaces.textures import TEXTURES, load_texture

MIX = {"good": 0.4, "scratch": 0.2, "dent": 0.2, "stain": 0.2}


def stock(condition: str, items: int = 60) -> np.ndarray:
    jpegs = [
        photograph.jpeg
        for part in range(items)
        for photograph in photograph_part(part, seed=3, condition=condition, classes=MIX, views=1)
    ]
    return np.stack([decode_image(jpeg) for jpeg in jpegs])


@pytest.mark.parametrize("name", TEXTURES)
def test_a_texture_is_a_real_photograph_read_from_the_package(name: str) -> None:
    texture = load_texture(name)
    assert texture.shape == (512, 512)
    assert abs(float(texture.mean())) < 1e-3
    assert abs(float(texture.std()) - 1) < 1e-3


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    def render(seed: int) -> list[bytes]:
        return [p.jpeg for p in photograph_part(5, seed=seed, condition="normal", classes=MIX, views=2)]

    assert render(7) == render(7)
    assert render(7) != render(8)
    first, second = render(7)
    assert first != second


@pytest.mark.parametrize("label", [name for name in CLASSES if name != "good"])
def test_a_defect_changes_a_part_of_the_picture_and_not_all_of_it(label: str) -> None:
    rng = np.random.default_rng(1)
    part, view = make_part(label, rng), draw_view(NORMAL, rng)
    clean = type(part)(**{**part.__dict__, "label": "good", "defect": {}})
    damaged_image = render_view(part, view, np.random.default_rng(2)).astype(int)
    clean_image = render_view(clean, view, np.random.default_rng(2)).astype(int)
    changed = (np.abs(damaged_image - clean_image).max(axis=2) > 8).mean()
    assert 0.005 < changed < 0.5


def test_the_drifted_line_is_darker_warmer_and_softer() -> None:
    normal, drifted = stock("normal"), stock("drifted")
    before, after = image_statistics(normal), image_statistics(drifted)
    assert after.brightness.mean() < 0.7 * before.brightness.mean()
    assert after.sharpness.mean() < 0.8 * before.sharpness.mean()
    warmth = [images[..., 0].mean() / images[..., 2].mean() for images in (normal, drifted)]
    assert warmth[1] > 1.2 * warmth[0]


def test_pictures_of_one_condition_vary() -> None:
    statistics = image_statistics(stock("normal"))
    for values in (statistics.brightness, statistics.contrast, statistics.sharpness):
        assert values.std() / values.mean() > 0.08


def test_conditions_are_within_what_a_camera_can_do() -> None:
    for condition in CONDITIONS.values():
        for low, high in vars(condition).values():
            assert low <= high


def test_the_dataset_fits_the_contract_and_views_of_a_part_share_its_group(tmp_path: Path) -> None:
    assert main(["dataset", "--output", str(tmp_path), "--items", "9", "--seed", "7", "--workers", "1"]) == 0
    items = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_text().splitlines()]
    assert len(items) == 9
    assert [problem for item in items for problem in problems_of("dataset-item", item)] == []
    for item in items:
        content = (tmp_path / item["key"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == item["sha256"]
    by_group: dict[str, set[str]] = {}
    for item in items:
        by_group.setdefault(item["groupId"], set()).add(item["label"])
    assert len(by_group) == 5
    assert all(len(labels) == 1 for labels in by_group.values())


def test_the_stock_has_a_truth_for_every_frame(tmp_path: Path) -> None:
    arguments = ["stock", "--output", str(tmp_path), "--items", "6", "--seed", "1", "--workers", "1"]
    assert main([*arguments, "--condition", "drifted", "--classes", "crack:1"]) == 0
    truth = [json.loads(line) for line in (tmp_path / "truth.jsonl").read_text().splitlines()]
    assert {entry["label"] for entry in truth} == {"crack"}
    assert sorted(entry["file"] for entry in truth) == sorted(path.name for path in tmp_path.glob("*.jpg"))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rust:1", "class 'rust' is not one of"),
        ("good:0.5,good:0.5", "given twice"),
        ("good:-1", "must be a positive number"),
        ("good", "must be a positive number"),
    ],
)
def test_a_bad_class_mix_is_refused(text: str, reason: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=reason):
        parse_classes(text)


def test_shares_are_scaled_to_one() -> None:
    assert parse_classes("good:3,crack:1") == {"good": 0.75, "crack": 0.25}
