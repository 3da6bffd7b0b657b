import fc from 'fast-check';
import type { Sketch } from '../../contracts';
import { checkWave } from '../../lambda/rollout/check-wave/check-wave';
import type { ComponentVersion } from '../../lambda/rollout/compose-deployment';
import { deployWave } from '../../lambda/rollout/deploy-wave/deploy-wave';
import type { Execution } from '../../lambda/rollout/execution';
import { completeRollout, recordRollback } from '../../lambda/rollout/finish-rollout/finish-rollout';
import { judgeWave, type OpenEpisode } from '../../lambda/rollout/judge-wave/judge-wave';
import { planRollout } from '../../lambda/rollout/plan-rollout/plan-rollout';
import { composeAgain, rollBackWave } from '../../lambda/rollout/roll-back-wave/roll-back-wave';
import { parseState, type RolloutRequest } from '../../lambda/rollout/rollout-state';
import {
  type EndedExecution,
  type Sweep,
  sweepRollouts,
} from '../../lambda/rollout/sweep-rollouts/sweep-rollouts';
import { FakeReleaseTable } from '../lambda/registry/fake-release-table';
import { aCloudModel, aStored, INFERENCE, JUDGE_SETTINGS, WAVES } from '../lambda/rollout/builders';
import { aSketch, USE_CASE } from '../lambda/shared/builders';
import { definitionOf, StoppedExecution, type Walk, walk } from './rollout-machine';

const executionArnOf = (name: string) =>
  `arn:aws:states:eu-central-1:000000000000:execution:kaizen-local-rollout:${name}`;

const SWEEP_MILLISECONDS = 5 * 60_000;
/** More than any step has: it gives up. */
const FOR_EVER = Number.POSITIVE_INFINITY;

/** What a device does with a release. */
type Behaviour = 'accepts' | 'refuses' | 'is offline';

interface Deployment {
  readonly id: string;
  readonly group: string;
  readonly counter: number;
  readonly name: string;
}

const GOOD: Partial<Sketch> = { results: 1000, shadow: { compared: 1000, disagreed: 0 } };

/** A fleet, the table and a clock in memory; the functions' own code runs between them. */
class Fleet {
  readonly table = new FakeReleaseTable();
  readonly deployments: Deployment[] = [];
  readonly published: number[] = [];
  readonly events: { readonly type: string; readonly detail: Record<string, unknown> }[] = [];
  readonly groups: Record<string, string[]> = {
    'kaizen-local-canary': ['canary-1'],
    'kaizen-local-stable': ['stable-1', 'stable-2'],
  };
  /** Release a device runs now. */
  readonly running = new Map<string, number>();
  behaviour: (deviceId: string, counter: number) => Behaviour = () => 'accepts';
  /** What one device reports per release; good results that the release before agrees with, unless told. */
  sketch: (counter: number, deviceId: string) => Partial<Sketch> | undefined = () => GOOD;
  /** When a device has sent its status, epoch milliseconds. */
  readonly heardOf = new Map<string, number>();
  episode?: OpenEpisode;
  failing?: { readonly step: string; readonly times: number };
  clock = Date.parse('2026-03-01T10:00:00.000Z');
  /** Every execution that Step Functions knows, by ARN. */
  readonly executions = new Map<string, Execution>();
  /** Called when a step is about to run; what it throws ends the execution as StopExecution does. */
  beforeStep: (step: string, counter: number) => void = () => undefined;
  private readonly calls = new Map<string, number>();

  constructor(counters: readonly number[], champion?: number) {
    for (const counter of counters) this.addRelease(counter);
    if (champion === undefined) return;
    const { exportUri, modelUri } = aStored(champion);
    this.table.crowned = { counter: champion, modelPackageVersion: champion, exportUri, modelUri };
    void this.table.mark(champion, { status: 'IN_SERVICE' });
    for (const { name } of WAVES) this.table.waves.set(name, { counter: champion });
    for (const device of Object.values(this.groups).flat()) this.running.set(device, champion);
  }

  addRelease(counter: number): void {
    this.table.releases.set(counter, aStored(counter));
    this.table.counter = Math.max(this.table.counter, counter);
  }

  private now = () => new Date(this.clock);
  private listThings = async (group: string) => this.groups[group] ?? [];

  private deploy = async (arn: string, ours: readonly ComponentVersion[], name: string) => {
    const counter = Number(ours[1]?.version.split('.')[2]);
    const group = arn.split('/')[1] ?? '';
    // As WaveDeployer: a group that has it is left alone.
    const latest = this.deployments.findLast((deployment) => deployment.group === group);
    if (latest?.counter === counter) return latest.id;
    const id = `deployment-${this.deployments.length + 1}`;
    this.deployments.push({ id, group, counter, name });
    for (const device of this.groups[group] ?? []) {
      if (this.behaviour(device, counter) === 'accepts') this.running.set(device, counter);
    }
    return id;
  };

  /** Puts a release into a group as an execution would have that nobody can ask any more. */
  deployBehind = (thingGroupArn: string, counter: number) =>
    this.deploy(thingGroupArn, [INFERENCE, { name: 'model', version: `1.0.${counter}` }], 'left behind');

  private viewDevice = async (deviceId: string, deploymentId: string) => {
    const { counter } = this.deployments.find(({ id }) => id === deploymentId) ?? { counter: 0 };
    const behaviour = this.behaviour(deviceId, counter);
    const inventory = { releaseId: `${USE_CASE}-${this.running.get(deviceId)}` };
    if (behaviour === 'is offline') return { deviceId, inventory };
    return behaviour === 'accepts'
      ? { deviceId, inventory, deployment: { status: 'SUCCEEDED' } }
      : { deviceId, inventory, deployment: { status: 'FAILED', reason: 'ROLLBACK_COMPLETE' } };
  };

  private sketchesOf = async (releaseId: string): Promise<Sketch[]> => {
    const counter = Number(releaseId.split('-')[1]);
    return Object.values(this.groups)
      .flat()
      .flatMap((deviceId) => {
        const sketch = this.sketch(counter, deviceId);
        return sketch ? [aSketch({ releaseId, deviceId, ...sketch })] : [];
      });
  };

