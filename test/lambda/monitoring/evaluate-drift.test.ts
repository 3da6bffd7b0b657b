import type { EmbeddingSums, Label, Release, Sketch } from '../../../contracts';
import type { AssessmentLimits } from '../../../lambda/monitoring/assess-release';
import type { LatestAssessment } from '../../../lambda/monitoring/assessment-table';
import type { Episode } from '../../../lambda/monitoring/episode';
import type { Closing } from '../../../lambda/monitoring/episode-table';
import {
  type DriftDetected,
  type EvaluateDriftOptions,
  type EvaluateDriftPorts,
  evaluateDrift,
} from '../../../lambda/monitoring/evaluate-drift/evaluate-drift';
import { measurementsOf } from '../../../lambda/monitoring/evaluate-drift/measurements';
import { evaluateRelease } from '../../../lambda/monitoring/evaluate-release';
import { type FieldBaseline, fieldBaselineOf } from '../../../lambda/monitoring/field-baseline';
import { EMBEDDING_FEATURE, MONITORING_METRICS } from '../../../lambda/monitoring/names';
import type { Measurement } from '../../../lambda/shared/metrics';
import { aLabel, aRelease, aSketch, histogramOf, normal, seededRandom } from '../shared/builders';

const OPTIONS: EvaluateDriftOptions = {
  sampling: { control: 0.05, uncertainty: 0.25, disagreement: 0.5, novelty: 0.25 },
  featureLimit: 0.25,
  classMixLimit: 0.5,
  embeddingLimit: 0.45,
  falseAlarmProbability: 0.001,
  minimumResults: 200,
  minimumEffectiveLabels: 20,
  accuracyDropLimit: 0.05,
  driftLookbackHours: 24,
  accuracyLookbackHours: 168,
  deviceMetricLimit: 100,
};
const NOW = '2026-03-02T00:00:00.000Z';

function brightness(seed: number, mean: number, size = 500) {
  const random = seededRandom(seed);
  return histogramOf(
    'brightness',
    Array.from({ length: size }, () => normal(random, mean, 12)),
  );
}

const RELEASE = aRelease({ baseline: { ...aRelease().baseline, brightness: brightness(1, 120, 1000) } });
const sketchFrom = (deviceId: string, mean: number): Sketch =>
  aSketch({ deviceId, results: 500, brightness: brightness(deviceId.length, mean) });

/** Episodes and events in memory. */
class FakeWorld implements EvaluateDriftPorts {
  release: Release | undefined = RELEASE;
  fleet: Sketch[] = [sketchFrom('line-1', 120)];
  given: Label[] = [];
  readonly stored: Episode[] = [];
  readonly events: DriftDetected[] = [];
  measurements: readonly Measurement[] = [];
  readonly since: string[] = [];
  losesEvent = false;

  silent: string[] = [];

  now = () => new Date(NOW);
  silentDevices = async () => this.silent;
  exportUri = 's3://models/pipelines/first/export/';
  champion = async () => this.release && { release: this.release, exportUri: this.exportUri };
  sketches = async (_releaseId: string, since: string) => {
    this.since.push(since);
    return this.fleet;
  };
  labels = async (_releaseId: string, since: string) => {
    this.since.push(since);
    return this.given;
  };
  episodes = {
    current: async () => this.stored.find(({ status }) => status !== 'CLOSED'),
    all: async () => [...this.stored],
    open: async (episode: Episode) => {
      if (
        this.stored.some(({ status, episodeId }) => status !== 'CLOSED' || episodeId === episode.episodeId)
      ) {
        return false;
      }
      this.stored.push(episode);
      return true;
    },
    close: async (episodeId: string, closedAt: string, closedBecause: string, how: Closing = {}) => {
      const index = this.stored.findIndex((episode) => episode.episodeId === episodeId);
      const before = this.stored[index];
      if (!before || before.status === 'CLOSED') return false;
      if (how.onlyWhileOpen && before.status !== 'OPEN') return false;
      this.stored[index] = {
        ...before,
        status: 'CLOSED',
        closedAt,
        closedBecause,
        ...(how.answeredBy && { answeredBy: how.answeredBy }),
      };
      return true;
    },
  };
  readonly kept = new Map<string, FieldBaseline>();
  fieldBaselines = {
    get: async (releaseId: string) => this.kept.get(releaseId),
    keep: async (baseline: FieldBaseline) => {
      if (!this.kept.has(baseline.releaseId)) this.kept.set(baseline.releaseId, baseline);
    },
  };
  driftDetected = async (detail: DriftDetected) => {
    if (this.losesEvent) throw new Error('EventBridge is away');
    this.events.push(detail);
  };
  said: LatestAssessment | undefined;
  assessed = async (latest: LatestAssessment) => {
    this.said = latest;
  };
  report = (measurements: readonly Measurement[]) => {
    this.measurements = measurements;
  };
}

