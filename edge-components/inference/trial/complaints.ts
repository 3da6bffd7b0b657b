/** What is wrong with a camera, each with what to do about it. Pure. */
import { type CompleteImagePolicy, imageGeometry } from '../../../contracts/image-policy';
import type { FrameFigures } from './describe-frames';

export interface Complaint {
  readonly what: string;
  readonly advice: string;
  /** Whether a device would miss parts by it; the others are hints. */
  readonly isFault: boolean;
}

/** Words of sources and decoders -> what helps. The first that fits counts; what says itself what to do is not among them. */
const ADVICE: readonly (readonly [says: RegExp, advice: string])[] = [
  [/is not installed on this device/, 'the same holds for the device itself'],
  [
    /ECONNREFUSED|connection refused|could not connect/i,
    'nobody listens at this port: look at the port in the address, and whether the stream is switched on in the camera',
  ],
  [
    /ENOTFOUND|EAI_AGAIN|name or service not known|failed to resolve/i,
    'the name is not known here: try the IP address',
  ],
  [
    /EHOSTUNREACH|ENETUNREACH|ETIMEDOUT|EHOSTDOWN|no route to host|timed out/i,
    'no way leads there: look at cable, network and firewall; a camera is often reached only from the network of its line',
  ],
  [
    /does not answer|no whole answer within/,
    'something takes the connection and says nothing: look at the port, and whether the camera serves few viewers at a time and others look at it',
  ],
  [
    /asks for a user and a password/,
    'put them into the address, http://user:password@host/, with / ? # @ in them as %2F %3F %23 %40',
  ],
  [
    /refuses the user or the password|401 Unauthorized|authorization failed/i,
    'look at user and password; some cameras have other accounts for streams than for their pages, and lock an account after a few wrong tries',
  ],
  [/authorization other than/, 'set the camera to Basic or Digest'],
  [
    /certificate is refused/,
    "make sure that the fingerprint is the camera's, then give it: --certificate-sha256, or the authority: --ca-file",
  ],
  [
    /certificate is .*, not /,
    'this is another certificate than the one that you have named: another camera, or a new certificate of it',
  ],
  [
    /shows no certificate|wrong version number|EPROTO/,
    'this port does not speak TLS: try http:// or another port',
  ],
  [/answered 404|404 Not Found/, "the path is another one: the camera's manual, or its page, names it"],
  [
    /answered 3\d\d/,
    'redirects are not followed, because user and password belong to this address: give the address that it leads to',
  ],
  [/answered 5\d\d/, 'the camera is out of order or out of connections: start it anew, close other viewers'],
  [/single images use type 'http-snapshot'/, 'give --type http-snapshot'],
  [/not an image/, 'the address is that of a page or a stream: give that of the image, or --type http-mjpeg'],
  [
    /only parts of type|without a JPEG image or a part|not multipart/,
    'this is no stream of JPEG images: choose MJPEG in the camera, or its rtsp:// address',
  ],
  [
    /answered and sends nothing|no more|gave no frame for|ended the stream/,
    'the camera stops sending: close other viewers, look at its limit of streams and at a schedule or a trigger',
  ],
  [/CMYK/, 'set the program that writes the images to RGB or gray'],
  [/neither JPEG nor PNG/, 'a device takes JPEG and PNG: set the camera to one of them'],
  [
    /frame is empty/,
    'the camera hands images over before it has written them: write elsewhere and rename into the folder',
  ],
  [
    /has \d+ bytes, more than/,
    'choose more compression or fewer pixels, or raise device.limits.maximumFrameBytes',
  ],
  [/pixels|exceeds/i, 'choose fewer pixels in the camera, or raise device.limits.maximumPixels'],
  [
    /cannot be decoded|truncated|premature/i,
    'images are cut off or damaged on the way: look at the network; files must be renamed into the folder when they are whole',
  ],
  [/ENOENT|no such file/i, 'there is no such folder or device'],
  [
    /EACCES|EPERM|Permission denied/i,
    'no right to read it: a video device needs the group video, a folder the rights to read and to delete',
  ],
];

const UNKNOWN = 'nothing of the kind is known: docs/architecture.md, "device", and the log of the camera';

export const adviceFor = (what: string): string => ADVICE.find(([says]) => says.test(what))?.[1] ?? UNKNOWN;

