import fc from 'fast-check';
import type { Episode, RetrainingParameters } from '../../../lambda/monitoring/episode';
import type { PipelineRun } from '../../../lambda/retraining/start-retraining/decide-retraining';
import {
  championDatasetClosedAt,
  clientRequestTokenOf,
  type RetrainingStarted,
  type StartRetrainingPorts,
  startRetraining,
} from '../../../lambda/retraining/start-retraining/start-retraining';
import { aRelease } from '../shared/builders';

const POLICY = {
  minimumLabels: 2,
  minimumNewClassLabels: 1,
  cooldownHours: 24,
  monthlyExecutions: 8,
  spendingLimitPercent: 80,
};
const START = Date.parse('2026-03-10T12:00:00Z');

class Crash extends Error {}

function anEpisode(releaseId: string): Episode {
  return {
    useCase: 'surface',
    episodeId: `${releaseId}-episode-1`,
    releaseId,
    openedAt: new Date(START).toISOString(),
    evidence: { assessment: { kind: 'HEALTHY' }, results: 0, features: [], deviatingDevices: [] },
    status: 'OPEN',
  };
}

/**
 * The tables, merge-captures and SageMaker in memory. Every call takes effect, or not, and then the process may die:
 * `crashes` has for each call, in turn, whether it dies before the effect, after it, or not at all.
 */
class FakeCloud implements StartRetrainingPorts {
  stored: Episode[] = [anEpisode('surface-2')];
  release = aRelease();
  cloudModelUri: string | undefined;
  readonly pipelines: { token: string; parameters: RetrainingParameters }[] = [];
  readonly events: RetrainingStarted[] = [];
  private merges = 0;
  private hours = 0;

  constructor(private readonly crashes: ('before' | 'after' | 'not')[] = []) {}

  /** An hour goes by between looks. */
  tick(): void {
    this.hours++;
  }

  private async call<Result>(effect: () => Result): Promise<Result> {
    const crash = this.crashes.shift() ?? 'not';
    // Lets other invocations in between, as the network does.
    await Promise.resolve();
    if (crash === 'before') throw new Crash('before');
    const result = effect();
    if (crash === 'after') throw new Crash('after');
    return result;
  }

  private change(episodeId: string, changes: Partial<Episode>): Episode {
    const index = this.stored.findIndex((episode) => episode.episodeId === episodeId);
    const changed = { ...(this.stored[index] as Episode), ...changes };
    this.stored[index] = changed;
    return changed;
  }

  private stateOf(episodeId: string): Episode | undefined {
    return this.stored.find((episode) => episode.episodeId === episodeId);
  }

  now = () => new Date(START + this.hours * 3_600_000);
  champion = () =>
    this.call(() => ({
      release: this.release,
      exportUri: 's3://models/pipelines/first/export/',
      cloudModelUri: this.cloudModelUri,
    }));
  championModelUri = () => this.call(() => 's3://models/champion/model.tar.gz');
  spending = () => this.call(() => undefined);
  runs = () =>
    this.call((): PipelineRun[] =>
      this.pipelines.map(({ token }) => ({
        arn: `arn:execution/${token}`,
        status: 'Executing',
        startedAt: new Date(START),
      })),
    );
  labels = () =>
    this.call(() => [
      { label: 'good', labelledAt: '2026-03-01T00:00:00Z' },
      { label: 'scratch', labelledAt: '2026-03-01T00:00:00Z' },
    ]);
  mergeCaptures = () => this.call(() => `s3://dataset/manifests/accepted/${++this.merges}.jsonl`);
  retrainingStarted = (detail: RetrainingStarted) => this.call(() => void this.events.push(detail));

  /** As SageMaker: a repeated token is the same execution, with other parameters it is refused. */
  startPipeline = (parameters: RetrainingParameters, token: string) =>
    this.call(() => {
      const known = this.pipelines.find((pipeline) => pipeline.token === token);
      if (!known) this.pipelines.push({ token, parameters });
      else expect(parameters).toEqual(known.parameters);
      return `arn:execution/${token}`;
    });

  episodes: StartRetrainingPorts['episodes'] = {
    current: () => this.call(() => this.stored.find(({ status }) => status !== 'CLOSED')),
    all: () => this.call(() => [...this.stored]),
    claim: (episodeId, clientRequestToken, retrainingStartedAt) =>
      this.call(() => {
        if (this.stateOf(episodeId)?.status !== 'OPEN') return false;
        this.change(episodeId, { status: 'RETRAINING', clientRequestToken, retrainingStartedAt });
        return true;
      }),
    fixParameters: (episodeId, parameters) =>
      this.call(() => {
        const fixed = this.stateOf(episodeId)?.parameters ?? parameters;
        this.change(episodeId, { parameters: fixed });
        return fixed;
      }),
    noteExecution: (episodeId, executionArn) =>
      this.call(() => void this.change(episodeId, { executionArn })),
    close: (episodeId, closedAt, closedBecause) =>
      this.call(() => {
        this.change(episodeId, { status: 'CLOSED', closedAt, closedBecause });
        return true;
      }),
  };
}

/** One invocation; a crash ends it and nothing else. */
async function look(cloud: FakeCloud): Promise<void> {
  try {
    await startRetraining(cloud, POLICY);
  } catch (error) {
    if (!(error instanceof Crash)) throw error;
  }
}

