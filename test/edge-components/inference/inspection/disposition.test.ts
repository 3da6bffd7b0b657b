import fc from 'fast-check';
import type { Release } from '../../../../contracts';
import { dispositionOf } from '../../../../edge-components/inference/src/inspection/disposition';
import type { Decision } from '../../../../edge-components/inference/src/models/decision';

const policy = (novel: 'review' | 'as-classified'): Pick<Release, 'dispositionPolicy'> => ({
  dispositionPolicy: {
    codes: { good: 1, scratch: 2 },
    classes: { good: 'pass', scratch: 'reject' },
    novel,
  },
});
const certain = (predictedClass: string): Decision => ({ status: 'ok', predictedClass, confidence: 0.99 });

test.each<[string, Decision, boolean, Pick<Release, 'dispositionPolicy'>, string]>([
  ['a good part passes', certain('good'), false, policy('review'), 'pass'],
  ['a defect is taken out', certain('scratch'), false, policy('review'), 'reject'],
  [
    'an uncertain part is looked at',
    { status: 'uncertain', predictedClass: 'good', confidence: 0.4 },
    false,
    policy('review'),
    'review',
  ],
  ['an invalid frame is looked at', { status: 'invalid', reason: 'dark' }, false, policy('review'), 'review'],
  [
    'V3: a frame unlike those of the validation is looked at',
    certain('good'),
    true,
    policy('review'),
    'review',
  ],
  ['so is a certain defect in it', certain('scratch'), true, policy('review'), 'review'],
  ['unless the plant decided otherwise', certain('good'), true, policy('as-classified'), 'pass'],
  ['a class that the policy does not know is looked at', certain('crack'), false, policy('review'), 'review'],
  [
    'so is one named like what every object has',
    certain('constructor'),
    false,
    policy('as-classified'),
    'review',
  ],
  ['without a policy nothing passes', certain('good'), false, {}, 'review'],
])('[B13] %s', (_, decision, novel, release, disposition) => {
  expect(dispositionOf(decision, novel, release)).toBe(disposition);
});

test('[B13] only a certain answer of a passing class passes', () => {
  const decisions = fc.oneof(
    fc.record({
      status: fc.constantFrom('ok' as const, 'uncertain' as const),
      predictedClass: fc.constantFrom('good', 'scratch', 'crack'),
      confidence: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
    fc.record({ status: fc.constant('invalid' as const), reason: fc.string() }),
  );
  fc.assert(
    fc.property(
      decisions,
      fc.boolean(),
      fc.constantFrom('review', 'as-classified'),
      (decision, novel, rule) => {
        if (dispositionOf(decision, novel, policy(rule)) !== 'pass') return;
        expect(decision).toMatchObject({ status: 'ok', predictedClass: 'good' });
        expect(novel && rule === 'review').toBe(false);
      },
    ),
  );
});