const fault = (what: string): Complaint => ({ what, advice: adviceFor(what), isFault: true });

export interface Findings {
  readonly figures: FrameFigures;
  /** What the source said while it ran, each once, in their order. */
  readonly problems: readonly string[];
  /** Frames of which only a part came. */
  readonly lost: number;
  /** Frames that came without their bytes: why. */
  readonly discarded: ReadonlyArray<{ readonly reason: string; readonly frames: number }>;
  /** Whether the same picture twice is a fault: a stream of a camera has noise, a folder may hold a copy. */
  readonly isLive: boolean;
  readonly policy: CompleteImagePolicy;
  readonly seconds: number;
}

/** As many as that look frozen: sensors are never still. */
const SAME_IN_A_ROW = 3;

function ofFigures({ figures, lost, isLive, seconds, problems }: Findings): Complaint[] {
  const complaints: Complaint[] = [];
  if (figures.frames === 0 && problems.length === 0) {
    complaints.push({
      what: `no frame in ${seconds} s`,
      advice: isLive
        ? 'the camera waits, for a trigger perhaps: let a part pass, or look longer with --seconds'
        : 'the folder holds no file that ends in .jpg, .jpeg or .png',
      isFault: true,
    });
  }
  if (lost > 0) {
    complaints.push({
      what: `${lost} frame${lost === 1 ? '' : 's'} came in part`,
      advice:
        'the connection breaks off within images: look at the network, choose more compression or a lower rate',
      isFault: true,
    });
  }
  if (isLive && figures.sameBytesInARow >= SAME_IN_A_ROW) {
    complaints.push({
      what: `${figures.sameBytesInARow} frames in a row have the same bytes`,
      advice:
        'a sensor is never that still: the camera repeats a picture; let the device tell, with frozenFrames of the camera',
      isFault: true,
    });
  }
  return complaints;
}

/** How far from square a pixel may become before it is said. */
const STRETCH = 1.1;

/** What the image policy makes of frames of this size, in hints. */
export function policyHints(
  policy: CompleteImagePolicy,
  { width, height }: { width: number; height: number },
): Complaint[] {
  const { source, target } = imageGeometry(policy, { width, height });
  const [horizontal, vertical] = [target.width / source.width, target.height / source.height];
  const stretch = Math.max(horizontal / vertical, vertical / horizontal);
  const hints: Complaint[] = [];
  if (stretch > STRETCH) {
    hints.push({
      what: `frames of ${width}x${height} are stretched by ${Math.round((stretch - 1) * 100)} % to ${policy.width}x${policy.height}`,
      advice:
        'if shapes matter: fit letterbox or crop, or an input of the same proportions (docs/image-size.md)',
      isFault: false,
    });
  }
  if (Math.min(horizontal, vertical) > 1) {
    hints.push({
      what: `frames of ${width}x${height} are smaller than the network's input of ${policy.width}x${policy.height}`,
      advice: 'a smaller input costs less and shows as much (docs/image-size.md)',
      isFault: false,
    });
  }
  if (Math.max(horizontal, vertical) < 1 / 4) {
    hints.push({
      what: `${Math.round(1 / Math.max(horizontal, vertical))} pixels of a frame become one of the network's input`,
      advice: 'a defect of fewer pixels is not seen: a larger input or a region (docs/image-size.md)',
      isFault: false,
    });
  }
  return hints;
}

/** Faults first; what says the same is said once. */
export function complaintsOf(findings: Findings): Complaint[] {
  const { figures, problems, discarded, policy } = findings;
  const invalid = [...discarded, ...figures.invalid].map(({ reason, frames }) =>
    fault(`${frames} frame${frames === 1 ? '' : 's'} that a device would call invalid: ${reason}`),
  );
  const sizes =
    figures.sizes.length > 1 && findings.isLive
      ? [
          {
            what: `frames have ${figures.sizes.length} sizes: ${figures.sizes.map(({ width, height }) => `${width}x${height}`).join(', ')}`,
            advice:
              'the picture changes with them unless the region is meant for all: fix the size in the camera',
            isFault: false,
          },
        ]
      : [];
  const [size] = figures.sizes;
  return [
    ...problems.map(fault),
    ...ofFigures(findings),
    ...invalid,
    ...sizes,
    ...(size ? policyHints(policy, size) : []),
  ];
}
