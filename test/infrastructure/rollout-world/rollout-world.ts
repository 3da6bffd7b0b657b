/**
 * The whole rollout in memory: the deployed functions' own handlers, the synthesized state machine, and a fleet, over fakes of
 * the services that they call. Every call may fail.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import type { PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { CreateDeploymentCommand } from '@aws-sdk/client-greengrassv2';
import type { ListThingsInThingGroupCommand } from '@aws-sdk/client-iot';
import { GetPublicKeyCommand } from '@aws-sdk/client-kms';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { Context } from 'aws-lambda';
import { prod as PROD } from '../../../config/prod';
import {
  modelComponentName,
  modelComponentVersion,
  packageClaimKey,
  ROLLOUT_LOCK_ITEM,
  releaseIdOf,
} from '../../../lambda/registry/names';
import type { ChampionItem, ReleaseStatus, WaveItem } from '../../../lambda/registry/release-items';
import { ReleaseTable } from '../../../lambda/registry/release-table';
import { handler as checkWave } from '../../../lambda/rollout/check-wave/handler';
import { handler as deployWave } from '../../../lambda/rollout/deploy-wave/handler';
import { handler as finishRollout } from '../../../lambda/rollout/finish-rollout/handler';
import { handler as judgeWave } from '../../../lambda/rollout/judge-wave/handler';
import { handler as planRollout } from '../../../lambda/rollout/plan-rollout/handler';
import { handler as rollBackWave } from '../../../lambda/rollout/roll-back-wave/handler';
import { handler as sweepRollouts } from '../../../lambda/rollout/sweep-rollouts/handler';
import { log } from '../../../lambda/shared/log';
import { sketchKey, toItemUpdate } from '../../../lambda/telemetry/sketch';
import { executionPrefix } from '../../../lambda/training/names';
import { aStored, aWave, INFERENCE } from '../../lambda/rollout/builders';
import { aSketch, SCOPE, seededRandom, USE_CASE } from '../../lambda/shared/builders';
import type { Definition } from '../rollout-machine';
import { type Service, withClients } from './client-routing';
import { type Call, type FaultPlan, KilledFunction, throttling, timeout } from './faults';
import { MemoryDynamo } from './memory-dynamo';
import { MemoryGreengrass, type Outcome } from './memory-greengrass';
import { MemoryStepFunctions, type RunningExecution } from './memory-step-functions';
import { VirtualClock, withClock } from './virtual-clock';

const START = Date.parse('2026-03-01T10:00:00.000Z');
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const SWEEP_EVERY_MINUTES = 5;
/** Lambda tries an event twice more (docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html). */
const TRIES_AGAIN_AFTER = [MINUTE, 2 * MINUTE];
/** Longer than every rollout of a run, one after the other, with its outages and eleven days of waiting for a device. */
const HORIZON = 60 * 24 * HOUR;
/** Nothing happens any more once nothing has for so long. */
const QUIET_FOR = 30 * MINUTE;
const WAVES = ['canary', 'stable'].map((name) =>
  aWave(name, { bakeSeconds: 600, installTimeoutSeconds: 1_800, decisionTimeoutSeconds: 1_800 }),
);
/** Until a device that has come back has what its group has. */
const LONGEST_INSTALLATION_MINUTES = 2;
const DEVICES = { 'kaizen-local-canary': 2, 'kaizen-local-stable': 3 } as const;
const MODEL_COMPONENT = modelComponentName(SCOPE);
const TABLES = {
  releases: ['useCase', 'item'],
  labels: ['useCase', 'captureId'],
  sketches: ['partition', 'window'],
  episodes: ['useCase', 'episodeId'],
  inventory: ['deviceId'],
} as const;