test('devices that are silent are counted and named, the first twenty of them', async () => {
  const world = new FakeWorld();
  world.silent = Array.from({ length: 25 }, (_, index) => `line-${index}`);
  const outcome = await evaluateDrift(world, OPTIONS);
  expect(outcome).toMatchObject({ silentDevices: world.silent.slice(0, 20) });
  expect(world.measurements).toContainEqual(
    expect.objectContaining({ metric: MONITORING_METRICS.silentDevices, value: 25 }),
  );
});

test('[B11] before the first release there is nothing to assess', async () => {
  const world = new FakeWorld();
  world.release = undefined;
  await expect(evaluateDrift(world, OPTIONS)).resolves.toEqual({ kind: 'NO_RELEASE' });
});

test('a healthy fleet opens no episode', async () => {
  const world = new FakeWorld();
  await expect(evaluateDrift(world, OPTIONS)).resolves.toMatchObject({ assessment: { kind: 'HEALTHY' } });
  expect(world.stored).toEqual([]);
  expect(world.since.sort()).toEqual(['2026-02-23T00:00:00.000Z', '2026-03-01T00:00:00.000Z']);
});

test('[B7] drift opens one episode, however often it is seen', async () => {
  const world = new FakeWorld();
  world.fleet = [sketchFrom('line-1', 80), sketchFrom('line-22', 82)];
  const outcomes = [];
  for (let round = 0; round < 3; round++) outcomes.push(await evaluateDrift(world, OPTIONS));
  expect(world.stored).toHaveLength(1);
  expect(world.stored[0]).toMatchObject({
    episodeId: 'surface-2-episode-1',
    releaseId: 'surface-2',
    openedAt: NOW,
    status: 'OPEN',
    evidence: {
      assessment: { kind: 'DRIFT', feature: 'brightness', limit: 0.25 },
      results: 1000,
      deviatingDevices: ['line-1', 'line-22'],
    },
  });
  expect(world.events).toHaveLength(1);
  expect(outcomes.map((outcome) => 'episodeId' in outcome && outcome.episodeId)).toEqual(
    Array(3).fill('surface-2-episode-1'),
  );
});

test('case 33: evaluations at once open one episode', async () => {
  const world = new FakeWorld();
  world.fleet = [sketchFrom('line-1', 80)];
  await Promise.all(Array.from({ length: 5 }, () => evaluateDrift(world, OPTIONS)));
  expect(world.stored).toHaveLength(1);
  expect(world.events).toHaveLength(1);
});

test('[S12] labels that say the model is wrong open an episode, without drift', async () => {
  const world = new FakeWorld();
  world.given = Array.from({ length: 60 }, (_, index) => aLabel({ label: index % 3 ? 'good' : 'scratch' }));
  await evaluateDrift(world, OPTIONS);
  expect(world.events[0]?.evidence.assessment).toMatchObject({ kind: 'ACCURACY_LOW' });
  expect(world.events[0]?.evidence.assessment).toMatchObject({ limit: expect.closeTo(0.92, 6) });
});

test('an episode stays although its event is lost: the schedule of the policy finds it', async () => {
  const world = new FakeWorld();
  world.fleet = [sketchFrom('line-1', 80)];
  world.losesEvent = true;
  await expect(evaluateDrift(world, OPTIONS)).rejects.toThrow('EventBridge is away');
  expect(world.stored).toHaveLength(1);
});

test('[S9] a newer release closes the episode, and drift of its own opens the next', async () => {
  const world = new FakeWorld();
  world.fleet = [sketchFrom('line-1', 80)];
  await evaluateDrift(world, OPTIONS);
  world.release = { ...RELEASE, releaseId: 'surface-3', counter: 3 };
  world.fleet = [sketchFrom('line-1', 120)];
  await evaluateDrift(world, OPTIONS);
  expect(world.stored).toMatchObject([
    { status: 'CLOSED', closedBecause: 'release surface-3 is in service' },
  ]);
  world.fleet = [sketchFrom('line-1', 80)];
  await evaluateDrift(world, OPTIONS);
  expect(world.stored.map(({ episodeId }) => episodeId)).toEqual([
    'surface-2-episode-1',
    'surface-3-episode-1',
  ]);
});

