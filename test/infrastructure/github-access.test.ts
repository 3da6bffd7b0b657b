/** Who gets in by GitHub Actions: claims of tokens against the trust policies of the roles. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { App } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { loadDelivery } from '../../lib/delivery/delivery-config';
import { GithubAccessStack } from '../../lib/delivery/github/github-access-stack';

const ISSUER = 'token.actions.githubusercontent.com';
const ACCOUNTS = { dev: '111111111111', prod: '222222222222' } as const;
const REPOSITORY = 'your-organisation/kaizen-edge';

const { stages, repository, branch } = loadDelivery();

/** Without the environments, whose stacks take ten seconds to synthesize. */
const templates = new Map(
  stages.map(({ config }) => {
    const stack = new GithubAccessStack(new App(), 'Access', { environments: [config], repository, branch });
    return [config.account, Template.fromStack(stack)];
  }),
);

function templateOf(account: string): Template {
  const template = templates.get(account);
  if (template === undefined) throw new Error(`there is no stack for ${account}`);
  return template;
}

/** What GitHub writes into the token of a job. */
interface Claims {
  readonly aud: string;
  readonly sub: string;
  readonly ref: string;
}

const OF_PROD: Claims = {
  aud: 'sts.amazonaws.com',
  sub: `repo:${REPOSITORY}:environment:prod`,
  ref: 'refs/heads/main',
};

function trustPolicy(account: string): object {
  const roles = Object.values(templateOf(account).findResources('AWS::IAM::Role'));
  const role = roles.find(({ Properties }) => Properties.RoleName === 'kaizen-prod-github-deploy');
  const [provider] = Object.keys(templateOf(account).findResources('AWS::IAM::OIDCProvider'));
  return JSON.parse(
    JSON.stringify(role?.Properties.AssumeRolePolicyDocument).replace(
      `{"Ref":"${provider}"}`,
      `"${providerArn(account)}"`,
    ),
  );
}

const providerArn = (account: string): string => `arn:aws:iam::${account}:oidc-provider/${ISSUER}`;

/**
 * The simulator's data has `aud` and `sub` for some issuers and not for this one, whose other claims it has. The same
 * comparison under a name that it knows.
 */
const knownToSimulator = (text: string): string =>
  text.replace(/token\.actions\.githubusercontent\.com:(aud|sub)/g, 'accounts.google.com:$1');

async function isTrusted(
  claims: Partial<Claims>,
  account: string = ACCOUNTS.prod,
  principal = providerArn(account),
): Promise<boolean> {
  const answer = await runSimulation(
    {
      request: {
        principal,
        action: 'sts:AssumeRoleWithWebIdentity',
        resource: { resource: `arn:aws:iam::${account}:role/kaizen-prod-github-deploy`, accountId: account },
        contextVariables: Object.fromEntries(
          Object.entries(claims).map(([claim, value]) => [knownToSimulator(`${ISSUER}:${claim}`), value]),
        ),
      },
      identityPolicies: [],
      resourcePolicy: JSON.parse(knownToSimulator(JSON.stringify(trustPolicy(account)))),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (answer.resultType === 'error') throw new Error(JSON.stringify(answer.errors));
  return answer.overallResult === 'Allowed';
}

test("[D2] the deploy role trusts the branch's job of its environment", async () => {
  await expect(isTrusted(OF_PROD)).resolves.toBe(true);
});

test.each<[string, Partial<Claims>]>([
  ['another repository', { sub: 'repo:somebody-else/kaizen-edge:environment:prod' }],
  ['another repository of the same owner', { sub: 'repo:your-organisation/website:environment:prod' }],
  ['a repository whose name begins alike', { sub: `repo:${REPOSITORY}-fork:environment:prod` }],
  ['another branch', { ref: 'refs/heads/feature' }],
  ['a branch whose name begins alike', { ref: 'refs/heads/main-2' }],
  ['a tag called as the branch', { ref: 'refs/tags/main' }],
  [
    'a pull request, from a fork or not',
    { sub: `repo:${REPOSITORY}:pull_request`, ref: 'refs/pull/7/merge' },
  ],
  ['a pull request whose job declares the environment', { ref: 'refs/pull/7/merge' }],
  ["another environment's job", { sub: `repo:${REPOSITORY}:environment:dev` }],
  ['the job that writes the page', { sub: `repo:${REPOSITORY}:environment:prod-review` }],
  ['a job without an environment', { sub: `repo:${REPOSITORY}:ref:refs/heads/main` }],
  ['the wrong audience', { aud: 'https://github.com/your-organisation' }],
])('[D2] it does not trust %s', async (_, claims) => {
  await expect(isTrusted({ ...OF_PROD, ...claims })).resolves.toBe(false);
});

test('[D2] it does not trust a token that somebody else has signed', async () => {
  const other = `arn:aws:iam::${ACCOUNTS.prod}:oidc-provider/token.example.com`;
  await expect(isTrusted(OF_PROD, ACCOUNTS.prod, other)).resolves.toBe(false);
});

test('[D2] a token without the claim of the branch is refused', async () => {
  const { ref: _, ...claims } = OF_PROD;
  await expect(isTrusted(claims)).resolves.toBe(false);
});

test.each(Object.entries(ACCOUNTS))(
  '[D2] in the account of %s one role may assume the roles of a deployment, one the role that looks, and neither anything else',
  (environment, account) => {
    const template = templateOf(account);
    const names = Object.values(template.findResources('AWS::IAM::Role')).map(
      ({ Properties }) => Properties.RoleName,
    );
    expect(names.sort()).toEqual(['deploy', 'review'].map((each) => `kaizen-${environment}-github-${each}`));
    template.allResourcesProperties('AWS::IAM::Role', Match.not({ ManagedPolicyArns: Match.anyValue() }));
    const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;
    const bootstrap = (each: string) => role(`cdk-hnb659fds-${each}-role-${account}-us-east-1`);
    const assuming = (Resource: unknown) => [{ Effect: 'Allow', Action: 'sts:AssumeRole', Resource }];
    const statements = Object.values(template.findResources('AWS::IAM::Policy')).map(
      ({ Properties }) => Properties.PolicyDocument.Statement,
    );
    expect(statements).toEqual([
      assuming([
        ...['deploy', 'file-publishing', 'lookup'].map(bootstrap),
        role(`kaizen-${environment}-verifier`),
      ]),
      assuming(bootstrap('lookup')),
    ]);
  },
);
