/** Commands about the whole system. */
import type { Command } from 'commander';
import { redriveQueue } from './redrive-queue';
import { type AnswerOptions, answer } from './shared/answer';
import { withPage } from './shared/command-page';
import type { AddCommands } from './shared/commands';
import { formatStatus, readStatus, statusDocument } from './status';
import { formatWaiting, readWaiting } from './waiting';

export const addStatusCommand: AddCommands = (program, ports, open) => {
  const command = program
    .command('status')
    .description('shows releases, waves, devices, episodes, and what waits for what');
  withPage(command, {
    examples: [{ line: 'status --env dev' }],
    json: {
      fields: {
        useCase: 'of the environment',
        'champion?': 'counter of the release in service everywhere',
        releases: 'counter, componentVersion, status and perhaps reason of each',
        waves: 'wave, and the counter of the release that it has',
        devices: 'deviceId, presence, healthy, failing, releaseId and the rest of the last status of each',
        episodes: 'episodeId, status, openedAt and reasons of each drift episode',
        'assessment?': 'releaseId, assessedAt and sentences: what was last said of the release in service',
        waiting: 'a sentence for each thing that waits, with the command that ends it',
      },
    },
  }).action(async (options: AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const [status, waiting] = await Promise.all([
      readStatus(clients, environment),
      readWaiting(clients, environment),
    ]);
    const now = ports.now();
    const text = `${formatStatus(status, now)}\n\n${formatWaiting(waiting)}`;
    answer(ports, options, { ...statusDocument(status, now), waiting }, text);
  });
};

export const addRedriveCommand: AddCommands = (program, ports, open) => {
  const command = program
    .command('redrive')
    .description('sends the messages of a dead-letter queue back to their queue')
    .argument('<queue>', "its name; 'results' holds batches of results that were not taken");
  withPage(command, {
    examples: [{ line: 'redrive results --env dev' }],
    json: {
      fields: {
        queue: 'as it was named',
        messages: 'that were in the dead-letter queue, about',
        how: '`moved by SQS` or `received and sent`',
      },
    },
    seeAlso: 'docs/runbook.md',
  }).action(async (queue: string, options: AnswerOptions, action: Command) => {
    const { clients, environment } = await open(action);
    const outcome = await redriveQueue(clients, environment, queue);
    const text = `About ${outcome.messages} messages of '${queue}' go back (${outcome.how})`;
    answer(ports, options, { queue, ...outcome }, text);
  });
};
