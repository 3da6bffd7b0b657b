#!/usr/bin/env node
/**
 * A Greengrass core device as a program: `main.ts --config <file.json>`.
 * SIGTERM or SIGINT stops it; SIGUSR1 cuts the network, SIGUSR2 restores it. One JSON line per event on stdout.
 */
import { parseArgs } from 'node:util';
import { readCoreDeviceConfig } from './config';
import { type CoreDevice, startCoreDevice } from './core-device';
import { messageOf } from './event-log';

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { config: { type: 'string' } } });
  if (values.config === undefined) throw new Error('usage: main.ts --config <file.json>');
  let device: CoreDevice | undefined;
  // Registered before the start: by default these signals end the process.
  process.on('SIGUSR1', () => device?.cutNetwork());
  process.on('SIGUSR2', () => device?.restoreNetwork());
  device = await startCoreDevice(readCoreDeviceConfig(values.config));
  const started = device;
  const stop = (): void => {
    started.stop().then(
      () => process.exit(0),
      (error) => {
        process.stderr.write(`${messageOf(error)}\n`);
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exit(1);
});
