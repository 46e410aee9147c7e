"""The formats that are examined, one file each behind `interface.Format`."""
