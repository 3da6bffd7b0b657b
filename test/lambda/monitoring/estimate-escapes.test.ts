import { type DisposedLabel, estimateEscapes } from '../../../lambda/monitoring/estimate-escapes';
import { aLabel } from '../shared/builders';

const RELEASE = {
  dispositionPolicy: {
    codes: { good: 1, scratch: 2, dent: 3 },
    classes: { good: 'pass', scratch: 'reject', dent: 'review' },
    novel: 'review',
  },
  thresholds: { good: 0.8, scratch: 0.5, dent: 0.5 },
} as const;

const some = (count: number, label: Partial<DisposedLabel>): DisposedLabel[] =>
  Array.from({ length: count }, () => aLabel(label));

describe('[B13] escapes and false rejects of a release', () => {
  test('are shares of defective and of good parts, with intervals', () => {
    const { escapes, falseRejects } = estimateEscapes(
      [
        ...some(2, { label: 'scratch', disposition: 'pass' }),
        ...some(8, { label: 'scratch', disposition: 'reject' }),
        ...some(90, { label: 'good', disposition: 'pass' }),
        ...some(5, { label: 'good', disposition: 'reject' }),
        ...some(5, { label: 'good', disposition: 'review' }),
      ],
      RELEASE,
    );
    expect(escapes).toMatchObject({ count: 2, of: 10, value: 0.2 });
    // Wilson (1927) for 2 of 10 at 95 %.
    expect(escapes?.lower).toBeCloseTo(0.0567, 3);
    expect(escapes?.upper).toBeCloseTo(0.5098, 3);
    // What a person looks at is no false reject.
    expect(falseRejects).toMatchObject({ count: 5, of: 100 });
  });

  test('count control captures only: the others are chosen by what looks wrong', () => {
    const labels = some(50, { label: 'scratch', disposition: 'pass', reasons: ['uncertainty'] });
    expect(estimateEscapes(labels, RELEASE)).toEqual({});
  });

  test('a class that the release does not know is a defect', () => {
    expect(estimateEscapes(some(4, { label: 'crack', disposition: 'pass' }), RELEASE).escapes).toMatchObject({
      count: 4,
      of: 4,
    });
  });

  test.each<[what: string, label: Partial<DisposedLabel>, passes: boolean]>([
    ['certain and of a class that passes', { predictedClass: 'good', confidence: 0.9 }, true],
    ['below its threshold', { predictedClass: 'good', confidence: 0.7 }, false],
    ['of a class that is rejected', { predictedClass: 'scratch', confidence: 0.9 }, false],
    ['of a class without a threshold', { predictedClass: 'constructor', confidence: 0.9 }, false],
  ])('a device that does not say what became of the part: %s', (_, label, passes) => {
    const { escapes } = estimateEscapes(some(1, { label: 'scratch', ...label }), RELEASE);
    expect(escapes?.count).toBe(Number(passes));
  });

  test('a release without a policy lets nothing pass, and has no rates', () => {
    const labels = some(4, { label: 'scratch', disposition: 'review' });
    expect(estimateEscapes(labels, { thresholds: {} })).toEqual({});
  });
});
