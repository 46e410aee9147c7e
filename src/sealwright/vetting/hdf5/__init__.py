"""HDF5, read without the HDF5 library: structure, texts and blobs, never numbers."""
