/**
 * The walls of the component: what decides is pure and sees the world through ports; what touches the world is an adapter;
 * only a composition root knows both.
 */
import { dirname, join, normalize } from 'node:path';
import { parseSync } from '@swc/core';

/** Which files are not pure, each with what it touches or puts together. Every other file is pure. */
export interface Walls {
  readonly adapters: Readonly<Record<string, string>>;
  readonly roots: Readonly<Record<string, string>>;
}

/** Modules that only compute. Whatever is not among them may touch the world. */
const COMPUTES = [
  'node:crypto',
  'node:events',
  'node:path',
  'node:util',
  'node:zlib',
  '@bufbuild/protobuf/wire',
];
/** What even such a module gives that is another thing each time. */
const UNPREDICTABLE = ['randomBytes', 'randomUUID', 'randomInt', 'generateKeyPairSync'];
/** Globals that do not need an import. Timers are not among them: tests move them. */
const WORLD_MEMBERS = ['Date.now', 'Math.random', 'performance.now'];
const WORLD_OBJECTS = ['process'];
const WORLD_CALLS = ['fetch'];

type Node = { readonly type: string } & Readonly<Record<string, unknown>>;

/** What one source file reaches for. */
interface Reach {
  /** Specifiers of value and type imports, exports from, `import()` and `require`. */
  readonly imports: readonly string[];
  /** What it touches without an import of the component's own, such as `node:fs` or `Date.now`. */
  readonly world: readonly string[];
}

/**
 * Every import that goes through a wall, as a sentence.
 * @param sources path below the component's `src` -> TypeScript
 */
export function brokenWalls(sources: ReadonlyMap<string, string>, walls: Walls): string[] {
  const reaches = new Map([...sources].map(([path, text]) => [path, reachOf(text)]));
  const listed = [...Object.keys(walls.adapters), ...Object.keys(walls.roots)];
  return [
    ...listed.filter((path) => !sources.has(path)).map((path) => `${path} is listed and does not exist`),
    ...[...reaches].flatMap(([path, reach]) => problemsOf(path, reach, walls)),
  ];
}

function problemsOf(path: string, { imports, world }: Reach, walls: Walls): string[] {
  const own = imports.filter((name) => name.startsWith('.')).map((name) => resolved(path, name));
  const adapters = own.filter((target) => target in walls.adapters && !(path in walls.roots));
  const roots = own.filter((target) => target in walls.roots && !(path in walls.roots));
  const outside = own.filter((target) => target.startsWith('..') && !target.startsWith('../../../contracts'));
  const problems = [
    ...roots.map((target) => `${path} imports the composition root ${target}`),
    ...outside.map((target) => `${path} imports ${target}, which is neither the component's nor a contract`),
  ];
  if (path in walls.roots) return problems;
  if (path in walls.adapters) {
    const touches = world.length > 0 || adapters.length > 0;
    return touches ? problems : [...problems, `${path} is listed as an adapter and touches nothing`];
  }
  return [
    ...problems,
    ...world.map((what) => `${path} is pure and reaches for ${what}`),
    ...adapters.map((target) => `${path} is pure and imports the adapter ${target}`),
  ];
}

/** @returns the path below `src`; of a folder, its index */
function resolved(from: string, name: string): string {
  const path = normalize(join(dirname(from), name)).replace(/\.js$/, '');
  return path.endsWith('cameras/sources') ? `${path}/index.ts` : `${path}.ts`;
}

export function reachOf(text: string): Reach {
  const imports = new Set<string>();
  const world = new Set<string>();
  visit(parseSync(text, { syntax: 'typescript', target: 'es2022' }) as unknown as Node, (node) => {
    const name = importedBy(node);
    if (name !== undefined) imports.add(name);
    if (name !== undefined && !name.startsWith('.') && !COMPUTES.includes(name)) world.add(name);
    for (const what of unpredictable(node)) world.add(what);
    const global = globalOf(node);
    if (global !== undefined) world.add(global);
  });
  return { imports: [...imports], world: [...world] };
}

function visit(value: unknown, see: (node: Node) => void): void {
  if (Array.isArray(value)) for (const item of value) visit(item, see);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return;
  if (typeof (value as Node).type === 'string') see(value as Node);
  for (const child of Object.values(value)) visit(child, see);
}

const textOf = (node: unknown): string | undefined => {
  const { type, value } = (node ?? {}) as Record<string, unknown>;
  return type === 'StringLiteral' || type === 'Identifier' ? String(value) : undefined;
};

/** The specifier of a node that imports. */
function importedBy(node: Node): string | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      return textOf(node.source);
    case 'TsImportType':
      return textOf(node.argument);
    case 'CallExpression': {
      const callee = node.callee as Node;
      if (callee.type !== 'Import' && textOf(callee) !== 'require') return undefined;
      const [first] = node.arguments as { readonly expression: unknown }[];
      return textOf(first?.expression);
    }
    default:
      return undefined;
  }
}

function unpredictable(node: Node): string[] {
  if (node.type !== 'ImportDeclaration') return [];
  const specifiers = node.specifiers as { readonly imported?: unknown; readonly local: unknown }[];
  const names = specifiers.map(({ imported, local }) => textOf(imported) ?? textOf(local) ?? '');
  return names.filter((name) => UNPREDICTABLE.includes(name));
}

function globalOf(node: Node): string | undefined {
  if (node.type === 'CallExpression') {
    const name = textOf(node.callee);
    return name !== undefined && WORLD_CALLS.includes(name) ? name : undefined;
  }
  if (node.type !== 'MemberExpression') return undefined;
  const object = textOf(node.object) ?? '';
  const member = `${object}.${textOf(node.property)}`;
  return WORLD_OBJECTS.includes(object) || WORLD_MEMBERS.includes(member) ? member : undefined;
}
