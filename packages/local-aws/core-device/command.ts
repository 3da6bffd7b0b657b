import { extname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * The command of a process that is one core device; {@link CoreDeviceConfig} says what `configFile` holds. It prints one
 * JSON line per event, `{"event": "ready"}` when it is up; SIGTERM stops it, SIGUSR1 cuts its network, SIGUSR2 restores it.
 */
export function coreDeviceCommand(configFile: string): {
  readonly command: string;
  readonly arguments: readonly string[];
} {
  // As this file is, so is the program: TypeScript where the package is developed, JavaScript where it is installed.
  const extension = extname(__filename);
  // Not the tsx command, which would swallow SIGUSR1 and SIGUSR2.
  const loader = extension === '.ts' ? ['--import', pathToFileURL(require.resolve('tsx')).href] : [];
  const program = join(__dirname, `main${extension}`);
  return { command: process.execPath, arguments: [...loader, program, '--config', configFile] };
}
