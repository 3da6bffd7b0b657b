/** The templates of an application, as rules look at them: resources by type, and where references lead. */

type Json = Readonly<Record<string, unknown>>;

/** A CloudFormation template, as far as rules look at it. */
export interface Template {
  readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly Properties?: Json }>>;
  readonly Outputs?: Readonly<
    Record<string, { readonly Value: unknown; readonly Export?: { Name: unknown } }>
  >;
}

export interface Resource {
  /** Whatever the caller of {@link Application} calls the stack. */
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the properties of any resource type
  readonly properties: Readonly<Record<string, any>>;
}

export interface Statement {
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  /** Service principals; `*` stands for everybody. */
  readonly services: readonly string[];
}

export const listOf = <Value>(value: Value | readonly Value[] | undefined): readonly Value[] =>
  value === undefined ? [] : Array.isArray(value) ? value : [value as Value];

interface RawStatement {
  readonly Effect?: 'Allow' | 'Deny';
  readonly Action?: string | readonly string[];
  readonly Resource?: unknown;
  readonly Principal?: '*' | { readonly Service?: unknown; readonly AWS?: unknown };
}

export class Application {
  /** @param nameOf how {@link text} calls a resource; by default by its logical id */
  constructor(
    private readonly templates: ReadonlyMap<string, Template>,
    private readonly nameOf: (stack: string, logicalId: string) => string = (_, logicalId) => logicalId,
  ) {}

  resources(...types: readonly string[]): Resource[] {
    return [...this.templates].flatMap(([stack, { Resources = {} }]) =>
      Object.entries(Resources)
        .filter(([, { Type }]) => types.includes(Type))
        .map(([logicalId, { Type, Properties = {} }]) => ({
          stack,
          logicalId,
          type: Type,
          properties: Properties,
        })),
    );
  }

  /** The resource to which a reference leads, of its own stack or to another, where it is in these templates. */
  target(stack: string, reference: unknown): Resource | undefined {
    const output = this.output(reference);
    if (output) return this.target(output.stack, output.value);
    const [[name, argument] = []] = Object.entries((reference ?? {}) as Json);
    const logicalId = name === 'Ref' ? argument : name === 'Fn::GetAtt' ? listOf(argument)[0] : undefined;
    const found = this.templates.get(stack)?.Resources?.[String(logicalId)];
    return (
      found && { stack, logicalId: String(logicalId), type: found.Type, properties: found.Properties ?? {} }
    );
  }

  /** The value with references as `<name>` and `<name.attribute>` of what they lead to, in whichever stack. */
  text(stack: string, value: unknown): string {
    if (typeof value !== 'object' || value === null) return String(value);
    const output = this.output(value);
    if (output) return this.text(output.stack, output.value);
    const [[name, argument] = []] = Object.entries(value as Json);
    if (name === 'Ref') return `<${this.nameOf(stack, String(argument))}>`;
    if (name === 'Fn::GetAtt') {
      const [logicalId, ...attribute] = listOf(argument).map(String);
      return `<${[this.nameOf(stack, logicalId ?? ''), ...attribute].join('.')}>`;
    }
    if (name === 'Fn::Sub') return String(listOf(argument)[0]).replace(/\$\{([\w.:]+)\}/g, '<$1>');
    if (name === 'Fn::Join') {
      const [separator, parts] = argument as [string, readonly unknown[]];
      return parts.map((part) => this.text(stack, part)).join(separator);
    }
    return `<${JSON.stringify(value)}>`;
  }

  statements(stack: string, document: { readonly Statement?: unknown } | undefined): Statement[] {
    return listOf(document?.Statement as RawStatement | readonly RawStatement[] | undefined).map(
      (statement) => ({
        effect: statement.Effect ?? 'Allow',
        actions: listOf(statement.Action),
        resources: listOf(statement.Resource).map((resource) => this.text(stack, resource)),
        services:
          statement.Principal === '*' || listOf(statement.Principal?.AWS).includes('*')
            ? ['*']
            : listOf(statement.Principal?.Service).map((service) => this.text(stack, service)),
      }),
    );
  }

  /** What a role may do: its inline policies, and those that are attached to it in its own stack. */
  statementsOfRole(role: Resource): Statement[] {
    const inline = listOf<{ PolicyDocument: object }>(role.properties.Policies);
    const attached = this.resources('AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy').filter(
      ({ stack, properties }) =>
        stack === role.stack &&
        listOf(properties.Roles).some((each) => this.target(stack, each)?.logicalId === role.logicalId),
    );
    return [
      ...inline.flatMap(({ PolicyDocument }) => this.statements(role.stack, PolicyDocument)),
      ...attached.flatMap(({ stack, properties }) => this.statements(stack, properties.PolicyDocument)),
    ];
  }

  /**
   * What another stack gives out: to `Fn::ImportValue` by the name of the export, to `Fn::GetStackOutput` by that of the
   * output. A template does not know its stack's name, so names of outputs have to differ.
   */
  private output(reference: unknown): { readonly stack: string; readonly value: unknown } | undefined {
    const [[name, argument] = []] = Object.entries((reference ?? {}) as Json);
    const { OutputName } = (name === 'Fn::GetStackOutput' ? argument : {}) as { OutputName?: string };
    const exported = name === 'Fn::ImportValue' ? JSON.stringify(argument) : undefined;
    for (const [stack, { Outputs = {} }] of this.templates) {
      for (const [id, { Value, Export }] of Object.entries(Outputs)) {
        if (id === OutputName || (Export && JSON.stringify(Export.Name) === exported))
          return { stack, value: Value };
      }
    }
    return undefined;
  }
}