  private async run(step: string, input: unknown): Promise<unknown> {
    if (step === 'FinishRollout') {
      const { ending, state } = input as { ending: string; state: unknown };
      const ports = {
        now: this.now,
        waveNames: WAVES.map(({ name }) => name),
        table: this.table,
        getRelease: (counter: number) => this.table.get(counter),
        announce: async (type: string, detail: object) =>
          void this.events.push({ type, detail: { ...detail } }),
      };
      return ending === 'COMPLETED'
        ? completeRollout(parseState(state), ports)
        : recordRollback(parseState(state), ports);
    }
    const state = parseState(input);
    const { now, listThings, deploy, table } = this;
    const publish = async (stored: { release: { counter: number } }) =>
      void this.published.push(stored.release.counter);
    switch (step) {
      case 'PlanRollout':
        return planRollout(state, WAVES, {
          now,
          getRelease: (counter) => table.get(counter),
          table,
          publish,
        });
      case 'DeployWave':
        return deployWave(state, INFERENCE, {
          now,
          listThings,
          deploy,
          noteWave: (...of) => table.noteWave(...of),
          holder: () => table.holder(),
        });
      case 'CheckWave':
        return checkWave(state, { now, listThings, viewDevice: this.viewDevice });
      case 'JudgeWave':
        return judgeWave(state, JUDGE_SETTINGS, {
          now,
          listThings,
          readSketches: this.sketchesOf,
          readLabels: async () => [],
          openEpisode: async () => this.episode,
          getRelease: (counter) => table.get(counter),
        });
      case 'RollBackWave':
        return rollBackWave(
          state,
          INFERENCE,
          { lifetimeDays: 30, waves: WAVES },
          {
            now,
            deploy,
            publish,
            table,
            releases: table,
            signer: { keyId: async () => 'f'.repeat(64), sign: async () => Buffer.from('signature') },
            putEnvelope: async () => undefined,
          },
        );
      default:
        throw new Error(`there is no step ${step}`);
    }
  }

  /** Runs the rollout of a release through the synthesized state machine. */
  async rollOut(
    counter: number,
    execution = `execution-of-${counter}`,
    request: RolloutRequest = {},
  ): Promise<Walk> {
    const executionArn = executionArnOf(execution);
    const resume = request.resume && { resume: request.resume.to };
    this.executions.set(executionArn, { status: 'RUNNING', ...resume });
    const ended = (status: Execution['status'], error?: string) =>
      this.executions.set(executionArn, {
        status,
        stoppedAt: new Date(this.clock),
        ...(error !== undefined && { error }),
        ...resume,
      });
    try {
      const walked = await this.walk(counter, executionArn, request);
      ended(walked.status, walked.error);
      return walked;
    } catch (error) {
      ended('ABORTED');
      throw error;
    }
  }

  private walk(counter: number, executionArn: string, request: RolloutRequest): Promise<Walk> {
    return walk({
      definition: definitionOf('local'),
      input: { useCase: USE_CASE, counter, releaseId: `${USE_CASE}-${counter}`, ...request },
      executionArn,
      wait: (seconds) => {
        this.clock += seconds * 1000;
      },
      random: () => 0.5,
      invoke: async (resource, input) => {
        const step =
          /PlanRollout|DeployWave|CheckWave|JudgeWave|RollBackWave|FinishRollout/.exec(resource)?.[0] ??
          resource;
        const calls = (this.calls.get(step) ?? 0) + 1;
        this.calls.set(step, calls);
        this.beforeStep(step, counter);
        const answer = await this.run(step, input);
        // The process dies after its work and before its answer.
        if (this.failing?.step === step && calls <= this.failing.times) throw new Error(`${step} died`);
        return answer;
      },
    });
  }

  /** What sweep-rollouts does when it is woken; the executions that it starts run at once. */
  async sweep(ended?: EndedExecution): Promise<{ readonly sweep: Sweep; readonly walks: Walk[] }> {
    const walks: Walk[] = [];
    const sweep = await sweepRollouts(ended, {
      useCase: USE_CASE,
      waveNames: WAVES.map(({ name }) => name),
      now: this.now,
      execution: async (executionArn) => this.executions.get(executionArn),
      lastHeardOf: async (deviceId) => this.heardOf.get(deviceId),
      table: this.table,
      start: async (counter, request) => {
        walks.push(await this.rollOut(counter, `next-${counter}-${this.executions.size}`, request));
      },
    });
    return { sweep, walks };
  }

  private isWaiting = () => Object.values(this.table.statuses()).includes('READY');

  /** Sweeps by the schedule until there is nothing to do. */
  async settle(): Promise<Sweep[]> {
    const sweeps: Sweep[] = [];
    do {
      this.clock += SWEEP_MILLISECONDS;
      sweeps.push((await this.sweep()).sweep);
      // Somebody may have to wait for his next try.
      if (sweeps.at(-1)?.kind === 'NOTHING_READY' && !this.isWaiting()) break;
    } while (sweeps.length < 500);
    return sweeps;
  }

  runningEverywhere(): number[] {
    return [
      ...new Set(
        Object.values(this.groups)
          .flat()
          .map((device) => this.running.get(device) ?? 0),
      ),
    ];
  }
}