test('an episode that came to nothing is followed by one with the next number', async () => {
  const world = new FakeWorld();
  world.fleet = [sketchFrom('line-1', 80)];
  await evaluateDrift(world, OPTIONS);
  await world.episodes.close('surface-2-episode-1', NOW, 'execution failed');
  await evaluateDrift(world, OPTIONS);
  expect(world.stored[1]?.episodeId).toBe('surface-2-episode-2');
});

test('one dirty lens among many devices is reported and asks for no retraining', () => {
  const healthy = Array.from({ length: 9 }, (_, index) => sketchFrom(`line-${10 ** index}`, 120));
  const evaluation = evaluateRelease(RELEASE, [...healthy, sketchFrom('lens', 80)], [], OPTIONS);
  expect(evaluation.fleet.assessment.kind).toBe('HEALTHY');
  expect(evaluation.devices[0]).toMatchObject({ deviceId: 'lens', assessment: { kind: 'DRIFT' } });
});

test('[B7] metrics are written per use case, per release and for the worst devices', () => {
  const label = aLabel({ deviceId: 'lens', label: 'scratch' });
  const evaluation = evaluateRelease(
    RELEASE,
    [sketchFrom('line-1', 120), sketchFrom('lens', 80)],
    [label],
    OPTIONS,
  );
  const written = measurementsOf(evaluation, 1);
  const named = (name: string) =>
    written.filter((measurement) => measurement.metric.name === name).map(({ dimensions }) => dimensions);
  const useCase = 'surface';
  expect(named('Drift')).toEqual([
    { useCase, feature: 'brightness' },
    { useCase, releaseId: 'surface-2', feature: 'brightness' },
    { useCase, deviceId: 'lens', feature: 'brightness' },
  ]);
  expect(named('Accuracy')).toEqual([
    { useCase },
    { useCase, releaseId: 'surface-2' },
    { useCase, deviceId: 'lens' },
  ]);
  // Nothing was compared, so there is no rate: a metric that is no number is left out.
  expect(named('ShadowDisagreementRate')).toEqual([]);
  expect(written.every(({ value }) => Number.isFinite(value))).toBe(true);
});

test('a fleet without results reports zero results and no rate', () => {
  const written = measurementsOf(evaluateRelease(RELEASE, [], [], OPTIONS), 10);
  expect(written.map(({ metric, value }) => [metric.name, value])).toEqual([
    ['Results', 0],
    ['Results', 0],
  ]);
});

/** A drift, the retraining that answers it, and its release in service. */
async function curedWorld(exportUri: string): Promise<FakeWorld> {
  const world = new FakeWorld();
  world.fleet = [sketchFrom('line-1', 80)];
  await evaluateDrift(world, OPTIONS);
  world.stored[0] = {
    ...(world.stored[0] as Episode),
    status: 'RETRAINING',
    executionArn: 'arn:aws:sagemaker:eu-central-1:111122223333:pipeline/p/execution/abc',
  };
  world.release = { ...RELEASE, releaseId: 'surface-3', counter: 3 };
  world.exportUri = exportUri;
  return world;
}
const ANSWER = 's3://models/pipelines/abc/export/';
const assess = async (world: FakeWorld) => {
  const outcome = await evaluateDrift(world, OPTIONS);
  return 'assessment' in outcome ? outcome.assessment : undefined;
};

test('[B14] a release that answers a drift settles in its world, is quiet there, and sees the next drift', async () => {
  const world = await curedWorld(ANSWER);
  // Brightness 80, which the baseline of the training (120) would call drift.
  await expect(assess(world)).resolves.toEqual({ kind: 'SETTLING', results: 500, neededResults: 1000 });
  world.fleet = [sketchFrom('line-1', 80), sketchFrom('line-22', 80)];
  await expect(assess(world)).resolves.toEqual({ kind: 'HEALTHY' });
  expect(world.kept.get('surface-3')).toMatchObject({
    because: 'the release was trained to answer surface-2-episode-1',
    sketch: { results: 1000 },
  });
  world.fleet = [sketchFrom('line-333', 80)];
  await expect(assess(world)).resolves.toEqual({ kind: 'HEALTHY' });
  world.fleet = [sketchFrom('line-333', 120)];
  await expect(assess(world)).resolves.toMatchObject({ kind: 'DRIFT', feature: 'brightness' });
  expect(world.stored.map(({ episodeId }) => episodeId)).toEqual([
    'surface-2-episode-1',
    'surface-3-episode-1',
  ]);
});

