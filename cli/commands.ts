/** Commands about the whole system. */
import type { Command } from 'commander';
import { redriveQueue } from './redrive-queue';
import type { AddCommands } from './shared/commands';
import { formatStatus, readStatus } from './status';

export const addStatusCommand: AddCommands = (program, ports, open) => {
  program
    .command('status')
    .description('shows releases, waves, devices and episodes')
    .action(async (_options: object, command: Command) => {
      const { clients, environment } = await open(command);
      ports.write(formatStatus(await readStatus(clients, environment), ports.now()));
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
