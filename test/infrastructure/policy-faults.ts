/** Judges what policies allow by AWS's service authorization reference: what AWS would refuse, or never meant. */
import { type Action, actionsMatching, hasConditionKey, isOfType } from './authorization-reference';
import type { ResolvedStatement } from './role-policies';

export interface Principal {
  /** Path of its construct, for the sentences. */
  readonly path: string;
  readonly statements: readonly ResolvedStatement[];
}

/** What the reference would not have, with the reason why it stays. */
export interface Exceptions {
  /** By action: `*` as resource where the action has resource types. */
  readonly everyResource: Readonly<Record<string, string>>;
  /** By action and resource type: a type that the action asks for, and that nobody names. */
  readonly unnamedTypes: Readonly<Record<string, string>>;
  /** By actions and type of the resource: a resource that none of its statement's actions is about. */
  readonly strangeResources: Readonly<Record<string, string>>;
}

interface Grant {
  readonly action: Action;
  readonly resources: readonly string[];
}

/** Finds one sentence per fault, with principal, action and resource; and remembers which exceptions were needed. */
export class PolicyJudge {
  readonly needed = new Set<string>();

  /** @param reference what a pattern of an action stands for */
  constructor(
    private readonly exceptions: Exceptions,
    private readonly reference: (pattern: string) => Promise<readonly Action[]> = actionsMatching,
  ) {}

  async faultsOf({ path, statements }: Principal): Promise<string[]> {
    const allowing = statements.filter(({ Effect }) => Effect === 'Allow');
    const sentences: string[] = [];
    const grants: Grant[] = [];
    for (const statement of allowing) {
      const meant = new Map<string, readonly Action[]>();
      for (const pattern of statement.Action) meant.set(pattern, await this.reference(pattern));
      sentences.push(...this.faultsOfStatement(statement, meant));
      const named = [...meant].filter(([pattern]) => !/[*?]/.test(pattern)).flatMap(([, found]) => found);
      grants.push(...named.map((action) => ({ action, resources: statement.Resource })));
    }
    sentences.push(...this.missingTypes(grants), ...missingDependents(grants, allowing));
    return [...new Set(sentences)].map((sentence) => `${path}: ${sentence}`);
  }

  private faultsOfStatement(
    { Resource: resources, Condition }: ResolvedStatement,
    meant: ReadonlyMap<string, readonly Action[]>,
  ): string[] {
    const actions = [...meant.values()].flat();
    const keys = Object.values(Condition ?? {}).flatMap((values) => Object.keys(values));
    const patterns = [...meant.keys()].join(', ');
    const strange = resources
      .filter((resource) => resource !== '*' && actions.some(({ resourceTypes }) => resourceTypes.length > 0))
      .filter((resource) => !actions.some((action) => fits(action, resource)))
      .filter((resource) => !this.isExcepted('strangeResources', `${patterns} ${typeIn(resource)}`))
      .map(
        (resource) => `${patterns} on ${resource} is about nothing, for none of them knows such a resource`,
      );
    return [
      ...[...meant].flatMap(([pattern, found]) =>
        found.length === 0
          ? [`${pattern} on ${resources} is about nothing, for AWS has no such action`]
          : [
              ...this.faultsOfResources(pattern, found, resources),
              ...keys
                .filter((key) => !found.some((action) => hasConditionKey(action, key)))
                .map((key) => `${pattern} on ${resources} is refused, for no such request carries ${key}`),
            ],
      ),
      ...strange,
    ];
  }

  private faultsOfResources(
    pattern: string,
    found: readonly Action[],
    resources: readonly string[],
  ): string[] {
    const types = [...new Set(found.flatMap(({ resourceTypes }) => resourceTypes.map(({ name }) => name)))];
    if (resources.includes('*')) {
      if (types.length === 0 || this.isExcepted('everyResource', pattern)) return [];
      return [`${pattern} on * is too wide, for the action can name a ${types.join(' or ')}`];
    }
    if (types.length === 0)
      return [`${pattern} on ${resources} is refused, for the action has no resource type: only * allows it`];
    if (found.some((action) => resources.some((resource) => fits(action, resource)))) return [];
    if (types.every((type) => this.isExcepted('unnamedTypes', `${pattern} ${type}`))) return [];
    return [`${pattern} on ${resources} is refused, for the action is about a ${types.join(' or ')}`];
  }

  /** What an action asks for beside what it has. */
  private missingTypes(grants: readonly Grant[]): string[] {
    return grants.flatMap(({ action }) => {
      const resources = grants
        .filter((grant) => grant.action.name === action.name)
        .flatMap((grant) => grant.resources);
      if (resources.includes('*') || !resources.some((resource) => fits(action, resource))) return [];
      return action.resourceTypes
        .filter((type) => type.isRequired && !resources.some((resource) => isOfType(resource, type)))
        .filter(({ name }) => !this.isExcepted('unnamedTypes', `${action.name} ${name}`))
        .map(
          ({ name }) =>
            `${action.name} on ${resources} is refused, for the action asks for a ${name} as well`,
        );
    });
  }

  private isExcepted(kind: keyof Exceptions, key: string): boolean {
    if (this.exceptions[kind][key] === undefined) return false;
    this.needed.add(`${kind}: ${key}`);
    return true;
  }
}

const fits = ({ resourceTypes }: Action, resource: string): boolean =>
  resourceTypes.some((type) => isOfType(resource, type));

/** `model-package-group` in `arn:aws:sagemaker:...:model-package-group/name`. */
const typeIn = (arn: string): string => arn.split(':').slice(5).join(':').split(/[/:]/)[0] ?? '';

function missingDependents(grants: readonly Grant[], allowing: readonly ResolvedStatement[]): string[] {
  const allowed = new Set(allowing.flatMap(({ Action: actions }) => actions));
  return grants.flatMap(({ action, resources }) =>
    action.dependents
      .filter((dependent) => !allowed.has(dependent))
      .map((dependent) => `${action.name} on ${resources} is refused, for the role lacks ${dependent}`),
  );
}
