plugins {
    alias(libs.plugins.android.library)
}

// LiteRT's archive has libLiteRt.so in it, which native/ is linked against.
val litertArchives: Configuration by configurations.creating
val litertFolder = layout.buildDirectory.dir("litert")

val unpackLitert by tasks.registering(Sync::class) {
    from(litertArchives.elements.map { archives -> archives.map { zipTree(it) } }) {
        include("jni/**")
    }
    into(litertFolder)
}

android {
    namespace = "org.mobileactnet"
    compileSdk = 36

    defaultConfig {
        minSdk = 26
        consumerProguardFiles("consumer-rules.pro")
        ndk {
            abiFilters += listOf("arm64-v8a", "x86_64")
        }
        externalNativeBuild {
            cmake {
                arguments("-DLITERT_FOLDER=${litertFolder.get().asFile}/jni")
            }
        }
    }

    externalNativeBuild {
        cmake {
            path = file("../native/CMakeLists.txt")
        }
    }

    // The archive and CMake both bring LiteRT's library; it is the same file.
    packaging {
        jniLibs {
            pickFirsts += "**/libLiteRt.so"
        }
    }
}

dependencies {
    api(project(":core"))
    implementation(libs.litert)
    litertArchives("${libs.litert.get()}@aar")
}

tasks.configureEach {
    if (name.startsWith("configureCMake") || name.startsWith("buildCMake")) dependsOn(unpackLitert)
}
