import { cameraOf } from '../../../../edge-components/inference/trial/camera-of';

describe('[B27] which camera is meant', () => {
  test.each([
    ['rtsp://10.0.0.1/s', { type: 'rtsp', url: 'rtsp://10.0.0.1/s' }],
    ['RTSPS://10.0.0.1/s', { type: 'rtsp', url: 'RTSPS://10.0.0.1/s' }],
    ['/dev/v4l/by-id/usb-camera', { type: 'v4l2', device: '/dev/v4l/by-id/usb-camera' }],
    ['/dev/shm/parts', { type: 'folder', path: '/dev/shm/parts' }],
    ['/dev/video2', { type: 'v4l2', device: '/dev/video2' }],
    ['./parts', { type: 'folder', path: './parts' }],
    ['rtsp', { type: 'folder', path: 'rtsp' }],
  ])('%s', (source, camera) => {
    expect(cameraOf({ source })).toEqual({ camera });
  });

  test('of an http address only its answer tells; whoever says it is not asked', () => {
    const guess = cameraOf({ source: 'https://10.0.0.1/x', framesPerSecond: 2 });
    if (!('askFor' in guess)) throw new Error('it was not asked for');
    expect(guess.askFor('http-snapshot')).toEqual({
      type: 'http-snapshot',
      url: 'https://10.0.0.1/x',
      framesPerSecond: 2,
    });
    expect(cameraOf({ source: 'http://10.0.0.1/x', type: 'http-mjpeg' })).toEqual({
      camera: { type: 'http-mjpeg', url: 'http://10.0.0.1/x' },
    });
  });

  test.each([
    ['ftp://10.0.0.1/x', {}, /must begin with http/],
    ['http://', {}, /url: is no address/],
    ['rtsp://admin:12/34@10.0.0.1:554/s', {}, /%2F/],
    ['/dev/video0/../../etc/passwd', {}, /device: must match/],
    [
      'http://10.0.0.1/x',
      { certificateSha256: 'ab'.repeat(32) },
      /certificateSha256: needs a url that begins with https/,
    ],
  ])('%s is refused, and no secret is shown', (source, more, says) => {
    expect(() => cameraOf({ source, ...more })).toThrow(says);
    expect(() => cameraOf({ source, ...more })).not.toThrow(/12\/34/);
  });
});
