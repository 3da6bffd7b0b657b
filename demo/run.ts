import type { DemoConsole } from './console';
import type { DemoSettings } from './settings';
import type { WorkDirectory } from './work-directory';

/** What one run of the demo is given. */
export interface DemoRun {
  readonly settings: DemoSettings;
  readonly work: WorkDirectory;
  readonly console: DemoConsole;
  /** Aborted by Ctrl-C, and by the crash of any part with that part's last lines as the reason. */
  readonly abort: AbortController;
}
