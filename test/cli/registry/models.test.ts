import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FakeBucket, FakeClient, FakeTables, runKaizen } from '../fakes';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kaizen-models-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** SageMaker with two model packages, one per page, of which the first says where its export is. */
const sageMaker = () =>
  new FakeClient({
    ListModelPackages: ({ NextToken }) => {
      const version = NextToken ? 2 : 1;
      return {
        ModelPackageSummaryList: [
          {
            ModelPackageVersion: version,
            ModelPackageArn: `arn:package/${version}`,
            ModelApprovalStatus: version === 1 ? 'Approved' : 'PendingManualApproval',
            CreationTime: new Date(`2026-03-0${version}T00:00:00Z`),
          },
        ],
        NextToken: NextToken ? undefined : 'more',
      };
    },
    DescribeModelPackage: (input) =>
      (input as { ModelPackageName?: string }).ModelPackageName === 'arn:package/1'
        ? { CustomerMetadataProperties: { exportUri: 's3://models/pipelines/abc/export' } }
        : {},
  });
const dynamoDb = () =>
  new FakeTables({
    releases: [
      {
        useCase: 'surface',
        item: 'release#000001',
        status: 'IN_SERVICE',
        release: JSON.stringify({ modelPackageArn: 'arn:package/1' }),
      },
    ],
  });

describe('[B27] F22: model packages and their reports', () => {
  test('are listed, the newest first, with what became of them and what is waited for', async () => {
    const { exitCode, output } = await runKaizen('models', { sageMaker: sageMaker(), dynamoDb: dynamoDb() });
    expect(exitCode).toBe(0);
    expect(output.split('\n')).toEqual([
      'version  status                 created                   releases',
      '2        PendingManualApproval  2026-03-02T00:00:00.000Z  none',
      '1        Approved               2026-03-01T00:00:00.000Z  1 (IN_SERVICE)',
      'Version 2 waits for a person: `kaizen report 2`, then `kaizen approve 2` or `kaizen reject 2`',
    ]);
  });

  test('as JSON', async () => {
    const { output } = await runKaizen('models --json', { sageMaker: sageMaker(), dynamoDb: dynamoDb() });
    expect(JSON.parse(output)).toMatchObject([
      { version: 2, releases: [] },
      { version: 1, releases: [{ counter: 1, status: 'IN_SERVICE' }] },
    ]);
  });

  test('a report is written to a file', async () => {
    const s3 = new FakeBucket();
    s3.objects.set('pipelines/abc/export/report.html', Buffer.from('<!doctype html>'));
    const file = join(folder, 'model.html');
    const { exitCode, output } = await runKaizen(['report', '1', '--out', file], {
      sageMaker: sageMaker(),
      s3,
    });
    expect([exitCode, output]).toEqual([0, `Report of model package 1: ${file}`]);
    expect(readFileSync(file, 'utf8')).toBe('<!doctype html>');
    const nowhere = ['report', '1', '--out', join(folder, 'no/such.html')];
    expect(await runKaizen(nowhere, { sageMaker: sageMaker(), s3 })).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('--out:'),
    });
  });

  test.each([
    ['a version that is not there', 'report 3', 2, 'model package version: 3 is not in the group'],
    ['a package that names no export', 'report 2', 1, 'does not say where its export is'],
  ])('%s is said', async (_, line, code, message) => {
    const { exitCode, errors } = await runKaizen(line, { sageMaker: sageMaker(), s3: new FakeBucket() });
    expect(exitCode).toBe(code);
    expect(errors).toContain(message);
  });
});
