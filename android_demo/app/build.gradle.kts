plugins {
    alias(libs.plugins.android.application)
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
    }

    buildTypes {
        release {
            isMinifyEnabled = true
            proguardFiles(getDefaultProguardFile("proguard-android-optimize.txt"), "proguard-rules.pro")
        }
    }

    // LiteRT's archive and the library both bring libLiteRt.so; it is the same file.
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
    implementation(project(":actnet")) // With the core and the engine.
    implementation(libs.coroutines)
}
