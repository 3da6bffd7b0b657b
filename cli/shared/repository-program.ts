/** Programs of rooms that this one does not import: they run as processes of their own, at the same terminal. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = join(__dirname, '..', '..');

/** How a TypeScript program of the repository is run, from whatever folder. @param file path in the repository */
export function programCommand(file: string): {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: NodeJS.ProcessEnv;
} {
  return {
    command: process.execPath,
    arguments: ['--import', pathToFileURL(require.resolve('tsx')).href, join(ROOT, file)],
    environment: { ...process.env, TSX_TSCONFIG_PATH: join(ROOT, 'tsconfig.json') },
  };
}

/**
 * Starts a program of the repository and answers its exit code, or the signal that has ended it.
 * @param takeOutput takes all that it has written, at its end. @default - it writes where this process does
 */
export type StartProgram = (
  file: string,
  args: readonly string[],
  takeOutput?: (text: string) => void,
) => Promise<number | NodeJS.Signals>;

/**
 * Ctrl-C reaches the program too, by the terminal; this process only waits for it to clean up.
 * @param file path in the repository
 */
export const startProgram: StartProgram = (file, args, takeOutput) => {
  const wait = (): void => undefined;
  process.on('SIGINT', wait);
  const program = programCommand(file);
  const child = spawn(program.command, [...program.arguments, ...args], {
    stdio: ['inherit', takeOutput ? 'pipe' : 'inherit', 'inherit'],
    env: program.environment,
  });
  const pass = (): boolean => child.kill('SIGTERM');
  process.on('SIGTERM', pass);
  const written: Buffer[] = [];
  child.stdout?.on('data', (part: Buffer) => written.push(part));
  return new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => {
      takeOutput?.(Buffer.concat(written).toString('utf8').trimEnd());
      resolve(code ?? signal ?? 1);
    });
  }).finally(() => {
    process.off('SIGINT', wait);
    process.off('SIGTERM', pass);
  });
};
