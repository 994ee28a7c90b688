package org.mobileactnet.engine;

public class EngineException extends Exception {
    public final int code;

    public EngineException(int code, String message) {
        super(message);
        this.code = code;
    }
}
