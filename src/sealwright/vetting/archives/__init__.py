"""What holds other files: zip, tar and 7z archives, and compressed streams, each within budgets."""
