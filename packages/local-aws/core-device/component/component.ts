/**
 * Drives one component through the life cycle of {@link TRANSITIONS}: one loop, one state at a time, one script at a
 * time. Requests from outside (stop, restart, reinstall, reported states) only leave a note and wake the loop.
 * Behaviour: `lifecyclemanager/GenericExternalService.java` and `Lifecycle.java`.
 */
import { accessSync, constants, existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { ComponentState } from '../../greengrass/deployment-document';
import {
  afterError,
  type ErrorHistory,
  type LifecycleEvent,
  transition,
  withError,
  withoutErrors,
} from './lifecycle-table';
import { LogFile } from './log-file';
import type { ProcessRegistry } from './process-registry';
import type { Lifecycle, LifecycleStep, StepName } from './recipe';
import { Script, type ScriptEnd } from './script';

/** What a deployment says about a component; changes only through {@link Component.restart} and reinstall. */
export interface ComponentDefinition {
  readonly name: string;
  readonly version: string;
  readonly lifecycle: Lifecycle;
  /** Components that must be up before this one starts. */
  readonly hardDependencies: readonly string[];
}

/** What a component needs of the device. */
export interface ComponentHost {
  readonly registry: ProcessRegistry;
  readonly workPath: string;
  readonly logPath: string;
  /** The environment before the recipe's Setenv. */
  readonly environment: Readonly<Record<string, string>>;
  readonly now: () => number;
  dependenciesReady(definition: ComponentDefinition): boolean;
  onStateChange(component: Component, from: ComponentState): void;
}

export interface StatusDetails {
  readonly statusCodes: readonly string[];
  readonly statusReason: string;
}

/** Seconds; `Lifecycle.java` DEFAULT_*_STAGE_TIMEOUT_IN_SEC. */
const DEFAULT_TIMEOUTS: Readonly<Record<'install' | 'startup' | 'shutdown' | 'recover', number>> = {
  install: 120,
  startup: 120,
  shutdown: 15,
  recover: 60,
};

type Wish = 'NONE' | 'RUN' | 'STOP' | 'RESTART' | 'REINSTALL';

function isOnPath(program: string, path: string): boolean {
  return path.split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** @throws Error for an expression that is neither `onpath x` nor `exists x` */
export function shouldSkip(expression: string | undefined, path: string): boolean {
  if (expression === undefined) return false;
  const match = /^(!)?\s*(onpath|exists)\s+(.+)$/.exec(expression.trim());
  if (!match)
    throw new Error(`invalid Skipif '${expression}': it must be 'onpath <program>' or 'exists <path>'`);
  const subject = (match[3] ?? '').trim();
  const found = match[2] === 'onpath' ? isOnPath(subject, path) : existsSync(subject);
  return found !== (match[1] === '!');
}

function describe(end: ScriptEnd): string {
  return end.signal === null ? `exit code ${end.exitCode}` : `ended by ${end.signal}`;
}

export class Component {
  private current: ComponentState = 'NEW';
  private cameFrom: ComponentState = 'NEW';
  private wish: Wish = 'NONE';
  private nextDefinition: ComponentDefinition | undefined;
  private errors: ErrorHistory = {};
  private details: StatusDetails | undefined;
  private reported: 'RUNNING' | 'ERRORED' | undefined;
  private script: { running: Script; step: StepName } | undefined;
  private wake: () => void = () => {};
  private woken: Promise<void> = Promise.resolve();
  private closing = false;
  private readonly log: LogFile;
  private readonly loop: Promise<void>;

  constructor(
    private definition: ComponentDefinition,
    private readonly host: ComponentHost,
  ) {
    this.log = new LogFile(host.logPath);
    this.rearm();
    this.loop = this.drive();
  }

  get name(): string {
    return this.definition.name;
  }
  get version(): string {
    return (this.nextDefinition ?? this.definition).version;
  }
  get state(): ComponentState {
    return this.current;
  }
  get statusDetails(): StatusDetails | undefined {
    return this.details;
  }
  get hardDependencies(): readonly string[] {
    return (this.nextDefinition ?? this.definition).hardDependencies;
  }

  /** Up, with nothing asked of it that is not done. */
  get settled(): boolean {
    if (this.current === 'FINISHED') return this.wish === 'NONE';
    return this.current === 'RUNNING' && (this.wish === 'RUN' || this.wish === 'NONE');
  }
  get broken(): boolean {
    return this.current === 'BROKEN' && this.wish !== 'REINSTALL';
  }

  start(): void {
    this.want('RUN');
  }
  restart(definition: ComponentDefinition = this.definition): void {
    this.nextDefinition = definition;
    this.want(this.current === 'BROKEN' || this.wish === 'REINSTALL' ? 'REINSTALL' : 'RESTART');
  }
  reinstall(definition: ComponentDefinition = this.definition): void {
    this.nextDefinition = definition;
    this.want('REINSTALL');
  }

  /** Stops it for good; resolves when nothing of it runs. */
  async close(): Promise<void> {
    this.closing = true;
    this.want('STOP');
    await this.loop;
    this.log.close();
  }

  /** What the component says about itself by UpdateState; ignored where the nucleus ignores it. */
  report(state: 'RUNNING' | 'ERRORED'): void {
    if (this.current !== 'STARTING' && this.current !== 'RUNNING') return;
    this.reported = state;
    this.nudge();
  }

  /** Something outside changed, e.g. a dependency. */
  nudge(): void {
    const { wake } = this;
    this.rearm();
    wake();
  }

  private rearm(): void {
    this.woken = new Promise((resolve) => {
      this.wake = resolve;
    });
  }

  private wants(...wishes: readonly Wish[]): boolean {
    return wishes.includes(this.wish);
  }

  private want(wish: Wish): void {
    this.wish = wish;
    this.nudge();
  }

  private move(event: LifecycleEvent): void {
    this.errors = withoutErrors(this.errors, this.current);
    this.details = undefined;
    this.enter(transition(this.current, event));
  }

  private enter(state: ComponentState): void {
    const from = this.current;
    this.cameFrom = from;
    this.current = state;
    this.log.write(`-- ${new Date(this.host.now()).toISOString()} ${this.version} ${from} -> ${state}\n`);
    this.host.onStateChange(this, from);
  }

  private fail(code: string, reason: string): void {
    this.details = { statusCodes: [code], statusReason: reason };
    this.log.write(`-- ${code}: ${reason}\n`);
    const { history, next } = withError(this.errors, this.current, this.host.now());
    this.errors = history;
    this.enter(next);
  }

  private async drive(): Promise<void> {
    for (;;) {
      const { woken } = this;
      const stopped = this.current === 'FINISHED' || this.current === 'BROKEN';
      if (this.closing && stopped) return;
      if (!(await this.act())) await woken;
    }
  }

  /** Acts on the current state; false when there is nothing to do until somebody nudges. */
  private async act(): Promise<boolean> {
    switch (this.current) {
      case 'NEW':
        return this.whenNew();
      case 'INSTALLED':
        return this.whenInstalled();
      case 'STARTING':
        await this.whenStarting();
        return true;
      case 'RUNNING':
        await this.whenRunning();
        return true;
      case 'STOPPING':
        await this.whenStopping();
        return true;
      case 'ERRORED':
        await this.whenErrored();
        return true;
      case 'BROKEN':
        return this.whenBroken();
      case 'FINISHED':
        return this.whenFinished();
    }
  }

  private adoptDefinition(): void {
    this.definition = this.nextDefinition ?? this.definition;
    this.nextDefinition = undefined;
    if (this.wish !== 'STOP') this.wish = 'RUN';
  }

  private async whenNew(): Promise<boolean> {
    if (this.wish === 'NONE') return false;
    if (this.wish === 'STOP') this.move('stopRequested');
    else {
      this.adoptDefinition();
      // Not before: another component that is started first does not find it, as with the nucleus.
      mkdirSync(this.host.workPath, { recursive: true });
      const problem = await this.runToEnd('install');
      if (this.wants('REINSTALL', 'STOP')) return true; // interrupted: look at the wish again
      if (problem) this.fail(problem.code, problem.reason);
      else this.move('installed');
    }
    return true;
  }

  private whenInstalled(): boolean {
    if (this.wish === 'STOP') this.move('stopRequested');
    else if (this.wish === 'REINSTALL') this.move('reinstallRequested');
    else {
      if (this.wish === 'RESTART') this.adoptDefinition();
      if (!this.host.dependenciesReady(this.definition)) return false;
      this.move('dependenciesReady');
    }
    return true;
  }

  private async whenStarting(): Promise<void> {
    this.reported = undefined;
    const startup = this.definition.lifecycle.steps.startup;
    if (!startup) {
      this.startRun();
      return;
    }
    const script = this.launch('startup', startup);
    if (script === 'invalid') return;
    if (script === 'skipped') {
      this.move('started');
      return;
    }
    const seconds = startup.timeoutSeconds ?? DEFAULT_TIMEOUTS.startup;
    const deadline = this.deadline(seconds);
    let outcome: ScriptEnd | 'deadline' | undefined;
    for (;;) {
      const { woken } = this;
      if (this.leaveIfInterrupted()) break;
      if (this.reported === 'ERRORED') this.fail('STARTUP_ERROR', 'the component reported ERRORED');
      else if (this.reported === 'RUNNING') this.move('started');
      else if (outcome === 'deadline') this.fail('STARTUP_TIMEOUT', `startup took longer than ${seconds} s`);
      else if (outcome?.exitCode === 0) this.move('started');
      else if (outcome) this.fail('STARTUP_ERROR', `startup: ${describe(outcome)}`);
      else {
        outcome = (await Promise.race([script.ended, deadline.reached, woken])) ?? undefined;
        continue;
      }
      break;
    }
    deadline.cancel();
  }

  private startRun(): void {
    const run = this.definition.lifecycle.steps.run;
    if (run) {
      if (this.launch('run', run) !== 'invalid') this.move('started');
      return;
    }
    if (this.wish === 'RUN') this.wish = 'NONE';
    this.move('nothingToRun');
  }

  private async whenRunning(): Promise<void> {
    const script = this.script;
    const seconds = script?.step === 'run' ? this.definition.lifecycle.steps.run?.timeoutSeconds : undefined;
    const deadline = seconds === undefined ? undefined : this.deadline(seconds);
    // A startup script that ended well has nothing more to say.
    let watched: ReadonlyArray<Promise<ScriptEnd | 'deadline'>> = script ? [script.running.ended] : [];
    if (deadline) watched = [...watched, deadline.reached];
    let outcome: ScriptEnd | 'deadline' | undefined;
    for (;;) {
      const { woken } = this;
      if (this.leaveIfInterrupted()) break;
      if (this.reported === 'ERRORED') this.fail('RUN_ERROR', 'the component reported ERRORED');
      else if (outcome === 'deadline') this.fail('RUN_TIMEOUT', `run took longer than ${seconds} s`);
      else if (outcome && outcome.exitCode !== 0)
        this.fail('RUN_ERROR', `${script?.step}: ${describe(outcome)}`);
      else if (outcome && script?.step === 'run') {
        this.wish = 'STOP'; // run ended well: the nucleus requests the stop itself
        this.move('stopRequested');
      } else {
        if (outcome) watched = [];
        outcome = (await Promise.race([...watched, woken])) ?? undefined;
        continue;
      }
      break;
    }
    deadline?.cancel();
  }

  /** Leaves STARTING or RUNNING when somebody wants something else or a dependency went away. */
  private leaveIfInterrupted(): boolean {
    if (this.wish === 'STOP' || this.wish === 'RESTART' || this.wish === 'REINSTALL') {
      this.move('stopRequested');
      return true;
    }
    if (this.host.dependenciesReady(this.definition)) return false;
    this.move('dependencyLost');
    return true;
  }

  private async whenStopping(): Promise<void> {
    const problem = await this.shutDown();
    if (problem?.code === 'SHUTDOWN_TIMEOUT') this.fail(problem.code, problem.reason);
    else if (this.wish === 'STOP') {
      this.wish = 'NONE';
      this.move('stopped');
    } else this.move(this.wish === 'REINSTALL' ? 'stoppedForReinstall' : 'stoppedForRestart');
  }

  private async whenErrored(): Promise<void> {
    const { cameFrom } = this;
    if (this.definition.lifecycle.steps.recover) await this.runToEnd('recover');
    if (this.wish === 'NONE') this.wish = 'RUN';
    this.enter(afterError(cameFrom));
  }

  private async whenBroken(): Promise<boolean> {
    if (this.script) {
      await this.shutDown();
      return true;
    }
    if (this.wish !== 'REINSTALL') return false;
    this.errors = {};
    this.move('reinstallRequested');
    return true;
  }

  private whenFinished(): boolean {
    if (this.wish === 'NONE' || this.wish === 'STOP') return false;
    this.move(this.wish === 'REINSTALL' ? 'reinstallRequested' : 'startRequested');
    return true;
  }

  private async shutDown(): Promise<{ code: string; reason: string } | undefined> {
    const problem = await this.runToEnd('shutdown');
    await this.script?.running.stop();
    this.script = undefined;
    return problem;
  }

  /** Runs a step that must end by itself; undefined when it ended well or does not exist. */
  private async runToEnd(
    name: 'install' | 'shutdown' | 'recover',
  ): Promise<{ code: string; reason: string } | undefined> {
    const step = this.definition.lifecycle.steps[name];
    if (!step) return undefined;
    const code = name.toUpperCase();
    let script: Script | undefined;
    try {
      script = this.open(step);
    } catch (error) {
      return { code: `${code}_CONFIG_NOT_VALID`, reason: (error as Error).message };
    }
    if (!script) return undefined;
    const seconds = step.timeoutSeconds ?? DEFAULT_TIMEOUTS[name];
    const deadline = this.deadline(seconds);
    const endings: Array<Promise<ScriptEnd | 'deadline' | 'interrupted'>> = [script.ended, deadline.reached];
    if (name === 'install') endings.push(this.interrupted());
    const outcome = await Promise.race(endings);
    deadline.cancel();
    await script.stop(typeof outcome === 'string' ? undefined : 0);
    if (outcome === 'interrupted') return undefined;
    if (outcome === 'deadline')
      return { code: `${code}_TIMEOUT`, reason: `${name} took longer than ${seconds} s` };
    return outcome.exitCode === 0
      ? undefined
      : { code: `${code}_ERROR`, reason: `${name}: ${describe(outcome)}` };
  }

  private async interrupted(): Promise<'interrupted'> {
    while (this.wish === 'RUN') await this.woken;
    return 'interrupted';
  }

  /** Starts the process that the component is. 'invalid' has already failed the component. */
  private launch(name: 'startup' | 'run', step: LifecycleStep): Script | 'skipped' | 'invalid' {
    try {
      const running = this.open(step);
      this.script = running && { running, step: name };
      return running ?? 'skipped';
    } catch (error) {
      this.fail(`${name.toUpperCase()}_CONFIG_NOT_VALID`, (error as Error).message);
      return 'invalid';
    }
  }

  private open(step: LifecycleStep): Script | undefined {
    const env = { ...this.host.environment, ...this.definition.lifecycle.setenv, ...step.setenv };
    if (shouldSkip(step.skipIf, env.PATH ?? '')) return undefined;
    return new Script(this.host.registry, step.script, { cwd: this.host.workPath, env }, this.log);
  }

  private deadline(seconds: number): { reached: Promise<'deadline'>; cancel(): void } {
    let timer: NodeJS.Timeout | undefined;
    const reached = new Promise<'deadline'>((resolve) => {
      timer = setTimeout(() => resolve('deadline'), seconds * 1000);
    });
    return { reached, cancel: () => clearTimeout(timer) };
  }
}
