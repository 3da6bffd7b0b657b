import type { LocalAws } from '@kaizen-edge/local-aws';
import type { KaizenEnvironment } from '../cli/shared/environment';
import type { AppConfig } from '../contracts';
import type { AlarmWatch } from './alarms/alarm-watch';
import type { DemoClients } from './clients';
import type { DemoConsole } from './console';
import type { Device } from './devices';
import type { InspectionLine } from './inspection-line/inspection-line';
import type { Labeller } from './labeller';
import type { MemorySampler } from './memory-sampler';
import type { Observations } from './observations';
import type { RenderedFolders } from './render';
import type { ReportData } from './report/report-data';
import type { DemoSettings } from './settings';
import type { TurnLog } from './turns';

/** Something that happened, for the timeline of the report. */
export type DemoEvent = ReportData['events'][number];

/** A span of time that the report gives an accuracy for. Times in milliseconds since the epoch. */
export interface Span {
  readonly label: string;
  readonly from: number;
  readonly until: number;
  /** @default - all devices */
  readonly deviceIds?: readonly string[] | undefined;
  /** The one that decided. @default - any */
  readonly releaseId?: string | undefined;
}

/** What the phases share once the local AWS, the fleet and the line are up. */
export interface DemoContext {
  readonly settings: DemoSettings;
  /** What is deployed, but for the name. */
  readonly config: AppConfig;
  readonly console: DemoConsole;
  readonly signal: AbortSignal;
  /** Folder of this run. */
  readonly directory: string;
  readonly aws: LocalAws;
  readonly clients: DemoClients;
  readonly environment: KaizenEnvironment;
  readonly images: RenderedFolders;
  readonly devices: readonly Device[];
  readonly line: InspectionLine;
  readonly labeller: Labeller;
  readonly alarms: AlarmWatch;
  readonly observations: Observations;
  readonly memory: MemorySampler;
  // What the phases leave for the report.
  readonly events: DemoEvent[];
  readonly spans: Span[];
  readonly rollouts: Array<ReportData['rollouts'][number]>;
  readonly models: Array<ReportData['models'][number]>;
  readonly turns: readonly TurnLog[];
  readonly outage: { deviceId: string; from: number; until: number };
}

/** What it takes to train, release and roll out, whoever asks for it. */
export type LoopContext = Pick<
  DemoContext,
  'clients' | 'environment' | 'console' | 'signal' | 'events' | 'rollouts' | 'models'
>;

/** @param at milliseconds since the epoch */
export function note(
  context: Pick<DemoContext, 'events' | 'console'>,
  kind: DemoEvent['kind'],
  what: string,
  at = Date.now(),
): void {
  context.events.push({ at, what, kind });
  context.console.line(`  ${what}`);
}

/** Keeps a span from `from` until now. */
export function keepSpan(
  context: Pick<DemoContext, 'spans'>,
  label: string,
  from: number,
  of: Pick<Span, 'deviceIds' | 'releaseId'> = {},
): void {
  context.spans.push({ label, from, until: Date.now(), ...of });
}
