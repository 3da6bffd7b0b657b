import { DEFAULT_IMAGE_POLICY } from '../../../../contracts/image-policy';
import {
  adviceFor,
  complaintsOf,
  type Findings,
  policyHints,
} from '../../../../edge-components/inference/trial/complaints';
import { describeFrames } from '../../../../edge-components/inference/trial/describe-frames';

const nothing: Findings = {
  figures: describeFrames([], []),
  problems: [],
  lost: 0,
  discarded: [],
  isLive: true,
  policy: DEFAULT_IMAGE_POLICY,
  seconds: 5,
};

const frames = (digests: readonly string[]) =>
  digests.map((digest, index) => ({ receivedAt: index, bytes: 9, digest, kind: 'JPEG' as const }));

describe('[B27] a complaint says what to do', () => {
  // The words of the component's sources and decoder; its own tests hold them to these.
  test.each([
    ['connect ECONNREFUSED 10.0.0.1:80', /port/],
    ['ffmpeg ended with 1: Connection to tcp://10.0.0.1:554/*** failed: Connection refused', /port/],
    ['getaddrinfo ENOTFOUND camera', /IP address/],
    ['the camera asks for a user and a password, and its url has none', /%2F/],
    ['the camera refuses the user or the password of its url', /lock an account/],
    [
      "the camera's certificate is refused (DEPTH_ZERO_SELF_SIGNED_CERT); if it is its own, set certificateSha256 to ab, or caFile",
      /--certificate-sha256/,
    ],
    ["the camera's certificate is ab, not cd (SHA-256)", /another certificate/],
    ['the camera answered 404 Not Found', /path/],
    ["the camera answered 'text/html', not multipart/x-mixed-replace", /MJPEG/],
    ["the camera sent one image; for single images use type 'http-snapshot'", /--type http-snapshot/],
    ['no frame for 6 s: the camera answered and sends nothing', /stops sending/],
    ["no frame for 6 s: the camera sends only parts of type 'text/plain'", /no stream of JPEG/],
    [
      "ffmpeg is not installed on this device: install it, on Debian and Ubuntu with 'apt-get install ffmpeg'",
      /device itself/,
    ],
    ['a.jpg cannot be read (EACCES)', /right/],
    ['/dev/video0: No such file or directory', /no such folder or device/],
    ['CMYK images are not taken', /RGB/],
    ['frame has 20000000 bytes, more than 16777216', /maximumFrameBytes/],
    ['image cannot be decoded: premature end of JPEG', /cut off/],
  ])('%s', (what, advice) => {
    expect(adviceFor(what)).toMatch(advice);
  });

  test('what is unknown is passed on, with where to look', () => {
    expect(complaintsOf({ ...nothing, problems: ['the lens is green'] })).toEqual([
      {
        what: 'the lens is green',
        advice: expect.stringContaining('nothing of the kind is known'),
        isFault: true,
      },
    ]);
  });

  test('silence without a word is a fault, of a folder too', () => {
    expect(complaintsOf(nothing)).toMatchObject([{ what: 'no frame in 5 s', isFault: true }]);
    expect(complaintsOf({ ...nothing, isLive: false })[0]?.advice).toMatch(/\.jpg/);
  });

  test('lost, frozen and invalid frames are faults; copies in a folder are none', () => {
    const figures = describeFrames(frames(['a', 'a', 'a']), [
      { problem: 'frame is empty', milliseconds: 1 },
      { problem: 'frame is empty', milliseconds: 1 },
    ]);
    const found = complaintsOf({ ...nothing, figures, lost: 2 });
    expect(found.map(({ what }) => what)).toEqual([
      '2 frames came in part',
      '3 frames in a row have the same bytes',
      '2 frames that a device would call invalid: frame is empty',
    ]);
    expect(found.every(({ isFault }) => isFault)).toBe(true);
    const folder = complaintsOf({ ...nothing, figures: { ...figures, invalid: [] }, isLive: false });
    expect(folder).toEqual([]);
  });

  test.each([
    ['as it is', { width: 128, height: 128 }, []],
    ['a little wider', { width: 140, height: 128 }, []],
    ['stretched', { width: 256, height: 192 }, [/stretched by 33 %/]],
    ['smaller', { width: 64, height: 64 }, [/smaller than the network's input/]],
    ['far larger', { width: 4096, height: 4096 }, [/32 pixels of a frame become one/]],
  ])('what the image policy makes of a frame is a hint: %s', (_, size, says) => {
    const hints = policyHints(DEFAULT_IMAGE_POLICY, size);
    expect(hints.map(({ what }) => what)).toEqual(says.map((words) => expect.stringMatching(words)));
    expect(hints.some(({ isFault }) => isFault)).toBe(false);
  });

  test('no shape is lost by letterbox', () => {
    expect(policyHints({ ...DEFAULT_IMAGE_POLICY, fit: 'letterbox' }, { width: 256, height: 192 })).toEqual(
      [],
    );
  });
});
