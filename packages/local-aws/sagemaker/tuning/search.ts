/** What to try next: Optuna, in a Python process beside the service. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { JsonObject } from '../json';

/** Answers one after the other: which value comes next depends on those before. */
export interface Search {
  /** @returns hyperparameter -> value as text. @throws Error InternalServerError when the search has broken down */
  ask(trial: number): Promise<Record<string, string>>;
  /** @param value result of the trial; undefined when it failed */
  tell(trial: number, value: number | undefined): void;
  close(): void;
}

export interface SearchSettings {
  readonly strategy: string;
  readonly goal: string;
  readonly seed: number;
  readonly trials: number;
  /** `ParameterRanges` of the request. */
  readonly ranges: JsonObject;
}

export type StartSearch = (settings: SearchSettings) => Search;

const PROGRAM = join(__dirname, 'search.py');
const LINES_KEPT = 5;

class OptunaSearch implements Search {
  private readonly child: ChildProcess;
  private readonly said: string[] = [];
  private readonly waiting = new Map<number, (parameters: Record<string, string>) => void>();
  private readonly ended: Promise<never>;

  constructor(python: string, settings: SearchSettings) {
    this.child = spawn(python, [PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
    const { child } = this;
    this.ended = new Promise((_, reject) => {
      child.once('error', (error) => reject(new Error(`InternalServerError: ${error.message}`)));
      child.once('close', () =>
        reject(new Error(`InternalServerError: the search ended: ${this.said.join('\n')}`)),
      );
    });
    // Whoever asks hears of it; when nobody does, nobody needs to.
    this.ended.catch(() => undefined);
    child.stdin?.on('error', () => undefined);
    if (child.stderr) {
      createInterface({ input: child.stderr }).on('line', (line) => {
        this.said.push(line);
        if (this.said.length > LINES_KEPT) this.said.shift();
      });
    }
    if (child.stdout) createInterface({ input: child.stdout }).on('line', (line) => this.answered(line));
    this.write(settings);
  }

  ask(trial: number): Promise<Record<string, string>> {
    const answer = new Promise<Record<string, string>>((resolve) => this.waiting.set(trial, resolve));
    this.write({ ask: trial });
    return Promise.race([answer, this.ended]);
  }

  tell(trial: number, value: number | undefined): void {
    this.write({ tell: trial, value: value ?? null });
  }

  close(): void {
    this.child.stdin?.end();
  }

  private answered(line: string): void {
    const { trial, parameters } = JSON.parse(line) as { trial: number; parameters: Record<string, string> };
    this.waiting.get(trial)?.(parameters);
    this.waiting.delete(trial);
  }

  private write(message: object): void {
    this.child.stdin?.write(`${JSON.stringify(message)}\n`);
  }
}

/** @param python interpreter that has Optuna */
export const optunaSearch =
  (python: string): StartSearch =>
  (settings) =>
    new OptunaSearch(python, settings);
