/** The apps that deliver: what is in their templates, in which order they deploy, and what their roles may. */
import { environmentTemplates } from '../../lib/delivery/environment-templates';
import { ACCEPTED_DELIVERY_FINDINGS } from '../../lib/rules/accepted-delivery-findings';
import { deliveryReviews } from '../../lib/rules/reviews';
import { BROKEN_RULES, lint, ruleOf } from './cfn-lint';
import { readable } from './readable-template';
import { synthesizedGithub, synthesizedPipeline } from './synthesized-delivery';
import { validationContext } from './validation-context';

/** Prints YAML as it is, rather than as a quoted string. */
expect.addSnapshotSerializer({
  test: (value) => typeof value === 'string',
  print: (value) => String(value),
});

const APPS = { pipeline: synthesizedPipeline, github: synthesizedGithub };
const ENVIRONMENTS = ['dev', 'prod'];

function templateOf(app: keyof typeof APPS, path: string) {
  const template = APPS[app]().templates.get(path);
  if (template === undefined) throw new Error(`there is no stack ${path}`);
  return template;
}

describe('[D2] [D3] review', () => {
  test.each([
    ['pipeline', 'DeliveryPipeline'],
    ['pipeline', 'dev/Verification'],
    ['github', 'GithubAccess-111111111111'],
  ] as const)('in the app of the %s the stack %s', (app, path) => {
    expect(readable(templateOf(app, path))).toMatchSnapshot();
  });
});

interface Action {
  readonly Name: string;
  readonly RunOrder: number;
  readonly ActionTypeId: { readonly Provider: string };
}

function stages(): [string, Action[]][] {
  const [pipeline] = Object.values(
    templateOf('pipeline', 'DeliveryPipeline').findResources('AWS::CodePipeline::Pipeline'),
  );
  return pipeline?.Properties.Stages.map(({ Name, Actions }: { Name: string; Actions: Action[] }) => [
    Name,
    Actions,
  ]);
}

const actionsOf = (stage: string): string[] =>
  [...(new Map(stages()).get(stage) ?? [])]
    .sort((left, right) => left.RunOrder - right.RunOrder)
    .map(({ Name }) => Name);

describe('[D2] the pipeline', () => {
  test('builds and tests, updates itself, and then deploys one environment after the other', () => {
    expect(stages().map(([name]) => name)).toEqual([
      'Source',
      'Build',
      'UpdatePipeline',
      'Assets',
      'dev',
      'prod',
    ]);
  });

  test('writes the page, has prod approved by it, deploys, and verifies', () => {
    const deployment = (environment: string) =>
      ['data', 'fleet', 'training', 'operations', 'verification']
        .map((stack) => `kaizen-${environment}-${stack}`)
        .flatMap((stack) => [`${stack}.Prepare`, `${stack}.Deploy`]);
    for (const [environment, before] of [
      ['dev', ['Review-dev']],
      ['prod', ['Review-prod', 'Approve-prod']],
    ] as const) {
      const actions = actionsOf(environment);
      expect(actions.slice(0, before.length)).toEqual(before);
      expect(actions.slice(before.length, -1).sort()).toEqual(deployment(environment).sort());
      expect(actions.at(-1)).toBe(`Verify-${environment}`);
    }
    // Two actions of one order run at the same time.
    const [review, approval] = new Map(stages()).get('prod') ?? [];
    expect(review?.RunOrder).toBeLessThan(approval?.RunOrder ?? 0);
  });

  test.each(ENVIRONMENTS)(
    'deploys to %s the templates of `cdk synth`, to the byte, and so does GitHub Actions',
    (environment) => {
      const synthesized = environmentTemplates(environment);
      expect(synthesized.size).toBe(4);
      for (const [name, template] of synthesized) {
        const stack = name.split('-').at(-1) ?? '';
        const path = `${environment}/${stack[0]?.toUpperCase()}${stack.slice(1)}`;
        for (const app of ['pipeline', 'github'] as const) {
          expect(JSON.stringify(templateOf(app, path).toJSON())).toBe(JSON.stringify(template));
        }
      }
    },
  );
});

/** Rules of cfn-lint that these templates break besides, and why they may. */
const BROKEN_HERE: Readonly<Record<string, string>> = {
  I3510:
    'codestar-connections:UseConnection on a connection of codeconnections: the CDK writes it, and the right one stands beside it',
};

test('[D2] cfn-lint has nothing against the templates beyond what has a reason', () => {
  const templates = new Map(
    Object.entries(APPS).flatMap(([app, synthesized]) =>
      [...synthesized().templates]
        .filter(([path]) => !/^\w+\/(Data|Training|Fleet|Operations)$/.test(path))
        .map(([path, template]): [string, object] => [`${app}-${path.replace('/', '-')}`, template.toJSON()]),
    ),
  );
  expect(templates.size).toBe(7);
  const findings = lint(templates);
  const reasons = { ...BROKEN_RULES, ...BROKEN_HERE };
  expect(findings.filter((finding) => reasons[ruleOf(finding)] === undefined)).toEqual([]);
  expect(findings.map(ruleOf)).toEqual(expect.arrayContaining(Object.keys(BROKEN_HERE)));
});

