import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const IPC = join(__dirname, '../../../../edge-components/inference/src/adapters/nucleus-ipc.ts');

/** How a program ends that has loaded a module and then crashes. */
function endOf(module: string, signal: string) {
  const program = `require(${JSON.stringify(module)}); process.kill(process.pid, '${signal}'); setTimeout(() => {}, 20_000);`;
  const outcome = spawnSync(process.execPath, ['--import', 'tsx', '-e', program], { encoding: 'utf8' });
  return { status: outcome.status, signal: outcome.signal, prints: outcome.stderr.includes('Stack trace') };
}

test.each(['SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGBUS'])('%s ends the component at once', (signal) => {
  expect(endOf(IPC, signal)).toEqual({ status: null, signal, prints: false });
});

test('aws-crt alone would print a stack trace, which a crash inside of malloc never gets to', () => {
  expect(endOf(require.resolve('aws-crt'), 'SIGSEGV')).toEqual({ status: 255, signal: null, prints: true });
});