const ENVIRONMENT = {
  KAIZEN_ENVIRONMENT: SCOPE.environmentName,
  KAIZEN_USE_CASE: USE_CASE,
  RELEASE_TABLE: 'releases',
  LABEL_TABLE: 'labels',
  SKETCH_TABLE: 'sketches',
  EPISODE_TABLE: 'episodes',
  INVENTORY_TABLE: 'inventory',
  MODEL_BUCKET: 'models',
  SIGNING_KEY_ARN: 'arn:aws:kms:eu-central-1:000000000000:key/signing',
  RELEASE_LIFETIME_DAYS: '90',
  INFERENCE_COMPONENT_NAME: INFERENCE.name,
  INFERENCE_COMPONENT_VERSION: INFERENCE.version,
  DELIVER_RELEASE_URI: 's3://models/components/abc/deliver-release.cjs',
  DELIVER_RELEASE_SOURCE_URI: 's3://assets/deliver-release.cjs',
  ROLLOUT_STATE_MACHINE_ARN: 'arn:aws:states:eu-central-1:000000000000:stateMachine:kaizen-prod-rollout',
  ROLLOUT_WAVES: JSON.stringify(WAVES),
  DISPOSITION_POLICY: JSON.stringify(PROD.dispositionPolicy),
  UPLOAD_POLICY: JSON.stringify(PROD.device.upload),
  ROLLOUT_LIMITS: JSON.stringify({
    disagreement: 0.2,
    invalidRate: 0.02,
    latencyRatio: 1.5,
    accuracyDrop: 0.03,
  }),
};

const HANDLERS: Readonly<Record<string, (input: never, context: Context) => Promise<unknown>>> = {
  PlanRollout: planRollout,
  DeployWave: deployWave,
  CheckWave: checkWave,
  JudgeWave: judgeWave,
  RollBackWave: rollBackWave,
  FinishRollout: finishRollout,
  SweepRollouts: sweepRollouts,
};

/** What a model package is like in the field. */
export type Quality = 'good' | 'bad everywhere' | 'bad on stable' | 'refused';

/** A person approves a model package. */
export interface Approval {
  readonly afterMinutes: number;
  readonly quality: Quality;
}

export interface Scenario {
  readonly seed: number;
  readonly definition: Definition;
  /** Whether a release is in service everywhere before. */
  readonly hasChampion: boolean;
  readonly approvals: readonly Approval[];
  /** A device that is away, by name, from and until so many minutes after the start. */
  readonly away?: Readonly<Record<string, readonly [number, number]>>;
  readonly faults?: FaultPlan;
  /** @default 5, as deployed */
  readonly sweepEveryMinutes?: number;
  /** What becomes of an event on the bus. */
  readonly eventFault?: () => 'lost' | 'twice' | undefined;
  /** What a function answers instead: a rule of old put back. */
  readonly falsify?: (step: string, answer: unknown) => unknown;
}

/** Of the release table. */
export interface ReleaseRecord {
  readonly counter: number;
  readonly status: ReleaseStatus;
  readonly reason?: string;
  readonly silences?: number;
  readonly setAside?: readonly string[];
  readonly modelPackageVersion: number;
  readonly rollbackOf?: number;
}

/** What there is when nothing happens any more. */
export interface EndState {
  readonly settled: boolean;
  readonly releases: readonly ReleaseRecord[];
  readonly lock: object | undefined;
  readonly champion: ChampionItem | undefined;
  readonly waves: readonly { readonly name: string; readonly noted?: number; readonly deployed?: number }[];
  /** What each device runs. */
  readonly running: ReadonlyMap<string, number>;
  readonly awayForEver: readonly string[];
  readonly executions: readonly RunningExecution[];
  /** Model packages that were approved, with what they are like. */
  readonly qualities: ReadonlyMap<number, Quality>;
  /** Of events that say what was not so. */
  readonly untruths: readonly string[];
  readonly events: readonly { readonly type: string; readonly detail: Record<string, unknown> }[];
  readonly calls: readonly Call[];
  readonly deadLetters: number;
  readonly stops: number;
  /** For how many minutes an execution that had ended held the use case, at most. */
  readonly deadLockMinutes: number;
  /** Minutes from the start until nothing happened any more. */
  readonly minutes: number;
}

const RESULTS = 5_000;
const COUNTS = new Map<boolean, Readonly<Record<string, unknown>>>();

/** Attributes of an item of the sketch table but for its name, made once: thousands of installations have the same. */
function countsOf(isBad: boolean): Readonly<Record<string, unknown>> {
  const known = COUNTS.get(isBad);
  if (known) return known;
  const invalid = isBad ? RESULTS / 2 : 0;
  const { names, values } = toItemUpdate(
    aSketch({ results: RESULTS, invalid, shadow: { compared: 1_000, disagreed: 10 } }),
  );
  const counts = Object.fromEntries(
    Object.entries(names)
      .map(([placeholder, name]) => [name, values[placeholder.replace('#', ':')]])
      .filter(([, value]) => typeof value === 'number'),
  );
  COUNTS.set(isBad, counts);
  return counts;
}

