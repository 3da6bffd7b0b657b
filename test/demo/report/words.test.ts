import {
  bytes,
  clock,
  countedInWords,
  milliseconds,
  percent,
  ratio,
  seconds,
} from '../../../demo/report/format';
import { lanesOf } from '../../../demo/report/timeline-chart';
import { inWords, namedNumber } from '../../../demo/report/words';

describe('figures as people read them', () => {
  test.each([
    [percent(0.9543), '95.4 %'],
    [percent(null), '–'],
    [milliseconds(3.814), '3.81 ms'],
    [milliseconds(48.62), '48.6 ms'],
    [milliseconds(Number.NaN), '–'],
    [seconds(9.44), '9.4 s'],
    [seconds(119.6), '2 min 0 s'],
    [seconds(Number.NaN), '–'],
    [bytes(512), '512 B'],
    [bytes(1_840_000), '1.8 MB'],
    [ratio(8.8), '8.8 times'],
    [ratio(1 / 0), '–'],
    [countedInWords(1, 'device'), 'one device'],
    [countedInWords(12, 'device'), '12 devices'],
    [clock(61_400, 0), '1:01'],
    [clock(Number.NaN, 0), '–'],
  ])('%s', (shown, expected) => expect(shown).toBe(expected));
});

describe('assessments in words', () => {
  test.each([
    ['plain text', 'plain text'],
    ['{"kind":"HEALTHY"}', 'Healthy.'],
    ['drift on release 1: {"kind":"HEALTHY"}', 'drift on release 1: Healthy.'],
    [
      '{"kind":"DRIFT","feature":"brightness","value":2.143,"limit":0.25}',
      "The distribution of brightness has moved away from the release's baseline: stability index 2.14, limit 0.25.",
    ],
    [
      '{"kind":"ACCURACY_LOW","value":0.119,"lower":0.07,"upper":0.18,"limit":0.9}',
      'Accuracy by labels is 11.9 % (between 7.0 % and 18.0 %); the release promised at least 90.0 %.',
    ],
    [
      '{"kind":"DRIFT","feature":"embedding","value":0.712,"limit":0.45}',
      'What the classifier reads has moved away from where it was validated: squared shift 0.71, limit 0.45.',
    ],
    [
      '{"kind":"DRIFT","feature":"embedding","predictedClass":"scratch","value":0.712,"limit":0.144}',
      "What is called 'scratch' lies elsewhere than what was validated as that: squared shift 0.71, limit 0.14.",
    ],
    [
      '{"kind":"NO_DATA","results":1200,"minimumResults":200,"embeddings":12,"minimumEmbeddings":100}',
      'Too few embeddings to decide: 12 of at least 100.',
    ],
    [
      '{"kind":"NO_DATA","results":1200,"minimumResults":200,"embeddings":12}',
      'Too few embeddings to decide: 12 of at least 200.',
    ],
    [
      '{"kind":"NO_DATA","results":12,"minimumResults":200}',
      'Too few results to decide: 12 of at least 200.',
    ],
    [
      'an assessment without its numbers stays: {"kind":"DRIFT"}',
      'an assessment without its numbers stays: {"kind":"DRIFT"}',
    ],
    ['of another kind: {"kind":"ODD"}', 'of another kind: {"kind":"ODD"}'],
    ['broken {', 'broken {'],
  ])('%s', (text, expected) => expect(inWords(text)).toBe(expected));
});

test.each([
  ['latencyMillisecondsP99', 9.42, 'latency p99', '9.42 ms'],
  ['invalidRate', 0, 'invalid rate', '0.0 %'],
  ['results', 1812, 'results', '1,812'],
  ['populationStabilityIndex', 3.1268, 'population stability index', '3.13'],
  ['challengerAccuracy', null, 'challenger accuracy', '–'],
])('the number %s = %s has its unit', (key, value, name, shown) => {
  expect(namedNumber(key, value)).toEqual({ name, value: shown });
});

test('markers that would touch get lanes of their own, and lanes are used again', () => {
  expect(lanesOf([0, 10, 20, 40, 100], 26)).toEqual([0, 1, 2, 0, 0]);
});
