/**
 * Thresholds moved at run time, by a person, within what was signed: what that would have cost, who it was and why, and the
 * way to the devices, which is that of their configuration.
 */
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { Label, OperatingPointConfiguration, Release } from '../../contracts';
import { type AskedThresholds, operatingPointProblems } from '../../contracts/operating-point';
import { LabelTable } from '../../lambda/dataset/label-table';
import { inferenceComponentName } from '../../lambda/device/names';
import { counterOf } from '../../lambda/registry/names';
import { OperatingPointTable } from '../../lambda/registry/operating-point-table';
import { outcomeAt, type PointOutcome } from '../../lambda/registry/point-outcome';
import { ReleaseTable } from '../../lambda/registry/release-table';
import { RolloutTable } from '../../lambda/rollout/rollout-table';
import { WaveDeployer } from '../../lambda/rollout/wave-deployer';
import { requireNoRollout, thingGroupArn } from '../device/configure-devices';
import { WAVES, type Wave, waveGroupOutput } from '../device/device-folder';
import { waveOf } from '../device/lift-quarantine';
import { checkThingName } from '../device/provision-device';
import type { Clients } from '../shared/clients';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError } from '../shared/errors';
import { formatTable } from '../shared/table';

/** Whose thresholds are moved. */
export type PointTarget = { readonly device: string } | { readonly wave: Wave } | 'all';

export interface MoveRequest {
  readonly target: PointTarget;
  /** Empty: those of the release again. */
  readonly thresholds: AskedThresholds;
  readonly why: string;
  /** So many of the last labelled parts tell the cost. @default 500 */
  readonly last?: number;
}

/** A move as it can be made, and what it would have done. */
export interface MovePlan extends MoveRequest {
  readonly release: Release;
  readonly waves: readonly Wave[];
  readonly before: Release['thresholds'];
  readonly after: Release['thresholds'];
  readonly outcome: { readonly before: PointOutcome; readonly after: PointOutcome };
}

export interface Moved {
  readonly by: string;
  readonly at: string;
  readonly deployments: Readonly<Record<string, string>>;
}

type MovingClients = Pick<Clients, 'dynamoDb' | 'greengrass' | 'iot' | 'sts'>;

const DEFAULT_LAST = 500;
const LONGEST_WHY = 500;

const nameOf = (target: PointTarget): string =>
  target === 'all' ? 'all' : 'device' in target ? `device ${target.device}` : target.wave;

/** @throws InputError with all that is wrong with the request, or with what stands in its way */
export async function planMove(
  clients: MovingClients,
  environment: KaizenEnvironment,
  request: MoveRequest,
): Promise<MovePlan> {
  const { thresholds, why, target } = request;
  if (why.trim() === '' || why.length > LONGEST_WHY) {
    throw new InputError(`--why: must be 1 to ${LONGEST_WHY} characters, got ${why.length}`);
  }
  if (target !== 'all' && 'device' in target) checkThingName(target.device);
  await requireNoRollout(clients, environment);
  const tables = tablesOf(clients, environment);
  const waves = await wavesOf(clients, environment, tables, target);
  const release = await releaseOf(tables, waves);
  const problems = operatingPointProblems(thresholds, release);
  if (problems.length > 0)
    throw new InputError(problems.map((problem) => `--threshold ${problem}`).join('\n'));
  const policy = release.dispositionPolicy;
  if (!policy?.operatingRange) throw new InputError(`${release.releaseId} lets nobody move a threshold`);
  const before = withPoint(release, await pointInForce(tables, target, waves));
  const after = withPoint(release, { modelPackageVersion: release.modelPackageVersion, thresholds });
  const parts = await lastParts(tables, release, request.last ?? DEFAULT_LAST);
  const outcome = { before: outcomeAt(parts, before, policy), after: outcomeAt(parts, after, policy) };
  return { ...request, release, waves, before, after, outcome };
}

/** Writes down who moves what and why, then tells the devices. */
export async function makeMove(
  clients: MovingClients,
  environment: KaizenEnvironment,
  { release, waves, target, thresholds, why, before, outcome }: MovePlan,
  now: Date,
): Promise<Moved> {
  const by = (await clients.sts.send(new GetCallerIdentityCommand({}))).Arn ?? 'unknown';
  const at = now.toISOString();
  const { points } = tablesOf(clients, environment);
  const point = { modelPackageVersion: release.modelPackageVersion, thresholds: [...thresholds], at };
  const move = { ...point, by, why, target: nameOf(target), releaseId: release.releaseId, before, outcome };
  await points.putMove(move);
  const whose = target !== 'all' && 'device' in target ? target.device : '*';
  const deployments: Record<string, string> = {};
  for (const wave of waves) {
    const group = await thingGroupArn(clients, environment.output(waveGroupOutput(wave)));
    deployments[wave] = await new WaveDeployer(clients.greengrass).configure(
      group,
      inferenceComponentName(environment.scope),
      { operatingPoints: { [environment.useCase]: { [whose]: point } } },
      `operating point of ${move.target}`,
    );
    await points.putCurrent(whose === '*' ? wave : nameOf(target), point);
    await points.putMove({ ...move, deployments });
  }
  return { by, at, deployments };
}

interface Tables {
  readonly releases: ReleaseTable;
  readonly rollouts: RolloutTable;
  readonly points: OperatingPointTable;
  readonly labels: LabelTable;
  readonly useCase: string;
}