describe('[B2] a whole rollout through the state machine', () => {
  test('a good release reaches every wave, one after the other', async () => {
    const fleet = new Fleet([1, 2], 1);
    const { status, visited } = await fleet.rollOut(2);

    expect(status).toBe('SUCCEEDED');
    expect(visited.filter((name) => name === 'Let the wave work')).toHaveLength(2);
    expect(fleet.deployments.map(({ group }) => group)).toEqual([
      'kaizen-local-canary',
      'kaizen-local-stable',
    ]);
    expect(fleet.runningEverywhere()).toEqual([2]);
    expect(fleet.table.statuses()).toEqual({ 1: 'SUPERSEDED', 2: 'IN_SERVICE' });
    expect(fleet.table.crowned).toMatchObject({
      counter: 2,
      modelUri: 's3://models/pipelines/2/model.tar.gz',
      cloudModel: aCloudModel(2),
    });
    expect(fleet.events).toEqual([
      { type: 'Rollout Completed', detail: expect.objectContaining({ counter: 2 }) },
    ]);
    expect(fleet.table.held).toBeUndefined();
  });

  test('[B11] the first release ever needs no predecessor', async () => {
    const fleet = new Fleet([1]);
    await expect(fleet.rollOut(1)).resolves.toMatchObject({ status: 'SUCCEEDED' });
    expect(fleet.table.crowned).toMatchObject({ counter: 1 });
  });

  test('case 6: a bad canary goes back to the old files under a new counter, and stable never saw it', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.sketch = (counter) => ({ ...GOOD, invalid: counter === 2 ? 600 : 0 });
    const { status, cause } = await fleet.rollOut(2);

    expect(status).toBe('FAILED');
    expect(cause).toMatch(
      /^Release surface-2 was rolled back\. Invalid results: 60\.0 % of 1000 results of one device .* limit 2\.0 %\.$/,
    );
    expect(fleet.deployments.map(({ group, counter }) => [group, counter])).toEqual([
      ['kaizen-local-canary', 2],
      ['kaizen-local-canary', 3],
    ]);
    const rollback = await fleet.table.get(3);
    expect(rollback.release).toMatchObject({ counter: 3, rollbackOf: 2, modelPackageVersion: 1 });
    expect(rollback.release.files).toEqual((await fleet.table.get(1)).release.files);
    expect(fleet.table.statuses()).toEqual({ 1: 'IN_SERVICE', 2: 'ROLLED_BACK', 3: 'IN_SERVICE' });
    expect(fleet.table.crowned).toMatchObject({ counter: 1 });
    expect(fleet.events).toEqual([
      {
        type: 'Rollout Rolled Back',
        detail: expect.objectContaining({
          counter: 2,
          rollbackCounter: 3,
          reason: expect.stringContaining('60.0 %'),
        }),
      },
    ]);
    expect(fleet.table.releases.get(2)?.judgement).toMatchObject({
      verdict: 'ROLL_BACK',
      numbers: { results: 1000 },
    });
  });

  test('a release that is bad only on stable is taken back from both waves', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.sketch = (counter, device) => ({
      ...GOOD,
      invalid: counter === 2 && device.startsWith('stable') ? 600 : 0,
    });
    await fleet.rollOut(2);
    expect(fleet.runningEverywhere()).toEqual([3]);
    expect(fleet.table.crowned).toMatchObject({
      counter: 3,
      modelPackageVersion: 1,
      // Of what is in service again, not of what was taken back.
      cloudModel: aCloudModel(1),
    });
    expect(fleet.table.statuses()).toEqual({ 1: 'SUPERSEDED', 2: 'ROLLED_BACK', 3: 'IN_SERVICE' });
  });

  const execution = (id: string) =>
    `arn:aws:sagemaker:eu-central-1:000000000000:pipeline/training/execution/${id}`;
  const episodeId = 'surface-1-episode-1';
  test.each<[what: string, episode: OpenEpisode | undefined, status: string]>([
    ['no episode is open', undefined, 'FAILED'],
    [
      "the champion's episode has trained it",
      { episodeId, releaseId: 'surface-1', executionArn: execution('2') },
      'SUCCEEDED',
    ],
    [
      "the champion's episode has trained another",
      { episodeId, releaseId: 'surface-1', executionArn: execution('12') },
      'FAILED',
    ],
    ["the champion's episode has trained nothing yet", { episodeId, releaseId: 'surface-1' }, 'FAILED'],
    [
      'the episode that has trained it is of an older release',
      { episodeId, releaseId: 'surface-0', executionArn: execution('2') },
      'FAILED',
    ],
  ])('[B2] [B3] a release that disagrees on every frame while %s: %s', async (_, episode, status) => {
    const fleet = new Fleet([1, 2], 1);
    if (episode) fleet.episode = episode;
    fleet.sketch = () => ({ ...GOOD, shadow: { compared: 1000, disagreed: 1000 } });
    const walked = await fleet.rollOut(2);
    expect(walked.status).toBe(status);
    if (status === 'FAILED')
      expect(walked.cause).toContain('Disagreement with the previous release: 100.0 %');
  });

  test('a device that refuses the release stops it, with its reason', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.behaviour = (_, counter) => (counter === 2 ? 'refuses' : 'accepts');
    const { cause, visited } = await fleet.rollOut(2);
    expect(cause).toContain('canary-1 reports FAILED for the deployment: ROLLBACK_COMPLETE.');
    expect(visited).not.toContain('Judge the wave');
    expect(fleet.runningEverywhere().sort()).toEqual([1, 3]);
  });

  test('a device that stays offline is named, when its time is over', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.behaviour = (device, counter) =>
      device === 'canary-1' && counter === 2 ? 'is offline' : 'accepts';
    const { cause } = await fleet.rollOut(2);
    expect(cause).toContain(
      '1 of 1 devices did not run surface-2 within 180 s; 1 have to. canary-1 has not answered',
    );
  });

  test('case 51: a release that a silent device has kept from its judgement is tried again when that is heard of', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.groups['kaizen-local-canary'] = ['canary-1', 'canary-2'];
    fleet.running.set('canary-2', 1);
    fleet.behaviour = (device, counter) => (device === 'canary-2' && counter > 1 ? 'is offline' : 'accepts');
    const { error, cause } = await fleet.rollOut(2);
    expect(error).toBe('RolledBack');
    expect(cause).toMatch(
      /1 of 2 devices did not run surface-2 .* It is tried again as surface-4 when 1 of canary-2 can be heard of again, or after 2026-03-01T11:/,
    );
    // Whoever has it goes back meanwhile, and nobody has judged it.
    expect(fleet.running.get('canary-1')).toBe(3);
    expect(fleet.table.releases.get(2)?.judgement).toBeUndefined();
    expect(fleet.table.releases.get(4)).toMatchObject({ status: 'READY', attempts: 1, approvedAs: 2 });
    fleet.clock += 30 * 60_000;
    await expect(fleet.sweep()).resolves.toMatchObject({ sweep: { kind: 'NOTHING_READY' } });
    fleet.behaviour = () => 'accepts';
    fleet.heardOf.set('canary-2', fleet.clock);
    await expect(fleet.sweep()).resolves.toMatchObject({ sweep: { kind: 'STARTED', counter: 4 } });
    expect(fleet.runningEverywhere()).toEqual([4]);
    expect(fleet.table.crowned).toMatchObject({ counter: 4, modelPackageVersion: 2 });
  });

  test('case 51: where nobody ever hears of the device, six tries are enough, and a person is told of each', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.behaviour = (device, counter) => (device === 'canary-1' && counter > 1 ? 'is offline' : 'accepts');
    await fleet.rollOut(2);
    const start = fleet.clock;
    const waiting = () => [...fleet.table.releases.values()].find(({ status }) => status === 'READY');
    for (let release = waiting(); release; release = waiting()) {
      fleet.clock = Date.parse(release.awaits?.until ?? '');
      await fleet.sweep();
    }
    const told = fleet.events.map(({ detail }) => String(detail.reason));
    expect(told).toHaveLength(6);
    expect(told.slice(0, 5).every((reason) => reason.includes('It is tried again as surface-'))).toBe(true);
    expect(told[5]).toContain('Devices have been silent often enough: look at why.');
    expect(fleet.clock - start).toBeLessThan(14 * 24 * 3_600_000);
  });

  test('case 51: who dies on the way back has used up no try of the release', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.behaviour = (device, counter) => (device === 'canary-1' && counter > 1 ? 'is offline' : 'accepts');
    fleet.beforeStep = (step) => {
      if (step === 'RollBackWave') throw new Error('throttled');
    };
    const { error, cause } = await fleet.rollOut(2);
    expect([error, cause]).toEqual(['RollBackNotFinished', 'Too few devices answered to judge it.']);
    const ended = { executionArn: executionArnOf('execution-of-2'), status: 'FAILED', counter: 2 } as const;
    await expect(fleet.sweep(ended)).resolves.toMatchObject({ sweep: { kind: 'HELD' } });
    const release = fleet.table.releases.get(2);
    expect([release?.status, release?.attempts]).toEqual(['ROLLING_OUT', undefined]);
  });

  test('case 51: the first release ever waits for a silent device as well', async () => {
    const fleet = new Fleet([1]);
    fleet.behaviour = (device) => (device === 'canary-1' ? 'is offline' : 'accepts');
    await expect(fleet.rollOut(1)).resolves.toMatchObject({ error: 'NotRolledOut' });
    expect(fleet.table.releases.get(1)).toMatchObject({
      status: 'READY',
      awaits: { devices: ['canary-1'], enough: 1 },
    });
    fleet.behaviour = () => 'accepts';
    // Back, it follows the deployment of its group.
    fleet.running.set('canary-1', 1);
    fleet.heardOf.set('canary-1', fleet.clock + 1);
    await fleet.settle();
    expect(fleet.table.crowned).toMatchObject({ counter: 1 });
  });

  test('case 51: one device of ten is away: the rollout goes on without it, and its record names it', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.groups['kaizen-local-stable'] = Array.from({ length: 10 }, (_, index) => `stable-${index + 1}`);
    fleet.behaviour = (device) => (device === 'stable-7' ? 'is offline' : 'accepts');
    fleet.sketch = (_, device) => (device === 'stable-7' ? undefined : GOOD);
    const { status, output } = await fleet.rollOut(2);
    expect(status).toBe('SUCCEEDED');
    expect(output.notes).toEqual([
      'Wave stable goes on without 1 of 10 devices, which get the release when they can: stable-7. stable-7 has not answered the deployment.',
    ]);
    expect(fleet.table.releases.get(2)).toMatchObject({ status: 'IN_SERVICE', setAside: ['stable-7'] });
  });

  test('silence is no consent: without results the release goes back', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.sketch = (counter) => (counter === 2 ? undefined : GOOD);
    const { cause } = await fleet.rollOut(2);
    expect(cause).toContain('There was no decision within 120 s after the bake. The wave has sent 0 results');
  });

  test('results that come late are waited for', async () => {
    const fleet = new Fleet([1, 2], 1);
    const start = fleet.clock;
    fleet.sketch = () => (fleet.clock > start + 60_000 ? GOOD : { results: 10 });
    const { status, visited } = await fleet.rollOut(2);
    expect(status).toBe('SUCCEEDED');
    expect(visited).toContain('Wait for more results');
  });

  test('a first release that is bad is reported, and the devices keep it', async () => {
    const fleet = new Fleet([1]);
    fleet.sketch = () => ({ results: 1000, invalid: 600 });
    const { status, cause } = await fleet.rollOut(1);
    expect(status).toBe('FAILED');
    expect(cause).toContain('There is no previous release to go back to');
    // Nobody says that it was rolled back: the devices serve it.
    expect(cause).toMatch(/^Release surface-1 was not rolled out\./);
    expect(fleet.table.statuses()).toEqual({ 1: 'ABORTED' });
    expect(fleet.events).toEqual([]);
    expect(fleet.table.crowned).toBeUndefined();
    await expect(fleet.sweep()).resolves.toMatchObject({ sweep: { kind: 'NOTHING_READY' } });
  });

  test('a wave without devices is skipped with a note; whoever joins it later gets the release', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.groups['kaizen-local-canary'] = [];
    const { status, output } = await fleet.rollOut(2);
    expect(status).toBe('SUCCEEDED');
    expect(output.notes).toEqual([
      'Wave canary was skipped: thing group kaizen-local-canary has no devices to wait for.',
    ]);
    expect(fleet.deployments).toHaveLength(2);
  });

  test('with no device at all the release is in service all the same', async () => {
    const fleet = new Fleet([1]);
    for (const group of Object.keys(fleet.groups)) fleet.groups[group] = [];
    await expect(fleet.rollOut(1)).resolves.toMatchObject({ status: 'SUCCEEDED' });
  });

  test('case 33: the event came twice: the second execution ends without a step', async () => {
    const fleet = new Fleet([1, 2], 1);
    await fleet.rollOut(2);
    const before = fleet.deployments.length;
    const { status, visited } = await fleet.rollOut(2, 'the-other-one');
    expect(status).toBe('SUCCEEDED');
    expect(visited.at(-1)).toBe('Nothing to roll out');
    expect(fleet.deployments).toHaveLength(before);
    expect(fleet.events).toHaveLength(1);
  });

  test('case 6: a release older than what is deployed is not rolled out', async () => {
    const fleet = new Fleet([1, 2], 2);
    await expect(fleet.rollOut(1)).resolves.toMatchObject({ status: 'SUCCEEDED' });
    expect(fleet.deployments).toEqual([]);
    expect(fleet.table.releases.get(1)).toMatchObject({
      status: 'SUPERSEDED',
      reason: 'release 2 is newer and has been deployed',
    });
  });

  test('case 7: an expired release is not rolled out', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.clock = Date.parse('2027-03-01T00:00:00.000Z');
    await fleet.rollOut(2);
    expect(fleet.deployments).toEqual([]);
    expect(fleet.table.releases.get(2)?.reason).toContain('expired at');
  });

  test.each(['PlanRollout', 'DeployWave', 'CheckWave', 'JudgeWave', 'FinishRollout'])(
    'case 2: %s dies after its work, once or for minutes: it is done again, and nothing else changes',
    async (step) => {
      for (const times of [1, 25]) {
        const fleet = new Fleet([1, 2], 1);
        fleet.failing = { step, times };
        await expect(fleet.rollOut(2)).resolves.toMatchObject({ status: 'SUCCEEDED' });
        expect(fleet.runningEverywhere()).toEqual([2]);
        expect(fleet.deployments).toHaveLength(2);
        expect(fleet.table.crowned).toMatchObject({ counter: 2 });
      }
    },
  );

  test.each(['DeployWave', 'CheckWave', 'JudgeWave'])(
    'case 2: %s dies for ever: whatever it has touched goes back',
    async (step) => {
      const fleet = new Fleet([1, 2], 1);
      fleet.failing = { step, times: FOR_EVER };
      // The devices answer for the way back.
      if (step === 'CheckWave') fleet.failing = { step, times: 31 };
      const { status, error, cause } = await fleet.rollOut(2);
      expect({ status, error }).toEqual({ status: 'FAILED', error: 'RolledBack' });
      expect(cause).toContain(`A step failed: ${step} died`);
      expect(fleet.runningEverywhere()).not.toContain(2);
      expect(fleet.table.statuses()[2]).toBe('ROLLED_BACK');
      expect(fleet.table.held).toBeUndefined();
      // It had no part in that: approved as it is, it has another turn.
      fleet.failing = { step, times: 0 };
      await fleet.settle();
      expect(fleet.table.crowned).toMatchObject({ modelPackageVersion: 2 });
      expect(fleet.table.releases.get(2)?.reason).toContain('It is tried again as surface-');
    },
  );

  test('case 50: a release whose plan gives up is tried again, less and less often, and serves once it can be planned', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.failing = { step: 'PlanRollout', times: FOR_EVER };
    await expect(fleet.rollOut(2)).resolves.toMatchObject({ status: 'FAILED', error: 'NotRolledOut' });
    expect(fleet.table.statuses()[2]).toBe('READY');
    // In a day and a half.
    const sweeps = await fleet.settle();
    expect(sweeps.filter(({ kind }) => kind === 'STARTED')).toHaveLength(5);
    expect(fleet.table.releases.get(2)).toMatchObject({
      status: 'READY',
      reason: expect.stringContaining('A step failed: PlanRollout died'),
    });
    expect(fleet.events).toEqual([]);
    fleet.failing = { step: 'PlanRollout', times: 0 };
    await fleet.settle();
    expect(fleet.table.statuses()[2]).toBe('IN_SERVICE');
  });

  test('case 50: one whose plan recovers is in service', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.failing = { step: 'PlanRollout', times: 40 };
    await fleet.rollOut(2);
    await fleet.settle();
    expect(fleet.table.statuses()).toEqual({ 1: 'SUPERSEDED', 2: 'IN_SERVICE' });
  });

  test('an error that stays what it is is not tried again', async () => {
    const fleet = new Fleet([1, 2], 1);
    let plans = 0;
    fleet.beforeStep = (step) => {
      if (step !== 'PlanRollout') return;
      plans += 1;
      throw Object.assign(new Error('the recipe is too large'), { name: 'InvalidInputError' });
    };
    await expect(fleet.rollOut(2)).resolves.toMatchObject({ error: 'NotRolledOut' });
    expect(plans).toBe(1);
  });

  test.each(['RollBackWave', 'FinishRollout'])(
    'case 4, 50: a way back on which %s gives up is not said to be done, and the sweeper goes it to its end',
    async (step) => {
      const fleet = new Fleet([1, 2], 1);
      fleet.sketch = (counter) => ({ ...GOOD, invalid: counter === 2 ? 600 : 0 });
      fleet.beforeStep = (name) => {
        if (name === step) throw new Error('throttled');
      };
      const { error, visited } = await fleet.rollOut(2);
      expect(error).toBe('RollBackNotFinished');
      expect(visited.at(-1)).toBe('Roll-back not finished');
      expect(fleet.table.statuses()[2]).toBe('ROLLING_OUT');
      expect(fleet.events).toEqual([]);
      // Its last function may still be at work.
      await expect(fleet.sweep()).resolves.toMatchObject({ sweep: { kind: 'HELD' } });
      fleet.beforeStep = () => undefined;
      expect(await fleet.settle()).toEqual([
        { kind: 'HELD' },
        { kind: 'RESUMED', counter: 2, to: 'TAKE_BACK' },
        { kind: 'NOTHING_READY' },
      ]);
      expect(fleet.runningEverywhere().sort()).toEqual([1, 3]);
      expect(fleet.table.statuses()).toEqual({ 1: 'IN_SERVICE', 2: 'ROLLED_BACK', 3: 'IN_SERVICE' });
      expect(fleet.events.map(({ type }) => type)).toEqual(['Rollout Rolled Back']);
      expect(fleet.table.held).toBeUndefined();
    },
  );

  test('case 50: rolled back is said with the name of every device that is not', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.groups['kaizen-local-canary'] = ['canary-1', 'canary-2'];
    fleet.sketch = (counter) => ({ ...GOOD, invalid: counter === 2 ? 600 : 0 });
    // One cannot go back, the other is away: the first does not end the wait for the second.
    fleet.behaviour = (device, counter) =>
      counter !== 3 ? 'accepts' : device === 'canary-1' ? 'refuses' : 'is offline';
    const { cause, visited } = await fleet.rollOut(2);
    expect(visited).toContain('Wait for more devices to be back');
    expect(cause).toMatch(
      /60\.0 %.*Not every device is back; set aside: 2 of 2 devices.*canary-1 reports FAILED.*canary-2 has not answered/,
    );
    expect(fleet.table.releases.get(2)).toMatchObject({ setAside: ['canary-1', 'canary-2'] });
    expect(fleet.events[0]?.detail.setAside).toEqual(['canary-1', 'canary-2']);
  });

  test('case 50: an outcome that cannot be recorded is no success, and the sweeper records it', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.beforeStep = (step) => {
      if (step === 'FinishRollout') throw new Error('throttled');
    };
    const { error, visited } = await fleet.rollOut(2);
    expect(visited.at(-1)).toBe('Outcome not recorded');
    expect(error).toBe('InServiceNotRecorded');
    fleet.beforeStep = () => undefined;
    expect(await fleet.settle()).toContainEqual({ kind: 'RESUMED', counter: 2, to: 'COMPLETE' });
    expect(fleet.runningEverywhere()).toEqual([2]);
    expect(fleet.table.crowned).toMatchObject({ counter: 2 });
    expect(fleet.table.statuses()).toEqual({ 1: 'SUPERSEDED', 2: 'IN_SERVICE' });
    expect(fleet.events.map(({ type }) => type)).toEqual(['Rollout Completed']);
  });

  test('case 50: an approved release that waits behind one that is taken back has its turn, above what took it back', async () => {
    const fleet = new Fleet([1, 2, 3], 1);
    fleet.sketch = (counter) => ({ ...GOOD, invalid: counter === 2 ? 600 : 0 });
    await fleet.rollOut(2);
    expect(fleet.table.statuses()).toEqual({
      1: 'IN_SERVICE',
      2: 'ROLLED_BACK',
      3: 'SUPERSEDED',
      4: 'IN_SERVICE',
      5: 'READY',
    });
    expect(fleet.table.releases.get(3)?.reason).toBe('Released again as surface-5: a roll-back overtook it.');
    const again = await fleet.table.get(5);
    expect(again.release).toMatchObject({ counter: 5, modelPackageVersion: 3 });
    expect(again.release).not.toHaveProperty('rollbackOf');
    await fleet.settle();
    expect(fleet.runningEverywhere()).toEqual([5]);
    expect(fleet.table.crowned).toMatchObject({ counter: 5, modelPackageVersion: 3 });
  });

  test('case 50: what was approved before a first release that is bad has its turn, above it', async () => {
    const fleet = new Fleet([1, 2]);
    fleet.sketch = (counter) => ({ ...GOOD, invalid: counter === 2 ? 600 : 0 });
    await fleet.rollOut(2);
    expect(fleet.table.statuses()).toEqual({ 1: 'SUPERSEDED', 2: 'ABORTED', 3: 'READY' });
    await fleet.settle();
    expect(fleet.runningEverywhere()).toEqual([3]);
    expect(fleet.table.crowned).toMatchObject({ counter: 3, modelPackageVersion: 1 });
  });

  test('case 50: while nobody knows whether a newer release stays, an older one is not withdrawn', async () => {
    const fleet = new Fleet([1, 2, 3], 1);
    const holder = executionArnOf('holder');
    fleet.executions.set(holder, { status: 'RUNNING' });
    await fleet.table.claim(3, holder);
    await fleet.table.noteWave('canary', 3);
    const { visited } = await fleet.rollOut(2);
    expect(visited.at(-1)).toBe('Another rollout is running');
    expect(fleet.table.statuses()[2]).toBe('READY');
  });

  test('case 50: what was approved earlier does not replace what was approved later, whatever its counter', async () => {
    const fleet = new Fleet([1, 3], 3);
    fleet.table.releases.set(5, aStored(5, { approvedAs: 2 }));
    await fleet.rollOut(5);
    expect(fleet.deployments).toEqual([]);
    expect(fleet.table.releases.get(5)).toMatchObject({
      status: 'SUPERSEDED',
      reason: 'release 3 was approved later and is in service',
    });
  });

  test('[S9] turn after turn: two releases, one of them bad', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.sketch = (counter) => ({ ...GOOD, invalid: counter === 2 ? 600 : 0 });
    await fleet.rollOut(2);
    fleet.addRelease(4);
    await expect(fleet.rollOut(4)).resolves.toMatchObject({ status: 'SUCCEEDED' });
    expect(fleet.runningEverywhere()).toEqual([4]);
    expect(fleet.table.statuses()).toEqual({
      1: 'SUPERSEDED',
      2: 'ROLLED_BACK',
      3: 'SUPERSEDED',
      4: 'IN_SERVICE',
    });
  });
});

