/** Commands about the whole system. */
import type { Command } from 'commander';
import { redriveQueue } from './redrive-queue';
import type { AddCommands } from './shared/commands';
import { formatStatus, readStatus } from './status';
import { formatWaiting, readWaiting } from './waiting';

export const addStatusCommand: AddCommands = (program, ports, open) => {
  program
    .command('status')
    .description('shows releases, waves, devices, episodes, and what waits for what')
    .action(async (_options: object, command: Command) => {
      const { clients, environment } = await open(command);
      const [status, waiting] = await Promise.all([
        readStatus(clients, environment),
        readWaiting(clients, environment),
      ]);
      ports.write(`${formatStatus(status, ports.now())}\n\n${formatWaiting(waiting)}`);
    });
};

export const addRedriveCommand: AddCommands = (program, ports, open) => {
  program
    .command('redrive')
    .description('sends the messages of a dead-letter queue back to their queue')
    .argument('<queue>', "its name; 'results' holds batches of results that were not taken")
    .action(async (queue: string, _options: object, command: Command) => {
      const { clients, environment } = await open(command);
      const { messages, how } = await redriveQueue(clients, environment, queue);
      ports.write(`About ${messages} messages of '${queue}' go back (${how})`);
    });
};
