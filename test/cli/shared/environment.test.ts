import { describeEnvironment } from '../../../cli/shared/environment';
import { asClients, fakeCloudFormation } from '../fakes';

test('[D1] names are read from the outputs of the stacks that are there', async () => {
  const found = await describeEnvironment(asClients({ cloudFormation: fakeCloudFormation() }), 'local');
  expect(found.useCase).toBe('surface');
  expect(found.output('LabelTableName')).toBe('labels');
  expect(() => found.output('DashboardName')).toThrow('has no output DashboardName');
});
