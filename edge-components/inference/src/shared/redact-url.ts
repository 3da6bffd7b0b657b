/** Keeps user, password and query of a camera's address out of logs, status and error messages. */

const HIDDEN = '***';
const ANY_URL = /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/?#]*@)?([^\s/?#'"]*)([^\s'"]*)/gi;

/**
 * Scheme, host and port only. Path and query go as well: many cameras take the password there
 * (`/snapshot.cgi?pwd=...`, `/user=admin_password=...`), and the camera id tells which camera it is.
 */
export function redactUrl(url: string): string {
  return url.replace(ANY_URL, (_, scheme: string, host: string, rest: string) => {
    // Behind a password with a slash: what looks like the host is a part of it.
    if (rest.includes('@')) return `${scheme}${HIDDEN}`;
    return rest.length > 1 ? `${scheme}${host}/${HIDDEN}` : `${scheme}${host}`;
  });
}

/** A function that removes from a text every address, and every secret of `url` also where it stands alone. */
export function redactorOf(url: string): (text: string) => string {
  const secrets = secretsOf(url);
  return (text) => secrets.reduce((rest, secret) => rest.replaceAll(secret, HIDDEN), redactUrl(text));
}

/** Shorter parts of a path are words such as `s` or `tv`, which stand in any message. */
const LEAST_PART = 3;

/** Longest first, so that a secret which is part of another leaves nothing of it. */
function secretsOf(url: string): string[] {
  if (!URL.canParse(url)) return [url];
  const { username, password, pathname, search, searchParams } = new URL(url);
  const secrets = [username, password, search.slice(1), ...searchParams.values()];
  // Some cameras take the password as a part of the path, and a program may name the path alone.
  if (pathname.length > 1) secrets.push(pathname);
  if (pathname.includes('=')) secrets.push(pathname.slice(1));
  secrets.push(...pathname.split('/').filter((part) => part.length >= LEAST_PART));
  const found = new Set([...secrets, ...secrets.map(decoded)]);
  return [...found].filter((secret) => secret !== '').sort((left, right) => right.length - left.length);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