function tablesOf({ dynamoDb }: Pick<Clients, 'dynamoDb'>, environment: KaizenEnvironment): Tables {
  const { useCase } = environment;
  const releaseTable = [dynamoDb, environment.output('ReleaseTableName'), useCase] as const;
  return {
    releases: new ReleaseTable(...releaseTable),
    rollouts: new RolloutTable(...releaseTable),
    points: new OperatingPointTable(...releaseTable),
    labels: new LabelTable(dynamoDb, environment.output('LabelTableName'), useCase),
    useCase,
  };
}

/** Waves whose devices are told; of all, those that a release was ever deployed to. */
async function wavesOf(
  clients: MovingClients,
  environment: KaizenEnvironment,
  { rollouts }: Tables,
  target: PointTarget,
): Promise<Wave[]> {
  if (target !== 'all' && 'wave' in target) return [target.wave];
  if (target !== 'all') {
    const group = await waveOf(clients.iot, environment, target.device);
    return WAVES.filter((wave) => environment.output(waveGroupOutput(wave)) === group.name);
  }
  const served = await Promise.all(WAVES.map((wave) => rollouts.wave(wave)));
  return WAVES.filter((_, index) => served[index] !== undefined);
}

/** @throws InputError when nothing is in service there, or two models are */
async function releaseOf({ releases, rollouts }: Tables, waves: readonly Wave[]): Promise<Release> {
  const found: Release[] = [];
  for (const wave of waves) {
    const item = await rollouts.wave(wave);
    if (!item) throw new InputError(`no release was ever deployed to ${wave}`);
    found.push((await releases.get(item.counter)).release);
  }
  const [release] = found;
  if (!release) throw new InputError('no release was ever deployed: there is no threshold to move');
  const models = new Set(found.map(({ modelPackageVersion }) => modelPackageVersion));
  if (models.size > 1) {
    const said = found.map(({ releaseId }, index) => `${waves[index]} has ${releaseId}`).join(', ');
    throw new InputError(`--all: the waves serve different models (${said}): name one with --group`);
  }
  return release;
}

/** As the device decides it: of its own and its wave's the later one. */
async function pointInForce(
  { points }: Tables,
  target: PointTarget,
  waves: readonly Wave[],
): Promise<OperatingPointConfiguration | undefined> {
  const names = [...(target !== 'all' && 'device' in target ? [nameOf(target)] : []), ...waves];
  const given = (await Promise.all(names.map((name) => points.current(name)))).flatMap((one) => one ?? []);
  return given.sort((one, other) => Date.parse(other.at) - Date.parse(one.at))[0];
}

function withPoint(
  { thresholds, modelPackageVersion }: Release,
  point: Omit<OperatingPointConfiguration, 'at'> | undefined,
): Release['thresholds'] {
  if (point?.modelPackageVersion !== modelPackageVersion) return thresholds;
  return {
    ...thresholds,
    ...Object.fromEntries(point.thresholds.map((one) => [one.class, one.threshold])),
  };
}

/** Labels of parts that this model has answered, under whichever counter; the latest ones. */
async function lastParts(
  { labels, releases, useCase }: Tables,
  { modelPackageVersion }: Release,
  last: number,
): Promise<Label[]> {
  const all = await labels.read();
  const models = new Map<string, number | undefined>();
  for (const releaseId of new Set(all.map((label) => label.releaseId))) {
    const counter = counterOf(useCase, releaseId);
    const stored = counter === undefined ? undefined : await releases.find(counter);
    models.set(releaseId, stored?.release.modelPackageVersion);
  }
  return all
    .filter(({ releaseId }) => models.get(releaseId) === modelPackageVersion)
    .sort((one, other) => Date.parse(other.capturedAt) - Date.parse(one.capturedAt))
    .slice(0, last);
}

const TELLING_DEFECTS = 30;

/** For a terminal. */
export function formatPlan({ release, target, waves, before, after, outcome, thresholds }: MovePlan): string {
  const bounds = Object.entries(release.dispositionPolicy?.operatingRange?.bounds ?? {});
  const rows = bounds.map(([name, { lowest, highest }]) => [
    name,
    String(release.thresholds[name]),
    String(before[name]),
    String(after[name]),
    `${lowest} to ${highest}`,
  ]);
  const going = thresholds.length === 0 ? ', back to its own thresholds' : '';
  return [
    `${release.releaseId} (model ${release.modelPackageVersion}) on ${nameOf(target)}, wave ${waves.join(' and ')}${going}`,
    formatTable(['class', 'release', 'now', 'asked', 'may be'], rows),
    '',
    formatOutcome(outcome),
  ].join('\n');
}

function formatOutcome({ before, after }: MovePlan['outcome']): string {
  const { goods, defects } = before;
  if (goods + defects === 0) return 'No labelled part of this model: nobody can say what it would have cost.';
  const cost = ({ costPerThousand }: PointOutcome): string => costPerThousand?.toFixed(1) ?? 'unknown';
  const rows = [
    ['escapes', String(before.escapes), String(after.escapes)],
    ['false rejects', String(before.falseRejects), String(after.falseRejects)],
    ['review', String(before.reviews), String(after.reviews)],
    ['cost per 1,000 parts', cost(before), cost(after)],
  ];
  const few =
    defects < TELLING_DEFECTS
      ? [`Only ${defects} defective parts are among them: that says little about escapes.`]
      : [];
  return [
    `On the last ${goods + defects} labelled parts of this model, ${defects} of them defective, it would have been:`,
    formatTable(['', 'now', 'asked'], rows),
    ...few,
  ].join('\n');
}

/** For a terminal. */
export const formatMoved = ({ by, at, deployments }: Moved): string =>
  [
    `Written down at ${at} as moved by ${by}.`,
    ...Object.entries(deployments).map(([wave, id]) => `Deployment ${id} tells ${wave}.`),
    'kaizen status says what a device refuses; the same command with --own goes back.',
  ].join('\n');
