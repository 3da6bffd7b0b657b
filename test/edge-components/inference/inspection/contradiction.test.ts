import type { Release } from '../../../../contracts';
import {
  deadlineMilliseconds,
  type UseCaseSettings,
} from '../../../../edge-components/inference/src/configuration/configuration';
import {
  asksAnother,
  dispositionOf,
  isContradicted,
  reviewReasonOf,
} from '../../../../edge-components/inference/src/inspection/disposition';
import { ReviewCounts } from '../../../../edge-components/inference/src/inspection/review-counts';
import type { Decision } from '../../../../edge-components/inference/src/models/decision';

type Policy = NonNullable<Release['dispositionPolicy']>;
const policy = (contradicted?: Policy['contradicted']): Policy => ({
  codes: { good: 1, dent: 2, scratch: 3, odd: 4 },
  classes: { good: 'pass', dent: 'reject', scratch: 'reject', odd: 'review' },
  novel: 'as-classified',
  ...(contradicted && { contradicted }),
});
const ok = (predictedClass: string): Decision => ({ status: 'ok', predictedClass, confidence: 0.9 });
const uncertain = (predictedClass: string): Decision =>
  ({ ...ok(predictedClass), status: 'uncertain' }) as Decision;
const invalid: Decision = { status: 'invalid', reason: 'inference failed' };

test.each<[string, Decision, Decision | undefined, boolean]>([
  ['the same class', ok('good'), ok('good'), false],
  ['a class of another disposition', ok('good'), ok('dent'), true],
  ['a false reject, perhaps', ok('dent'), ok('good'), true],
  ['another class of the same disposition', ok('dent'), ok('scratch'), false],
  ['a class that is looked at', ok('good'), ok('odd'), true],
  ['a class that the policy does not name', ok('good'), ok('new'), true],
  ['the same class without certainty', ok('good'), uncertain('good'), false],
  ['another class without certainty', ok('good'), uncertain('dent'), false],
  ['no answer', ok('good'), undefined, false],
  ['an answer that is none', ok('good'), invalid, false],
  ['a certain answer to an uncertain one', uncertain('good'), ok('dent'), false],
])('[B13] another release that says %s contradicts or not', (_, decision, other, expected) => {
  expect(isContradicted(decision, other, policy('review'))).toBe(expected);
});

test.each<[Policy['contradicted'], string, string | undefined]>([
  ['review', 'review', 'contradicted'],
  ['as-classified', 'pass', undefined],
  [undefined, 'pass', undefined],
])('[B13] a contradicted frame is what the signed policy says: %s', (contradicted, disposition, reason) => {
  const release = { dispositionPolicy: policy(contradicted) };
  expect(dispositionOf(ok('good'), false, release, { contradicted: true })).toBe(disposition);
  expect(reviewReasonOf(ok('good'), false, release, { contradicted: true })).toBe(reason);
});

test('[B13] an answer after the deadline is for review, whatever the policy and the class', () => {
  for (const contradicted of ['review', 'as-classified', undefined] as const) {
    for (const name of ['good', 'dent']) {
      const release = { dispositionPolicy: policy(contradicted) };
      expect(dispositionOf(ok(name), false, release, { late: true })).toBe('review');
      expect(reviewReasonOf(ok(name), false, release, { late: true })).toBe('late');
    }
  }
});

test('another release is waited for only where it could change what becomes of the part', () => {
  expect(asksAnother(ok('good'), policy('review'))).toBe(true);
  expect(asksAnother(ok('dent'), policy('review'))).toBe(true);
  expect(asksAnother(ok('odd'), policy('review'))).toBe(false);
  expect(asksAnother(uncertain('good'), policy('review'))).toBe(false);
  expect(asksAnother(invalid, policy('review'))).toBe(false);
  expect(asksAnother(ok('good'), policy('as-classified'))).toBe(false);
  expect(asksAnother(ok('good'), policy())).toBe(false);
  expect(asksAnother(ok('good'), undefined)).toBe(false);
});

test('frames that went to a person are counted by the reason', () => {
  const counts = new ReviewCounts();
  expect(counts.said).toBe('none');
  counts.count({ status: 'ok', disposition: 'pass' });
  counts.count({ status: 'ok', disposition: 'review', reviewReason: 'late' });
  counts.count({ status: 'ok', disposition: 'review', reviewReason: 'contradicted' });
  counts.count({ status: 'ok', disposition: 'review', reviewReason: 'contradicted' });
  counts.count({ status: 'uncertain', disposition: 'review' });
  counts.count({ status: 'invalid', disposition: 'review' });
  counts.count({ status: 'ok', disposition: 'review' });
  expect(counts.said).toBe('2 contradicted, 1 late, 1 uncertain, 1 invalid, 1 class');
});

test.each<[string, Partial<UseCaseSettings>, number | undefined]>([
  ['nothing is configured', {}, undefined],
  [
    'a controller has its default',
    { decisionOutput: { type: 'modbus-tcp', host: 'plc', register: 1 } },
    2_000,
  ],
  [
    'a controller has its own',
    { decisionOutput: { type: 'modbus-tcp', host: 'plc', register: 1, holdMilliseconds: 300 } },
    300,
  ],
  [
    'a deadline is said',
    {
      frames: { policy: 'newest', queueLength: 1, deadlineMilliseconds: 90 },
      decisionOutput: { type: 'modbus-tcp', host: 'plc', register: 1 },
    },
    90,
  ],
])('the part has moved on after a time, when %s', (_, settings, expected) => {
  expect(deadlineMilliseconds({ frames: { policy: 'newest', queueLength: 1 }, ...settings })).toBe(expected);
});
