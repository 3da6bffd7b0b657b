import type { CameraConfiguration } from '../../../../contracts';
import schema from '../../../../contracts/schemas/component-configuration.schema.json';
import {
  cameraProblems,
  cameraSettings,
} from '../../../../edge-components/inference/src/configuration/camera-settings';

test('the defaults are those of the contract', () => {
  const properties = schema.$defs.camera.properties;
  expect(cameraSettings({ type: 'folder', path: 'frames' })).toEqual({
    type: 'folder',
    path: 'frames',
    framesPerSecond: properties.framesPerSecond.default,
    program: properties.program.default,
    stallSeconds: properties.stallSeconds.default,
    frozenFrames: properties.frozenFrames.default,
  });
  expect(cameraSettings({ type: 'rtsp', url: 'rtsp://c/', framesPerSecond: 1 }).framesPerSecond).toBe(1);
});

test.each<CameraConfiguration>([
  { type: 'socket', path: 'camera.sock' },
  { type: 'folder', path: '/frames' },
  { type: 'http-snapshot', url: 'http://user:p%40ss@cam.local:8080/shot.jpg?x=1&y=(2)' },
  { type: 'http-mjpeg', url: 'https://[2001:db8::1]/video' },
  { type: 'rtsp', url: 'rtsps://cam/h264' },
  { type: 'v4l2', device: '/dev/v4l/by-id/usb-cam_0' },
  // A deployment cannot take out fields, so those of another type are ignored.
  { type: 'folder', path: 'frames', url: 'rtsp://cam/x y', device: 'x' },
])('nothing is wrong with %j', (configuration) => {
  expect(cameraProblems(configuration)).toEqual([]);
});

test.each<[CameraConfiguration, string[]]>([
  [{ type: 'socket' }, ['path: must be set']],
  [{ type: 'v4l2' }, ['device: must be set']],
  [{ type: 'rtsp' }, ['url: must be set']],
  [{ type: 'v4l2', device: '-f' }, ['device: must match']],
  [{ type: 'v4l2', device: '/dev/video0 ! fakesink' }, ['device: must match']],
  [{ type: 'rtsp', url: 'http://cam/x' }, ["url: must begin with rtsp:// or rtsps:// for type 'rtsp'"]],
  [{ type: 'http-snapshot', url: 'rtsp://cam/x' }, ['url: must begin with http:// or https://']],
  [{ type: 'rtsp', url: '-i' }, ['url: is no address']],
  [{ type: 'rtsp', url: 'rtsp:///x' }, ['url: has no host']],
  [{ type: 'rtsp', url: 'rtsp://cam/x ! filesink location=/etc/passwd' }, ['url: may hold only']],
  [{ type: 'rtsp', url: "rtsp://cam/'x" }, ['url: may hold only']],
  [{ type: 'rtsp', url: 'rtsp://cam/"x\\' }, ['url: may hold only']],
  [{ type: 'rtsp', url: 'rtsp://u:%zz@cam/' }, ['url: user and password must be valid']],
  [{ type: 'rtsp', url: "http://u:%zz@cam/'" }, ['may hold only', 'must begin with', 'user and password']],
])('%j: %j', (configuration, expected) => {
  const problems = cameraProblems(configuration);
  expect(problems).toHaveLength(expected.length);
  for (const [index, text] of expected.entries()) expect(problems[index]).toContain(text);
});

test('a problem never shows the address', () => {
  const problems = cameraProblems({ type: 'rtsp', url: "http://admin:s3cret@cam/it's" });
  expect(problems.join()).not.toMatch(/admin|s3cret/);
});