interface Invocation {
  readonly step: string;
  readonly execution?: RunningExecution;
  calls: number;
  isDead: boolean;
}

/** One for all worlds: Node asks each that there is at every promise. */
const INVOCATION = new AsyncLocalStorage<Invocation>();

export class RolloutWorld {
  private readonly clock = new VirtualClock(START);
  private readonly random: () => number;
  private readonly dynamo = new MemoryDynamo(TABLES);
  private readonly greengrass: MemoryGreengrass;
  private readonly stepFunctions: MemoryStepFunctions;
  private readonly objects = new Set<string>(['models/components/abc/deliver-release.cjs']);
  private readonly running = new Map<string, number>();
  private readonly qualities = new Map<number, Quality>();
  private readonly packages = new Map<number, number>();
  private readonly events: { type: string; detail: Record<string, unknown> }[] = [];
  private readonly untruths: string[] = [];
  private readonly calls: Call[] = [];
  private awaited: number;
  private deadLetters = 0;
  private deadLockMinutes = 0;
  private stops = 0;
  private busyAt = START;
  private isSettled = false;

  private constructor(private readonly scenario: Scenario) {
    this.random = seededRandom(scenario.seed);
    this.awaited = scenario.approvals.length;
    this.greengrass = new MemoryGreengrass(MODEL_COMPONENT, {
      installationTime: (deviceId) => (this.isAway(deviceId) ? undefined : 5_000 + this.random() * 55_000),
      install: (deviceId, version) => this.install(deviceId, Number(version.split('.')[2])),
      after: (milliseconds, wake) => this.clock.after(milliseconds, wake),
    });
    this.stepFunctions = new MemoryStepFunctions({
      definition: scenario.definition,
      clock: this.clock,
      random: this.random,
      invoke: (step, input, execution) => this.invoke(step, input, execution),
      onEnd: (execution) => this.executionEnded(execution),
    });
  }

  /** Runs a scenario until nothing happens any more. */
  static async run(scenario: Scenario): Promise<EndState> {
    const world = new RolloutWorld(scenario);
    const before = { ...process.env };
    const level = log.getLevelName();
    Object.assign(process.env, ENVIRONMENT);
    // Thousands of rollouts tell nobody.
    log.setLogLevel('SILENT');
    try {
      return await withClock(world.clock, () =>
        withClients(
          (service, command) => world.route(service, command),
          () => world.live(),
        ),
      );
    } finally {
      log.setLogLevel(level);
      for (const name of Object.keys(ENVIRONMENT)) delete process.env[name];
      Object.assign(process.env, before);
    }
  }

  private async live(): Promise<EndState> {
    await this.begin();
    for (const [index, approval] of this.scenario.approvals.entries()) {
      this.clock.after(approval.afterMinutes * MINUTE, () => void this.approve(index + 2, approval.quality));
    }
    for (const [deviceId, [, until]] of Object.entries(this.scenario.away ?? {})) {
      this.clock.after(until * MINUTE, () => this.greengrass.returns(deviceId));
    }
    this.sweepBySchedule();
    this.watch();
    const settled = await this.clock.runUntil(() => this.isSettled, START + HORIZON);
    return this.endState(settled);
  }

