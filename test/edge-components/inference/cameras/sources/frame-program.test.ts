import fc from 'fast-check';
import { frameProgram } from '../../../../../edge-components/inference/src/cameras/sources/frame-program';
import { cameraSettings } from '../../../../../edge-components/inference/src/configuration/camera-settings';

const url = 'rtsp://user:pass@cam:554/live';

test('ffmpeg, rtsp: over TCP, at most so many frames, none repeated, JPEG to standard output', () => {
  const {
    program,
    arguments: words,
    packages,
  } = frameProgram(cameraSettings({ type: 'rtsp', url }), '-fps_mode');
  expect([program, packages]).toEqual(['ffmpeg', 'ffmpeg']);
  expect(words.join(' ')).toBe(
    '-hide_banner -nostdin -nostats -loglevel error ' +
      `-rtsp_transport tcp -fpsprobesize 0 -fflags nobuffer -flags low_delay -i ${url} ` +
      "-map 0:v:0 -vf select='isnan(prev_selected_t)+gt(floor(t*5+0.5),floor(prev_selected_t*5+0.5))' " +
      '-fps_mode passthrough -c:v mjpeg -q:v 2 -f image2pipe -flush_packets 1 pipe:1',
  );
});

test('ffmpeg before 5.1 knows the option under another name', () => {
  const { arguments: words } = frameProgram(cameraSettings({ type: 'rtsp', url }), '-vsync');
  expect(words).not.toContain('-fps_mode');
  expect(words[words.indexOf('-vsync') + 1]).toBe('passthrough');
});

test('ffmpeg, v4l2', () => {
  const settings = cameraSettings({ type: 'v4l2', device: '/dev/video0', framesPerSecond: 0.5 });
  const { arguments: words } = frameProgram(settings, '-fps_mode');
  expect(words.join(' ')).toContain('-f v4l2 -i /dev/video0 -map');
  expect(words.join(' ')).toContain('floor(t*0.5+0.5)');
});

test.each([
  [5, '5000/1000'],
  [29.97, '29970/1000'],
  [0.5, '1000/2000'],
  [0.01, '1000/100000'],
  [1e-9, '1000/2147483647'],
])('gstreamer: %p frames per second are %s', (framesPerSecond, fraction) => {
  const settings = cameraSettings({
    type: 'v4l2',
    device: '/dev/video0',
    program: 'gstreamer',
    framesPerSecond,
  });
  expect(frameProgram(settings, '-fps_mode').arguments.join(' ')).toBe(
    '-q v4l2src device=/dev/video0 ! decodebin ! videorate drop-only=true ! ' +
      `video/x-raw,framerate=[0/1,${fraction}] ! videoconvert ! jpegenc quality=95 ! fdsink fd=1 sync=false`,
  );
});

test('gstreamer, rtsp', () => {
  const {
    program,
    arguments: words,
    packages,
  } = frameProgram(cameraSettings({ type: 'rtsp', url, program: 'gstreamer' }), '-fps_mode');
  expect(program).toBe('gstreamer');
  expect(packages).toContain('gstreamer1.0-tools');
  expect(words.slice(0, 6)).toEqual(['-q', 'rtspsrc', `location=${url}`, 'protocols=tcp', 'latency=0', '!']);
});

test('whatever address or device is given, it is refused or stands as one whole value that cannot be an option', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.webUrl(),
        fc.string().map((text) => `rtsp://cam/${text}`),
      ),
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `/dev/${text}`),
      ),
      fc.constantFrom('ffmpeg' as const, 'gstreamer' as const),
      fc.constantFrom('rtsp' as const, 'v4l2' as const),
      (address, device, program, type) => {
        const settings = cameraSettings({ type, url: address, device, program });
        let words: readonly string[];
        try {
          words = frameProgram(settings, '-fps_mode').arguments;
        } catch (error) {
          expect((error as Error).message).toMatch(/^(url|device): /);
          return;
        }
        const value = type === 'rtsp' ? address : device;
        expect(value).toMatch(type === 'rtsp' ? /^rtsps?:\/\/[^\s'"\\]+$/i : /^\/dev\/[\w/.:-]+$/);
        const place = words.findIndex((word) => word.endsWith(value));
        if (program === 'ffmpeg') expect([words[place - 1], words[place]]).toEqual(['-i', value]);
        else expect(words[place]).toBe(`${type === 'rtsp' ? 'location' : 'device'}=${value}`);
      },
    ),
    { numRuns: 500 },
  );
});
