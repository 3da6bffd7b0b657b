import { credentialVariables } from '../../../cli/delivery/assume-role';
import { checkTrust, formatTrust } from '../../../cli/delivery/check-trust';

const role = (environment: string, name: string) => ({
  environment,
  arn: `arn:aws:iam::222222222222:role/${name}`,
  madeBy: `npx cdk bootstrap aws://222222222222/us-east-1 --trust 333333333333`,
});
const CREDENTIALS = { accessKeyId: 'a', secretAccessKey: 'b', sessionToken: 'c' };

test('[D2] every role is tried, and one that refuses is named with the command that makes it', async () => {
  const results = await checkTrust([role('prod', 'deploy'), role('prod', 'lookup')], async (arn) => {
    if (arn.endsWith('deploy')) throw new Error('is not authorized to perform: sts:AssumeRole');
    return CREDENTIALS;
  });
  expect(formatTrust(results)).toBe(
    [
      'REFUSED prod: arn:aws:iam::222222222222:role/deploy',
      '        is not authorized to perform: sts:AssumeRole',
      '        made by: npx cdk bootstrap aws://222222222222/us-east-1 --trust 333333333333',
      'ok      prod: arn:aws:iam::222222222222:role/lookup',
    ].join('\n'),
  );
});

test('credentials are given on by the variables that every SDK reads', () => {
  expect(credentialVariables(CREDENTIALS, 'eu-west-1')).toEqual({
    AWS_ACCESS_KEY_ID: 'a',
    AWS_SECRET_ACCESS_KEY: 'b',
    AWS_SESSION_TOKEN: 'c',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
  });
});
