"""[B27] What is made of a frame: the policy, its geometry, its pixels."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kaizen_training.contracts import ContractError, contracts_folder
from kaizen_training.image_policy import PADDING, ImagePolicy, Rectangle, apply_policy, image_geometry
from tests.image_policy_examples import EXAMPLES, document, noise, text_of


def policy_of(**fields: Any) -> ImagePolicy:
    return ImagePolicy.of_json(fields)


@pytest.mark.parametrize(
    ("fields", "frame", "source", "target"),
    [
        pytest.param({}, (640, 480), (0, 0, 640, 480), (0, 0, 128, 128), id="stretch: everything everywhere"),
        # 128 x 480 / 640 = 96; 16 above and below.
        pytest.param(
            {"fit": "letterbox"}, (640, 480), (0, 0, 640, 480), (0, 16, 128, 96), id="letterbox of a wide one"
        ),
        # 128 x 479 / 641 = 95.65, 32 left over.
        pytest.param({"fit": "letterbox"}, (641, 479), (0, 0, 641, 479), (0, 16, 128, 96), id="letterbox, rounded"),
        pytest.param({"fit": "letterbox"}, (50, 100), (0, 0, 50, 100), (32, 0, 64, 128), id="letterbox of a high one"),
        # What is left over is odd: 128 - 127.
        pytest.param({"fit": "letterbox"}, (127, 128), (0, 0, 127, 128), (0, 0, 127, 128), id="letterbox, odd rest"),
        pytest.param(
            {"fit": "letterbox"}, (10_000, 8), (0, 0, 10_000, 8), (0, 63, 128, 1), id="letterbox: one row stays"
        ),
        pytest.param({"fit": "crop"}, (640, 480), (80, 0, 480, 480), (0, 0, 128, 128), id="crop of a wide one"),
        pytest.param(
            {"fit": "crop"}, (100, 301), (0, 100, 100, 100), (0, 0, 128, 128), id="crop of a high one, odd rest"
        ),
        # 480 x 200 / 100 = 960 is more than there is across, so the height gives way: 640 x 100 / 200 = 320.
        pytest.param(
            {"fit": "crop", "width": 200, "height": 100},
            (640, 480),
            (0, 80, 640, 320),
            (0, 0, 200, 100),
            id="crop to other proportions",
        ),
        pytest.param(
            {"region": {"x": 0.25, "y": 0.5, "width": 0.5, "height": 0.25}},
            (641, 479),
            # 160.25 to 480.75 and 239.5 to 359.25: every pixel that is touched.
            (160, 239, 321, 121),
            (0, 0, 128, 128),
            id="region",
        ),
        pytest.param(
            {"fit": "crop", "region": {"x": 0.5, "y": 0, "width": 0.5, "height": 1}},
            (640, 480),
            (320, 80, 320, 320),
            (0, 0, 128, 128),
            id="region, then crop",
        ),
    ],
)
def test_b27_geometry_by_hand(
    fields: dict[str, Any],
    frame: tuple[int, int],
    source: tuple[int, int, int, int],
    target: tuple[int, int, int, int],
) -> None:
    assert image_geometry(policy_of(**fields), *frame) == (Rectangle(*source), Rectangle(*target))


SIDES = st.integers(64, 1024)
SHARES = st.tuples(st.integers(0, 9900), st.integers(100, 10_000)).map(
    lambda pair: (pair[0] / 10_000, min(pair[1], 10_000 - pair[0]) / 10_000)
)
REGIONS = st.builds(
    lambda across, down: {"x": across[0], "width": across[1], "y": down[0], "height": down[1]}, SHARES, SHARES
)


@given(
    st.fixed_dictionaries(
        {"width": SIDES, "height": SIDES, "fit": st.sampled_from(["stretch", "letterbox", "crop"])},
        optional={"region": REGIONS},
    ),
    st.integers(1, 5000),
    st.integers(1, 5000),
)
def test_b27_what_is_cut_out_lies_in_the_frame_and_comes_to_lie_in_the_input(
    fields: dict[str, Any], width: int, height: int
) -> None:
    policy = policy_of(**fields)
    source, target = image_geometry(policy, width, height)
    for part, whole in ((source, (width, height)), (target, policy.size)):
        left, top, right, bottom = part.box
        assert 0 <= left < right <= whole[0]
        assert 0 <= top < bottom <= whole[1]
    if policy.fit != "letterbox":
        assert target == Rectangle(0, 0, *policy.size)


def test_b27_the_examples_are_current() -> None:
    """What contracts/examples/image-policy.json says of frames, the device is held to."""
    assert EXAMPLES.read_text(encoding="utf-8") == text_of(document())


def test_b27_a_letterbox_has_bars_of_gray_and_the_picture_between() -> None:
    frame = Image.fromarray(noise(200, 100, 1))
    seen = apply_policy(frame, policy_of(fit="letterbox"))
    assert seen.shape == (128, 128, 3)
    assert (seen[:32] == PADDING).all()
    assert (seen[96:] == PADDING).all()
    np.testing.assert_array_equal(seen[32:96], np.asarray(frame.resize((128, 64), Image.Resampling.BILINEAR)))


def test_b27_gray_has_the_luma_in_all_channels_and_leaves_gray_as_it_is() -> None:
    frame = noise(128, 128, 2)
    seen = apply_policy(Image.fromarray(frame), policy_of(colour="gray"))
    np.testing.assert_array_equal(seen, np.repeat(seen[..., :1], 3, axis=2))
    luma = np.floor(frame @ np.asarray([0.299, 0.587, 0.114]) + 0.5)
    assert np.abs(seen[..., 0] - luma).max() <= 1
    once_more = apply_policy(Image.fromarray(seen), policy_of(colour="gray"))
    np.testing.assert_array_equal(once_more, seen)


def test_b27_a_frame_of_the_input_s_size_is_left_as_it_is() -> None:
    frame = noise(128, 128, 3)
    for fit in ("stretch", "letterbox", "crop"):
        np.testing.assert_array_equal(apply_policy(Image.fromarray(frame), policy_of(fit=fit)), frame)


def test_b27_defaults_are_those_of_the_schema() -> None:
    schema = json.loads((contracts_folder() / "schemas/image-policy.schema.json").read_text(encoding="utf-8"))
    defaults = {name: rule["default"] for name, rule in schema["properties"].items() if "default" in rule}
    assert ImagePolicy().to_json() == defaults


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"width": 256.0, "fit": "crop"},
        {"region": {"x": 0.3, "y": 0.1, "width": 0.7, "height": 0.9}, "colour": "gray"},
    ],
)
def test_b27_what_was_read_is_written_with_its_defaults(fields: dict[str, Any]) -> None:
    policy = policy_of(**fields)
    assert policy.to_json() == {**ImagePolicy().to_json(), **fields}
    assert ImagePolicy.of_json(policy.to_json()) == policy


@pytest.mark.parametrize(
    ("fields", "problems"),
    [
        ({"width": 63, "height": 1025, "fit": "zoom"}, ["fit", "height", "width"]),
        ({"colour": "grey", "size": 1}, ["(root)", "colour"]),
        ({"region": {"x": 0, "y": 0, "width": 0}}, ["region", "region.width"]),
        (
            {"region": {"x": 0.5, "y": 0.25, "width": 0.5001, "height": 0.76}},
            [
                "region.width: must be at most 1 - x (x is 0.5), got 0.5001",
                "region.height: must be at most 1 - y (y is 0.25), got 0.76",
            ],
        ),
    ],
)
def test_b27_a_policy_that_cannot_be_obeyed_is_refused_with_every_problem(
    fields: dict[str, Any], problems: list[str]
) -> None:
    with pytest.raises(ContractError) as caught:
        policy_of(**fields)
    found = caught.value.problems
    if len(problems[0]) > 20:
        assert found == problems
    else:
        assert sorted(problem.split(":")[0] for problem in found) == problems
