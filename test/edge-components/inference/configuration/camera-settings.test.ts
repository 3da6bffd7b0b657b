import type { CameraConfiguration } from '../../../../contracts';
import { cameraProblems } from '../../../../contracts/camera-problems';
import schema from '../../../../contracts/schemas/component-configuration.schema.json';
import { cameraSettings } from '../../../../edge-components/inference/src/configuration/camera-settings';

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
  { type: 'http-snapshot', url: 'http://cam/shot.jpg?mail=a@b' },
  { type: 'http-snapshot', url: 'http://cam:8080/shot.jpg?mail=a%40b' },
  { type: 'http-mjpeg', url: 'http://[2001:db8::1]/@video' },
  { type: 'http-mjpeg', url: 'https://cam/video', caFile: 'cam.pem', certificateSha256: 'ab'.repeat(32) },
  { type: 'folder', path: 'frames', url: 'http://cam/', caFile: 'cam.pem' },
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

test.each([
  'rtsp://admin:12/34@10.0.0.1:554/s',
  'rtsp://admin:s3cret/34@10.0.0.1:554/s',
  'rtsp://admin:12?34@10.0.0.1:554/s',
  'rtsp://admin:#s3cret@10.0.0.1/s',
  'rtsp://admin:s3c@ret/34@10.0.0.1:554/s',
  'rtsp://admin:/s3cret@[2001:db8::1]:554/s',
])('[B27] F11: an address that cannot be meant is refused, and not shown: %s', (url) => {
  const problems = cameraProblems({ type: 'rtsp', url });
  expect(problems).toEqual([
    "url: write '/', '?', '#' and '@' in a user or password as %2F, %3F, %23 and %40",
  ]);
});

test('[B27] F11: a certificate is not named where none is asked for', () => {
  expect(
    cameraProblems({
      type: 'http-mjpeg',
      url: 'HTTP://cam/',
      caFile: 'x',
      certificateSha256: 'ab'.repeat(32),
    }),
  ).toEqual([
    'caFile: needs a url that begins with https://',
    'certificateSha256: needs a url that begins with https://',
  ]);
});

test.each(['ffmpeg', 'gstreamer'] as const)(
  '[B27] F11: a certificate that %s would not check is refused with a way out, not left unchecked',
  (program) => {
    const camera = { type: 'rtsp', url: 'RTSPS://cam/stream', program } as const;
    const problems = cameraProblems({ ...camera, caFile: 'cam.pem', certificateSha256: 'ab'.repeat(32) });
    expect(problems.map((problem) => problem.split(',')[0])).toEqual([
      'caFile: cannot be honoured for rtsps://',
      'certificateSha256: cannot be honoured for rtsps://',
    ]);
    expect(problems.join()).toContain('use the https:// images of the camera');
    expect(cameraProblems(camera)).toEqual([]);
    // What an earlier deployment has left, where no certificate is shown at all.
    expect(cameraProblems({ ...camera, url: 'rtsp://cam/stream', caFile: 'cam.pem' })).toEqual([]);
  },
);

test('a problem never shows the address', () => {
  const problems = cameraProblems({ type: 'rtsp', url: "http://admin:s3cret@cam/it's" });
  expect(problems.join()).not.toMatch(/admin|s3cret/);
});
