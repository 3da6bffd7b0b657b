/** What questions for a second opinion use and cost, beside what an environment pays for anyway. Pure. */
import { PRICES, type PricedRegion, type PriceName } from './prices';

/** AWS IoT meters messages in units of 5 KB. */
export const METER_BYTES = 5_120;

/** Of one question, on average. */
export interface AverageQuestion {
  /** Of the message, with its image in base64. */
  readonly bytes: number;
  /** That the function works on it. */
  readonly seconds: number;
  /** Of the function. */
  readonly memoryGigabytes: number;
}

export type QuestionQuantity = readonly [what: string, price: PriceName, quantity: number];

export function questionQuantities(
  questions: number,
  { bytes, seconds, memoryGigabytes }: AverageQuestion,
): QuestionQuantity[] {
  const meters = questions * Math.ceil(bytes / METER_BYTES);
  return [
    ['second opinions, questions', 'iotMessage', meters],
    ['second opinions, rules', 'iotRule', meters],
    ['second opinions, to the function', 'iotAction', meters],
    ['second opinions, requests', 'lambdaRequest', questions],
    ['second opinions, time', 'lambdaX86', questions * seconds * memoryGigabytes],
    // Of a device, and of all.
    ['second opinions, counted', 'dynamoWrite', questions * 2],
    // Published by the function, and delivered to the device.
    ['second opinions, answers', 'iotMessage', questions * 2],
  ];
}

/** In USD, by the prices of the region. */
export const questionsUsd = (questions: number, each: AverageQuestion, region: PricedRegion): number =>
  questionQuantities(questions, each).reduce(
    (sum, [, price, quantity]) => sum + quantity * PRICES[price].usd[region][0],
    0,
  );
