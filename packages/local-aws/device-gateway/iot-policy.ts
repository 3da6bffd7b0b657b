/** Evaluates AWS IoT policies for requests over HTTPS. */

export interface PolicyStatement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: unknown;
}

export interface PolicyDocument {
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

function listOf<Item>(value: Item | readonly Item[]): readonly Item[] {
  return Array.isArray(value) ? value : [value as Item];
}

function matches(pattern: string, value: string, flags = ''): boolean {
  const expression = pattern
    .replace(/[\\^$.|+()[\]{}]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, `s${flags}`).test(value);
}

function speaksOf(statement: PolicyStatement, action: string, resource: string): boolean {
  return (
    listOf(statement.Action).some((pattern) => matches(pattern, action, 'i')) &&
    listOf(statement.Resource).some((pattern) => matches(pattern, resource))
  );
}

/**
 * Whether the policies allow it: one statement allows and none denies. Thing policy variables and conditions resolve on
 * MQTT connections only, so a statement with a condition allows nothing here, and one that denies always denies.
 */
export function policiesAllow(
  documents: readonly PolicyDocument[],
  action: string,
  resource: string,
): boolean {
  const relevant = documents
    .flatMap((document) => listOf(document.Statement))
    .filter((statement) => speaksOf(statement, action, resource));
  if (relevant.some((statement) => statement.Effect === 'Deny')) return false;
  return relevant.some((statement) => statement.Effect === 'Allow' && statement.Condition === undefined);
}
