import { version } from '../../package.json';
import { awsError, fakeCloudFormation, runKaizen } from './fakes';

describe('arguments', () => {
  test.each<[string, RegExp]>([
    ['frobnicate', /unknown command 'frobnicate'/],
    ['status --fast', /unknown option '--fast'/],
    ['status now', /too many arguments/],
    [
      '--env mars status',
      /^error: environment 'mars' has no output .*: are its stacks kaizen-mars-\* deployed, in this account and region\?/,
    ],
    ['approve', /missing required argument 'version'/],
    ['approve one', /'one' is invalid.*whole number of at least 1/],
    ['approve 0', /whole number of at least 1/],
    ['approve 1.5', /whole number of at least 1/],
    ['approve 1e3', /whole number of at least 1/],
    ['reject -1', /whole number of at least 1/],
    ['captures --limit zero', /whole number of at least 1/],
    ['label', /give either <captureId> <class> or --file/],
    ['label c1', /give either <captureId> <class> or --file/],
    ['label c1 good --file x.csv', /give either <captureId> <class> or --file/],
    ['label --file absent.csv', /'absent.csv' cannot be read/],
    ['device', /Usage: kaizen device/],
    ['device provision line-1 --group canary', /required option '--out <folder>'/],
    ['device provision line-1 --group all --out x', /Allowed choices are canary, stable/],
    ['device provision a/b --group canary --out x', /thing name: must be 1 to 124/],
    ['device check', /required option '--nucleus <nucleus>'/],
    ['device check --nucleus heavy', /Allowed choices are classic, lite/],
    ['device provision line-1 --group canary --out x --root-ca absent.pem', /'absent.pem' cannot be read/],
    ['dataset upload absent', /there is no file or folder 'absent'/],
    ['redrive absent', /queue: must be one of results, got 'absent'/],
    ['destroy --dataset burn', /Allowed choices are keep, export, delete/],
    ['destroy --devices keep', /Allowed choices are delete/],
    ['destroy --models export', /--export-to: must name a folder where models is exported/],
  ])('kaizen %s is exit code 2 and one sentence', async (line, message) => {
    const { exitCode, errors } = await runKaizen(line);
    expect(exitCode).toBe(2);
    expect(errors).toMatch(message);
    if (!errors.startsWith('Usage')) expect(errors.trim().split('\n')).toHaveLength(1);
  });

  test('help is no error and needs no credentials', async () => {
    const { exitCode, output } = await runKaizen('--help');
    expect(exitCode).toBe(0);
    for (const command of [
      'status',
      'approve',
      'reject',
      'lineage',
      'label',
      'captures',
      'device',
      'dataset',
      'redrive',
      'destroy',
      'cost',
    ]) {
      expect(output).toContain(command);
    }
  });

  test('an environment that is not deployed is said to be so', async () => {
    const { exitCode, errors } = await runKaizen('--env dev status');
    expect(exitCode).toBe(2);
    expect(errors).toBe(
      "error: environment 'dev' has no output ModelPackageGroupName: are its stacks kaizen-dev-* deployed, in this account and region? If not: npx cdk deploy '**' -c env=dev",
    );
  });

  test('a fault of AWS is exit code 1 and no stack trace', async () => {
    const cloudFormation = fakeCloudFormation();
    cloudFormation.failures.set('DescribeStacks', [awsError('AccessDenied', 'not for you')]);
    const { exitCode, errors } = await runKaizen('status', { cloudFormation });
    expect(exitCode).toBe(1);
    expect(errors).toMatch(/^error: not for you: no policy of yours allows it; .*get-caller-identity/);
  });

  test('says its version, without credentials', async () => {
    const { exitCode, output } = await runKaizen('--version');
    expect({ exitCode, output }).toEqual({ exitCode: 0, output: version });
  });

  test('says what to run where no text of an error does', async () => {
    const cloudFormation = fakeCloudFormation();
    const refused = Object.assign(new AggregateError([], ''), { code: 'ECONNREFUSED' });
    cloudFormation.failures.set('DescribeStacks', [refused]);
    const { errors } = await runKaizen('status', { cloudFormation });
    expect(errors).toMatch(/^error: ECONNREFUSED: nobody answers at this address: .*`npm run local`/);
  });

  test.each([
    ['connect ECONNREFUSED 127.0.0.1:4566', 'nobody answers at this address'],
    ['Region is missing', 'set AWS_REGION'],
    ['Could not load credentials from any providers', 'sign in to AWS'],
  ])("'%s' says what to set", async (message, advice) => {
    const cloudFormation = fakeCloudFormation();
    cloudFormation.failures.set('DescribeStacks', [new Error(message)]);
    const { exitCode, errors } = await runKaizen('status', { cloudFormation });
    expect(exitCode).toBe(1);
    expect(errors).toContain(`error: ${message}: ${advice}`);
  });

  test('the help of a command names the environment too', async () => {
    const { output } = await runKaizen('device provision --help');
    expect(output).toContain('--group <wave>');
    expect(output).toContain('--env <name>');
  });
});
