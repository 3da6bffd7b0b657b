import { Application } from '../../rules/edge-ml/application';
import { nounOf } from '../construct-nouns';
import { constructPath, type EnvironmentTemplates, type TemplateResource } from '../environment-templates';

/** Made by the CDK for itself. */
const NOT_LISTED = ['AWS::CDK::Metadata'];

export interface InventoryResource {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  // biome-ignore lint/suspicious/noExplicitAny: the properties of any resource type
  readonly properties: Readonly<Record<string, any>>;
  readonly resource: TemplateResource;
  /** Of the construct, without the environment: `Data/Dataset/Bucket`. */
  readonly path: string;
  readonly noun: string;
}

/** The resources of one environment as a reviewer calls them, in the order of their paths. */
export class Inventory {
  readonly resources: readonly InventoryResource[];
  private readonly application: Application;

  constructor(
    readonly environment: string,
    private readonly templates: EnvironmentTemplates,
    private readonly noun: (path: string) => string = nounOf,
  ) {
    this.application = new Application(templates, (stack, logicalId) => this.nameOf(stack, logicalId));
    this.resources = [...templates]
      .flatMap(([stack, { Resources }]) =>
        Object.entries(Resources)
          .filter(([, { Type }]) => !NOT_LISTED.includes(Type))
          .map(([logicalId, resource]) => this.listed(stack, logicalId, resource)),
      )
      .sort((left, right) => (left.path < right.path ? -1 : 1));
  }

  of(...types: readonly string[]): InventoryResource[] {
    return this.resources.filter(({ type }) => types.includes(type));
  }

  /** The listed resource that a reference in a template of `stack` leads to. */
  target(stack: string, reference: unknown): InventoryResource | undefined {
    const found = this.application.target(stack, reference);
    return (
      found && this.resources.find((each) => each.stack === found.stack && each.logicalId === found.logicalId)
    );
  }

  /** A value with paths of constructs for references, and ARNs as `<service> <resource>`. */
  text({ stack }: Pick<InventoryResource, 'stack'>, value: unknown): string {
    return this.application
      .text(stack, value)
      .replaceAll('<AWS::Partition>', 'aws')
      .replace(/<AWS::(Region|AccountId|URLSuffix)>/g, '')
      .replace(/<([\w/-]+)(?:\.Arn)?>/g, '$1')
      .replace(/arn:aws:([\w-]+):[\w-]*:(?:\d*|aws):/g, '$1 ')
      .replace(/[0-9a-f]{64}/g, '<sha256>');
  }

  private nameOf(stack: string, logicalId: string): string {
    const resource = this.templates.get(stack)?.Resources[logicalId];
    return resource === undefined ? logicalId : this.pathOf(resource);
  }

  private pathOf(resource: TemplateResource): string {
    return constructPath(resource)
      .replace(`${this.environment}/`, '')
      .replace(/(\/SqsEventSource):.*$/, '$1');
  }

  private listed(stack: string, logicalId: string, resource: TemplateResource): InventoryResource {
    const path = this.pathOf(resource);
    const { Type: type, Properties: properties = {} } = resource;
    return { stack, logicalId, type, properties, resource, path, noun: this.noun(path) };
  }
}
