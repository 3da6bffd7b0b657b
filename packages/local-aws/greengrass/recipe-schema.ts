/**
 * What a component recipe may hold: docs.aws.amazon.com/greengrass/v2/developerguide/component-recipe-reference.html
 * and the nucleus's own `recipe_schema.json`. Field names are case-sensitive, as nucleus lite demands; the names of
 * lifecycle steps and their members may also begin with a capital, as the classic nucleus and its documentation have it.
 */

const permission = { enum: ['NONE', 'OWNER', 'ALL'] };
const variables = { type: 'object', additionalProperties: { type: ['string', 'number', 'boolean'] } };

const step = {
  anyOf: [
    { type: 'string' },
    {
      type: 'object',
      additionalProperties: false,
      patternProperties: {
        '^[Ss]cript$': { type: 'string' },
        '^[Ss]kip[Ii]f$': { type: 'string', pattern: '^(onpath|exists)\\s+\\S' },
        '^[Rr]equires[Pp]rivilege$': { type: ['boolean', 'string'] },
        '^[Tt]imeout$': { type: ['integer', 'string'] },
        '^[Ss]et[Ee]nv$': variables,
        '^[Bb]ootstrap[Oo]n[Rr]ollback$': { type: ['boolean', 'string'] },
      },
    },
  ],
};

const manifest = {
  type: 'object',
  additionalProperties: false,
  properties: {
    Name: { type: 'string' },
    Platform: { type: 'object', additionalProperties: { type: 'string', minLength: 1 } },
    Lifecycle: {
      type: 'object',
      additionalProperties: false,
      patternProperties: {
        '^([Bb]ootstrap|[Ii]nstall|[Ss]tartup|[Rr]un|[Ss]hutdown|[Rr]ecover)$': step,
        '^[Ss]et[Ee]nv$': variables,
      },
    },
    Selections: { type: 'array', items: { type: 'string' } },
    Artifacts: {
      type: 'array',
      items: {
        type: 'object',
        required: ['Uri'],
        additionalProperties: false,
        properties: {
          Uri: { type: 'string', pattern: '^(s3://[^/]+/.+|docker:.+|greengrass:.+)$' },
          Unarchive: { enum: ['NONE', 'ZIP'] },
          Permission: {
            type: 'object',
            additionalProperties: false,
            properties: { Read: permission, Execute: permission },
          },
          // The service fills these in; what the author wrote is overwritten.
          Digest: { type: 'string' },
          Algorithm: { type: 'string' },
        },
      },
    },
  },
};

export const RECIPE_SCHEMA = {
  type: 'object',
  required: ['RecipeFormatVersion', 'ComponentName', 'ComponentVersion', 'Manifests'],
  additionalProperties: false,
  properties: {
    RecipeFormatVersion: { const: '2020-01-25' },
    ComponentName: { type: 'string', pattern: '^[a-zA-Z0-9-_.]+$', maxLength: 128 },
    ComponentVersion: { type: 'string' },
    ComponentDescription: { type: 'string' },
    ComponentPublisher: { type: 'string' },
    ComponentSource: { type: 'string' },
    ComponentType: {
      enum: [
        'aws.greengrass.generic',
        'aws.greengrass.lambda',
        'aws.greengrass.plugin',
        'aws.greengrass.nucleus',
      ],
    },
    ComponentConfiguration: {
      type: 'object',
      additionalProperties: false,
      properties: { DefaultConfiguration: { type: 'object' } },
    },
    ComponentDependencies: {
      type: 'object',
      propertyNames: { pattern: '^[a-zA-Z0-9-_.]+$' },
      additionalProperties: {
        type: 'object',
        required: ['VersionRequirement'],
        additionalProperties: false,
        properties: { VersionRequirement: { type: 'string' }, DependencyType: { enum: ['HARD', 'SOFT'] } },
      },
    },
    Manifests: { type: 'array', items: manifest },
    // The global lifecycle may be split by the manifests' selections, so its first level is open.
    Lifecycle: { type: 'object' },
  },
} as const;
