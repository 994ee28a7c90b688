package org.mobileactnet.engine;

public final class NativeEngine {
    static native long open(byte[] modelPath, int threads, int accelerator) throws EngineException;

    static native int accelerator(long engine);

    static native int[] sizes(long engine);

    static native float[] describe(long engine, byte[] pixels) throws EngineException;

    static native void close(long engine);
}
