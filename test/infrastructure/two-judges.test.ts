/** ministack's IAM judges at run time, the simulator offline: over all our roles they must say the same. */
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { LOCAL_AWS_SETTINGS } from '../../scripts/local-aws';
import { type RequestContext, type SimulatedRequest, simulate } from './iam-simulator';
import { type ResolvedStatement, rolesOf } from './role-policies';
import { ENVIRONMENTS, synthesizedApp } from './synthesized-app';

interface Case extends Required<SimulatedRequest> {
  readonly statements: readonly ResolvedStatement[];
}

/** A resource that a pattern means, and one that it does not. */
const meant = (pattern: string): string => (pattern === '*' ? '*' : pattern.replace(/[*?]/g, 'x'));
const strange = (pattern: string): string => `${meant(pattern)}-other`;

/** Without the statement's keys, with what it asks for, and with something else. */
function contextsOf({ Condition }: ResolvedStatement): RequestContext[] {
  const wanted = Object.values(Condition ?? {}).flatMap((keys) => Object.entries(keys));
  if (wanted.length === 0) return [{}];
  return [
    {},
    Object.fromEntries(wanted.map(([key, values]) => [key, meant(String([values].flat()[0]))])),
    Object.fromEntries(wanted.map(([key]) => [key, 'other'])),
  ];
}

/**
 * Not asked here: use of keys, which is the key policy's to allow, and resources with a variable, which only the
 * credentials provider has a value for.
 */
const isComparable = ({ action, resource }: Case): boolean =>
  !action.startsWith('kms:') && !resource.includes('${');

function casesOf(environment: (typeof ENVIRONMENTS)[number]): Case[] {
  return rolesOf(synthesizedApp(environment)).flatMap(({ arn: principal, statements }) =>
    statements.flatMap((statement) =>
      contextsOf(statement).flatMap((context) =>
        [meant, strange].flatMap((resourceOf) =>
          statement.Action.slice(0, 2).map((action) => ({
            principal,
            statements,
            context,
            action: action.replaceAll('*', ''),
            resource: resourceOf(statement.Resource[0] ?? '*'),
          })),
        ),
      ),
    ),
  );
}

/** undefined for what AWS could not be asked: an action that is a part of a pattern, a resource of another type. */
const offline = (one: Case): Promise<boolean | undefined> =>
  simulate(one.statements, one).catch((error: Error) => {
    if (error.message.startsWith(`${one.action} on `)) return undefined;
    throw error;
  });

function atRunTime(cases: readonly Case[]): boolean[] {
  const script = join(__dirname, 'ministack_verdicts.py');
  const options = { input: JSON.stringify(cases), encoding: 'utf8', maxBuffer: 1 << 26 } as const;
  return JSON.parse(execFileSync(LOCAL_AWS_SETTINGS.python, [script], options)) as boolean[];
}

test.each(ENVIRONMENTS)('%s: both judges say the same of every role', async (environment) => {
  const cases = casesOf(environment).filter(isComparable);
  const expected = await Promise.all(cases.map(offline));
  const found = atRunTime(cases);
  const asked = cases.flatMap(({ statements, ...request }, index) =>
    expected[index] === undefined ? [] : [{ request, offline: expected[index], atRunTime: found[index] }],
  );
  expect(asked.filter((one) => one.offline)).not.toEqual([]);
  expect(asked.filter((one) => !one.offline)).not.toEqual([]);
  expect(asked.filter((one) => one.offline !== one.atRunTime)).toEqual([]);
});
