/** What JSON Schema cannot say about a camera: asked by the device, and by whoever sends it a configuration. */
import type { CameraConfiguration } from './generated/types';

const SCHEMES = {
  'http-snapshot': ['http:', 'https:'],
  'http-mjpeg': ['http:', 'https:'],
  rtsp: ['rtsp:', 'rtsps:'],
} as const;

/**
 * The characters of RFC 3986 without the apostrophe: gst-launch-1.0 reads its arguments as one description, in which
 * quotation marks, backslashes and blanks have a meaning.
 */
const URL_CHARACTERS = /^[A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]*$/;
const DEVICE = /^\/dev\/(?!.*\.\.)[A-Za-z0-9/_.:-]+$/;

/**
 * Everything that is wrong with a camera, each with the field; empty when a source can be made of it.
 * A problem never shows the address, because that may hold a password.
 */
export function cameraProblems(configuration: CameraConfiguration): string[] {
  switch (configuration.type) {
    case 'socket':
    case 'folder':
      return configuration.path ? [] : [`path: must be set for type '${configuration.type}'`];
    case 'v4l2':
      return deviceProblems(configuration.device);
    default:
      return [...urlProblems(configuration.type, configuration.url), ...certificateProblems(configuration)];
  }
}

function deviceProblems(device: string | undefined): string[] {
  if (device === undefined) return ["device: must be set for type 'v4l2'"];
  return DEVICE.test(device) ? [] : [`device: must match ${DEVICE.source}, got '${device}'`];
}

function urlProblems(type: keyof typeof SCHEMES, url: string | undefined): string[] {
  if (url === undefined) return [`url: must be set for type '${type}'`];
  const problems: string[] = [];
  if (!URL_CHARACTERS.test(url)) {
    problems.push(
      'url: may hold only the characters of RFC 3986 without the apostrophe; encode others as %xx',
    );
  }
  if (hidesHost(url)) {
    return [...problems, "url: write '/', '?', '#' and '@' in a user or password as %2F, %3F, %23 and %40"];
  }
  if (!URL.canParse(url)) return [...problems, 'url: is no address'];
  const { protocol, hostname, username, password } = new URL(url);
  const schemes: readonly string[] = SCHEMES[type];
  if (!schemes.includes(protocol)) {
    problems.push(
      `url: must begin with ${schemes.map((scheme) => `${scheme}//`).join(' or ')} for type '${type}'`,
    );
  }
  if (hostname === '') problems.push('url: has no host');
  if (!isDecodable(username) || !isDecodable(password)) {
    problems.push('url: user and password must be valid percent-encoding');
  }
  return problems;
}

/**
 * Whether a slash, a question mark or a number sign in a password has moved the host: `rtsp://admin:12/34@10.0.0.1/s` is an
 * address of the host `admin`, at port 12. Nobody means that; what does mean an at sign behind a port can write %40.
 */
function hidesHost(url: string): boolean {
  const [, authority = '', rest = ''] = /^[a-z]+:\/\/([^/?#]*)(.*)$/is.exec(url) ?? [];
  return rest.includes('@') && authority.replace(/\[[^\]]*\]/, '').includes(':');
}

/**
 * Why nobody would hold the camera to a certificate that is named. ffmpeg takes `-tls_verify 1 -ca_file` for rtsps and does
 * not look at them: its RTSP client gives no options to the TLS below it (libavformat/rtsp.c, `ff_rtsp_connect`; tried with
 * 5.1, which sends its first request to a camera whose certificate another authority has signed). GStreamer's command line
 * cannot name a file of authorities: `tls-database` of rtspsrc is an object.
 */
const UNCHECKED: Readonly<Record<string, string>> = {
  'http:': 'needs a url that begins with https://',
  'rtsps:':
    'cannot be honoured for rtsps://, because ffmpeg and gst-launch do not check the certificate against it; use the https:// images of the camera (http-snapshot, http-mjpeg), or take the field out',
};

/** A certificate that is named where none is checked would only seem to protect. */
function certificateProblems({ type, url, caFile, certificateSha256 }: CameraConfiguration): string[] {
  const [scheme = ''] = /^[a-z]+:/.exec(url?.toLowerCase() ?? '') ?? [];
  const reason = (scheme === 'rtsps:') === (type === 'rtsp') ? UNCHECKED[scheme] : undefined;
  if (reason === undefined) return [];
  return Object.entries({ caFile, certificateSha256 })
    .filter(([, value]) => value !== undefined)
    .map(([field]) => `${field}: ${reason}`);
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
