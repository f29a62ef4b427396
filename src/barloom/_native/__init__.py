"""The compiled kernels land here; their typed stubs stand beside them."""
