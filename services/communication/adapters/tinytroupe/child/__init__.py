"""What runs in the process that has TinyTroupe: one script and the library's configuration."""
