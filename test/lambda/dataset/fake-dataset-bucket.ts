import { createHash } from 'node:crypto';
import type { DatasetItem } from '../../../contracts';
import type { AcceptManifestPorts } from '../../../lambda/dataset/accept-manifest/accept-manifest';
import type { Problem } from '../../../lambda/dataset/check-manifest';
import type { CurrentDataset } from '../../../lambda/dataset/current-dataset';
import { linesOf } from '../../../lambda/dataset/lines';
import { CURRENT_KEY, imageKey, incomingKey } from '../../../lambda/dataset/names';

export const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

async function* chunksOf(text: string): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  // Chunks end in the middle of lines, and of characters.
  for (let start = 0; start < bytes.length; start += 7) yield bytes.subarray(start, start + 7);
}

/** The dataset bucket in memory, with a clock that a test moves. */
export class FakeDatasetBucket implements AcceptManifestPorts {
  readonly name = 'dataset';
  readonly objects = new Map<string, { readonly body: string; readonly at: Date }>();
  readonly events: (CurrentDataset | { readonly manifest: string; readonly problems: number })[] = [];
  clock = new Date('2026-03-01T10:00:00.000Z');
  reads = 0;
  /** Keys in the order of writing. */
  readonly writes: string[] = [];

  now(): Date {
    return this.clock;
  }

  tick(seconds = 60): void {
    this.clock = new Date(this.clock.getTime() + seconds * 1000);
  }

  async put(key: string, body: string): Promise<void> {
    this.writes.push(key);
    this.objects.set(key, { body, at: this.clock });
  }

  async openManifest(key: string) {
    const found = this.objects.get(key);
    if (!found) throw Object.assign(new Error(key), { name: 'NoSuchKey' });
    return { lines: linesOf(chunksOf(found.body)), lastModified: found.at };
  }

  async digest(key: string): Promise<string | undefined> {
    this.reads += 1;
    const found = this.objects.get(key);
    return found && sha256Of(found.body);
  }

  async exists(key: string): Promise<boolean> {
    return this.objects.has(key);
  }

  async currentDataset(): Promise<CurrentDataset | undefined> {
    const found = this.objects.get(CURRENT_KEY);
    return found && (JSON.parse(found.body) as CurrentDataset);
  }

  async accepted(dataset: CurrentDataset): Promise<void> {
    this.events.push(dataset);
  }

  async rejected(manifest: string, _report: string, problems: readonly Problem[]): Promise<void> {
    this.events.push({ manifest, problems: problems.length });
  }

  /** Puts an image and answers its line. */
  anItem(id: string, overrides: Partial<DatasetItem> = {}, picture = `picture of ${id}`): DatasetItem {
    const sha256 = sha256Of(picture);
    const key = imageKey(sha256);
    this.objects.set(key, { body: picture, at: this.clock });
    return {
      id,
      groupId: id,
      key,
      sha256,
      label: 'good',
      origin: 'rendered',
      capturedAt: '2026-02-01T00:00:00.000Z',
      ...overrides,
    };
  }

  /** Puts an incoming manifest and answers its key. */
  upload(name: string, lines: readonly (object | string)[]): string {
    const body = lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join('');
    const key = incomingKey(name);
    this.objects.set(key, { body, at: this.clock });
    return key;
  }

  /** Keys and bodies, to show that nothing has changed. */
  snapshot(): string {
    return JSON.stringify([...this.objects]);
  }
}
