import type { LatestAssessment } from '../lambda/monitoring/assessment-table';
import type { Evidence } from '../lambda/monitoring/episode';
import { evidenceInWords } from '../lambda/monitoring/in-words';
import { assessmentPartition, OPEN_EPISODE_ITEM } from '../lambda/monitoring/names';
import { CHAMPION_ITEM, counterOfItem, releaseIdOf, waveOfItem } from '../lambda/registry/names';
import { type Presence, presenceOf } from '../lambda/telemetry/device-presence';
import type { InventoryItem } from '../lambda/telemetry/inventory-table';
import type { Clients } from './shared/clients';
import { queryUseCase, scanTable } from './shared/dynamo';
import type { KaizenEnvironment } from './shared/environment';
import { formatTable } from './shared/table';

export interface ReleaseStatus {
  readonly counter: number;
  readonly componentVersion: string;
  readonly status: string;
  readonly reason?: string | undefined;
  /** Devices that its rollout went on without. */
  readonly setAside?: readonly string[];
}

export interface DeviceLine {
  readonly deviceId: string;
  readonly releaseId?: string | undefined;
  readonly healthy: boolean;
  readonly outboxRecords: number;
  readonly framesProcessed: number;
  /** Epoch milliseconds. */
  readonly receivedAt: number;
  readonly failing: readonly string[];
  /** Releases that the device does not try again, with the reason. */
  readonly quarantined: readonly string[];
  /** As the inventory has it. */
  readonly item: InventoryItem;
}

export interface SystemStatus {
  readonly useCase: string;
  /** Counter of the release in service everywhere. */
  readonly champion?: number | undefined;
  readonly releases: readonly ReleaseStatus[];
  readonly waves: readonly { readonly wave: string; readonly counter: number }[];
  readonly devices: readonly DeviceLine[];
  readonly episodes: readonly {
    readonly episodeId: string;
    readonly status: string;
    readonly openedAt: string;
    /** Why it was opened, and why it was closed. */
    readonly reasons: readonly string[];
  }[];
  /** What was last said of the release in service. */
  readonly assessment?: {
    readonly releaseId: string;
    readonly assessedAt: string;
    readonly sentences: readonly string[];
  };
}

type Item = Record<string, unknown>;

function releaseOf(item: Item, counter: number): ReleaseStatus {
  return {
    counter,
    componentVersion: String(item.componentVersion ?? ''),
    status: String(item.status),
    reason: item.reason === undefined ? undefined : String(item.reason),
    ...(Array.isArray(item.setAside) && { setAside: item.setAside.map(String) }),
  };
}

function deviceOf(item: Item): DeviceLine {
  const conditions = (item.conditions ?? []) as { name: string; ok: boolean; value: unknown }[];
  return {
    deviceId: String(item.deviceId),
    releaseId: item.releaseId === undefined ? undefined : String(item.releaseId),
    healthy: item.healthy === true,
    outboxRecords: Number(item.outboxRecords),
    framesProcessed: Number(item.framesProcessed),
    receivedAt: Number(item.receivedAt),
    failing: conditions.filter(({ ok }) => !ok).map(({ name, value }) => `${name}=${String(value)}`),
    quarantined: quarantinesOf(item as unknown as InventoryItem),
    item: item as unknown as InventoryItem,
  };
}

const quarantinesOf = ({ refusedReleases = [] }: InventoryItem): string[] =>
  refusedReleases
    .filter(({ quarantined }) => quarantined)
    .map(({ releaseId, releaseDigest, code, reason }) =>
      [`${releaseId ?? releaseDigest} quarantined`, code, reason].filter(Boolean).join(': '),
    );

function episodeOf(item: Item): SystemStatus['episodes'][number] {
  const { evidence, closedBecause } = item as { evidence?: Evidence; closedBecause?: string };
  return {
    episodeId: String(item.episodeId),
    status: String(item.status),
    openedAt: String(item.openedAt),
    reasons: [
      ...(evidence ? evidenceInWords(evidence) : []),
      ...(closedBecause ? [`Closed: ${closedBecause}.`] : []),
    ],
  };
}

