import { metricWritten } from '../../../../lib/rules/edge-ml/metric-written';
import { findings } from './findings';

const rule = metricWritten('Plant', [{ name: 'Accuracy', dimensions: ['useCase', 'line'] }]);
const asked = (MetricName: string, ...names: readonly string[]) => ({
  Namespace: 'Plant',
  MetricName,
  Dimensions: names.map((Name) => ({ Name, Value: 'any' })),
});
const alarm = (Properties: object) => ({
  Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties: { ...Properties } },
});
const mathOf = (...metrics: readonly object[]) =>
  alarm({ Metrics: [{ Expression: 'a' }, ...metrics.map((Metric) => ({ MetricStat: { Metric } }))] });

test.each([
  ['exactly what is written, in any order', alarm(asked('Accuracy', 'line', 'useCase'))],
  ['the same in an expression', mathOf(asked('Accuracy', 'useCase', 'line'))],
  ["AWS's own metric", alarm({ Namespace: 'AWS/SQS', MetricName: 'ApproximateAgeOfOldestMessage' })],
])('complies: %s', (_, resources) => {
  expect(findings(rule, resources)).toEqual([]);
});

test.each([
  [
    '[C5] a dimension more',
    alarm(asked('Accuracy', 'useCase', 'line', 'service')),
    'Accuracy{line,service,useCase}',
  ],
  ['a dimension less', alarm(asked('Accuracy', 'useCase')), 'Accuracy{useCase}'],
  [
    'another name, in an expression',
    mathOf(asked('Precision', 'useCase', 'line')),
    'Precision{line,useCase}',
  ],
])('violates: %s', (_, resources, found) => {
  expect(findings(rule, resources)).toEqual([`Alarm: ${found}`]);
});
