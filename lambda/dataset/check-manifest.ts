/** What a manifest must fulfil without looking at the images. Pure. */
import { type DatasetItem, problemsOf } from '../../contracts';
import { IMAGE_PREFIX } from './names';
import { placeOf, type Split } from './split';

/** Line 0 is the manifest as a whole. */
export interface Problem {
  readonly line: number;
  readonly problem: string;
}

export interface CheckedItem {
  readonly line: number;
  readonly item: DatasetItem & { readonly split: Split };
}

/** A report of more would not be read, and a file of another kind has a problem in every line. */
export const MOST_PROBLEMS = 1_000;
const LEAST_CLASSES = 2;

interface FirstOfGroup {
  readonly line: number;
  readonly split: Split;
}

interface FirstUse extends FirstOfGroup {
  readonly label: string;
}

/** Takes the lines of a manifest one by one and keeps what rules between lines need. */
export class ManifestChecker {
  readonly items: CheckedItem[] = [];
  readonly problems: Problem[] = [];
  private readonly ids = new Map<string, number>();
  private readonly groups = new Map<string, FirstOfGroup>();
  private readonly digests = new Map<string, FirstUse>();

  /** Whether looking on is useless. */
  get isFull(): boolean {
    return this.problems.length >= MOST_PROBLEMS;
  }

  /** @param line counted from 1; empty lines may be left out */
  add(line: number, text: string): void {
    if (this.isFull) return;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      this.report(line, `not JSON: ${(error as Error).message}`);
      return;
    }
    const problems = problemsOf('dataset-item', value);
    for (const problem of problems) this.report(line, problem);
    if (problems.length === 0) this.addItem(line, value as DatasetItem);
  }

  /** Rules on the whole, once every line is in. */
  finish(): void {
    if (this.problems.length > 0) return;
    if (this.items.length === 0) this.report(0, 'the manifest has no line');
    else if (this.classes().length < LEAST_CLASSES) {
      this.report(0, `label: at least ${LEAST_CLASSES} classes are needed, got ${this.classes().join(', ')}`);
    }
  }

  classes(): string[] {
    return [...new Set(this.items.map(({ item }) => item.label))].sort();
  }

  report(line: number, problem: string): void {
    if (!this.isFull) this.problems.push({ line, problem });
  }

  private addItem(line: number, item: DatasetItem): void {
    const before = this.problems.length;
    const split = placeOf(item);
    if (item.split !== undefined && !item.splitGiven) {
      this.report(
        line,
        `split: must be absent, the gate assigns it, unless splitGiven is true, got '${item.split}'`,
      );
    }
    if (!item.key.startsWith(IMAGE_PREFIX)) {
      this.report(line, `key: must start with '${IMAGE_PREFIX}', got '${item.key}'`);
    }
    const twin = this.ids.get(item.id);
    if (twin !== undefined) this.report(line, `id: '${item.id}' is used in line ${twin}`);
    this.ids.set(item.id, twin ?? line);
    this.checkGroup(line, item.groupId, split);
    this.checkSameImage(line, item, split);
    if (this.problems.length === before) this.items.push({ line, item: { ...item, split } });
  }

  /** Only a split that was given can differ from that of the group's other items. */
  private checkGroup(line: number, groupId: string, split: Split): void {
    const first = this.groups.get(groupId);
    if (!first) this.groups.set(groupId, { line, split });
    else if (first.split !== split) {
      this.report(
        line,
        `split: the group '${groupId}' is in ${first.split} in line ${first.line}, here in ${split}`,
      );
    }
  }

  /** The same picture in two splits would let the model be tested on what it has learnt. */
  private checkSameImage(line: number, item: DatasetItem, split: Split): void {
    const first = this.digests.get(item.sha256);
    if (!first) {
      this.digests.set(item.sha256, { line, split, label: item.label });
      return;
    }
    if (first.split !== split) {
      this.report(
        line,
        `sha256: the image of line ${first.line} again, there in ${first.split}, here in ${split}: give both the same groupId`,
      );
    }
    if (first.label !== item.label) {
      this.report(
        line,
        `label: the image of line ${first.line} again, there '${first.label}', here '${item.label}'`,
      );
    }
  }
}
