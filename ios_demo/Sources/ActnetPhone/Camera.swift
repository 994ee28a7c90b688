#if canImport(AVFoundation)
    import ActnetApp
    import Actnet
    @preconcurrency import AVFoundation
    import CoreMotion
    import CoreVideo

    /// The camera at the back: a preview, and frames for the live screen.
    ///
    /// Everything of the session happens on one queue, which frames arrive on too. The system drops
    /// what comes while a frame is copied; the gate drops what the phone has no time for.
    final class Camera: NSObject, AVCaptureVideoDataOutputSampleBufferDelegate, @unchecked Sendable
    {
        private static let mostZoom: CGFloat = 8

        let session = AVCaptureSession()
        private let queue = DispatchQueue(label: "camera")
        private let output = AVCaptureVideoDataOutput()
        private let live: LiveController
        private let gate: FrameGate
        /// Of the queue alone, from here.
        private var device: AVCaptureDevice?
        private var isConfigured = false
        private var isWanted = false
        private let motion = CMMotionManager()
        private var turn = PhoneTurn() {
            didSet { heldLock.withLock { heldAt = turn.degrees } }
        }
        private let heldLock = NSLock()
        private var heldAt = 0

        /// How the phone is held, 0, 90, 180 or 270 degrees clockwise from its usual position.
        var heldDegrees: Int { heldLock.withLock { heldAt } }

        @MainActor
        init(_ live: LiveController) {
            self.live = live
            gate = live.gate
            super.init()
            observe()
        }

        /// Starts the camera where it is allowed; what is in the way is told to the live screen.
        @MainActor
        func start() {
            switch AVCaptureDevice.authorizationStatus(for: .video) {
            case .authorized:
                live.starting()
                queue.async {
                    self.isWanted = true
                    self.run()
                }
            case .notDetermined: live.refused(mayAsk: true)
            default: live.refused(mayAsk: false)
            }
        }

        /// Shows the system's question, and starts where the answer is yes.
        @MainActor
        func ask() async {
            _ = await AVCaptureDevice.requestAccess(for: .video)
            start()
        }

        func stop() {
            queue.async {
                self.isWanted = false
                if self.session.isRunning { self.session.stopRunning() }
                self.motion.stopAccelerometerUpdates()
            }
        }

        /// Makes things larger by a factor, as far as the camera can.
        func zoom(by factor: Double) {
            change { device in
                let most = min(Self.mostZoom, device.activeFormat.videoMaxZoomFactor)
                device.videoZoomFactor = max(1, min(most, device.videoZoomFactor * factor))
            }
        }

        /// Switches the lamp on or off.
        func lamp(_ isOn: Bool) {
            change { device in
                let wanted = isOn ? AVCaptureDevice.TorchMode.on : .off
                if device.hasTorch, device.torchMode != wanted { device.torchMode = wanted }
            }
        }

        /// The system may refuse; then the camera stays as it is.
        private func change(_ what: @escaping @Sendable (AVCaptureDevice) -> Void) {
            queue.async {
                guard self.isWanted, let device = self.device,
                    (try? device.lockForConfiguration()) != nil
                else { return }
                what(device)
                device.unlockForConfiguration()
            }
        }

        /// Tells the live screen when the camera fails or is taken, and starts it when it is free.
        private func observe() {
            // The camera lives as long as the app, and so do the observers.
            on(AVCaptureSession.runtimeErrorNotification) { camera, note in
                let error = note.userInfo?[AVCaptureSessionErrorKey] as? NSError
                let reason = error.map(systemWords) ?? "the system gave no reason"
                camera.tell(.cameraFailed(reason))
            }
            on(AVCaptureSession.wasInterruptedNotification) { camera, _ in
                camera.tell(.cameraTaken)
            }
            on(AVCaptureSession.interruptionEndedNotification) { camera, _ in
                camera.queue.async {
                    guard camera.isWanted else { return }
                    Task { @MainActor in camera.live.starting() }
                    camera.run()
                }
            }
        }

        private func on(
            _ name: Notification.Name, _ act: @escaping @Sendable (Camera, Notification) -> Void
        ) {
            _ = NotificationCenter.default.addObserver(
                forName: name, object: session, queue: nil
            ) { [weak self] note in
                if let self { act(self, note) }
            }
        }

        /// Tells what is in the way of a camera that is wanted.
        private func tell(_ error: AppError) {
            queue.async {
                guard self.isWanted else { return }
                Task { @MainActor in self.live.failed(error.sentences) }
            }
        }

        private func run() {
            guard isConfigured || configure() else {
                return tell(.noCamera)
            }
            isConfigured = true
            let hasTorch = device?.hasTorch ?? false
            Task { @MainActor in self.live.torchFound(hasTorch) }
            if !session.isRunning { session.startRunning() }
            if motion.isAccelerometerAvailable {
                motion.accelerometerUpdateInterval = 0.1
                motion.startAccelerometerUpdates()
            }
        }

        private func configure() -> Bool {
            guard
                let device = AVCaptureDevice.default(
                    .builtInWideAngleCamera, for: .video, position: .back),
                let input = try? AVCaptureDeviceInput(device: device)
            else { return false }
            self.device = device
            session.beginConfiguration()
            defer { session.commitConfiguration() }
            // All that a model of a few hundred pixels needs.
            session.sessionPreset = .vga640x480
            guard session.canAddInput(input), session.canAddOutput(output) else { return false }
            session.addInput(input)
            session.addOutput(output)
            output.alwaysDiscardsLateVideoFrames = true
            output.videoSettings = [
                kCVPixelBufferPixelFormatTypeKey as String: kCVPixelFormatType_32BGRA
            ]
            output.setSampleBufferDelegate(self, queue: queue)
            // As the phone usually stands; frames are turned by gravity below.
            output.connection(with: .video)?.videoOrientation = .portrait
            return true
        }

        func captureOutput(
            _ output: AVCaptureOutput, didOutput sampleBuffer: CMSampleBuffer,
            from connection: AVCaptureConnection
        ) {
            guard gate.begin() else { return }
            let start = ProcessInfo.processInfo.systemUptime
            guard let buffer = CMSampleBufferGetImageBuffer(sampleBuffer),
                let seen = RgbPicture(frame: buffer)
            else { return gate.end() }
            if let felt = motion.accelerometerData?.acceleration {
                turn.take(x: felt.x, y: felt.y, z: felt.z)
            }
            let picture = seen.upright(exifOrientation: turn.exifOrientation)
            let spentMs = (ProcessInfo.processInfo.systemUptime - start) * 1000
            Task { await live.look(at: picture, spentMs: spentMs) }
        }
    }
#endif
