"""Learning from teachers: frozen networks of any size, given as ONNX."""