/** Reads releases, waves, champion, episodes and devices. */
export async function readStatus(
  clients: Pick<Clients, 'dynamoDb'>,
  environment: KaizenEnvironment,
): Promise<SystemStatus> {
  const { useCase } = environment;
  const [items, episodes, assessments, inventory] = await Promise.all([
    queryUseCase(clients.dynamoDb, environment.output('ReleaseTableName'), useCase),
    queryUseCase(clients.dynamoDb, environment.output('EpisodeTableName'), useCase),
    queryUseCase(clients.dynamoDb, environment.output('EpisodeTableName'), assessmentPartition(useCase)),
    scanTable(clients.dynamoDb, environment.output('InventoryTableName')),
  ]);
  const champion = items.find((item) => item.item === CHAMPION_ITEM);
  const latest = (assessments as unknown as LatestAssessment[]).find(
    ({ releaseId }) => champion && releaseId === releaseIdOf(useCase, Number(champion.counter)),
  );
  return {
    useCase,
    champion: champion && Number(champion.counter),
    releases: items
      .flatMap((item) => {
        const counter = counterOfItem(String(item.item));
        return counter === undefined ? [] : releaseOf(item, counter);
      })
      .sort((x, y) => x.counter - y.counter),
    waves: items.flatMap((item) => {
      const wave = waveOfItem(String(item.item));
      return wave === undefined ? [] : { wave, counter: Number(item.counter) };
    }),
    devices: inventory
      .filter((item) => item.useCase === useCase)
      .map(deviceOf)
      .sort((x, y) => (x.deviceId < y.deviceId ? -1 : 1)),
    episodes: episodes.filter((item) => item.episodeId !== OPEN_EPISODE_ITEM).map(episodeOf),
    ...(latest && {
      assessment: {
        releaseId: latest.releaseId,
        assessedAt: latest.assessedAt,
        sentences: evidenceInWords(latest.evidence),
      },
    }),
  };
}

/** The status for programs: without the raw items of the tables, times in ISO. */
export function statusDocument({ devices, ...status }: SystemStatus, now: Date): object {
  return {
    ...status,
    devices: devices.map(({ item, receivedAt, ...device }) => ({
      ...device,
      presence: presenceOf(item, now.getTime()),
      receivedAt: new Date(receivedAt).toISOString(),
    })),
  };
}

function age(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 120) return `${seconds} s ago`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} min ago` : `${Math.round(seconds / 3600)} h ago`;
}

/** What is known of a device that says nothing more is no health. */
function healthOf({ healthy, failing, quarantined }: DeviceLine, presence: Presence): string {
  if (presence === 'silent' || presence === 'stopped') return presence;
  const health = healthy ? 'healthy' : `unhealthy: ${failing.join(', ')}`;
  return [presence === 'restarted' ? `${health} (restarted)` : health, ...quarantined].join('; ');
}

/** Whether the devices that a rollout went on without have caught up, and what they say of it where they have not. */
function caughtUp({ counter, setAside = [] }: ReleaseStatus, { useCase, devices }: SystemStatus): string[] {
  const releaseId = releaseIdOf(useCase, counter);
  const verdictOn = (deviceId: string): string => {
    const device = devices.find((one) => one.deviceId === deviceId);
    if (device?.releaseId === releaseId) return `${deviceId} has caught up`;
    const refusal = device?.item.refusedReleases?.find((refused) => refused.releaseId === releaseId);
    if (refusal) return `${deviceId} refused it: ${refusal.code}`;
    return `${deviceId} has ${device?.releaseId ?? 'no release'}`;
  };
  return setAside.length === 0 ? [] : [`Set aside: ${setAside.map(verdictOn).join(', ')}.`];
}

/** What came of asking for second opinions, since the component started; of devices that ask for any. */
const opinionsOf = ({ devices }: SystemStatus): string[][] =>
  devices.flatMap(({ deviceId, item }) =>
    (item.conditions ?? [])
      .filter(({ name }) => name === 'secondOpinions')
      .map(({ value }) => [deviceId, String(value)]),
  );

function driftLines({ assessment }: SystemStatus, now: Date): string[] {
  if (!assessment) return [];
  const { releaseId, assessedAt, sentences } = assessment;
  return [`Drift\n${releaseId}, ${age(now.getTime() - Date.parse(assessedAt))}: ${sentences.join(' ')}`];
}

/** The status as text for a terminal. */
export function formatStatus(status: SystemStatus, now: Date): string {
  const releases = status.releases.map((release) => [
    String(release.counter),
    release.componentVersion,
    release.counter === status.champion ? `${release.status} (champion)` : release.status,
    status.waves
      .filter(({ counter }) => counter === release.counter)
      .map(({ wave }) => wave)
      .join(', '),
    [release.reason ?? '', ...caughtUp(release, status)].filter(Boolean).join(' '),
  ]);
  const devices = status.devices.map((device) => [
    device.deviceId,
    device.releaseId ?? 'none',
    healthOf(device, presenceOf(device.item, now.getTime())),
    String(device.framesProcessed),
    String(device.outboxRecords),
    age(now.getTime() - device.receivedAt),
  ]);
  const episodes = status.episodes.map(({ episodeId, status: state, openedAt, reasons }) => [
    episodeId,
    state,
    openedAt,
    reasons.join(' '),
  ]);
  const opinions = opinionsOf(status);
  return [
    `Use case ${status.useCase}`,
    `Releases\n${formatTable(['counter', 'component', 'status', 'waves', 'reason'], releases)}`,
    `Devices\n${formatTable(['device', 'release', 'health', 'frames', 'outbox', 'seen'], devices)}`,
    ...(opinions.length > 0 ? [`Second opinions\n${formatTable(['device', 'frames'], opinions)}`] : []),
    ...driftLines(status, now),
    `Episodes\n${formatTable(['episode', 'status', 'opened', 'why'], episodes)}`,
  ].join('\n\n');
}
