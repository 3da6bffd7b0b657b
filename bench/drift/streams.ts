/** What a line may show: which frames, with which shares. */
import type { Cause } from '../../test/lambda/monitoring/simulated-line';
import type { DriftContext, Frame, Pool } from './frames';
import streams from './streams.json';

export interface Stream {
  readonly name: string;
  /** Pool of frames -> its share. */
  readonly pools: Readonly<Record<string, number>>;
  /** Share of good parts. @default - as they lie in the pool, 40 % */
  readonly goodShare?: number;
  /** Whether each camera looks at one pool only. @default - every camera looks at all */
  readonly apart?: boolean;
  /** What the monitor should call it, where only one thing can be said. */
  readonly cause?: Cause['kind'];
}

export const STREAMS = streams as readonly Stream[];

/** @throws Error when there is none of this name */
export function streamOf(name: string): Stream {
  const found = STREAMS.find((stream) => stream.name === name);
  if (!found) throw new Error(`bench/drift/streams.json has no '${name}'`);
  return found;
}

export type Pools = Pick<DriftContext, 'pool'>;
type Random = () => number;

/** A frame of a pool, of a good part with the stream's probability; nothing is good among what the release does not know. */
export function drawFrame(pools: Pools, pool: string, goodShare: number | undefined, random: Random): Frame {
  const { all, good, defective } = pools.pool(pool);
  const ofMix = () => (random() < (goodShare as number) ? good : defective);
  const frames = goodShare === undefined || good.length === 0 ? all : ofMix();
  return frames[Math.floor(random() * frames.length)] as Frame;
}

/** @param place 0..1, on which pools lie one after the other, each as long as its share */
function poolAt(pools: Stream['pools'], place: number): string {
  const shares = Object.entries(pools);
  let below = 0;
  const found = shares.find(([, share]) => {
    below += share;
    return place < below;
  });
  return (found ?? shares[shares.length - 1])?.[0] as string;
}

/** A frame of the stream, whichever camera sees it. */
export const drawFromStream = ({ pools, goodShare }: Stream, of: Pools, random: Random): Frame =>
  drawFrame(of, poolAt(pools, random()), goodShare, random);

/** Frames of each of the line's cameras, as many of each. */
export function drawStream(
  stream: Stream,
  pools: Pools,
  cameras: number,
  framesOfEach: number,
  random: Random,
): Frame[][] {
  return Array.from({ length: cameras }, (_, camera) =>
    Array.from({ length: framesOfEach }, () => {
      const pool = poolAt(stream.pools, stream.apart ? camera / cameras : random());
      return drawFrame(pools, pool, stream.goodShare, random);
    }),
  );
}

const isRight = ({ label, predictedClass }: Frame): boolean => label === predictedClass;
const rightOf = (frames: readonly Frame[]): number => frames.filter(isRight).length / frames.length;

function accuracyOfPool({ all, good, defective }: Pool, goodShare: number | undefined): number {
  return goodShare === undefined
    ? rightOf(all)
    : goodShare * rightOf(good) + (1 - goodShare) * rightOf(defective);
}

/** Of the frames that the stream is drawn from. */
export function accuracyOf({ pools, goodShare }: Stream, of: Pools): number {
  return Object.entries(pools).reduce(
    (sum, [pool, share]) => sum + share * accuracyOfPool(of.pool(pool), goodShare),
    0,
  );
}

/** Accuracy that the change costs: beside the unchanged line with the same share of good parts. */
export const costOf = (stream: Stream, of: Pools): number =>
  accuracyOf({ ...stream, pools: { normal: 1 } }, of) - accuracyOf(stream, of);