  /** The fleet, with what is in service. */
  private async begin(): Promise<void> {
    for (const [group, count] of Object.entries(DEVICES)) {
      const name = group.split('-').at(-1);
      for (let index = 1; index <= count; index++) this.greengrass.addDevice(`${name}-${index}`, group);
    }
    this.greengrass.addVersion(INFERENCE.name, INFERENCE.version);
    if (!this.scenario.hasChampion) return;
    const counter = await this.addRelease(1, 'good');
    this.greengrass.addVersion(MODEL_COMPONENT, modelComponentVersion(counter));
    const { release, exportUri, modelUri } = await this.releaseTable().get(counter);
    const { modelPackageVersion } = release;
    const put = (item: string, attributes: object) =>
      this.dynamo.send(
        new PutCommand({ TableName: 'releases', Item: { useCase: USE_CASE, item, ...attributes } }),
      );
    put('champion', { counter, modelPackageVersion, exportUri, modelUri });
    const stored = this.item(`release#${String(counter).padStart(6, '0')}`);
    put(`release#${String(counter).padStart(6, '0')}`, { ...stored, status: 'IN_SERVICE' });
    for (const { name, thingGroupName, thingGroupArn } of WAVES) {
      put(`wave#${name}`, { counter });
      const components = {
        [INFERENCE.name]: { componentVersion: INFERENCE.version },
        [MODEL_COMPONENT]: { componentVersion: modelComponentVersion(counter) },
      };
      this.greengrass.send(new CreateDeploymentCommand({ targetArn: thingGroupArn, components }));
      for (const deviceId of this.greengrass.devicesOf(thingGroupName)) this.install(deviceId, counter);
    }
  }

  private releaseTable(): ReleaseTable {
    const client = { send: async (command: object) => this.dynamo.send(command) };
    return new ReleaseTable(client as unknown as DynamoDBDocumentClient, 'releases', USE_CASE);
  }

  private async addRelease(modelPackageVersion: number, quality: Quality): Promise<number> {
    this.qualities.set(modelPackageVersion, quality);
    const table = this.releaseTable();
    const now = new Date(this.clock.now).toISOString();
    const { counter } = await table.claimCounter(packageClaimKey(modelPackageVersion), now);
    const { release, ...stored } = aStored(counter);
    const folder = executionPrefix(String(modelPackageVersion));
    await table.add({
      ...stored,
      release: { ...release, modelPackageVersion },
      exportUri: `s3://models/${folder}export/`,
      modelUri: `s3://models/${folder}model.tar.gz`,
    });
    return counter;
  }

  /** As build-release does: the item, then the event. */
  private async approve(modelPackageVersion: number, quality: Quality): Promise<void> {
    const counter = await this.addRelease(modelPackageVersion, quality);
    this.awaited -= 1;
    const detail = { useCase: USE_CASE, counter, releaseId: releaseIdOf(USE_CASE, counter) };
    this.deliver(() => this.stepFunctions.start(JSON.stringify(detail)));
  }

  /** The bus may lose an event or bring it twice. */
  private deliver(receive: () => void): void {
    const fault = this.scenario.eventFault?.();
    if (fault === 'lost') return;
    receive();
    if (fault === 'twice') this.clock.after(this.random() * 2 * MINUTE, receive);
  }

  private executionEnded({ executionArn, status, input }: RunningExecution): void {
    this.deliver(() => void this.sweep({ executionArn, status, input }));
  }

  private sweepBySchedule(): void {
    this.clock.after((this.scenario.sweepEveryMinutes ?? SWEEP_EVERY_MINUTES) * MINUTE, () => {
      void this.sweep({});
      this.sweepBySchedule();
    });
  }

  private watch(): void {
    this.clock.after(MINUTE, () => {
      this.lookWhetherSettled();
      const lock = this.dynamo.items('releases').find(({ item }) => item === ROLLOUT_LOCK_ITEM);
      const holder = this.stepFunctions.executions.find(
        ({ executionArn }) => executionArn === lock?.executionArn,
      );
      if (holder?.stopDate) {
        const minutes = (this.clock.now - holder.stopDate.getTime()) / MINUTE;
        this.deadLockMinutes = Math.max(this.deadLockMinutes, minutes);
      }
      this.watch();
    });
  }

  private async sweep(detail: object): Promise<void> {
    for (const pause of [...TRIES_AGAIN_AFTER, undefined]) {
      try {
        await this.invoke('SweepRollouts', { detail });
        return;
      } catch {
        if (pause !== undefined) await this.clock.sleep(pause);
      }
    }
    this.deadLetters += 1;
  }

  private invoke(step: string, input: unknown, execution?: RunningExecution): Promise<unknown> {
    const handler = HANDLERS[step];
    if (!handler) throw new Error(`there is no function ${step}`);
    const started: Invocation = { step, calls: 0, isDead: false, ...(execution && { execution }) };
    const { falsify = (_: string, answer: unknown) => answer } = this.scenario;
    return INVOCATION.run(started, async () =>
      falsify(step, await handler(structuredClone(input) as never, {} as Context)),
    );
  }

