/** Where the frames of a camera come from, by the camera's type. */
import type { CameraConfiguration } from '../../../../../contracts';
import { cameraProblems } from '../../../../../contracts/camera-problems';
import { cameraSettings } from '../../configuration/camera-settings';
import type { FrameSource } from '../../ports';
import { ChildProcessFrameSource } from './child-process';
import { FolderFrameSource } from './folder';
import type { FrameSourcePorts } from './frame-source';
import { MjpegFrameSource } from './http-mjpeg';
import { SnapshotFrameSource } from './http-snapshot';
import { SocketFrameSource } from './socket';

export type { Executables, FrameSourcePorts } from './frame-source';

/**
 * A source that has not been started. Every frame that it gives carries `cameraId`.
 * @param configuration stays as it is for the life of the source: when it changes, make another one
 * @throws Error with everything that {@link cameraProblems} finds
 */
export function frameSourceOf(
  cameraId: string,
  configuration: CameraConfiguration,
  ports: FrameSourcePorts,
): FrameSource {
  const problems = cameraProblems(configuration);
  if (problems.length > 0) throw new Error(`camera '${cameraId}': ${problems.join('; ')}`);
  const settings = cameraSettings(configuration);
  switch (settings.type) {
    case 'socket':
      return new SocketFrameSource(cameraId, settings.path as string, ports);
    case 'folder':
      return new FolderFrameSource(cameraId, settings.path as string, ports);
    case 'http-snapshot':
      return new SnapshotFrameSource(cameraId, settings, ports);
    case 'http-mjpeg':
      return new MjpegFrameSource(cameraId, settings, ports);
    case 'rtsp':
    case 'v4l2':
      return new ChildProcessFrameSource(cameraId, settings, ports);
  }
}
