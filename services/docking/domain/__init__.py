"""What docking decides, without I/O: one module per aggregate, and every named error."""
