/** The camera: opening it, and the part of a frame that the visitor sees. */
import { Refusal, type RefusalKind } from "../core/refusal.ts";

const WISHES: MediaStreamConstraints = {
  audio: false,
  video: { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } },
};

const KINDS: Record<string, RefusalKind> = {
  NotAllowedError: "cameraRefused",
  SecurityError: "cameraRefused",
  NotFoundError: "noCamera",
  OverconstrainedError: "noCamera",
  NotReadableError: "cameraBusy",
  AbortError: "cameraBusy",
};

export class Camera {
  readonly video: HTMLVideoElement;
  readonly #stream: MediaStream;

  private constructor(video: HTMLVideoElement, stream: MediaStream) {
    this.video = video;
    this.#stream = stream;
  }

  /** Shows the camera in a video element; refuses with the reason. */
  static async open(video: HTMLVideoElement): Promise<Camera> {
    if (navigator.mediaDevices === undefined) throw new Refusal("insecure");
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia(WISHES);
    } catch (error) {
      const name = error instanceof Error ? error.name : "";
      throw new Refusal(KINDS[name] ?? "noCamera", name);
    }
    video.srcObject = stream;
    video.muted = true;
    video.playsInline = true;
    const camera = new Camera(video, stream);
    await video.play().catch(() => {}); // Stopped while it was starting.
    return camera;
  }

  /** The part of the present frame that is seen on the screen; null before the first one. */
  async frame(): Promise<ImageBitmap | null> {
    const { videoWidth, videoHeight, clientWidth, clientHeight } = this.video;
    if (videoWidth === 0 || clientWidth === 0) return null;
    // As `object-fit: cover` shows it.
    const scale = Math.max(clientWidth / videoWidth, clientHeight / videoHeight);
    const width = Math.min(videoWidth, Math.round(clientWidth / scale));
    const height = Math.min(videoHeight, Math.round(clientHeight / scale));
    return createImageBitmap(
      this.video, (videoWidth - width) >> 1, (videoHeight - height) >> 1, width, height);
  }

  hasTorch(): boolean {
    const [track] = this.#stream.getVideoTracks();
    return "torch" in (track?.getCapabilities?.() ?? {});
  }

  setTorch(on: boolean): void {
    const constraints = { advanced: [{ torch: on }] } as unknown as MediaTrackConstraints;
    void this.#stream.getVideoTracks()[0]?.applyConstraints(constraints).catch(() => {});
  }

  close(): void {
    for (const track of this.#stream.getTracks()) track.stop();
    this.video.srcObject = null;
  }
}
