import { type ChildProcess, spawn } from 'node:child_process';
import { basename } from 'node:path';
import { createInterface, type Interface } from 'node:readline';

interface Waiting {
  resolve(answer: string): void;
  reject(error: Error): void;
}

/** A program that answers each line of JSON with one, so that its start is not measured. One request at a time. */
export class JsonLinesProgram {
  private readonly child: ChildProcess;
  private readonly lines: Interface;
  private readonly name: string;
  private waiting: Waiting | undefined;
  private errors = '';

  /** @param parameters the program's file first */
  constructor(interpreter: string, parameters: readonly string[]) {
    this.name = basename(parameters[0] ?? interpreter);
    this.child = spawn(interpreter, parameters, { stdio: ['pipe', 'pipe', 'pipe'] });
    this.lines = createInterface({ input: this.child.stdout as NodeJS.ReadableStream });
    this.lines.on('line', (line) => this.settle((waiting) => waiting.resolve(line)));
    this.child.stderr?.on('data', (chunk) => {
      this.errors += chunk;
    });
    this.child.on('close', (code) => {
      const error = new Error(`${this.name} ended with ${code}: ${this.errors.slice(-2000)}`);
      this.settle((waiting) => waiting.reject(error));
    });
  }

  /** @throws Error when the program has ended, or ends instead of answering */
  async request(body: object): Promise<Record<string, unknown>> {
    if (this.child.exitCode !== null) throw new Error(`${this.name} has ended: ${this.errors.slice(-2000)}`);
    const answer = new Promise<string>((resolve, reject) => {
      this.waiting = { resolve, reject };
    });
    this.child.stdin?.write(`${JSON.stringify(body)}\n`);
    return JSON.parse(await answer) as Record<string, unknown>;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      if (this.child.exitCode !== null) return resolve();
      this.child.once('close', () => resolve());
      this.child.stdin?.end();
    });
  }

  private settle(action: (waiting: Waiting) => void): void {
    const { waiting } = this;
    this.waiting = undefined;
    if (waiting) action(waiting);
  }
}

/** Ends the program when `action` is over. */
export async function whileRunning<Program extends JsonLinesProgram, Result>(
  program: Program,
  action: (program: Program) => Promise<Result>,
): Promise<Result> {
  try {
    return await action(program);
  } finally {
    await program.close();
  }
}
