/**
 * Answers to `401`: Basic (RFC 7617) and Digest (RFC 7616), for which cameras ask more often than not. No package fits:
 * digest-header 1.1 cuts a password at its first colon and knows MD5 alone, http-auth-utils 6 knows MD5 alone and needs
 * Node.js 20.11, digest-fetch 3 is a client around `fetch` and computes hashes in JavaScript.
 */
import { createHash } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** One that can be answered. */
export type Challenge = BasicChallenge | DigestChallenge;

interface BasicChallenge {
  readonly scheme: 'basic';
}

interface DigestChallenge {
  readonly scheme: 'digest';
  readonly realm: string;
  readonly nonce: string;
  readonly opaque?: string | undefined;
  /** As the camera wrote it; undefined means MD5. */
  readonly algorithm?: string | undefined;
  /** Whether the camera knows `qop=auth`; without, the answer is that of RFC 2069. */
  readonly qop: boolean;
}

export interface AuthorizedRequest {
  readonly method: 'GET';
  /** Path and query as they stand in the request. */
  readonly uri: string;
  /** 1 for the first request with this nonce, then 2, 3, ... */
  readonly count: number;
  /** Random, new for every request. */
  readonly clientNonce: string;
}

/** Best first: the index is the order of preference. */
const DIGEST_HASHES: Readonly<Record<string, string>> = {
  'sha-512-256': 'sha512-256',
  'sha-256': 'sha256',
  md5: 'md5',
};

const hashOf = (algorithm: string | undefined): string | undefined =>
  DIGEST_HASHES[(algorithm ?? 'md5').toLowerCase().replace(/-sess$/, '')];

/**
 * The best challenge among the `WWW-Authenticate` headers: Digest before Basic, which shows the password to everybody on
 * the network; among Digest the strongest hash.
 * @returns undefined when there is none that can be answered
 */
export function chooseChallenge(headers: readonly string[]): Challenge | undefined {
  const challenges = headers.flatMap(parseChallenges).flatMap(understood);
  const strength = Object.values(DIGEST_HASHES);
  const rank = (challenge: Challenge): number =>
    challenge.scheme === 'basic' ? strength.length : strength.indexOf(hashOf(challenge.algorithm) as string);
  return challenges.sort((left, right) => rank(left) - rank(right))[0];
}

/** The value of the `Authorization` header. */
export function authorizationOf(
  challenge: Challenge,
  credentials: Credentials,
  request: AuthorizedRequest,
): string {
  const { username, password } = credentials;
  if (challenge.scheme === 'basic') {
    return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
  const { realm, nonce, opaque, algorithm, qop } = challenge;
  const count = request.count.toString(16).padStart(8, '0');
  const fields = [
    `username="${quoted(username)}"`,
    `realm="${quoted(realm)}"`,
    `nonce="${quoted(nonce)}"`,
    `uri="${request.uri}"`,
    `response="${digestResponse(challenge, credentials, request, count)}"`,
  ];
  if (algorithm !== undefined) fields.push(`algorithm=${algorithm}`);
  if (opaque !== undefined) fields.push(`opaque="${quoted(opaque)}"`);
  if (qop) fields.push('qop=auth', `nc=${count}`, `cnonce="${request.clientNonce}"`);
  return `Digest ${fields.join(', ')}`;
}

/** RFC 7616, 3.4.1 to 3.4.3. */
function digestResponse(
  { realm, nonce, algorithm, qop }: DigestChallenge,
  { username, password }: Credentials,
  { method, uri, clientNonce }: AuthorizedRequest,
  count: string,
): string {
  const hash = (text: string): string =>
    createHash(hashOf(algorithm) as string)
      .update(text)
      .digest('hex');
  const user = hash(`${username}:${realm}:${password}`);
  const secret = /-sess$/i.test(algorithm ?? '') ? hash(`${user}:${nonce}:${clientNonce}`) : user;
  const target = hash(`${method}:${uri}`);
  return qop
    ? hash(`${secret}:${nonce}:${count}:${clientNonce}:auth:${target}`)
    : hash(`${secret}:${nonce}:${target}`);
}

/** A quoted string; UTF-8 as bytes, because Node.js writes headers as Latin-1. */
const quoted = (text: string): string =>
  Buffer.from(text.replace(/["\\]/g, '\\$&'), 'utf8').toString('latin1');

interface ParsedChallenge {
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

/** A scheme's name, or `name=value`, or `name="value"`. */
const TOKEN = /\s*,?\s*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?/gy;

function parseChallenges(header: string): ParsedChallenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  for (const [, name, text, token] of header.matchAll(TOKEN)) {
    const key = (name as string).toLowerCase();
    if (text === undefined && token === undefined) challenges.push({ scheme: key, parameters: new Map() });
    else challenges.at(-1)?.parameters.set(key, text?.replace(/\\(.)/g, '$1') ?? (token as string));
  }
  return challenges;
}

function understood({ scheme, parameters }: ParsedChallenge): Challenge[] {
  if (scheme === 'basic') return [{ scheme: 'basic' }];
  const realm = parameters.get('realm');
  const nonce = parameters.get('nonce');
  const algorithm = parameters.get('algorithm');
  const qop = parameters.get('qop');
  if (scheme !== 'digest' || realm === undefined || nonce === undefined || !hashOf(algorithm)) return [];
  const knowsAuth = qop?.split(',').some((value) => value.trim().toLowerCase() === 'auth') ?? false;
  if (qop !== undefined && !knowsAuth) return []; // auth-int alone.
  return [{ scheme: 'digest', realm, nonce, opaque: parameters.get('opaque'), algorithm, qop: knowsAuth }];
}
