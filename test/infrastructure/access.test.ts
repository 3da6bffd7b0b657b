import { TELEMETRY_VARIABLES } from '../../lambda/telemetry/names';
import { freezeClock } from '../lambda/shared/frozen-clock';
import { DeployedFunction } from './deployed-function';
import { Field, PLAYED } from './handler-scenarios';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

freezeClock('2026-03-02T00:00:00Z');

describe.each(ENVIRONMENTS)(
  '%s: the real handlers, under the roles that they are deployed with',
  (environment) => {
    test('case 31: a broken record is set aside, and the good ones of its batch are counted', async () => {
      const field = new Field(synthesizedApp(environment));
      const answer = await field.ingestResults();
      expect(field.cloud.refused).toEqual([]);
      // Only what is no batch comes back.
      expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: 'm1' }] });
      const written = [...field.cloud.objects.keys()].map((path) => path.replace(/^[^/]+\/(\w+)\/.*$/, '$1'));
      expect(written.sort()).toEqual(['rejected', 'results']);
    });

    test('no object and no item that they ask for is refused', async () => {
      const cloud = await new Field(synthesizedApp(environment)).play();
      expect(cloud.refused).toEqual([]);
      const asking = new Set([...cloud.asked].map((request) => request.split(':')[0]));
      expect([...asking].sort()).toEqual([...PLAYED].sort());
    });
  },
);

describe('a role', () => {
  const ingest = new DeployedFunction(synthesizedApp('dev'), 'telemetry/ingest-results');
  const bucket = `arn:aws:s3:::${ingest.environment[TELEMETRY_VARIABLES.bucket]}`;

  test.each([
    ['s3:PutObject', `${bucket}/results/a.jsonl`, true],
    ['s3:PutObject', `${bucket}/captures/a.jpg`, false],
    ['s3:GetObject', `${bucket}/results/a.jsonl`, false],
    ['s3:PutObject', 'arn:aws:s3:::another/results/a.jsonl', false],
  ])('allows %s on %s: %p', async (action, resource, allowed) => {
    expect(await ingest.allows(action, resource)).toBe(allowed);
  });
});
