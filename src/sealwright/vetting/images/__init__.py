"""Pictures: their structure to the end of the file, never their pixels."""