test('[B14] bytes that answered a drift settle again as a release with another number, which a roll-back gives them', async () => {
  const world = await curedWorld(ANSWER);
  await assess(world);
  world.release = { ...RELEASE, releaseId: 'surface-5', counter: 5 };
  await expect(assess(world)).resolves.toMatchObject({ kind: 'SETTLING' });
  world.fleet = [sketchFrom('line-1', 80), sketchFrom('line-22', 80)];
  await expect(assess(world)).resolves.toEqual({ kind: 'HEALTHY' });
  expect([...world.kept.keys()]).toEqual(['surface-5']);
});

test('[B14] a release that was trained for something else settles nowhere, whatever its labels say', async () => {
  const world = await curedWorld('s3://models/pipelines/other/export/');
  world.fleet = [sketchFrom('line-1', 80), sketchFrom('line-22', 80)];
  world.given = Array.from({ length: 200 }, () => aLabel());
  await expect(assess(world)).resolves.toMatchObject({ kind: 'DRIFT', feature: 'brightness' });
  expect(world.kept.size).toBe(0);
});

test('[B14] a field for which labels vouched, as they did once, is not what a release is compared with', async () => {
  const world = new FakeWorld();
  const sketch = sketchFrom('line-1', 80);
  world.fleet = [sketch];
  world.kept.set('surface-2', { releaseId: 'surface-2', takenAt: NOW, sketch, because: '30 labels' });
  await expect(assess(world)).resolves.toMatchObject({ kind: 'DRIFT', feature: 'brightness' });
});

test('[B14] a drift that goes slowly does not take the field baseline with it', async () => {
  const world = await curedWorld(ANSWER);
  const kinds: (string | undefined)[] = [];
  for (const mean of [80, 84, 88, 92, 96, 100]) {
    world.fleet = [sketchFrom('line-1', mean), sketchFrom('line-22', mean)];
    kinds.push((await assess(world))?.kind);
  }
  expect(kinds[0]).toBe('HEALTHY');
  expect(kinds.at(-1)).toBe('DRIFT');
});

describe('when a field becomes the baseline of the release that was trained for it', () => {
  const LIMITS: AssessmentLimits = {
    minimumResults: 200,
    minimumEffectiveLabels: 20,
    accuracyDropLimit: 0.05,
  };
  const standing = {
    releaseId: 'surface-3',
    answeredEpisodeId: 'surface-2-episode-1',
    sketch: aSketch({ results: 1010, invalid: 10 }),
    hasReference: false,
    baselineAccuracy: 0.97,
  };
  const labels = (value: number, effectiveLabels = 100) => ({
    accuracy: { value, lower: 0, upper: 1, labels: 120, effectiveLabels },
  });
  const because = 'the release was trained to answer surface-2-episode-1';
  test.each<[string, object, string | undefined]>([
    ['without labels', {}, because],
    ['with labels that are as right as they should be', labels(0.93), because],
    ['not where labels say that it is wrong', labels(0.91), undefined],
    ['where too few labels say so', labels(0.5, 19), because],
    ['not of too few results', { sketch: aSketch({ results: 1010, invalid: 11 }) }, undefined],
    ['not without results', { sketch: undefined }, undefined],
  ])('[B14] %s', (_, given, expected) => {
    expect(fieldBaselineOf({ ...standing, ...given }, LIMITS, new Date(NOW))?.because).toBe(expected);
  });
});

