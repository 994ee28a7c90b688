package org.mobileactnet.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Main LIBRARY MODEL PICTURE.rgb ACCELERATOR: prints sizes, the accelerator's number and the descriptor, or the
 * code and its sentence.
 */
public final class Main {
    public static void main(String[] words) throws Exception {
        System.load(words[0]);
        long engine = 0;
        try {
            byte[] path = words[1].equals("null") ? null : words[1].getBytes(UTF_8);
            engine = NativeEngine.open(path, 1, Integer.parseInt(words[3]));
            for (int size : NativeEngine.sizes(engine)) System.out.print(size + " ");
            System.out.println(NativeEngine.accelerator(engine));
            byte[] pixels = Files.readAllBytes(Path.of(words[2]));
            for (float value : NativeEngine.describe(engine, pixels)) System.out.println(value);
        } catch (EngineException error) {
            System.out.println(error.code + ": " + error.getMessage());
        } finally {
            NativeEngine.close(engine);
        }
    }
}