  private async route(service: Service, command: object): Promise<object> {
    const invocation = INVOCATION.getStore();
    if (!invocation) return this.answer(service, command);
    const place = invocation.calls++;
    await this.clock.sleep(10 + this.random() * 190);
    if (invocation.isDead) throw new KilledFunction();
    const { step, execution } = invocation;
    const call: Call = {
      index: this.calls.length,
      step,
      place,
      command: command.constructor.name,
      at: this.clock.now,
    };
    this.calls.push(call);
    const fault = this.scenario.faults?.(call);
    if (fault === 'throttled') throw throttling();
    if (fault === 'stopped-before') this.stop(execution);
    if (fault === 'killed-before') throw this.kill(invocation);
    const answer = this.answer(service, command);
    if (fault === 'stopped-after') this.stop(execution);
    if (fault === 'killed-after') throw this.kill(invocation);
    if (fault === 'lost') throw timeout();
    return answer;
  }

  private kill(invocation: Invocation): Error {
    invocation.isDead = true;
    return new KilledFunction(`${invocation.step} was killed`);
  }

  private stop(execution: RunningExecution | undefined): void {
    if (execution?.status !== 'RUNNING') return;
    this.stops += 1;
    execution.stop();
  }

  private answer(service: Service, command: object): object {
    switch (service) {
      case 'dynamodb':
        this.hearOf(command);
        return this.dynamo.send(command);
      case 'greengrass':
        return this.greengrass.send(command);
      case 'states':
        return this.stepFunctions.send(command);
      case 'eventbridge':
        return this.putEvents(command as PutEventsCommand);
      case 's3':
        return this.object(command);
      case 'kms':
        return command instanceof GetPublicKeyCommand
          ? { PublicKey: Buffer.from('public key') }
          : { Signature: Buffer.from('signature') };
      case 'iot': {
        const { thingGroupName = '' } = (command as ListThingsInThingGroupCommand).input;
        return { things: this.greengrass.devicesOf(thingGroupName) };
      }
    }
  }

  /** A device that is there has sent its status within the last minute, whenever somebody asks. */
  private hearOf(command: object): void {
    if (!(command instanceof GetCommand) || command.input.TableName !== 'inventory') return;
    const deviceId = String(command.input.Key?.deviceId);
    if (this.isAway(deviceId)) return;
    const counter = this.running.get(deviceId);
    const Item = {
      deviceId,
      receivedAt: this.clock.now - MINUTE / 2,
      ...(counter !== undefined && { releaseId: releaseIdOf(USE_CASE, counter) }),
    };
    this.dynamo.send(new PutCommand({ TableName: 'inventory', Item }));
  }

  private object(command: object): object {
    if (command instanceof PutObjectCommand) {
      this.objects.add(`${command.input.Bucket}/${command.input.Key}`);
      return {};
    }
    if (
      command instanceof HeadObjectCommand &&
      this.objects.has(`${command.input.Bucket}/${command.input.Key}`)
    ) {
      return {};
    }
    throw new Error(`there is no such object, or nobody knows ${command.constructor.name}`);
  }

  private putEvents({ input }: PutEventsCommand): object {
    for (const { DetailType = '', Detail = '{}' } of input.Entries ?? []) {
      const detail = JSON.parse(Detail) as Record<string, unknown>;
      this.events.push({ type: DetailType, detail });
      if (DetailType !== 'Rollout Rolled Back') continue;
      const named = (detail.setAside ?? []) as string[];
      for (const [deviceId, counter] of this.running) {
        if (counter === detail.counter && !named.includes(deviceId)) {
          this.untruths.push(`${deviceId} serves ${detail.releaseId} while it is said to be rolled back`);
        }
      }
    }
    return { FailedEntryCount: 0 };
  }

  private isAway(deviceId: string): boolean {
    const [from, until] = this.scenario.away?.[deviceId] ?? [];
    if (from === undefined || until === undefined) return false;
    const minutes = (this.clock.now - START) / MINUTE;
    return minutes >= from && minutes < until;
  }

  /** Whether a device that is away is yet to follow its group again. */
  private isComingBack(): boolean {
    const minutes = (this.clock.now - START) / MINUTE;
    return Object.values(this.scenario.away ?? {}).some(
      ([, until]) => until < HORIZON / MINUTE && minutes < until + LONGEST_INSTALLATION_MINUTES,
    );
  }

