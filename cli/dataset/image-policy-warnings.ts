/** What the environment's image policy would do to a dataset's images that its owner may not want. Pure. */
import { type CompleteImagePolicy, imageGeometry } from '../../contracts/image-policy';

export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** A defect that is a few pixels wide is less than one above it. */
export const MOST_SHRUNK = 4;
/** Of the longer scale to the shorter one: beyond it a circle is plainly none. */
export const MOST_STRETCHED = 1.1;
/** Share of the region that `crop` leaves out. */
export const MOST_CROPPED = 0.25;

interface Effect {
  /** Input pixels for one that the network is given, along the side that loses most. */
  readonly shrunk: number;
  readonly isEnlarged: boolean;
  readonly stretched: number;
  readonly cropped: number;
}

function effectOf(policy: CompleteImagePolicy, size: ImageSize): Effect {
  const { source, target } = imageGeometry(policy, size);
  const [across, down] = [source.width / target.width, source.height / target.height];
  const whole = imageGeometry({ ...policy, fit: 'stretch' }, size).source;
  return {
    shrunk: Math.max(across, down),
    isEnlarged: Math.min(across, down) < 1,
    stretched: Math.max(across, down) / Math.min(across, down),
    cropped: 1 - (source.width * source.height) / (whole.width * whole.height),
  };
}

/** @param sizes of each image */
export function imagePolicyWarnings(sizes: readonly ImageSize[], policy: CompleteImagePolicy): string[] {
  const effects = sizes.map((size) => effectOf(policy, size));
  const input = `${policy.width}x${policy.height}`;
  const largest = (field: 'shrunk' | 'stretched' | 'cropped') =>
    Math.max(...effects.map((effect) => effect[field]));
  const count = (isSo: (effect: Effect) => boolean) => effects.filter(isSo).length;
  const [shrunk, stretched, cropped, enlarged] = [
    count((effect) => effect.shrunk > MOST_SHRUNK),
    policy.fit === 'stretch' ? count((effect) => effect.stretched > MOST_STRETCHED) : 0,
    count((effect) => effect.cropped > MOST_CROPPED),
    count((effect) => effect.isEnlarged),
  ];
  const times = (value: number) => value.toFixed(1);
  return [
    ...(shrunk > 0
      ? [
          `image size: ${shrunk} items are shrunk by up to ${times(largest('shrunk'))} a side to ${input} (imagePolicy): what is smaller than that many pixels is lost`,
        ]
      : []),
    ...(enlarged > 0
      ? [
          `image size: ${enlarged} items have fewer pixels than ${input} (imagePolicy): a smaller size costs less and loses nothing`,
        ]
      : []),
    ...(stretched > 0
      ? [
          `proportions: ${stretched} items are stretched by up to ${times(largest('stretched'))} (imagePolicy.fit); letterbox and crop keep proportions, and so do a width and height like the camera's`,
        ]
      : []),
    ...(cropped > 0
      ? [
          `proportions: of ${cropped} items up to ${(100 * largest('cropped')).toFixed(0)} % is cut off at the edges (imagePolicy.fit: crop)`,
        ]
      : []),
  ];
}
