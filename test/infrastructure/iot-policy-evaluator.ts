/** AWS IoT Core's policy rules for one MQTT connection, offline: default deny, explicit deny wins. */
import { listOf, type Statement } from './policy-statements';

export interface Connection {
  /** The thing that the certificate is attached to, exclusively or under a client id that is its name. */
  readonly thingName?: string;
}

/** `*` is any text and `?` any character; in resources MQTT's `+` and `#` are ordinary characters. */
export function matches(pattern: string, text: string): boolean {
  const expression = pattern
    .replace(/[.+^${}()|[\]\\#]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${expression}$`, 's').test(text);
}

// biome-ignore lint/suspicious/noTemplateCurlyInString: a policy variable
const THING_NAME = '${iot:Connection.Thing.ThingName}';

/** A variable without a value makes its resource match nothing, as AWS IoT does. */
function resolved(resource: string, { thingName }: Connection): string | undefined {
  const known = thingName === undefined ? resource : resource.replaceAll(THING_NAME, thingName);
  return /\$\{/.test(known) ? undefined : known;
}

function holds(statement: Statement, { thingName }: Connection): boolean {
  const attached = statement.Condition?.Bool?.['iot:Connection.Thing.IsAttached'];
  return attached === undefined || String(attached) === String(thingName !== undefined);
}

export function isAllowed(
  statements: readonly Statement[],
  action: string,
  resource: string,
  connection: Connection,
): boolean {
  const applying = statements.filter(
    (statement) =>
      holds(statement, connection) &&
      listOf(statement.Action).some((pattern) => matches(pattern, action)) &&
      listOf(statement.Resource as string | string[]).some((pattern) => {
        const known = resolved(pattern, connection);
        return known !== undefined && matches(known, resource);
      }),
  );
  return applying.length > 0 && applying.every(({ Effect }) => Effect === 'Allow');
}