  /** A device takes a release, says so, and works with it. */
  private install(deviceId: string, counter: number): Outcome {
    const modelPackageVersion = this.packageOf(counter);
    const quality = this.qualities.get(modelPackageVersion) ?? 'good';
    if (quality === 'refused') {
      return { status: 'FAILED', reason: 'ROLLBACK_COMPLETE' };
    }
    this.running.set(deviceId, counter);
    const releaseId = releaseIdOf(USE_CASE, counter);
    const status = { deviceId, releaseId, receivedAt: this.clock.now };
    this.dynamo.send(new PutCommand({ TableName: 'inventory', Item: status }));
    const isBad =
      quality === 'bad everywhere' || (quality === 'bad on stable' && deviceId.startsWith('stable'));
    const windowStart = `${new Date(this.clock.now).toISOString().slice(0, 13)}:00:00.000Z`;
    const sketched = { useCase: USE_CASE, releaseId, deviceId, windowStart };
    const Item = { ...sketchKey(sketched), ...sketched, ...countsOf(isBad) };
    this.dynamo.send(new PutCommand({ TableName: 'sketches', Item }));
    return { status: 'SUCCEEDED' };
  }

  private packageOf(counter: number): number {
    const known = this.packages.get(counter);
    if (known !== undefined) return known;
    const text = this.item(`release#${String(counter).padStart(6, '0')}`)?.release;
    const { modelPackageVersion } = JSON.parse(String(text)) as { modelPackageVersion: number };
    this.packages.set(counter, modelPackageVersion);
    return modelPackageVersion;
  }

  private item(name: string): Record<string, unknown> | undefined {
    const Key = { useCase: USE_CASE, item: name };
    return (
      this.dynamo.send(new GetCommand({ TableName: 'releases', Key })) as { Item?: Record<string, unknown> }
    ).Item;
  }

  private releases(): ReleaseRecord[] {
    const { Items } = this.dynamo.send(
      new QueryCommand({
        TableName: 'releases',
        KeyConditionExpression: 'useCase = :useCase AND begins_with(#item, :release)',
        ExpressionAttributeNames: { '#item': 'item' },
        ExpressionAttributeValues: { ':useCase': USE_CASE, ':release': 'release#' },
      }),
    ) as { Items: Record<string, unknown>[] };
    return Items.map(({ release, ...item }) => {
      const { counter, modelPackageVersion, rollbackOf } = JSON.parse(String(release));
      return { ...item, counter, modelPackageVersion, rollbackOf } as unknown as ReleaseRecord;
    });
  }

  private lookWhetherSettled(): void {
    const isBusy =
      this.awaited > 0 ||
      this.isComingBack() ||
      !this.stepFunctions.isIdle() ||
      this.dynamo
        .items('releases')
        .some(
          ({ item, status }) => item === ROLLOUT_LOCK_ITEM || status === 'READY' || status === 'ROLLING_OUT',
        );
    if (isBusy) this.busyAt = this.clock.now;
    this.isSettled = this.clock.now - this.busyAt >= QUIET_FOR;
  }

  private endState(settled: boolean): EndState {
    const waves = WAVES.map(({ name, thingGroupArn }) => {
      const noted = (this.item(`wave#${name}`) as WaveItem | undefined)?.counter;
      const version = this.greengrass.deployedVersion(thingGroupArn);
      return {
        name,
        ...(noted !== undefined && { noted }),
        ...(version !== undefined && { deployed: Number(version.split('.')[2]) }),
      };
    });
    return {
      settled,
      releases: this.releases(),
      lock: this.item(ROLLOUT_LOCK_ITEM),
      champion: this.item('champion') as ChampionItem | undefined,
      waves,
      running: this.running,
      awayForEver: Object.keys(this.scenario.away ?? {}).filter((deviceId) => this.isAway(deviceId)),
      executions: this.stepFunctions.executions,
      qualities: this.qualities,
      untruths: this.untruths,
      events: this.events,
      calls: this.calls,
      deadLetters: this.deadLetters,
      deadLockMinutes: this.deadLockMinutes,
      stops: this.stops,
      minutes: (this.busyAt - START) / MINUTE,
    };
  }
}
