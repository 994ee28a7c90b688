plugins {
    alias(libs.plugins.kotlin.jvm)
}

// What the Android plugin compiles the app to, so that code can be inlined across. Any JDK from 17 on compiles
// it, such as the 21 that Android Studio brings: a toolchain of one version would have to be fetched.
kotlin {
    compilerOptions {
        jvmTarget.set(org.jetbrains.kotlin.gradle.dsl.JvmTarget.JVM_11)
    }
}

java {
    sourceCompatibility = JavaVersion.VERSION_11
    targetCompatibility = JavaVersion.VERSION_11
}

// The engine's tests need what tools/demo_build.py makes for them, and run there.
dependencies {
    compileOnly(libs.json) // Android has org.json itself.
    testImplementation(libs.json)
    testImplementation(libs.junit)
    testImplementation(libs.kotlin.test)
    testImplementation(libs.sqlite.jdbc)
}

tasks.test {
    val demo = rootDir
    systemProperty("golden", demo.resolve("../tests/golden"))
    systemProperty("decoded", demo.resolve("build/decoded")) // Of `make test-android`.
    systemProperty("resources", demo.resolve("core/src/test/resources"))
}
