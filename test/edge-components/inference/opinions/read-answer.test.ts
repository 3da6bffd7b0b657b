import type { SecondOpinionAnswer } from '../../../../contracts';
import { joinOpinion } from '../../../../edge-components/inference/src/opinions/join-opinion';
import { parseAnswer, readAnswer } from '../../../../edge-components/inference/src/opinions/read-answer';
import { answerTo, aReviewingRelease, refusalOf } from './opinion-cloud';

const question = {
  schemaVersion: 1,
  questionId: 'process-1-7',
  deviceId: 'line-1',
  useCase: 'line',
  releaseId: 'line-1',
  frameId: 'frame-7',
  deadlineMilliseconds: 2_000,
  image: { sha256: 'a'.repeat(64), bytes: 3, inline: 'AAAA' },
} as const;
const release = aReviewingRelease();
const answer = answerTo(question, release, [0.85, 0.1, 0.05]);
const opinion = answer.opinion as NonNullable<SecondOpinionAnswer['opinion']>;
const me = { deviceId: 'line-1', useCase: 'line' };
const sent = (message: unknown): Buffer => Buffer.from(JSON.stringify(message));

test('[S10] an answer is read by the thresholds of the larger network', () => {
  expect(readAnswer(parseAnswer(sent(answer), me), release)).toMatchObject({
    // 0.85 is uncertain by the device's own threshold.
    decision: { status: 'ok', predictedClass: 'good', confidence: 0.85 },
  });
  const refused = refusalOf(question, { reason: 'over-budget', pauseSeconds: 60 });
  expect(readAnswer(parseAnswer(sent(refused), me), release)).toEqual({
    refusal: { reason: 'over-budget', pauseSeconds: 60 },
  });
});

test.each<[string, unknown, RegExp]>([
  ['to another device', { ...answer, deviceId: 'line-2' }, /it is for line of line-2/],
  ['of another use case', { ...answer, useCase: 'other' }, /it is for other of line-1/],
  ['with neither opinion nor refusal', { ...answer, opinion: undefined }, /fewer than 6 properties/],
  ['with both', { ...answer, refusal: { reason: 'late' } }, /more than 6 properties/],
  ['with a reason that nobody knows', refusalOf(question, { reason: 'no' as never }), /reason/],
  [
    'that asks for a pause of years',
    refusalOf(question, { reason: 'late', pauseSeconds: 1e9 }),
    /pauseSeconds/,
  ],
  [
    'with a probability of 2',
    { ...answer, opinion: { ...opinion, probabilities: [2, 0, 0] } },
    /probabilities/,
  ],
])('[S10] an answer %s is none', (_, message, problem) => {
  expect(() => parseAnswer(sent(message), me)).toThrow(problem);
});

test('[S10] what is no JSON is no answer', () => {
  expect(() => parseAnswer(Buffer.from('{'), me)).toThrow();
});

test.each<[string, Partial<typeof opinion>, RegExp]>([
  ['another network', { modelSha256: 'd'.repeat(64) }, /it is of network d+, the release signs c+/],
  ['probabilities of other classes', { probabilities: [0.85, 0.15] }, /2 values for 3 classes/],
  ['no distribution', { probabilities: [0.1, 0.1, 0.1] }, /sums to 0.3/],
  [
    'a class that its probabilities do not have',
    { predictedClass: 'bad' },
    /predictedClass: its .* say good, it says bad/,
  ],
  [
    'a certainty that the signed thresholds deny',
    { probabilities: [0.7, 0.2, 0.1] },
    /say uncertain, it says ok/,
  ],
  ['another confidence', { confidence: 0.99 }, /confidence: .* say 0.85, it says 0.99/],
  [
    'a disposition that the signed policy denies',
    { disposition: 'reject' },
    /disposition: .* say pass, it says reject/,
  ],
])('[S10] an answer with %s is none', (_, change, problem) => {
  const message = { ...answer, opinion: { ...opinion, ...change } };
  expect(() => readAnswer(parseAnswer(sent(message), me), release)).toThrow(problem);
});

test('[S10] an answer about another release is none', () => {
  expect(() => readAnswer({ ...answer, releaseId: 'line-2' }, release)).toThrow('it is about release line-2');
  const { secondOpinion, ...without } = release;
  expect(() => readAnswer(answer, without)).toThrow('has no second one');
});

describe('[S10] what becomes of a part after the larger network was heard', () => {
  const says = (predictedClass: string, status: 'ok' | 'uncertain' = 'ok') =>
    ({ status, predictedClass, confidence: 0.9 }) as const;

  test.each([
    ['a defect is taken out', says('bad'), false, {}, 'reject'],
    ['a defect that is new to the release stays', says('bad'), true, {}, 'review'],
    ['a good one passes where the release says so', says('good'), false, {}, 'pass'],
    ['and not where it does not', says('good'), false, { mayPass: false }, 'review'],
    ['what is new to the release never passes', says('good'), true, {}, 'review'],
    [
      'but by a policy that takes new ones as they are',
      says('good'),
      true,
      { novel: 'as-classified' },
      'pass',
    ],
    ['an uncertain answer changes nothing', says('bad', 'uncertain'), false, {}, 'review'],
    ['a class for people goes to people', says('unclear'), false, {}, 'review'],
    ['a class that nobody knows, too', says('__proto__'), false, {}, 'review'],
  ] as const)('%s', (_, decision, novel, settings, disposition) => {
    expect(joinOpinion(decision, novel, aReviewingRelease(settings))).toBe(disposition);
  });

  test('without a policy every part goes to review', () => {
    const { dispositionPolicy, ...without } = release;
    expect(joinOpinion(says('good'), false, without)).toBe('review');
  });
});
