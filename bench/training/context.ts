/** What the training benchmarks share: one Python program with a prepared dataset. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { virtualEnvironmentPython } from '../../scripts/repository';
import { JsonLinesProgram } from '../json-lines-program';
import type { SuiteContext } from '../suite';

const PROGRAM = join(__dirname, '..', 'python', 'training_rounds.py');

/** One timed piece of work of training_rounds.py. */
export interface Round {
  readonly seconds: number;
  /** Training images that went through the network. */
  readonly images: number;
  /** Processor time / time / processors. */
  readonly cores: number;
}

export class TrainingContext implements SuiteContext {
  readonly python = virtualEnvironmentPython();
  readonly folder = mkdtempSync(join(tmpdir(), 'kaizen-bench-training-'));
  private program: JsonLinesProgram | undefined;

  static async prepare(): Promise<TrainingContext> {
    return new TrainingContext();
  }

  async round(what: 'script' | 'plain' | 'export' | 'libraries'): Promise<Round> {
    return (await this.request(what)) as unknown as Round;
  }

  /** The folder that the Prepare step's code has written. */
  async prepared(): Promise<string> {
    return (await this.request('prepare')).folder as string;
  }

  private request(what: string): Promise<Record<string, unknown>> {
    this.program ??= new JsonLinesProgram(this.python, [PROGRAM, '--work', this.folder]);
    return this.program.request({ do: what });
  }

  async close(): Promise<void> {
    await this.program?.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}
