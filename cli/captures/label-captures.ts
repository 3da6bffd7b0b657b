import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { ContractError, type Label, problemsOf } from '../../contracts';
import { DEFAULT_CONCURRENCY, mapConcurrently } from '../../lambda/shared/concurrency';
import { captureImageKey } from '../../lambda/telemetry/names';
import type { Clients } from '../shared/clients';
import { parseCsvRows } from '../shared/csv';
import type { KaizenEnvironment } from '../shared/environment';
import { InputError, refuse } from '../shared/errors';
import { listCaptures, readSidecar } from './captures';

export interface LabelRequest {
  readonly captureId: string;
  readonly label: string;
  /** Spares the search for the capture. */
  readonly deviceId?: string;
}

export interface LabelCapturesOptions {
  readonly labels: readonly LabelRequest[];
  /** Who says so: 1 to 128 characters. */
  readonly labelledBy: string;
  readonly now?: () => Date;
  /** Classes that may be given; a typing error would otherwise found a class. @default - any */
  readonly knownClasses?: readonly string[] | undefined;
  /** @default 32 */
  readonly concurrency?: number;
}

const MOST_PROBLEMS_SHOWN = 20;

function shortened(problems: readonly string[]): string[] {
  const rest = problems.length - MOST_PROBLEMS_SHOWN;
  return rest > 0 ? [...problems.slice(0, MOST_PROBLEMS_SHOWN), `and ${rest} more`] : [...problems];
}

function requestProblems(options: LabelCapturesOptions): string[] {
  const seen = new Set<string>();
  return options.labels.flatMap(({ captureId, label }) => {
    const problems: string[] = [];
    if (seen.has(captureId)) problems.push(`${captureId}: is labelled twice`);
    seen.add(captureId);
    if (options.knownClasses && !options.knownClasses.includes(label)) {
      problems.push(
        `${captureId}: class '${label}' is not one of ${options.knownClasses.join(', ')} (a new class needs --new-class)`,
      );
    }
    return problems;
  });
}

async function locate(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
  labels: readonly LabelRequest[],
): Promise<Map<string, string>> {
  const devices = new Map(
    labels.flatMap(({ captureId, deviceId }) => (deviceId ? [[captureId, deviceId]] : [])),
  );
  if (devices.size === labels.length) return devices;
  for (const { captureId, deviceId } of await listCaptures(clients, environment)) {
    if (!devices.has(captureId)) devices.set(captureId, deviceId);
  }
  return devices;
}

/** The item to write, or why it cannot be. */
async function labelOf(
  clients: Pick<Clients, 's3'>,
  environment: KaizenEnvironment,
  request: LabelRequest,
  deviceId: string | undefined,
  given: Pick<Label, 'labelledAt' | 'labelledBy'>,
): Promise<Label | string[]> {
  const { captureId } = request;
  const missing = [`${captureId}: there is no such capture`];
  if (deviceId === undefined) return missing;
  try {
    const capture = await readSidecar(clients, environment, { captureId, deviceId });
    if (!capture) return missing;
    // A suggestion is for who labels, and no part of a label.
    const { schemaVersion: _, frameId: __, bytes: ___, secondOpinion: ____, clock: _____, ...kept } = capture;
    const location = { captureId, deviceId };
    const label: Label = {
      ...kept,
      ...given,
      label: request.label,
      imageKey: captureImageKey(environment.useCase, location),
    };
    const problems = problemsOf('label', label);
    return problems.length > 0 ? problems.map((problem) => `${captureId}: ${problem}`) : label;
  } catch (error) {
    if (error instanceof ContractError) return error.problems.map((problem) => `${captureId}: ${problem}`);
    throw error;
  }
}

/**
 * Writes the true class of captures. Everything is checked before anything is written; a capture that has a label
 * gets the new one.
 * @returns the labels written
 * @throws InputError with every problem: unknown capture, broken sidecar, class that is none
 */
export async function labelCaptures(
  clients: Pick<Clients, 's3' | 'dynamoDb'>,
  environment: KaizenEnvironment,
  options: LabelCapturesOptions,
): Promise<Label[]> {
  refuse('labels refused', shortened(requestProblems(options)));
  const concurrency = options.concurrency ?? DEFAULT_CONCURRENCY;
  const devices = await locate(clients, environment, options.labels);
  const given = {
    labelledAt: (options.now?.() ?? new Date()).toISOString(),
    labelledBy: options.labelledBy,
  };
  const checked = await mapConcurrently(options.labels, concurrency, (request) =>
    labelOf(clients, environment, request, devices.get(request.captureId), given),
  );
  refuse('labels refused', shortened(checked.flatMap((entry) => (Array.isArray(entry) ? entry : []))));
  const labels = checked.filter((entry): entry is Label => !Array.isArray(entry));
  const TableName = environment.output('LabelTableName');
  await mapConcurrently(labels, concurrency, (label) =>
    clients.dynamoDb.send(new PutCommand({ TableName, Item: label })),
  );
  return labels;
}

export interface LabelFile {
  readonly labels: readonly LabelRequest[];
  /** Lines that name a capture and no class. */
  readonly open: number;
}

/**
 * CSV lines `captureId,class` or `captureId,class,deviceId`; a first line that begins with `captureId` is a header. A
 * line whose class is empty is left for later: who looks at a sheet decides what is clear, and a sheet that is half
 * filled in is the ordinary case.
 * @throws InputError with every line that has another shape, and when no line has a class
 */
export function parseLabelFile(text: string, name: string): LabelFile {
  const rows = parseCsvRows(text);
  if (typeof rows === 'string') throw new InputError(`${name}: ${rows}`);
  const problems: string[] = [];
  let open = 0;
  const labels = rows.flatMap(({ line, cells }, index): LabelRequest[] => {
    const [captureId = '', label = '', deviceId] = cells;
    if (index === 0 && captureId === 'captureId') return [];
    // A line without the comma is no sheet half filled in, but another kind of file.
    if (cells.length < 2 || cells.length > 3 || captureId === '') {
      problems.push(
        `line ${line}: must be captureId,class or captureId,class,deviceId, got '${cells.join(',')}'`,
      );
      return [];
    }
    if (label === '') {
      open++;
      return [];
    }
    return [{ captureId, label, ...(deviceId ? { deviceId } : {}) }];
  });
  if (labels.length === 0 && problems.length === 0) {
    problems.push(
      open === 0
        ? 'there is no label in it'
        : `there is no label in it: the class of ${open} captures is empty`,
    );
  }
  refuse(name, shortened(problems));
  return { labels, open };
}