describe('[B14] a release with a reference for its embeddings', () => {
  const mean = [0, 0];
  const WITH_REFERENCE: Release = {
    ...RELEASE,
    embedding: { outputName: 'embedding', size: 2, reference: { good: { images: 100, mean } } },
  };
  /** Residuals of variance 1 around `shift`, of as many frames as results. */
  const embedded = (deviceId: string, shift: number, brightnessMean = 120, count = 500): Sketch => ({
    ...sketchFrom(deviceId, brightnessMean),
    classCounts: { good: 500 },
    embeddingByClass: { good: { count, sum: [shift * count, 0], squares: count * (shift * shift + 2) } },
  });
  const worldOf = (...fleet: Sketch[]): FakeWorld => {
    const world = new FakeWorld();
    world.release = WITH_REFERENCE;
    world.fleet = fleet;
    return world;
  };

  test('light that moves the images and not what the classifier reads opens no episode, and is named', async () => {
    const world = worldOf(embedded('line-1', 0, 80), embedded('line-22', 0, 80));
    await expect(assess(world)).resolves.toEqual({ kind: 'HEALTHY' });
    expect(world.stored).toEqual([]);
    expect(world.said).toMatchObject({
      releaseId: 'surface-2',
      assessedAt: NOW,
      evidence: { cause: { kind: 'line', feature: 'brightness' } },
    });
  });

  test('what moves what the classifier reads opens one, with its numbers and its cause', async () => {
    const world = worldOf(embedded('line-1', 1), embedded('line-22', 1));
    await expect(assess(world)).resolves.toMatchObject({
      kind: 'DRIFT',
      feature: 'embedding',
      limit: 0.45,
      value: expect.closeTo(1, 1),
    });
    expect(world.stored[0]?.evidence).toMatchObject({
      cause: { kind: 'new-thing' },
      embedding: { frames: 1000, drifted: true },
      harm: { by: 'nothing', reason: expect.stringContaining('not what was validated') },
      deviatingDevices: ['line-1', 'line-22'],
    });
    expect(world.measurements).toContainEqual(
      expect.objectContaining({
        metric: MONITORING_METRICS.drift,
        dimensions: { useCase: 'surface', feature: 'embedding' },
        value: expect.closeTo(1, 1),
      }),
    );
  });

  test('a thing that is called by the name of a class is found by that class, and shown on the scale of all', async () => {
    const sums = (count: number, shift: number): EmbeddingSums => ({
      count,
      sum: [shift * count, 0],
      squares: count * (shift * shift + 2),
    });
    const sketch = (deviceId: string): Sketch => ({
      ...sketchFrom(deviceId, 120),
      classCounts: { good: 400, dent: 100 },
      embeddingByClass: { good: sums(400, 0), dent: sums(100, 2.5) },
    });
    const world = worldOf(sketch('line-1'), sketch('line-22'));
    const reference = { good: { images: 400, mean }, dent: { images: 100, mean } };
    world.release = { ...RELEASE, embedding: { outputName: 'embedding', size: 2, reference } };
    // It moves the mean of all by a fifth of 2.5, whose square is below the limit of all, 0.45.
    const found = { feature: 'embedding', predictedClass: 'dent', value: expect.closeTo(0.25, 1) };
    await expect(assess(world)).resolves.toMatchObject({ ...found, limit: expect.closeTo(0.18, 10) });
    expect(world.stored[0]?.evidence).toMatchObject({
      cause: { kind: 'new-thing', predictedClass: 'dent' },
      embedding: { drifted: false, limit: 0.45 },
      harm: { by: 'nothing', reason: expect.stringContaining("called 'dent'") },
    });
    const shown = world.measurements.find(
      ({ metric, dimensions }) =>
        metric === MONITORING_METRICS.drift && dimensions.feature === EMBEDDING_FEATURE,
    );
    expect(shown?.value).toBeGreaterThan(0.45);
    expect(shown?.value).toBeCloseTo((0.45 / 0.18) * 0.25, 1);
  });

  test('one camera of four is named', async () => {
    const fleet = [3, 4, 5].map((length) => embedded('x'.repeat(length), 0));
    const world = worldOf(...fleet, embedded('lens', 4));
    await assess(world);
    expect(world.stored[0]?.evidence.cause).toEqual({ kind: 'camera', devices: ['lens'] });
  });

  test('the accuracy by the confidence is measured where the field is what was validated', async () => {
    const confidence = histogramOf('confidence', [
      ...Array<number>(90).fill(0.97),
      ...Array<number>(10).fill(0.6),
    ]);
    const world = worldOf({ ...embedded('line-1', 0), confidence });
    world.release = { ...WITH_REFERENCE, baseline: { ...WITH_REFERENCE.baseline, confidence } };
    await assess(world);
    expect(world.measurements).toContainEqual(
      expect.objectContaining({
        metric: MONITORING_METRICS.estimatedAccuracy,
        dimensions: { useCase: 'surface' },
        value: expect.closeTo(0.97, 10),
      }),
    );
    world.fleet = [{ ...embedded('line-1', 2), confidence }];
    await assess(world);
    const names = world.measurements.map(({ metric }) => metric);
    expect(names).not.toContain(MONITORING_METRICS.estimatedAccuracy);
  });

  test('too few embeddings are no health', async () => {
    const world = worldOf(embedded('line-1', 0, 120, 99));
    await expect(assess(world)).resolves.toEqual({
      kind: 'NO_DATA',
      results: 500,
      minimumResults: 200,
      embeddings: 99,
      minimumEmbeddings: 100,
    });
    world.fleet = [sketchFrom('line-1', 80)];
    await expect(assess(world)).resolves.toMatchObject({ kind: 'NO_DATA', embeddings: 0 });
  });

  test('case 31: sums of another size are left aside by name, and stop nobody', async () => {
    const sums: EmbeddingSums = { count: 500, sum: [500, 0, 0], squares: 5000 };
    const other = { ...embedded('odd', 9), embeddingByClass: { good: sums } };
    const world = worldOf(embedded('line-1', 0), other);
    await expect(evaluateDrift(world, OPTIONS)).resolves.toMatchObject({
      assessment: { kind: 'HEALTHY' },
      otherEmbeddings: ['odd'],
    });
    expect(world.said?.evidence).toMatchObject({ results: 1000, embedding: { frames: 500 } });
  });

  test('the baseline of a cured line needs as many embeddings, and is quiet with them', async () => {
    const world = await curedWorld(ANSWER);
    world.release = { ...WITH_REFERENCE, releaseId: 'surface-3', counter: 3 };
    const fleet = (shift: number, count: number) => [
      embedded('line-1', shift, 80, count),
      embedded('line-22', shift, 80, count),
    ];
    world.fleet = fleet(2, 400);
    await expect(assess(world)).resolves.toEqual({ kind: 'SETTLING', results: 800, neededResults: 1000 });
    world.fleet = fleet(2, 500);
    await expect(assess(world)).resolves.toEqual({ kind: 'HEALTHY' });
    expect(world.kept.get('surface-3')?.sketch.embeddingByClass).toMatchObject({ good: { count: 1000 } });
    world.fleet = fleet(2.05, 500);
    await expect(assess(world)).resolves.toEqual({ kind: 'HEALTHY' });
    world.fleet = fleet(0.5, 500);
    await expect(assess(world)).resolves.toMatchObject({ kind: 'DRIFT', feature: 'embedding' });
  });
});

