package org.mobileactnet.engine;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.nio.file.Files;
import java.nio.file.Path;

/** Main LIBRARY MODEL PICTURE.rgb: prints sizes and descriptor, or the code and its sentence. */
public final class Main {
    public static void main(String[] words) throws Exception {
        System.load(words[0]);
        long engine = 0;
        try {
            engine = NativeEngine.open(words[1].equals("null") ? null : words[1].getBytes(UTF_8), 1);
            for (int size : NativeEngine.sizes(engine)) System.out.print(size + " ");
            System.out.println();
            byte[] pixels = Files.readAllBytes(Path.of(words[2]));
            for (float value : NativeEngine.describe(engine, pixels)) System.out.println(value);
        } catch (EngineException error) {
            System.out.println(error.code + ": " + error.getMessage());
        } finally {
            NativeEngine.close(engine);
        }
    }
}
