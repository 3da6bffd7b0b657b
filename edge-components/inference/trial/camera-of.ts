/** Which camera an address, a folder or a device means. Pure. */
import type { CameraConfiguration } from '../../../contracts';
import { cameraProblems } from '../../../contracts/camera-problems';

/** What was asked for; fields as in the contract component-configuration. */
export interface CameraRequest
  extends Pick<CameraConfiguration, 'program' | 'caFile' | 'certificateSha256' | 'framesPerSecond'> {
  /** Address, folder or video device. */
  readonly source: string;
  /** @default - told by the source; of an http address by what it answers */
  readonly type?: CameraConfiguration['type'];
}

/** An http address answers with one image or with a stream: only asking tells. */
export type CameraGuess =
  | { readonly camera: CameraConfiguration }
  | { readonly askFor: (type: 'http-snapshot' | 'http-mjpeg') => CameraConfiguration };

/** @throws Error with every problem, none of which shows the address, for it may hold a password */
function checked(camera: CameraConfiguration): CameraConfiguration {
  const problems = cameraProblems(camera);
  if (problems.length > 0) throw new Error(problems.join('; '));
  return camera;
}

/** What the user has said of the camera beside its source. */
function settingsOf({ program, caFile, certificateSha256, framesPerSecond }: CameraRequest) {
  const said = Object.entries({ program, caFile, certificateSha256, framesPerSecond });
  return Object.fromEntries(said.filter(([, value]) => value !== undefined)) as Omit<
    CameraConfiguration,
    'type'
  >;
}

/** What the kernel calls video devices, by number or by what they are; other folders of /dev, such as /dev/shm, hold files. */
const VIDEO_DEVICE = /^\/dev\/(video\d|v4l\/)/;

/** @throws Error with everything that is wrong with the camera */
export function cameraOf(request: CameraRequest): CameraGuess {
  const { source, type } = request;
  const settings = settingsOf(request);
  const ofUrl = (kind: CameraConfiguration['type']) => checked({ type: kind, url: source, ...settings });
  if (/^https?:\/\//i.test(source)) {
    if (type !== undefined) return { camera: ofUrl(type) };
    ofUrl('http-mjpeg');
    return { askFor: ofUrl };
  }
  if (/^rtsps?:\/\//i.test(source)) return { camera: ofUrl('rtsp') };
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) {
    throw new Error('an address must begin with http://, https://, rtsp:// or rtsps://');
  }
  if (VIDEO_DEVICE.test(source)) return { camera: checked({ type: 'v4l2', device: source, ...settings }) };
  return { camera: checked({ type: 'folder', path: source }) };
}
