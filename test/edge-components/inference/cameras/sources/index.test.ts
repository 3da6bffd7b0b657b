import type { CameraConfiguration } from '../../../../../contracts';
import { frameSourceOf } from '../../../../../edge-components/inference/src/cameras/sources';
import { sourcePorts } from '../../cameras';

test.each<[CameraConfiguration, string]>([
  [{ type: 'socket', path: 'camera.sock' }, 'SocketFrameSource'],
  [{ type: 'folder', path: 'frames' }, 'FolderFrameSource'],
  [{ type: 'http-snapshot', url: 'http://cam/shot.jpg' }, 'SnapshotFrameSource'],
  [{ type: 'http-mjpeg', url: 'http://cam/video' }, 'MjpegFrameSource'],
  [{ type: 'rtsp', url: 'rtsp://cam/live' }, 'ChildProcessFrameSource'],
  [{ type: 'v4l2', device: '/dev/video0' }, 'ChildProcessFrameSource'],
])('%j makes a %s', async (configuration, name) => {
  const source = frameSourceOf('top', configuration, sourcePorts());
  expect(source.constructor.name).toBe(name);
  await source.stop();
});

test('a configuration that makes no source is refused with the camera and every problem, without the address', () => {
  const configuration = { type: 'rtsp', url: "http://admin:s3cret@cam/it's" } as const;
  const make = (): unknown => frameSourceOf('top', configuration, sourcePorts());
  expect(make).toThrow(/camera 'top': url: may hold only.*; url: must begin with rtsp:/);
  expect(make).not.toThrow(/s3cret/);
});
