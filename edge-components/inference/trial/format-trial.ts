/** What a camera's trial has found, as an operator reads it. Pure. */
import type { CompleteImagePolicy } from '../../../contracts/image-policy';
import type { Complaint } from './complaints';
import type { FrameFigures } from './describe-frames';

export interface Trial {
  /** The camera as the configuration of a device would have it, without user and password. */
  readonly camera: Readonly<Record<string, unknown>>;
  readonly seconds: number;
  /** Whether the camera sets the pace; files in a folder have none. */
  readonly isLive: boolean;
  readonly figures: FrameFigures;
  readonly complaints: readonly Complaint[];
  readonly policy: CompleteImagePolicy;
  /** File with the pictures. Absent when no frame could be decoded. */
  readonly picture?: string | undefined;
}

const rounded = (value: number): string => value.toFixed(value < 10 ? 1 : 0);

const size = (bytes: number): string =>
  bytes < 1e6 ? `${rounded(bytes / 1e3)} kB` : `${rounded(bytes / 1e6)} MB`;

function figureLines({ figures, seconds, isLive }: Trial): string[] {
  const { frames, framesPerSecond, interval, bytes, kinds, sizes, decodeMilliseconds } = figures;
  if (frames === 0) return [`No frame in ${rounded(seconds)} s.`];
  return [
    `${frames} frame${frames === 1 ? '' : 's'} in ${rounded(seconds)} s: ${kinds.map(({ kind, frames: of }) => `${of} ${kind}`).join(', ')}`,
    ...(framesPerSecond === undefined || !isLive
      ? []
      : [`Rate     ${rounded(framesPerSecond)} frames a second`]),
    ...(interval === undefined || !isLive
      ? []
      : [
          `Jitter   95 % of the intervals are within ${rounded(interval.jitter)} ms of ${rounded(interval.median)} ms; the longest is ${rounded(interval.longest)} ms`,
        ]),
    ...(sizes.length === 0
      ? []
      : [
          `Pixels   ${sizes.map(({ width, height, frames: of }) => `${width}x${height} (${of})`).join(', ')}`,
        ]),
    ...(bytes === undefined
      ? []
      : [`Bytes    ${size(bytes.median)} a frame, from ${size(bytes.smallest)} to ${size(bytes.largest)}`]),
    ...(decodeMilliseconds === undefined
      ? []
      : [`Decoding ${rounded(decodeMilliseconds)} ms a frame on this machine`]),
  ];
}

const inputInWords = ({ width, height, fit, colour, region }: CompleteImagePolicy): string =>
  `${width}x${height}, ${fit}, ${colour}${region ? `, region ${JSON.stringify(region)}` : ''}`;

export function formatTrial(trial: Trial): string {
  const { camera, complaints, policy, picture } = trial;
  const marked = ({ isFault, what, advice }: Complaint): string[] => [
    `${isFault ? '✗' : '·'} ${what}`,
    `  -> ${advice}`,
  ];
  return [
    ...figureLines(trial),
    ...(picture === undefined
      ? []
      : [
          `Picture  ${picture}: the last frame, and what the network would see of it (${inputInWords(policy)})`,
        ]),
    '',
    ...(complaints.length === 0 ? ['Nothing is wrong with it.'] : complaints.flatMap(marked)),
    '',
    `In the configuration: "cameras": { "camera-1": ${JSON.stringify(camera)} }`,
  ].join('\n');
}
