"""Pictures: from files and folders of photos to the bytes that the network sees."""
