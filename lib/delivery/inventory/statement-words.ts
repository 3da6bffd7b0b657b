import { listOf } from '../../rules/edge-ml/application';
import type { Inventory, InventoryResource } from './inventory';

/** A statement of an IAM, IoT or resource policy, as a template has it. */
export interface RawStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** What an action comes to; the first that fits. */
const VERBS: readonly (readonly [RegExp, string])[] = [
  [/^\*$|:\*$/, 'do anything with'],
  [/^kms:Decrypt/, 'decrypt with'],
  [/^kms:(Encrypt|ReEncrypt|GenerateDataKey)/, 'encrypt with'],
  [/^kms:Sign/, 'sign with'],
  [/^iam:PassRole$/, 'pass'],
  [/:AssumeRole/, 'assume'],
  [/:(Get|Head|Describe|List|View|BatchGet|Query|Scan|Receive|Resolve|ConditionCheck|Search)/, 'read'],
  [/:(Invoke|Start|Stop|Retry)/, 'run'],
  [/:Connect$/, 'connect as'],
  [/:Subscribe$/, 'subscribe to'],
  [/:(Put|Update|Create|Attach|BatchWrite|Send|Publish|Tag|Add|Register|Change|Batch)/, 'write'],
  [/:(Delete|Detach|Abort|Cancel|Purge|Remove|Deregister)/, 'remove'],
];

const OPERATORS: Readonly<Record<string, string>> = {
  StringEquals: 'is',
  ArnEquals: 'is',
  Bool: 'is',
  'ForAllValues:StringEquals': 'is nothing but',
  StringLike: 'is like',
  ArnLike: 'is like',
};

const code = (text: string): string => `\`${text}\``;

const verbOf = (action: string): string => VERBS.find(([pattern]) => pattern.test(action))?.[1] ?? 'use';

function verbsOf(actions: readonly string[]): string {
  const order = VERBS.map(([, verb]) => verb);
  const verbs = [...new Set(actions.map(verbOf))];
  return verbs.sort((left, right) => order.indexOf(left) - order.indexOf(right)).join(', ');
}

/** `images/*` of Data/Dataset/Bucket, or whatever else the policy names. */
function thing(text: string): string {
  const [, construct, objects] = /^([A-Z]\w+\/[\w/-]+?\/Bucket)\/(.+)$/.exec(text) ?? [];
  return objects === undefined ? code(text) : `${code(objects)} in ${code(construct ?? '')}`;
}

function principals(inventory: Inventory, at: InventoryResource, principal: unknown): string {
  if (principal === '*') return 'everybody';
  const named = Object.values(principal as Readonly<Record<string, unknown>>).flatMap(listOf);
  return named
    .map((each) => inventory.text(at, each))
    .map((text) => (text === '*' ? 'everybody' : text === 'iam root' ? 'this account' : code(text)))
    .join(', ');
}

function conditions(
  inventory: Inventory,
  at: InventoryResource,
  condition: RawStatement['Condition'],
): string {
  const tests = Object.entries(condition ?? {}).flatMap(([operator, keys]) =>
    Object.entries(keys).map(([key, value]) => {
      const values = listOf(value).map((each) => code(inventory.text(at, each)));
      return `${key} ${OPERATORS[operator] ?? operator} ${values.join(' or ')}`;
    }),
  );
  return tests.length === 0 ? '' : `, if ${tests.join(' and ')}`;
}

/**
 * One statement as one line: ``may read `images/*` in `Data/Dataset/Bucket` (s3:GetObject*), if ...``. A resource
 * policy's begins with whom it is about.
 */
export function statementWords(inventory: Inventory, at: InventoryResource, statement: RawStatement): string {
  const actions = listOf(statement.Action).map(String);
  const isOfResource = statement.Principal !== undefined;
  const things = listOf(statement.Resource)
    .map((resource) => inventory.text(at, resource))
    .map((text) => (text !== '*' ? thing(text) : isOfResource ? 'it' : 'anything'));
  const who = isOfResource ? `${principals(inventory, at, statement.Principal)} ` : '';
  const may = statement.Effect === 'Allow' ? 'may' : '**must not**';
  const objects = things.length === 0 ? 'it' : things.join(', ');
  return `${who}${may} ${verbsOf(actions)} ${objects} (${actions.join(', ')})${conditions(inventory, at, statement.Condition)}`;
}
