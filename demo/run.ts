import { join } from 'node:path';
import type { DemoConsole } from './console';
import type { DemoSettings } from './settings';
import type { WorkDirectory } from './work-directory';

/** What one run of the demo is given. */
export interface DemoRun {
  readonly settings: DemoSettings;
  /** At least one, each once. */
  readonly environmentNames: readonly string[];
  readonly work: WorkDirectory;
  readonly console: DemoConsole;
  /** Aborted by Ctrl-C, and by the crash of any part with that part's last lines as the reason. */
  readonly abort: AbortController;
}

/** What the loop of one environment is given: the run's own, or a share of it where several environments run. */
export interface LoopRun extends Pick<DemoRun, 'settings' | 'console' | 'abort'> {
  readonly environmentName: string;
  /** Where its report goes. */
  readonly reportFolder: string;
  /** Folder for what this run makes anew. */
  readonly runFolder: string;
}

/**
 * A loop for each environment. One alone has the run for itself. Several share its processors and its account: each
 * gets a part of the frame rate, devices with names of its own (a thing's name is unique in an account), a folder of its
 * own, and a console that says whose line it is.
 */
export function loopRunsOf(run: DemoRun): LoopRun[] {
  const { settings, environmentNames, work, console, abort } = run;
  if (environmentNames.length === 1) {
    const environmentName = environmentNames[0] as string;
    return [{ settings, console, abort, environmentName, reportFolder: work.path, runFolder: work.run }];
  }
  return environmentNames.map((environmentName) => ({
    settings: {
      ...settings,
      framesPerSecond: settings.framesPerSecond / environmentNames.length,
      devices: {
        canary: settings.devices.canary.map((device) => `${environmentName}-${device}`),
        stable: settings.devices.stable.map((device) => `${environmentName}-${device}`),
      },
    },
    console: console.speakingFor(environmentName),
    abort,
    environmentName,
    reportFolder: join(work.path, environmentName),
    runFolder: join(work.run, environmentName),
  }));
}
