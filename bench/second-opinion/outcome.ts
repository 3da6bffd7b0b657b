/** What becomes of frames whose class is known, with second opinions and without, by the device's own functions. Pure. */
import type { Release } from '../../contracts';
import { isNovel } from '../../edge-components/inference/src/captures/novelty';
import { dispositionOf } from '../../edge-components/inference/src/inspection/disposition';
import { decide } from '../../edge-components/inference/src/models/decision';
import { joinOpinion } from '../../edge-components/inference/src/opinions/join-opinion';
import type { TwiceAnsweredFrame } from './frames';

export type Deciding = Pick<
  Release,
  'classes' | 'thresholds' | 'baseline' | 'novelty' | 'dispositionPolicy' | 'secondOpinion'
>;

/** Shares, 0..1. */
export interface Dispositions {
  readonly escapes: number;
  readonly falseRejects: number;
  readonly reviewedGoods: number;
  readonly reviewedDefects: number;
}

export interface SecondOutcome {
  readonly alone: Dispositions;
  readonly asking: Dispositions;
  /** Of good and of defective parts, those that the cloud is asked about. */
  readonly askedGoods: number;
  readonly askedDefects: number;
  /** Of the frames that are asked about, the share whose class each network names rightly. */
  readonly rightAlone: number;
  readonly rightAsking: number;
}

interface Decided {
  readonly isGood: boolean;
  readonly alone: string;
  readonly asking: string;
  readonly isAsked: boolean;
  readonly rightAlone: boolean;
  readonly rightAsking: boolean;
}

function decided(frame: TwiceAnsweredFrame, release: Deciding, variant: string): Decided {
  const own = decide(frame.probabilities, release);
  const novel = isNovel(frame, release, variant);
  const alone = dispositionOf(own, novel, release);
  const isAsked = alone === 'review' && own.status !== 'invalid';
  const second = decide(frame.second, { ...release, thresholds: release.secondOpinion?.thresholds ?? {} });
  const asking = isAsked && second.status !== 'invalid' ? joinOpinion(second, novel, release) : alone;
  const names = (decision: typeof own): boolean =>
    decision.status !== 'invalid' && decision.predictedClass === frame.label;
  return {
    isGood: frame.label === 'good',
    alone,
    asking,
    isAsked,
    rightAlone: names(own),
    rightAsking: names(second),
  };
}

const shareOf = <Item>(items: readonly Item[], is: (item: Item) => boolean): number =>
  items.length === 0 ? 0 : items.filter(is).length / items.length;

export function secondOutcome(
  frames: readonly TwiceAnsweredFrame[],
  release: Deciding,
  variant: string,
): SecondOutcome {
  const all = frames.map((frame) => decided(frame, release, variant));
  const goods = all.filter(({ isGood }) => isGood);
  const defects = all.filter(({ isGood }) => !isGood);
  const asked = all.filter(({ isAsked }) => isAsked);
  const by = (which: 'alone' | 'asking'): Dispositions => ({
    escapes: shareOf(defects, (part) => part[which] === 'pass'),
    falseRejects: shareOf(goods, (part) => part[which] === 'reject'),
    reviewedGoods: shareOf(goods, (part) => part[which] === 'review'),
    reviewedDefects: shareOf(defects, (part) => part[which] === 'review'),
  });
  return {
    alone: by('alone'),
    asking: by('asking'),
    askedGoods: shareOf(goods, ({ isAsked }) => isAsked),
    askedDefects: shareOf(defects, ({ isAsked }) => isAsked),
    rightAlone: shareOf(asked, ({ rightAlone }) => rightAlone),
    rightAsking: shareOf(asked, ({ rightAsking }) => rightAsking),
  };
}

/** In the plant's unit, per 1,000 parts of a line with this share of good ones. */
export function costOf(
  { escapes, falseRejects, reviewedGoods, reviewedDefects }: Dispositions,
  goodShare: number,
  costs: { readonly escape: number; readonly falseReject: number; readonly review: number },
): number {
  const ofGood = falseRejects * costs.falseReject + reviewedGoods * costs.review;
  const ofDefective = escapes * costs.escape + reviewedDefects * costs.review;
  return 1000 * (goodShare * ofGood + (1 - goodShare) * ofDefective);
}
