/** Who gets in by GitHub Actions: claims of tokens against the trust policies of the roles. */
import { runSimulation } from '@cloud-copilot/iam-simulate';
import { Match } from 'aws-cdk-lib/assertions';
import { synthesizedGithub } from './synthesized-delivery';

const ISSUER = 'token.actions.githubusercontent.com';
const ACCOUNTS = { dev: '111111111111', prod: '222222222222' } as const;
const REPOSITORY = 'your-organisation/kaizen-edge';

const templateOf = (account: string) => {
  const template = synthesizedGithub().templates.get(`GithubAccess-${account}`);
  if (template === undefined) throw new Error(`there is no stack for ${account}`);
  return template;
};

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
  const [role] = Object.values(templateOf(account).findResources('AWS::IAM::Role'));
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
  '[D2] in the account of %s the role may assume the roles of the bootstrap stack and the verifier, and nothing else',
  (environment, account) => {
    const template = templateOf(account);
    template.resourceCountIs('AWS::IAM::Role', 1);
    template.hasResourceProperties('AWS::IAM::Role', { RoleName: `kaizen-${environment}-github-deploy` });
    template.allResourcesProperties('AWS::IAM::Role', Match.not({ ManagedPolicyArns: Match.anyValue() }));
    const policies = Object.values(template.findResources('AWS::IAM::Policy'));
    const role = (name: string) => `arn:aws:iam::${account}:role/${name}`;
    expect(policies.map(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      [
        {
          Effect: 'Allow',
          Action: 'sts:AssumeRole',
          Resource: [
            ...['deploy', 'file-publishing', 'lookup'].map((each) =>
              role(`cdk-hnb659fds-${each}-role-${account}-us-east-1`),
            ),
            role(`kaizen-${environment}-verifier`),
          ],
        },
      ],
    ]);
  },
);
