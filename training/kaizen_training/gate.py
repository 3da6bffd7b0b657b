"""The gate: measured values and limits -> checks with sentences. Pure; the Export step calls it.

Every check that fails says by how much, and all of them are said at once. How a class may lose recall without being
called worse, and why: docs/adr/0013-a-gate-that-chance-and-silence-do-not-open.md.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kaizen_training.operating_point import trials_to_settle

ARCHITECTURES = ("linux-x64", "linux-arm64")
PRECISIONS = ("fp32", "int8")
# Of a one-sided test, or of all classes together: a drop that chance alone makes less often is no chance.
SIGNIFICANCE = 0.05
# On fewer images no result is significant: were all of them lost, p would be 0.5^4 = 0.06.
FEWEST_ITEMS = 5
# A limit of 0.07 times 100 images is 7.000000000000001 of them.
ROUNDING = 1e-9
# A step's FailureReason holds 1,024 characters (SageMaker, PipelineExecutionStep).
LONGEST_MESSAGE = 1_000


@dataclass(frozen=True)
class HardwareClass:
    """Devices of the same strength: what a model may cost there, and which variants they may get.

    Attributes:
        name: such as `gateway`.
        architectures: `linux-x64`, `linux-arm64`; a device knows its class by its architecture.
        precisions: variants offered to the class, of `fp32` and `int8`; it serves the fastest.
        maximum_model_bytes: of each of their files.
        maximum_multiply_accumulates: of one image.
        maximum_latency_ratio: time of the fastest of them / time of the reference network, in the same run.
    """

    name: str
    architectures: list[str]
    precisions: list[str]
    maximum_model_bytes: int
    maximum_multiply_accumulates: int
    maximum_latency_ratio: float

    @staticmethod
    def of_json(value: dict[str, Any]) -> HardwareClass:
        """From the spelling of the configuration (`training.hardwareClasses`).

        Raises:
            ValueError: a field is missing, unknown, or has no value that makes sense.
        """
        fields = {
            "name": "name",
            "architectures": "architectures",
            "precisions": "precisions",
            "maximumModelBytes": "maximum_model_bytes",
            "maximumMultiplyAccumulates": "maximum_multiply_accumulates",
            "maximumLatencyRatio": "maximum_latency_ratio",
        }
        problems = [f"{name}: must be there" for name in fields if name not in value]
        problems += [f"{name}: is no field of a hardware class" for name in value if name not in fields]
        problems += [
            f"{name}: must be a number above 0, got {value[name]!r}"
            for name in fields
            if name.startswith("maximum") and name in value and not _is_positive(value[name])
        ]
        problems += [
            f"{name}: must be one or more of {', '.join(known)}, got {value[name]!r}"
            for name, known in (("architectures", ARCHITECTURES), ("precisions", PRECISIONS))
            if name in value and not (isinstance(value[name], list) and value[name] and set(value[name]) <= set(known))
        ]
        if problems:
            raise ValueError(f"hardware class {value.get('name', '?')}: {'; '.join(problems)}")
        return HardwareClass(**{fields[name]: value[name] for name in fields})


def _is_positive(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf


@dataclass(frozen=True)
class Limits:
    """What a model must keep. Accuracies and drops are shares of the test images, 0..1."""

    minimum_accuracy: float
    maximum_recall_drop: float
    maximum_int8_drop: float
    hardware_classes: list[HardwareClass]
    maximum_escape_rate: float
    maximum_false_reject_rate: float


@dataclass(frozen=True)
class Check:
    """One measured value beside its limit; `subject` is a class, a hardware class, or nothing.

    `refuses` says whether the model is refused when it does not pass.
    """

    name: str
    subject: str
    value: float
    limit: float
    passed: bool
    sentence: str
    refuses: bool = True

    def to_json(self) -> dict[str, Any]:
        """The JSON form, as in the contract gate-report."""
        return dict(vars(self))


def _shown(value: float, *others: float) -> str:
    """Three decimals, or as many as it takes to tell `value` from `others`; whole numbers with thousands separators."""
    if isinstance(value, int):
        return f"{value:,}"
    digits = next((n for n in range(3, 12) if all(round(value - one, n) for one in others if one != value)), 12)
    return f"{value:.{digits}f}"


def _against(value: float, limit: float, passed: bool, least: bool = False) -> str:
    """`0.781 is below the required 0.800 by 0.019`, and its three sisters."""
    value_text, limit_text = _shown(value, limit), _shown(limit, value)
    if passed:
        return f"{value_text} ({'required' if least else 'allowed'}: at {'least' if least else 'most'} {limit_text})"
    side, word = ("below", "required") if least else ("above", "allowed")
    return f"{value_text} is {side} the {word} {limit_text} by {_shown(abs(value - limit), 0)}"


def _accuracy(evaluation: dict[str, Any], limits: Limits) -> Check:
    value, limit, interval = evaluation["accuracy"], limits.minimum_accuracy, evaluation["accuracyInterval"]
    passed = value >= limit
    return Check(
        "accuracy",
        "",
        value,
        limit,
        passed,
        f"accuracy {_against(value, limit, passed, least=True)} (95 % interval {interval['lower']:.3f} to "
        f"{interval['upper']:.3f} on {evaluation['testItems']} images)",
    )


def recall_verdict(
    items: int, lost: int, gained: int, worse_p_value: float, limit: float, classes: int
) -> tuple[bool, str]:
    """Whether a class keeps its recall, and why.

    The significance is shared out among the classes (Bonferroni): at 5 % each, an equal model of ten classes was
    refused in a fifth of all trainings (docs/adr/0063-a-gate-counts-the-classes-that-it-looks-at.md).

    Args:
        items: test images of the class.
        lost: of those, right by the champion alone.
        gained: right by the challenger alone.
        worse_p_value: how likely chance alone takes so much.
        limit: the largest drop of recall, 0..1.
        classes: how many are judged beside it, itself included.
    """
    net = lost - gained
    if net <= limit * items + ROUNDING:
        return True, "within the limit"
    if items < FEWEST_ITEMS:
        return False, f"fewer than the {FEWEST_ITEMS} images that can tell a loss from chance: label more"
    if net <= 1:
        return True, "a single image decides nothing"
    if net > 2 * limit * items + ROUNDING:
        return False, "more than twice the limit, which chance does not excuse"
    among = "" if classes == 1 else f" in one of {classes} classes"
    if worse_p_value < SIGNIFICANCE / classes:
        return False, f"more than chance explains{among}"
    return True, f"not more than chance explains{among}"


def _recalls(evaluation: dict[str, Any], limits: Limits) -> Iterator[Check]:
    champion = evaluation["champion"]
    for name, one in champion["perClass"].items():
        drop, limit = one["recallDrop"], limits.maximum_recall_drop
        passed, why = recall_verdict(
            one["items"], one["lost"], one["gained"], one["worsePValue"], limit, len(champion["perClass"])
        )
        within = drop <= limit + ROUNDING
        yield Check(
            "recallDrop",
            name,
            drop,
            limit,
            passed,
            f"fall in recall of {name} against the champion {_against(drop, limit, within)} "
            f"({one['championRecall']:.3f} to {one['recall']:.3f} on {one['items']} images, lost {one['lost']}, "
            f"gained {one['gained']}, p = {one['worsePValue']:.3f}: {why})",
        )
    for name in champion["missingClasses"]:
        sentence = f"the champion knows {name}, of which there is no test image: whether it got worse cannot be told"
        yield Check("recallDrop", name, 1.0, limits.maximum_recall_drop, False, sentence)


def _int8(exported: dict[str, Any], items: int, limits: Limits) -> Check:
    parity, limit = exported["parity"], limits.maximum_int8_drop
    drop = parity["int8AccuracyDrop"]
    passed = drop <= limit + ROUNDING
    return Check(
        "int8AccuracyDrop",
        "",
        drop,
        limit,
        passed,
        f"fall in accuracy from fp32 to int8 {_against(drop, limit, passed)} "
        f"({parity['fp32Accuracy']:.3f} to {parity['int8Accuracy']:.3f} on {items} images)",
    )


def _budget(hardware: HardwareClass, exported: dict[str, Any]) -> Iterator[Check]:
    """Size and arithmetic are exact. Time is relative, because this machine is not the device."""
    files = {file["name"]: file["bytes"] for file in exported["files"]}
    cost = exported["cost"]
    # The first thing to look at: arithmetic grows with the pixels.
    size = f"{exported['input']['width']}x{exported['input']['height']}"
    offered = [variant for variant in exported["variants"] if variant["precision"] in hardware.precisions]
    values: list[tuple[str, str, float, float]] = [
        ("modelBytes", f"bytes of {variant['file']}", files[variant["file"]], hardware.maximum_model_bytes)
        for variant in offered
    ]
    values += [
        (
            "multiplyAccumulates",
            f"at {size} pixels, multiply-accumulates for one image",
            cost["multiplyAccumulates"],
            hardware.maximum_multiply_accumulates,
        ),
        (
            "latencyRatio",
            "time of the fastest variant / time of the reference network",
            min(cost["latencyRatio"][variant["name"]] for variant in offered),
            float(hardware.maximum_latency_ratio),
        ),
    ]
    for name, what, value, limit in values:
        passed = value <= limit
        sentence = f"hardware class {hardware.name}: {what} {_against(value, limit, passed)}"
        yield Check(name, hardware.name, value, limit, passed, sentence)


def _operating_point(exported: dict[str, Any], limits: Limits) -> Iterator[Check]:
    """What the thresholds do to parts, by the worst variant: nobody knows which one a device will serve."""
    outcomes = exported.get("operatingPoint", {}).get("outcomes")
    if not outcomes:
        return
    for name, what, of, events, trials, limit in (
        ("escapeRate", "escapes", "defective", "escapes", "defects", limits.maximum_escape_rate),
        ("falseRejectRate", "false rejects", "good", "falseRejects", "goods", limits.maximum_false_reject_rate),
    ):
        worst = max(outcomes.values(), key=lambda outcome: float(outcome[f"{name}Bound"]))
        bound, count, images = float(worst[f"{name}Bound"]), int(worst[events]), int(worst[trials])
        passed = bound <= limit
        sentence = (
            f"{what} with 95 % confidence, share of {of} parts {_against(bound, limit, passed)} "
            f"({count} of {images} test images){'' if passed else _what_settles(count, images, limit)}"
        )
        yield Check(name, "", bound, limit, passed, sentence)


def _what_settles(events: int, trials: int, limit: float) -> str:
    if events > limit * trials + ROUNDING:
        return ": more than the limit by themselves, so that more images would hardly help"
    more = trials_to_settle(events, trials, limit)
    return ": too few images to tell" if more is None else f": {more:,} more without any would settle it"


def may_answer(worse_p_value: float) -> bool:
    """Whether a larger network may give second opinions: one that is worse than the first opinion does harm.

    Args:
        worse_p_value: how likely chance alone makes it so much worse than the devices' network (exact McNemar test).
    """
    return not worse_p_value < SIGNIFICANCE


def _cloud_variant(exported: dict[str, Any], items: int) -> Iterator[Check]:
    """It is left out and refuses nothing: devices do not wait for what they can do without (docs/adr/0057)."""
    cloud = exported.get("cloudVariant")
    if cloud is None:
        return
    passed = bool(cloud["inService"])
    yield Check(
        "cloudVariant",
        "",
        cloud["worsePValue"],
        SIGNIFICANCE,
        passed,
        f"accuracy of the cloud variant {cloud['accuracy']:.3f} is "
        f"{'not ' if passed else ''}below the device's {exported['parity']['fp32Accuracy']:.3f} by more than chance "
        f"explains (on {items} images, lost {cloud['lost']}, gained {cloud['gained']}, p = {cloud['worsePValue']:.3f})"
        f"{'' if passed else ': it gives no second opinions'}",
        refuses=False,
    )


def checks_of(evaluation: dict[str, Any], exported: dict[str, Any], limits: Limits) -> list[Check]:
    """Every check, passed or not.

    Args:
        evaluation: contract evaluation-report.
        exported: contract exported-model, of the same test images.
        limits: what to hold them to.
    """
    items = evaluation["testItems"]
    checks = [
        _accuracy(evaluation, limits),
        *_operating_point(exported, limits),
        *_recalls(evaluation, limits),
        _int8(exported, items, limits),
    ]
    for hardware in limits.hardware_classes:
        checks += _budget(hardware, exported)
    return [*checks, *_cloud_variant(exported, items)]


def message_of(checks: list[Check]) -> str:
    """All failures in one line of at most 1,000 characters; what does not fit is counted."""
    failures = [check.sentence for check in checks if not check.passed and check.refuses]
    if not failures:
        left_out = [check.sentence for check in checks if not check.passed]
        return "; ".join([f"the model keeps all {len(checks) - len(left_out)} limits", *left_out])
    for shown in range(len(failures), 0, -1):
        more = len(failures) - shown
        rest = f"; and {more} more, see gate.json" if more else ""
        message = f"the model is not good enough: {'; '.join(failures[:shown])}{rest}"
        if len(message) <= LONGEST_MESSAGE:
            return message
    return f"{message[: LONGEST_MESSAGE - 40]}...; and {len(failures) - 1} more, see gate.json"


def gate_report(
    evaluation: dict[str, Any], exported: dict[str, Any], limits: Limits, export_sha256: str
) -> dict[str, Any]:
    """The contract gate-report.

    Args:
        evaluation: contract evaluation-report.
        exported: contract exported-model, of the same test images.
        limits: what to hold them to.
        export_sha256: digest of the bytes of export.json, which has the digests of every other file.
    """
    checks = checks_of(evaluation, exported, limits)
    failures = sum(not check.passed and check.refuses for check in checks)
    return {
        "schemaVersion": 1,
        "useCase": evaluation["useCase"],
        "passed": failures == 0,
        "failures": failures,
        "message": message_of(checks),
        "accuracy": evaluation["accuracy"],
        "checks": [check.to_json() for check in checks],
        "datasetManifestSha256": evaluation["datasetManifestSha256"],
        "exportSha256": export_sha256,
    }