describe('case 56: an episode ends without a retraining', () => {
  const later = (world: FakeWorld, hours: number) => {
    world.now = () => new Date(Date.parse(NOW) + hours * 3_600_000);
  };

  test('when the lamp is changed, a window later', async () => {
    const world = new FakeWorld();
    world.fleet = [sketchFrom('line-1', 80)];
    await evaluateDrift(world, OPTIONS);
    world.fleet = [sketchFrom('line-1', 120)];
    later(world, 23);
    await expect(evaluateDrift(world, OPTIONS)).resolves.toMatchObject({ episodeId: 'surface-2-episode-1' });
    later(world, 24);
    const outcome = await evaluateDrift(world, OPTIONS);
    expect(outcome).not.toHaveProperty('episodeId');
    expect(world.stored).toMatchObject([
      { status: 'CLOSED', closedBecause: 'the field is within its limits again, over 24 h' },
    ]);
    expect(world.measurements).toContainEqual(
      expect.objectContaining({ metric: MONITORING_METRICS.openEpisodes, value: 0 }),
    );
  });

  test('but not from under a retraining that begins meanwhile', async () => {
    const world = new FakeWorld();
    world.fleet = [sketchFrom('line-1', 80)];
    await evaluateDrift(world, OPTIONS);
    world.fleet = [sketchFrom('line-1', 120)];
    later(world, 24);
    const [opened] = world.stored;
    world.episodes.current = async () => {
      world.stored[0] = { ...(opened as Episode), status: 'RETRAINING' };
      return opened;
    };
    await evaluateDrift(world, OPTIONS);
    expect(world.stored).toMatchObject([{ status: 'RETRAINING' }]);
  });
});
