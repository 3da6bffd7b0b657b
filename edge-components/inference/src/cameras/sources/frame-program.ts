/**
 * The child processes that read RTSP and V4L2 cameras: which program, with which arguments, and which packages it comes from.
 *
 * They decode, take out at most `framesPerSecond` frames a second, never repeat one, and write JPEG images one after the
 * other to their standard output. The arguments are an array and go to no shell; an address or a device stands only where an
 * option's value is expected and cannot begin with a dash. Other users of the device can see a process's arguments, and
 * with them the password in an RTSP address: neither program takes it in another way.
 */
import { cameraProblems } from '../../../../../contracts/camera-problems';
import type { CameraSettings } from '../../configuration/camera-settings';

export interface FrameProgram {
  /** As {@link Executables} names it. */
  readonly program: CameraSettings['program'];
  readonly arguments: readonly string[];
  /** Debian packages that have what is needed. */
  readonly packages: string;
}

/**
 * The option of ffmpeg against repeated frames: `-fps_mode` since 5.1 (2022), `-vsync` until 8. Without it the JPEG output
 * has a constant rate, and frames are repeated where the camera is slow.
 */
export type FrameSyncOption = '-fps_mode' | '-vsync';

/** JPEG quality: 2 is the best of ffmpeg's 2..31, 95 of jpegenc's 0..100 comes near it. */
const FFMPEG_QUALITY = '2';
const JPEGENC_QUALITY = '95';

/** @throws Error when the camera's settings make no safe argument */
export function frameProgram(settings: CameraSettings, sync: FrameSyncOption): FrameProgram {
  const problems = cameraProblems(settings);
  if (problems.length > 0) throw new Error(problems.join('; '));
  if (settings.program === 'gstreamer') {
    return {
      program: 'gstreamer',
      arguments: gstreamerArguments(settings),
      packages: 'gstreamer1.0-tools gstreamer1.0-plugins-good gstreamer1.0-libav',
    };
  }
  return { program: 'ffmpeg', arguments: ffmpegArguments(settings, sync), packages: 'ffmpeg' };
}

function ffmpegArguments(settings: CameraSettings, sync: FrameSyncOption): string[] {
  const { framesPerSecond } = settings;
  // The first frame of every 1/framesPerSecond. The rounding puts the borders between the frames of a camera that has the
  // same rate, so that jitter does not push two frames into one interval.
  const interval = (time: string): string => `floor(${time}*${framesPerSecond}+0.5)`;
  const select = `isnan(prev_selected_t)+gt(${interval('t')},${interval('prev_selected_t')})`;
  return [
    ...['-hide_banner', '-nostdin', '-nostats', '-loglevel', 'error'],
    ...ffmpegInput(settings),
    ...['-map', '0:v:0', '-vf', `select='${select}'`, sync, 'passthrough'],
    ...['-c:v', 'mjpeg', '-q:v', FFMPEG_QUALITY, '-f', 'image2pipe', '-flush_packets', '1', 'pipe:1'],
  ];
}

function ffmpegInput({ type, url, device }: CameraSettings): string[] {
  if (type === 'v4l2') return ['-f', 'v4l2', '-i', device as string];
  // TCP: a lost UDP packet is a damaged image. The others keep frames from being held: measured with ffmpeg 5.1 and a camera
  // of 10 frames per second, the first frame comes after 1.5 s, not 3.5 s.
  const quick = ['-fpsprobesize', '0', '-fflags', 'nobuffer', '-flags', 'low_delay'];
  return ['-rtsp_transport', 'tcp', ...quick, '-i', url as string];
}

function gstreamerArguments({ type, url, device, framesPerSecond }: CameraSettings): string[] {
  const source =
    type === 'v4l2'
      ? ['v4l2src', `device=${device}`]
      : ['rtspsrc', `location=${url}`, 'protocols=tcp', 'latency=0'];
  const rate = `video/x-raw,framerate=[0/1,${fraction(framesPerSecond)}]`;
  return [
    '-q',
    ...[...source, '!', 'decodebin', '!', 'videorate', 'drop-only=true', '!', rate, '!', 'videoconvert'],
    ...['!', 'jpegenc', `quality=${JPEGENC_QUALITY}`, '!', 'fdsink', 'fd=1', 'sync=false'],
  ];
}

/** GStreamer writes a rate as a fraction of two 32-bit integers. */
function fraction(framesPerSecond: number): string {
  return framesPerSecond >= 1
    ? `${Math.round(framesPerSecond * 1000)}/1000`
    : `1000/${Math.min(2 ** 31 - 1, Math.round(1000 / framesPerSecond))}`;
}
