/**
 * Which pixels of a frame become which pixels of the network's input. Integer arithmetic, so that
 * training/kaizen_training/image_policy.py comes to the same; contracts/examples/image-policy.json holds both to it.
 */
import type { ImagePolicy, ImageRegion, ModelInput } from './generated/types';

/** With every field; without a region all of the frame counts. */
export type CompleteImagePolicy = Required<Omit<ImagePolicy, 'region'>> & Pick<ImagePolicy, 'region'>;

/** The `default`s of the schema. */
export const DEFAULT_IMAGE_POLICY: CompleteImagePolicy = {
  width: 128,
  height: 128,
  fit: 'stretch',
  colour: 'rgb',
};

export const completeImagePolicy = (policy: ImagePolicy = {}): CompleteImagePolicy => ({
  ...DEFAULT_IMAGE_POLICY,
  ...policy,
});

/** Of a frame: JPEG's own. A PNG of millions of rows would take gigabytes between the two passes of a resize. */
export const MAXIMUM_SIDE = 65_535;

/** What the bars of `letterbox` hold: what object detectors pad with, no edge of full strength beside any picture. */
export const PADDING = 114;

/** Shares are read to this fraction: under half a pixel of any frame with less than 5,000 a side. */
const PARTS = 10_000;
const partsOf = (share: number): number => Math.floor(share * PARTS + 0.5);

/** Pixels from the upper left corner. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

interface Size {
  readonly width: number;
  readonly height: number;
}

export interface ImageGeometry {
  /** What is cut out of the frame. */
  readonly source: Rectangle;
  /** Where it comes to lie in the network's input, resized to this; all around it is {@link PADDING}. */
  readonly target: Rectangle;
}

/** What a schema cannot say of a region: that it lies inside of the frame. */
export function regionProblems(region: ImageRegion | undefined): string[] {
  if (!region) return [];
  return (
    [
      ['x', 'width'],
      ['y', 'height'],
    ] as const
  )
    .filter(([start, size]) => partsOf(region[start]) + partsOf(region[size]) > PARTS)
    .map(
      ([start, size]) =>
        `region.${size}: must be at most 1 - ${start} (${start} is ${region[start]}), got ${region[size]}`,
    );
}

/** Quotient of two positive integers, half a unit upwards. Exact: both stay far below 2^53. */
const roundedQuotient = (dividend: number, divisor: number): number =>
  Math.floor((2 * dividend + divisor) / (2 * divisor));

/** The pixels that a region touches: at least one. */
function span(start: number, size: number, pixels: number): readonly [number, number] {
  const from = partsOf(start);
  const first = Math.floor((from * pixels) / PARTS);
  return [first, Math.ceil(((from + partsOf(size)) * pixels) / PARTS) - first];
}

function regionOf(region: ImageRegion | undefined, frame: Size): Rectangle {
  if (!region) return { left: 0, top: 0, width: frame.width, height: frame.height };
  const [left, width] = span(region.x, region.width, frame.width);
  const [top, height] = span(region.y, region.height, frame.height);
  return { left, top, width, height };
}

/** The largest part of `outer` with the proportions of `shape`, in its middle; what is left over is to the right or below. */
function middle(outer: Rectangle, shape: Size): Rectangle {
  const isWider = outer.width * shape.height >= outer.height * shape.width;
  const width = isWider
    ? Math.max(1, roundedQuotient(outer.height * shape.width, shape.height))
    : outer.width;
  const height = isWider
    ? outer.height
    : Math.max(1, roundedQuotient(outer.width * shape.height, shape.width));
  return {
    left: outer.left + Math.floor((outer.width - width) / 2),
    top: outer.top + Math.floor((outer.height - height) / 2),
    width,
    height,
  };
}

/** @param frame size of the decoded image, each side at least 1 */
export function imageGeometry(policy: CompleteImagePolicy, frame: Size): ImageGeometry {
  const region = regionOf(policy.region, frame);
  const input = { left: 0, top: 0, width: policy.width, height: policy.height };
  switch (policy.fit) {
    case 'stretch':
      return { source: region, target: input };
    case 'letterbox':
      return { source: region, target: middle(input, region) };
    case 'crop':
      return { source: middle(region, input), target: input };
  }
}

/** The policy that a release was signed with; undefined for one that takes frames of its own size only. */
export function policyOfInput(input: ModelInput): CompleteImagePolicy | undefined {
  const { width, height, resize = 'none', region, colour = 'rgb' } = input;
  if (resize === 'none') return undefined;
  return { width, height, fit: resize, colour, ...(region && { region }) };
}

/** What a schema cannot say of a release's `input`, in its fields' names. */
export function inputProblems(input: ModelInput): string[] {
  const unused = (['region', 'colour'] as const).filter((field) => input[field] !== undefined);
  const fit = policyOfInput(input)
    ? []
    : unused.map((field) => `input.${field}: must be left out where input.resize is none`);
  return [...fit, ...regionProblems(input.region).map((problem) => `input.${problem}`)];
}

const isSame = (one: CompleteImagePolicy, other: CompleteImagePolicy): boolean =>
  (['width', 'height', 'fit', 'colour'] as const).every((field) => one[field] === other[field]) &&
  (['x', 'y', 'width', 'height'] as const).every((field) => one.region?.[field] === other.region?.[field]);

/** Whether both make the same of every frame. Absent: nothing is made of it. */
export const isSamePolicy = (
  one: CompleteImagePolicy | undefined,
  other: CompleteImagePolicy | undefined,
): boolean => (one && other ? isSame(one, other) : one === other);
