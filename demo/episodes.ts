/** Drift episodes, as the monitor has written them, in words. */
import { EpisodeTable } from '../lambda/monitoring/episode-table';
import { evidenceInWords } from '../lambda/monitoring/in-words';
import type { DemoContext } from './context';

export interface EpisodeInWords {
  readonly episodeId: string;
  readonly releaseId: string;
  readonly openedAt: string;
  readonly status: string;
  readonly evidence: string;
}

/** Every episode, oldest first. */
export async function readEpisodes({ clients, environment }: DemoContext): Promise<EpisodeInWords[]> {
  const table = new EpisodeTable(
    clients.dynamoDb,
    environment.output('EpisodeTableName'),
    environment.useCase,
  );
  return (await table.all()).map(({ episodeId, releaseId, openedAt, status, evidence }) => ({
    episodeId,
    releaseId,
    openedAt,
    status,
    evidence: evidenceInWords(evidence).join(' '),
  }));
}