describe('[D2] findings of the packs', () => {
  /** Reviewed once: what a review has acknowledged, a second one no longer finds. */
  const reviewed = Object.values(APPS).flatMap((synthesized) => {
    const context = validationContext(synthesized().app);
    return deliveryReviews().map((review) => ({ review, violations: review.validate(context).violations }));
  });

  test('there is none that nobody has accepted', () => {
    const open = reviewed.flatMap(({ violations }) =>
      violations.flatMap(({ ruleName, violatingResources }) =>
        violatingResources.map(({ constructPath }) => `${constructPath}: ${ruleName}`),
      ),
    );
    expect(open).toEqual([]);
  });

  test('every accepted finding is needed', () => {
    const used = new Set(reviewed.flatMap(({ review }) => [...review.findingsUsed]));
    const unused = ACCEPTED_DELIVERY_FINDINGS.filter((entry) => !used.has(entry));
    expect(unused.map(({ finding }) => String(finding))).toEqual([]);
  });
});

describe('[D2] what the roles may', () => {
  const roles = (path: string) =>
    Object.entries(templateOf('pipeline', path).findResources('AWS::IAM::Role')).map(
      ([id, { Properties }]) => ({
        id,
        properties: Properties,
      }),
    );
  const statements = (path: string, ofRole: RegExp) =>
    Object.values(templateOf('pipeline', path).findResources('AWS::IAM::Policy'))
      .filter(({ Properties }) => ofRole.test(JSON.stringify(Properties.Roles)))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
  interface Statement {
    readonly Action: string | readonly string[];
    readonly Resource: unknown;
  }

  test('no role has a managed policy of AWS', () => {
    const managed = ['DeliveryPipeline', 'dev/Verification', 'prod/Verification']
      .flatMap(roles)
      .filter(({ properties }) => properties.ManagedPolicyArns !== undefined);
    expect(managed).toEqual([]);
  });

  test('the inspector assumes roles that change nothing', () => {
    const assumed = statements('DeliveryPipeline', /Inspector/)
      .filter(({ Action }) => Action === 'sts:AssumeRole')
      .flatMap(({ Resource }) => Resource);
    expect(assumed.sort()).toEqual([
      'arn:aws:iam::111111111111:role/cdk-hnb659fds-lookup-role-111111111111-us-east-1',
      'arn:aws:iam::111111111111:role/kaizen-dev-verifier',
      'arn:aws:iam::222222222222:role/cdk-hnb659fds-lookup-role-222222222222-us-east-1',
      'arn:aws:iam::222222222222:role/kaizen-prod-verifier',
    ]);
  });

  test('the verifier reads, and runs one function', () => {
    const actions = statements('prod/Verification', /Verifier/).flatMap(({ Action }) => Action);
    const changing = actions.filter((action) => !/:(Describe|List|Get|Query|Scan)/.test(action));
    expect(changing.sort()).toEqual(['kms:Decrypt', 'lambda:InvokeFunction']);
  });

  test('no statement is about every resource, except where AWS or the CDK leaves no other', () => {
    const everything = ['DeliveryPipeline', 'dev/Verification', 'prod/Verification']
      .flatMap((path) => statements(path, /./))
      .filter(({ Resource }) => [Resource].flat().includes('*'))
      .flatMap(({ Action }) => Action);
    expect([...new Set(everything)].sort()).toEqual([
      // Self-mutation, by the CDK: which stacks there are.
      'cloudformation:DescribeStacks',
      // Leaves alarms out of its answer with a narrower scope.
      'cloudwatch:DescribeAlarms',
      // Publishing of assets, by the CDK: its builds are only known after its role.
      'codebuild:BatchGetBuilds',
      'codebuild:StartBuild',
      'codebuild:StopBuild',
      // Self-mutation, by the CDK: whether the bucket of the bootstrap stack is there.
      's3:ListBucket',
    ]);
  });

  test('the verifier is trusted by the inspector of one account, and by nobody else there', () => {
    const [verifier] = roles('prod/Verification');
    expect(verifier?.properties.AssumeRolePolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: 'sts:AssumeRole',
        Principal: { AWS: expect.anything() },
        Condition: {
          ArnEquals: { 'aws:PrincipalArn': ['arn:aws:iam::333333333333:role/kaizen-delivery-inspector'] },
        },
      },
    ]);
    expect(JSON.stringify(verifier?.properties.AssumeRolePolicyDocument)).toContain(
      ':iam::333333333333:root',
    );
  });

  test('builds install the versions of the lock', () => {
    const installed = JSON.stringify(templateOf('pipeline', 'DeliveryPipeline').toJSON()).match(
      /npm install -g [\w@./-]+/g,
    );
    expect(installed).toEqual([expect.stringMatching(/^npm install -g aws-cdk@\d+\.\d+\.\d+$/)]);
  });
});