describe('[C10] one rollout at a time', () => {
  const holder = executionArnOf('holder');
  const aFailure = (reason: string) => ({
    executionArn: holder,
    reason,
    at: new Date('2026-03-01T10:00:00.000Z'),
    isFinal: true,
  });
  /** Release 2 is being rolled out by `holder`; whoever is named besides is ready. */
  const heldFleet = (...ready: number[]) => {
    const fleet = new Fleet([1, 2, ...ready], 1);
    fleet.executions.set(holder, { status: 'RUNNING' });
    void fleet.table.claim(2, holder);
    return fleet;
  };

  test('a release that waits for 30 days behind another costs less than 100 events', async () => {
    const fleet = heldFleet(3);
    const waiting = await fleet.rollOut(3);
    expect(waiting.visited.at(-1)).toBe('Another rollout is running');
    expect(fleet.table.statuses()[3]).toBe('READY');
    for (let hour = 0; hour < 30 * 24; hour++) {
      fleet.clock += 3_600_000;
      await expect(fleet.sweep()).resolves.toEqual({ sweep: { kind: 'HELD' }, walks: [] });
    }
    expect(waiting.events).toBeLessThan(100);
    fleet.executions.set(holder, { status: 'SUCCEEDED' });
    await fleet.table.end(2, holder, { status: 'IN_SERVICE' });
    await fleet.table.unlock(holder);
    const { sweep, walks } = await fleet.sweep();
    expect(sweep).toEqual({ kind: 'STARTED', counter: 3 });
    expect(walks[0]?.visited.at(-1)).toBe('In service everywhere');
  });

  test('two that wait have their turns in order, each woken by the end of the one before', async () => {
    const fleet = heldFleet(3, 4);
    await fleet.rollOut(4);
    await fleet.rollOut(3);
    fleet.executions.set(holder, { status: 'SUCCEEDED' });
    await fleet.table.end(2, holder, { status: 'IN_SERVICE' });
    await fleet.table.unlock(holder);
    const started: Sweep[] = [];
    for (let turn = 0; turn < 3; turn++) started.push((await fleet.sweep()).sweep);
    expect(started).toEqual([
      { kind: 'STARTED', counter: 3 },
      { kind: 'STARTED', counter: 4 },
      { kind: 'NOTHING_READY' },
    ]);
    expect(fleet.table.statuses()).toMatchObject({ 3: 'SUPERSEDED', 4: 'IN_SERVICE' });
  });

  test.each([
    ['PlanRollout', 'ABORTED'],
    ['DeployWave', 'ABORTED'],
    ['CheckWave', 'ROLLED_BACK'],
    ['JudgeWave', 'ROLLED_BACK'],
    // Every wave has been judged by then, but nobody says so.
    ['FinishRollout', 'ROLLED_BACK'],
  ])(
    'case 54: a rollout that is stopped before %s loses the use case within minutes, and leaves nothing half done',
    async (stoppedAt, status) => {
      const fleet = new Fleet([1, 2, 3], 1);
      fleet.beforeStep = (step, counter) => {
        if (step === stoppedAt && counter === 2) throw new StoppedExecution();
      };
      await expect(fleet.rollOut(2)).rejects.toThrow(StoppedExecution);
      fleet.beforeStep = () => undefined;
      const executionArn = executionArnOf('execution-of-2');
      expect(fleet.executions.get(executionArn)?.status).toBe('ABORTED');
      const stoppedAtTime = fleet.clock;
      await fleet.sweep({ executionArn, status: 'ABORTED', counter: 2 });
      const sweeps = await fleet.settle();
      expect(fleet.table.statuses()[2]).toBe(status);
      expect(fleet.table.releases.get(2)?.reason).toMatch(
        /ended as ABORTED before (its rollout did|it began)\./,
      );
      const freed = sweeps.findIndex(({ kind }) => kind !== 'HELD');
      expect((freed + 1) * SWEEP_MILLISECONDS).toBeLessThanOrEqual(15 * 60_000);
      expect(fleet.clock).toBeGreaterThan(stoppedAtTime);
      expect(fleet.table.held).toBeUndefined();
      expect(fleet.runningEverywhere()).not.toContain(2);
    },
  );

  test('case 54: stopped between claim and first wave, it makes way for a release that comes later', async () => {
    const fleet = heldFleet(3);
    fleet.executions.set(holder, { status: 'ABORTED' });
    const { visited } = await fleet.rollOut(3);
    expect(visited.at(-1)).toBe('Another rollout is running');
    await expect(fleet.sweep()).resolves.toMatchObject({ sweep: { kind: 'STARTED', counter: 3 } });
    expect(fleet.runningEverywhere()).toEqual([3]);
    expect(fleet.table.releases.get(2)).toMatchObject({
      status: 'ABORTED',
      reason: `${holder} ended as ABORTED before its rollout did.`,
    });
  });

  test.each<[string, Execution | undefined, string]>([
    ['failed', { status: 'FAILED' }, 'ROLLED_BACK'],
    ['is of a state machine that was deleted', undefined, 'ROLLED_BACK'],
    ['everybody promoted', { status: 'FAILED', error: 'InServiceNotRecorded' }, 'IN_SERVICE'],
  ])('case 50: a holder that %s holds nothing, and its wave is seen to', async (_, execution, status) => {
    const fleet = heldFleet();
    for (const { name, thingGroupArn } of WAVES) {
      await fleet.table.noteWave(name, 2);
      await fleet.deployBehind(thingGroupArn, 2);
    }
    if (execution) fleet.executions.set(holder, execution);
    else fleet.executions.delete(holder);
    await fleet.settle();
    expect(fleet.table.held).toBeUndefined();
    expect(fleet.table.statuses()[2]).toBe(status);
    expect(fleet.runningEverywhere()).toEqual([status === 'IN_SERVICE' ? 2 : 3]);
    expect(fleet.table.crowned?.counter).toBe(status === 'IN_SERVICE' ? 2 : 3);
  });

  test('case 50: a wave that has what nobody put into service is taken back', async () => {
    const fleet = new Fleet([1, 2], 1);
    await fleet.table.giveUp(2, aFailure('stopped by an older version of this application'));
    await fleet.table.noteWave('canary', 2);
    await fleet.deployBehind(WAVES[0]?.thingGroupArn ?? '', 2);
    expect((await fleet.settle())[0]).toEqual({ kind: 'RESUMED', counter: 2, to: 'TAKE_BACK' });
    expect(fleet.runningEverywhere().sort()).toEqual([1, 3]);
    expect(fleet.table.statuses()).toEqual({ 1: 'IN_SERVICE', 2: 'ROLLED_BACK', 3: 'IN_SERVICE' });
  });

  test('case 50: of two that finish what was left, the second finds nothing to do', async () => {
    const fleet = heldFleet();
    await fleet.table.noteWave('canary', 2);
    await fleet.deployBehind(WAVES[0]?.thingGroupArn ?? '', 2);
    const resume = { to: 'TAKE_BACK', after: holder, because: 'stopped' } as const;
    await expect(fleet.rollOut(2, 'one', { resume })).resolves.toMatchObject({ error: 'RolledBack' });
    const deployments = fleet.deployments.length;
    const { visited } = await fleet.rollOut(2, 'two', { resume });
    expect(visited.at(-1)).toBe('Nothing to roll out');
    expect(fleet.deployments).toHaveLength(deployments);
  });

  test('case 50: one that finishes is finished by the next, with the same intent', async () => {
    const fleet = heldFleet();
    for (const { name, thingGroupArn } of WAVES) {
      await fleet.table.noteWave(name, 2);
      await fleet.deployBehind(thingGroupArn, 2);
    }
    fleet.executions.set(holder, { status: 'FAILED', error: 'InServiceNotRecorded' });
    fleet.beforeStep = (step) => {
      if (step === 'FinishRollout') throw new StoppedExecution();
    };
    await expect(fleet.sweep()).rejects.toThrow(StoppedExecution);
    fleet.beforeStep = () => undefined;
    await fleet.settle();
    expect(fleet.table.statuses()[2]).toBe('IN_SERVICE');
    expect(fleet.runningEverywhere()).toEqual([2]);
  });

  test('a release whose execution fails before it claims anything is tried again with pauses, for as long as it takes', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.beforeStep = (step) => {
      if (step === 'PlanRollout') throw new Error('the table is away');
    };
    for (let turn = 1; turn <= 12; turn++) {
      await expect(fleet.rollOut(2, `turn-${turn}`)).resolves.toMatchObject({ status: 'FAILED' });
      const ended = { executionArn: executionArnOf(`turn-${turn}`), status: 'FAILED', counter: 2 } as const;
      // The event comes twice.
      for (let event = 0; event < 2; event++) {
        await expect(fleet.sweep(ended)).resolves.toMatchObject({ sweep: { kind: 'NOTHING_READY' } });
      }
      expect(fleet.table.releases.get(2)).toMatchObject({ status: 'READY', attempts: turn });
      fleet.clock = Math.max(fleet.clock, Date.parse(fleet.table.releases.get(2)?.retryAfter ?? ''));
    }
    fleet.beforeStep = () => undefined;
    await expect(fleet.sweep()).resolves.toMatchObject({ sweep: { kind: 'STARTED', counter: 2 } });
    expect(fleet.runningEverywhere()).toEqual([2]);
  });

  test('case 50: a release that is taken back for the cloud again and again says so, and is tried again', async () => {
    const fleet = new Fleet([1, 2], 1);
    Object.assign(fleet.table.releases.get(2) ?? {}, { attempts: 5 });
    fleet.beforeStep = (step, counter) => {
      if (step === 'JudgeWave' && counter === 2) throw new Error('throttled');
    };
    const { cause } = await fleet.rollOut(2);
    expect(cause).toContain('It is tried again as surface-4. It has failed 6 times: look at why.');
    expect(fleet.table.releases.get(4)).toMatchObject({ status: 'READY', attempts: 6 });
  });

  test('case 50: executions that fail beside each other are one failure', async () => {
    const fleet = new Fleet([1, 2], 1);
    fleet.beforeStep = (step) => {
      if (step === 'PlanRollout') throw new Error('the table is away');
    };
    const start = fleet.clock;
    for (const name of ['one', 'two', 'three']) {
      fleet.clock = start;
      await fleet.rollOut(2, name);
      await fleet.sweep({ executionArn: executionArnOf(name), status: 'FAILED', counter: 2 });
    }
    expect(fleet.table.releases.get(2)).toMatchObject({ status: 'READY', attempts: 1 });
    // Who stops one of them means the release.
    await fleet.sweep({ executionArn: executionArnOf('three'), status: 'ABORTED', counter: 2 });
    expect(fleet.table.statuses()[2]).toBe('ABORTED');
  });

  test('whoever wants an aborted release starts it again by hand', async () => {
    const fleet = new Fleet([1, 2], 1);
    await fleet.table.giveUp(2, aFailure('stopped'));
    await expect(fleet.sweep()).resolves.toMatchObject({ sweep: { kind: 'NOTHING_READY' } });
    await expect(fleet.rollOut(2, 'by-hand')).resolves.toMatchObject({ status: 'SUCCEEDED' });
    expect(fleet.table.statuses()[2]).toBe('IN_SERVICE');
  });

  test('an execution that has lost the use case deploys nothing, and takes nothing back', async () => {
    const fleet = new Fleet([1, 2, 3], 1);
    fleet.beforeStep = (step, counter) => {
      if (step !== 'DeployWave' || counter !== 2) return;
      fleet.table.held = { executionArn: 'another', counter: 3 };
      fleet.table.waves.set('canary', { counter: 3 });
    };
    const { cause } = await fleet.rollOut(2);
    expect(cause).toContain('the use case is held by another, not by');
    expect(fleet.deployments).toEqual([]);
    expect(fleet.table.waves.get('canary')).toEqual({ counter: 3 });
    expect(fleet.table.held).toEqual({ executionArn: 'another', counter: 3 });
  });

  test('whatever happens in whatever order: one holder at a time, and nothing waits for ever', async () => {
    const happening = fc.oneof(
      fc.record({ what: fc.constant('approve' as const) }),
      fc.record({ what: fc.constant('look' as const) }),
      fc.record({ what: fc.constant('stop' as const), at: fc.integer({ min: 0, max: 12 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(happening, { maxLength: 12 }), async (happenings) => {
        const fleet = new Fleet([1], 1);
        let last = 1;
        let stopAfter = Number.POSITIVE_INFINITY;
        fleet.beforeStep = () => {
          stopAfter -= 1;
          if (stopAfter < 0) {
            stopAfter = Number.POSITIVE_INFINITY;
            throw new StoppedExecution();
          }
        };
        const ignoreStop = (error: unknown) => {
          if (!(error instanceof StoppedExecution)) throw error;
        };
        for (const one of happenings) {
          if (one.what === 'stop') stopAfter = one.at;
          if (one.what === 'look') await fleet.sweep().catch(ignoreStop);
          if (one.what !== 'approve') continue;
          last += 1;
          fleet.addRelease(last);
          await fleet.rollOut(last).catch(ignoreStop);
        }
        stopAfter = Number.POSITIVE_INFINITY;
        await fleet.settle();
        expect(fleet.table.held).toBeUndefined();
        expect(Object.values(fleet.table.statuses())).not.toContain('READY');
        expect(Object.values(fleet.table.statuses())).not.toContain('ROLLING_OUT');
        // A wave that was taken back alone has the champion's files under another counter.
        for (const counter of fleet.runningEverywhere()) {
          expect((await fleet.table.get(counter)).release.modelPackageVersion).toBe(
            fleet.table.crowned?.modelPackageVersion,
          );
        }
      }),
      { numRuns: 60 },
    );
  });
});

test('a release that is made again differs from what it repeats in nothing but its identity', () => {
  const { release } = aStored(1);
  const claim = { counter: 3, claimedAt: '2026-03-01T10:00:00.000Z' };
  const { releaseId, counter, createdAt, expiresAt, ...rest } = composeAgain(release, claim, 30);
  expect({ releaseId, counter, createdAt, expiresAt }).toEqual({
    releaseId: 'surface-3',
    counter: 3,
    createdAt: '2026-03-01T10:00:00.000Z',
    expiresAt: '2026-03-31T10:00:00.000Z',
  });
  expect({ ...release, ...rest }).toEqual(release);
});
