import { FakeClient, runKaizen } from '../fakes';

/** SageMaker with two model packages, one per page. */
const fakeSageMaker = () =>
  new FakeClient({
    ListModelPackages: ({ ModelPackageGroupName, NextToken }) => {
      expect(ModelPackageGroupName).toBe('kaizen-local--surface');
      const version = NextToken ? 1 : 2;
      return {
        ModelPackageSummaryList: [
          {
            ModelPackageVersion: version,
            ModelPackageArn: `arn:package/${version}`,
            ModelApprovalStatus: 'PendingManualApproval',
          },
        ],
        NextToken: NextToken ? undefined : 'more',
      };
    },
    UpdateModelPackage: () => ({}),
  });

describe('decisions', () => {
  test.each([
    ['approve', 'Approved'],
    ['reject', 'Rejected'],
  ])('kaizen %s finds the version on any page and keeps the reason', async (command, status) => {
    const sageMaker = fakeSageMaker();
    const { exitCode, output } = await runKaizen([command, '1', '--reason', 'looked at it'], { sageMaker });
    expect(exitCode).toBe(0);
    expect(output).toBe(`${status} arn:package/1`);
    expect(sageMaker.calls.at(-1)?.input).toEqual({
      ModelPackageArn: 'arn:package/1',
      ModelApprovalStatus: status,
      ApprovalDescription: 'looked at it',
    });
  });

  test('case 38: a version that is not in the group is refused', async () => {
    const sageMaker = fakeSageMaker();
    const { exitCode, errors } = await runKaizen('approve 3', { sageMaker });
    expect(exitCode).toBe(2);
    expect(errors).toContain("model package version: 3 is not in the group 'kaizen-local--surface'");
    expect(sageMaker.names()).not.toContain('UpdateModelPackage');
  });
});
