plugins {
    alias(libs.plugins.android.application)
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
    namespace = "org.mobileactnet.app"
    compileSdk = 36

    defaultConfig {
        minSdk = 26
        targetSdk = 36
        versionCode = 1
        versionName = "0.1.0"
        ndk {
            abiFilters += listOf("arm64-v8a", "x86_64")
        }
        externalNativeBuild {
            cmake {
                arguments("-DLITERT_FOLDER=${litertFolder.get().asFile}/jni")
            }
        }
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
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

    androidResources {
        noCompress += listOf("tflite", "sqlite")
    }
}

dependencies {
    implementation(project(":core"))
    implementation(libs.coroutines)
    implementation(libs.litert)
    litertArchives("${libs.litert.get()}@aar")
}

tasks.configureEach {
    if (name.startsWith("configureCMake") || name.startsWith("buildCMake")) dependsOn(unpackLitert)
}
