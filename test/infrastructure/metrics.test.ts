/** What alarms and dashboard ask CloudWatch for is what the functions write, and the other way round. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC_NAMESPACE } from '../../lambda/shared/names';
import { handlerFolders } from '../../scripts/build-handlers';
import { freezeClock } from '../lambda/shared/frozen-clock';
import { Field, PLAYED } from './handler-scenarios';
import { ResolvedValues } from './resolved-values';
import { ENVIRONMENTS, type SynthesizedApp, synthesizedApp } from './synthesized-app';

freezeClock('2026-03-02T00:00:00Z');

const BUNDLES = join(__dirname, '..', '..', 'dist', 'lambda');

/** Metrics that nothing asks for, by name and further dimensions, and why they are written. */
const FOR_PEOPLE: Readonly<Record<string, string>> = {
  RecordsAccepted: 'the denominator of the counts below, for who investigates an alarm',
  RecordsRejected: 'telemetry-refused sends people here',
  BatchesRepeated: 'at-least-once delivery at work',
  RetrainingStarted: 'the history of the loop',
  RetrainingWaiting: 'why nothing starts',
  EffectiveLabels: 'how far the accuracy can be trusted',
};
/** Dimensions by which a metric is written once more, and why. */
const CLOSER_LOOK: Readonly<Record<string, string>> = {
  releaseId: 'two releases side by side',
};

/** `Drift{feature=confidence,useCase=surface}`: what CloudWatch tells metrics apart by. */
function identity(name: string, dimensions: Readonly<Record<string, string>>): string {
  const sorted = Object.entries(dimensions).sort(([left], [right]) => (left < right ? -1 : 1));
  return `${name}{${sorted.map(([key, value]) => `${key}=${value}`).join(',')}}`;
}

interface AlarmMetric {
  readonly Namespace?: string;
  readonly MetricName?: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}

function askedByAlarms(app: SynthesizedApp): string[] {
  const values = new ResolvedValues(app);
  return app.resources('AWS::CloudWatch::Alarm').flatMap(({ stack, Properties }) => {
    const inside = (Properties.Metrics ?? []) as { readonly MetricStat?: { readonly Metric: AlarmMetric } }[];
    const metrics: AlarmMetric[] = [
      Properties,
      ...inside.flatMap(({ MetricStat }) => MetricStat?.Metric ?? []),
    ];
    return metrics
      .filter(({ Namespace }) => Namespace === METRIC_NAMESPACE)
      .map(({ MetricName = '', Dimensions = [] }) =>
        identity(
          MetricName,
          Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, values.text(stack, Value)])),
        ),
      );
  });
}

/** A line of a graph is `[namespace, name, dimension, value, ..., options?]`. */
function askedByDashboards(app: SynthesizedApp): string[] {
  const values = new ResolvedValues(app);
  return app.resources('AWS::CloudWatch::Dashboard').flatMap(({ stack, Properties }) => {
    const body = JSON.parse(values.text(stack, Properties.DashboardBody)) as {
      readonly widgets: readonly { readonly properties: { readonly metrics?: readonly unknown[][] } }[];
    };
    const lines = body.widgets.flatMap(({ properties }) => properties.metrics ?? []);
    return lines
      .map((line) => line.filter((part): part is string => typeof part === 'string'))
      .filter(([namespace]) => namespace === METRIC_NAMESPACE)
      .map(([, name = '', ...rest]) => {
        const pairs = rest.flatMap((part, index) => (index % 2 === 0 ? [[part, rest[index + 1] ?? '']] : []));
        return identity(name, Object.fromEntries(pairs));
      });
  });
}

/** None of these environments has it; what it counts is in test/lambda/telemetry/answer-question-handler.test.ts. */
const ELSEWHERE: readonly string[] = ['telemetry/answer-question'];

const usesMetrics = (folder: string): boolean =>
  readFileSync(join(BUNDLES, folder, 'index.js'), 'utf8').includes('CloudWatchMetrics');

describe.each(ENVIRONMENTS)('[B7] %s: metrics', (environment) => {
  const app = synthesizedApp(environment);
  const asked = new Set([...askedByAlarms(app), ...askedByDashboards(app)]);
  const written = new Map<string, { readonly name: string; readonly dimensions: string[] }>();
  beforeAll(async () => {
    const { metrics } = await new Field(app).play();
    for (const { namespace, name, dimensions } of metrics) {
      expect(namespace).toBe(METRIC_NAMESPACE);
      written.set(identity(name, dimensions), { name, dimensions: Object.keys(dimensions) });
    }
  });

  test('whatever alarms and dashboard ask for is written, with exactly these dimensions', () => {
    expect(asked.size).toBeGreaterThanOrEqual(15);
    expect([...asked].filter((metric) => !written.has(metric))).toEqual([]);
  });

  test('whatever is written is asked for, or there is a reason to write it', () => {
    const unexplained = [...written].filter(
      ([metric, { name, dimensions }]) =>
        !asked.has(metric) &&
        FOR_PEOPLE[name] === undefined &&
        !dimensions.some((dimension) => CLOSER_LOOK[dimension] !== undefined),
    );
    expect(unexplained.map(([metric]) => metric)).toEqual([]);
  });

  test('every reason is needed', () => {
    const names = [...written.values()].map(({ name }) => name);
    const dimensions = [...written.values()].flatMap((metric) => metric.dimensions);
    expect(Object.keys(FOR_PEOPLE).filter((name) => !names.includes(name))).toEqual([]);
    expect(Object.keys(CLOSER_LOOK).filter((name) => !dimensions.includes(name))).toEqual([]);
    const named = [...asked].map((metric) => metric.replace(/\{.*$/, ''));
    expect(Object.keys(FOR_PEOPLE).filter((name) => named.includes(name))).toEqual([]);
  });
});

test('every function that writes metrics has taken part', () => {
  const writers = handlerFolders().filter(usesMetrics);
  expect(writers).toHaveLength(5);
  expect(writers.filter((folder) => ![...PLAYED, ...ELSEWHERE].includes(folder))).toEqual([]);
});