test('[S9] an episode starts the pipeline with the merged dataset and the champion', async () => {
  const cloud = new FakeCloud();
  const decision = await startRetraining(cloud, POLICY);
  const token = clientRequestTokenOf('surface-2-episode-1');
  expect(decision).toEqual({ kind: 'START', executionArn: `arn:execution/${token}` });
  expect(cloud.pipelines).toEqual([
    {
      token,
      parameters: {
        datasetManifestUri: 's3://dataset/manifests/accepted/1.jsonl',
        championModelUri: 's3://models/champion/model.tar.gz',
      },
    },
  ]);
  expect(cloud.stored[0]).toMatchObject({ status: 'RETRAINING', executionArn: `arn:execution/${token}` });
  expect(cloud.events).toHaveLength(1);
  expect(token).toMatch(/^[0-9a-f]{64}$/);
});

test('[S10] the larger network starts from the champion that the first look found', async () => {
  // Dies when the parameters are fixed and before the pipeline is started; then another champion is crowned.
  const cloud = new FakeCloud([...Array<'not'>(11).fill('not'), 'before']);
  cloud.cloudModelUri = 's3://models/champion/cloud/model.tar.gz';
  await expect(startRetraining(cloud, POLICY)).rejects.toThrow(Crash);
  expect(cloud.stored[0]?.parameters).toBeDefined();
  cloud.cloudModelUri = undefined;
  await startRetraining(cloud, POLICY);
  expect(cloud.pipelines.map(({ parameters }) => parameters.championCloudModelUri)).toEqual([
    's3://models/champion/cloud/model.tar.gz',
  ]);
});

test('case 33: duplicated, late and simultaneous events with a crash at any call start exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('before', 'after', 'not' as const), { maxLength: 60 }),
      // How many invocations are under way at once, for a row of hours.
      fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 12 }),
      async (crashes, rounds) => {
        const cloud = new FakeCloud([...crashes] as ('before' | 'after' | 'not')[]);
        for (const invocations of rounds) {
          await Promise.all(Array.from({ length: invocations }, () => look(cloud)));
          cloud.tick();
          expect(cloud.pipelines.length).toBeLessThanOrEqual(1);
        }
        // The crashes end at some time; the schedule goes on.
        for (let hour = 0; hour < 70; hour++) await look(cloud);
        expect(cloud.pipelines).toHaveLength(1);
        expect(cloud.stored[0]).toMatchObject({
          status: 'RETRAINING',
          executionArn: `arn:execution/${clientRequestTokenOf('surface-2-episode-1')}`,
          parameters: cloud.pipelines[0]?.parameters,
        });
      },
    ),
    { numRuns: 200, seed: 33 },
  );
});

test.each(Array.from({ length: 12 }, (_, call) => call))(
  'case 33: a crash after call %i is finished by the next look',
  async (call) => {
    const cloud = new FakeCloud([...Array<'not'>(call).fill('not'), 'after']);
    await look(cloud);
    cloud.tick();
    await look(cloud);
    expect(cloud.pipelines).toHaveLength(1);
    expect(cloud.stored[0]?.executionArn).toBeDefined();
  },
);

test('case 33: an event that comes after the episode has been closed starts nothing', async () => {
  const cloud = new FakeCloud();
  cloud.stored = [{ ...anEpisode('surface-2'), status: 'CLOSED' }];
  await expect(startRetraining(cloud, POLICY)).resolves.toMatchObject({ kind: 'SKIP' });
  expect(cloud.pipelines).toEqual([]);
});

test('an episode about a release that has been replaced starts nothing', async () => {
  const cloud = new FakeCloud();
  cloud.release = aRelease({ releaseId: 'surface-3', counter: 3 });
  await expect(startRetraining(cloud, POLICY)).resolves.toMatchObject({
    kind: 'SKIP',
    reason: 'the episode is about surface-2, which has been replaced',
  });
  expect(cloud.pipelines).toEqual([]);
});

test('an execution that failed closes its episode', async () => {
  const cloud = new FakeCloud();
  await startRetraining(cloud, POLICY);
  const runs = await cloud.runs();
  cloud.runs = async () => runs.map((run) => ({ ...run, status: 'Failed' }));
  await expect(startRetraining(cloud, POLICY)).resolves.toMatchObject({ kind: 'ABANDON' });
  expect(cloud.stored[0]).toMatchObject({
    status: 'CLOSED',
    closedBecause: expect.stringContaining('is Failed'),
  });
});

describe('labels are news when they are younger than the dataset of the champion', () => {
  const champion = { release: aRelease(), exportUri: 's3://models/pipelines/abc123/export/' };
  const run = (id: string): PipelineRun => ({
    arn: `arn:aws:sagemaker:eu-central-1:1:pipeline/p/execution/${id}`,
    status: 'Succeeded',
    startedAt: new Date('2026-01-15T00:00:00Z'),
  });

  test('which was closed when its execution began', () => {
    expect(championDatasetClosedAt(champion, [run('other'), run('abc123')])).toEqual(
      new Date('2026-01-15T00:00:00Z'),
    );
  });

  test('or when the release was made, where the execution is not listed any more', () => {
    expect(championDatasetClosedAt(champion, [run('other')])).toEqual(new Date('2026-02-01T00:00:00Z'));
  });

  test('so labels that it has learnt from already do not count', async () => {
    const cloud = new FakeCloud();
    cloud.labels = async () => [
      { label: 'good', labelledAt: '2026-01-20T00:00:00Z' },
      { label: 'good', labelledAt: '2026-03-01T00:00:00Z' },
    ];
    await expect(startRetraining(cloud, POLICY)).resolves.toMatchObject({
      kind: 'WAIT',
      reason: '1 of 2 new labels',
    });
  });
});
